//! One operation on its way: found again, or folded with others and sent. `requests` holds the requests themselves and
//! `settled` reads what their answers mean.
//!
//! ORDER: a request goes out only after its operation was marked as sending and that is durable; it goes out again
//! only after it was looked for twice, the second time after HaloPSA had time to show it.

use std::sync::Arc;

use halopsa::Client;
use haloward_rules::{Effect, EffectKind, Key, Parent, TicketDraft};
use tokio::sync::watch;

use super::protocol::{NotFound, not_found};
use super::story::Stories;
use super::verdict::{Verdict, Wait};
use super::{Dispatcher, Pace, fold, lookup, priority};
use crate::catalogue::CatalogueCache;
use crate::clock::Clock;
use crate::decider::Desk;
use crate::metrics::Metrics;
use crate::runtime::Happening;
use crate::store::{KnownTicket, Operation, OperationState, Reader, Sending, Store, StoreError};
use crate::wire::{Marker, WireSettings};

/// LIMIT: more than this are not waiting for one ticket unless something is very wrong, and then order is enough.
const FOLDED_AT_ONCE: usize = 100;

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
        }
    }

    /// Does what can be done for an operation now and makes durable what that came to. Says whether HaloPSA is away.
    pub(super) async fn deliver(&self, operation: Operation) -> Result<bool, StoreError> {
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

    /// Looks for what an unclear write left. Found, it is adopted; not found twice, it is written again.
    pub(super) async fn find(&self, operation: &Operation) -> Verdict {
        let found = match &operation.effect.kind {
            EffectKind::OpenTicket { .. } => self.find_ticket(operation).await,
            // Setting the same fields to the same values again changes nothing.
            EffectKind::UpdateTicket { .. } | EffectKind::ResolveTicket { note: None, .. } => {
                return self.send(operation).await;
            }
            _ => self.find_action(operation).await,
        };
        match found {
            Ok(Some(verdict)) => verdict,
            Ok(None) => match not_found(operation.looks) {
                NotFound::SendAgain => self.send(operation).await,
                NotFound::LookAgain { looks } => {
                    let problem =
                        operation.problem.clone().unwrap_or_else(|| "its outcome is not known".to_owned());
                    Verdict::Unclear { problem, looks, wait: Wait::Settle }
                }
            },
            Err(Trouble::Halo(error)) => {
                let wait = Wait::after(&error);
                Verdict::Unclear {
                    problem: format!("it can't be looked for: {error}"),
                    looks: operation.looks,
                    wait,
                }
            }
            Err(Trouble::Store(error)) => Verdict::Store(error),
        }
    }

    async fn find_ticket(&self, operation: &Operation) -> Result<Option<Verdict>, Trouble> {
        let since = operation.first_sent_at.unwrap_or(operation.created_at);
        let client = self.client_for(operation);
        let tickets = lookup::tickets(&client, &self.wire().marker, &self.marker(operation), since).await?;
        self.looked_for(operation, tickets.iter().filter_map(|ticket| ticket.id).map(|id| id.0));
        let Some(first) = tickets.first() else { return Ok(None) };
        let mut verdict = self.opened(operation, first, true);
        if let Verdict::Done { settled, .. } = &mut verdict
            && tickets.len() > 1
        {
            settled.recheck_at = Some(self.clock.now());
        }
        Ok(Some(verdict))
    }

    async fn find_action(&self, operation: &Operation) -> Result<Option<Verdict>, Trouble> {
        let Some(target) = self.target(operation, &operation.effect).await? else { return Ok(None) };
        let client = self.client_for(operation);
        let actions = lookup::actions(&client, target.ticket, &self.marker(operation)).await?;
        self.looked_for(operation, actions.iter().filter_map(|action| action.id).map(|id| id.0));
        let Some(first) = actions.first() else { return Ok(None) };
        Ok(Some(self.acted(operation, &operation.effect, target.ticket, first, true)))
    }

    /// Sends an operation, with those that can go along.
    async fn send(&self, operation: &Operation) -> Verdict {
        let following = operation.clone();
        let following = self.store.read(move |reader| reader.following(&following, FOLDED_AT_ONCE)).await;
        let (effect, folded) = match following.map(|following| fold::fold(operation, &following)) {
            Ok(Some((effect, folded))) => (effect, folded),
            Ok(None) => (operation.effect.clone(), Vec::new()),
            Err(error) => return Verdict::Store(error),
        };
        let target = match self.target(operation, &effect).await {
            Ok(target) => target,
            Err(error) => return Verdict::Store(error),
        };
        let creates = matches!(effect.kind, EffectKind::OpenTicket { .. });
        if target.is_none() && !creates {
            return Verdict::Pointless { why: "its ticket was never opened".to_owned() };
        }
        let catalogue = match self.catalogue.get(priority(operation.severity())).await {
            Ok(catalogue) => catalogue,
            Err(error) => return Verdict::of_read(&error),
        };
        let sending = Sending {
            id: operation.id,
            effect: (!folded.is_empty()).then(|| effect.clone()),
            folded,
            at: self.clock.now(),
        };
        match target {
            None => self.create(operation, &effect, catalogue, sending).await,
            Some(target) => self.change(operation, &effect, target, &catalogue, sending).await,
        }
    }

    /// The ticket an effect is about.
    async fn target(&self, operation: &Operation, effect: &Effect) -> Result<Option<Target>, StoreError> {
        let named = match &effect.kind {
            EffectKind::OpenTicket { .. } => return Ok(None),
            EffectKind::UpdateTicket { id, .. } | EffectKind::AddNote { id, .. } => *id,
            EffectKind::ResolveTicket { .. }
            | EffectKind::ReopenTicket { .. }
            | EffectKind::Notify { .. } => None,
        };
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

/// What can go wrong while looking.
enum Trouble {
    Halo(halopsa::Error),
    Store(StoreError),
}

impl From<halopsa::Error> for Trouble {
    fn from(error: halopsa::Error) -> Self {
        Self::Halo(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
