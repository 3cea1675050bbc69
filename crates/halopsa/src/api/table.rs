//! Every kind of record on one screen: where it is listed, and what HaloPSA allows.

#![allow(clippy::wildcard_imports, reason = "the table names nearly every record, id and filter there is")]

use super::record::{Deleted, Record, Single, Written, sealed::Sealed};
use crate::filters::*;
use crate::id::*;
use crate::models::*;

macro_rules! records {
    ($($record:ty, $id:ty, $filter:ty, $path:literal, $plural:literal, $rows:literal, $paged:literal;)*) => {$(
        impl Sealed for $record {}
        impl Record for $record {
            type Id = $id;
            type Filter = $filter;
            const PATH: &'static str = $path;
            const PLURAL: &'static str = $plural;
            const ROWS: &'static str = $rows;
            const PAGED: bool = $paged;
            fn id(&self) -> Option<$id> {
                self.id.clone()
            }
        }
    )*};
}

macro_rules! written {
    ($($record:ty => $draft:ty,)*) => {$(
        impl Written for $record {
            type Draft = $draft;
        }
    )*};
}

macro_rules! allowed {
    ($right:ident: $($record:ty,)*) => {$( impl $right for $record {} )*};
}

records! {
    Ticket, TicketId, TicketFilter, "/Tickets", "tickets", "tickets", true;
    Action, ActionId, ActionFilter, "/Actions", "actions", "actions", false;
    Attachment, AttachmentId, AttachmentFilter, "/Attachment", "attachments", "attachments", false;
    ClientRecord, ClientId, ClientFilter, "/Client", "clients", "clients", true;
    SiteRecord, SiteId, SiteFilter, "/Site", "sites", "sites", true;
    User, UserId, UserFilter, "/Users", "users", "users", true;
    Asset, AssetId, AssetFilter, "/Asset", "assets", "assets", true;
    TicketType, TicketTypeId, TicketTypeFilter, "/TicketType", "ticket types", "tickettypes", false;
    TicketStatus, StatusId, StatusFilter, "/Status", "statuses", "statuses", false;
    TicketPriority, String, PriorityFilter, "/Priority", "priorities", "priorities", false;
    Sla, SlaId, SlaFilter, "/SLA", "SLAs", "slas", false;
    Team, TeamId, TeamFilter, "/Team", "teams", "teams", false;
    Agent, AgentId, AgentFilter, "/Agent", "agents", "agents", false;
    Category, CategoryId, CategoryFilter, "/Category", "categories", "categories", false;
    ActionOutcome, OutcomeId, OutcomeFilter, "/Outcome", "outcomes", "outcomes", false;
    Field, FieldId, FieldFilter, "/FieldInfo", "fields", "fields", false;
    Item, ItemId, ItemFilter, "/Item", "items", "items", true;
    RecurringInvoice, RecurringInvoiceId, InvoiceFilter, "/RecurringInvoice", "recurring invoices", "invoices", true;
    Invoice, InvoiceId, InvoiceFilter, "/Invoice", "invoices", "invoices", true;
    SoftwareLicence, LicenceId, SoftwareLicenceFilter, "/SoftwareLicence", "software licences", "licences", true;
    Contract, ContractId, ContractFilter, "/ClientContract", "contracts", "contracts", true;
    Webhook, WebhookId, NoFilter, "/Webhook", "webhooks", "webhooks", false;
    WebhookEvent, String, WebhookEventFilter, "/WebhookEvent", "webhook calls", "webhookevents", true;
    AzureTenant, AzureTenantId, AzureTenantFilter, "/AreaAzureTenant", "Azure tenants", "tenants", false;
    AzureConnection, AzureConnectionId, NoFilter, "/azureadconnection", "Azure connections", "connections", false;
}

written! {
    Ticket => TicketDraft,
    Action => ActionDraft,
    Attachment => Attachment,
    ClientRecord => ClientRecord,
    SiteRecord => SiteRecord,
    User => User,
    Asset => Asset,
    TicketType => TicketType,
    TicketStatus => TicketStatus,
    TicketPriority => TicketPriority,
    Sla => Sla,
    Team => Team,
    Agent => Agent,
    Category => Category,
    ActionOutcome => ActionOutcome,
    Field => Field,
    Item => Item,
    RecurringInvoice => RecurringInvoice,
    SoftwareLicence => SoftwareLicence,
    Contract => Contract,
    Webhook => Webhook,
    AzureConnection => AzureConnection,
}

// Actions are missing on purpose: their ids mean nothing without the ticket's, see `actions.rs`.
allowed! {
    Single:
    Ticket, Attachment, ClientRecord, SiteRecord, User, Asset, TicketType, TicketStatus, TicketPriority, Sla, Team, Agent,
    Category, ActionOutcome, Field, Item, RecurringInvoice, Invoice, SoftwareLicence, Contract, Webhook, WebhookEvent,
    AzureConnection,
}

allowed! {
    Deleted:
    Ticket, Attachment, ClientRecord, SiteRecord, User, Asset, TicketType, TicketStatus, TicketPriority, Sla, Team, Agent,
    Category, ActionOutcome, Field, Item, RecurringInvoice, SoftwareLicence, Contract, Webhook, AzureConnection,
}
