//! Forgetting what nobody needs any more: a few rows at a time, by the writer, between other commits.
//!
//! INVARIANT: what is undecided or undelivered stays, however old or large; so do living cases, what their tickets
//! are known by, and whatever a delivery may still be recognized by (`what_is_still_needed_is_never_pruned`).

use rusqlite::{Connection, params};

use super::state;
use crate::store::id::EventId;
use crate::store::keep::{Cutoffs, Pruned, Stage};

/// LIMIT: rows looked at in one transaction, so that whoever waits for its commit waits for milliseconds.
const ROWS: i64 = 250;

/// Does one small part, from where the last one ended.
pub(super) fn prune(connection: &Connection, cutoffs: &Cutoffs, stage: Stage) -> rusqlite::Result<Pruned> {
    match stage {
        Stage::Events { after } => events(connection, cutoffs, after),
        Stage::Decisions { after } => decisions(connection, cutoffs, after),
        Stage::Operations { after } => operations(connection, cutoffs, after),
        Stage::Cases { after } => cases(connection, cutoffs, after),
        Stage::Ledger => {
            let day = cutoffs.ledger.as_millisecond().div_euclid(86_400_000);
            let mut deleted =
                connection.prepare_cached("DELETE FROM ledger WHERE day < ?1")?.execute([day])?;
            let over = cutoffs.cases.as_millisecond();
            deleted += connection.prepare_cached("DELETE FROM silences WHERE until < ?1")?.execute([over])?;
            Ok(Pruned { deleted: deleted as u64, next: None })
        }
    }
}

/// What follows a part: the same stage further on, or the next one.
fn further(looked: usize, deleted: u64, same: Stage, next: Option<Stage>) -> Pruned {
    let next = if looked as i64 == ROWS { Some(same) } else { next };
    Pruned { deleted, next }
}

fn events(connection: &Connection, cutoffs: &Cutoffs, after: i64) -> rusqlite::Result<Pruned> {
    let position: i64 = connection
        .prepare_cached("SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE name = ?1), 0)")?
        .query_row([state::POSITION], |row| row.get(0))?;
    let before = EventId::first_at(cutoffs.events).number();
    let candidates: Vec<(i64, i64)> = connection
        .prepare_cached(
            "SELECT seq, count FROM journal WHERE seq > ?1 AND seq < ?2 AND seq <= ?3 ORDER BY seq LIMIT ?4",
        )?
        .query_map(params![after, before, position, ROWS], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut undelivered = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM operations WHERE cause >= ?1 AND cause < ?2
             AND state NOT IN ('done', 'folded', 'dropped'))",
    )?;
    let mut delete = connection.prepare_cached("DELETE FROM journal WHERE seq = ?1")?;
    let mut deleted = 0;
    for (seq, count) in &candidates {
        let (first, last) = (EventId::from_number(seq - count + 1), EventId::from_number(*seq));
        if !undelivered.query_row([format!("{first}/"), format!("{last}0")], |row| row.get(0))? {
            delete.execute([seq])?;
            deleted += count.unsigned_abs();
        }
    }
    let last = candidates.last().map_or(after, |(seq, _)| *seq);
    Ok(further(candidates.len(), deleted, Stage::Events { after: last }, Some(Stage::Decisions { after: 0 })))
}

/// A decision goes with its event; a timer's goes with its age.
fn decisions(connection: &Connection, cutoffs: &Cutoffs, after: i64) -> rusqlite::Result<Pruned> {
    let rows: Vec<(i64, bool)> = connection
        .prepare_cached(
            "SELECT d.id, d.event IS NULL OR NOT EXISTS (SELECT 1 FROM journal j
                 WHERE j.seq = (SELECT min(seq) FROM journal WHERE seq >= d.event) AND j.seq - j.count < d.event)
             FROM decisions d WHERE d.id > ?1 AND d.decided_at < ?2 ORDER BY d.id LIMIT ?3",
        )?
        .query_map(params![after, cutoffs.events.as_millisecond(), ROWS], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut delete = connection.prepare_cached("DELETE FROM decisions WHERE id = ?1")?;
    let mut deleted = 0;
    for (id, _) in rows.iter().filter(|(_, free)| *free) {
        deleted += delete.execute([id])? as u64;
    }
    let last = rows.last().map_or(after, |(id, _)| *id);
    Ok(further(rows.len(), deleted, Stage::Decisions { after: last }, Some(Stage::Operations { after: 0 })))
}

/// Operations that are over. The one that opened a living case's ticket stays: the ticket is known by it.
fn operations(connection: &Connection, cutoffs: &Cutoffs, after: i64) -> rusqlite::Result<Pruned> {
    let rows: Vec<(i64, bool)> = connection
        .prepare_cached(
            "SELECT o.id, o.state IN ('done', 'folded', 'dropped') AND o.recheck_at IS NULL
                 AND NOT (o.creates AND EXISTS (SELECT 1 FROM cases c WHERE c.key = o.key AND c.state <> 'resolved'))
             FROM operations o WHERE o.id > ?1 AND o.created_at < ?2 ORDER BY o.id LIMIT ?3",
        )?
        .query_map(params![after, cutoffs.operations.as_millisecond(), ROWS], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut delete = connection.prepare_cached("DELETE FROM operations WHERE id = ?1")?;
    let mut said = connection.prepare_cached("DELETE FROM exchanges WHERE operation = ?1")?;
    let mut deleted = 0;
    for (id, _) in rows.iter().filter(|(_, over)| *over) {
        said.execute([id])?;
        deleted += delete.execute([id])? as u64;
    }
    let last = rows.last().map_or(after, |(id, _)| *id);
    Ok(further(rows.len(), deleted, Stage::Operations { after: last }, Some(Stage::Cases { after: 0 })))
}

/// Cases that are over and that nothing waits for, with what their tickets were known by.
fn cases(connection: &Connection, cutoffs: &Cutoffs, after: i64) -> rusqlite::Result<Pruned> {
    let rows: Vec<(i64, String, i64)> = connection
        .prepare_cached(
            "SELECT c.ended_at, c.key, c.rowid FROM cases c WHERE c.state = 'resolved' AND c.ended_at >= ?1
                 AND c.ended_at < ?2 ORDER BY c.ended_at LIMIT ?3",
        )?
        .query_map(params![after, cutoffs.cases.as_millisecond(), ROWS], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut needed = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM timers WHERE key = ?1)
             OR EXISTS (SELECT 1 FROM operations WHERE key = ?1 AND active = 1)",
    )?;
    let mut deleted = 0;
    for (_, key, _) in &rows {
        if needed.query_row([key], |row| row.get(0))? {
            continue;
        }
        for sql in [
            "DELETE FROM tickets WHERE key = ?1",
            "DELETE FROM feeds WHERE key = ?1",
            "DELETE FROM cases WHERE key = ?1",
        ] {
            connection.prepare_cached(sql)?.execute([key])?;
        }
        deleted += 1;
    }
    // Many may have ended at one time: those that stay must not be looked at for ever.
    let last = rows.last().map_or(after, |(ended_at, ..)| *ended_at);
    let same = Stage::Cases { after: if deleted == 0 { last + 1 } else { last } };
    Ok(further(rows.len(), deleted, same, Some(Stage::Ledger)))
}
