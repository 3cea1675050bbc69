//! What every delivery needs, and one operation on an existing ticket on its way: found again (`find`), or folded with
//! others (`fold`) and sent. `creation` holds the requests that create, `requests` the others, and `settled` reads what
//! their answers mean.
//!
//! ORDER: a request goes out only after its operation was marked as sending and that is durable; it goes out again
//! only after it was looked for twice, the second time after HaloPSA had time to show it.

use std::sync::Arc;

use halopsa::Client;
use haloward_rules::{Effect, EffectKind, Key, Parent, TicketDraft};
use tokio::sync::watch;

use super::connection::{Connection, Reach};
use super::story::Stories;
use super::verdict::Verdict;
use super::{Dispatcher, Pace, priority};
use crate::catalogue::CatalogueCache;
use crate::clock::Clock;
use crate::decider::Desk;
use crate::metrics::Metrics;
use crate::runtime::Happening;
use crate::store::{Change, KnownTicket, Operation, OperationState, Reader, Sending, Store, StoreError};
use crate::trace::shown;
use crate::wire::{Marker, WireSettings};

/// What every delivery needs.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) store: Store,
    pub(super) client: Client,
    pub(super) catalogue: CatalogueCache,
    pub(super) wire: watch::Receiver<Arc<WireSettings>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) desk: Desk,
    pub(super) happenings: tokio::sync::broadcast::Sender<Happening>,
    pub(super) pace: Pace,
    pub(super) stories: Stories,
    pub(super) metrics: Metrics,
    pub(super) connection: Connection,
}

/// What a request is about, once it is known.
pub(super) struct Target {
    pub(super) ticket: i64,
    pub(super) known: Option<KnownTicket>,
    /// The case's note that counts repeats.
    pub(super) fold_note: Option<i64>,
}

impl Delivery {
    pub(super) fn new(dispatcher: &Dispatcher) -> Self {
        Self {
            store: dispatcher.store.clone(),
            client: dispatcher.client.clone(),
            catalogue: dispatcher.catalogue.clone(),
            wire: dispatcher.wire.clone(),
            clock: Arc::clone(&dispatcher.clock),
            desk: dispatcher.desk.clone(),
            happenings: dispatcher.happenings.clone(),
            pace: dispatcher.pace,
            stories: Stories::default(),
            metrics: dispatcher.metrics.clone(),
            connection: dispatcher.connection.clone(),
        }
    }

    /// Does what can be done for an operation on an existing ticket now and makes durable what that came to. Says
    /// what that tells about the connection.
    pub(super) async fn deliver(&self, operation: Operation) -> Result<Reach, StoreError> {
        let verdict = match operation.state {
            OperationState::Unclear => self.find(&operation).await,
            _ => self.send(&operation).await,
        };
        self.conclude(&operation, verdict).await
    }

    /// What the configuration says now about what goes out.
    pub(super) fn wire(&self) -> Arc<WireSettings> {
        Arc::clone(&self.wire.borrow())
    }

    pub(super) fn client_for(&self, operation: &Operation) -> Client {
        self.client.with_priority(priority(operation.severity()))
    }

    pub(super) fn marker(&self, operation: &Operation) -> Marker {
        Marker::of(&self.store, operation.id)
    }

    /// Sends an operation on an existing ticket, with those that can go along.
    pub(super) async fn send(&self, operation: &Operation) -> Verdict {
        let (effect, folded) = match self.folded(operation).await {
            Ok(folded) => folded,
            Err(error) => return Verdict::Store(error),
        };
        let target = match self.target(operation, &effect).await {
            Ok(Some(target)) => target,
            Ok(None) => return Verdict::Pointless { why: "its ticket was never opened".to_owned() },
            Err(error) => return Verdict::Store(error),
        };
        let catalogue = match self.catalogue.get(priority(operation.severity())).await {
            Ok(catalogue) => catalogue,
            Err(error) => return Verdict::of_read(&error),
        };
        let sending = self.sending(operation, effect.clone(), folded);
        self.change(operation, &effect, target, &catalogue, sending).await
    }

    /// The last thing that is made durable before a request goes out for these operations.
    pub(super) async fn mark(
        &self,
        operations: &[&Operation],
        sending: Vec<Sending>,
    ) -> Result<(), StoreError> {
        self.store.commit(Change::Sending(sending)).await?;
        leaving(operations);
        Ok(())
    }

    /// The ticket an effect is about.
    pub(super) async fn target(
        &self,
        operation: &Operation,
        effect: &Effect,
    ) -> Result<Option<Target>, StoreError> {
        if matches!(effect.kind, EffectKind::OpenTicket { .. }) {
            return Ok(None);
        }
        let named = effect.kind.ticket();
        let (key, number) = (operation.key().clone(), operation.number());
        self.store
            .read(move |reader| {
                let case = reader.case(&key)?;
                let of_case = case.filter(|case| case.tickets.max(1) == number).map(|case| case.ticket);
                let known = match named {
                    Some(id) => reader.ticket_by_id(id)?,
                    None => reader.ticket(&key, number)?,
                };
                let own =
                    known.as_ref().map(|known| known.id).or(of_case.as_ref().and_then(|ticket| ticket.id));
                let fold_note = of_case.and_then(|ticket| ticket.fold_note);
                Ok(named.or(own).map(|ticket| Target { ticket, known, fold_note }))
            })
            .await
    }

    /// Puts the number of the parent's ticket into a draft. Answers whether it is there: a ticket that is still on its
    /// way is worth waiting for, one that was given up is not.
    pub(super) async fn find_parent(&self, draft: &mut TicketDraft) -> Result<bool, StoreError> {
        let (key, number) = match &draft.parent {
            Some(Parent::Case(key)) => (Key::new(key), None),
            Some(Parent::Ticket { case, number }) => (Key::new(case), Some(*number)),
            Some(Parent::Id(_)) | None => return Ok(true),
        };
        let find = move |reader: &Reader<'_>| {
            let Some(number) = number else {
                return Ok((reader.case(&key)?.and_then(|case| case.ticket.id), false));
            };
            if let Some(known) = reader.ticket(&key, number)? {
                return Ok((Some(known.id), false));
            }
            let given_up = [OperationState::Dead, OperationState::Dropped];
            let opening = reader.opening(&key, number)?;
            Ok((None, opening.is_some_and(|opening| !given_up.contains(&opening.state))))
        };
        match self.store.read(find).await? {
            (Some(id), _) => draft.parent = Some(Parent::Id(id)),
            (None, true) => return Ok(false),
            (None, false) if number.is_some() => draft.parent = None,
            (None, false) => {}
        }
        Ok(true)
    }
}

/// Tells that a request goes out for these operations.
pub(super) fn leaving(operations: &[&Operation]) {
    for operation in operations {
        let (id, kind, key, trace) =
            (operation.id, operation.kind, operation.key(), shown(operation.trace()));
        tracing::debug!(operation = %id, trace, %kind, %key, together = operations.len(), "sending");
    }
}
