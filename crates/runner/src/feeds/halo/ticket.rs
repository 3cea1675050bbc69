//! A ticket as HaloPSA lists it becomes the event that tells how it stands. Pure: names come from the catalogue.

use halopsa::models::{CustomField, Ticket};
use haloward_rules::{Event, Severity, State};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::change::Change;
use crate::catalogue::{Catalogue, Entry};
use crate::dispatcher::NOBODY;

/// LIMIT: a mail with its whole thread would fill the journal; what a rule looks for stands at the beginning.
const DETAILS_CHARS: usize = 4_000;

/// What is the same for all tickets of a source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) source: &'a str,
    pub(super) severity: Severity,
    /// The site that tickets are seen at, without a slash at its end.
    pub(super) site: &'a str,
    pub(super) catalogue: Option<&'a Catalogue>,
}

/// How a ticket stands: the fields of `event.ticket`, those that it has.
pub(super) fn ticket(row: &Ticket, around: &Around<'_>) -> Map<String, Value> {
    let Around { catalogue, site, .. } = *around;
    let id = row.id.map(|id| id.0);
    let agent = row.agent_id.map(|id| id.0).filter(|id| *id > NOBODY);
    let sla = row.sla_id.map(|id| id.0);
    let mut of = Fields::default();
    of.put("id", id);
    of.text("summary", row.summary.as_deref());
    of.text("details", row.details.as_deref().map(|text| beginning(text.trim())));
    of.put("url", id.map(|id| format!("{site}/tickets?id={id}")));
    let type_id = row.tickettype_id.map(|id| id.0);
    let type_name =
        || catalogue?.ticket_types.iter().find(|e| Some(e.id) == type_id).map(|e| e.name.as_str());
    of.named("type", type_id, row.tickettype_name.as_deref(), type_name);
    let status = row.status_id.map(|id| id.0);
    of.named("status", status, row.status_name.as_deref(), || named(&catalogue?.statuses, status));
    let priority = row.priority_id.map(|id| id.0);
    let priority_name = || {
        let of_sla = |known: Option<i64>| known.is_none() || sla.is_none() || known == sla;
        let mut known = catalogue?.priorities.iter();
        known.find(|e| Some(e.id) == priority && of_sla(e.sla)).map(|e| e.name.as_str())
    };
    of.named("priority", priority, row.priority_name.as_deref(), priority_name);
    of.named("sla", sla, row.sla_name.as_deref(), || named(&catalogue?.slas, sla));
    of.text("team", row.team.as_deref());
    let agent_name = || catalogue?.agents.iter().find(|e| Some(e.id) == agent).map(|e| e.name.as_str());
    of.named("agent", agent, row.agent_name.as_deref().filter(|_| agent.is_some()), agent_name);
    of.put("assigned", Some(agent.is_some()));
    let client = row.client_id.map(|id| id.0);
    let client_name = || catalogue?.clients.iter().find(|e| Some(e.id) == client).map(|e| e.name.as_str());
    of.named("client", client, row.client_name.as_deref(), client_name);
    of.named("site", row.site_id.map(|id| id.0), row.site_name.as_deref(), || None);
    of.named("user", row.user_id.map(|id| id.0), row.user_name.as_deref(), || None);
    of.text("category", row.category_1.as_deref());
    of.text("category_2", row.category_2.as_deref());
    of.text("category_3", row.category_3.as_deref());
    of.text("category_4", row.category_4.as_deref());
    // Impacts and urgencies are numbers that installs give names to.
    let called = |number: Option<i64>, names: Option<&[Entry]>| {
        number
            .filter(|number| *number > 0)
            .map(|number| named(names.unwrap_or_default(), Some(number)).map_or(json!(number), Value::from))
    };
    of.put("impact", called(row.impact, catalogue.map(|c| &*c.impacts)));
    of.put("urgency", called(row.urgency, catalogue.map(|c| &*c.urgencies)));
    of.put("source", row.source);
    of.put("parent", row.parent_id.map(|id| id.0).filter(|id| *id > 0));
    of.put("on_hold", row.onhold);
    of.put("closed", Some(is_over(row)));
    let at = |time: Option<halopsa::DateTime>| time.map(|time| Timestamp::from(time).to_string());
    of.put("created_at", at(row.datecreated.or(row.dateoccurred)));
    of.put("updated_at", at(row.last_update));
    of.put("last_action_at", at(row.lastactiondate));
    of.put("closed_at", at(row.dateclosed).filter(|_| is_over(row)));
    of.put("respond_by", at(row.respondbydate));
    of.put("fix_by", at(row.fixbydate));
    let custom: Map<String, Value> = row
        .customfields
        .iter()
        .flatten()
        .filter_map(|field| Some((field.name.clone()?, shown(field)?)))
        .collect();
    of.put("custom_fields", (!custom.is_empty()).then_some(custom));
    of.0
}

