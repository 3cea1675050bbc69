//! Questions to the store, answered from one consistent view of what is committed.

use haloward_rules::{Case, Key, Silence, Timer, TimerKind};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::{failure, journal, ledger, outbox, rows, schema, state};
use crate::store::error::StoreError;
use crate::store::event::{JournalEntry, SeenBody};
use crate::store::id::{EventId, OperationId};
use crate::store::operation::{DoneTo, KnownTicket, Operation, OperationState};
use crate::store::view::Counts;

/// One consistent view of what is committed.
#[derive(Debug)]
pub struct Reader<'c> {
    connection: &'c Connection,
}

impl<'c> Reader<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { connection }
    }

    pub(super) fn connection(&self) -> &Connection {
        self.connection
    }

    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        let ask = || self.connection.prepare_cached(sql)?.query_row(params, read).optional();
        ask().map_err(|error| failure(&error))
    }

    pub(super) fn many<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let ask =
            || self.connection.prepare_cached(sql)?.query_map(params, read)?.collect::<rusqlite::Result<_>>();
        ask().map_err(|error| failure(&error))
    }

    /// The last event that was decided.
    pub fn position(&self) -> Result<Option<EventId>, StoreError> {
        let note = schema::note(self.connection, state::POSITION)?;
        Ok(note.and_then(|text| text.parse().ok()).map(EventId::from_number))
    }

    /// The events after `position`, in the order they were committed.
    pub fn undecided(
        &self,
        position: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let after = position.unwrap_or(EventId::from_number(0));
        let sql = format!("SELECT {} FROM journal WHERE seq > ?1 ORDER BY seq", journal::COLUMNS);
        let ask = || -> rusqlite::Result<Vec<JournalEntry>> {
            let mut entries = Vec::new();
            let mut statement = self.connection.prepare_cached(&sql)?;
            let mut rows = statement.query([after.number()])?;
            while entries.len() < limit
                && let Some(row) = rows.next()?
            {
                let row = journal::Row::read(row)?;
                let events = row.events().filter(|(id, _)| *id > after).take(limit - entries.len());
                entries.extend(events.map(|(id, text)| row.entry(id, text)));
            }
            Ok(entries)
        };
        ask().map_err(|error| failure(&error))
    }

    /// One event.
    pub fn event(&self, id: EventId) -> Result<Option<JournalEntry>, StoreError> {
        let sql = format!("SELECT {} FROM journal WHERE seq >= ?1 ORDER BY seq LIMIT 1", journal::COLUMNS);
        let Some(row) = self.one(&sql, [id.number()], journal::Row::read)? else { return Ok(None) };
        let found = row.events().find(|(event, _)| *event == id);
        Ok(found.map(|(id, text)| row.entry(id, text)))
    }

    /// The deliveries since then whose ids begin with `prefix`, oldest first, of the last `most` rows.
    pub fn bodies(&self, prefix: &str, since: Timestamp, most: usize) -> Result<Vec<SeenBody>, StoreError> {
        let sql = "SELECT delivery, received_at FROM
                 (SELECT seq, delivery, received_at FROM journal WHERE seq >= ?1 ORDER BY seq DESC LIMIT ?2)
             WHERE substr(delivery, 1, length(?3)) = ?3 ORDER BY seq";
        let read = |row: &Row<'_>| {
            let at = Timestamp::from_millisecond(row.get(1)?).unwrap_or(Timestamp::UNIX_EPOCH);
            Ok(SeenBody { delivery: row.get(0)?, at })
        };
        self.many(sql, params![EventId::first_at(since).number(), rows::limit(most), prefix], read)
    }

    /// What was recorded about an event, as JSON.
    pub fn decision(&self, event: EventId) -> Result<Option<String>, StoreError> {
        self.one("SELECT details FROM decisions WHERE event = ?1", [event.number()], |row| row.get(0))
    }

    /// The case of a key.
    pub fn case(&self, key: &Key) -> Result<Option<Case>, StoreError> {
        self.one("SELECT body FROM cases WHERE key = ?1", [key.as_str()], rows::case)
    }

    /// The keys of the cases, waiting or open, that a source's fingerprint feeds, in order.
    pub fn fed_keys(&self, source: &str, fingerprint: &str) -> Result<Vec<Key>, StoreError> {
        self.many(
            "SELECT key FROM feeds WHERE source = ?1 AND fingerprint = ?2 ORDER BY key",
            [source, fingerprint],
            |row| row.get::<_, String>(0).map(|key| Key::new(&key)),
        )
    }

    /// The timers that are due, in order.
    pub fn due_timers(&self, now: Timestamp, limit: usize) -> Result<Vec<(Timer, Timestamp)>, StoreError> {
        self.many(
            "SELECT key, kind, due FROM timers WHERE due <= ?1 ORDER BY due, key, kind LIMIT ?2",
            params![now.as_millisecond(), rows::limit(limit)],
            |row| {
                let (key, kind): (String, String) = (row.get(0)?, row.get(1)?);
                let kind = TimerKind::parse(&kind).unwrap_or(TimerKind::Forget);
                Ok((Timer { key: Key::new(&key), kind }, rows::time(row.get(2)?)))
            },
        )
    }

    /// When the next timer is due.
    pub fn next_timer(&self) -> Result<Option<Timestamp>, StoreError> {
        let due = self.one("SELECT min(due) FROM timers", [], |row| row.get::<_, Option<i64>>(0))?;
        Ok(due.flatten().map(rows::time))
    }

    /// The greatest id of an operation.
    pub fn last_operation(&self) -> Result<Option<OperationId>, StoreError> {
        let last = self.one("SELECT max(id) FROM operations", [], |row| row.get::<_, Option<i64>>(0))?;
        Ok(last.flatten().map(OperationId::from_number))
    }

    /// The operations whose turn it is, those that open tickets (`creates`) or the others: the first of each case, the
    /// most urgent and then the oldest first.
    pub fn ready(&self, now: Timestamp, creates: bool, limit: usize) -> Result<Vec<Operation>, StoreError> {
        // LIMIT: the planner would rather sort the whole queue; the index has it in order.
        let sql = format!(
            "SELECT {} FROM operations o INDEXED BY operations_queue
             WHERE o.head = 1 AND o.creates = ?2 AND o.state IN ('waiting', 'retry', 'unclear') AND o.due <= ?1
             ORDER BY o.severity DESC, o.id LIMIT ?3",
            rows::OPERATION
        );
        self.many(&sql, params![now.as_millisecond(), creates, rows::limit(limit)], rows::operation)
    }

    /// The creations whose outcome is not known and that are to be looked for, the most urgent and then the oldest first.
    pub(crate) fn to_find(&self, now: Timestamp, limit: usize) -> Result<Vec<Operation>, StoreError> {
        let sql = format!(
            "SELECT {} FROM operations o INDEXED BY operations_state
             WHERE o.state = 'unclear' AND o.creates = 1 AND o.head = 1 AND o.due <= ?1
             ORDER BY o.severity DESC, o.id LIMIT ?2",
            rows::OPERATION
        );
        self.many(&sql, params![now.as_millisecond(), rows::limit(limit)], rows::operation)
    }

    /// The messages whose turn it is: the first of each channel that is due. One that was being sent is among them: the
    /// process that sent it is gone.
    pub(crate) fn notices(&self, now: Timestamp, limit: usize) -> Result<Vec<Operation>, StoreError> {
        let sql = format!(
            "SELECT {} FROM operations o INDEXED BY operations_queue
             WHERE o.head = 1 AND o.creates = ?2 AND o.due <= ?1 ORDER BY o.severity DESC, o.id LIMIT ?3",
            rows::OPERATION
        );
        self.many(&sql, params![now.as_millisecond(), outbox::NOTICES, rows::limit(limit)], rows::operation)
    }

    /// When the next message is due.
    pub(crate) fn next_notice(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let due = self.one(
            "SELECT min(due) FROM operations INDEXED BY operations_queue
             WHERE head = 1 AND creates = ?2 AND due > ?1",
            params![now.as_millisecond(), outbox::NOTICES],
            |row| row.get::<_, Option<i64>>(0),
        )?;
        Ok(due.flatten().map(rows::time))
    }

    /// The operations of the same ticket that come right after one and were never sent.
    pub fn following(&self, operation: &Operation, limit: usize) -> Result<Vec<Operation>, StoreError> {
        let sql = format!(
            "SELECT {} FROM operations o WHERE o.active = 1 AND o.key = ?1 AND o.id > ?2 ORDER BY o.id LIMIT ?3",
            rows::OPERATION
        );
        let params = params![operation.key().as_str(), operation.id.number(), rows::limit(limit)];
        self.many(&sql, params, rows::operation)
    }

    /// Whether an operation of this case and cause would stand alone: nothing of its case is still to be done, and it
    /// was not enqueued before.
    pub(crate) fn is_first(&self, key: &Key, cause: &str) -> Result<bool, StoreError> {
        let known = self.one(
            "SELECT EXISTS (SELECT 1 FROM operations WHERE active = 1 AND key = ?1)
                 OR EXISTS (SELECT 1 FROM operations WHERE cause = ?2)",
            [key.as_str(), cause],
            |row| row.get::<_, bool>(0),
        )?;
        Ok(known == Some(false))
    }

    /// When an operation that waits for a time is next due, or a look for duplicates is.
    pub fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let due = self.one(
            "SELECT min(at) FROM (
                 SELECT min(due) AS at FROM operations INDEXED BY operations_due WHERE active = 1 AND creates < 2 AND due > ?1
                 UNION ALL SELECT min(recheck_at) FROM operations WHERE recheck_at IS NOT NULL)",
            [now.as_millisecond()],
            |row| row.get::<_, Option<i64>>(0),
        )?;
        Ok(due.flatten().map(rows::time))
    }

    /// Done operations that are to be looked at again now.
    pub fn to_recheck(&self, now: Timestamp, limit: usize) -> Result<Vec<Operation>, StoreError> {
        let sql = format!(
            "SELECT {} FROM operations o WHERE o.recheck_at IS NOT NULL AND o.recheck_at <= ?1
             ORDER BY o.recheck_at LIMIT ?2",
            rows::OPERATION
        );
        self.many(&sql, params![now.as_millisecond(), rows::limit(limit)], rows::operation)
    }

    /// One operation.
    pub fn operation(&self, id: OperationId) -> Result<Option<Operation>, StoreError> {
        let sql = format!("SELECT {} FROM operations o WHERE o.id = ?1", rows::OPERATION);
        self.one(&sql, [id.number()], rows::operation)
    }

    /// The operations in a state, oldest first.
    pub fn operations(&self, state: OperationState, limit: usize) -> Result<Vec<Operation>, StoreError> {
        let sql =
            format!("SELECT {} FROM operations o WHERE o.state = ?1 ORDER BY o.id LIMIT ?2", rows::OPERATION);
        self.many(&sql, params![state.as_str(), rows::limit(limit)], rows::operation)
    }

    /// The operations that HaloPSA refused for good, oldest first, each with its story as JSON.
    pub fn dead_letters(&self, limit: usize) -> Result<Vec<(Operation, String)>, StoreError> {
        let sql = format!(
            "SELECT {}, o.story FROM operations o WHERE o.state = 'dead' ORDER BY o.id LIMIT ?1",
            rows::OPERATION
        );
        self.many(&sql, [rows::limit(limit)], |row| {
            Ok((rows::operation(row)?, row.get::<_, Option<String>>("story")?.unwrap_or_default()))
        })
    }

    /// What an operation that opened the ticket of a case stands at.
    pub fn opening(&self, key: &Key, number: u32) -> Result<Option<Operation>, StoreError> {
        let sql = format!(
            "SELECT {} FROM operations o WHERE o.key = ?1 AND o.number = ?2 AND o.kind = 'open_ticket'
             ORDER BY o.id DESC LIMIT 1",
            rows::OPERATION
        );
        self.one(&sql, params![key.as_str(), number], rows::operation)
    }

    /// The newest operation that opens a ticket of a case.
    pub fn newest_opening(&self, key: &Key) -> Result<Option<Operation>, StoreError> {
        let sql = format!(
            "SELECT {} FROM operations o WHERE o.key = ?1 AND o.kind = 'open_ticket' ORDER BY o.id DESC LIMIT 1",
            rows::OPERATION
        );
        self.one(&sql, [key.as_str()], rows::operation)
    }

    /// The ticket of a case, once it is there.
    pub fn ticket(&self, key: &Key, number: u32) -> Result<Option<KnownTicket>, StoreError> {
        let sql = format!("SELECT {} FROM tickets WHERE key = ?1 AND number = ?2", rows::TICKET);
        self.one(&sql, params![key.as_str(), number], rows::ticket)
    }

    /// The newest of the tickets we know under an id.
    pub fn ticket_by_id(&self, id: i64) -> Result<Option<KnownTicket>, StoreError> {
        let sql = format!("SELECT {} FROM tickets WHERE id = ?1 ORDER BY number DESC LIMIT 1", rows::TICKET);
        self.one(&sql, [id], rows::ticket)
    }

    /// What was done to a ticket since then, by our clock: the requests that were not refused, oldest first.
    pub fn done_to(&self, ticket: i64, since: Timestamp) -> Result<Vec<DoneTo>, StoreError> {
        let sql = "SELECT o.finished_at, x.said FROM operations o JOIN exchanges x ON x.operation = o.id
             WHERE o.ticket = ?1 AND x.at >= ?2 AND json_type(x.said, '$.body') = 'array'
                 AND json_type(x.said, '$.refused') IS NULL ORDER BY x.id";
        self.many(sql, params![ticket, since.as_millisecond()], |row| {
            let finished_at: Option<i64> = row.get(0)?;
            Ok(DoneTo { finished_at: finished_at.map(rows::time), said: rows::json(row, 1)? })
        })
    }

    /// Whether any case has an open ticket.
    pub fn any_open(&self) -> Result<bool, StoreError> {
        let open =
            self.one("SELECT 1 FROM cases WHERE state = 'open' LIMIT 1", [], |row| row.get::<_, i64>(0))?;
        Ok(open.is_some())
    }

    /// Whether something of a case is on its way to HaloPSA, so that what is seen there may be our own doing.
    pub fn on_its_way(&self, key: &Key) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM operations WHERE active = 1 AND key = ?1 AND state IN ('sending', 'unclear') LIMIT 1";
        Ok(self.one(sql, [key.as_str()], |row| row.get::<_, i64>(0))?.is_some())
    }

    /// The silences that end after a time, those that end first first.
    pub fn silences(&self, after: Timestamp, limit: usize) -> Result<Vec<Silence>, StoreError> {
        let params = params![after.as_millisecond(), rows::limit(limit)];
        let sql = "SELECT body FROM silences WHERE until > ?1 ORDER BY until, id LIMIT ?2";
        self.many(sql, params, |row| rows::json(row, 0))
    }

    /// One silence, standing or over.
    pub fn silence(&self, id: &str) -> Result<Option<Silence>, StoreError> {
        self.one("SELECT body FROM silences WHERE id = ?1", [id], |row| rows::json(row, 0))
    }

    /// Another text whenever silences have changed.
    pub(crate) fn silences_version(&self) -> Result<String, StoreError> {
        Ok(schema::note(self.connection, super::silences::VERSION)?.unwrap_or_default())
    }

    /// A fact that was noted.
    pub fn note(&self, name: &str) -> Result<Option<String>, StoreError> {
        schema::note(self.connection, name)
    }

    /// How much of what there is.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        let count = |sql: &str| -> Result<u64, StoreError> {
            let number: Option<i64> = self.one(sql, [], |row| row.get(0))?;
            Ok(number.unwrap_or(0).max(0).unsigned_abs())
        };
        let position = self.position()?.map_or(0, EventId::number);
        Ok(Counts {
            undecided: ledger::undecided(self.connection, position).map_err(|error| failure(&error))?,
            waiting_cases: count("SELECT count(*) FROM cases WHERE state = 'waiting'")?,
            open_cases: count("SELECT count(*) FROM cases WHERE state = 'open'")?,
            timers: count("SELECT count(*) FROM timers")?,
            waiting_operations: count("SELECT count(*) FROM operations WHERE state IN ('waiting', 'retry')")?,
            unclear_operations: count(
                "SELECT count(*) FROM operations WHERE state IN ('sending', 'unclear')",
            )?,
            done_operations: count("SELECT count(*) FROM operations WHERE state = 'done'")?,
            dead_operations: count("SELECT count(*) FROM operations WHERE state = 'dead'")?,
        })
    }
}
