//! Lists of what is in the store, newest first, page by page: for people who look, never for deciding.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, params};

use super::reader::Reader;
use super::{failure, journal, rows};
use crate::store::browse::{
    CaseFilter, EventFilter, Exchange, Page, QueueAge, RecordedDecision, SourceActivity,
};
use crate::store::error::StoreError;
use crate::store::event::JournalEntry;
use crate::store::id::{EventId, OperationId};
use crate::store::operation::{Operation, OperationState};
use haloward_rules::{Case, Key};

/// LIMIT: a filter that nothing fits must not walk a million rows for one page; the next page goes on from there.
const SCANNED: i64 = 20_000;

const DECISION: &str = "d.outcome, d.rule, d.key, d.details, d.rules, d.decided_at, d.cause, d.event";

impl Reader<'_> {
    /// Events, newest first, each with what was decided about it.
    ///
    /// A trace is no column of its own: few ever look for one, and every event would pay for it. So it is looked for in
    /// the events' text, and only what has it is read as JSON.
    pub fn events_page(
        &self,
        filter: &EventFilter,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Page<(JournalEntry, Option<RecordedDecision>), EventId>, StoreError> {
        let since = filter.since.map_or(EventId::from_number(0), EventId::first_at);
        let before = before.unwrap_or(EventId::from_number(i64::MAX));
        // The first row may also hold events from `before` on, the last one some of before `since`.
        let sql = format!(
            "SELECT {} FROM journal WHERE seq >= ?1
                 AND seq <= coalesce((SELECT min(seq) FROM journal WHERE seq >= ?2), ?2) ORDER BY seq DESC",
            journal::COLUMNS
        );
        let wanted = Wanted::of(filter);
        let ask = || -> rusqlite::Result<Page<_, EventId>> {
            let (mut items, mut looked) = (Vec::new(), 0);
            let mut statement = self.connection().prepare_cached(&sql)?;
            let mut rows = statement.query([since.number(), before.number()])?;
            while let Some(row) = rows.next()? {
                let row = journal::Row::read(row)?;
                for (id, text) in row.events().rev().filter(|(id, _)| *id >= since && *id < before) {
                    if wanted.may_be(row.source(), text) {
                        let entry = row.entry(id, text);
                        let decision = self.decision_about(id)?;
                        if wanted.is(&entry, decision.as_ref()) {
                            items.push((entry, decision));
                        }
                    }
                    looked += 1;
                    if items.len() == limit || looked == SCANNED {
                        return Ok(Page { items, next: Some(id) });
                    }
                }
            }
            Ok(Page { items, next: None })
        };
        ask().map_err(|error| failure(&error))
    }

    /// What was decided about an event.
    pub fn recorded(&self, event: EventId) -> Result<Option<RecordedDecision>, StoreError> {
        self.decision_about(event).map_err(|error| failure(&error))
    }

    fn decision_about(&self, event: EventId) -> rusqlite::Result<Option<RecordedDecision>> {
        let sql = format!("SELECT {DECISION} FROM decisions d WHERE d.event = ?1");
        let mut statement = self.connection().prepare_cached(&sql)?;
        Ok(statement.query_row([event.number()], |row| decision(row, 0)).optional()?.flatten())
    }

    /// The decisions about a case, timers and all, newest first.
    pub fn decisions_of(
        &self,
        key: &Key,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<RecordedDecision>, StoreError> {
        let sql = format!(
            "SELECT {DECISION} FROM decisions d WHERE d.key = ?1 AND (?2 IS NULL OR d.event < ?2)
             ORDER BY d.id DESC LIMIT ?3"
        );
        let params = params![key.as_str(), before.map(EventId::number), rows::limit(limit)];
        Ok(self.many(&sql, params, |row| decision(row, 0))?.into_iter().flatten().collect())
    }

    /// Decisions, newest first; the cursor counts them.
    pub fn decisions_page(
        &self,
        outcome: Option<&str>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Page<RecordedDecision, i64>, StoreError> {
        let before = before.unwrap_or(i64::MAX);
        let (scanned, lowest) = self.scan("decisions", "id", before, 0)?;
        let sql = format!(
            "SELECT {DECISION}, d.id FROM decisions d WHERE d.id < ?1 AND d.id >= ?2
                 AND (?3 IS NULL OR d.outcome = ?3) ORDER BY d.id DESC LIMIT ?4"
        );
        let params = params![before, lowest, outcome, rows::limit(limit)];
        let items = self.many(&sql, params, |row| Ok((decision(row, 0)?, row.get::<_, i64>(8)?)))?;
        let next = match items.last() {
            Some((_, id)) if items.len() == limit => Some(*id),
            _ => (scanned == SCANNED).then_some(lowest),
        };
        Ok(Page { items: items.into_iter().filter_map(|(decision, _)| decision).collect(), next })
    }

    /// Cases, the youngest first; the cursor counts them.
    pub fn cases_page(
        &self,
        filter: &CaseFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Page<Case, i64>, StoreError> {
        let before = before.unwrap_or(i64::MAX);
        let (scanned, lowest) = match (filter.state, filter.ticket) {
            // Few fit, and an index knows them.
            (Some(_), _) | (_, Some(_)) => (0, i64::MIN),
            _ => self.scan("cases", "rowid", before, i64::MIN)?,
        };
        let params = params![
            before,
            lowest,
            filter.state.map(rows::state_name),
            filter.text,
            filter.ticket,
            rows::limit(limit)
        ];
        let items = self.many(
            "SELECT body, rowid FROM cases WHERE rowid < ?1 AND rowid >= ?2 AND (?3 IS NULL OR state = ?3)
                 AND (?4 IS NULL OR instr(lower(key), lower(?4)) > 0) AND (?5 IS NULL OR ticket = ?5)
             ORDER BY rowid DESC LIMIT ?6",
            params,
            |row| Ok((rows::case(row)?, row.get::<_, i64>(1)?)),
        )?;
        let next = match items.last() {
            Some((_, id)) if items.len() == limit => Some(*id),
            _ => (scanned == SCANNED).then_some(lowest),
        };
        Ok(Page { items: items.into_iter().map(|(case, _)| case).collect(), next })
    }

    /// Operations in any of these states, newest first.
    pub fn operations_page(
        &self,
        states: &[OperationState],
        before: Option<OperationId>,
        limit: usize,
    ) -> Result<Page<Operation, OperationId>, StoreError> {
        let before = before.map_or(i64::MAX, OperationId::number);
        let sql = format!(
            "SELECT {} FROM operations o WHERE o.state = ?1 AND o.id < ?2 ORDER BY o.id DESC LIMIT ?3",
            rows::OPERATION
        );
        let mut items = Vec::new();
        // One state at a time, because that is how the index has them.
        for state in states {
            let params = params![state.as_str(), before, rows::limit(limit)];
            items.extend(self.many(&sql, params, rows::operation)?);
        }
        items.sort_by_key(|operation| std::cmp::Reverse(operation.id));
        items.truncate(limit);
        let next = if items.len() == limit { items.last().map(|operation| operation.id) } else { None };
        Ok(Page { items, next })
    }

    /// The operations of a case, newest first.
    pub fn operations_of(&self, key: &Key, limit: usize) -> Result<Vec<Operation>, StoreError> {
        let sql = format!(
            "SELECT {} FROM operations o WHERE o.key = ?1 ORDER BY o.id DESC LIMIT ?2",
            rows::OPERATION
        );
        self.many(&sql, params![key.as_str(), rows::limit(limit)], rows::operation)
    }

    /// The operations that an event led to, in order.
    pub fn operations_from(&self, event: EventId, limit: usize) -> Result<Vec<Operation>, StoreError> {
        // `0` is the character after `/`: every cause of this event lies in between.
        let sql = format!(
            "SELECT {} FROM operations o WHERE o.cause >= ?1 AND o.cause < ?2 ORDER BY o.id LIMIT ?3",
            rows::OPERATION
        );
        let params = params![format!("{event}/"), format!("{event}0"), rows::limit(limit)];
        self.many(&sql, params, rows::operation)
    }

    /// What people did to tickets after the `after`th decision, in order, each with its number.
    pub fn reports_after(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, RecordedDecision)>, StoreError> {
        let sql = format!(
            "SELECT {DECISION}, d.id FROM decisions d
             WHERE d.id > ?1 AND d.event IS NULL AND d.cause LIKE 'report/%' ORDER BY d.id LIMIT ?2"
        );
        let read = |row: &Row<'_>| Ok((row.get::<_, i64>(8)?, decision(row, 0)?));
        let found = self.many(&sql, params![after, rows::limit(limit)], read)?;
        Ok(found.into_iter().filter_map(|(id, decision)| Some((id, decision?))).collect())
    }

    /// The operations after one that no event led to, but a timer or what HaloPSA did, in order.
    pub fn operations_beside_events(
        &self,
        after: Option<OperationId>,
        limit: usize,
    ) -> Result<Vec<Operation>, StoreError> {
        let sql = format!(
            "SELECT {} FROM operations o WHERE o.id > ?1 AND o.cause NOT LIKE 'evt_%' ORDER BY o.id LIMIT ?2",
            rows::OPERATION
        );
        let after = after.map_or(0, OperationId::number);
        self.many(&sql, params![after, rows::limit(limit)], rows::operation)
    }

    /// What was said between us and HaloPSA about an operation, in order.
    pub fn exchanges(&self, operation: OperationId, limit: usize) -> Result<Vec<Exchange>, StoreError> {
        self.many(
            "SELECT at, said FROM (SELECT id, at, said FROM exchanges WHERE operation = ?1
                 ORDER BY id DESC LIMIT ?2) ORDER BY id",
            params![operation.number(), rows::limit(limit)],
            |row| {
                let said: String = row.get(1)?;
                let said = serde_json::from_str(&said).unwrap_or(serde_json::Value::String(said));
                Ok(Exchange { at: rows::time(row.get(0)?), said })
            },
        )
    }

    /// What a dead operation's last request and answer were, as JSON.
    pub fn story(&self, operation: OperationId) -> Result<Option<String>, StoreError> {
        let story = self.one("SELECT story FROM operations WHERE id = ?1", [operation.number()], |row| {
            row.get::<_, Option<String>>(0)
        })?;
        Ok(story.flatten())
    }

    /// The counts of each source and day from `since` on: day (in days since 1970), source, what, how many.
    pub fn ledger(&self, since: i64) -> Result<Vec<(i64, String, String, u64)>, StoreError> {
        self.many(
            "SELECT day, source, what, count FROM ledger WHERE day >= ?1 ORDER BY day, source, what",
            [since],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, i64>(3)?.max(0).unsigned_abs())),
        )
    }

    /// When each source was last heard of.
    pub fn source_activity(&self, source: &str) -> Result<SourceActivity, StoreError> {
        let last = self.one("SELECT last_at FROM sources_seen WHERE source = ?1", [source], |row| {
            row.get::<_, i64>(0)
        })?;
        Ok(SourceActivity { last_event_at: last.map(rows::time) })
    }

    /// The event that a delivery was when it came before.
    pub fn delivered(&self, source: &str, delivery: &str) -> Result<Option<EventId>, StoreError> {
        let sql = "SELECT min(seq - count + 1) FROM journal WHERE source = ?1 AND delivery = ?2";
        let first = self.one(sql, [source, delivery], |row| row.get::<_, Option<i64>>(0))?;
        Ok(first.flatten().map(EventId::from_number))
    }

    /// How long the oldest of each queue has been waiting: since when.
    pub fn oldest(&self) -> Result<QueueAge, StoreError> {
        let position = self.position()?.map_or(0, EventId::number);
        let journal = self.one(
            "SELECT received_at FROM journal WHERE seq > ?1 ORDER BY seq LIMIT 1",
            [position],
            |row| row.get::<_, i64>(0),
        )?;
        let of = |states: &[OperationState]| -> Result<Option<Timestamp>, StoreError> {
            let mut oldest: Option<i64> = None;
            for state in states {
                let first = self.one(
                    "SELECT created_at FROM operations WHERE state = ?1 ORDER BY id LIMIT 1",
                    [state.as_str()],
                    |row| row.get::<_, i64>(0),
                )?;
                oldest = [oldest, first].into_iter().flatten().min();
            }
            Ok(oldest.map(rows::time))
        };
        Ok(QueueAge {
            undecided: journal.map(rows::time),
            waiting: of(&[OperationState::Waiting, OperationState::Retry])?,
            unclear: of(&[OperationState::Sending, OperationState::Unclear])?,
            dead: of(&[OperationState::Dead])?,
        })
    }

    /// Bytes of the file that hold something.
    pub fn bytes(&self) -> Result<u64, StoreError> {
        let pragma = |name: &str| -> Result<i64, StoreError> {
            let read = self.connection().query_row(&format!("PRAGMA {name}"), [], |row| row.get(0));
            read.map_err(|error| failure(&error))
        };
        let pages = pragma("page_count")? - pragma("freelist_count")?;
        Ok(pages.saturating_mul(pragma("page_size")?).max(0).unsigned_abs())
    }

    /// How many rows one page may look at, and where it has to end.
    fn scan(&self, table: &str, id: &str, before: i64, from: i64) -> Result<(i64, i64), StoreError> {
        let sql = format!(
            "SELECT count(*), min(id) FROM (SELECT {id} AS id FROM {table} WHERE {id} < ?1 AND {id} >= ?2
                 ORDER BY {id} DESC LIMIT {SCANNED})"
        );
        let ask = self
            .connection()
            .query_row(&sql, [before, from], |row| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?)))
            .optional();
        let (count, lowest) = ask.map_err(|error| failure(&error))?.unwrap_or((0, None));
        Ok((count, lowest.unwrap_or(from)))
    }
}

