//! A ticket's life as one run saw it, and how two lives differ.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use haloward_rules::{Effect, EffectKind, Event, Key, Outcome, RuleId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

/// The event that a ticket was opened for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Cause {
    pub(super) id: String,
    pub(super) source: String,
    pub(super) title: String,
    pub(super) received_at: Timestamp,
}

impl Cause {
    pub(super) fn of(event: &Event, at: Timestamp) -> Self {
        let text = |text: &str| text.chars().take(TEXT).collect();
        Self {
            id: text(event.id()),
            source: text(event.source()),
            title: text(event.title()),
            received_at: at,
        }
    }
}

/// What the other run made of the same event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Instead {
    pub(super) outcome: Outcome,
    pub(super) rule: Option<RuleId>,
    pub(super) reason: Option<String>,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct FieldDifference {
    pub(super) field: String,
    pub(super) before: Value,
    pub(super) after: Value,
}

/// One ticket in one run, from its opening (or its being opened again) to its end.
#[derive(Debug, Clone)]
pub(super) struct Ticket {
    pub(super) key: Key,
    pub(super) rule: RuleId,
    pub(super) opened_at: Timestamp,
    reopened: bool,
    /// What it was opened with; dropped once it was compared.
    fields: Option<Map<String, Value>>,
    changed: Map<String, Value>,
    notes: u64,
    said: DefaultHasher,
    heads: Vec<String>,
    pub(super) ended_at: Option<Timestamp>,
}

// LIMIT: texts of titles and notes kept for showing; so many notes of a ticket.
const TEXT: usize = 200;
const HEADS: usize = 3;

impl Ticket {
    /// A ticket that `effect` opens, or opens again.
    pub(super) fn open(effect: &Effect, at: Timestamp) -> Option<Self> {
        let (reopened, fields) = match &effect.kind {
            EffectKind::OpenTicket { draft, .. } => (false, object(draft)),
            EffectKind::ReopenTicket { .. } => (true, Map::new()),
            _ => return None,
        };
        Some(Self {
            key: effect.key.clone(),
            rule: effect.rule.clone(),
            opened_at: at,
            reopened,
            fields: Some(fields),
            changed: Map::new(),
            notes: 0,
            said: DefaultHasher::new(),
            heads: Vec::new(),
            ended_at: None,
        })
    }

    /// What happens to it while it is open.
    pub(super) fn apply(&mut self, effect: &Effect, at: Timestamp) {
        match &effect.kind {
            EffectKind::UpdateTicket { id: None, draft } => self.changed.extend(object(draft)),
            EffectKind::AddNote { id: None, note } => self.note(&note.text.html),
            EffectKind::ResolveTicket { id: None, note, status, .. } => {
                if let Some(note) = note {
                    self.note(&note.text.html);
                }
                if let Some(status) = status {
                    self.changed.insert("status".to_owned(), status.to_string().into());
                }
                self.ended_at = Some(at);
            }
            _ => {}
        }
    }

    fn note(&mut self, text: &str) {
        self.notes += 1;
        text.hash(&mut self.said);
        if self.heads.len() < HEADS {
            self.heads.push(text.chars().take(TEXT).collect());
        }
    }

    /// The fields of a ticket that the other run has not, or does not have yet.
    pub(super) fn summary(&self) -> Option<&str> {
        self.fields.as_ref()?.get("summary")?.as_str()
    }
}

/// What differs in how two tickets were opened. Neither keeps its fields: there may be very many tickets open.
pub(super) fn opening(before: &mut Ticket, after: &mut Ticket) -> Vec<FieldDifference> {
    let mut found = Vec::new();
    let mut differs = |field: &str, before: Value, after: Value| {
        if before != after {
            found.push(FieldDifference { field: field.to_owned(), before, after });
        }
    };
    differs("key", before.key.as_str().into(), after.key.as_str().into());
    differs("opened", opened(before), opened(after));
    let (old, new) = (before.fields.take().unwrap_or_default(), after.fields.take().unwrap_or_default());
    if before.reopened || after.reopened {
        return found;
    }
    maps("", &old, &new, &mut found);
    found
}

fn opened(ticket: &Ticket) -> Value {
    let again = if ticket.reopened { "again " } else { "" };
    format!("{again}{}", ticket.opened_at).into()
}

/// What differs in what became of them.
pub(super) fn life(before: &Ticket, after: &Ticket, found: &mut Vec<FieldDifference>) {
    maps("later ", &before.changed, &after.changed, found);
    let mut differs = |field: &str, before: Value, after: Value| {
        found.push(FieldDifference { field: field.to_owned(), before, after });
    };
    if before.notes != after.notes {
        differs("notes", before.notes.into(), after.notes.into());
    } else if before.said.finish() != after.said.finish() {
        let pair = before.heads.iter().zip(&after.heads).find(|(old, new)| old != new);
        let (old, new) = pair.map_or(("", ""), |(old, new)| (old.as_str(), new.as_str()));
        differs("note", old.into(), new.into());
    }
    if before.ended_at != after.ended_at {
        let ended = |at: Option<Timestamp>| at.map_or(Value::Null, |at| at.to_string().into());
        differs("resolved", ended(before.ended_at), ended(after.ended_at));
    }
}

/// Field by field; those of maps (custom fields) by name.
fn maps(
    prefix: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    found: &mut Vec<FieldDifference>,
) {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        if old == new {
            continue;
        }
        let field = format!("{prefix}{name}");
        if let (Some(Value::Object(old)), Some(Value::Object(new))) = (old, new) {
            maps(&format!("{field}."), old, new, found);
            continue;
        }
        let value = |value: Option<&Value>| value.cloned().unwrap_or_default();
        found.push(FieldDifference { field, before: value(old), after: value(new) });
    }
}

fn object(value: impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => map,
        other => unreachable!("a draft is an object, not {other:?}"),
    }
}
