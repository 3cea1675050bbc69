//! The dispatcher: brings operations from the outbox to HaloPSA, each exactly once.
//!
//! HaloPSA has no idempotency key. So an operation is marked as going out before its request does, the request
//! carries a marker, and whatever ends without a clear answer, a crash included, is looked for by its marker before
//! it is written again. `delivery` does one operation; here is whose turn it is. What a done operation means to its
//! case is the `decider`'s business.

mod delivery;
mod fold;
mod lookup;
#[cfg(test)]
mod model;
mod outcome;
mod pace;
mod protocol;
mod recheck;
mod requests;
mod settled;
mod story;
mod touched;
mod verdict;

pub(crate) use pace::Backoff;
pub use pace::Pace;
pub(crate) use touched::{Seen, last_by_a_person, look};

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use halopsa::{Client, Priority};
use haloward_rules::Severity;
use jiff::Timestamp;
use tokio::sync::{Notify, broadcast, watch};
use tokio::task::JoinSet;

use crate::catalogue::CatalogueCache;
use crate::clock::{Clock, later};
use crate::decider::Desk;
use crate::metrics::Metrics;
use crate::runtime::Happening;
use crate::store::{
    Change, Operation, OperationId, OperationKind, OperationState, Store, StoreError, Transition,
};
use crate::wire::WireSettings;
use delivery::Delivery;

/// How long to wait for a store that fails before asking it again.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// LIMIT: while HaloPSA's budget is used up we look this often whether there is room again; nothing else tells us.
const BUDGET_PAUSE: Duration = Duration::from_millis(500);

/// Everything the dispatcher needs.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    pub(crate) store: Store,
    pub(crate) client: Client,
    pub(crate) catalogue: CatalogueCache,
    pub(crate) wire: watch::Receiver<Arc<WireSettings>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) desk: Desk,
    pub(crate) happenings: broadcast::Sender<Happening>,
    pub(crate) outbox: Arc<Notify>,
    pub(crate) pace: Pace,
    pub(crate) metrics: Metrics,
}

/// What a task that ended tells.
enum Ended {
    /// The operation's state is durable. `away`: HaloPSA was not reached.
    Delivered { id: OperationId, away: bool },
    /// The store failed: the operation is as it was.
    Store(OperationId, StoreError),
}

/// What is in flight, and what holds new work back.
struct State {
    tasks: JoinSet<Ended>,
    in_flight: HashMap<OperationId, OperationKind>,
    /// Failures to reach HaloPSA in a row, and until when nothing is sent because of them.
    away: (u32, Option<Timestamp>),
    store_until: Option<Timestamp>,
}

