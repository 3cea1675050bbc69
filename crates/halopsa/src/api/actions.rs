//! Actions, whose ids mean nothing without their ticket.

use ::http::Method;

use super::Resource;
use super::page::Page;
use crate::error::Error;
use crate::filters::ActionFilter;
use crate::id::{ActionId, TicketId};
use crate::models::{Action, ActionDraft};
use crate::outcome::Outcome;
use crate::query::Query;

impl Resource<Action> {
    /// Reads one action of a ticket, with all its fields.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub async fn get(&self, ticket: TicketId, action: ActionId) -> Result<Action, Error> {
        let query = Query::new().with("ticket_id", ticket).with("includedetails", true);
        self.get_at(&format!("/Actions/{action}"), &query).await
    }

    /// Reads the actions of a ticket.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub async fn of_ticket(&self, ticket: TicketId) -> Result<Page<Action>, Error> {
        self.list(&ActionFilter::new().ticket_id(ticket)).await
    }

    /// Changes an action of a ticket: the text of a note, for instance.
    ///
    /// # Errors
    ///
    /// Any [`Error`], and then nothing was changed.
    pub async fn edit(
        &self,
        ticket: TicketId,
        action: ActionId,
        draft: ActionDraft,
    ) -> Result<Outcome<Action>, Error> {
        self.update_one(action, &draft.ticket_id(ticket)).await
    }

    /// Deletes an action of a ticket.
    ///
    /// # Errors
    ///
    /// Any [`Error`], and then nothing was deleted.
    pub async fn delete(&self, ticket: TicketId, action: ActionId) -> Result<Outcome<()>, Error> {
        let query = Query::new().with("ticket_id", ticket);
        let outcome =
            self.client.request(Method::DELETE, &format!("/Actions/{action}"), &query, None).await?;
        Ok(outcome.map(|_| ()))
    }
}
