//! Where the dispatcher and the tracker bring what happened in HaloPSA, and people what they want tried again.

use haloward_rules::Report;
use tokio::sync::{mpsc, oneshot};

use super::retry::{NotRetried, Retrial};
use crate::runtime::Happening;
use crate::store::{OperationId, Settled, StoreError, Transition};

/// A place to bring reports to. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Desk {
    messages: mpsc::Sender<Message>,
}

/// What is brought: an operation that is done, and what that means to its case.
#[derive(Debug, Default)]
pub(super) struct Brought {
    /// The operation that is done, with what it left.
    pub(super) settled: Option<(OperationId, Settled)>,
    /// The operation that stands otherwise, which its case has to know.
    pub(super) moved: Option<(OperationId, Transition)>,
    /// The dead operation that is to be tried again, if nothing speaks against it.
    pub(super) retrial: Option<Retrial>,
    /// What the case has to know.
    pub(super) reports: Vec<Report>,
    /// What is told once it is durable.
    pub(super) happening: Option<Happening>,
}

/// What is brought, and who waits for it to be durable.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) brought: Brought,
    reply: oneshot::Sender<Result<(), NotRetried>>,
}

impl Message {
    /// It is durable, or refused.
    pub(super) fn answer(self, answer: Result<(), NotRetried>) {
        // Whoever no longer waits does not miss it.
        let _ = self.reply.send(answer);
    }
}

impl Desk {
    pub(super) fn new(messages: mpsc::Sender<Message>) -> Self {
        Self { messages }
    }

    /// Brings what somebody did in HaloPSA, and answers once the case knows.
    ///
    /// # Errors
    ///
    /// [`StoreError::Closed`] if the decider has ended.
    pub async fn report(&self, report: Report) -> Result<(), StoreError> {
        self.tell(Brought { reports: vec![report], ..Brought::default() }).await
    }

    /// Brings an operation that is done. It and what its case has to know are committed together.
    pub(crate) async fn settle(
        &self,
        operation: OperationId,
        settled: Settled,
        reports: Vec<Report>,
        happening: Happening,
    ) -> Result<(), StoreError> {
        let (settled, happening) = (Some((operation, settled)), Some(happening));
        self.tell(Brought { settled, reports, happening, ..Brought::default() }).await
    }

    /// Brings an operation that will not open its ticket. It and what its case has to know are committed together.
    pub(crate) async fn give_up(
        &self,
        operation: OperationId,
        transition: Transition,
        report: Report,
        happening: Option<Happening>,
    ) -> Result<(), StoreError> {
        let (moved, reports) = (Some((operation, transition)), vec![report]);
        self.tell(Brought { moved, reports, happening, ..Brought::default() }).await
    }

    /// Asks for a dead operation to be tried again. It and what its case has to know are committed together.
    pub(crate) async fn retry(&self, retrial: Retrial) -> Result<(), NotRetried> {
        self.bring(Brought { retrial: Some(retrial), ..Brought::default() }).await?
    }

    async fn tell(&self, brought: Brought) -> Result<(), StoreError> {
        // Only who wants something tried again is refused.
        self.bring(brought).await.map(drop)
    }

    async fn bring(&self, brought: Brought) -> Result<Result<(), NotRetried>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.messages.send(Message { brought, reply }).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)
    }
}
