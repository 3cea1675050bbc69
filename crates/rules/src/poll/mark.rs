//! Watermarks: how far a source was read, as a time or as a number that grows.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// How far was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Up to this time.
    Time(Timestamp),
    /// Up to this number.
    Number(i64),
}

impl Mark {
    /// The further of two; one of the other kind does not count.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        match (self, other) {
            (Self::Time(a), Self::Time(b)) => Self::Time(a.max(b)),
            (Self::Number(a), Self::Number(b)) => Self::Number(a.max(b)),
            _ => self,
        }
    }

    /// Not beyond now: a vendor's clock that is ahead, or a time in the year 9999, must not hide what comes next.
    #[must_use]
    pub fn until(self, now: Timestamp) -> Self {
        match self {
            Self::Time(time) => Self::Time(time.min(now)),
            Self::Number(_) => self,
        }
    }

    /// As it is kept.
    pub fn to_value(self) -> Value {
        match self {
            Self::Time(time) => Value::String(time.to_string()),
            Self::Number(number) => number.into(),
        }
    }

    /// As it was kept.
    pub fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_i64().map(Self::Number),
            Value::String(text) => text.parse().ok().map(Self::Time),
            _ => None,
        }
    }
}

/// How a vendor wants to be asked for what is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MarkFormat {
    Rfc3339,
    Seconds,
    Milliseconds,
    Nanoseconds,
    /// A number that grows, such as an id.
    Number,
    /// A pattern such as `%Y-%m-%d %H:%M:%S`, in UTC.
    Pattern(String),
}

impl MarkFormat {
    pub(super) fn parse(text: &str) -> Self {
        match text {
            "rfc3339" => Self::Rfc3339,
            "seconds" => Self::Seconds,
            "milliseconds" => Self::Milliseconds,
            "nanoseconds" => Self::Nanoseconds,
            "number" => Self::Number,
            pattern => Self::Pattern(pattern.to_owned()),
        }
    }

    /// The mark that a value of an item stands for.
    pub(super) fn read(&self, value: &Value) -> Option<Mark> {
        match self {
            Self::Number => {
                let text = crate::value::to_text(value);
                text.trim().parse().ok().map(Mark::Number)
            }
            _ => crate::time::to_time(value).map(Mark::Time),
        }
    }

    /// What is asked with, `back` before the mark.
    pub(super) fn write(&self, mark: Mark, back: Duration) -> Value {
        let time = match mark {
            Mark::Number(number) => return number.into(),
            Mark::Time(time) => time.checked_sub(back).unwrap_or(time),
        };
        match self {
            Self::Rfc3339 | Self::Number => Value::String(time.to_string()),
            Self::Seconds => time.as_second().into(),
            Self::Milliseconds => time.as_millisecond().into(),
            Self::Nanoseconds => Value::String(time.as_nanosecond().to_string()),
            Self::Pattern(pattern) => {
                Value::String(time.to_zoned(TimeZone::UTC).strftime(pattern).to_string())
            }
        }
    }
}
