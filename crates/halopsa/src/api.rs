//! The typed requests: one accessor of [`Client`] per kind of record.
//!
//! What a kind of record allows is said by the traits it implements: every kind can be listed, most can be read one
//! by one ([`Single`]), many can be written ([`Written`]) and deleted ([`Deleted`]).

mod actions;
mod agents;
mod attachments;
mod batch;
mod lines;
mod page;
mod paging;
mod read;
mod record;
mod table;
mod write;

pub use batch::{Batch, IfRefused, LARGEST_BATCH};
pub use page::Page;
pub use record::{Deleted, Record, Single, Written};

use std::marker::PhantomData;

use crate::client::Client;
use crate::models::{
    Action, ActionOutcome, Agent, Asset, Attachment, AzureConnection, AzureTenant, Category, ClientRecord,
    Contract, Field, Invoice, InvoiceLine, Item, RecurringInvoice, SiteRecord, Sla, SoftwareLicence, Team,
    Ticket, TicketPriority, TicketStatus, TicketType, User, Webhook, WebhookEvent,
};

/// The requests about one kind of record, made by an accessor of [`Client`] such as [`Client::tickets`].
#[derive(Clone, Debug)]
pub struct Resource<R> {
    client: Client,
    kind: PhantomData<fn() -> R>,
}

macro_rules! accessors {
    ($($(#[$doc:meta])* $name:ident: $record:ty;)*) => {
        impl Client {
            $(
                $(#[$doc])*
                pub fn $name(&self) -> Resource<$record> {
                    Resource { client: self.clone(), kind: PhantomData }
                }
            )*
        }
    };
}

accessors! {
    /// Tickets (`/Tickets`).
    tickets: Ticket;
    /// Actions on tickets, notes above all (`/Actions`).
    actions: Action;
    /// Files on tickets and actions (`/Attachment`).
    attachments: Attachment;
    /// Clients (`/Client`).
    clients: ClientRecord;
    /// Sites of clients (`/Site`).
    sites: SiteRecord;
    /// End users (`/Users`).
    users: User;
    /// Assets (`/Asset`).
    assets: Asset;
    /// Ticket types (`/TicketType`).
    ticket_types: TicketType;
    /// Ticket statuses (`/Status`).
    statuses: TicketStatus;
    /// Priorities, each of one SLA (`/Priority`).
    priorities: TicketPriority;
    /// Service level agreements (`/SLA`).
    slas: Sla;
    /// Teams (`/Team`).
    teams: Team;
    /// Agents (`/Agent`).
    agents: Agent;
    /// Categories (`/Category`).
    categories: Category;
    /// Outcomes: kinds of action (`/Outcome`).
    outcomes: ActionOutcome;
    /// Fields, built in and custom (`/FieldInfo`).
    custom_fields: Field;
    /// Items of the catalogue (`/Item`).
    items: Item;
    /// Recurring invoices (`/RecurringInvoice`).
    recurring_invoices: RecurringInvoice;
    /// Lines of recurring invoices (`/RecurringInvoice/Lines`).
    recurring_invoice_lines: InvoiceLine;
    /// Invoices, to read (`/Invoice`).
    invoices: Invoice;
    /// Software licences and subscriptions (`/SoftwareLicence`).
    software_licences: SoftwareLicence;
    /// Clients' contracts (`/ClientContract`).
    contracts: Contract;
    /// Webhooks (`/Webhook`).
    webhooks: Webhook;
    /// Calls of webhooks and how they went (`/WebhookEvent`).
    webhook_events: WebhookEvent;
    /// Which client belongs to which Azure tenant (`/AreaAzureTenant`).
    azure_tenants: AzureTenant;
    /// Connections to Microsoft Entra ID, which hold the mappings to write (`/azureadconnection`).
    azure_connections: AzureConnection;
}
