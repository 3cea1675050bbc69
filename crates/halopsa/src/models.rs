//! HaloPSA's records, with the fields people use.
//!
//! Every field is optional, because lists carry fewer fields than single records and installs differ. Fields without
//! a name here, and values that aren't of the usual kind, are kept in `extra` and go back as they came. The same
//! types are read and written; tickets and actions have drafts of their own, with the fields that only a write has.

mod action;
mod asset;
mod attachment;
mod azure;
mod billing;
mod client_record;
mod custom_field;
mod item;
mod people;
mod picklists;
mod record;
mod sla;
mod ticket;
mod ticket_draft;
mod webhook;

pub(crate) use record::{record, wire_name};

pub use action::{Action, ActionDraft};
pub use asset::Asset;
pub use attachment::Attachment;
pub use azure::{AzureConnection, AzureTenant};
pub use billing::{Contract, Invoice, InvoiceLine, RecurringInvoice, SoftwareLicence};
pub use client_record::{ClientRecord, SiteRecord};
pub use custom_field::{Choice, CustomField, Field};
pub use item::Item;
pub use people::{Agent, Team, User};
pub use picklists::{ActionOutcome, Category, TicketStatus, TicketType};
pub use sla::{Sla, TicketPriority};
pub use ticket::{RuleMatch, Ticket};
pub use ticket_draft::{ExternalLink, TicketDraft};
pub use webhook::{Webhook, WebhookEvent};

#[cfg(test)]
mod contract_tests;
