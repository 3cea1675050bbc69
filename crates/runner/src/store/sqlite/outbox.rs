//! The outbox: operations put in once, and every step they take.

use std::borrow::Cow;

use haloward_rules::EffectKind;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::failure;
use crate::store::browse::Exchange;
use crate::store::change::{Corrected, Sending, Transition};
use crate::store::error::StoreError;
use crate::store::id::OperationId;
use crate::store::operation::{NewOperation, OperationKind, Settled};

/// What `creates` is for messages to channels: neither 1 nor 0, so that the queues of HaloPSA do not know them.
pub(super) const NOTICES: i64 = 2;

/// Puts an operation in, unless what it follows from has put it in before.
pub(super) fn enqueue(connection: &Connection, new: &NewOperation, effect: &str) -> rusqlite::Result<()> {
    let at = new.created_at.as_millisecond();
    // A channel's messages have a line of their own, which holds up no ticket: the key of no case begins like this.
    let (lane, creates) = match &new.effect.kind {
        EffectKind::Notify { channel, .. } => (Cow::from(format!("\u{1}{channel}")), NOTICES),
        EffectKind::OpenTicket { .. } => (Cow::from(new.effect.key.as_str()), 1),
        _ => (Cow::from(new.effect.key.as_str()), 0),
    };
    let insert = || {
        connection
            // LIMIT: values and not a `SELECT`: of a statement that may write many rows SQLite keeps every page as it was.
            .prepare_cached(
                "INSERT INTO operations (id, cause, key, number, kind, creates, severity, state, active, head, effect,
                     due, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?9, ?6, 'waiting', 1,
                     NOT EXISTS (SELECT 1 FROM operations p WHERE p.active = 1 AND p.key = ?3
                         AND (p.number = ?4 OR NOT EXISTS (
                             SELECT 1 FROM operations d INDEXED BY operations_ticket WHERE d.key = p.key
                                 AND d.number = p.number AND d.active = 1 AND d.state = 'dead'))),
                     ?7, ?8, ?8)
                 ON CONFLICT (cause) DO NOTHING",
            )?
            .execute(params![
                new.id.number(),
                new.cause,
                lane,
                new.effect.ticket,
                OperationKind::of(&new.effect.kind).as_str(),
                super::rows::rank(new.effect.severity),
                effect,
                at,
                creates,
            ])
    };
    insert().map(drop)
}

/// Marks an operation as going out, with what was folded into it.
pub(super) fn sending(connection: &Connection, sending: &Sending) -> Result<(), StoreError> {
    let effect = sending.effect.as_ref().map(json).transpose()?;
    let at = sending.at.as_millisecond();
    let write = || {
        let marked = connection
            .prepare_cached(
                "UPDATE operations SET state = 'sending', attempts = attempts + 1, looks = 0,
                     first_sent_at = coalesce(first_sent_at, ?2), effect = coalesce(?3, effect)
                 WHERE id = ?1 AND state <> 'dropped'",
            )?
            .execute(params![sending.id.number(), at, effect])?;
        if marked == 0 {
            return Ok(false);
        }
        let mut fold = connection.prepare_cached(
            "UPDATE operations SET state = 'folded', active = 0, folded_into = ?2, finished_at = ?3 WHERE id = ?1",
        )?;
        for folded in &sending.folded {
            fold.execute(params![folded.number(), sending.id.number(), at])?;
        }
        Ok(true)
    };
    // Somebody gave it up after the dispatcher took it: nothing may be sent any more.
    let marked = write().map_err(|error: rusqlite::Error| failure(&error))?;
    if marked { Ok(()) } else { Err(StoreError::GivenUp) }
}

fn json(effect: &haloward_rules::Effect) -> Result<String, StoreError> {
    serde_json::to_string(effect)
        .map_err(|error| StoreError::Damaged { problem: format!("effect of `{}`: {error}", effect.key) })
}

/// Keeps what was said to HaloPSA about an operation.
pub(super) fn said(connection: &Connection, id: OperationId, exchanges: &[Exchange]) -> rusqlite::Result<()> {
    let mut insert =
        connection.prepare_cached("INSERT INTO exchanges (operation, at, said) VALUES (?1, ?2, ?3)")?;
    for exchange in exchanges {
        insert.execute(params![id.number(), exchange.at.as_millisecond(), exchange.said.to_string()])?;
    }
    Ok(())
}

/// Gives a dead operation something else to do, and another try.
pub(super) fn correct(connection: &Connection, corrected: &Corrected) -> Result<(), StoreError> {
    let Corrected { id, effect, at, exchange } = corrected;
    let effect = json(effect)?;
    let write = || {
        connection
            .prepare_cached("UPDATE operations SET effect = ?2 WHERE id = ?1 AND state = 'dead'")?
            .execute(params![id.number(), effect])?;
        said(connection, *id, std::slice::from_ref(exchange))?;
        transition(connection, *id, &Transition::Revive { at: *at })
    };
    write().map_err(|error: rusqlite::Error| failure(&error))
}

