//! What to list: one filter per kind of record.
//!
//! HaloPSA ignores filters it doesn't know and answers with everything, so each filter here offers only what the
//! API documents for its list. Lists are cut at 100 rows whatever is asked for; use `stream` for more.

mod billing;
mod clients;
mod filter;
mod picklists;
mod tickets;

pub use billing::{ContractFilter, InvoiceFilter, ItemFilter, SoftwareLicenceFilter};
pub use clients::{AssetFilter, AzureTenantFilter, ClientFilter, SiteFilter, UserFilter};
pub use picklists::{
    AgentFilter, CategoryFilter, FieldFilter, NoFilter, OutcomeFilter, PriorityFilter, SlaFilter,
    StatusFilter, TeamFilter, TicketTypeFilter, WebhookEventFilter,
};
pub use tickets::{ActionFilter, AttachmentFilter, TicketFilter};
