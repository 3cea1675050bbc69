//! Cases: which problems there are and how they stand.

use haloward_rules::{Case, CaseState, Key};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{DecisionLine, InspectError, List, OperationLine, page, parse};
use crate::store::{CaseFilter, Reader};

/// Which cases are wanted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CasesQuery {
    /// In this state: `waiting`, `open` or `resolved`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<CaseState>,
    /// With this text in their key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// With this ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<i64>,
    /// After this page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// At most so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseLine {
    /// Its key.
    pub key: String,
    /// The rule that made it.
    pub rule: String,
    /// Where it stands.
    pub state: CaseState,
    /// The worst severity so far.
    pub severity: String,
    /// Events seen since it began.
    pub count: u64,
    /// The first of them.
    pub first_seen: Timestamp,
    /// The last of them.
    pub last_seen: Timestamp,
    /// Its ticket in HaloPSA, once that is known.
    pub ticket: Option<i64>,
    /// Somebody has worked on the ticket.
    pub touched: bool,
    /// The last event's title.
    pub title: String,
}

/// A case with everything that is known about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseStory {
    /// The case.
    pub case: Value,
    /// What was decided about it lately, newest first.
    pub decisions: Vec<DecisionLine>,
    /// What it led to in HaloPSA, newest first.
    pub operations: Vec<OperationLine>,
}

impl CaseLine {
    fn of(case: &Case) -> Self {
        Self {
            key: case.key.to_string(),
            rule: case.rule.as_str().to_owned(),
            state: case.state,
            severity: case.severity.to_string(),
            count: case.count,
            first_seen: case.first_seen,
            last_seen: case.last_seen,
            ticket: case.ticket.id,
            touched: case.ticket.touched,
            title: case.event.title().to_owned(),
        }
    }
}

/// Cases, the youngest first.
pub fn cases(reader: &Reader<'_>, query: &CasesQuery) -> Result<List<CaseLine>, InspectError> {
    let filter = CaseFilter { state: query.state, text: query.text.clone(), ticket: query.ticket };
    let found = reader.cases_page(&filter, parse("before", query.before.as_deref())?, page(query.limit)?)?;
    let items = found.items.iter().map(CaseLine::of).collect();
    Ok(List { items, next: found.next.map(|id| id.to_string()) })
}

/// One case, by its key.
pub fn case(reader: &Reader<'_>, key: &str) -> Result<CaseStory, InspectError> {
    let key = Key::new(key);
    let Some(case) = reader.case(&key)? else {
        return Err(InspectError::Unknown { what: "case", name: key.to_string() });
    };
    let decisions = reader.decisions_of(&key, None, super::PAGE)?;
    let operations = reader.operations_of(&key, super::PAGE)?;
    Ok(CaseStory {
        case: json!(case),
        decisions: decisions.iter().map(DecisionLine::of).collect(),
        operations: operations.iter().map(OperationLine::of).collect(),
    })
}
