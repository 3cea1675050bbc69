//! Creating tickets: one in a request, or several where the connection says so.
//!
//! What an answer says about which ticket is told by the markers, never by places: HaloPSA promises neither the order
//! nor the number of the records in it. Whatever is missing there is looked for like any lost answer, element by element.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::join_all;
use halopsa::models::Ticket;
use halopsa::{Error, Outcome, UnknownReason};
use haloward_rules::{Effect, EffectKind};
use serde_json::{Value, json};

use super::connection::Reach;
use super::delivery::{Delivery, leaving};
use super::shortcut::Handed;
use super::verdict::{Verdict, Wait};
use super::{fold, priority, turn};
use crate::catalogue::Catalogue;
use crate::clock::later;
use crate::store::{Operation, Sending, StoreError};
use crate::trace::shown;
use crate::wire::{self, Endpoint};

/// LIMIT: names may have to be looked up for each ticket of a request; beyond this the others don't wait for it.
const PREPARE_WITHIN: Duration = Duration::from_secs(2);

/// A creation that can go out.
struct Creation {
    operation: Operation,
    sending: Sending,
    body: Value,
}

impl Delivery {
    /// Creates tickets by one request and makes durable what that came to. Says what that tells about the
    /// connection.
    pub(super) async fn create(&self, operations: Vec<Operation>) -> Result<Reach, StoreError> {
        let mut reach = Reach::default();
        let mut ready = Vec::with_capacity(operations.len());
        let enough = later(self.clock.now(), PREPARE_WITHIN);
        for operation in operations {
            if !ready.is_empty() && self.clock.now() > enough {
                // It was not touched: its turn comes again.
                break;
            }
            match self.prepare(&operation).await {
                Ok((sending, body)) => ready.push(Creation { operation, sending, body }),
                Err(verdict) => reach = reach.max(self.conclude(&operation, verdict).await?),
            }
        }
        if ready.is_empty() {
            return Ok(reach);
        }
        let operations: Vec<&Operation> = ready.iter().map(|creation| &creation.operation).collect();
        self.mark(&operations, ready.iter().map(|creation| creation.sending.clone()).collect()).await?;
        let verdicts = match ready.as_slice() {
            [one] => vec![self.post(&one.operation, &one.body).await],
            several => self.post_together(several).await,
        };
        let concluded =
            ready.iter().zip(verdicts).map(|(one, verdict)| self.conclude(&one.operation, verdict));
        // INVARIANT: one that can't be made durable keeps no other from it.
        for result in join_all(concluded).await {
            reach = reach.max(result?);
        }
        Ok(reach)
    }

    /// Creates the ticket of an operation that took the short way: its mark is committed meanwhile, with its decision.
    pub(super) async fn create_handed(&self, handed: Handed) -> Result<Reach, StoreError> {
        let Handed { operation, committed } = handed;
        let body = AssertUnwindSafe(self.body(&operation, &operation.effect)).catch_unwind().await;
        // ORDER: nothing leaves, and nothing is concluded, before the mark is there to be changed.
        if committed.await.is_err() {
            let problem = "what was decided could not be made durable".to_owned();
            return Err(StoreError::Unavailable { problem });
        }
        let body = match body {
            Ok(body) => body,
            Err(panic) => resume_unwind(panic),
        };
        let verdict = match body {
            // Others asked HaloPSA meanwhile: it must not wait inside the client, in the way of what is urgent.
            Ok(_) if !turn::has_room(&self.client.budget(), operation.severity()) => {
                Verdict::Later { problem: "the budget has no room left".to_owned(), wait: Wait::Turn }
            }
            Ok(body) => {
                leaving(&[&operation]);
                self.post(&operation, &body).await
            }
            Err(verdict) => verdict,
        };
        self.conclude(&operation, verdict).await
    }

    /// What goes out for a creation, with what is folded into it.
    async fn prepare(&self, operation: &Operation) -> Result<(Sending, Value), Verdict> {
        let (effect, folded) = self.folded(operation).await?;
        let body = self.body(operation, &effect).await?;
        Ok((self.sending(operation, effect, folded), body))
    }

    /// The body of the request that creates a ticket.
    async fn body(&self, operation: &Operation, effect: &Effect) -> Result<Value, Verdict> {
        let EffectKind::OpenTicket { draft, origin } = &effect.kind else {
            unreachable!("what is folded into a new ticket leaves it one")
        };
        let mut draft = draft.clone();
        if !self.find_parent(&mut draft).await? {
            return Err(Verdict::before_parent());
        }
        let read = |error: Error| Verdict::of_read(&error);
        let catalogue = self.catalogue.get(priority(operation.severity())).await.map_err(read)?;
        let settings = self.wire();
        let render = |catalogue: &Catalogue| wire::ticket_body(&draft, origin, Some(catalogue), &settings);
        let mut rendered = self.complete(operation, &catalogue, render).await.map_err(read)?;
        for missing in &rendered.unresolved {
            let (key, trace) = (operation.key(), shown(operation.trace()));
            tracing::warn!(operation = %operation.id, trace, %key, %missing, "left out of a ticket");
        }
        settings.marker.put(&mut rendered.body, &self.marker(operation));
        Ok(rendered.body)
    }

