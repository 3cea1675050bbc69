//! What people who look at the store ask for, and what they are shown.

use haloward_rules::CaseState;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::id::EventId;
use crate::trace::TraceId;

/// A part of a list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    /// What is on it.
    pub items: Vec<T>,
    /// Ask for what lies before this for the next page; `None` where there is no more.
    pub next: Option<C>,
}

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Of this source.
    pub source: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// With this text anywhere in them.
    pub text: Option<String>,
    /// Of the delivery, or of the round of a feed, with this trace id.
    pub trace: Option<TraceId>,
    /// Not received before.
    pub since: Option<Timestamp>,
}

/// Which cases are wanted.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    /// In this state.
    pub state: Option<CaseState>,
    /// With this text in their key.
    pub text: Option<String>,
    /// With this ticket.
    pub ticket: Option<i64>,
}

/// What was recorded when something was decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedDecision {
    /// The event, if it was one.
    pub event: Option<EventId>,
    /// What was decided about: the event's id, or a timer.
    pub cause: String,
    /// The outcome.
    pub outcome: String,
    /// The rule that decided.
    pub rule: Option<String>,
    /// The case.
    pub key: Option<String>,
    /// Outcome, reason and every rule's say.
    pub details: Value,
    /// The version of the rules.
    pub rules: String,
    /// When.
    pub at: Timestamp,
}

/// A request to HaloPSA and what it answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// When it was over.
    pub at: Timestamp,
    /// Method, path, body, and the answer or what went wrong.
    pub said: Value,
}

/// Since when the oldest of each queue waits; `None` where it is empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueAge {
    /// Events journalled and not decided.
    pub undecided: Option<Timestamp>,
    /// Operations not sent yet, or to be sent again.
    pub waiting: Option<Timestamp>,
    /// Operations whose outcome nobody knows yet.
    pub unclear: Option<Timestamp>,
    /// Operations HaloPSA refused for good.
    pub dead: Option<Timestamp>,
}

/// What is known of a source's activity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceActivity {
    /// When its last event came.
    pub last_event_at: Option<Timestamp>,
}
