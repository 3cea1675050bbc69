//! The one thread that writes: it takes what waits, commits it as one transaction, and only then answers.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{Notify, mpsc, oneshot};

use super::journal::{self, Prepared};
use super::log::Log;
use super::{failure, feeds, ledger, outbox, prune, schema, silences, state};
use crate::store::change::{Bodies, Change};
use crate::store::crowd::Crowd;
use crate::store::error::StoreError;
use crate::store::event::Accepted;
use crate::store::feed::FeedChange;
use crate::store::fresh::Fresh;
use crate::store::id::{EventId, IdSource};
use crate::store::keep::{Cutoffs, Pruned, Stage};

/// LIMIT: the deepest call here is an insert; a small stack keeps the idle process small.
const STACK_BYTES: usize = 512 << 10;

/// LIMIT: a commit waits so often, for so long, for others of a rush: about the time that it takes itself.
const GATHERED: usize = 6;
const GATHERING: Duration = Duration::from_micros(50);

/// Whom to answer, and what goes back with the answer: memory is freed at least cost by the thread that took it.
type Reply<T, B> = oneshot::Sender<(Result<T, StoreError>, B)>;

/// Something to be written, and whom to answer.
#[derive(Debug)]
pub(crate) enum Request {
    /// Events to be journalled.
    Accept {
        rows: Vec<Prepared>,
        /// How far their source was read with them.
        feed: Option<FeedChange>,
        reply: Reply<Vec<Accepted>, Vec<Prepared>>,
    },
    /// Any other change.
    Change { change: Change, bodies: Bodies, reply: Reply<(), Change> },
    /// A little to be forgotten.
    Prune { cutoffs: Cutoffs, stage: Stage, reply: oneshot::Sender<Result<Pruned, StoreError>> },
}

/// What is said to whom after the commit.
enum Answer {
    /// What became of each row's first event.
    Accepted(Vec<Accepted>),
    Pruned(Pruned),
    Done,
}

/// The writing side, before its thread runs.
#[derive(Debug)]
pub(crate) struct Writer {
    connection: Connection,
    log: Log,
    ids: IdSource,
    instance: String,
    fresh: Fresh,
}

impl Writer {
    /// Writes by `connection`, while `copier` keeps its log short.
    pub(super) fn new(mut connection: Connection, copier: Connection) -> Result<Self, StoreError> {
        let log = Log::watch(&mut connection, copier)?;
        let last: i64 = connection
            .query_row("SELECT coalesce(max(seq), 0) FROM journal", [], |row| row.get(0))
            .map_err(|error| failure(&error))?;
        let decided = schema::note(&connection, state::POSITION)?.and_then(|text| text.parse().ok());
        let instance = if let Some(instance) = schema::note(&connection, "instance")? {
            instance
        } else {
            let instance: String = (0..4).map(|_| fastrand::lowercase()).collect();
            schema::set_note(&connection, "instance", &instance).map_err(|error| failure(&error))?;
            instance
        };
        // Pruned events must not be followed by ids that were theirs.
        let last = last.max(decided.unwrap_or(0));
        let fresh = Fresh::after(EventId::from_number(last));
        Ok(Self { connection, log, ids: IdSource::after(last), instance, fresh })
    }

    /// What it journalled last.
    pub(crate) fn fresh(&self) -> Fresh {
        self.fresh.clone()
    }

    pub(crate) fn instance(&self) -> &str {
        &self.instance
    }

    /// Runs until every sender is gone, and then commits what still waits.
    pub(crate) fn spawn(
        self,
        waiting: mpsc::Receiver<Request>,
        group: usize,
        accepted: Arc<Notify>,
        crowd: Crowd,
    ) -> Result<JoinHandle<()>, StoreError> {
        std::thread::Builder::new()
            .name("store".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || self.run(waiting, group.max(1), &accepted, &crowd))
            .map_err(|error| StoreError::Unavailable { problem: error.to_string() })
    }

    fn run(mut self, mut waiting: mpsc::Receiver<Request>, group: usize, accepted: &Notify, crowd: &Crowd) {
        let mut requests = Vec::with_capacity(group);
        while waiting.blocking_recv_many(&mut requests, group) > 0 {
            gather(&mut waiting, &mut requests, group, crowd);
            self.write(requests.drain(..), accepted);
            self.log.tend(&self.connection);
        }
        drop(self.log);
        // The last connection to close empties the log into the file; a failure leaves the log, which is as good.
        let _ = self.connection.close();
    }

