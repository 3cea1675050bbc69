//! Sources that are fetched from instead of being sent to: polls, schedules, HaloPSA itself.
//!
//! A [`Feed`] knows how to make one round; `worker` runs its rounds one after the other, makes what they bring durable
//! together with how far was read, and waits longer after each failure. [`Feeds`] runs a worker for each source of a
//! fetching kind, and on a reload starts those anew whose configuration changed. What a feed is made of is its
//! [`Plan`]; `plans` makes those of a configuration.

mod board;
pub(crate) mod halo;
mod pace;
mod plan;
pub mod poll;
mod schedule;
mod supervisor;
#[cfg(test)]
mod tests;
mod worker;

pub use board::{FeedBoard, FeedStatus};
pub use plan::{Context, Plan, plans};
pub(crate) use schedule::next_runs;
pub use supervisor::{Feeds, Waker};

use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use thiserror::Error;

use crate::store::{FeedChange, FeedState, NewEvent};

/// One source that is fetched from.
///
/// A feed keeps nothing between rounds that it could not do without: after a crash or a panic another one goes on from
/// the durable state alone.
pub trait Feed: Send {
    /// When the next round is due. `last` is when the last one began that succeeded in this process; `now` is the time.
    /// Nothing, where there will never be one.
    fn due(&self, state: &FeedState, last: Option<Timestamp>, now: Timestamp) -> Option<Timestamp>;

    /// A round that somebody asks for out of turn has to wait until then.
    fn earliest(&self, _last: Option<Timestamp>) -> Option<Timestamp> {
        None
    }

    /// One round.
    fn round<'a>(
        &'a mut self,
        state: &'a FeedState,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Harvest, FeedError>>;
}

/// What a round brought: all of it becomes durable, or none.
#[derive(Debug, Clone, Default)]
pub struct Harvest {
    /// The events, oldest first.
    pub events: Vec<NewEvent>,
    /// How far was read with them.
    pub change: FeedChange,
    /// How many items the source had, also those that were known.
    pub seen: u64,
    /// What somebody should know although the round succeeded: the list was cut short, say.
    pub warning: Option<String>,
    /// There is more at once.
    pub more: bool,
    /// What it brought is to be kept, and still it did not bring all it should: the round counts as failed.
    pub failure: Option<FeedError>,
}

/// Why a round failed. Nothing of it is kept, and it is made again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem}")]
pub struct FeedError {
    /// What happened, for whoever looks after the source; never a secret.
    pub problem: String,
    /// What to do about it, starting with the verb.
    pub hint: Option<String>,
    /// How long the other side asked to be left alone.
    pub retry_after: Option<Duration>,
}

impl FeedError {
    /// A failure without advice.
    pub fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), hint: None, retry_after: None }
    }

    /// What to do about it, starting with the verb.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
