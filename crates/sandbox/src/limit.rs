//! HaloPSA's rolling window: so many requests in the last so many seconds.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::config::RateLimit;

/// When the requests of the current window were taken.
#[derive(Debug, Default)]
pub(crate) struct RollingWindow {
    taken: VecDeque<Timestamp>,
}

impl RollingWindow {
    /// Takes a request in, or says that the window is full. Refused requests do not count.
    pub(crate) fn admit(&mut self, limit: RateLimit, now: Timestamp) -> bool {
        let opened = now.checked_sub(limit.per).unwrap_or(Timestamp::MIN);
        while self.taken.front().is_some_and(|first| *first <= opened) {
            self.taken.pop_front();
        }
        if self.taken.len() >= limit.requests as usize {
            return false;
        }
        self.taken.push_back(now);
        true
    }

    /// What a refused request is told.
    pub(crate) fn refusal(limit: RateLimit) -> String {
        let minutes = limit.per.as_secs().div_ceil(60);
        format!("Rate Limit Reached - {} Requests per rolling {minutes} minute window", limit.requests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_window_rolls_and_never_holds_more_than_its_limit() {
        let limit = RateLimit { requests: 2, per: Duration::from_mins(5) };
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut window = RollingWindow::default();
        assert!(window.admit(limit, at(0)));
        assert!(window.admit(limit, at(200)));
        assert!(!window.admit(limit, at(299)));
        assert!(window.admit(limit, at(300)), "the first has left");
        assert!(!window.admit(limit, at(499)));
        assert_eq!(
            RollingWindow::refusal(limit),
            "Rate Limit Reached - 2 Requests per rolling 5 minute window"
        );
    }
}