/// Marks an operation as done, and keeps what it left in HaloPSA.
pub(super) fn settle(connection: &Connection, id: OperationId, settled: &Settled) -> rusqlite::Result<()> {
    let changed_at = settled.changed_at.map(Timestamp::as_millisecond);
    connection
        .prepare_cached(
            "UPDATE operations SET state = 'done', active = 0, head = 0, ticket = ?2, action = ?3, recheck_at = ?4,
                 problem = NULL, finished_at = coalesce(?5, due) WHERE id = ?1",
        )?
        .execute(params![
            id.number(),
            settled.ticket,
            settled.action,
            settled.recheck_at.map(Timestamp::as_millisecond),
            changed_at,
        ])?;
    said(connection, id, &settled.exchanges)?;
    next_heads(connection, id)?;
    connection
        .prepare_cached(
            "INSERT INTO tickets (id, key, number, status, agent, changed_at, opened_by)
             SELECT ?2, key, number, ?3, ?4, ?5, id FROM operations WHERE id = ?1 AND kind = 'open_ticket'
             ON CONFLICT (key, number) DO UPDATE SET id = excluded.id, status = excluded.status,
                 agent = excluded.agent, changed_at = excluded.changed_at",
        )?
        .execute(params![id.number(), settled.ticket, settled.status, settled.agent, changed_at])?;
    connection
        .prepare_cached(
            "UPDATE tickets SET status = coalesce(?2, status), agent = coalesce(?3, agent),
                 changed_at = max(coalesce(?4, 0), coalesce(changed_at, 0)) WHERE id = ?1",
        )?
        .execute(params![settled.ticket, settled.status, settled.agent, changed_at])?;
    Ok(())
}

/// A step that changes nothing but the operation.
pub(super) fn transition(
    connection: &Connection,
    id: OperationId,
    transition: &Transition,
) -> rusqlite::Result<()> {
    let (operation, id) = (id, id.number());
    let ms = |at: &Timestamp| at.as_millisecond();
    match transition {
        Transition::Unclear { at, looks, problem } => connection
            .prepare_cached(
                "UPDATE operations SET state = 'unclear', due = ?2, looks = ?3, problem = ?4 WHERE id = ?1",
            )?
            .execute(params![id, ms(at), looks, problem])?,
        Transition::Retry { at, problem } => connection
            .prepare_cached("UPDATE operations SET state = 'retry', due = ?2, problem = ?3 WHERE id = ?1")?
            .execute(params![id, ms(at), problem])?,
        Transition::Done { at } => connection
            .prepare_cached(
                "UPDATE operations SET state = 'done', active = 0, head = 0, finished_at = ?2, problem = NULL
                 WHERE id = ?1",
            )?
            .execute(params![id, ms(at)])?,
        // A ticket that was refused holds back what was meant for it, until somebody decides.
        Transition::Dead { at, problem, story } => connection
            .prepare_cached(
                "UPDATE operations SET state = 'dead', active = (creates = 1), head = 0, finished_at = ?2,
                     problem = ?3, story = ?4 WHERE id = ?1",
            )?
            .execute(params![id, ms(at), problem, story])?,
        // Always another moment than before, so that a look under way does not take this one for its own.
        Transition::Recheck { at } => connection
            .prepare_cached(
                "UPDATE operations SET recheck_at = max(?2, coalesce(recheck_at, 0) + 1) WHERE id = ?1",
            )?
            .execute(params![id, ms(at)])?,
        Transition::Rechecked { due, again_at } => connection
            .prepare_cached("UPDATE operations SET recheck_at = ?3 WHERE id = ?1 AND recheck_at = ?2")?
            .execute(params![id, ms(due), again_at.as_ref().map(ms)])?,
        // Its waits begin anew; that it was sent before must not be forgotten: `may_be_there_twice`.
        Transition::Revive { at } => connection
            .prepare_cached(
                "UPDATE operations SET state = 'retry', active = 1, attempts = min(attempts, 2), due = ?2,
                     finished_at = NULL
                 WHERE id = ?1 AND state = 'dead'",
            )?
            .execute(params![id, ms(at)])?,
        Transition::Drop { at, problem } => connection
            .prepare_cached(
                "UPDATE operations SET state = 'dropped', active = 0, head = 0, finished_at = ?2, problem = ?3
                 WHERE id = ?1 AND state NOT IN ('done', 'folded')",
            )?
            .execute(params![id, ms(at), problem])?,
    };
    match transition {
        Transition::Done { .. }
        | Transition::Dead { .. }
        | Transition::Revive { .. }
        | Transition::Drop { .. } => next_heads(connection, operation),
        _ => Ok(()),
    }
}

/// Finds out anew which operations of a case nothing holds back, after one of them no longer does or does again. A
/// refused ticket holds back what is meant for it; neither it nor that holds back another ticket of its case.
///
/// LIMIT: a case may have thousands of operations waiting; whether one of them waits for a refused ticket is asked of
/// the index that knows them by ticket.
fn next_heads(connection: &Connection, id: OperationId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE operations SET head = NOT EXISTS (SELECT 1 FROM operations p WHERE p.active = 1
                 AND p.key = operations.key AND p.id < operations.id
                 AND (p.number = operations.number OR NOT EXISTS (
                     SELECT 1 FROM operations d INDEXED BY operations_ticket WHERE d.key = p.key
                         AND d.number = p.number AND d.active = 1 AND d.state = 'dead')))
             WHERE active = 1 AND key = (SELECT key FROM operations WHERE id = ?1)",
        )?
        .execute([id.number()])?;
    Ok(())
}
