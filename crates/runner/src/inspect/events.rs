//! Events, and what became of each.

use haloward_rules::{Case, Cases, Event, Explain, Input, Key, RuleSet, step};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{InspectError, List, OperationLine, page, parse};
use crate::store::{EventFilter, EventId, JournalEntry, Reader, RecordedDecision};

/// Which events are wanted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventsQuery {
    /// Of this source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// With this outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// With this text anywhere in them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of the delivery with this trace id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// Not received before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Older than this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// At most so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// An event in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventLine {
    /// Its id.
    pub id: EventId,
    /// When it came.
    pub received_at: Timestamp,
    /// The trace id of its delivery; nothing if it came before there were any.
    pub trace: Option<String>,
    /// Its source.
    pub source: String,
    /// What it says about its problem.
    pub state: String,
    /// How bad it is.
    pub severity: String,
    /// Its title.
    pub title: String,
    /// What was decided; nothing while it waits for that.
    pub outcome: Option<String>,
    /// The rule that decided.
    pub rule: Option<String>,
    /// The case.
    pub key: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// An event with everything that is known about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventStory {
    /// Its id.
    pub id: EventId,
    /// When it came.
    pub received_at: Timestamp,
    /// The trace id of its delivery; nothing if it came before there were any.
    pub trace: Option<String>,
    /// The event.
    pub event: Value,
    /// What was decided, with every rule that matched or failed; nothing while it waits for that.
    pub decision: Option<RecordedDecision>,
    /// What it led to in HaloPSA.
    pub operations: Vec<OperationLine>,
    /// What today's rules say about it, rule by rule with every condition, where the rules are at hand.
    pub considered: Option<Value>,
}

/// Events, newest first.
pub fn events(reader: &Reader<'_>, query: &EventsQuery) -> Result<List<EventLine>, InspectError> {
    if let Some(outcome) = &query.outcome
        && !haloward_rules::Outcome::ALL.iter().any(|(name, _)| name == outcome)
    {
        return Err(InspectError::Question(format!("there is no outcome `{outcome}`")));
    }
    let filter = EventFilter {
        source: query.source.clone(),
        outcome: query.outcome.clone(),
        text: query.text.clone(),
        trace: parse("trace", query.trace.as_deref())?,
        since: query.since,
    };
    let found = reader.events_page(&filter, parse("before", query.before.as_deref())?, page(query.limit)?)?;
    let items = found.items.into_iter().map(|(entry, decision)| line(&entry, decision)).collect();
    Ok(List { items, next: found.next.map(|id| id.to_string()) })
}

fn line(entry: &JournalEntry, decision: Option<RecordedDecision>) -> EventLine {
    let event = &entry.event;
    let reason = decision.as_ref().and_then(reason);
    let (outcome, rule, key) = decision.map_or((None, None, None), |d| (Some(d.outcome), d.rule, d.key));
    EventLine {
        id: entry.id,
        received_at: entry.received_at,
        trace: event.trace().map(str::to_owned),
        source: event.source().to_owned(),
        state: event.state().to_string(),
        severity: event.severity().to_string(),
        title: event.title().to_owned(),
        outcome,
        rule,
        key,
        reason,
    }
}

/// Why it was decided so, in words: the engine's own reason, or that of the rule that decided.
pub(super) fn reason(decision: &RecordedDecision) -> Option<String> {
    let own = decision.details["reason"].as_str();
    let of_rule = || {
        let decisions = decision.details["decisions"].as_array()?;
        let by =
            decisions.iter().find(|d| d["outcome"] == decision.outcome.as_str() && d["mode"] == "live")?;
        by["reason"].as_str()
    };
    own.or_else(of_rule).map(str::to_owned)
}

/// One event and what became of it.
pub fn event(reader: &Reader<'_>, id: &str, rules: Option<&RuleSet>) -> Result<EventStory, InspectError> {
    let id: EventId =
        id.parse().map_err(|error: crate::store::NotAnId| InspectError::Question(error.to_string()))?;
    let Some(entry) = reader.event(id)? else {
        return Err(InspectError::Unknown { what: "event", name: id.to_string() });
    };
    let operations = reader.operations_from(id, super::LARGEST_PAGE)?;
    Ok(EventStory {
        id,
        received_at: entry.received_at,
        trace: entry.event.trace().map(str::to_owned),
        event: entry.event.value().clone(),
        decision: reader.recorded(id)?,
        operations: operations.iter().map(OperationLine::of).collect(),
        considered: rules.map(|rules| considered(reader, rules, &entry.event, entry.received_at)),
    })
}

/// What rules say about an event as the cases stand now. Nothing of it happens.
pub fn considered(reader: &Reader<'_>, rules: &RuleSet, event: &Event, at: Timestamp) -> Value {
    let said = step(rules, &Known(reader), &Input::Event(event.clone()), Explain::Everything, at);
    json!({ "outcome": said.outcome, "reason": said.reason, "decisions": said.decisions })
}

/// The cases as they are committed. One that cannot be read is one that is not there: this only explains.
struct Known<'r>(&'r Reader<'r>);

impl Cases for Known<'_> {
    fn case(&self, key: &Key) -> Option<Case> {
        self.0.case(key).ok().flatten()
    }

    fn fed_by(&self, source: &str, fingerprint: &str) -> Vec<Case> {
        let keys = self.0.fed_keys(source, fingerprint).unwrap_or_default();
        keys.iter().filter_map(|key| self.case(key)).filter(Case::is_alive).collect()
    }
}