    /// The last thing made durable before an operation goes out, with what was folded into it.
    pub(super) fn sending(
        &self,
        operation: &Operation,
        effect: Effect,
        folded: Vec<crate::store::OperationId>,
    ) -> Sending {
        let at = self.clock.now();
        Sending { id: operation.id, effect: (!folded.is_empty()).then_some(effect), folded, at }
    }

    /// An operation's effect with those of its followers that can go along, and which those are.
    pub(super) async fn folded(
        &self,
        operation: &Operation,
    ) -> Result<(Effect, Vec<crate::store::OperationId>), StoreError> {
        let of = operation.clone();
        let following = self.store.read(move |reader| reader.following(&of, fold::FOLDED_AT_ONCE)).await?;
        let Some((effect, folded)) = fold::fold(operation, &following) else {
            return Ok((operation.effect.clone(), Vec::new()));
        };
        for other in following.iter().filter(|other| folded.contains(&other.id)) {
            let trace = shown(other.trace());
            tracing::debug!(operation = %other.id, trace, with = %operation.id, "goes along with another");
        }
        Ok((effect, folded))
    }

    async fn post(&self, operation: &Operation, body: &Value) -> Verdict {
        let answer = self.client_for(operation).tickets().create_raw(body).await;
        self.told(operation, Endpoint::Tickets, body, &answer);
        match answer {
            Ok(Outcome::Done(ticket)) => self.opened(operation, &ticket, false),
            Ok(Outcome::Unknown(unknown)) => Verdict::lost(unknown.to_string()),
            Err(error) => Verdict::of_error(&error, Endpoint::Tickets.path(), body),
        }
    }

    /// One request for several. Whatever HaloPSA does not like about it costs no element its ticket: each goes alone
    /// from then on, and its own answer decides.
    async fn post_together(&self, creations: &[Creation]) -> Vec<Verdict> {
        let bodies: Vec<Value> = creations.iter().map(|creation| creation.body.clone()).collect();
        let client = self.client_for(&creations[0].operation);
        let answer = client.tickets().write_together_raw(&bodies).await;
        match &answer {
            Ok(Outcome::Done(tickets)) => {
                tracing::debug!(sent = creations.len(), answered = tickets.len(), "created together");
            }
            Ok(Outcome::Unknown(unknown)) if matches!(unknown.reason, UnknownReason::BatchRefused(_)) => {
                tracing::warn!(tickets = creations.len(), %unknown, "refused together: each is tried alone");
            }
            Ok(Outcome::Unknown(_)) => {}
            Err(error) => {
                tracing::warn!(tickets = creations.len(), %error, "not created together: each is tried alone");
            }
        }
        creations.iter().map(|creation| self.of_answer(creation, creations.len(), &answer)).collect()
    }

    /// What the answer to several means to one of them.
    fn of_answer(
        &self,
        creation: &Creation,
        sent: usize,
        answer: &Result<Outcome<Vec<Ticket>>, Error>,
    ) -> Verdict {
        let Creation { operation, body, .. } = creation;
        let (said, verdict) = match answer {
            Ok(Outcome::Done(tickets)) => {
                let (settings, marker) = (self.wire(), self.marker(operation));
                let is_it = |ticket: &&Ticket| {
                    ticket.id.is_some()
                        && settings.marker.read(ticket).is_some_and(|text| text.trim() == marker.as_str())
                };
                match tickets.iter().find(is_it) {
                    Some(ticket) => (
                        json!({ "done": { "ticket": ticket.id.map(|id| id.0) } }),
                        self.opened(operation, ticket, false),
                    ),
                    None => {
                        let why = "the answer to several tickets does not tell of this one";
                        (json!({ "unknown": why }), Verdict::lost(why.to_owned()))
                    }
                }
            }
            Ok(Outcome::Unknown(unknown)) => {
                (json!({ "unknown": unknown.to_string() }), Verdict::lost(unknown.to_string()))
            }
            Err(error) => {
                let refused = json!({ "status": error.status(), "answer": error.to_string() });
                let wait = if error.is_permanent() { Wait::Turn } else { Wait::after(error) };
                (json!({ "refused": refused }), Verdict::Later { problem: error.to_string(), wait })
            }
        };
        self.told_of(operation, Endpoint::Tickets, body, sent, said);
        verdict
    }
}
