//! How long a feed waits after it failed.

use std::time::Duration;

/// The first pause; each further failure doubles it.
const FIRST: Duration = Duration::from_secs(15);
/// LIMIT: alerts wait for the next round, so it comes within a quarter of an hour whatever happened.
const LONGEST: Duration = Duration::from_mins(15);
/// LIMIT: a service that asks to be left alone for days would be forgotten; an hour is a long time for an alert.
const MOST_ASKED: Duration = Duration::from_hours(1);

/// The pause after so many failures in a row. `roll` from 0 to 1 spreads those who failed together; what the other
/// side asked for is never undercut.
pub(super) fn pause(failures: u32, asked: Option<Duration>, roll: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LONGEST);
    // Down to three quarters: together with the doubling, no two of them stay in step.
    let spread = doubled.mul_f64(1.0 - roll.clamp(0.0, 1.0) / 4.0);
    asked.map_or(spread, |asked| spread.max(asked.min(MOST_ASKED)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_waits_longer_up_to_a_quarter_of_an_hour() {
        let seconds = |failures| pause(failures, None, 0.0).as_secs();
        assert_eq!([1, 2, 3, 4, 5, 6, 7, 1_000].map(seconds), [15, 30, 60, 120, 240, 480, 900, 900]);
        assert_eq!(pause(2, None, 1.0), Duration::from_millis(22_500));
    }

    #[test]
    fn what_the_other_side_asked_for_is_waited_at_least() {
        let minute = Some(Duration::from_mins(1));
        assert_eq!(pause(1, minute, 0.5), Duration::from_mins(1));
        assert_eq!(pause(7, minute, 0.0), Duration::from_mins(15));
        assert_eq!(pause(1, Some(Duration::from_hours(48)), 0.0), Duration::from_hours(1));
    }
}
