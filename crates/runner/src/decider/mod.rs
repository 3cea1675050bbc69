//! The decider: the only one who changes cases. It asks the rules about events, due timers and what HaloPSA did,
//! and commits what follows (position, cases, timers, operations, records) as one batch.
//!
//! It runs on a thread of its own because scripts block. `batch` makes a batch out of one view of the store and does
//! no waiting; here is when that happens. Sending anything is the `dispatcher`'s business.

mod alone;
mod batch;
mod cases;
mod desk;
mod queue;
mod remembered;
mod retry;
mod silences;

pub use desk::Desk;
pub use retry::{Newer, NotRetried};
pub(crate) use retry::{Retrial, opens};

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};
use tracing::field::display;

use crate::clock::{Clock, later};
use crate::dispatcher::{Promise, Shortcut};
use crate::metrics::Metrics;
use crate::runtime::{Happening, LiveRules};
use crate::store::{Change, DecisionBatch, IdSource, Operation, OperationId, Sending, Store, StoreError};
use crate::trace::shown;
use batch::{Batch, Ids};
use desk::Message;
use remembered::Remembered;
use silences::SilenceCache;

/// LIMIT: a batch holds its events in memory; this many of the largest still fit.
const BATCH_EVENTS: usize = 256;
/// LIMIT: who has more to report than this waits.
const MESSAGES: usize = 256;
/// LIMIT: scripts recurse; the engine's own limits keep them far below this.
const STACK_BYTES: usize = 2 << 20;
/// LIMIT: however hard senders press, decisions take their turn so often: a critical alert is to be a ticket in 2 s.
const LONGEST_COURTESY: Duration = Duration::from_millis(150);
/// In a rush so many times as long as a batch took belong to those who are not accepted yet.
const COURTESY: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Where what was decided goes.
#[derive(Debug)]
pub(crate) struct Ways {
    /// Told when there is something new in the outbox for HaloPSA.
    pub(crate) outbox: Arc<Notify>,
    /// Told when there is something new in it for channels.
    pub(crate) notices: Arc<Notify>,
    /// Goes past the outbox while nothing else is on its way to HaloPSA.
    pub(crate) shortcut: Shortcut,
}

/// The running decider.
#[derive(Debug)]
pub(crate) struct Decider {
    desk: Desk,
    ended: oneshot::Receiver<()>,
}

struct Worker {
    store: Store,
    rules: watch::Receiver<LiveRules>,
    clock: Arc<dyn Clock>,
    happenings: broadcast::Sender<Happening>,
    ways: Ways,
    messages: mpsc::Receiver<Message>,
    stop: watch::Receiver<bool>,
    ids: IdSource,
    runtime: Handle,
    trouble: Trouble,
    silences: SilenceCache,
    remembered: Remembered,
    metrics: Metrics,
}

impl Decider {
    #[allow(
        clippy::redundant_closure_for_method_calls,
        reason = "the method is of one lifetime, the closure of any"
    )]
    pub(crate) fn start(
        store: Store,
        rules: watch::Receiver<LiveRules>,
        clock: Arc<dyn Clock>,
        happenings: broadcast::Sender<Happening>,
        ways: Ways,
        stop: watch::Receiver<bool>,
        metrics: Metrics,
    ) -> Result<Self, StoreError> {
        let last = store.read_blocking(|reader| reader.last_operation())?;
        let ids = IdSource::after(last.map_or(0, OperationId::number));
        let (sender, messages) = mpsc::channel(MESSAGES);
        let runtime = Handle::current();
        let (end, ended) = oneshot::channel();
        let (trouble, silences, remembered) = Default::default();
        let worker = Worker {
            store,
            rules,
            clock,
            happenings,
            ways,
            messages,
            stop,
            ids,
            runtime,
            trouble,
            silences,
            remembered,
            metrics,
        };
        std::thread::Builder::new()
            .name("decider".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                worker.run();
                // Nobody may be waiting for the end.
                let _ = end.send(());
            })
            .map_err(|error| StoreError::Unavailable { problem: error.to_string() })?;
        Ok(Self { desk: Desk::new(sender), ended })
    }

    pub(crate) fn desk(&self) -> Desk {
        self.desk.clone()
    }

    /// Waits for the end, which comes once it was told to stop and everybody at the desk has left.
    pub(crate) async fn join(self) {
        drop(self.desk);
        let _ = self.ended.await;
    }
}

