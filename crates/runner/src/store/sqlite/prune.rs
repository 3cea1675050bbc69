//! Forgetting what nobody needs any more: a few rows at a time, by the writer, between other commits.
//!
//! INVARIANT: what is undecided or undelivered stays, however old or large; so do living cases, what their tickets
//! are known by, and whatever a delivery may still be recognized by (`what_is_still_needed_is_never_pruned`).

use rusqlite::{Connection, params};

use super::state;
use crate::store::id::{EventId, OperationId};
use crate::store::keep::{Cutoffs, Pruned, Stage};

/// LIMIT: so much is looked at in one transaction, so that whoever waits for its commit waits for milliseconds. What is
/// young is not looked through (`what_is_young_is_not_looked_through`): ids are in the order of time, nearly always, and what
/// a clock put before its time is forgotten that much later.
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
fn further(is_more: bool, deleted: u64, same: Stage, next: Stage) -> Pruned {
    Pruned { deleted, next: Some(if is_more { same } else { next }) }
}

/// Whether so many rows are all that one part looks at.
fn is_full(rows: usize) -> bool {
    rows as i64 == ROWS
}

fn events(connection: &Connection, cutoffs: &Cutoffs, after: i64) -> rusqlite::Result<Pruned> {
    let position: i64 = connection
        .prepare_cached("SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE name = ?1), 0)")?
        .query_row([state::POSITION], |row| row.get(0))?;
    let before = EventId::first_at(cutoffs.events).number();
    let mut find = connection.prepare_cached(
        "SELECT seq, count FROM journal WHERE seq > ?1 AND seq < ?2 AND seq <= ?3 ORDER BY seq",
    )?;
    let mut found = find.query(params![after, before, position])?;
    let (mut candidates, mut looked) = (Vec::new(), 0);
    while looked < ROWS
        && let Some(row) = found.next()?
    {
        let (seq, count): (i64, i64) = (row.get(0)?, row.get(1)?);
        candidates.push((seq, count));
        looked += count;
    }
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
    Ok(further(looked >= ROWS, deleted, Stage::Events { after: last }, Stage::Decisions { after: 0 }))
}

/// A decision goes with its event; a timer's goes with its age.
fn decisions(connection: &Connection, cutoffs: &Cutoffs, after: i64) -> rusqlite::Result<Pruned> {
    let rows: Vec<(i64, bool, bool)> = connection
        .prepare_cached(
            "SELECT d.id, d.decided_at < ?2, d.event IS NULL OR NOT EXISTS (SELECT 1 FROM journal j
                 WHERE j.seq = (SELECT min(seq) FROM journal WHERE seq >= d.event) AND j.seq - j.count < d.event)
             FROM decisions d WHERE d.id > ?1 ORDER BY d.id LIMIT ?3",
        )?
        .query_map(params![after, cutoffs.events.as_millisecond(), ROWS], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut delete = connection.prepare_cached("DELETE FROM decisions WHERE id = ?1")?;
    let mut deleted = 0;
    for (id, ..) in rows.iter().filter(|(_, old, free)| *old && *free) {
        deleted += delete.execute([id])? as u64;
    }
    let last = rows.last().map_or(after, |(id, ..)| *id);
    let is_more = is_full(rows.len()) && rows.iter().any(|(_, old, _)| *old);
    Ok(further(is_more, deleted, Stage::Decisions { after: last }, Stage::Operations { after: 0 }))
}

/// Operations that are over. The one that opened a living case's ticket stays: the ticket is known by it.
fn operations(connection: &Connection, cutoffs: &Cutoffs, after: i64) -> rusqlite::Result<Pruned> {
    let before = OperationId::first_at(cutoffs.operations).number();
    let rows: Vec<(i64, bool)> = connection
        .prepare_cached(
            "SELECT o.id, o.state IN ('done', 'folded', 'dropped') AND o.recheck_at IS NULL
                 AND NOT (o.creates AND EXISTS (SELECT 1 FROM cases c WHERE c.key = o.key AND c.state <> 'resolved'))
             FROM operations o WHERE o.id > ?1 AND o.id < ?2 AND o.created_at < ?3 ORDER BY o.id LIMIT ?4",
        )?
        .query_map(params![after, before, cutoffs.operations.as_millisecond(), ROWS], |row| {
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
    Ok(further(is_full(rows.len()), deleted, Stage::Operations { after: last }, Stage::Cases { after: 0 }))
}

/// Cases that are over and that nothing waits for, with what their tickets were known by.
fn cases(connection: &Connection, cutoffs: &Cutoffs, after: i64) -> rusqlite::Result<Pruned> {
    let rows: Vec<(i64, String, i64)> = connection
        .prepare_cached(
            "SELECT c.ended_at, c.key, c.rowid FROM cases c INDEXED BY cases_ended
             WHERE c.state = 'resolved' AND c.ended_at >= ?1 AND c.ended_at < ?2 ORDER BY c.ended_at LIMIT ?3",
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
    Ok(further(is_full(rows.len()), deleted, same, Stage::Ledger))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use jiff::Timestamp;

    use super::super::schema;
    use super::*;

    /// A store of decided events, each with an operation that is done and a case that is over, all of now.
    fn of_now(events: i64) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        schema::migrate(&connection, std::path::Path::new(":memory:")).unwrap();
        let at = Timestamp::from_second(1_767_600_000).unwrap();
        let (first, now) = (EventId::first_at(at).number(), at.as_millisecond());
        let fill = format!(
            "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < {events})
             INSERT INTO journal (seq, source, item, received_at, event) SELECT {first} + n, 's', 0, {now}, '{{}}' FROM n;
             INSERT INTO decisions (event, cause, outcome, details, rules, decided_at)
                 SELECT seq, 'evt', 'nothing', '{{}}', 'v', {now} FROM journal;
             INSERT INTO operations (id, cause, key, number, kind, severity, state, active, head, creates, effect, due, created_at)
                 SELECT seq, 'op' || seq, 'k' || seq, 1, 'note', 0, 'done', 0, 0, 0, '{{}}', 0, {now} FROM journal;
             INSERT INTO cases (key, state, ended_at, body) SELECT 'k' || seq, 'resolved', {now}, '{{}}' FROM journal;
             INSERT INTO meta VALUES ('position', '{last}');",
            last = first + events
        );
        connection.execute_batch(&fill).unwrap();
        connection
    }

    /// What SQLite does for each part of forgetting, in steps of its machine.
    fn steps(mut connection: Connection) -> Vec<u64> {
        let counted = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&counted);
        let count = move || {
            counter.fetch_add(1, Ordering::Relaxed);
            false
        };
        connection.progress_handler(1, Some(count)).unwrap();
        let young = Timestamp::from_second(1_767_500_000).unwrap();
        let cutoffs = Cutoffs { events: young, operations: young, cases: young, ledger: young };
        let (mut stage, mut steps) = (Some(Stage::FIRST), Vec::new());
        while let Some(next) = stage {
            let pruned = prune(&connection, &cutoffs, next).unwrap();
            assert_eq!(pruned.deleted, 0, "all of it is young");
            steps.push(counted.swap(0, Ordering::Relaxed));
            stage = pruned.next;
        }
        steps
    }

    /// Whoever accepts events waits for it: it must not take longer the more is kept.
    #[test]
    fn what_is_young_is_not_looked_through() {
        let (few, many) = (steps(of_now(1_000)), steps(of_now(8_000)));
        assert_eq!(few.len(), 5, "one part for each stage");
        assert_eq!(few, many);
    }
}
