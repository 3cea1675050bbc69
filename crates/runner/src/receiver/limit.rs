//! A source's own limit: so many deliveries in so much time, and when there is room again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;

/// How many deliveries a source may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many.
    pub requests: u32,
    /// In so much time.
    pub per: Duration,
}

impl Rate {
    /// The same, told for a minute.
    pub(super) fn a_minute(self) -> u32 {
        let a_minute = f64::from(self.requests) * 60.0 / self.per.as_secs_f64().max(0.001);
        (a_minute as u32).max(1)
    }
}

/// Lets as many deliveries through as its rate allows: the whole number at once, and then one whenever its share of
/// the time has passed.
#[derive(Debug)]
pub(super) struct Limit {
    rate: Rate,
    /// When everything let through so far would have been, had it come evenly.
    spent_until: Mutex<Timestamp>,
}

impl Limit {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, spent_until: Mutex::new(Timestamp::MIN) }
    }

    /// Lets one through, or says how long there is no room.
    pub(super) fn pass(&self, now: Timestamp) -> Result<(), Duration> {
        let share = self.rate.per / self.rate.requests.max(1);
        let mut spent_until = self.spent_until.lock().unwrap_or_else(PoisonError::into_inner);
        let next = later((*spent_until).max(now), share);
        let ahead = Duration::try_from(next.duration_since(now)).unwrap_or_default();
        match ahead.checked_sub(self.rate.per) {
            Some(over) if !over.is_zero() => Err(over),
            _ => {
                *spent_until = next;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_pass_at_once_and_then_one_whenever_there_is_room() {
        let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let at = |seconds: u64| later(start, Duration::from_secs(seconds));
        let limit = Limit::new(Rate { requests: 3, per: Duration::from_secs(60) });
        assert_eq!([at(0), at(0), at(0)].map(|now| limit.pass(now)), [Ok(()); 3]);
        assert_eq!(limit.pass(at(0)), Err(Duration::from_secs(20)));
        assert_eq!(limit.pass(at(19)), Err(Duration::from_secs(1)));
        assert_eq!(limit.pass(at(20)), Ok(()));
        assert_eq!(limit.pass(at(20)), Err(Duration::from_secs(20)));
        assert_eq!(
            [at(900), at(900), at(900)].map(|now| limit.pass(now)),
            [Ok(()); 3],
            "rest is not saved up"
        );
        assert!(limit.pass(at(900)).is_err());
    }
}
