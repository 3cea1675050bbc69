//! The time, as a thing that is passed in: the system's when running, a held one in tests.

use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

/// A wait for a moment.
pub type Wait<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Shows the time and waits for moments.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Timestamp;
    /// Waits until the time has come; at once if it has.
    fn wait_until(&self, moment: Timestamp) -> Wait<'_>;
}

/// LIMIT: the system's clock can be set while we wait, so we look at it at least this often.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// The system's time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn wait_until(&self, moment: Timestamp) -> Wait<'_> {
        Box::pin(async move {
            while let Some(left) = left(self.now(), moment) {
                tokio::time::sleep(left.min(LOOK_AGAIN)).await;
            }
        })
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct HeldClock {
    now: watch::Sender<Timestamp>,
}

impl HeldClock {
    /// Stands at this moment.
    pub fn at(moment: Timestamp) -> Self {
        Self { now: watch::Sender::new(moment) }
    }

    /// Moves forward and wakes whoever waits for a moment that has come.
    pub fn advance(&self, by: Duration) {
        self.now.send_modify(|now| *now = later(*now, by));
    }
}

impl Clock for HeldClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn wait_until(&self, moment: Timestamp) -> Wait<'_> {
        let mut moved = self.now.subscribe();
        Box::pin(async move {
            // The sender is `self`, so it is there while we wait.
            let _ = moved.wait_for(|now| *now >= moment).await;
        })
    }
}

fn left(now: Timestamp, moment: Timestamp) -> Option<Duration> {
    Duration::try_from(moment.duration_since(now)).ok().filter(|left| !left.is_zero())
}

/// The time so much later; the last there is, beyond it.
pub(crate) fn later(moment: Timestamp, by: Duration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_held_clock_wakes_who_waits_for_a_moment_that_has_come() {
        let clock = HeldClock::at(Timestamp::UNIX_EPOCH);
        clock.advance(Duration::from_secs(10));
        clock.wait_until(Timestamp::from_second(10).unwrap()).await;
        assert_eq!(clock.now().as_second(), 10);
    }

    #[tokio::test]
    async fn the_systems_clock_does_not_wait_for_the_past() {
        SystemClock.wait_until(Timestamp::UNIX_EPOCH).await;
    }
}
