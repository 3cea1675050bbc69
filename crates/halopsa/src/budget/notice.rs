//! Reading what HaloPSA says when its limit is reached.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// A limit, as HaloPSA names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) requests: u32,
    pub(crate) per: Duration,
}

impl Notice {
    /// Reads `Rate Limit Reached - 300 Requests per rolling 5 minute window`; `None` if no limit is named.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let words: Vec<&str> =
            lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let before = |unit: &str| -> Option<u32> {
            let at = words.iter().position(|word| word.starts_with(unit))?;
            words[..at].iter().rev().find_map(|word| word.parse().ok())
        };
        let requests = before("request").filter(|requests| *requests > 0)?;
        let seconds = match (before("minute"), before("second")) {
            (Some(minutes), _) => u64::from(minutes) * 60,
            (None, Some(seconds)) => u64::from(seconds),
            (None, None) => return None,
        };
        // LIMIT: a misread sentence must not stop the client for a day.
        (1..=3600).contains(&seconds).then_some(Self { requests, per: Duration::from_secs(seconds) })
    }
}

/// Reads a `Retry-After` header: seconds, or a date.
pub(crate) fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    // LIMIT: the window is minutes long; a server that asks for more is asked again after this.
    const LONGEST: Duration = Duration::from_mins(15);
    let header = header.trim();
    let wait = if let Ok(seconds) = header.parse() {
        Duration::from_secs(seconds)
    } else {
        let until = rfc2822::parse(header).ok()?.timestamp();
        Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO)
    };
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_read_from_the_sentence() {
        let read = |text| Notice::read(text).map(|notice| (notice.requests, notice.per.as_secs()));
        assert_eq!(read("Rate Limit Reached - 300 Requests per rolling 5 minute window"), Some((300, 300)));
        assert_eq!(
            read("\"Rate Limit Reached - 700 requests per rolling 5 minute window\""),
            Some((700, 300))
        );
        assert_eq!(read("Rate limit: 10 requests per 30 seconds"), Some((10, 30)));
        assert_eq!(read("Too many requests"), None);
        assert_eq!(read("0 requests per 5 minutes"), None);
    }

    #[test]
    fn retry_after_comes_as_seconds_or_as_a_date() {
        let now: Timestamp = "2026-08-01T06:30:00Z".parse().unwrap();
        assert_eq!(retry_after("12", now), Some(Duration::from_secs(12)));
        assert_eq!(retry_after("Sat, 01 Aug 2026 06:30:20 GMT", now), Some(Duration::from_secs(20)));
        assert_eq!(retry_after("Sat, 01 Aug 2026 06:29:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("86400", now), Some(Duration::from_mins(15)));
        assert_eq!(retry_after("soon", now), None);
    }
}
