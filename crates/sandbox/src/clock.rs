//! The sandbox's time: the system's or one a test holds still, and either can be moved forward.
//!
//! Everything that depends on time (token expiry, the rolling rate limit, `last_update`, late commits)
//! asks this clock, so a test moves time instead of waiting for it.

use std::{fmt, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// A clock shared by the sandbox and the test that drives it; clones show the same time.
#[derive(Clone)]
pub struct Clock {
    base: Base,
    ahead: Arc<watch::Sender<Duration>>,
}

#[derive(Clone, Copy)]
enum Base {
    System,
    /// The system's, so many milliseconds ahead, or behind if negative.
    Shifted(i64),
    Held(Timestamp),
}

impl Clock {
    /// The system's time. [`Clock::advance`] still moves it forward.
    pub fn system() -> Self {
        Self::on(Base::System)
    }

    /// A clock that stands still at `start` until it is advanced.
    pub fn manual(start: Timestamp) -> Self {
        Self::on(Base::Held(start))
    }

    /// The system's time, so many seconds ahead of it, or behind if negative: a HaloPSA whose clock is not ours.
    pub fn shifted_by(seconds: i64) -> Self {
        Self::on(Base::Shifted(seconds.saturating_mul(1000)))
    }

    fn on(base: Base) -> Self {
        Self { base, ahead: Arc::new(watch::Sender::new(Duration::ZERO)) }
    }

    /// The time it shows.
    pub fn now(&self) -> Timestamp {
        self.shifted(*self.ahead.borrow())
    }

    /// Moves it forward and wakes everything whose moment has come.
    ///
    /// Time never goes past what a timestamp can hold: it stops there.
    pub fn advance(&self, by: Duration) {
        self.ahead.send_modify(|ahead| *ahead = ahead.saturating_add(by));
    }

    /// Waits until the clock has moved on by `span` from now, by itself or by being advanced.
    ///
    /// The time counts from this call, not from the first poll.
    pub fn sleep(&self, span: Duration) -> impl Future<Output = ()> + Send + use<> {
        let deadline = self.now().checked_add(span).unwrap_or(Timestamp::MAX);
        self.clone().wait_until(deadline)
    }

    async fn wait_until(self, deadline: Timestamp) {
        let mut moved = self.ahead.subscribe();
        loop {
            let Ok(left) = Duration::try_from(deadline.duration_since(self.now())) else { return };
            if left.is_zero() {
                return;
            }
            match self.base {
                Base::System | Base::Shifted(_) => {
                    tokio::select! {
                        () = tokio::time::sleep(left) => {}
                        changed = moved.changed() => if changed.is_err() { return },
                    }
                }
                Base::Held(_) => {
                    if moved.changed().await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    fn shifted(&self, ahead: Duration) -> Timestamp {
        let base = match self.base {
            Base::System => Timestamp::now(),
            Base::Shifted(by) => {
                let end = if by < 0 { Timestamp::MIN } else { Timestamp::MAX };
                Timestamp::now().checked_add(SignedDuration::from_millis(by)).unwrap_or(end)
            }
            Base::Held(start) => start,
        };
        base.checked_add(ahead).unwrap_or(Timestamp::MAX)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_held_clock_moves_only_when_advanced() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let sleep = clock.sleep(Duration::from_secs(10));
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
        clock.advance(Duration::from_secs(10));
        sleep.await;
        assert_eq!(clock.now().as_second(), 10);
    }

    #[tokio::test]
    async fn the_system_clock_can_be_moved_ahead_of_a_sleeper() {
        let clock = Clock::system();
        let sleep = clock.sleep(Duration::from_hours(1));
        clock.advance(Duration::from_hours(1));
        sleep.await;
    }

    #[test]
    fn a_shifted_clock_is_as_far_off_as_said_and_goes_on() {
        for seconds in [-1200, 1200] {
            let before = Timestamp::now();
            let shown = Clock::shifted_by(seconds).now();
            let after = Timestamp::now();
            let off = SignedDuration::from_secs(seconds);
            assert!(before + off <= shown && shown <= after + off, "{seconds}");
        }
        assert_eq!(Clock::shifted_by(i64::MAX).now(), Timestamp::MAX);
    }

    #[test]
    fn time_stops_at_the_last_timestamp() {
        let clock = Clock::manual(Timestamp::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
