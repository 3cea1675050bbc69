//! One feed's rounds, one after the other.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use jiff::Timestamp;
use tokio::sync::{Notify, watch};

use super::board::FeedBoard;
use super::pace::pause;
use super::plan::Make;
use super::{Feed, FeedError, Harvest};
use crate::clock::{Clock, later};
use crate::intake::traced;
use crate::metrics::Metrics;
use crate::store::{FeedState, Store, StoreError};
use crate::trace::TraceId;

/// Runs one feed.
pub(super) struct Worker {
    pub(super) source: String,
    pub(super) make: Make,
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: Metrics,
    pub(super) board: FeedBoard,
    /// The next round is wanted now.
    pub(super) wake: Arc<Notify>,
}

/// How a round ended.
enum Ended {
    /// What it brought is durable; there may be more at once.
    Done {
        more: bool,
    },
    Failed(FeedError),
    /// The store is closed.
    Over,
}

/// What a worker knows between two rounds. The feed and the state are made anew after whatever leaves doubt about them.
struct Standing {
    feed: Option<Box<dyn Feed>>,
    state: Option<FeedState>,
    last: Option<Timestamp>,
    failures: u32,
}

impl Worker {
    /// Runs until told to stop. What is in flight then is left: it was not made durable, so it is fetched again.
    pub(super) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut standing = Standing { feed: None, state: None, last: None, failures: 0 };
        let mut retry = None;
        loop {
            let next = match retry {
                Some(at) => Some(at),
                None => match self.due(&mut standing).await {
                    Ok(due) => due,
                    Err(Ended::Failed(error)) => Some(self.failed(&mut standing, &error)),
                    Err(_) => return,
                },
            };
            self.board.update(&self.source, |status| status.next_at = next);
            let earliest = standing.feed.as_ref().and_then(|feed| feed.earliest(standing.last));
            tokio::select! {
                () = wait(&*self.clock, next) => {}
                () = self.woken(earliest) => {}
                // The one who could tell us to stop is gone: then we have.
                _ = stop.wait_for(|stop| *stop) => return,
            }
            self.board.update(&self.source, |status| status.next_at = None);
            let began = self.clock.now();
            let ended = tokio::select! {
                ended = self.round(&mut standing, began) => ended,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            retry = match ended {
                Ended::Over => return,
                Ended::Done { more } => {
                    standing.failures = 0;
                    standing.last = Some(began);
                    more.then_some(began)
                }
                Ended::Failed(error) => Some(self.failed(&mut standing, &error)),
            };
        }
    }

    /// Waits until somebody asks for a round out of turn, and the feed may make one.
    async fn woken(&self, earliest: Option<Timestamp>) {
        self.wake.notified().await;
        if let Some(earliest) = earliest {
            self.clock.wait_until(earliest).await;
        }
    }

    /// When the next round is due. Nothing of a feed may end the worker, so that is guarded as rounds are.
    async fn due(&self, standing: &mut Standing) -> Result<Option<Timestamp>, Ended> {
        let last = standing.last;
        let (feed, state) = self.ready(standing).await?;
        let due = std::panic::catch_unwind(AssertUnwindSafe(|| feed.due(state, last, self.clock.now())));
        due.map_err(|_| self.panicked(standing))
    }

    /// One round, and what it brought made durable.
    async fn round(&self, standing: &mut Standing, now: Timestamp) -> Ended {
        let (feed, state) = match self.ready(standing).await {
            Ok(ready) => ready,
            Err(ended) => return ended,
        };
        let round = async { feed.round(state, now).await };
        let harvest = match AssertUnwindSafe(round).catch_unwind().await {
            Ok(Ok(harvest)) => harvest,
            Ok(Err(error)) => return Ended::Failed(error),
            Err(_) => return self.panicked(standing),
        };
        self.keep(standing, harvest).await
    }

