//! The journal: events appended in the order of their ids, each delivery once.

use std::convert::Infallible;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde_json::json;

use haloward_rules::{Event, Severity};

use super::packed::{self, Packed};
use crate::store::event::{Accepted, JournalEntry, NewEvent};
use crate::store::fresh::{self, FreshEvent};
use crate::store::id::{EventId, IdSource};

/// An event made ready for the journal by whoever brought it, so that the writer has less to do.
#[derive(Debug)]
pub(crate) struct Prepared {
    source: Arc<str>,
    delivery: Option<String>,
    /// Which event of its delivery.
    item: i64,
    received_at: Timestamp,
    event: Packed,
    /// It itself, where it is to be decided without being read again.
    fresh: Option<Event>,
}

impl Prepared {
    /// `fresh` says whether they are worth holding until they are decided.
    pub(crate) fn all(events: Vec<NewEvent>, fresh: bool) -> Vec<Self> {
        let prepared = events.into_iter().zip(0..).map(|(new, item)| {
            let NewEvent { event, source, delivery_id: delivery, received_at } = new;
            let mut length = 0;
            let Ok(packed) = Packed::written(|out| {
                event.write_json(out);
                length = out.len();
                Ok::<_, Infallible>(())
            });
            let fresh = (fresh && length <= fresh::LONGEST).then(|| event.detached());
            Self { source, delivery, item, received_at, event: packed, fresh }
        });
        prepared.collect()
    }

    /// It as one that became durable under this id; whoever decides it need not read it.
    pub(super) fn take_fresh(&mut self, id: EventId) -> FreshEvent {
        FreshEvent { id, received_at: self.received_at, event: self.fresh.take() }
    }

    pub(super) fn source(&self) -> &Arc<str> {
        &self.source
    }

    pub(super) fn received_at(&self) -> Timestamp {
        self.received_at
    }

    pub(crate) fn bytes(&self) -> usize {
        self.event.len() + 128
    }
}

/// INVARIANT: ids are given here, in the order of commits, so that nothing can be committed behind the position
/// that was decided (`events_are_read_in_the_order_they_were_committed`).
pub(super) fn append(
    connection: &Connection,
    events: &[Prepared],
    ids: &mut IdSource,
) -> rusqlite::Result<Vec<Accepted>> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO journal (seq, source, delivery, item, received_at, event) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO NOTHING",
    )?;
    let mut find = connection
        .prepare_cached("SELECT seq FROM journal WHERE source = ?1 AND delivery = ?2 AND item = ?3")?;
    let mut accepted = Vec::with_capacity(events.len());
    for event in events {
        let id = ids.next(event.received_at);
        let Prepared { source, delivery, item, received_at, event, fresh: _ } = event;
        let rows =
            insert.execute(params![id, source, delivery, item, received_at.as_millisecond(), event])?;
        accepted.push(match rows {
            0 => {
                let first: i64 = find.query_row(params![source, delivery, item], |row| row.get(0))?;
                Accepted { id: EventId::from_number(first), duplicate: true }
            }
            _ => Accepted { id: EventId::from_number(id), duplicate: false },
        });
    }
    Ok(accepted)
}

pub(super) const COLUMNS: &str = "seq, received_at, event, source";

pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<JournalEntry> {
    let id = EventId::from_number(row.get(0)?);
    let received_at = Timestamp::from_millisecond(row.get(1)?).unwrap_or(Timestamp::UNIX_EPOCH);
    let text = packed::text(row, 2)?;
    let event = match serde_json::from_str::<Event>(&text) {
        Ok(event) => event,
        Err(error) => unreadable(&row.get::<_, String>(3)?, &text, &error.to_string()),
    };
    Ok(JournalEntry { id, received_at, event: event.received(&id.to_string(), received_at) })
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
