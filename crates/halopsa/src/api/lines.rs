//! Lines of recurring invoices, which have routes of their own and no list.

use serde_json::Value;

use super::Resource;
use super::write::to_json;
use crate::error::Error;
use crate::id::RecurringInvoiceId;
use crate::models::InvoiceLine;
use crate::outcome::Outcome;
use crate::query::Query;

impl Resource<InvoiceLine> {
    /// Reads the lines of a recurring invoice.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub async fn of(&self, invoice: RecurringInvoiceId) -> Result<Vec<InvoiceLine>, Error> {
        Ok(self.client.recurring_invoices().get(invoice).await?.lines.unwrap_or_default())
    }

    /// Adds lines to recurring invoices, each naming its own in `recurring_invoice_id` or `ihid`.
    ///
    /// # Errors
    ///
    /// Any [`Error`], and then nothing was added.
    pub async fn add(&self, lines: &[InvoiceLine]) -> Result<Outcome<Value>, Error> {
        self.post("/RecurringInvoice/Lines", lines).await
    }

    /// Changes lines of recurring invoices, each naming itself in `id`: its quantity, for instance.
    ///
    /// # Errors
    ///
    /// Any [`Error`], and then nothing was changed.
    pub async fn change(&self, lines: &[InvoiceLine]) -> Result<Outcome<Value>, Error> {
        self.post("/RecurringInvoice/updatelines", lines).await
    }

    async fn post(&self, path: &str, lines: &[InvoiceLine]) -> Result<Outcome<Value>, Error> {
        let body = Value::Array(lines.iter().map(to_json).collect::<Result<_, _>>()?);
        self.client.request(::http::Method::POST, path, &Query::new(), Some(&body)).await
    }
}
