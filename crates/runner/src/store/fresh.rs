//! What was journalled last, as it was brought: an alert that comes while whoever decides waits for one is decided without
//! being read from the file again. Whoever finds nothing here reads the journal, which holds everything.
//!
//! INVARIANT: what is held follows `after` without a gap (`whoever_takes_gets_all_that_follows_or_nothing`).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use haloward_rules::Event;
use jiff::Timestamp;

use super::event::JournalEntry;
use super::id::EventId;

/// LIMIT: what comes at once while the decider waits; more is read from the file, which costs less for each then.
const MOST: usize = 32;
/// LIMIT: a delivery of more events is not held.
const MOST_OF_ONE: usize = 4;
/// LIMIT: how long the JSON of an event may be that is held; a longer one is read again.
pub(crate) const LONGEST: usize = 8 << 10;

/// An event that is durable now.
#[derive(Debug)]
pub(crate) struct FreshEvent {
    pub(crate) id: EventId,
    pub(crate) received_at: Timestamp,
    /// Nothing where it was not worth holding.
    pub(crate) event: Option<Event>,
}

/// The events that were journalled last and are not decided. Cloning shares them.
#[derive(Debug, Clone)]
pub(crate) struct Fresh(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Whether somebody waits for events: holding one costs a tree of its payload, which in a rush is for nothing.
    wanted: AtomicBool,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    /// The last event before those that are held.
    after: EventId,
    events: VecDeque<(EventId, Timestamp, Event)>,
}

impl Fresh {
    /// Nothing is held of what is in the journal, whose last event this is.
    pub(crate) fn after(last: EventId) -> Self {
        let held = Mutex::new(Held { after: last, events: VecDeque::new() });
        Self(Arc::new(Shared { wanted: AtomicBool::new(false), held }))
    }

    /// Somebody waits for events from now on, or no longer.
    pub(crate) fn want(&self, wanted: bool) {
        self.0.wanted.store(wanted, Ordering::Relaxed);
    }

    /// Whether a delivery of so many events is worth holding.
    pub(crate) fn is_wanted(&self, events: usize) -> bool {
        events <= MOST_OF_ONE && self.0.wanted.load(Ordering::Relaxed)
    }

    /// Events became durable, in the order of their ids.
    pub(crate) fn committed(&self, events: impl IntoIterator<Item = FreshEvent>) {
        let mut held = self.lock();
        for FreshEvent { id, received_at, event } in events {
            match event {
                Some(event) if held.events.len() < MOST => held.events.push_back((id, received_at, event)),
                _ => *held = Held { after: id, events: VecDeque::new() },
            }
        }
    }

    /// The first events after a position, at most `limit`; nothing where the journal has to be asked. They are not held
    /// any longer: who takes them and does not decide them reads them from the journal.
    pub(crate) fn take(&self, position: Option<EventId>, limit: usize) -> Option<Vec<JournalEntry>> {
        let mut held = self.lock();
        if position.is_none_or(|position| position < held.after) {
            return None;
        }
        while held.events.front().is_some_and(|(id, ..)| Some(*id) <= position) {
            held.events.pop_front();
        }
        let count = held.events.len().min(limit);
        if let Some((last, ..)) = count.checked_sub(1).and_then(|last| held.events.get(last)) {
            held.after = *last;
        }
        let entry = |(id, received_at, event): (EventId, Timestamp, Event)| JournalEntry {
            id,
            received_at,
            event: event.received(&id.to_string(), received_at),
        };
        Some(held.events.drain(..count).map(entry).collect())
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use haloward_rules::Severity;
    use serde_json::json;

    fn id(number: i64) -> EventId {
        EventId::from_number(number)
    }

    fn event(number: i64) -> FreshEvent {
        let event = Event::from_json(json!({ "source": "s", "title": number.to_string() }), Severity::Low);
        FreshEvent { id: id(number), received_at: Timestamp::UNIX_EPOCH, event: event.ok() }
    }

    fn unheld(number: i64) -> FreshEvent {
        FreshEvent { event: None, ..event(number) }
    }

    fn taken(fresh: &Fresh, position: i64, limit: usize) -> Option<Vec<i64>> {
        let entries = fresh.take(Some(id(position)), limit)?;
        assert!(entries.iter().all(|entry| entry.event.id() == entry.id.to_string()));
        Some(entries.iter().map(|entry| entry.id.number()).collect())
    }

    #[test]
    fn whoever_takes_gets_all_that_follows_or_nothing() {
        let fresh = Fresh::after(id(10));
        assert_eq!(taken(&fresh, 9, 8), None, "the journal holds one that is not held here");
        assert_eq!(fresh.take(None, 8), None);
        assert_eq!(taken(&fresh, 10, 8), Some(vec![]));
        fresh.committed([event(12), event(13), event(15)]);
        assert_eq!(taken(&fresh, 9, 8), None);
        assert_eq!(taken(&fresh, 12, 1), Some(vec![13]));
        assert_eq!(taken(&fresh, 12, 8), None, "it was taken and is not decided");
        assert_eq!(taken(&fresh, 13, 8), Some(vec![15]));
        fresh.committed([event(16), unheld(17), event(18)]);
        assert_eq!(taken(&fresh, 15, 8), None);
        assert_eq!(taken(&fresh, 16, 8), None);
        assert_eq!(taken(&fresh, 17, 8), Some(vec![18]));
    }

    #[test]
    fn only_so_many_are_held() {
        let fresh = Fresh::after(id(0));
        fresh.committed((1..=MOST as i64).map(event));
        fresh.committed([event(MOST as i64 + 1)]);
        assert_eq!(taken(&fresh, 0, 100), None);
        assert_eq!(taken(&fresh, MOST as i64 + 1, 100), Some(vec![]));
        assert!(fresh.lock().events.is_empty());
    }
}
