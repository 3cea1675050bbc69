//! Whose turn it is: what is done next of all that could be. Pure; the most urgent goes first, and nothing urgent ever
//! waits for others to fill a request with.

use halopsa::{BudgetReport, Priority};
use haloward_rules::Severity;
use jiff::Timestamp;

use super::{priority, protocol};
use crate::store::{Operation, OperationKind, OperationState};

/// LIMIT: so many creations are looked for in one list of tickets, and as many are looked at once more.
pub(super) const LOOKED_FOR_TOGETHER: usize = 100;

/// What could be done, in the order in which it is to be done.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// The operations whose turn it is.
    pub(super) ready: Vec<Operation>,
    /// The creations among them whose outcome is not known, further ones included.
    pub(super) unclear: Vec<Operation>,
    /// Done operations that are to be looked at once more.
    pub(super) rechecks: Vec<Operation>,
}

/// What holds some of it back.
#[derive(Debug)]
pub(super) struct Limits {
    /// How many tickets one request may create.
    pub(super) batch: usize,
    /// Whether another request that creates may go out.
    pub(super) may_create: bool,
    /// Until then creations wait for others to go along.
    pub(super) gather_until: Option<Timestamp>,
    pub(super) budget: BudgetReport,
}

/// What is done next.
#[derive(Debug, PartialEq)]
pub(super) enum Turn {
    /// An operation of an existing ticket.
    Deliver(Box<Operation>),
    /// These tickets are created, by one request.
    Create(Vec<Operation>),
    /// These creations are looked for, by one list.
    Find(Vec<Operation>),
    /// These done operations are looked at once more: creations together, others one by one.
    Recheck(Vec<Operation>),
    /// The next would be too much for the budget.
    NoRoom,
    /// Nothing before a moment, or before something happens.
    Wait(Option<Timestamp>),
}

/// Decides.
pub(super) fn next(candidates: Candidates, limits: &Limits, now: Timestamp) -> Turn {
    let Candidates { ready, unclear, rechecks } = candidates;
    let mut wake = None;
    for operation in &ready {
        if !has_room(&limits.budget, operation.severity()) {
            return Turn::NoRoom;
        }
        if operation.kind != OperationKind::OpenTicket {
            return Turn::Deliver(Box::new(operation.clone()));
        }
        if operation.state == OperationState::Unclear {
            let mut all = vec![operation.clone()];
            all.extend(unclear.into_iter().filter(|other| other.id != operation.id));
            return Turn::Find(all);
        }
        if !limits.may_create {
            continue;
        }
        let together = together(operation, &ready, limits.batch);
        let alone = !protocol::may_go_along(operation.state, operation.attempts) || is_urgent(operation);
        let waits = limits.gather_until.filter(|until| *until > now && !alone);
        match waits.filter(|_| together.len() < limits.batch) {
            Some(until) => wake = Some(until),
            None => return Turn::Create(together),
        }
    }
    match rechecks.first() {
        Some(first) if first.kind == OperationKind::OpenTicket => Turn::Recheck(
            rechecks.into_iter().filter(|other| other.kind == OperationKind::OpenTicket).collect(),
        ),
        Some(first) => Turn::Recheck(vec![first.clone()]),
        None => Turn::Wait(wake),
    }
}

/// The creations that go out with one: of its urgency, and never sent before.
fn together(first: &Operation, ready: &[Operation], batch: usize) -> Vec<Operation> {
    if !protocol::may_go_along(first.state, first.attempts) {
        return vec![first.clone()];
    }
    let fits = |operation: &&Operation| {
        operation.kind == OperationKind::OpenTicket
            && protocol::may_go_along(operation.state, operation.attempts)
            && is_urgent(operation) == is_urgent(first)
    };
    ready.iter().filter(fits).take(batch.max(1)).cloned().collect()
}

fn is_urgent(operation: &Operation) -> bool {
    priority(operation.severity()) == Priority::Urgent
}

/// Whether an operation may start within the budget. What is not urgent does not start without room: it would wait
/// inside the client, in the one place where tickets are created, and an urgent ticket behind it.
pub(super) fn has_room(budget: &BudgetReport, severity: Severity) -> bool {
    match priority(severity) {
        Priority::Urgent => true,
        _ => budget.available > budget.waiting,
    }
}

#[cfg(test)]
mod tests;