impl Dispatcher {
    /// Runs until told to stop, and then until what is in flight has ended.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let delivery = Arc::new(Delivery::new(&self));
        let mut state =
            State { tasks: JoinSet::new(), in_flight: HashMap::new(), away: (0, None), store_until: None };
        while !*stop.borrow() {
            match self.take_up_after_a_crash().await {
                Ok(()) => break,
                Err(StoreError::Closed) => return,
                Err(error) => {
                    tracing::error!(%error, "what was being sent at the last end can't be read yet");
                    self.clock.wait_until(later(self.clock.now(), STORE_PAUSE)).await;
                }
            }
        }
        while !*stop.borrow() {
            let next = match self.fill(&mut state, &delivery).await {
                Ok(next) => next,
                Err(StoreError::Closed) => break,
                Err(error) => Some(self.store_failed(&mut state, &error)),
            };
            let due = async {
                match next {
                    Some(moment) => self.clock.wait_until(moment).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(ended) = state.tasks.join_next() => self.ended(&mut state, ended),
                () = self.outbox.notified() => {}
                () = due => {}
                // The one who could tell us to stop is gone: then we have.
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
        while let Some(ended) = state.tasks.join_next().await {
            self.ended(&mut state, ended);
        }
    }

    /// Whatever was going out when the last process ended may have been carried out.
    async fn take_up_after_a_crash(&self) -> Result<(), StoreError> {
        let sending = self.store.operations(OperationState::Sending, usize::MAX >> 1).await?;
        // Messages are the notifier's.
        for operation in sending.into_iter().filter(|operation| operation.kind != OperationKind::Notify) {
            let problem = "the process ended while it was being sent".to_owned();
            let unclear = Transition::Unclear { at: self.clock.now(), looks: 0, problem };
            self.store.commit(Change::Operation(operation.id, unclear)).await?;
        }
        Ok(())
    }

    /// Starts what can be started; answers when there may be more to start.
    async fn fill(
        &self,
        state: &mut State,
        delivery: &Arc<Delivery>,
    ) -> Result<Option<Timestamp>, StoreError> {
        let now = self.clock.now();
        for wait in [state.away.1, state.store_until].into_iter().flatten() {
            if wait > now {
                return Ok(Some(wait));
            }
        }
        // While HaloPSA is away, one operation at a time finds out whether it is back.
        let at_once = if state.away.0 > 0 { 1 } else { self.pace.at_once.max(1) };
        loop {
            let room = at_once.saturating_sub(state.in_flight.len());
            if room == 0 {
                return Ok(None);
            }
            let creating =
                state.in_flight.values().filter(|kind| **kind == OperationKind::OpenTicket).count();
            let creations = creating < self.pace.creations.max(1);
            let most = room + state.in_flight.len();
            let (ready, rechecks, next_due) = self
                .store
                .read(move |reader| {
                    let mut ready = reader.ready(now, false, most)?;
                    if creations {
                        ready.extend(reader.ready(now, true, most)?);
                    }
                    // One order over both: by urgency, then age.
                    ready.sort_by_key(|operation| (std::cmp::Reverse(operation.severity()), operation.id));
                    Ok((ready, reader.to_recheck(now, 1)?, reader.next_due(now)?))
                })
                .await?;
            let fresh = |operation: &Operation| !state.in_flight.contains_key(&operation.id);
            let recheck = rechecks.into_iter().find(fresh);
            let next = ready.into_iter().find(fresh);
            let budget = self.client.budget();
            let (operation, is_recheck) = match (next, recheck) {
                (Some(next), _) if has_room(&budget, next.severity()) => (next, false),
                (Some(_), _) => return Ok(Some(later(now, budget_pause(&budget)))),
                (None, Some(recheck)) => (recheck, true),
                (None, None) => return Ok(next_due),
            };
            state.in_flight.insert(operation.id, operation.kind);
            let delivery = Arc::clone(delivery);
            state.tasks.spawn(async move {
                let id = operation.id;
                let work = async {
                    if is_recheck {
                        delivery.recheck(operation.clone()).await
                    } else {
                        delivery.deliver(operation.clone()).await
                    }
                };
                // Whatever it came to, its place is given back: a bug must not stop the others.
                let result = match AssertUnwindSafe(work).catch_unwind().await {
                    Ok(result) => result,
                    Err(_) => delivery.broke(&operation, is_recheck).await,
                };
                match result {
                    Ok(away) => Ended::Delivered { id, away },
                    Err(error) => Ended::Store(id, error),
                }
            });
        }
    }

    fn ended(&self, state: &mut State, ended: Result<Ended, tokio::task::JoinError>) {
        match ended {
            Ok(Ended::Delivered { id, away: false }) => {
                state.in_flight.remove(&id);
                if state.away.0 > 0 {
                    tracing::info!("HaloPSA is back");
                }
                state.away = (0, None);
                state.store_until = None;
            }
            Ok(Ended::Delivered { id, away: true }) => {
                state.in_flight.remove(&id);
                let failures = state.away.0 + 1;
                let wait = Backoff::AWAY.after(failures, fastrand::f64());
                state.away = (failures, Some(later(self.clock.now(), wait)));
            }
            // Nothing was sent, and nothing has to be.
            Ok(Ended::Store(id, StoreError::GivenUp)) => {
                state.in_flight.remove(&id);
            }
            Ok(Ended::Store(id, error)) => {
                state.in_flight.remove(&id);
                self.store_failed(state, &error);
            }
            Err(error) => {
                // Its operation stays in flight for us and is looked for at the next start: nothing is sent twice.
                tracing::error!(%error, "delivering an operation failed badly: please report it");
            }
        }
    }

    fn store_failed(&self, state: &mut State, error: &StoreError) -> Timestamp {
        if state.store_until.is_none() {
            tracing::error!(%error, hint = error.hint(), "nothing can be sent until the store works again");
        }
        let until = later(self.clock.now(), STORE_PAUSE);
        state.store_until = Some(until);
        until
    }
}

/// Whether an operation may start within the budget. What is not urgent does not start without room: it would wait
/// inside the client, in the one place where tickets are created, and an urgent ticket behind it.
fn has_room(budget: &halopsa::BudgetReport, severity: Severity) -> bool {
    match priority(severity) {
        Priority::Urgent => true,
        _ => budget.available > budget.waiting,
    }
}

/// How long to wait for room in the budget.
fn budget_pause(budget: &halopsa::BudgetReport) -> Duration {
    budget.paused_for.unwrap_or_default().max(BUDGET_PAUSE)
}

/// How urgent a request is for an operation of this severity.
pub(crate) fn priority(severity: Severity) -> Priority {
    match severity {
        Severity::Critical => Priority::Urgent,
        Severity::High | Severity::Medium => Priority::Normal,
        Severity::Low | Severity::Info => Priority::Background,
    }
}
