//! The tenant's picklists by name: what rules say by name, HaloPSA wants by id.
//!
//! [`Catalogue`] is plain data, read from HaloPSA by `fetch` or from a file; `find` looks names up in it and
//! `clients` decides which client an event belongs to. What is too much to read whole (sites, users, assets, mail
//! domains) is asked for by name (`ask`) and kept in [`Records`]. [`CatalogueCache`] keeps all of it for the running
//! service, reads it again on a schedule, and learns the names it does not know.

mod allowance;
mod ask;
mod asking;
mod cache;
mod clients;
mod fetch;
mod file;
mod find;
mod names;
mod propose;
mod records;

pub use cache::CatalogueCache;
pub(crate) use cache::Unknown;
pub(crate) use clients::domain_to_ask;
pub use clients::{Candidate, ClientDirectory, ClientMatch};
pub use fetch::List;
pub use file::CatalogueFileError;
pub(crate) use find::same;
pub use propose::{Likeness, Proposal, Proposer, Tenant};
pub use records::{Lookup, RecordEntry, RecordKind, Records, Wanted};

use serde::{Deserialize, Serialize};

/// Something with an id and a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// A ticket type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketTypeEntry {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The SLA of its tickets: priorities are looked up within it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_sla: Option<i64>,
    /// The status its tickets begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_status: Option<i64>,
}

/// A priority, which belongs to an SLA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriorityEntry {
    /// Its id within the SLA.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its SLA.
    pub sla: Option<i64>,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentEntry {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// It cannot be given tickets: it is for the API only, or disabled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unassignable: bool,
}

/// A category of one of the four levels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryEntry {
    /// Its name as tickets carry it.
    pub name: String,
    /// Its level, from 1; `None` where HaloPSA does not say.
    pub level: Option<i64>,
}

/// An action's outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeEntry {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Actions with it are hidden from the end user.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
}

/// A client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientEntry {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its mail domains, in lower case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// The ids of its Azure tenants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub azure_tenants: Vec<String>,
    /// Its main site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main_site: Option<i64>,
}

/// A list that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Which list.
    pub list: String,
    /// Why.
    pub problem: String,
}

/// The tenant's picklists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Catalogue {
    /// When it was read from HaloPSA.
    pub fetched_at: jiff::Timestamp,
    /// The site it was read from: ids of one install mean something else on another.
    pub site: String,
    /// The agent the API acts as.
    pub api_agent: Option<i64>,
    /// Ticket types.
    pub ticket_types: Vec<TicketTypeEntry>,
    /// Statuses.
    pub statuses: Vec<Entry>,
    /// SLAs.
    pub slas: Vec<Entry>,
    /// Priorities of every SLA.
    pub priorities: Vec<PriorityEntry>,
    /// Teams.
    pub teams: Vec<Entry>,
    /// Agents.
    pub agents: Vec<AgentEntry>,
    /// Categories.
    pub categories: Vec<CategoryEntry>,
    /// Outcomes of actions.
    pub outcomes: Vec<OutcomeEntry>,
    /// Custom fields.
    pub custom_fields: Vec<Entry>,
    /// What a ticket's impact can be; empty where HaloPSA does not tell.
    pub impacts: Vec<Entry>,
    /// What a ticket's urgency can be; empty where HaloPSA does not tell.
    pub urgencies: Vec<Entry>,
    /// The clients' Azure tenants by id.
    pub azure_tenants: Vec<(i64, String)>,
    /// Clients.
    pub clients: Vec<ClientEntry>,
    /// Sites, users, assets and mail domains that were looked up.
    pub records: Records,
    /// Lists the API's agent may not read.
    pub missing: Vec<Missing>,
}

#[cfg(test)]
mod tests;
