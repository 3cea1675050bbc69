//! Times as vendors send them: RFC 3339, dates, epoch numbers of any unit, and texts without a zone.

use jiff::Timestamp;
use jiff::civil;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use serde_json::Value;

/// The time a value stands for. Texts without a zone count as UTC; epoch numbers are told apart by their size.
pub(crate) fn to_time(value: &Value) -> Option<Timestamp> {
    to_time_in(value, &TimeZone::UTC)
}

/// The time a value stands for, where texts that name no zone mean this one.
pub(crate) fn to_time_in(value: &Value, zone: &TimeZone) -> Option<Timestamp> {
    match value {
        Value::Number(n) => n.as_i64().map_or_else(|| from_epoch(n.as_f64()?), whole_epoch),
        Value::String(text) => parse_in(text, zone),
        _ => None,
    }
}

/// Reads a time from text.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    parse_in(text, &TimeZone::UTC)
}

fn parse_in(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    if let Ok(number) = text.parse::<i64>() {
        return whole_epoch(number);
    }
    if let Some(number) = crate::value::plain_number(text) {
        return from_epoch(number);
    }
    if let Some(time) = with_offset(text) {
        return Some(time);
    }
    let civil = text
        .parse::<civil::DateTime>()
        .ok()
        .or_else(|| text.parse::<civil::Date>().ok().map(civil::Date::into))
        .or_else(|| FORMATS.iter().find_map(|format| local(format, text)))
        .or_else(|| slashes(text))?;
    civil.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

/// Local times of products: Zabbix, PRTG on a German server, Windows, syslog, `date`.
const FORMATS: [&str; 8] = [
    "%Y.%m.%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%Y-%m-%d %H:%M",
    "%d %b %Y %H:%M:%S",
    "%a %b %e %H:%M:%S %Y",
    "%b %d, %Y %I:%M:%S %p",
];

fn local(format: &str, text: &str) -> Option<civil::DateTime> {
    BrokenDownTime::parse(format, text).ok()?.to_datetime().ok()
}

/// Day and month between slashes: whoever writes AM and PM puts the month first; else only a number beyond 12 tells.
fn slashes(text: &str) -> Option<civil::DateTime> {
    if let Some(time) = local("%m/%d/%Y %I:%M:%S %p", text) {
        return Some(time);
    }
    let day_first = local("%d/%m/%Y %H:%M:%S", text);
    let month_first = local("%m/%d/%Y %H:%M:%S", text);
    match (day_first, month_first) {
        (Some(time), None) | (None, Some(time)) => Some(time),
        (Some(a), Some(b)) if a == b => Some(a),
        _ => None,
    }
}

/// `2026-01-05 09:00:00 +0100`, `… UTC`, and the form of mail headers.
fn with_offset(text: &str) -> Option<Timestamp> {
    let offset = |format: &str| BrokenDownTime::parse(format, text).ok()?.to_timestamp().ok();
    if let Some(plain) = text.strip_suffix("UTC").or_else(|| text.strip_suffix("GMT")) {
        return parse_in(plain.trim_end(), &TimeZone::UTC).filter(|_| !plain.trim().is_empty());
    }
    if !text.contains(['+', '-']) {
        return None;
    }
    offset("%Y-%m-%d %H:%M:%S %z")
        .or_else(|| offset("%Y-%m-%dT%H:%M:%S%.f%z"))
        .or_else(|| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp()))
}

/// The unit of an epoch number by its size: seconds until the year 5138; milliseconds, microseconds and nanoseconds of
/// any time after 1973 lie above.
fn whole_epoch(number: i64) -> Option<Timestamp> {
    match number.unsigned_abs() {
        0..100_000_000_000 => Timestamp::from_second(number).ok(),
        100_000_000_000..100_000_000_000_000 => Timestamp::from_millisecond(number).ok(),
        100_000_000_000_000..100_000_000_000_000_000 => Timestamp::from_microsecond(number).ok(),
        _ => Timestamp::from_nanosecond(i128::from(number)).ok(),
    }
}

/// With a fraction: to the millisecond, which is more than a fraction of a double can say of some of them.
fn from_epoch(number: f64) -> Option<Timestamp> {
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

    fn nine() -> Timestamp {
        "2026-01-05T09:00:00Z".parse().expect("a time")
    }

    #[test]
    fn vendors_times_read_as_the_same_instant() {
        for value in [
            json!("2026-01-05T09:00:00Z"),
            json!("2026-01-05T10:00:00+01:00"),
            json!("2026-01-05T10:00:00.000+0100"),
            json!("2026-01-05 10:00:00 +0100"),
            json!("2026-01-05 09:00:00 UTC"),
            json!("Mon, 05 Jan 2026 09:00:00 +0000"),
            json!("2026-01-05T09:00:00"),
            json!("2026-01-05 09:00:00"),
            json!("2026-01-05 09:00:00.000"),
            json!("2026-01-05 09:00"),
            json!("2026.01.05 09:00:00"),
            json!("2026/01/05 09:00:00"),
            json!("05.01.2026 09:00:00"),
            json!("1/5/2026 9:00:00 AM"),
            json!("Mon Jan  5 09:00:00 2026"),
            json!("Jan 05, 2026 9:00:00 AM"),
            json!(1_767_603_600),
            json!(1_767_603_600_000_u64),
            json!(1_767_603_600_000_000_u64),
            json!(1_767_603_600_000_000_000_u64),
            json!("1767603600000"),
            json!("1767603600.0"),
            json!(1_767_603_600.0),
        ] {
            assert_eq!(to_time(&value), Some(nine()), "{value}");
        }
        for value in [json!("yesterday"), json!(null), json!("05/06/2026 09:00:00"), json!("UTC"), json!("")]
        {
            assert_eq!(to_time(&value), None, "{value}");
        }
        assert_eq!(to_time(&json!("25/12/2026 09:00:00")), to_time(&json!("2026-12-25 09:00:00")));
        assert_eq!(to_time(&json!("12/25/2026 09:00:00")), to_time(&json!("2026-12-25 09:00:00")));
    }

    #[test]
    fn what_names_no_zone_means_the_one_it_is_said_to_be_in() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        for text in ["2026-01-05 10:00:00", "2026.01.05 10:00:00", "2026-01-05T10:00:00"] {
            assert_eq!(to_time_in(&json!(text), &berlin), Some(nine()), "{text}");
        }
        for text in ["2026-01-05T09:00:00Z", "1767603600", "2026-01-05 09:00:00 UTC"] {
            assert_eq!(to_time_in(&json!(text), &berlin), Some(nine()), "{text}");
        }
    }
}
