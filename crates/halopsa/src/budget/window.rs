//! The rolling window, without a clock: every method takes `now`.
//!
//! A request counts from the moment it is let go until one window **after its answer**. HaloPSA counts it at
//! some moment in between, so whichever it is, no window of HaloPSA's ever holds more than the limit.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Budget, BudgetReport};
use crate::priority::Priority;

/// LIMIT: how much longer than the window a request is counted, for clocks that don't run alike.
const MARGIN: Duration = Duration::from_millis(100);

/// Time since an arbitrary start.
pub(super) type Moment = Duration;

/// Whether a request may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Now. It counts from here on.
    Now,
    /// Not before this moment.
    NotBefore(Moment),
    /// Not before a request in flight is answered.
    AfterAnAnswer,
}

#[derive(Debug)]
pub(super) struct Window {
    configured: Budget,
    /// True if the limit was set on purpose, so that HaloPSA's own may lower it but not raise it.
    fixed: bool,
    limit: u32,
    per: Duration,
    in_flight: u32,
    /// When the answered requests stop counting, the soonest first.
    leaving: VecDeque<Moment>,
    paused_until: Option<Moment>,
    /// After a pause, one request at a time finds out whether the limit still holds.
    probing: bool,
}

impl Window {
    pub(super) fn new(budget: Budget, fixed: bool) -> Self {
        Self {
            configured: budget,
            fixed,
            limit: budget.requests,
            per: budget.per,
            in_flight: 0,
            leaving: VecDeque::new(),
            paused_until: None,
            probing: false,
        }
    }

    /// Counts requests that an earlier process sent just before `now`.
    pub(super) fn already_used(&mut self, requests: u32, now: Moment) {
        for _ in 0..requests {
            self.leaving.push_back(now + self.per + MARGIN);
        }
    }

    /// Takes one request out of the budget, if there is room for its priority.
    pub(super) fn take(&mut self, priority: Priority, now: Moment) -> Turn {
        self.forget(now);
        if let Some(until) = self.paused_until {
            return Turn::NotBefore(until);
        }
        if self.probing && self.in_flight > 0 {
            return Turn::AfterAnAnswer;
        }
        let room = self.room(priority);
        if self.used() < room {
            self.in_flight += 1;
            return Turn::Now;
        }
        // Not the next to leave but the one whose leaving makes room: a lowered limit needs several.
        let excess = (self.used() - room) as usize;
        self.leaving.get(excess).map_or(Turn::AfterAnAnswer, |moment| Turn::NotBefore(*moment))
    }

