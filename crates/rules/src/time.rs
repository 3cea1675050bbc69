//! Times as vendors send them: RFC 3339, dates, epoch seconds or milliseconds, and texts without a zone.

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;
use serde_json::Value;

/// The time a value stands for. Texts without a zone count as UTC; epoch numbers are told apart by their size.
pub(crate) fn to_time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(n) => from_epoch(n.as_f64()?),
        Value::String(text) => parse(text),
        _ => None,
    }
}

/// Reads a time from text.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    if let Some(number) = crate::value::plain_number(text) {
        return from_epoch(number);
    }
    let civil = text
        .parse::<civil::DateTime>()
        .ok()
        .or_else(|| text.parse::<civil::Date>().ok().map(civil::Date::into))?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

fn from_epoch(number: f64) -> Option<Timestamp> {
    // Seconds until the year 5138; milliseconds, microseconds and nanoseconds of any time after 1973 lie above.
    let seconds = match number.abs() {
        n if n < 1e11 => number,
        n if n < 1e14 => number / 1e3,
        n if n < 1e17 => number / 1e6,
        _ => number / 1e9,
    };
    Timestamp::from_millisecond((seconds * 1e3) as i64).ok()
}

/// A time as scripts and JSON see it: RFC 3339 in UTC with whole seconds or finer where given.
pub(crate) fn to_text(time: Timestamp) -> String {
    time.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn vendors_times_read_as_the_same_instant() {
        let expected: Timestamp = "2026-01-05T09:00:00Z".parse().expect("a time");
        for value in [
            json!("2026-01-05T09:00:00Z"),
            json!("2026-01-05T10:00:00+01:00"),
            json!("2026-01-05T09:00:00"),
            json!("2026-01-05 09:00:00"),
            json!(1_767_603_600),
            json!(1_767_603_600_000_u64),
            json!("1767603600000"),
            json!("1767603600.0"),
        ] {
            assert_eq!(to_time(&value), Some(expected), "{value}");
        }
        assert_eq!(to_time(&json!("yesterday")), None);
        assert_eq!(to_time(&json!(null)), None);
    }
}
