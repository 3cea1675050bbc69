//! Decisions, outcomes and effects: what is recorded, shown, counted and done.

use serde::{Deserialize, Serialize};

use super::case::Key;
use crate::condition::ConditionTrace;
use crate::event::Severity;
use crate::rule::RuleId;
use crate::ticket::{Note, Reference, TicketDraft};

/// What became of an event, a timer or a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A ticket is opened.
    OpenTicket,
    /// A ticket is reopened.
    ReopenTicket,
    /// A ticket is resolved.
    ResolveTicket,
    /// A ticket is changed.
    UpdateTicket,
    /// A note is added.
    AddNote,
    /// A channel is told.
    Notify,
    /// A threshold or hold is not over.
    Waiting,
    /// Another open case holds it back.
    Inhibited,
    /// A silence covers it.
    Silenced,
    /// A limit or brake holds it back.
    Limited,
    /// A rule dropped it.
    Dropped,
    /// It was counted on its open ticket.
    Counted,
    /// There is nothing to do.
    Nothing,
    /// No rule matched.
    Unmatched,
    /// Rules failed and nothing else was done.
    Error,
}

impl Outcome {
    /// All outcomes with their names.
    pub const ALL: [(&'static str, Outcome); 15] = [
        ("open_ticket", Outcome::OpenTicket),
        ("reopen_ticket", Outcome::ReopenTicket),
        ("resolve_ticket", Outcome::ResolveTicket),
        ("update_ticket", Outcome::UpdateTicket),
        ("add_note", Outcome::AddNote),
        ("notify", Outcome::Notify),
        ("waiting", Outcome::Waiting),
        ("inhibited", Outcome::Inhibited),
        ("silenced", Outcome::Silenced),
        ("limited", Outcome::Limited),
        ("dropped", Outcome::Dropped),
        ("counted", Outcome::Counted),
        ("nothing", Outcome::Nothing),
        ("unmatched", Outcome::Unmatched),
        ("error", Outcome::Error),
    ];

    /// The outcome's name.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, o)| *o == self).map_or("nothing", |(name, _)| name)
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a decision acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It acts.
    Live,
    /// It is recorded and sends nothing.
    Shadow,
    /// The rule is off.
    Off,
}

/// What one rule said about one input.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// The rule; `on_rule_error` and `resolved` for what the engine does by itself.
    pub rule: RuleId,
    /// Where it stands: `rules/disk.yaml:2`.
    pub at: String,
    /// Whether it acts.
    pub mode: Mode,
    /// Whether its conditions held.
    pub matched: bool,
    /// The problem's key, where the rule got that far.
    pub key: Option<Key>,
    /// What its conditions met.
    pub conditions: Vec<ConditionTrace>,
    /// What it decided; `None` where it did not match.
    pub outcome: Option<Outcome>,
    /// Why.
    pub reason: Option<String>,
}

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The rule that wants it.
    pub rule: RuleId,
    /// The case it is about.
    pub key: Key,
    /// Which of the case's tickets, counted from 1.
    pub ticket: u32,
    /// How urgent it is.
    pub severity: Severity,
    /// The trace id of the event it follows from; a timer's, of the last event of its case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// What is to be done.
    #[serde(flatten)]
    pub kind: EffectKind,
}

/// Where a ticket comes from: what the client, site and asset can be found by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Origin {
    /// The event's id in the journal.
    pub event: String,
    /// The source.
    pub source: String,
    /// The client's id at the vendor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The client's name at the vendor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The user's mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_email: Option<String>,
}

/// The kinds of effects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum EffectKind {
    /// Open the case's ticket.
    OpenTicket {
        /// Its fields.
        draft: Box<TicketDraft>,
        /// Where it comes from, to find the client by.
        origin: Box<Origin>,
    },
    /// Change a ticket.
    UpdateTicket {
        /// A ticket by its id; the case's own where `None`.
        id: Option<i64>,
        /// The fields to change.
        draft: Box<TicketDraft>,
    },
    /// Add a note to a ticket.
    AddNote {
        /// A ticket by its id; the case's own where `None`.
        id: Option<i64>,
        /// The note.
        note: Note,
    },
    /// Resolve a ticket.
    ResolveTicket {
        /// A ticket by its id; the case's own where `None`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<i64>,
        /// What to say.
        note: Option<Note>,
        /// The status; the connection's own for resolved tickets where `None`.
        status: Option<Reference>,
        /// Only while nobody has worked on the ticket; otherwise the note alone.
        unless_touched: bool,
    },
    /// Tell a channel of the configuration.
    Notify {
        /// The channel.
        channel: String,
        /// What to say: plain text.
        text: String,
    },
    /// Open the case's closed ticket again.
    ReopenTicket {
        /// What to say.
        note: Note,
    },
}

impl EffectKind {
    /// The ticket that it names; `None` where it is the case's own.
    pub fn ticket(&self) -> Option<i64> {
        match self {
            Self::UpdateTicket { id, .. } | Self::AddNote { id, .. } | Self::ResolveTicket { id, .. } => *id,
            Self::OpenTicket { .. } | Self::Notify { .. } | Self::ReopenTicket { .. } => None,
        }
    }

    /// The outcome an effect of this kind stands for.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::OpenTicket { .. } => Outcome::OpenTicket,
            Self::UpdateTicket { .. } => Outcome::UpdateTicket,
            Self::AddNote { .. } => Outcome::AddNote,
            Self::ResolveTicket { .. } => Outcome::ResolveTicket,
            Self::ReopenTicket { .. } => Outcome::ReopenTicket,
            Self::Notify { .. } => Outcome::Notify,
        }
    }
}
