//! How many look-ups may be made: names that nobody has ever heard of must not use up the budget that tickets need.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;

/// LIMIT: a tenth of the smallest limit HaloPSA was ever seen with.
const LOOK_UPS: usize = 30;
const PER: Duration = Duration::from_mins(5);

/// The look-ups of the last while.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    made: VecDeque<Timestamp>,
}

impl Allowance {
    /// Takes one, if there is one.
    pub(super) fn take(&mut self, now: Timestamp) -> bool {
        while self.made.front().is_some_and(|made| later(*made, PER) <= now) {
            self.made.pop_front();
        }
        let free = self.made.len() < LOOK_UPS;
        if free {
            self.made.push_back(now);
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_look_ups_in_any_five_minutes() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut allowance = Allowance::default();
        let taken =
            |allowance: &mut Allowance, second| (0..100).filter(|_| allowance.take(at(second))).count();
        assert_eq!(taken(&mut allowance, 0), 30);
        assert_eq!(taken(&mut allowance, 299), 0);
        assert_eq!(taken(&mut allowance, 300), 30);
    }
}
