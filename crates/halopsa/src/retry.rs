//! How long to wait before trying again, without a clock: numbers in, a duration out.

use std::time::Duration;

/// Waits that double up to a limit, each shortened by up to a quarter at random so that clients don't march in step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    pub(crate) tries: u32,
}

impl Backoff {
    /// For connections that fail and servers that are briefly unwell.
    pub(crate) const TROUBLE: Self =
        Self { first: Duration::from_millis(500), longest: Duration::from_secs(8), tries: 4 };

    /// For a reached rate limit without `Retry-After`. LIMIT: ten fixed waits of 5 s were seen not to outlast the window
    /// of 5 minutes; doubling to 60 s does.
    pub(crate) const THROTTLED: Self =
        Self { first: Duration::from_secs(5), longest: Duration::from_mins(1), tries: 12 };

    /// The wait after so many tries (from 1); `None` if there should be no other.
    pub(crate) fn after(self, tries: u32, random: f64) -> Option<Duration> {
        if tries >= self.tries {
            return None;
        }
        let doubled =
            self.first.saturating_mul(1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX));
        Some(doubled.min(self.longest).mul_f64(1.0 - 0.25 * random.clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_end() {
        let waits: Vec<u64> = (1..)
            .map_while(|tries| Backoff::THROTTLED.after(tries, 0.0))
            .map(|wait| wait.as_secs())
            .collect();
        assert_eq!(waits, [5, 10, 20, 40, 60, 60, 60, 60, 60, 60, 60]);
        assert_eq!(Backoff::THROTTLED.after(12, 0.0), None);
    }

    #[test]
    fn waits_for_a_reached_limit_outlast_its_window_even_when_shortened() {
        let total: Duration = (1..12).filter_map(|tries| Backoff::THROTTLED.after(tries, 1.0)).sum();
        assert_eq!(total.as_secs(), 371);
        assert_eq!(Backoff::TROUBLE.after(1, 1.0), Some(Duration::from_millis(375)));
    }
}
