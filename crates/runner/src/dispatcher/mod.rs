//! The dispatcher: brings operations from the outbox to HaloPSA, each exactly once.
//!
//! HaloPSA has no idempotency key. So an operation is marked as going out before its request does, the request
//! carries a marker, and whatever ends without a clear answer, a crash included, is looked for by its marker before
//! it is written again. `turn` says whose turn it is, `delivery` does it; here is what is in flight. What comes while
//! there is nothing to do takes the `shortcut`. What a done operation means to its case is the `decider`'s business.

mod connection;
mod creation;
mod delivery;
mod find;
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
mod shortcut;
mod story;
mod touched;
mod turn;
mod verdict;

pub use connection::{Connection, ConnectionStatus};
pub(crate) use pace::Backoff;
pub use pace::Pace;
pub(crate) use shortcut::{Promise, Shortcut};
pub(crate) use touched::{NOBODY, Seen, last_by_a_person, look};

use std::collections::HashSet;
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
    Change, Operation, OperationId, OperationKind, OperationState, Reader, Store, StoreError, Transition,
};
use crate::wire::WireSettings;
use connection::Reach;
use delivery::Delivery;
use shortcut::{Entrance, Handed};
use turn::{Candidates, Limits, Turn};

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
    pub(crate) shortcut: Shortcut,
    pub(crate) pace: Pace,
    pub(crate) metrics: Metrics,
    pub(crate) connection: Connection,
}

/// What a task is about.
struct Task {
    operations: Vec<Operation>,
    /// It is a request that creates tickets.
    created: bool,
    is_recheck: bool,
}

/// What a task that ended tells.
struct Ended {
    operations: Vec<OperationId>,
    /// It was a request that creates tickets.
    created: bool,
    /// Their states are durable, and what it says about the connection. Or the store failed.
    result: Result<Reach, StoreError>,
}

/// What is in flight, and what holds new work back.
#[derive(Default)]
struct State {
    tasks: JoinSet<Ended>,
    in_flight: HashSet<OperationId>,
    /// Requests in flight that create tickets.
    creating: usize,
    /// Until then further creations are gathered.
    gather_until: Option<Timestamp>,
    store_until: Option<Timestamp>,
    /// The store failed under something that may have gone out: what it left half-way is to be taken up.
    interrupted: bool,
    /// Open while we wait with nothing in flight.
    entrance: Option<Entrance>,
}

impl Dispatcher {
    /// Runs until told to stop, and then until what is in flight has ended.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let delivery = Arc::new(Delivery::new(&self));
        // What was going out when the last process ended is taken up first.
        let mut state = State { interrupted: true, ..State::default() };
        let (mut next, mut look) = (None, true);
        while !*stop.borrow() {
            if look {
                next = match self.fill(&mut state, &delivery).await {
                    Ok(next) => next,
                    Err(StoreError::Closed) => break,
                    Err(error) => Some(self.store_failed(&mut state, &error)),
                };
            }
            look = true;
            let due = async {
                match next {
                    Some(moment) => self.clock.wait_until(moment).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(ended) = state.tasks.join_next() => self.ended(&mut state, ended),
                handed = next_handed(&mut state.entrance) => {
                    self.start_handed(&mut state, &delivery, handed);
                    // Nothing else has changed since we looked.
                    look = false;
                }
                () = self.outbox.notified() => {}
                () = due => {}
                // The one who could tell us to stop is gone: then we have.
                _ = stop.wait_for(|stop| *stop) => {}
            }
            // ORDER: what was handed over is in flight before anything else is started, or it would be taken for interrupted.
            if let Some(entrance) = state.entrance.take()
                && let Some(handed) = entrance.close().await
            {
                self.start_handed(&mut state, &delivery, handed);
            }
        }
        while let Some(ended) = state.tasks.join_next().await {
            self.ended(&mut state, ended);
        }
    }

