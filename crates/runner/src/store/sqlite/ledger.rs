//! The ledger: for each source and day, how many events came and what became of them.
//!
//! `received` is counted when events are journalled and the outcomes when they are decided, each in the transaction
//! that does it, so that the two sides prove each other: what was received is decided or still waits to be.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::journal::Prepared;
use crate::store::event::Accepted;

/// LIMIT: days are UTC: a ledger that adds up cannot depend on whose midnight it is.
const DAY_MS: i64 = 86_400_000;

/// What accepting counts, gathered over one commit so that a thousand events cost a few rows.
#[derive(Debug, Default)]
pub(super) struct Counter {
    counts: HashMap<(i64, Arc<str>, &'static str), i64>,
    seen: HashMap<Arc<str>, i64>,
}

impl Counter {
    pub(super) fn accepted(&mut self, rows: &[Prepared], accepted: &[Accepted]) {
        for (row, first) in rows.iter().zip(accepted) {
            let at = row.received_at().as_millisecond();
            let what = if first.duplicate { "duplicate" } else { "received" };
            let day = at.div_euclid(DAY_MS);
            *self.counts.entry((day, Arc::clone(row.source()), what)).or_default() += row.count();
            let last = self.seen.entry(Arc::clone(row.source())).or_insert(at);
            *last = (*last).max(at);
        }
    }

    pub(super) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        let mut add = connection.prepare_cached(
            "INSERT INTO ledger VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (day, source, what) DO UPDATE SET count = count + excluded.count",
        )?;
        for ((day, source, what), count) in self.counts {
            add.execute(params![day, source, what, count])?;
        }
        let mut seen = connection.prepare_cached(
            "INSERT INTO sources_seen VALUES (?1, ?2)
             ON CONFLICT (source) DO UPDATE SET last_at = max(last_at, excluded.last_at)",
        )?;
        for (source, at) in self.seen {
            seen.execute(params![source, at])?;
        }
        Ok(())
    }
}

/// Counts what was decided about events, on the day they were received.
pub(super) fn decided(connection: &Connection, after: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO ledger SELECT j.received_at / 86400000, j.source, d.outcome, count(*)
             FROM decisions d JOIN journal j ON j.seq = (SELECT min(seq) FROM journal WHERE seq >= d.event)
             WHERE d.id > ?1 GROUP BY 1, 2, 3
             ON CONFLICT (day, source, what) DO UPDATE SET count = count + excluded.count",
        )?
        .execute([after])?;
    Ok(())
}

/// How many events are journalled and not decided, from the ledger: counting them in the journal would read all of them,
/// and whoever asks is asking because there are many.
pub(super) fn undecided(connection: &Connection, position: i64) -> rusqlite::Result<u64> {
    let oldest: Option<i64> = connection
        .prepare_cached("SELECT received_at FROM journal WHERE seq > ?1 ORDER BY seq LIMIT 1")?
        .query_row([position], |row| row.get(0))
        .optional()?;
    let Some(oldest) = oldest else { return Ok(0) };
    // LIMIT: a day more than the oldest one's. Times of receipt are nearly in the order of commits, not quite.
    let count: i64 = connection
        .prepare_cached(
            "SELECT coalesce(sum(CASE what WHEN 'received' THEN count WHEN 'duplicate' THEN 0 ELSE -count END), 0)
             FROM ledger WHERE day >= ?1",
        )?
        .query_row([oldest.div_euclid(DAY_MS) - 1], |row| row.get(0))?;
    Ok(count.max(0).unsigned_abs())
}
