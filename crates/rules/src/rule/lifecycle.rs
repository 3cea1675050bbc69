//! What happens to a ticket after it was opened: repeats, resolution, reopening.

use std::time::Duration;

use serde_json::Value;

use crate::duration::parse_duration;
use crate::fields::Fields;
use crate::finding::{Findings, SourceFile};
use crate::library::Known;
use crate::names::NameKind;
use crate::ticket::{NoteTemplate, Reference, name_at};
use crate::yaml::{Node, NodeKind};

/// What a repeat does while the ticket is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AgainDo {
    /// One private note that is edited: counter, first and last time.
    Fold,
    /// A new note each time.
    Note,
    Count,
    Nothing,
    /// Another ticket.
    New,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Again {
    pub(crate) action: AgainDo,
    /// At most one request to HaloPSA in this long.
    pub(crate) at_most: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResolvedDo {
    Resolve,
    Note,
    Nothing,
}

#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    /// `None`: resolve while nobody has worked on the ticket, else a note.
    pub(crate) action: Option<ResolvedDo>,
    pub(crate) status: Option<Reference>,
    pub(crate) note: Option<NoteTemplate>,
    /// Only if it stays resolved this long.
    pub(crate) after: Duration,
}

#[derive(Debug, Clone)]
pub(crate) struct Lifecycle {
    pub(crate) again: Again,
    pub(crate) resolved: Resolved,
    pub(crate) reopen_within: Option<Duration>,
}

// The contract's default: a problem that repeats every minute costs one request an hour.
const FOLD_AT_MOST: Duration = Duration::from_hours(1);

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            again: Again { action: AgainDo::Fold, at_most: FOLD_AT_MOST },
            resolved: Resolved { action: None, status: None, note: None, after: Duration::ZERO },
            reopen_within: None,
        }
    }
}

/// What a repeat does, by name.
pub(crate) const AGAIN: [(&str, AgainDo); 5] = [
    ("fold", AgainDo::Fold),
    ("note", AgainDo::Note),
    ("count", AgainDo::Count),
    ("nothing", AgainDo::Nothing),
    ("new", AgainDo::New),
];

/// What the end of a problem does, by name.
pub(crate) const RESOLVED: [(&str, ResolvedDo); 3] =
    [("resolve", ResolvedDo::Resolve), ("note", ResolvedDo::Note), ("nothing", ResolvedDo::Nothing)];

fn again(action: AgainDo, at_most: Option<Duration>) -> Again {
    let default = if action == AgainDo::Fold { FOLD_AT_MOST } else { Duration::ZERO };
    Again { action, at_most: at_most.unwrap_or(default) }
}

impl Lifecycle {
    /// Takes `again`, `resolved` and `reopen_within` out of an `open_ticket` map.
    pub(crate) fn take(fields: &mut Fields<'_>, known: &Known<'_>, findings: &mut Findings) -> Self {
        let file = fields.file();
        let mut lifecycle = Self::default();
        // The short form names the action alone: `again: note`.
        if let Some(node) = fields.take("again") {
            if matches!(node.kind, NodeKind::Map(_)) {
                if let Some(mut inner) = Fields::of(file, node, "`again`", findings) {
                    let action = inner.choice("do", &AGAIN, findings).unwrap_or(AgainDo::Fold);
                    lifecycle.again = again(action, inner.duration("at_most", findings));
                    inner.finish(findings);
                }
            } else if let Some(action) = fields.choice("again", &AGAIN, findings) {
                lifecycle.again = again(action, None);
            }
        }
        if let Some(node) = fields.take("resolved") {
            if matches!(node.kind, NodeKind::Map(_)) {
                lifecycle.resolved = resolved(file, node, known, findings);
            } else {
                lifecycle.resolved.action = fields.choice("resolved", &RESOLVED, findings);
            }
        }
        lifecycle.reopen_within = fields.duration("reopen_within", findings);
        lifecycle
    }

    /// The lifecycle a deciding script asked for in its map.
    pub(crate) fn from_script(map: &serde_json::Map<String, Value>) -> Result<Self, String> {
        let mut lifecycle = Self::default();
        let text = |value: &Value, key: &str| -> Option<String> {
            match value {
                Value::Object(map) => map.get(key).and_then(Value::as_str).map(str::to_owned),
                Value::String(text) if key == "do" => Some(text.clone()),
                _ => None,
            }
        };
        let duration =
            |text: Option<String>| text.map(|t| parse_duration(&t).map_err(|e| e.to_string())).transpose();
        if let Some(value) = map.get("again") {
            let name = text(value, "do").unwrap_or_else(|| "fold".into());
            let action = pick(&AGAIN, &name).ok_or_else(|| format!("`again` cannot be `{name}`"))?;
            lifecycle.again = again(action, duration(text(value, "at_most"))?);
        }
        if let Some(value) = map.get("resolved") {
            if let Some(name) = text(value, "do") {
                lifecycle.resolved.action =
                    Some(pick(&RESOLVED, &name).ok_or_else(|| format!("`resolved` cannot be `{name}`"))?);
            }
            lifecycle.resolved.status = value.get("status").and_then(Reference::from_value);
            lifecycle.resolved.after = duration(text(value, "after"))?.unwrap_or_default();
        }
        if let Some(value) = map.get("reopen_within") {
            lifecycle.reopen_within = duration(value.as_str().map(str::to_owned))?;
        }
        Ok(lifecycle)
    }
}

fn pick<T: Copy>(choices: &[(&str, T)], name: &str) -> Option<T> {
    choices.iter().find(|(n, _)| *n == name).map(|(_, value)| *value)
}

fn resolved(file: &SourceFile, node: &Node, known: &Known<'_>, findings: &mut Findings) -> Resolved {
    let mut resolved = Lifecycle::default().resolved;
    let Some(mut inner) = Fields::of(file, node, "`resolved`", findings) else { return resolved };
    resolved.action = inner.choice("do", &RESOLVED, findings);
    resolved.status = inner.take("status").and_then(|n| {
        name_at(NameKind::Status, file, n, known);
        Reference::from_value(&n.to_value())
    });
    resolved.note = inner.take("note").and_then(|n| NoteTemplate::decode(file, n, known, findings));
    resolved.after = inner.duration("after", findings).unwrap_or_default();
    inner.finish(findings);
    resolved
}
