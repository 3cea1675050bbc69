//! Ids of events and operations: time-ordered, short, and never given twice, also when the clock steps back.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// LIMIT: 22 bits are 4 million ids in one millisecond; 41 bits of milliseconds last until 2089.
const COUNTER_BITS: u32 = 22;
const EPOCH_MS: i64 = 1_577_836_800_000;
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 13;

/// A text that is no id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is no id of {what}: those look like `{prefix}0cm3k9v2x8r4t`")]
pub struct NotAnId {
    text: String,
    what: &'static str,
    prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            pub(crate) fn from_number(number: i64) -> Self {
                Self(number)
            }

            pub(crate) fn number(self) -> i64 {
                self.0
            }

            /// The least id that can have been given at this time, as long as the clock never stepped back.
            pub fn first_at(at: Timestamp) -> Self {
                Self(IdSource::after(i64::MIN / 2).next(at))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                f.write_str(&digits(self.0))
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let number = text.trim().strip_prefix($prefix).and_then(number);
                number.map(Self).ok_or_else(|| NotAnId { text: text.to_owned(), what: $what, prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// An event in the journal. Later events have greater ids.
    EventId, "evt_", "an event";
    /// An operation in the outbox. Later operations have greater ids.
    OperationId, "op_", "an operation";
}

/// The id's digits without a prefix, as markers carry them.
pub(crate) fn digits(number: i64) -> String {
    let number = number.max(0).unsigned_abs();
    (0..LENGTH).rev().map(|place| char::from(DIGITS[(number >> (5 * place) & 31) as usize])).collect()
}

fn number(text: &str) -> Option<i64> {
    if text.len() != LENGTH {
        return None;
    }
    let value = text.bytes().try_fold(0_u128, |value, byte| {
        let digit = DIGITS.iter().position(|digit| *digit == byte.to_ascii_lowercase())?;
        Some(value << 5 | digit as u128)
    })?;
    i64::try_from(value).ok()
}

/// Gives ids of one kind. Starts above the greatest that was given before.
#[derive(Debug)]
pub(crate) struct IdSource {
    last: i64,
}

impl IdSource {
    pub(crate) fn after(last: i64) -> Self {
        Self { last }
    }

    /// The next id at this time.
    pub(crate) fn next(&mut self, at: Timestamp) -> i64 {
        self.next_of(at, 1)
    }

    /// The first of the next `count` ids at this time; the others follow it one by one.
    pub(crate) fn next_of(&mut self, at: Timestamp, count: i64) -> i64 {
        let since = at.as_millisecond().saturating_sub(EPOCH_MS).clamp(0, (1 << (63 - COUNTER_BITS)) - 1);
        let first = (since << COUNTER_BITS).max(self.last + 1);
        self.last = first + count - 1;
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_also_when_the_clock_steps_back() {
        let mut source = IdSource::after(0);
        let noon: Timestamp = "2026-01-05T12:00:00Z".parse().unwrap();
        let before: Timestamp = "2026-01-05T11:00:00Z".parse().unwrap();
        let ids = [source.next(noon), source.next(noon), source.next(before), source.next(Timestamp::MIN)];
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        let first = source.next_of(before, 5);
        assert_eq!((first, source.next(before)), (ids[3] + 1, ids[3] + 6));
    }

    #[test]
    fn an_id_reads_back_from_its_text() {
        let id = EventId::from_number(IdSource::after(0).next("2026-01-05T12:00:00Z".parse().unwrap()));
        assert_eq!(id.to_string().len(), 17);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(
            "op_1".parse::<EventId>().unwrap_err().to_string(),
            "`op_1` is no id of an event: those look like `evt_0cm3k9v2x8r4t`"
        );
        assert!("evt_zzzzzzzzzzzzz".parse::<EventId>().is_err(), "too large");
    }
}
