//! HaloPSA's times: UTC, written without a zone.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// A timestamp as HaloPSA writes it, such as `2026-08-01T06:30:00.120`.
pub(crate) fn of(at: Timestamp) -> String {
    text(at.to_zoned(TimeZone::UTC).datetime())
}

/// A timestamp as headers write it, such as `Sat, 01 Aug 2026 06:30:00 GMT`.
pub(crate) fn of_header(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A timestamp for people who measure: `2026-08-01T06:30:00.120345`.
pub(crate) fn to_the_microsecond(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).datetime().strftime("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// A time as HaloPSA writes it.
pub(crate) fn text(at: DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

/// Reads a time or a date, with or without a zone; without one it is UTC.
pub(crate) fn parse(text: &str) -> Option<DateTime> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.to_zoned(TimeZone::UTC).datetime());
    }
    text.parse::<DateTime>().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_with_and_without_a_zone() {
        let expected = "2026-08-01T06:30:00.000";
        for written in
            ["2026-08-01T06:30:00", "2026-08-01T06:30:00Z", "2026-08-01T08:30:00+02:00", "2026-08-01 06:30"]
        {
            assert_eq!(parse(written).map(super::text).as_deref(), Some(expected), "{written}");
        }
        assert_eq!(parse("2026-08-01").map(super::text).as_deref(), Some("2026-08-01T00:00:00.000"));
        assert_eq!(parse("yesterday"), None);
    }
}