    /// Writes all of them at once, and one by one if that fails.
    fn write(&mut self, requests: impl Iterator<Item = Request>, accepted: &Notify) {
        let requests: Vec<Request> = requests.collect();
        match self.commit(&requests) {
            Ok(answers) => answer(requests, answers, accepted, &self.fresh),
            // One request's trouble is not the others'. Where nothing can be written at all, trying each is in vain.
            Err(StoreError::Damaged { .. } | StoreError::GivenUp) if requests.len() > 1 => {
                for request in requests {
                    self.write(std::iter::once(request), accepted);
                }
            }
            Err(error) => {
                for request in requests {
                    // Whoever no longer waits for the answer does not miss it.
                    match request {
                        Request::Accept { rows, reply, .. } => {
                            drop(reply.send((Err(error.clone()), rows)));
                        }
                        Request::Change { change, reply, .. } => {
                            drop(reply.send((Err(error.clone()), change)));
                        }
                        Request::Prune { reply, .. } => drop(reply.send(Err(error.clone()))),
                    }
                }
            }
        }
    }

    fn commit(&mut self, requests: &[Request]) -> Result<Vec<Answer>, StoreError> {
        let Self { connection, ids, .. } = self;
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| failure(&error))?;
        let mut answers = Vec::with_capacity(requests.len());
        let mut counter = ledger::Counter::default();
        for request in requests {
            answers.push(match request {
                Request::Accept { rows, feed, .. } => {
                    if let Some(change) = feed {
                        feeds::change(&transaction, change).map_err(|e| failure(&e))?;
                    }
                    let accepted = journal::append(&transaction, rows, ids).map_err(|e| failure(&e))?;
                    counter.accepted(rows, &accepted);
                    Answer::Accepted(accepted)
                }
                Request::Change { change, bodies, .. } => {
                    apply(&transaction, change, bodies)?;
                    Answer::Done
                }
                Request::Prune { cutoffs, stage, .. } => {
                    Answer::Pruned(prune::prune(&transaction, cutoffs, *stage).map_err(|e| failure(&e))?)
                }
            });
        }
        counter.write(&transaction).map_err(|error| failure(&error))?;
        transaction.commit().map_err(|error| failure(&error))?;
        Ok(answers)
    }
}

/// Waits a moment for others in a rush.
fn gather(waiting: &mut mpsc::Receiver<Request>, requests: &mut Vec<Request>, group: usize, crowd: &Crowd) {
    for _ in 0..GATHERED {
        let ready = requests.iter().filter(|request| matches!(request, Request::Accept { .. })).count();
        if requests.len() >= group || crowd.is_worth_a_commit(ready) {
            return;
        }
        std::thread::sleep(GATHERING);
        while requests.len() < group
            && let Ok(request) = waiting.try_recv()
        {
            requests.push(request);
        }
    }
}

fn apply(connection: &Connection, change: &Change, bodies: &Bodies) -> Result<(), StoreError> {
    let done = match change {
        Change::Decided(batch) => return state::decided(connection, batch, bodies),
        Change::Sending(all) => {
            return all.iter().try_for_each(|sending| outbox::sending(connection, sending));
        }
        Change::Operation(id, transition) => outbox::transition(connection, *id, transition),
        Change::Silence(change) => return silences::change(connection, change),
        Change::Attempted { id, transition, exchanges } => outbox::transition(connection, *id, transition)
            .and_then(|()| outbox::said(connection, *id, exchanges)),
        Change::Said { id, exchanges } => outbox::said(connection, *id, exchanges),
        Change::Corrected(corrected) => return outbox::correct(connection, corrected),
        Change::Note { name, value } => schema::set_note(connection, name, value),
    };
    done.map_err(|error| failure(&error))
}

/// Tells everybody.
fn answer(mut requests: Vec<Request>, answers: Vec<Answer>, accepted: &Notify, fresh: &Fresh) {
    let rows = requests.iter_mut().zip(&answers).filter_map(|both| match both {
        (Request::Accept { rows, .. }, Answer::Accepted(accepted)) => Some(rows.iter_mut().zip(accepted)),
        _ => None,
    });
    let mut new = rows.flatten().filter(|(_, first)| !first.duplicate).peekable();
    // ORDER: first who decides. Whoever is woken may take this thread's processor, and a sender waits for less.
    if new.peek().is_some() {
        fresh.committed(new.map(|(row, first)| row.take_fresh(first.id)));
        accepted.notify_one();
    }
    for (request, answer) in requests.into_iter().zip(answers) {
        match (request, answer) {
            (Request::Accept { rows, reply, .. }, Answer::Accepted(firsts)) => {
                let accepted = rows.iter().zip(firsts).flat_map(|(row, first)| row.accepted(first)).collect();
                drop(reply.send((Ok(accepted), rows)));
            }
            (Request::Prune { reply, .. }, Answer::Pruned(pruned)) => drop(reply.send(Ok(pruned))),
            (Request::Change { change, reply, .. }, Answer::Done) => drop(reply.send((Ok(()), change))),
            _ => unreachable!("every request has an answer of its kind"),
        }
    }
}
