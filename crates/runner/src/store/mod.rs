//! The store: what must survive a crash. Accepted events, cases, timers, operations, decisions.
//!
//! [`Store`] is the whole of it as others see it; nothing outside this module knows what it is made of.
//! One thread writes and commits many requests at once; a request is answered after its commit, never before.
//! Reading goes beside it. What the contents mean is the business of `decider` and `dispatcher`.

mod archive;
mod browse;
mod change;
mod crowd;
mod error;
mod event;
mod feed;
mod fresh;
mod id;
mod keep;
mod limits;
mod operation;
mod silence;
mod sqlite;
mod view;

pub use archive::Archive;
pub use browse::{CaseFilter, EventFilter, Exchange, Page, QueueAge, RecordedDecision, SourceActivity};
pub use change::{
    CaseChange, Change, Corrected, DecisionBatch, DecisionRecord, Sending, SilenceChange, Transition,
};
pub use error::StoreError;

pub use event::{Accepted, JournalEntry, NewEvent, SeenBody};
pub use feed::{FeedChange, FeedState};
pub use id::{EventId, NotAnId, OperationId};
pub use keep::{Cutoffs, Pruned, Stage};
pub use limits::Limits;
pub use operation::{DoneTo, KnownTicket, NewOperation, Operation, OperationKind, OperationState, Settled};
pub use silence::{NewSilence, SilenceError};
pub use view::{Counts, Reader};

pub(crate) use id::{IdSource, digits};
pub(crate) use silence::MOST_SILENCES;

use std::path::Path;
use std::sync::Arc;

use haloward_rules::Silence;
use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};

use change::Bodies;
use crowd::Crowd;
use fresh::Fresh;
use silence::SilenceId;
use sqlite::{Prepared, Request, Sqlite};

/// A handle on the store. Cloning is cheap; the last one closes it.
#[derive(Debug, Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// `None` only while the store closes.
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<std::thread::JoinHandle<()>>,
    sqlite: Sqlite,
    waiting_bytes: Arc<Semaphore>,
    limits: Limits,
    accepted: Arc<Notify>,
    crowd: Crowd,
    fresh: Fresh,
    instance: String,
}

impl Store {
    /// Opens the store at `path`, and makes it where there is none.
    pub fn open(path: impl AsRef<Path>, limits: Limits) -> Result<Self, StoreError> {
        let (sqlite, writer) = Sqlite::open(path.as_ref(), limits)?;
        let (instance, fresh) = (writer.instance().to_owned(), writer.fresh());
        let (requests, waiting) = mpsc::channel(limits.waiting_requests.max(1));
        let accepted = Arc::new(Notify::new());
        let crowd = Crowd::default();
        let writer = writer.spawn(waiting, limits.group, Arc::clone(&accepted), crowd.clone())?;
        let permits = (limits.waiting_bytes / 1024).clamp(1, Semaphore::MAX_PERMITS);
        Ok(Self {
            shared: Arc::new(Shared {
                requests: Some(requests),
                writer: Some(writer),
                sqlite,
                waiting_bytes: Arc::new(Semaphore::new(permits)),
                limits,
                accepted,
                crowd,
                fresh,
                instance,
            }),
        })
    }

