//! Trying a refused ticket again by hand: only while it is the last of its case. Once its problem has another one, open
//! or on its way, a second would be about the same thing.
//!
//! INVARIANT: whoever asks is answered by the decider, the only one who opens another ticket for a case, in the batch that
//! also tells the case: neither can come between the other's question and answer.

use haloward_rules::Case;
use jiff::Timestamp;
use thiserror::Error;

use crate::store::{
    Corrected, DecisionBatch, Operation, OperationId, OperationKind, OperationState, StoreError, Transition,
};

/// A dead operation that somebody wants tried again.
#[derive(Debug, Clone)]
pub(crate) enum Retrial {
    /// As it is.
    AsItIs {
        /// The operation.
        id: OperationId,
        /// When.
        at: Timestamp,
    },
    /// Corrected.
    Corrected(Corrected),
}

impl Retrial {
    /// The operation.
    pub(crate) fn id(&self) -> OperationId {
        match self {
            Self::AsItIs { id, .. } => *id,
            Self::Corrected(corrected) => corrected.id,
        }
    }

    /// Adds what becomes of the operation to a batch.
    pub(super) fn put(&self, changes: &mut DecisionBatch) {
        match self {
            Self::AsItIs { id, at } => changes.moved.push((*id, Transition::Revive { at: *at })),
            Self::Corrected(corrected) => changes.corrected.push(corrected.clone()),
        }
    }
}

/// Why an operation is not tried again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotRetried {
    /// HaloPSA has not refused it.
    #[error("{operation} is {state}: only one that HaloPSA refused for good is tried again by hand")]
    NotRefused {
        /// The operation.
        operation: OperationId,
        /// Where it stands.
        state: OperationState,
    },
    /// There is none.
    #[error("there is no operation `{operation}`")]
    Unknown {
        /// The operation.
        operation: OperationId,
    },
    /// Its problem has another ticket since.
    #[error(
        "{operation} would open a second ticket for its problem: {newer}; give it up with `haloward queue drop {operation}`"
    )]
    Superseded {
        /// The operation.
        operation: OperationId,
        /// The newer one.
        newer: Newer,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The newer ticket of a case.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Newer {
    /// It is there.
    #[error("ticket {ticket} is newer ({operation})")]
    There {
        /// Its number in HaloPSA.
        ticket: i64,
        /// The operation that opened it.
        operation: OperationId,
    },
    /// It is on its way.
    #[error("a newer one is on its way ({operation})")]
    OnItsWay {
        /// The operation that opens it.
        operation: OperationId,
    },
    /// HaloPSA refused it too.
    #[error("a newer one was refused too ({operation}) and can be tried again")]
    Refused {
        /// The operation that was to open it.
        operation: OperationId,
    },
    /// It was given up, or nobody remembers it.
    #[error("its case has gone on, and the next alert opens another")]
    Gone,
}

/// Why an operation is not tried again by hand, if it is not. `newest` opens the newest ticket of its case.
pub(super) fn refusal(
    operation: &Operation,
    case: Option<&Case>,
    newest: Option<&Operation>,
) -> Option<NotRetried> {
    let id = operation.id;
    if operation.state != OperationState::Dead {
        return Some(NotRetried::NotRefused { operation: id, state: operation.state });
    }
    if !opens(operation) || case.is_some_and(|case| follow_each_other(case, operation.number())) {
        return None;
    }
    let newest = newest.filter(|newest| newest.id > id);
    let has_another = case.is_some_and(|case| case.tickets != operation.number());
    (newest.is_some() || has_another)
        .then(|| NotRetried::Superseded { operation: id, newer: newest.map_or(Newer::Gone, newer) })
}

/// Whether a ticket is open once it is done that was not open before.
pub(crate) fn opens(operation: &Operation) -> bool {
    matches!(operation.kind, OperationKind::OpenTicket | OperationKind::ReopenTicket)
}

/// Whether the case's rule wants a ticket for each repeat, and this is one of them: then a later one is no reason.
fn follow_each_other(case: &Case, number: u32) -> bool {
    case.ticket.first.is_some_and(|first| (first..case.tickets).contains(&number))
}

fn newer(newest: &Operation) -> Newer {
    let operation = newest.id;
    match (newest.state, newest.ticket) {
        (OperationState::Dead, _) => Newer::Refused { operation },
        (OperationState::Done, Some(ticket)) => Newer::There { ticket, operation },
        (OperationState::Dropped | OperationState::Folded | OperationState::Done, _) => Newer::Gone,
        _ => Newer::OnItsWay { operation },
    }
}
