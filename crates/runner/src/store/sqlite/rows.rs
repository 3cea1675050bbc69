//! Rows and columns to what they mean.

use haloward_rules::{Case, CaseState, Key, Severity};
use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::Type;
use serde::de::DeserializeOwned;

use super::packed;
use crate::store::id::OperationId;
use crate::store::operation::{KnownTicket, Operation, OperationKind, OperationState};

pub(super) const OPERATION: &str = "o.id, o.cause, o.state, o.effect, o.attempts, o.looks, o.due, o.created_at, \
     o.first_sent_at, o.ticket, o.action, o.problem, o.recheck_at";

pub(super) fn operation(row: &Row<'_>) -> rusqlite::Result<Operation> {
    let state: String = row.get(2)?;
    let effect: haloward_rules::Effect = json(row, 3)?;
    Ok(Operation {
        id: OperationId::from_number(row.get(0)?),
        cause: row.get(1)?,
        kind: OperationKind::of(&effect.kind),
        state: OperationState::parse(&state).ok_or_else(|| unreadable(2, format!("state `{state}`")))?,
        effect,
        attempts: row.get(4)?,
        looks: row.get(5)?,
        due: time(row.get(6)?),
        created_at: time(row.get(7)?),
        first_sent_at: row.get::<_, Option<i64>>(8)?.map(time),
        ticket: row.get(9)?,
        action: row.get(10)?,
        problem: row.get(11)?,
        recheck_at: row.get::<_, Option<i64>>(12)?.map(time),
    })
}

pub(super) const TICKET: &str = "key, number, id, status, agent, changed_at, opened_by";

pub(super) fn ticket(row: &Row<'_>) -> rusqlite::Result<KnownTicket> {
    Ok(KnownTicket {
        key: Key::new(&row.get::<_, String>(0)?),
        number: row.get(1)?,
        id: row.get(2)?,
        status: row.get(3)?,
        agent: row.get(4)?,
        changed_at: row.get::<_, Option<i64>>(5)?.map(time),
        opened_by: row.get::<_, Option<i64>>(6)?.map(OperationId::from_number),
    })
}

pub(super) fn case(row: &Row<'_>) -> rusqlite::Result<Case> {
    json(row, 0)
}

pub(super) fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(super) fn state_name(state: CaseState) -> &'static str {
    match state {
        CaseState::Waiting => "waiting",
        CaseState::Open => "open",
        CaseState::Resolved => "resolved",
    }
}

/// As many rows as are wanted.
pub(super) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// The severity as a number that sorts: the worst is the greatest.
pub(super) fn rank(severity: Severity) -> i64 {
    match severity {
        Severity::Info => 0,
        Severity::Low => 1,
        Severity::Medium => 2,
        Severity::High => 3,
        Severity::Critical => 4,
    }
}

pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = packed::text(row, column)?;
    serde_json::from_str(&text).map_err(|error| unreadable(column, error.to_string()))
}

fn unreadable(column: usize, problem: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, problem.into())
}
