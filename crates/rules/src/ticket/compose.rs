//! Ticket fields as templates, and how they become a draft for one event.

use serde_json::Value;

use super::{Details, Note, Parent, Reference, TicketDraft};
use crate::event::Severity;
use crate::script::{Env, ScriptError};
use crate::template::{Template, TemplateTree, plain_to_html};

/// The compiled ticket fields of an effect or of a set of defaults.
#[derive(Debug, Clone, Default)]
pub(crate) struct TicketTemplate {
    pub(crate) details: Option<Template>,
    pub(crate) priority: Option<Priority>,
    /// All other fields by name.
    pub(crate) fields: Vec<(&'static str, TemplateTree)>,
}

/// A priority: one for all, or by severity.
#[derive(Debug, Clone)]
pub(crate) enum Priority {
    One(TemplateTree),
    BySeverity { map: Vec<(Severity, TemplateTree)>, otherwise: Option<TemplateTree> },
}

/// The names of the ticket fields of the language.
pub(crate) const TICKET_FIELDS: [&str; 19] = [
    "summary",
    "details",
    "type",
    "status",
    "priority",
    "sla",
    "impact",
    "urgency",
    "team",
    "agent",
    "client",
    "site",
    "user",
    "asset",
    "category",
    "custom_fields",
    "tags",
    "parent",
    "fields",
];

impl TicketTemplate {
    /// Whether a client is named.
    pub(crate) fn names_client(&self) -> bool {
        self.fields.iter().any(|(name, _)| *name == "client")
    }

    /// Whether a ticket type is set.
    pub(crate) fn has_type(&self) -> bool {
        self.fields.iter().any(|(name, _)| *name == "type")
    }

    /// The draft for one event.
    pub(crate) fn draft(&self, env: &Env<'_>, severity: Severity) -> Result<TicketDraft, ScriptError> {
        let mut draft = TicketDraft::default();
        if let Some(details) = &self.details {
            draft.details = Some(Details { html: details.html(env)? });
        }
        let priority = match &self.priority {
            None => None,
            Some(Priority::One(tree)) => Some(tree),
            Some(Priority::BySeverity { map, otherwise }) => {
                map.iter().find(|(s, _)| *s == severity).map(|(_, tree)| tree).or(otherwise.as_ref())
            }
        };
        if let Some(tree) = priority {
            set(&mut draft, "priority", tree.value(env)?)?;
        }
        for (name, tree) in &self.fields {
            set(&mut draft, name, tree.value(env)?)?;
        }
        Ok(draft)
    }
}

/// A draft from the map a deciding script gave; the names it does not know are returned.
pub(crate) fn draft_from_script(
    map: &serde_json::Map<String, Value>,
    severity: Severity,
    ignore: &[&str],
) -> Result<TicketDraft, ScriptError> {
    let mut draft = TicketDraft::default();
    for (name, value) in map {
        if ignore.contains(&name.as_str()) {
            continue;
        }
        if !TICKET_FIELDS.contains(&name.as_str()) {
            let help = crate::fields::suggestion(name, TICKET_FIELDS)
                .map(|n| format!("; did you mean `{n}`?"))
                .unwrap_or_default();
            return Err(ScriptError { message: format!("a ticket has no field `{name}`{help}"), at: None });
        }
        match (name.as_str(), value) {
            // The whole text is a value here: which part came from an alert cannot be told apart any more.
            ("details", value) => {
                draft.details = Some(Details { html: plain_to_html(&crate::value::to_text(value)) });
            }
            ("priority", Value::Object(by_severity)) => {
                let chosen = by_severity.get(severity.as_str()).or_else(|| by_severity.get("else"));
                set(&mut draft, "priority", chosen.cloned().unwrap_or(Value::Null))?;
            }
            (name, value) => set(&mut draft, name, value.clone())?,
        }
    }
    Ok(draft)
}

// LIMIT: HaloPSA cuts longer summaries; we cut them where a person can see that something is missing.
const SUMMARY_CHARS: usize = 250;

fn set(draft: &mut TicketDraft, name: &str, value: Value) -> Result<(), ScriptError> {
    let text = || crate::value::to_text(&value).trim().to_owned();
    let reference = || Reference::from_value(&value);
    match name {
        "summary" => draft.summary = Some(one_line(&text())).filter(|t| !t.is_empty()),
        "type" => draft.ticket_type = reference(),
        "status" => draft.status = reference(),
        "priority" => draft.priority = reference(),
        "sla" => draft.sla = reference(),
        "impact" => draft.impact = reference(),
        "urgency" => draft.urgency = reference(),
        "team" => draft.team = reference(),
        "agent" => draft.agent = reference(),
        "client" => draft.client = reference(),
        "site" => draft.site = reference(),
        "user" => draft.user = reference(),
        "asset" => draft.asset = reference(),
        "category" => draft.category = texts(&value),
        "tags" => draft.tags = texts(&value),
        "custom_fields" => match value {
            Value::Object(map) => draft.custom_fields.extend(map),
            Value::Null => {}
            _ => return Err(wrong("custom_fields", "a map of names to values")),
        },
        "fields" => match value {
            Value::Object(map) => draft.fields.extend(map),
            Value::Null => {}
            _ => return Err(wrong("fields", "a map of the API's properties")),
        },
        "parent" => {
            draft.parent = match &value {
                Value::Object(map) => {
                    map.get("case").and_then(Value::as_str).map(|key| Parent::Case(key.to_owned()))
                }
                Value::Null => None,
                _ => match reference() {
                    Some(Reference::Id(id)) => Some(Parent::Id(id)),
                    _ => return Err(wrong("parent", "a ticket id or `{ case: key }`")),
                },
            };
        }
        _ => {}
    }
    Ok(())
}

fn wrong(field: &str, expected: &str) -> ScriptError {
    ScriptError { message: format!("`{field}` must be {expected}"), at: None }
}

fn texts(value: &Value) -> Vec<String> {
    let items: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        other => vec![other],
    };
    items.into_iter().map(|v| crate::value::to_text(v).trim().to_owned()).filter(|t| !t.is_empty()).collect()
}

pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line.retain(|c| !c.is_control());
    if line.chars().nth(SUMMARY_CHARS).is_none() {
        return line;
    }
    line.chars().take(SUMMARY_CHARS - 1).chain(std::iter::once('…')).collect()
}

/// The compiled text of a note.
#[derive(Debug, Clone)]
pub(crate) struct NoteTemplate {
    pub(crate) text: Template,
    pub(crate) private: bool,
    pub(crate) outcome: Option<Reference>,
}

impl NoteTemplate {
    pub(crate) fn note(&self, env: &Env<'_>) -> Result<Note, ScriptError> {
        Ok(Note {
            text: Details { html: self.text.html(env)? },
            private: self.private,
            outcome: self.outcome.clone(),
            fold: false,
            plain: false,
        })
    }
}