/// What there is to do next.
enum Next {
    Work,
    End,
}

impl Worker {
    fn run(mut self) {
        let mut waiting: Vec<Message> = Vec::new();
        loop {
            while waiting.len() < MESSAGES
                && let Ok(message) = self.messages.try_recv()
            {
                waiting.push(message);
            }
            let began = Instant::now();
            match self.decide(&mut waiting) {
                Ok(true) => {
                    self.trouble.over();
                    if let Some(pause) = courtesy(self.store.crowd().is_rush(), began.elapsed()) {
                        std::thread::sleep(pause);
                    }
                }
                Ok(false) => {
                    self.trouble.over();
                    self.remembered.forget();
                    if matches!(self.wait(&mut waiting), Next::End) {
                        return;
                    }
                }
                Err(StoreError::Closed) => return,
                Err(error) => {
                    let pause = self.trouble.pause(&error);
                    let until = later(self.clock.now(), pause);
                    let (clock, stop) = (Arc::clone(&self.clock), self.stop.clone());
                    self.runtime.block_on(async {
                        tokio::select! { () = clock.wait_until(until) => {} () = stopped(stop) => {} }
                    });
                    if *self.stop.borrow() {
                        return;
                    }
                }
            }
        }
    }

    /// Decides and commits one batch; says whether there was anything to decide. What can't be committed is decided
    /// again later: deciding changes nothing by itself.
    fn decide(&mut self, waiting: &mut Vec<Message>) -> Result<bool, StoreError> {
        let (now, ids) = (self.clock.now(), Ids::new(&mut self.ids));
        let live = &self.rules;
        let rules = || live.borrow().clone();
        // A process that stops takes up no new events: what is journalled waits for the next start.
        let events = if *self.stop.borrow() { 0 } else { BATCH_EVENTS };
        let kept = (&mut self.silences, &self.remembered);
        let shortcut = &self.ways.shortcut;
        let store = &self.store;
        let (mut batch, alone) = store.read_blocking(|reader| {
            let batch = Batch::decide((store, reader), kept, rules, waiting, events, ids, now)?;
            let alone = if shortcut.is_open() { alone::alone(reader, &batch.changes)? } else { None };
            Ok((batch, alone))
        })?;
        if batch.changes.is_empty() && waiting.is_empty() {
            return Ok(false);
        }
        let operations = !batch.changes.operations.is_empty();
        let changes = std::mem::take(&mut batch.changes);
        let promise = if changes.is_empty() { None } else { self.commit(changes, alone)? };
        // ORDER: the log tells of a decision before it tells of what follows from it.
        batch.happenings.iter().for_each(log);
        // ORDER: first whom somebody waits for, then what is told about it.
        match promise {
            Some(promise) => promise.keep(),
            None if operations => self.ways.outbox.notify_one(),
            None => {}
        }
        if operations {
            self.ways.notices.notify_one();
        }
        for outcome in batch.outcomes {
            self.metrics.decided(outcome);
        }
        for warning in batch.warnings {
            tracing::warn!("{warning}");
            self.metrics.loop_stopped();
        }
        let now = self.clock.now();
        for received_at in batch.received {
            self.metrics.event_decided(received_at, now);
        }
        let mut refused = batch.refused.into_iter().peekable();
        for (place, message) in waiting.drain(..).enumerate() {
            let refusal = refused.next_if(|(refused, _)| *refused == place);
            message.answer(refusal.map_or(Ok(()), |(_, why)| Err(why)));
        }
        for happening in batch.happenings {
            // Nobody has to watch.
            let _ = self.happenings.send(happening);
        }
        Ok(true)
    }