    /// A request was answered, or will never be.
    pub(super) fn answered(&mut self, now: Moment) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.leaving.push_back(now + self.per + MARGIN);
    }

    /// A request that was let go has not been sent.
    pub(super) fn give_back(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// HaloPSA took a request: its limit is not reached.
    pub(super) fn accepted(&mut self) {
        self.probing = false;
    }

    /// HaloPSA refused a request because its limit is reached: nothing is sent until `until`.
    pub(super) fn refused(&mut self, until: Moment) {
        self.probing = true;
        self.paused_until = Some(self.paused_until.map_or(until, |earlier| earlier.max(until)));
    }

    /// HaloPSA said what its limit is.
    pub(super) fn learn(&mut self, requests: u32, per: Duration) {
        if requests == 0 || per.is_zero() {
            return;
        }
        if self.fixed {
            self.limit = self.configured.requests.min(requests);
            self.per = self.configured.per.max(per);
        } else {
            self.limit = requests;
            self.per = per;
        }
    }

    pub(super) fn report(&mut self, waiting: u32, now: Moment) -> BudgetReport {
        self.forget(now);
        let used = self.used();
        let paused_for = self.paused_until.map(|until| until.saturating_sub(now));
        let available =
            |priority| if paused_for.is_some() { 0 } else { self.room(priority).saturating_sub(used) };
        BudgetReport {
            limit: self.limit,
            window: self.per,
            used,
            available: available(Priority::Normal),
            available_urgent: available(Priority::Urgent),
            waiting,
            paused_for,
        }
    }

    fn used(&self) -> u32 {
        self.in_flight.saturating_add(u32::try_from(self.leaving.len()).unwrap_or(u32::MAX))
    }

    /// How many requests may count at once for this priority to be let go: at least one.
    fn room(&self, priority: Priority) -> u32 {
        if priority == Priority::Urgent {
            return self.limit;
        }
        let reserve = (f64::from(self.limit) * self.configured.reserve).ceil() as u32;
        self.limit.saturating_sub(reserve).max(1)
    }

    fn forget(&mut self, now: Moment) {
        while self.leaving.front().is_some_and(|moment| *moment <= now) {
            self.leaving.pop_front();
        }
        if self.paused_until.is_some_and(|until| until <= now) {
            self.paused_until = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(requests: u32, reserve: f64) -> Window {
        Window::new(Budget { requests, per: Duration::from_mins(5), reserve }, false)
    }

    fn at(seconds: u64) -> Moment {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_request_counts_until_a_window_after_its_answer() {
        let mut window = window(1, 0.0);
        assert_eq!(window.take(Priority::Normal, at(0)), Turn::Now);
        assert_eq!(window.take(Priority::Normal, at(400)), Turn::AfterAnAnswer);
        window.answered(at(400));
        assert_eq!(window.take(Priority::Normal, at(500)), Turn::NotBefore(at(700) + MARGIN));
        assert_eq!(window.take(Priority::Normal, at(700) + MARGIN), Turn::Now);
    }

    #[test]
    fn only_urgent_requests_use_the_reserve() {
        let mut window = window(10, 0.2);
        for _ in 0..8 {
            assert_eq!(window.take(Priority::Background, at(0)), Turn::Now);
        }
        assert_eq!(window.take(Priority::Normal, at(0)), Turn::AfterAnAnswer);
        assert_eq!(window.take(Priority::Urgent, at(0)), Turn::Now);
        let report = window.report(0, at(0));
        assert_eq!((report.used, report.available, report.available_urgent), (9, 0, 1));
    }

    #[test]
    fn after_a_refusal_nothing_is_sent_until_the_pause_is_over_then_one_at_a_time() {
        let mut window = window(10, 0.0);
        assert_eq!(window.take(Priority::Urgent, at(0)), Turn::Now);
        window.refused(at(30));
        window.answered(at(1));
        assert_eq!(window.take(Priority::Urgent, at(2)), Turn::NotBefore(at(30)));
        assert_eq!(window.report(0, at(2)).paused_for, Some(at(28)));
        assert_eq!(window.take(Priority::Urgent, at(30)), Turn::Now);
        assert_eq!(window.take(Priority::Urgent, at(30)), Turn::AfterAnAnswer);
        window.accepted();
        assert_eq!(window.take(Priority::Urgent, at(30)), Turn::Now);
    }

    #[test]
    fn the_limit_follows_halopsa_but_never_above_one_set_on_purpose() {
        let mut default = window(300, 0.0);
        default.learn(700, at(300));
        assert_eq!(default.report(0, at(0)).limit, 700);
        let mut fixed = Window::new(Budget::per_five_minutes(200), true);
        fixed.learn(700, at(300));
        assert_eq!(fixed.report(0, at(0)).limit, 200);
        fixed.learn(150, at(300));
        assert_eq!(fixed.report(0, at(0)).limit, 150);
    }

    #[test]
    fn a_lowered_limit_waits_until_enough_requests_have_left() {
        let mut window = window(3, 0.0);
        for second in 0..3 {
            assert_eq!(window.take(Priority::Normal, at(second)), Turn::Now);
            window.answered(at(second));
        }
        window.learn(1, at(300));
        assert_eq!(window.take(Priority::Normal, at(10)), Turn::NotBefore(at(302) + MARGIN));
    }

    #[test]
    fn requests_of_an_earlier_process_count() {
        let mut window = window(300, 0.0);
        window.already_used(299, at(0));
        assert_eq!(window.take(Priority::Normal, at(0)), Turn::Now);
        assert_eq!(window.take(Priority::Normal, at(0)), Turn::NotBefore(at(300) + MARGIN));
    }
}
