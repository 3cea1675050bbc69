//! How fast and how patiently HaloPSA is written to. Numbers and arithmetic only; the clock is elsewhere.

use std::time::Duration;

/// How fast and how patiently operations are dispatched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Operations in flight at once.
    pub at_once: usize,
    /// Requests that create tickets, at once. More than one needs HaloPSA's "Auto-incrementing key" for ticket numbers.
    pub creations: usize,
    /// Tickets created by one request, at most.
    pub batch: usize,
    /// How long after a request that created tickets further ones are gathered before the next, where `batch` allows
    /// several. The first after a quiet time goes at once, and so does whatever is urgent.
    pub gather: Duration,
    /// How long HaloPSA may take until a write that it carried out can be found.
    pub settle: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            at_once: 4,
            creations: 1,
            batch: 1,
            gather: Duration::from_millis(500),
            settle: Duration::from_secs(10),
        }
    }
}

/// Waits that double up to a limit, each shortened by up to a quarter so that many don't come back together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// For what passes by itself.
    pub(crate) const PASSING: Self = Self { first: Duration::from_secs(2), longest: Duration::from_mins(5) };
    /// For what somebody has to mend: a right, a password, a setting.
    pub(super) const ATTENTION: Self =
        Self { first: Duration::from_secs(30), longest: Duration::from_mins(15) };
    /// For a HaloPSA that is not there at all.
    pub(super) const AWAY: Self = Self { first: Duration::from_secs(1), longest: Duration::from_mins(1) };

    /// The wait after so many failures, from 1; `random` lies between 0 and 1.
    pub(crate) fn after(self, failures: u32, random: f64) -> Duration {
        let doubled = self.first.saturating_mul(1 << failures.saturating_sub(1).min(16));
        doubled.min(self.longest).mul_f64(1.0 - 0.25 * random.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits: Vec<u64> = (1..=8).map(|n| Backoff::AWAY.after(n, 0.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(Backoff::PASSING.after(1, 1.0), Duration::from_millis(1_500));
        assert_eq!(Backoff::PASSING.after(u32::MAX, 0.0), Duration::from_mins(5));
    }
}