/// What somebody looks for among the events.
struct Wanted<'f> {
    filter: &'f EventFilter,
    trace: Option<String>,
    /// In lower case.
    text: Option<String>,
}

impl<'f> Wanted<'f> {
    fn of(filter: &'f EventFilter) -> Self {
        let trace = filter.trace.map(|trace| trace.to_string());
        Self { filter, trace, text: filter.text.as_ref().map(|text| text.to_ascii_lowercase()) }
    }

    /// Whether an event may be it, by what needs no reading of it.
    fn may_be(&self, source: &str, event: &str) -> bool {
        self.filter.source.as_ref().is_none_or(|wanted| wanted == source)
            && self.trace.as_ref().is_none_or(|trace| event.contains(trace))
            && self.text.as_ref().is_none_or(|text| event.to_ascii_lowercase().contains(text))
    }

    fn is(&self, entry: &JournalEntry, decision: Option<&RecordedDecision>) -> bool {
        let outcome = decision.map(|decision| decision.outcome.as_str());
        self.trace.as_deref().is_none_or(|trace| entry.event.trace() == Some(trace))
            && self.filter.outcome.as_deref().is_none_or(|wanted| outcome == Some(wanted))
    }
}

/// A decision from the columns that start at `first`; `None` where there is none.
fn decision(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<RecordedDecision>> {
    let Some(outcome) = row.get::<_, Option<String>>(first)? else { return Ok(None) };
    let details: String = row.get(first + 3)?;
    Ok(Some(RecordedDecision {
        outcome,
        rule: row.get(first + 1)?,
        key: row.get(first + 2)?,
        details: serde_json::from_str(&details).unwrap_or(serde_json::Value::String(details)),
        rules: row.get(first + 4)?,
        at: rows::time(row.get(first + 5)?),
        cause: row.get(first + 6)?,
        event: row.get::<_, Option<i64>>(first + 7)?.map(EventId::from_number),
    }))
}
