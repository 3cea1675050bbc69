//! Where the dispatcher and the tracker bring what happened in HaloPSA.

use haloward_rules::Report;
use tokio::sync::{mpsc, oneshot};

use crate::runtime::Happening;
use crate::store::{OperationId, Settled, StoreError, Transition};

/// A place to bring reports to. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Desk {
    messages: mpsc::Sender<Message>,
}

/// What is brought: an operation that is done, and what that means to its case.
#[derive(Debug)]
pub(super) struct Message {
    /// The operation that is done, with what it left.
    pub(super) settled: Option<(OperationId, Settled)>,
    /// The operation that stands otherwise, which its case has to know.
    pub(super) moved: Option<(OperationId, Transition)>,
    /// What the case has to know.
    pub(super) reports: Vec<Report>,
    /// What is told once it is durable.
    pub(super) happening: Option<Happening>,
    reply: oneshot::Sender<()>,
}

impl Message {
    pub(super) fn committed(self) {
        // Whoever no longer waits does not miss it.
        let _ = self.reply.send(());
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
        self.bring(None, None, vec![report], None).await
    }

    /// Brings an operation that is done. It and what its case has to know are committed together.
    pub(crate) async fn settle(
        &self,
        operation: OperationId,
        settled: Settled,
        reports: Vec<Report>,
        happening: Happening,
    ) -> Result<(), StoreError> {
        self.bring(Some((operation, settled)), None, reports, Some(happening)).await
    }

    /// Brings an operation that will not open its ticket. It and what its case has to know are committed together.
    pub(crate) async fn give_up(
        &self,
        operation: OperationId,
        transition: Transition,
        report: Report,
        happening: Option<Happening>,
    ) -> Result<(), StoreError> {
        self.bring(None, Some((operation, transition)), vec![report], happening).await
    }

    async fn bring(
        &self,
        settled: Option<(OperationId, Settled)>,
        moved: Option<(OperationId, Transition)>,
        reports: Vec<Report>,
        happening: Option<Happening>,
    ) -> Result<(), StoreError> {
        let (reply, committed) = oneshot::channel();
        let message = Message { settled, moved, reports, happening, reply };
        self.messages.send(message).await.map_err(|_| StoreError::Closed)?;
        committed.await.map_err(|_| StoreError::Closed)
    }
}
