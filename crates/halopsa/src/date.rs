//! Times as HaloPSA writes them: UTC, without saying so.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::wire::FromWire;

/// A moment, in UTC.
///
/// HaloPSA sends and expects `2026-08-01T06:30:00` and means UTC; an offset, when one comes, is honoured. Times of
/// day inside work schedules come as a moment in 1899 or 1901: only their time part means anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(Timestamp);

impl DateTime {
    /// This machine's time.
    pub fn now() -> Self {
        Self(Timestamp::now())
    }

    /// Seconds since 1970-01-01T00:00:00 UTC.
    pub fn unix_seconds(self) -> i64 {
        self.0.as_second()
    }

    /// The moment so many seconds earlier, at most back to the earliest one there is.
    #[must_use]
    pub fn minus_seconds(self, seconds: u32) -> Self {
        Self(self.0.checked_sub(SignedDuration::from_secs(seconds.into())).unwrap_or(Timestamp::MIN))
    }

    /// The moment so many milliseconds later, or earlier if negative; at most the latest or earliest one there is.
    pub(crate) fn plus_milliseconds(self, milliseconds: i64) -> Self {
        let end = if milliseconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Self(self.0.checked_add(SignedDuration::from_millis(milliseconds)).unwrap_or(end))
    }

    /// The moment so many seconds after 1970-01-01T00:00:00 UTC; `None` beyond the year 9999 or before -9999.
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        Timestamp::from_second(seconds).ok().map(Self)
    }
}

#[cfg(feature = "jiff-0_2")]
impl From<Timestamp> for DateTime {
    fn from(moment: Timestamp) -> Self {
        Self(moment)
    }
}

#[cfg(feature = "jiff-0_2")]
impl From<DateTime> for Timestamp {
    fn from(moment: DateTime) -> Self {
        moment.0
    }
}

/// Written to the millisecond, rounded down: HaloPSA keeps no more, and a look for changes starts no later for it.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.as_nanosecond().div_euclid(1_000_000);
        let kept = i64::try_from(milliseconds).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        TimeZone::UTC.to_datetime(kept.unwrap_or(self.0)).fmt(f)
    }
}

impl FromStr for DateTime {
    type Err = NotADateTime;

    fn from_str(text: &str) -> Result<Self, NotADateTime> {
        let text = text.trim();
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(Self(moment));
        }
        text.parse::<civil::DateTime>()
            .ok()
            .and_then(|local| TimeZone::UTC.to_timestamp(local).ok())
            .map(Self)
            .ok_or_else(|| NotADateTime(text.to_owned()))
    }
}

/// A text that names no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date and time")]
pub struct NotADateTime(String);

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl FromWire for DateTime {
    fn from_wire(value: &Value) -> Option<Self> {
        value.as_str()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_date(read: &str, written: &str) {
        assert_eq!(read.parse::<DateTime>().unwrap().to_string(), written);
    }

    #[test]
    fn dates_are_utc_with_or_without_saying_so() {
        check_date("2026-08-01T06:30:00", "2026-08-01T06:30:00");
        check_date("2026-08-01T06:30:00.123", "2026-08-01T06:30:00.123");
        check_date("2026-08-01T06:30:00.123999999", "2026-08-01T06:30:00.123");
        check_date("2026-08-01T06:30:00Z", "2026-08-01T06:30:00");
        check_date("2026-08-01T08:30:00+02:00", "2026-08-01T06:30:00");
        check_date("1899-12-30T09:00:00", "1899-12-30T09:00:00");
        check_date("2026-08-01", "2026-08-01T00:00:00");
    }

    #[test]
    fn what_is_no_date_says_so() {
        assert_eq!("soon".parse::<DateTime>().unwrap_err().to_string(), "`soon` is not a date and time");
    }
}
