//! Trace ids: what a delivery, its events, what was decided about them and every request to HaloPSA that follows have in
//! common. A sender that is followed brings one (`traceparent`, W3C Trace Context); any other delivery, and each round
//! of a source that is fetched from, gets one of ours.
//!
//! It says who belongs together and decides nothing: neither whether a delivery came before nor what rules make of it.

use std::fmt;
use std::num::NonZeroU128;
use std::str::FromStr;

use axum::http::HeaderMap;
use thiserror::Error;
use tracing::field::{DisplayValue, display};

/// A trace id: 16 bytes that are not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(NonZeroU128);

/// A text that is no trace id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is no trace id: those are 32 hexadecimal digits in lower case, not all zero")]
pub struct NotATrace {
    text: String,
}

impl TraceId {
    /// A new one. It is no secret, so numbers that cost no call to the system will do.
    pub fn fresh() -> Self {
        Self(NonZeroU128::new(fastrand::u128(..)).unwrap_or(NonZeroU128::MIN))
    }

    /// The sender's, if it says which; else a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        sent(headers).unwrap_or_else(Self::fresh)
    }

    fn read(digits: &[u8]) -> Option<Self> {
        if digits.len() != 32 || !digits.iter().all(|digit| is_digit(*digit)) {
            return None;
        }
        let number = u128::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        NonZeroU128::new(number).map(Self)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TraceId {
    type Err = NotATrace;

    fn from_str(text: &str) -> Result<Self, NotATrace> {
        Self::read(text.trim().as_bytes()).ok_or_else(|| NotATrace { text: text.to_owned() })
    }
}

/// A trace id of an event or an effect as log lines show it, so that one search finds it in all of them.
pub(crate) fn shown(trace: Option<&str>) -> Option<DisplayValue<&str>> {
    trace.map(display)
}

/// The trace id that a sender brings. One that is not as the standard wants it is none, and neither is one of two.
fn sent(headers: &HeaderMap) -> Option<TraceId> {
    let mut all = headers.get_all("traceparent").iter();
    match (all.next(), all.next()) {
        (Some(parent), None) => of_parent(parent.as_bytes()),
        _ => None,
    }
}

/// `00-TRACE-PARENT-FLAGS`. Versions to come may say more behind it, after another dash.
fn of_parent(header: &[u8]) -> Option<TraceId> {
    let mut parts = header.splitn(5, |byte| *byte == b'-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let (parent, flags, more) = (parts.next()?, parts.next()?, parts.next());
    let are_digits = |part: &[u8], count| part.len() == count && part.iter().all(|digit| is_digit(*digit));
    let version_fits = are_digits(version, 2) && version != b"ff" && (version != b"00" || more.is_none());
    let parent_fits = are_digits(parent, 16) && parent.iter().any(|digit| *digit != b'0');
    if version_fits && parent_fits && are_digits(flags, 2) { TraceId::read(trace) } else { None }
}

fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn of(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("traceparent", value.parse().unwrap());
        }
        sent(&headers).map(|trace| trace.to_string())
    }

    #[test]
    fn the_senders_trace_is_taken_if_it_is_as_the_standard_wants_it() {
        for parent in [
            &format!("00-{TRACE}-00f067aa0ba902b7-01"),
            &format!("00-{TRACE}-00f067aa0ba902b7-00"),
            &format!("cc-{TRACE}-00f067aa0ba902b7-01"),
            &format!("cc-{TRACE}-00f067aa0ba902b7-01-what-the-future-will-be-like"),
        ] {
            assert_eq!(of(&[parent]).as_deref(), Some(TRACE), "{parent}");
        }
        for parent in [
            "",
            "00",
            TRACE,
            &format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            &format!("00-{TRACE}-0000000000000000-01"),
            &format!("00-{TRACE}-00f067aa0ba902b7"),
            &format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            &format!("00-{TRACE}-00f067aa0ba902b7-1"),
            &format!("00-{TRACE}-00f067aa0ba902b7-0x"),
            &format!("00-{TRACE}-00f067aa0ba902b-01"),
            &format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            &format!("00-+{}-00f067aa0ba902b7-01", &TRACE[1..]),
            &format!("00-{}-00f067aa0ba902b7-01", &TRACE[1..]),
            &format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            &format!("0-{TRACE}-00f067aa0ba902b7-01"),
            &format!("cc-{TRACE}-00f067aa0ba902b7-01.more"),
        ] {
            assert_eq!(of(&[parent]), None, "{parent}");
        }
        let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
        assert_eq!(of(&[&parent, &parent]), None, "nobody knows which is meant");
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_new_one_is_another_each_time_and_reads_back() {
        let (one, other) = (TraceId::fresh(), TraceId::of(&HeaderMap::new()));
        assert_ne!(one, other);
        assert_eq!(one.to_string().len(), 32);
        assert_eq!(one.to_string().parse(), Ok(one));
        assert_eq!(
            "op_1".parse::<TraceId>().unwrap_err().to_string(),
            "`op_1` is no trace id: those are 32 hexadecimal digits in lower case, not all zero"
        );
        assert!("0".repeat(32).parse::<TraceId>().is_err());
    }
}