    /// Whatever is marked as going out and is not going out may have been carried out: the process ended, or the store
    /// failed before it knew.
    async fn take_up(&self, state: &State) -> Result<(), StoreError> {
        let sending = self.store.operations(OperationState::Sending, usize::MAX >> 1).await?;
        // Messages are the notifier's.
        let ours = sending.into_iter().filter(|operation| operation.kind != OperationKind::Notify);
        for operation in ours.filter(|operation| !state.in_flight.contains(&operation.id)) {
            let problem = "it was interrupted while it was being sent".to_owned();
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
        for wait in [self.connection.waits_until(), state.store_until].into_iter().flatten() {
            if wait > now {
                return Ok(Some(wait));
            }
        }
        if state.interrupted {
            self.take_up(state).await?;
            state.interrupted = false;
        }
        // While HaloPSA is away, one request at a time finds out whether it is back.
        let (at_once, batch) = if self.connection.is_reached() {
            (self.pace.at_once.max(1), self.pace.batch.max(1))
        } else {
            (1, 1)
        };
        loop {
            if state.tasks.len() >= at_once {
                return Ok(None);
            }
            let (candidates, next_due) = self.candidates(state, batch, now).await?;
            let limits = Limits {
                batch,
                may_create: state.creating < self.pace.creations.max(1),
                gather_until: state.gather_until.filter(|_| batch > 1),
                budget: self.client.budget(),
            };
            match turn::next(candidates, &limits, now) {
                Turn::NoRoom => return Ok(Some(later(now, budget_pause(&limits.budget)))),
                Turn::Wait(until) => {
                    let gathered = limits.gather_until.filter(|until| *until > now);
                    let idle = state.tasks.is_empty() && gathered.is_none() && self.connection.is_reached();
                    if idle && turn::has_room(&limits.budget, Severity::Low) {
                        state.entrance = Some(self.shortcut.open());
                    }
                    return Ok(until.into_iter().chain(next_due).chain(gathered).min());
                }
                turn => self.start(state, delivery, turn),
            }
        }
    }

    /// What could be done now, and when there will be more.
    async fn candidates(
        &self,
        state: &State,
        batch: usize,
        now: Timestamp,
    ) -> Result<(Candidates, Option<Timestamp>), StoreError> {
        let in_flight = state.in_flight.clone();
        let most = self.pace.at_once + in_flight.len();
        let read = move |reader: &Reader<'_>| {
            let fresh = |operation: &Operation| !in_flight.contains(&operation.id);
            let mut ready = reader.ready(now, false, most)?;
            ready.extend(reader.ready(now, true, most + batch)?);
            ready.retain(fresh);
            // One order over both: by urgency, then age.
            ready.sort_by_key(|operation| (std::cmp::Reverse(operation.severity()), operation.id));
            let mut candidates = Candidates { ready, ..Candidates::default() };
            let is_unclear = |operation: &Operation| {
                operation.kind == OperationKind::OpenTicket && operation.state == OperationState::Unclear
            };
            if candidates.ready.iter().any(is_unclear) {
                candidates.unclear = reader.to_find(now, turn::LOOKED_FOR_TOGETHER)?;
                candidates.unclear.retain(fresh);
            }
            if candidates.ready.is_empty() {
                let most = turn::LOOKED_FOR_TOGETHER + in_flight.len();
                candidates.rechecks = reader.to_recheck(now, most)?;
                candidates.rechecks.retain(fresh);
            }
            Ok((candidates, reader.next_due(now)?))
        };
        self.store.read(read).await
    }

    /// Lets a task do what it is the turn of.
    fn start(&self, state: &mut State, delivery: &Arc<Delivery>, turn: Turn) {
        let (operations, created, is_recheck) = match &turn {
            Turn::Deliver(operation) => (vec![(**operation).clone()], false, false),
            Turn::Create(operations) => (operations.clone(), true, false),
            Turn::Find(operations) => (operations.clone(), false, false),
            Turn::Recheck(operations) => (operations.clone(), false, true),
            Turn::NoRoom | Turn::Wait(_) => return,
        };
        let task = Task { operations, created, is_recheck };
        let by = Arc::clone(delivery);
        self.spawn(state, delivery, task, async move {
            match turn {
                Turn::Deliver(operation) => by.deliver(*operation).await,
                Turn::Create(operations) => by.create(operations).await,
                Turn::Find(operations) => by.find_all(operations).await,
                Turn::Recheck(operations) => by.recheck(operations).await,
                Turn::NoRoom | Turn::Wait(_) => Ok(Reach::Untold),
            }
        });
    }

    /// Lets a task do what was handed over.
    fn start_handed(&self, state: &mut State, delivery: &Arc<Delivery>, handed: Handed) {
        let task = Task { operations: vec![handed.operation.clone()], created: true, is_recheck: false };
        let by = Arc::clone(delivery);
        self.spawn(state, delivery, task, async move { by.create_handed(handed).await });
    }

    fn spawn<W>(&self, state: &mut State, delivery: &Arc<Delivery>, task: Task, work: W)
    where
        W: Future<Output = Result<Reach, StoreError>> + Send + 'static,
    {
        let Task { operations, created, is_recheck } = task;
        if created {
            state.creating += 1;
            state.gather_until = Some(later(self.clock.now(), self.pace.gather));
        }
        state.in_flight.extend(operations.iter().map(|operation| operation.id));
        let delivery = Arc::clone(delivery);
        state.tasks.spawn(async move {
            // Whatever it came to, its place is given back: a bug must not stop the others.
            let result = match AssertUnwindSafe(work).catch_unwind().await {
                Ok(result) => result,
                Err(_) => delivery.broke(&operations, is_recheck).await,
            };
            Ended { operations: operations.iter().map(|operation| operation.id).collect(), created, result }
        });
    }

    fn ended(&self, state: &mut State, ended: Result<Ended, tokio::task::JoinError>) {
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) => {
                // Its operations stay in flight for us and are looked for at the next start: nothing is sent twice.
                tracing::error!(%error, "delivering an operation failed badly: please report it");
                return;
            }
        };
        for operation in &ended.operations {
            state.in_flight.remove(operation);
        }
        state.creating -= usize::from(ended.created);
        match ended.result {
            Ok(reach) => {
                self.connection.tried(reach, fastrand::f64(), self.clock.now());
                state.store_until = None;
            }
            // Nothing was sent, and nothing has to be.
            Err(StoreError::GivenUp) => {}
            Err(error) => {
                state.interrupted = true;
                self.store_failed(state, &error);
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

/// What is handed over while the entrance is open.
async fn next_handed(entrance: &mut Option<Entrance>) -> Handed {
    if let Some(open) = entrance {
        let handed = open.next().await;
        *entrance = None;
        if let Some(handed) = handed {
            return handed;
        }
    }
    std::future::pending().await
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
