//! Durations as staff write them: `90s`, `5m`, `2h`, `1d`, also joined (`1h30m`).

use std::fmt::Write as _;
use std::time::Duration;

use thiserror::Error;

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a duration such as `90s`, `5m`, `2h` or `1d`")]
pub struct DurationError(String);

// LIMIT: a hundred years; longer is a typing mistake and would overflow times.
const MAX_SECONDS: u64 = 100 * 366 * 86_400;

/// Reads a duration. `0` needs no unit; every other number does.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let error = || DurationError(text.to_owned());
    let trimmed = text.trim();
    if trimmed == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = trimmed;
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return Err(error());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(error)?;
        let number: u64 = rest[..digits].parse().map_err(|_| error())?;
        let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |i| digits + i);
        let part = match &rest[digits..unit_end] {
            "ms" => Duration::from_millis(number),
            "s" => Duration::from_secs(number),
            "m" => Duration::from_secs(number.checked_mul(60).ok_or_else(error)?),
            "h" => Duration::from_secs(number.checked_mul(3600).ok_or_else(error)?),
            "d" => Duration::from_secs(number.checked_mul(86_400).ok_or_else(error)?),
            "w" => Duration::from_secs(number.checked_mul(604_800).ok_or_else(error)?),
            _ => return Err(error()),
        };
        total = total.checked_add(part).filter(|t| t.as_secs() <= MAX_SECONDS).ok_or_else(error)?;
        rest = &rest[unit_end..];
    }
    Ok(total)
}

/// Writes a duration the way staff would: `1h30m`, `45s`, `0s`.
pub fn format_duration(duration: Duration) -> String {
    let mut seconds = duration.as_secs();
    if seconds == 0 {
        return if duration.subsec_millis() > 0 {
            format!("{}ms", duration.subsec_millis())
        } else {
            "0s".into()
        };
    }
    let mut out = String::new();
    for (unit, size) in [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] {
        if seconds >= size {
            let _ = write!(out, "{}{unit}", seconds / size);
            seconds %= size;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_written() {
        for (text, seconds) in
            [("90s", 90), ("5m", 300), ("2h", 7200), ("1d", 86_400), ("1h30m", 5400), ("0", 0)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "5", "m", "5 m", "-5m", "5x", "1.5h", "99999999999999999d", "5m3"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert_eq!(format_duration(Duration::from_mins(90)), "1h30m");
        assert_eq!(format_duration(Duration::ZERO), "0s");
    }
}
