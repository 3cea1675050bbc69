//! What changed about a ticket since it was last seen: pure, from what was kept of it and how it stands now.

use std::collections::BTreeMap;

use haloward_rules::ticket_event::FOLLOWED;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What is kept of a ticket, to see later what changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    /// When anything about it last changed, by HaloPSA's clock.
    #[serde(rename = "u", skip_serializing_if = "Option::is_none")]
    pub(super) updated_at: Option<Timestamp>,
    /// When the last action was added.
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    pub(super) last_action_at: Option<Timestamp>,
    /// Whether it was over.
    #[serde(rename = "o", skip_serializing_if = "std::ops::Not::not")]
    pub(super) over: bool,
    /// Its fields, those that it has and whose changes are told.
    #[serde(rename = "f", skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) fields: BTreeMap<String, Value>,
    /// When it was last looked at, by our clock: what we did since then may be seen now.
    #[serde(rename = "s")]
    pub(super) seen_at: Timestamp,
}

impl Kept {
    /// What is to be kept of a ticket that stands so.
    pub(super) fn of(ticket: &Map<String, Value>, seen_at: Timestamp) -> Self {
        let time = |field: &str| ticket.get(field).and_then(Value::as_str).and_then(|text| text.parse().ok());
        let fields =
            FOLLOWED.iter().filter_map(|field| Some(((*field).to_owned(), ticket.get(*field)?.clone())));
        Self {
            updated_at: time("updated_at"),
            last_action_at: time("last_action_at"),
            over: ticket.get("closed") == Some(&Value::Bool(true)),
            fields: fields.collect(),
            seen_at,
        }
    }

    /// Whether nothing that is told differs.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let told = |kept: &Self| (kept.last_action_at, kept.over, kept.fields.clone());
        told(self) == told(other)
    }
}

/// What happened to a ticket as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is new.
    Created,
    /// It was there before the source began, or nobody remembers it.
    Seen,
    /// Something about it changed.
    Changed,
    /// It was closed.
    Closed,
    /// It is open again.
    Reopened,
    /// It became a part of another one.
    Merged,
    /// It was deleted.
    Deleted,
}

impl Kind {
    /// Its name, as rules have it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Seen => "seen",
            Self::Changed => "changed",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Merged => "merged",
            Self::Deleted => "deleted",
        }
    }
}

/// What changed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    pub(super) kind: Kind,
    /// The fields that changed, from what to what.
    pub(super) fields: BTreeMap<String, (Value, Value)>,
    /// An action was added.
    pub(super) action: bool,
    /// All of it was done by rules.
    pub(super) ours: bool,
}

impl Change {
    /// A change of a ticket as a whole.
    pub(super) fn whole(kind: Kind) -> Self {
        Self { kind, fields: BTreeMap::new(), action: false, ours: false }
    }

    /// What differs between what was kept of a ticket and how it stands now.
    pub(super) fn between(before: &Kept, now: &Kept, merged: bool) -> Self {
        let kind = match (before.over, now.over) {
            (false, true) if merged => Kind::Merged,
            (false, true) => Kind::Closed,
            (true, false) => Kind::Reopened,
            _ => Kind::Changed,
        };
        let value = |kept: &Kept, field: &str| kept.fields.get(field).cloned().unwrap_or_default();
        let pairs =
            FOLLOWED.iter().map(|field| ((*field).to_owned(), (value(before, field), value(now, field))));
        Self {
            kind,
            fields: pairs.filter(|(_, (from, to))| from != to).collect(),
            action: now.last_action_at > before.last_action_at,
            ours: false,
        }
    }

    /// `event.change`.
    pub(super) fn value(&self) -> Value {
        let mut names: Vec<&str> = self.fields.keys().map(String::as_str).collect();
        if self.action {
            names.push("last_action_at");
        }
        let mut change = json!({ "kind": self.kind.as_str() });
        for (field, (from, to)) in &self.fields {
            change[field.as_str()] = json!({ "from": from, "to": to });
        }
        if !names.is_empty() {
            change["fields"] = json!(names);
        }
        if self.ours {
            change["ours"] = true.into();
        }
        change
    }
}
