//! Looking once more at what was sent more than once: HaloPSA may have committed the first after we had looked.
//!
//! A second ticket is closed with a note that leads to the first; a second note is deleted.

use std::time::Duration;

use halopsa::models::Ticket;
use halopsa::{ActionId, Outcome, TicketId};
use haloward_rules::Note;

use super::connection::Reach;
use super::delivery::Delivery;
use super::lookup;
use super::pace::Backoff;
use super::verdict::Wait;
use crate::clock::later;
use crate::metrics::Duplicate;
use crate::runtime::Happening;
use crate::store::{Change, Operation, OperationKind, StoreError, Transition};
use crate::trace::shown;
use crate::wire;

/// LIMIT: so long after it was sent a request may still be carried out: gateways give up after four minutes, what they
/// passed on goes on. What comes later is found by the tracker, if it is a ticket.
const LATEST_COMMIT: Duration = Duration::from_mins(5);

impl Delivery {
    /// Looks whether done operations are there twice, and mends them: creations by one list of tickets. Says what that
    /// tells about the connection.
    pub(super) async fn recheck(&self, operations: Vec<Operation>) -> Result<Reach, StoreError> {
        let creates = operations.first().is_some_and(|first| first.kind == OperationKind::OpenTicket);
        let listed = if creates { self.list_for(&operations).await.map(Some) } else { Ok(None) };
        let mut reach = Reach::default();
        for operation in &operations {
            let mended = match &listed {
                Ok(Some(listed)) => {
                    self.close_duplicates(operation, listed.of(&self.marker(operation))).await
                }
                Ok(None) => self.delete_duplicates(operation).await,
                Err(error) => Err(error.clone()),
            };
            reach = reach.max(self.rechecked(operation, mended).await?);
        }
        Ok(reach)
    }

    async fn rechecked(
        &self,
        operation: &Operation,
        mended: Result<bool, halopsa::Error>,
    ) -> Result<Reach, StoreError> {
        let (again_at, reach) = match mended {
            Ok(true) => (self.last_look(operation), Reach::Reached),
            // Something was closed and not confirmed: the next look tells.
            Ok(false) => (Some(later(self.clock.now(), self.pace.settle)), Reach::Untold),
            Err(error) => {
                let trace = shown(operation.trace());
                tracing::warn!(operation = %operation.id, trace, %error, "could not look for duplicates: trying again");
                let wait = Backoff::ATTENTION.after(1, fastrand::f64());
                self.connection.went_wrong(&error.to_string());
                (Some(later(self.clock.now(), wait)), Wait::after(&error).reach())
            }
        };
        if let Some(due) = operation.recheck_at {
            let rechecked = Transition::Rechecked { due, again_at };
            self.store.commit(Change::Operation(operation.id, rechecked)).await?;
        }
        Ok(reach)
    }

    /// When to look for the last time, if that is still to come.
    fn last_look(&self, operation: &Operation) -> Option<jiff::Timestamp> {
        let last = later(operation.first_sent_at?, LATEST_COMMIT);
        (last > self.clock.now()).then_some(last)
    }

    async fn close_duplicates(
        &self,
        operation: &Operation,
        tickets: &[Ticket],
    ) -> Result<bool, halopsa::Error> {
        let Some(kept) = operation.ticket else { return Ok(true) };
        let mut all_closed = true;
        for ticket in tickets {
            match ticket.id {
                Some(TicketId(id)) if id != kept && !is_closed(ticket) => {
                    all_closed &= self.close(operation, id, kept).await?;
                }
                _ => {}
            }
        }
        Ok(all_closed)
    }

    async fn close(&self, operation: &Operation, duplicate: i64, kept: i64) -> Result<bool, halopsa::Error> {
        let catalogue = self.catalogue.get(halopsa::Priority::Normal).await?;
        let note = Note::private(&format!(
            "Opened twice, because HaloPSA's answer to the first request was lost. Ticket {kept} is the one to work on."
        ));
        let closed = haloward_rules::Reference::Id(catalogue.closed_status());
        let rendered =
            wire::resolve_body(duplicate, Some(&note), Some(&closed), Some(&catalogue), &self.wire());
        match self.client.actions().create_raw(&rendered.body).await? {
            Outcome::Done(_) => {
                let trace = shown(operation.trace());
                tracing::warn!(operation = %operation.id, trace, ticket = duplicate, kept, "closed a ticket that was there twice");
                self.metrics.prevented(Duplicate::Removed, 1);
                self.tell(Happening::DuplicateClosed { operation: operation.id, ticket: duplicate, kept });
                Ok(true)
            }
            Outcome::Unknown(_) => Ok(false),
        }
    }

    async fn delete_duplicates(&self, operation: &Operation) -> Result<bool, halopsa::Error> {
        let (Some(ticket), Some(kept)) = (operation.ticket, operation.action) else { return Ok(true) };
        let actions = lookup::actions(&self.client, ticket, &self.marker(operation)).await?;
        let mut all_deleted = true;
        for ActionId(id) in actions.iter().filter_map(|action| action.id).filter(|id| id.0 != kept) {
            let deleted = self.client.actions().delete(TicketId(ticket), ActionId(id)).await?;
            let trace = shown(operation.trace());
            tracing::warn!(operation = %operation.id, trace, ticket, action = id, "deleted a note that was there twice");
            self.metrics.prevented(Duplicate::Removed, 1);
            all_deleted &= !deleted.is_unknown();
        }
        Ok(all_deleted)
    }
}

fn is_closed(ticket: &Ticket) -> bool {
    ticket.hasbeenclosed == Some(true) || ticket.deleted == Some(true)
}
