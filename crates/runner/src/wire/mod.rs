//! What rules ask for, as HaloPSA's contract wants it: names to ids, drafts to JSON bodies.
//!
//! Pure: the catalogue comes in as data and nothing is sent. `run` and `dry-run` use the same functions, so what a
//! dry run shows is what would go out. Who sends, when and how often is the business of `dispatcher`.

mod client;
mod field;
mod marker;
mod note;
mod plan;
mod record;
mod ticket;

pub use marker::{Marker, MarkerPlace};
pub use note::{note_body, reopen_body, resolve_body};
pub use plan::{PlannedRequest, requests_for};
pub use ticket::{ticket_body, update_body};

use haloward_rules::Reference;
use serde::Serialize;
use serde_json::Value;

use crate::catalogue::{ClientDirectory, Wanted};

/// Where a body goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Endpoint {
    /// `/Tickets`.
    Tickets,
    /// `/Actions`.
    Actions,
}

impl Endpoint {
    /// The path as it stands on the site.
    pub fn path(self) -> &'static str {
        match self {
            Self::Tickets => "/api/Tickets",
            Self::Actions => "/api/Actions",
        }
    }
}

/// A name that could not be turned into what HaloPSA wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unresolved {
    /// The field: `team`.
    pub field: String,
    /// The name.
    pub name: String,
    /// Why, as a sentence fragment.
    pub why: String,
}

impl std::fmt::Display for Unresolved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} `{}`: {}", self.field, self.name, self.why)
    }
}

/// A body, and the names that are not in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rendered {
    /// One JSON object. HaloPSA wants it in an array.
    pub body: Value,
    /// Where it goes.
    pub endpoint: Endpoint,
    /// What was left out, and why.
    pub unresolved: Vec<Unresolved>,
    /// Names that nobody has looked up yet: their answers would complete the body.
    #[serde(skip)]
    pub wanted: Vec<Wanted>,
}

/// What the configuration says about what goes out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WireSettings {
    /// HaloPSA's own ticket rules are skipped for our tickets.
    pub dont_do_rules: bool,
    /// The `source` of our tickets; HaloPSA says "Manual" where none is sent.
    pub source: Option<i64>,
    /// The outcome of notes that name none; the catalogue's internal note where `None`.
    pub note_outcome: Option<Reference>,
    /// The status of resolved tickets; the catalogue's "Resolved" or "Closed" where `None`.
    pub resolved_status: Option<Reference>,
    /// The status of tickets that are opened again.
    pub reopened_status: Option<Reference>,
    /// The client of tickets whose client is not found.
    pub unmatched_client: Option<String>,
    /// Which names are which client.
    pub clients: ClientDirectory,
    /// Where tickets carry our marker.
    pub marker: MarkerPlace,
}

#[cfg(test)]
mod tests;