    async fn keep(&self, standing: &mut Standing, harvest: Harvest) -> Ended {
        let Harvest { events, mut change, seen, warning, more, failure } = harvest;
        change.source.clone_from(&self.source);
        // ORDER: what was fetched is compared with what is known by what it says, before it is marked as this round's.
        let trace = TraceId::fresh();
        let events = traced(events, trace);
        let accepted = match self.store.accept_fetched(events, change.clone()).await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Whether it was committed is not known now: the feed goes on from what the store says.
                standing.state = None;
                standing.feed = None;
                return match error {
                    StoreError::Closed => Ended::Over,
                    error => Ended::Failed(store_failed(&error)),
                };
            }
        };
        if let Some(state) = &mut standing.state {
            change.apply(state);
        }
        let fresh = accepted.iter().filter(|event| !event.duplicate).count();
        tracing::debug!(source = self.source, %trace, seen, events = fresh, "fetched");
        self.metrics.fetched(&self.source, fresh, accepted.len() - fresh, failure.is_none());
        if let Some(failure) = failure {
            self.board.update(&self.source, |status| {
                status.items_seen += seen;
                status.events += fresh as u64;
            });
            return Ended::Failed(failure);
        }
        let at = self.clock.now();
        if standing.failures > 0 {
            tracing::info!(source = self.source, failures = standing.failures, "works again");
        }
        self.board.update(&self.source, |status| {
            if status.warning != warning
                && let Some(warning) = &warning
            {
                tracing::warn!(source = self.source, "{warning}");
            }
            status.rounds += 1;
            status.failures_in_a_row = 0;
            status.items_seen += seen;
            status.events += fresh as u64;
            status.last_success_at = Some(at);
            status.warning = warning;
        });
        Ended::Done { more }
    }

    /// The feed and its state; made, or read from the store, where there is none.
    async fn ready<'s>(
        &self,
        standing: &'s mut Standing,
    ) -> Result<(&'s mut Box<dyn Feed>, &'s FeedState), Ended> {
        if standing.state.is_none() {
            standing.state = match self.store.feed_state(&self.source).await {
                Ok(state) => Some(state),
                Err(StoreError::Closed) => return Err(Ended::Over),
                Err(error) => return Err(Ended::Failed(store_failed(&error))),
            };
        }
        if standing.feed.is_none() {
            match std::panic::catch_unwind(AssertUnwindSafe(|| (self.make)())) {
                Ok(feed) => standing.feed = Some(feed),
                Err(_) => return Err(self.panicked(standing)),
            }
        }
        match (&mut standing.feed, &standing.state) {
            (Some(feed), Some(state)) => Ok((feed, state)),
            _ => unreachable!("both were made just now"),
        }
    }

    /// A bug in one feed must not end it, nor any other: another one goes on from the durable state.
    fn panicked(&self, standing: &mut Standing) -> Ended {
        standing.feed = None;
        standing.state = None;
        self.board.update(&self.source, |status| status.panics += 1);
        Ended::Failed(
            FeedError::new("the program made a mistake while fetching")
                .hint("report it, with what the log says about the panic"),
        )
    }

    /// Tells of a failure, and says when the next round is.
    fn failed(&self, standing: &mut Standing, error: &FeedError) -> Timestamp {
        standing.failures = standing.failures.saturating_add(1);
        let failures = standing.failures;
        let now = self.clock.now();
        let next = later(now, pause(failures, error.retry_after, fastrand::f64()));
        self.metrics.fetch_failed(&self.source);
        let known = self.board.of(&self.source).and_then(|status| status.last_error);
        let hint = error.hint.as_deref().unwrap_or_default();
        // The same failure again is told once: a source that is away for a night is one line.
        if failures == 1 || known.as_deref() != Some(error.problem.as_str()) {
            tracing::warn!(
                source = self.source,
                problem = error.problem,
                hint,
                "could not fetch; trying again"
            );
        } else {
            tracing::debug!(source = self.source, problem = error.problem, failures, "could not fetch");
        }
        self.board.update(&self.source, |status| {
            status.failures += 1;
            status.failures_in_a_row = failures;
            status.last_error_at = Some(now);
            status.last_error = Some(error.problem.clone());
            status.hint.clone_from(&error.hint);
        });
        next
    }
}

fn store_failed(error: &StoreError) -> FeedError {
    let failure = FeedError::new(format!("what was fetched could not be stored: {error}"));
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Waits for the moment; for ever, where there is none.
async fn wait(clock: &dyn Clock, moment: Option<Timestamp>) {
    match moment {
        Some(moment) => clock.wait_until(moment).await,
        None => std::future::pending().await,
    }
}
