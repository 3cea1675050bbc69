//! Decisions and operations: what was decided, what goes to HaloPSA, and what it answered.

use haloward_rules::Effect;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{InspectError, List, page, parse};
use crate::store::{
    Exchange, NotAnId, Operation, OperationId, OperationKind, OperationState, Reader, RecordedDecision,
};

/// Which operations are wanted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OperationsQuery {
    /// In these states, separated by commas; else what is not over: waiting, retry, sending, unclear and dead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Older than this operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// At most so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// An operation in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperationLine {
    /// Its id.
    pub id: OperationId,
    /// What it does.
    pub kind: OperationKind,
    /// Where it stands.
    pub state: OperationState,
    /// The case.
    pub key: String,
    /// The rule that wants it.
    pub rule: String,
    /// How urgent it is.
    pub severity: String,
    /// The trace id of the event that it follows from.
    pub trace: Option<String>,
    /// The ticket, once that is known.
    pub ticket: Option<i64>,
    /// How often its request went out.
    pub attempts: u32,
    /// When it was decided.
    pub created_at: Timestamp,
    /// Not before then.
    pub due: Timestamp,
    /// What last went wrong.
    pub problem: Option<String>,
}

/// An operation with its story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperationStory {
    /// The operation.
    pub operation: Value,
    /// What was said to HaloPSA and what it answered, in order.
    pub exchanges: Vec<Exchange>,
}

/// Which decisions are wanted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecisionsQuery {
    /// With this outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// After this page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// At most so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// A decision in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionLine {
    /// What was decided about: an event's id, or a timer.
    pub cause: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub outcome: String,
    /// The rule that decided.
    pub rule: Option<String>,
    /// The case.
    pub key: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The version of the rules.
    pub rules: String,
}

/// Corrections to what a dead operation is to do: fields of its ticket or note by name, `null` to leave one out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Correction {
    /// The fields.
    pub set: Map<String, Value>,
}

impl OperationLine {
    pub(super) fn of(operation: &Operation) -> Self {
        Self {
            id: operation.id,
            kind: operation.kind,
            state: operation.state,
            key: operation.key().to_string(),
            rule: operation.effect.rule.as_str().to_owned(),
            severity: operation.severity().to_string(),
            trace: operation.trace().map(str::to_owned),
            ticket: operation.ticket,
            attempts: operation.attempts,
            created_at: operation.created_at,
            due: operation.due,
            problem: operation.problem.clone(),
        }
    }
}

impl DecisionLine {
    pub(super) fn of(decision: &RecordedDecision) -> Self {
        Self {
            cause: decision.cause.clone(),
            at: decision.at,
            outcome: decision.outcome.clone(),
            rule: decision.rule.clone(),
            key: decision.key.clone(),
            reason: super::events::reason(decision),
            rules: decision.rules.clone(),
        }
    }
}

/// What is not over.
const PENDING: [OperationState; 5] = [
    OperationState::Waiting,
    OperationState::Retry,
    OperationState::Sending,
    OperationState::Unclear,
    OperationState::Dead,
];

/// Operations, newest first.
pub fn operations(reader: &Reader<'_>, query: &OperationsQuery) -> Result<List<OperationLine>, InspectError> {
    let named = |name: &str| {
        OperationState::parse(name.trim()).ok_or_else(|| {
            InspectError::Question(format!("there is no state `{}` of an operation", name.trim()))
        })
    };
    let states = match &query.state {
        None => PENDING.to_vec(),
        Some(names) => names.split(',').map(named).collect::<Result<_, _>>()?,
    };
    let before = parse::<OperationId>("before", query.before.as_deref())?;
    let found = reader.operations_page(&states, before, page(query.limit)?)?;
    let items = found.items.iter().map(OperationLine::of).collect();
    Ok(List { items, next: found.next.map(|id| id.to_string()) })
}

/// One operation and its story.
pub fn operation(reader: &Reader<'_>, id: &str) -> Result<OperationStory, InspectError> {
    let (operation, id) = find(reader, id)?;
    let exchanges = reader.exchanges(id, super::LARGEST_PAGE)?;
    Ok(OperationStory { operation: serde_json::json!(operation), exchanges })
}

fn find(reader: &Reader<'_>, id: &str) -> Result<(Operation, OperationId), InspectError> {
    let id: OperationId = id.parse().map_err(|error: NotAnId| InspectError::Question(error.to_string()))?;
    match reader.operation(id)? {
        Some(operation) => Ok((operation, id)),
        None => Err(InspectError::Unknown { what: "operation", name: id.to_string() }),
    }
}

/// Decisions, newest first.
pub fn decisions(reader: &Reader<'_>, query: &DecisionsQuery) -> Result<List<DecisionLine>, InspectError> {
    let before = parse::<i64>("before", query.before.as_deref())?;
    let found = reader.decisions_page(query.outcome.as_deref(), before, page(query.limit)?)?;
    let items = found.items.iter().map(DecisionLine::of).collect();
    Ok(List { items, next: found.next.map(|id| id.to_string()) })
}

/// What an operation is to do after a correction: fields of the ticket (`priority`, `fields.status_id`,
/// `custom_fields.Site code`) or of the note (`text`, `outcome`) replaced or left out.
pub fn correct(operation: &Operation, correction: &Correction) -> Result<Effect, InspectError> {
    let mut value = serde_json::to_value(&operation.effect)
        .map_err(|error| InspectError::Question(format!("the operation cannot be read: {error}")))?;
    let part = if value.get("draft").is_some() { "draft" } else { "note" };
    let Some(fields) = value.get_mut(part).and_then(Value::as_object_mut) else {
        return Err(InspectError::Conflict(format!("a `{}` without a note has no fields", operation.kind)));
    };
    for (name, new) in &correction.set {
        match name.split_once('.') {
            Some((map @ ("fields" | "custom_fields"), inner)) => {
                let map = fields.entry(map).or_insert_with(|| Value::Object(Map::new()));
                if let Some(map) = map.as_object_mut() {
                    put(map, inner, new);
                }
            }
            _ => put(fields, name, new),
        }
    }
    let wanted = value.clone();
    let effect: Effect = serde_json::from_value(value)
        .map_err(|error| InspectError::Question(format!("it cannot be corrected so: {error}")))?;
    // A field that nobody reads would be lost without a word.
    let read = serde_json::to_value(&effect).unwrap_or_default();
    let lost = |name: &&String| wanted[part].get(*name).is_some() && read[part].get(*name).is_none();
    match correction.set.keys().find(lost) {
        Some(name) => Err(InspectError::Question(format!(
            "a `{}` has no field `{name}`: any other property of HaloPSA's API is set as `fields.{name}`",
            operation.kind
        ))),
        None => Ok(effect),
    }
}

fn put(map: &mut Map<String, Value>, name: &str, new: &Value) {
    if new.is_null() {
        map.remove(name);
    } else {
        map.insert(name.to_owned(), new.clone());
    }
}
