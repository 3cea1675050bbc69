//! Tickets and notes as rules speak of them: by name, before anybody knows the tenant's ids.

mod compose;
mod decode;
mod details;
mod names;

pub(crate) use compose::{NoteTemplate, TICKET_FIELDS, TicketTemplate, draft_from_script, one_line};
pub(crate) use details::default_details;
pub(crate) use names::one as name_at;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Something of the tenant's by name, or by its numeric id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reference {
    /// The id in HaloPSA.
    Id(i64),
    /// The name, compared without regard to case.
    Name(String),
}

impl Reference {
    /// A reference from a rendered value: whole numbers, also in quotes, are ids.
    pub fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Number(n) => n.as_i64().map(Self::Id),
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => {
                Some(text.trim().parse().map_or_else(|_| Self::Name(text.trim().to_owned()), Self::Id))
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// Text of a ticket or note as HTML, made from Markdown or plain text with every value escaped.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Details {
    /// Safe HTML.
    pub html: String,
}

/// The fields of a ticket that a rule asks for. What is `None` or empty is left to HaloPSA.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TicketDraft {
    /// One line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
    /// Ticket type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub ticket_type: Option<Reference>,
    /// Status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Reference>,
    /// Priority; a name belongs to an SLA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Reference>,
    /// SLA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sla: Option<Reference>,
    /// Impact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impact: Option<Reference>,
    /// Urgency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Reference>,
    /// Team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<Reference>,
    /// Agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<Reference>,
    /// Client; where the rule names none, the event's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<Reference>,
    /// Site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<Reference>,
    /// User.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Reference>,
    /// Asset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset: Option<Reference>,
    /// Up to four levels of category.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub category: Vec<String>,
    /// Custom fields by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub custom_fields: BTreeMap<String, Value>,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The parent ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Any other ticket property of the API, as it is.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
}

/// A parent ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "WrittenParent", try_from = "WrittenParent")]
pub enum Parent {
    /// By its id.
    Id(i64),
    /// The ticket of a case, by the case's key.
    Case(String),
    /// One of the tickets of a case, which may still be on its way.
    Ticket {
        /// The case's key.
        case: String,
        /// Which of its tickets, counted from 1.
        number: u32,
    },
}

/// A parent as it is written: `{ id }`, `{ case }`, or `{ case, number }`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct WrittenParent {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
}

impl From<Parent> for WrittenParent {
    fn from(parent: Parent) -> Self {
        match parent {
            Parent::Id(id) => Self { id: Some(id), ..Self::default() },
            Parent::Case(case) => Self { case: Some(case), ..Self::default() },
            Parent::Ticket { case, number } => Self { case: Some(case), number: Some(number), id: None },
        }
    }
}

impl TryFrom<WrittenParent> for Parent {
    type Error = &'static str;

    fn try_from(written: WrittenParent) -> Result<Self, Self::Error> {
        match (written.id, written.case, written.number) {
            (Some(id), _, _) => Ok(Self::Id(id)),
            (None, Some(case), Some(number)) => Ok(Self::Ticket { case, number }),
            (None, Some(case), None) => Ok(Self::Case(case)),
            (None, None, _) => Err("a parent has an `id` or a `case`"),
        }
    }
}

/// A note on a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// The text.
    pub text: Details,
    /// Hidden from the end user.
    pub private: bool,
    /// The action's outcome; the connection's own default where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Reference>,
    /// This note counts repeats: it replaces the ticket's earlier one of its kind.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fold: bool,
    /// It speaks of nothing but the ticket's own alert: whoever may read the ticket's details may read it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plain: bool,
}

impl Note {
    /// A private note from plain text.
    pub fn private(text: &str) -> Self {
        Self {
            text: Details { html: crate::template::plain_to_html(text) },
            private: true,
            outcome: None,
            fold: false,
            plain: false,
        }
    }
}

impl TicketDraft {
    /// Lays `other` over this draft: what it sets wins, maps are joined.
    pub fn overlay(&mut self, other: TicketDraft) {
        macro_rules! take {
            ($($field:ident),*) => { $( if other.$field.is_some() { self.$field = other.$field; } )* };
        }
        take!(
            summary,
            details,
            ticket_type,
            status,
            priority,
            sla,
            impact,
            urgency,
            team,
            agent,
            client,
            site,
            user,
            asset,
            parent
        );
        if !other.category.is_empty() {
            self.category = other.category;
        }
        if !other.tags.is_empty() {
            self.tags = other.tags;
        }
        self.custom_fields.extend(other.custom_fields);
        self.fields.extend(other.fields);
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
