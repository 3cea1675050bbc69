//! The journal: events appended in the order of their ids, each delivery once. What came together shares rows.

use std::convert::Infallible;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde_json::json;

use haloward_rules::{Event, Severity};

use super::packed::{self, Packed};
use crate::store::event::{Accepted, JournalEntry, NewEvent};
use crate::store::fresh::{self, FreshEvent};
use crate::store::id::{EventId, IdSource};

/// LIMIT: so many events make one row at most, and one that has grown so long takes no more: whoever wants one event
/// unpacks all of its row.
const ROW_EVENTS: usize = 64;
const ROW_BYTES: usize = 24 << 10;

/// What stands between the events of a row: compact JSON holds none.
const BETWEEN: char = '\n';

/// Events made ready for the journal by whoever brought them, so that the writer has less to do: those of one row.
#[derive(Debug)]
pub(crate) struct Prepared {
    source: Arc<str>,
    delivery: Option<String>,
    /// Which event of its delivery the first is.
    item: i64,
    count: i64,
    received_at: Timestamp,
    events: Packed,
    /// The event itself, where it is to be decided without being read again.
    fresh: Option<Event>,
}

impl Prepared {
    /// `fresh` says whether they are worth holding until they are decided.
    ///
    /// Events that came together say much the same, and packed together they are a fraction of what they are one by one.
    /// Those with delivery ids are rows of their own: each may have come before without the others.
    pub(crate) fn all(events: Vec<NewEvent>, fresh: bool) -> Vec<Self> {
        let most = if fresh { 1 } else { ROW_EVENTS };
        let mut prepared = Vec::new();
        let mut events = (0..).zip(events).peekable();
        while let Some((item, first)) = events.next() {
            let (mut count, mut length) = (1, 0);
            let Ok(packed) = Packed::written(|out| {
                first.event.write_json(out);
                while count < most
                    && out.len() < ROW_BYTES
                    && let Some((_, next)) = events.next_if(|(_, next)| next.shares_a_row(&first))
                {
                    out.push(BETWEEN as u8);
                    next.event.write_json(out);
                    count += 1;
                }
                length = out.len();
                Ok::<_, Infallible>(())
            });
            let NewEvent { event, source, delivery_id: delivery, received_at } = first;
            let fresh = (fresh && length <= fresh::LONGEST).then(|| event.detached());
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            prepared.push(Self { source, delivery, item, count, received_at, events: packed, fresh });
        }
        prepared
    }

    /// It as what became durable under these ids; whoever decides it need not read it where it is held.
    pub(super) fn take_fresh(&mut self, first: EventId) -> FreshEvent {
        let last = EventId::from_number(first.number() + self.count - 1);
        FreshEvent { id: last, received_at: self.received_at, event: self.fresh.take() }
    }

    /// What became of each of its events, if this became of the first.
    pub(super) fn accepted(&self, first: Accepted) -> impl Iterator<Item = Accepted> {
        let ids = (0..self.count).map(move |place| EventId::from_number(first.id.number() + place));
        ids.map(move |id| Accepted { id, ..first })
    }

    pub(super) fn source(&self) -> &Arc<str> {
        &self.source
    }

    pub(super) fn received_at(&self) -> Timestamp {
        self.received_at
    }

    pub(super) fn count(&self) -> i64 {
        self.count
    }

    pub(crate) fn bytes(&self) -> usize {
        self.events.len() + 128
    }
}

/// Appends rows, and says of each what became of its first event.
///
/// INVARIANT: ids are given here, in the order of commits, so that nothing can be committed behind the position
/// that was decided (`events_are_read_in_the_order_they_were_committed`).
pub(super) fn append(
    connection: &Connection,
    rows: &[Prepared],
    ids: &mut IdSource,
) -> rusqlite::Result<Vec<Accepted>> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO journal (seq, source, delivery, item, received_at, event, count)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
    )?;
    let mut find = connection
        .prepare_cached("SELECT seq FROM journal WHERE source = ?1 AND delivery = ?2 AND item = ?3")?;
    let mut accepted = Vec::with_capacity(rows.len());
    for row in rows {
        let Prepared { source, delivery, item, count, received_at, events, fresh: _ } = row;
        let first = ids.next_of(*received_at, *count);
        let last = first + count - 1;
        let received_at = received_at.as_millisecond();
        let inserted = insert.execute(params![last, source, delivery, item, received_at, events, count])?;
        accepted.push(match inserted {
            // Only one with a delivery id can have been there, which has its row for itself.
            0 => {
                let first: i64 = find.query_row(params![source, delivery, item], |row| row.get(0))?;
                Accepted { id: EventId::from_number(first), duplicate: true }
            }
            _ => Accepted { id: EventId::from_number(first), duplicate: false },
        });
    }
    Ok(accepted)
}

/// What [`Row`] is read from.
pub(super) const COLUMNS: &str = "seq, count, received_at, source, event";

/// A row of the journal: events that were journalled together.
#[derive(Debug)]
pub(super) struct Row {
    last: i64,
    count: usize,
    received_at: Timestamp,
    source: String,
    text: String,
}

impl Row {
    pub(super) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            last: row.get(0)?,
            count: usize::try_from(row.get::<_, i64>(1)?).unwrap_or(0).clamp(1, ROW_EVENTS),
            received_at: Timestamp::from_millisecond(row.get(2)?).unwrap_or(Timestamp::UNIX_EPOCH),
            source: row.get(3)?,
            text: packed::text(row, 4)?.into_owned(),
        })
    }

    /// Its events in their order, each as JSON.
    pub(super) fn events(&self) -> impl DoubleEndedIterator<Item = (EventId, &str)> {
        let mut texts: Vec<&str> =
            if self.count == 1 { vec![&self.text] } else { self.text.split(BETWEEN).collect() };
        // One whose text is missing is one that nobody can read, and no event less.
        texts.resize(self.count, "");
        texts.into_iter().enumerate().map(|(place, text)| (self.id(place), text))
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    fn id(&self, place: usize) -> EventId {
        EventId::from_number(self.last - (self.count - 1 - place) as i64)
    }

    /// One of its events.
    pub(super) fn entry(&self, id: EventId, text: &str) -> JournalEntry {
        let event = match serde_json::from_str::<Event>(text) {
            Ok(event) => event,
            Err(error) => unreadable(&self.source, text, &error.to_string()),
        };
        let received_at = self.received_at;
        JournalEntry { id, received_at, event: event.received(&id.to_string(), received_at) }
    }
}

/// An event that this version can't read still reaches a person.
fn unreadable(source: &str, text: &str, problem: &str) -> Event {
    let why = format!("the journalled event can't be read: {problem}");
    let value = json!({ "source": source, "title": "Unreadable event", "unmapped": why, "payload": text });
    match Event::from_json(value, Severity::Medium) {
        Ok(event) => event,
        Err(error) => unreachable!("an event with a source and no other canonical field is one: {error}"),
    }
}
