//! What a decided batch leaves behind: position, cases, feeds, timers, outbox, records. All in one transaction.

use haloward_rules::{Case, TimerChange};
use rusqlite::{Connection, params};

use super::packed::Packed;
use super::{failure, ledger, outbox, schema};
use crate::store::change::{Bodies, DecisionBatch, DecisionRecord};
use crate::store::error::StoreError;

/// The note that holds the last decided event.
pub(super) const POSITION: &str = "position";

pub(super) fn decided(
    connection: &Connection,
    batch: &DecisionBatch,
    bodies: &Bodies,
) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| failure(&error);
    for (change, body) in batch.cases.iter().zip(&bodies.cases) {
        case(connection, &change.case, body, change.known_feeds).map_err(failed)?;
    }
    for change in &batch.timers {
        timer(connection, change).map_err(failed)?;
    }
    for (operation, effect) in batch.operations.iter().zip(&bodies.effects) {
        outbox::enqueue(connection, operation, effect).map_err(failed)?;
    }
    batch.sending.iter().try_for_each(|sending| outbox::sending(connection, sending))?;
    for (id, settled) in &batch.settled {
        outbox::settle(connection, *id, settled).map_err(failed)?;
    }
    for (id, transition) in &batch.moved {
        outbox::transition(connection, *id, transition).map_err(failed)?;
    }
    batch.corrected.iter().try_for_each(|corrected| outbox::correct(connection, corrected))?;
    if !batch.records.is_empty() {
        let before = last_decision(connection).map_err(failed)?;
        for entry in &batch.records {
            record(connection, entry).map_err(failed)?;
        }
        ledger::decided(connection, before).map_err(failed)?;
    }
    if let Some(position) = batch.position {
        schema::set_note(connection, POSITION, &position.number().to_string()).map_err(failed)?;
    }
    Ok(())
}

fn case(connection: &Connection, case: &Case, body: &Packed, known_feeds: usize) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO cases (key, state, ticket, ended_at, body) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (key) DO UPDATE SET state = excluded.state, ticket = excluded.ticket,
                 ended_at = excluded.ended_at, body = excluded.body",
        )?
        .execute(params![
            case.key.as_str(),
            super::rows::state_name(case.state),
            case.ticket.id,
            case.ended_at.map(jiff::Timestamp::as_millisecond),
            body,
        ])?;
    if !case.is_alive() {
        connection.prepare_cached("DELETE FROM feeds WHERE key = ?1")?.execute([case.key.as_str()])?;
        return Ok(());
    }
    let mut insert = connection.prepare_cached("INSERT OR IGNORE INTO feeds VALUES (?1, ?2, ?3)")?;
    for feed in case.feeds.iter().skip(known_feeds) {
        insert.execute(params![feed.source, feed.fingerprint, case.key.as_str()])?;
    }
    Ok(())
}

fn timer(connection: &Connection, change: &TimerChange) -> rusqlite::Result<()> {
    match change {
        TimerChange::Set { key, kind, due } => connection
            .prepare_cached(
                "INSERT INTO timers VALUES (?1, ?2, ?3) ON CONFLICT (key, kind) DO UPDATE SET due = excluded.due",
            )?
            .execute(params![key.as_str(), kind.as_str(), due.as_millisecond()])?,
        TimerChange::Cancel { key, kind } => connection
            .prepare_cached("DELETE FROM timers WHERE key = ?1 AND kind = ?2")?
            .execute(params![key.as_str(), kind.as_str()])?,
    };
    Ok(())
}

fn last_decision(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT coalesce(max(id), 0) FROM decisions")?.query_row([], |row| row.get(0))
}

fn record(connection: &Connection, record: &DecisionRecord) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO decisions (event, cause, outcome, rule, key, details, rules, decided_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            record.event.map(crate::store::EventId::number),
            record.cause,
            record.outcome.as_str(),
            record.rule.as_ref().map(haloward_rules::RuleId::as_str),
            record.key.as_ref().map(haloward_rules::Key::as_str),
            record.details,
            record.rules,
            record.at.as_millisecond(),
        ])?;
    Ok(())
}