/// Whether a ticket is closed, merged into another or deleted.
pub(super) fn is_over(row: &Ticket) -> bool {
    let merged = row.merged_into_id.is_some_and(|id| id.0 > 0);
    merged || row.deleted == Some(true) || row.hasbeenclosed == Some(true)
}

/// The event that tells how a ticket stands and what changed about it.
pub(super) fn event(ticket: Map<String, Value>, change: &Change, around: &Around<'_>) -> Option<Event> {
    let over = ticket.get("closed") == Some(&Value::Bool(true));
    let text = |field: &str| ticket.get(field).cloned().unwrap_or_default();
    let state = if over { State::Resolved } else { State::Firing };
    let mut event = json!({
        "source": around.source,
        "state": state.as_str(),
        "severity": around.severity.as_str(),
        "severity_raw": text("priority"),
        "title": text("summary"),
        "message": text("details"),
        "url": text("url"),
        "check": text("type"),
        "client": { "id": text("client_id"), "name": text("client") },
        "site": { "id": text("site_id"), "name": text("site") },
        "user": { "name": text("user") },
        "started_at": text("created_at"),
        "ended_at": text("closed_at"),
        "occurred_at": text("updated_at"),
        "change": change.value(),
    });
    event["ticket"] = Value::Object(ticket);
    Event::from_json(without_nothing(event), around.severity).ok()
}

/// What is not known is not there.
fn without_nothing(mut value: Value) -> Value {
    if let Value::Object(map) = &mut value {
        map.retain(|_, value| !value.is_null());
        for name in ["client", "site", "user"] {
            if let Some(Value::Object(inner)) = map.get_mut(name) {
                inner.retain(|_, value| !value.is_null());
            }
        }
    }
    value
}

/// A custom field's value as people see it, if it has one.
fn shown(field: &CustomField) -> Option<Value> {
    let seen = field.display.as_deref().filter(|text| !text.is_empty()).map(Value::from);
    let is_there = |value: &&Value| !value.is_null() && value.as_str() != Some("");
    seen.or_else(|| field.value.as_ref().filter(is_there).cloned())
}

fn named(entries: &[Entry], id: Option<i64>) -> Option<&str> {
    entries.iter().find(|entry| Some(entry.id) == id).map(|entry| entry.name.as_str())
}

/// As much of a ticket's text as is told.
pub(super) fn beginning(text: &str) -> &str {
    text.char_indices().nth(DETAILS_CHARS).map_or(text, |(end, _)| &text[..end])
}

/// Fields that are there.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.0.insert(field.to_owned(), value.into());
        }
    }

    fn text(&mut self, field: &str, text: Option<&str>) {
        self.put(field, text.map(str::trim).filter(|text| !text.is_empty()));
    }

    /// A name, as the list has it or else the catalogue, beside its id. Where nobody knows the name, the id stands for it.
    fn named<'n>(
        &mut self,
        field: &str,
        id: Option<i64>,
        listed: Option<&'n str>,
        known: impl Fn() -> Option<&'n str>,
    ) {
        let id = id.filter(|id| *id >= 0);
        let listed = listed.map(str::trim).filter(|name| !name.is_empty());
        let name = listed.or_else(known).map(Value::from).or_else(|| id.map(Value::from));
        self.put(field, name);
        self.put(&format!("{field}_id"), id);
    }
}
