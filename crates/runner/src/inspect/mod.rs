//! What can be seen of Haloward, as the API answers it and the commands show it: plain data read from one view of the
//! store. The same functions answer for the running service and for the file of one that is stopped.
//!
//! The shapes here are a promise to scripts: fields are added, never renamed.

mod cases;
mod events;
mod ledger;
mod operations;
mod redact;
mod report;
mod sources;
mod status;

pub use cases::{CaseLine, CaseStory, CasesQuery, case, cases};
pub use events::{EventLine, EventStory, EventsQuery, considered, event, events};
pub use ledger::{Ledger, LedgerLine, LedgerQuery, ledger};
pub use operations::{
    Correction, DecisionLine, DecisionsQuery, OperationLine, OperationStory, OperationsQuery, correct,
    decisions, operation, operations,
};
pub(crate) use redact::{is_secret_name, redact, without_secrets};
pub use report::{EventReport, ReportedEvent, report};
pub(crate) use sources::base;
pub use sources::sources;
pub use status::{
    BudgetStatus, RulesStatus, SecretLine, ServiceStatus, SourceLine, StoreStatus, store_status,
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::store::StoreError;

/// LIMIT: a page that fits a screen, and one that fits memory.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 500;

/// A part of a list, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct List<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Give this as `before` for the next page; nothing where there is no more.
    pub next: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InspectError {
    /// The question makes no sense.
    #[error("{0}")]
    Question(String),
    /// There is no such thing.
    #[error("there is no {what} `{name}`")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
        /// What was asked for.
        name: String,
    },
    /// It cannot be done to it as it is.
    #[error("{0}")]
    Conflict(String),
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How many rows a page has.
fn page(limit: Option<usize>) -> Result<usize, InspectError> {
    match limit {
        None => Ok(PAGE),
        Some(limit) if (1..=LARGEST_PAGE).contains(&limit) => Ok(limit),
        Some(limit) => Err(InspectError::Question(format!(
            "`limit` is {limit}, and must lie between 1 and {LARGEST_PAGE}"
        ))),
    }
}

/// A value of the question that must be an id, a number or a name of ours.
fn parse<T: std::str::FromStr>(what: &str, text: Option<&str>) -> Result<Option<T>, InspectError>
where
    T::Err: std::fmt::Display,
{
    text.map(|text| text.parse().map_err(|error| InspectError::Question(format!("`{what}`: {error}"))))
        .transpose()
}

#[cfg(test)]
mod tests;
