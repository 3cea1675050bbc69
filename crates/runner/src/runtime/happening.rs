//! What happens while it runs, for whoever watches: the demo's lines, the console, tests.

use haloward_rules::{Key, Outcome, RuleId};
use jiff::Timestamp;
use serde::Serialize;

use crate::store::{EventId, OperationId, OperationKind};

/// Something that happened. It is told after it is durable.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "happening", rename_all = "snake_case")]
pub enum Happening {
    /// The rules decided about an event.
    EventDecided {
        /// The event.
        event: EventId,
        /// Its source.
        source: String,
        /// Its title.
        title: String,
        /// The trace id of its delivery.
        trace: Option<String>,
        /// What was decided.
        outcome: Outcome,
        /// The rule that decided.
        rule: Option<RuleId>,
        /// Why.
        reason: Option<String>,
        /// The case.
        key: Option<Key>,
    },
    /// A timer fell due and led to something.
    TimerFired {
        /// The case.
        key: Key,
        /// The trace id of the last event of the case.
        trace: Option<String>,
        /// What was decided.
        outcome: Outcome,
        /// Why.
        reason: Option<String>,
    },
    /// Somebody did something to a case's ticket in HaloPSA.
    CaseReported {
        /// The case.
        key: Key,
        /// What that means to it.
        reason: Option<String>,
    },
    /// An operation is done in HaloPSA.
    OperationDone {
        /// The operation.
        operation: OperationId,
        /// What it did.
        kind: OperationKind,
        /// The ticket.
        ticket: i64,
        /// The case.
        key: Key,
        /// The rule that wanted it.
        rule: RuleId,
        /// The ticket's summary, where it was opened.
        summary: Option<String>,
        /// It had been carried out although HaloPSA's answer was lost: it was found, not written again.
        adopted: bool,
    },
    /// A channel was told.
    Notified {
        /// The operation.
        operation: OperationId,
        /// The channel.
        channel: String,
        /// The case.
        key: Key,
        /// The rule that wanted it.
        rule: RuleId,
    },
    /// An operation has to wait: HaloPSA was not reached, or its answer was lost.
    OperationDelayed {
        /// The operation.
        operation: OperationId,
        /// What it does.
        kind: OperationKind,
        /// The case.
        key: Key,
        /// What went wrong.
        problem: String,
        /// When it goes on.
        until: Timestamp,
    },
    /// HaloPSA refused an operation for good.
    OperationFailed {
        /// The operation.
        operation: OperationId,
        /// What it was to do.
        kind: OperationKind,
        /// The case.
        key: Key,
        /// What HaloPSA said.
        problem: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A ticket that had come to be twice was closed.
    DuplicateClosed {
        /// The operation.
        operation: OperationId,
        /// The ticket that was closed.
        ticket: i64,
        /// The ticket that stays.
        kept: i64,
    },
}
