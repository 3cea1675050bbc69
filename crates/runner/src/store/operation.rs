//! Operations: durable units of work toward HaloPSA, and the states they pass through.
//!
//! ```text
//! waiting ──► sending ──► done
//!    ▲  ▲        │  └───► unclear ──► (looked for) ──► done, or sending again
//!    │  └─ retry ◄┘
//!    └──── dead (by hand)
//! ```

use haloward_rules::{Effect, EffectKind, Key, Severity};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::browse::Exchange;
use super::id::OperationId;

/// What an operation does in HaloPSA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Creates a ticket.
    OpenTicket,
    /// Changes one.
    UpdateTicket,
    /// Adds a note to one.
    AddNote,
    /// Resolves one.
    ResolveTicket,
    /// Opens one again.
    ReopenTicket,
    /// Tells a channel; that is no matter of HaloPSA's.
    Notify,
}

impl OperationKind {
    /// The kind of an effect.
    pub fn of(effect: &EffectKind) -> Self {
        match effect {
            EffectKind::OpenTicket { .. } => Self::OpenTicket,
            EffectKind::UpdateTicket { .. } => Self::UpdateTicket,
            EffectKind::AddNote { .. } => Self::AddNote,
            EffectKind::ResolveTicket { .. } => Self::ResolveTicket,
            EffectKind::ReopenTicket { .. } => Self::ReopenTicket,
            EffectKind::Notify { .. } => Self::Notify,
        }
    }

    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenTicket => "open_ticket",
            Self::UpdateTicket => "update_ticket",
            Self::AddNote => "add_note",
            Self::ResolveTicket => "resolve_ticket",
            Self::ReopenTicket => "reopen_ticket",
            Self::Notify => "notify",
        }
    }
}

impl std::fmt::Display for OperationKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// For its turn; never sent.
    Waiting,
    /// Its request is going out, or was when the process ended.
    Sending,
    /// Its request went out and may or may not have been carried out.
    Unclear,
    /// It was not carried out and is tried again.
    Retry,
    /// HaloPSA confirmed it.
    Done,
    /// HaloPSA refused it for good.
    Dead,
    /// A later operation of its ticket does its work too.
    Folded,
    /// Somebody gave it up.
    Dropped,
}

impl OperationState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Sending,
        Self::Unclear,
        Self::Retry,
        Self::Done,
        Self::Dead,
        Self::Folded,
        Self::Dropped,
    ];

    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Unclear => "unclear",
            Self::Retry => "retry",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Folded => "folded",
            Self::Dropped => "dropped",
        }
    }

    /// The state of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

impl std::fmt::Display for OperationState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An operation to be put into the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct NewOperation {
    /// Its id.
    pub id: OperationId,
    /// What it follows from, the same however often that is decided: nothing is enqueued twice.
    pub cause: String,
    /// What is to be done.
    pub effect: Effect,
    /// When it was decided.
    pub created_at: Timestamp,
}

impl NewOperation {
    /// As it stands in the outbox before anything became of it.
    pub(crate) fn waiting(&self) -> Operation {
        Operation {
            id: self.id,
            cause: self.cause.clone(),
            kind: OperationKind::of(&self.effect.kind),
            state: OperationState::Waiting,
            effect: self.effect.clone(),
            attempts: 0,
            looks: 0,
            due: self.created_at,
            created_at: self.created_at,
            first_sent_at: None,
            ticket: None,
            action: None,
            problem: None,
            recheck_at: None,
        }
    }
}

/// An operation of the outbox.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Operation {
    /// Its id; its marker is made from it.
    pub id: OperationId,
    /// What it follows from: `evt_0cm3k9v2x8r4t/0`.
    pub cause: String,
    /// What it does.
    pub kind: OperationKind,
    /// Where it stands.
    pub state: OperationState,
    /// What is to be done.
    pub effect: Effect,
    /// How often its request went out.
    pub attempts: u32,
    /// How often it was looked for since its request last went out.
    pub looks: u32,
    /// Not before then.
    pub due: Timestamp,
    /// When it was decided.
    pub created_at: Timestamp,
    /// When its request first went out.
    pub first_sent_at: Option<Timestamp>,
    /// The ticket it was about, once known.
    pub ticket: Option<i64>,
    /// The action it left on the ticket, if any.
    pub action: Option<i64>,
    /// What last went wrong.
    pub problem: Option<String>,
    /// When it is to be looked whether it was carried out twice.
    pub recheck_at: Option<Timestamp>,
}

impl Operation {
    /// The case it belongs to.
    pub fn key(&self) -> &Key {
        &self.effect.key
    }

    /// Which of the case's tickets.
    pub fn number(&self) -> u32 {
        self.effect.ticket
    }

    /// How urgent it is.
    pub fn severity(&self) -> Severity {
        self.effect.severity
    }

    /// The trace id of the event that it follows from.
    pub fn trace(&self) -> Option<&str> {
        self.effect.trace.as_deref()
    }
}

/// A request that went out for an operation and was not refused.
#[derive(Debug, Clone, PartialEq)]
pub struct DoneTo {
    /// When it was done, by HaloPSA's clock where known; nothing while that is not settled.
    pub finished_at: Option<Timestamp>,
    /// Method, path, body, and the answer.
    pub said: serde_json::Value,
}

/// What an operation left in HaloPSA.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settled {
    /// The ticket.
    pub ticket: i64,
    /// The action it added, if any.
    pub action: Option<i64>,
    /// The ticket's status and agent as we left them: what differs later was done by somebody else.
    pub status: Option<i64>,
    /// See `status`.
    pub agent: Option<i64>,
    /// When HaloPSA says it was last changed by this.
    pub changed_at: Option<Timestamp>,
    /// When to look whether it was carried out twice.
    pub recheck_at: Option<Timestamp>,
    /// What was said to HaloPSA about it.
    pub exchanges: Vec<Exchange>,
}

/// A ticket of a case, as we last knew it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTicket {
    /// Its case.
    pub key: Key,
    /// Which of the case's tickets.
    pub number: u32,
    /// Its id in HaloPSA.
    pub id: i64,
    /// Its status as we left it.
    pub status: Option<i64>,
    /// Its agent as we left it.
    pub agent: Option<i64>,
    /// When we last changed it, by HaloPSA's clock where known.
    pub changed_at: Option<Timestamp>,
    /// The operation that created it.
    pub opened_by: Option<OperationId>,
}
