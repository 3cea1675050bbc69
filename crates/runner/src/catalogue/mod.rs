//! The tenant's picklists by name: what rules say by name, HaloPSA wants by id.
//!
//! [`Catalogue`] is plain data, read from HaloPSA by `fetch` or from a file; `find` looks names up in it and
//! `clients` decides which client an event belongs to. [`CatalogueCache`] keeps one for the running service.

mod cache;
mod clients;
mod fetch;
mod file;
mod find;
mod propose;

pub use cache::CatalogueCache;
pub use clients::{Candidate, ClientDirectory, ClientMatch};
pub use file::CatalogueFileError;
pub use propose::{Likeness, Proposal, Tenant, propose};

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
    /// Clients.
    pub clients: Vec<ClientEntry>,
    /// Lists the API's agent may not read.
    pub missing: Vec<Missing>,
}