    /// Commits what was decided. The operation that may take the short way is marked with it and handed over meanwhile.
    fn commit(
        &mut self,
        mut changes: DecisionBatch,
        alone: Option<Operation>,
    ) -> Result<Option<Promise>, StoreError> {
        let short = alone.and_then(|operation| Some((self.ways.shortcut.take()?, operation)));
        if let Some((_, operation)) = &short {
            let (id, at) = (operation.id, self.clock.now());
            changes.sending.push(Sending { id, effect: None, folded: Vec::new(), at });
        }
        let committing = self.store.begin_commit(Change::Decided(Box::new(changes)))?;
        // ORDER: not before the commit has begun: whoever is woken may take this thread's processor.
        let promise = short.map(|(entrance, operation)| entrance.hand_over(operation));
        match committing.wait() {
            Ok(Change::Decided(committed)) => self.remembered.committed(committed.cases),
            Ok(_) => {}
            Err(error) => {
                self.remembered.forget();
                return Err(error);
            }
        }
        Ok(promise)
    }

    #[allow(
        clippy::redundant_closure_for_method_calls,
        reason = "the method is of one lifetime, the closure of any"
    )]
    fn wait(&mut self, waiting: &mut Vec<Message>) -> Next {
        let next_timer = match self.store.read_blocking(|reader| reader.next_timer()) {
            Ok(due) => due,
            // The next look at the store says what is wrong with it.
            Err(_) => Some(later(self.clock.now(), FIRST_PAUSE)),
        };
        let Self { store, clock, messages, stop, rules: _, runtime, .. } = self;
        let stopping = *stop.borrow();
        store.fresh().want(true);
        let next = runtime.block_on(async {
            let timer = async {
                match next_timer {
                    Some(due) if !stopping => clock.wait_until(due).await,
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                message = messages.recv() => match message {
                    Some(message) => {
                        waiting.push(message);
                        Next::Work
                    }
                    None => Next::End,
                },
                () = store.accepted().notified(), if !stopping => Next::Work,
                () = timer => Next::Work,
                () = stopped(stop.clone()), if !stopping => Next::Work,
            }
        });
        store.fresh().want(false);
        next
    }
}

/// What was decided, for whoever follows a trace from line to line.
fn log(happening: &Happening) {
    match happening {
        Happening::EventDecided { event, source, trace, outcome, rule, key, reason, title: _ } => {
            let (rule, key) = (rule.as_ref().map(display), key.as_ref().map(display));
            tracing::debug!(%event, source, trace = shown(trace.as_deref()), %outcome, rule, key, reason, "decided");
        }
        Happening::TimerFired { key, trace, outcome, reason } => {
            tracing::debug!(%key, trace = shown(trace.as_deref()), %outcome, reason, "decided: a timer fell due");
        }
        _ => {}
    }
}

/// How long the decider stands back after a batch while senders press. What is not accepted is lost to whoever does not
/// send again; what is accepted is safe and can be decided a little later.
fn courtesy(rush: bool, batch: Duration) -> Option<Duration> {
    rush.then(|| batch.saturating_mul(COURTESY).min(LONGEST_COURTESY))
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // A sender that is gone has stopped too.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// A run of failures: told when it begins and when it ends, and waited out ever longer.
#[derive(Debug, Default)]
struct Trouble {
    failures: u32,
}

impl Trouble {
    fn pause(&mut self, error: &StoreError) -> Duration {
        if self.failures == 0 {
            tracing::error!(%error, hint = error.hint(), "nothing can be decided until the store works again");
        }
        self.failures += 1;
        FIRST_PAUSE.saturating_mul(1 << self.failures.min(8)).min(LONGEST_PAUSE)
    }

    fn over(&mut self) {
        if self.failures > 0 {
            tracing::info!("the store works again");
            self.failures = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decider_stands_back_only_while_senders_press_and_never_for_long() {
        let batch = Duration::from_millis(5);
        assert_eq!(courtesy(false, batch), None);
        assert_eq!(courtesy(true, batch), Some(Duration::from_millis(40)));
        assert_eq!(courtesy(true, Duration::from_secs(1)), Some(LONGEST_COURTESY));
    }
}
