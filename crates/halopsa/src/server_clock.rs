//! What time it is at HaloPSA, as far as its answers tell.
//!
//! HaloPSA stamps records with its own clock, and a look for "what changed since" goes by that clock. This machine's may
//! be minutes off, so a look that starts by it can start too late and miss what it looks for.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::date::DateTime;

/// Stands for "nothing was told yet".
const UNKNOWN: i64 = i64::MIN;

/// How far HaloPSA's clock is ahead of this machine's, in milliseconds.
#[derive(Debug)]
pub(crate) struct ServerClock {
    ahead_ms: AtomicI64,
}

impl Default for ServerClock {
    fn default() -> Self {
        Self { ahead_ms: AtomicI64::new(UNKNOWN) }
    }
}

impl ServerClock {
    /// Takes over what the `Date` header of an answer says; one that can't be read says nothing.
    ///
    /// The header holds whole seconds and was written before the answer arrived, so what is learned is a little behind
    /// and never ahead.
    pub(crate) fn told(&self, date: &str, now: Timestamp) {
        let Ok(there) = rfc2822::parse(date.trim()) else { return };
        let ahead = there.timestamp().as_millisecond() - now.as_millisecond();
        self.ahead_ms.store(ahead, Ordering::Relaxed);
    }

    /// HaloPSA's time when it is `here` on this machine; `None` before anything was told.
    pub(crate) fn there(&self, here: DateTime) -> Option<DateTime> {
        let ahead = self.ahead_ms.load(Ordering::Relaxed);
        (ahead != UNKNOWN).then(|| here.plus_milliseconds(ahead))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    #[test]
    fn the_time_there_follows_from_the_date_of_an_answer() {
        let clock = ServerClock::default();
        assert_eq!(clock.there(at("2026-08-01T06:30:00")), None);
        clock.told("not a date", "2026-08-01T06:30:00Z".parse().unwrap());
        assert_eq!(clock.there(at("2026-08-01T06:30:00")), None);
        clock.told("Sat, 01 Aug 2026 06:20:00 GMT", "2026-08-01T06:30:00.250Z".parse().unwrap());
        assert_eq!(clock.there(at("2026-08-01T07:00:00.250")), Some(at("2026-08-01T06:50:00")));
        clock.told("Sat, 01 Aug 2026 06:31:00 GMT", "2026-08-01T06:30:00Z".parse().unwrap());
        assert_eq!(clock.there(at("2026-08-01T06:30:30")), Some(at("2026-08-01T06:31:30")));
    }
}