    /// Journals the events of one delivery and answers once they are durable, in the same order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Unavailable`] pass by themselves: nothing was kept, send again.
    pub async fn accept(&self, events: Vec<NewEvent>) -> Result<Vec<Accepted>, StoreError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        self.journal(events, None).await
    }

    /// The same for what was fetched: the events and how far their source was read become durable together, so that a
    /// crash neither loses one nor brings one twice.
    pub async fn accept_fetched(
        &self,
        events: Vec<NewEvent>,
        feed: FeedChange,
    ) -> Result<Vec<Accepted>, StoreError> {
        if events.is_empty() && feed.is_empty() {
            return Ok(Vec::new());
        }
        self.journal(events, Some(feed)).await
    }

    /// How far a source was read.
    pub async fn feed_state(&self, source: &str) -> Result<FeedState, StoreError> {
        let source = source.to_owned();
        self.read(move |reader| reader.feed_state(&source)).await
    }

    async fn journal(
        &self,
        events: Vec<NewEvent>,
        feed: Option<FeedChange>,
    ) -> Result<Vec<Accepted>, StoreError> {
        let fresh = self.shared.fresh.is_wanted(events.len());
        let prepared = Prepared::all(events, fresh);
        let bytes: usize = prepared.iter().map(Prepared::bytes).sum();
        let bytes = bytes + feed.as_ref().map_or(0, FeedChange::bytes);
        let all = (self.shared.limits.waiting_bytes / 1024).max(1);
        let permits = (bytes / 1024 + 1).min(all);
        let permits = u32::try_from(permits).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.shared.waiting_bytes).try_acquire_many_owned(permits);
        let _held = permit.map_err(|_| StoreError::Busy)?;
        let (reply, answer) = oneshot::channel();
        self.requests()?.try_send(Request::Accept { rows: prepared, feed, reply }).map_err(|error| {
            match error {
                mpsc::error::TrySendError::Full(_) => StoreError::Busy,
                mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
            }
        })?;
        let (accepted, _rows) = answer.await.map_err(|_| StoreError::Closed)?;
        accepted
    }

    /// Commits a change and answers once it is durable.
    pub async fn commit(&self, change: Change) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Change { bodies: Bodies::of(&change)?, change, reply };
        self.requests()?.send(request).await.map_err(|_| StoreError::Closed)?;
        let (done, _change) = answer.await.map_err(|_| StoreError::Closed)?;
        done
    }

    /// Has a change committed, on a thread that may block.
    pub(crate) fn begin_commit(&self, change: Change) -> Result<Committing, StoreError> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Change { bodies: Bodies::of(&change)?, change, reply };
        self.requests()?.blocking_send(request).map_err(|_| StoreError::Closed)?;
        Ok(Committing(answer))
    }

    /// Forgets a little of what is older than it has to be kept. What is still needed stays, however old.
    pub async fn prune(&self, cutoffs: Cutoffs, stage: Stage) -> Result<Pruned, StoreError> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Prune { cutoffs, stage, reply };
        self.requests()?.send(request).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Runs `read` on one consistent view of what is committed, away from the threads that must not block.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        let task = tokio::task::spawn_blocking(move || store.read_blocking(read));
        task.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Runs `read` on one consistent view of what is committed, on a thread that may block.
    pub(crate) fn read_blocking<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.shared.sqlite.read(read)
    }

    /// Keeps a silence, and answers with it under its new id. From then on the rules know it.
    ///
    /// # Errors
    ///
    /// [`SilenceError::Wrong`] with what is wrong about it, [`SilenceError::Over`] if it ends before it could hold,
    /// [`SilenceError::TooMany`] beyond what decisions can look at, and whatever the store has to say.
    pub async fn add_silence(&self, silence: NewSilence, now: Timestamp) -> Result<Silence, SilenceError> {
        let silence = silence.with_id(SilenceId::new());
        let findings = silence.check();
        if findings.has_errors() {
            return Err(SilenceError::Wrong(findings));
        }
        if silence.until <= now {
            return Err(SilenceError::Over { until: silence.until });
        }
        if self.read(move |reader| reader.silences(now, MOST_SILENCES)).await?.len() >= MOST_SILENCES {
            return Err(SilenceError::TooMany { most: MOST_SILENCES });
        }
        self.commit(Change::Silence(SilenceChange::Put(silence.clone()))).await?;
        self.shared.accepted.notify_one();
        Ok(silence)
    }

    /// Ends a silence now; what it held back and still fires is decided within a minute. Answers with it as it was, or
    /// nothing if there is none of that id or it is over.
    pub async fn end_silence(&self, id: &str, now: Timestamp) -> Result<Option<Silence>, StoreError> {
        let of_id = id.to_owned();
        let known = self.read(move |reader| reader.silence(&of_id)).await?;
        let Some(silence) = known.filter(|known| known.until > now) else { return Ok(None) };
        self.commit(Change::Silence(SilenceChange::End { id: id.to_owned(), at: now })).await?;
        self.shared.accepted.notify_one();
        Ok(Some(silence))
    }

    /// The silences that stand or are still to come, those that end first first.
    pub async fn silences(&self, now: Timestamp) -> Result<Vec<Silence>, StoreError> {
        self.read(move |reader| reader.silences(now, MOST_SILENCES)).await
    }

    /// How much of what there is.
    #[allow(
        clippy::redundant_closure_for_method_calls,
        reason = "the method is of one lifetime, the closure of any"
    )]
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        self.read(|reader| reader.counts()).await
    }

    /// The operations in a state, oldest first.
    pub async fn operations(
        &self,
        state: OperationState,
        limit: usize,
    ) -> Result<Vec<Operation>, StoreError> {
        self.read(move |reader| reader.operations(state, limit)).await
    }

    /// The operations that HaloPSA refused for good, oldest first, each with its story as JSON.
    pub async fn dead_letters(&self, limit: usize) -> Result<Vec<(Operation, String)>, StoreError> {
        self.read(move |reader| reader.dead_letters(limit)).await
    }

    /// Four letters that tell this store's markers from another's on the same tenant.
    pub fn instance(&self) -> &str {
        &self.shared.instance
    }

    /// Told whenever events were committed.
    pub(crate) fn accepted(&self) -> &Notify {
        &self.shared.accepted
    }

    /// What was journalled last, for whoever decides it.
    pub(crate) fn fresh(&self) -> &Fresh {
        &self.shared.fresh
    }

    /// The deliveries on their way into the journal. Who brings one enters it as soon as it was read.
    pub(crate) fn crowd(&self) -> &Crowd {
        &self.shared.crowd
    }

    fn requests(&self) -> Result<&mpsc::Sender<Request>, StoreError> {
        self.shared.requests.as_ref().ok_or(StoreError::Closed)
    }
}

/// A commit on its way.
#[derive(Debug)]
#[must_use = "whether it succeeds is not known before it was waited for"]
pub(crate) struct Committing(oneshot::Receiver<(Result<(), StoreError>, Change)>);

impl Committing {
    /// Waits until the change is durable, on a thread that may block, and gives it back.
    pub(crate) fn wait(self) -> Result<Change, StoreError> {
        let (done, change) = self.0.blocking_recv().map_err(|_| StoreError::Closed)?;
        done.map(|()| change)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // ORDER: the channel closes first, then the writer commits what it holds and ends; only then may another
        // process, or this one again, open the file.
        self.requests = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has told so already.
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests;
