//! Timers and events of one batch, in the order of their times: what a timer does at nine comes before what an event
//! says at ten, also when both are looked at at eleven because the service was down.

use std::collections::{BTreeSet, VecDeque};

use haloward_rules::{Key, Timer, TimerChange, TimerKind};
use jiff::Timestamp;

use crate::store::JournalEntry;

/// What comes next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    Timer(Timer, Timestamp),
    Event(JournalEntry),
}

#[derive(Debug)]
pub(super) struct Queue {
    timers: BTreeSet<(Timestamp, Key, TimerKind)>,
    events: VecDeque<JournalEntry>,
    now: Timestamp,
}

impl Queue {
    pub(super) fn new(timers: Vec<(Timer, Timestamp)>, events: Vec<JournalEntry>, now: Timestamp) -> Self {
        let timers = timers.into_iter().map(|(timer, due)| (due, timer.key, timer.kind)).collect();
        Self { timers, events: events.into(), now }
    }

    pub(super) fn next(&mut self) -> Option<Next> {
        let due = self.timers.first().map(|(due, ..)| *due);
        let came = self.events.front().map(|event| event.received_at);
        match (due, came) {
            (Some(due), came) if came.is_none_or(|came| due <= came) => {
                let (due, key, kind) = self.timers.pop_first()?;
                Some(Next::Timer(Timer { key, kind }, due))
            }
            _ => self.events.pop_front().map(Next::Event),
        }
    }

    /// Timers that a step of this batch set or cancelled.
    pub(super) fn changed(&mut self, changes: &[TimerChange]) {
        for change in changes {
            let (TimerChange::Set { key, kind, .. } | TimerChange::Cancel { key, kind }) = change;
            self.timers.retain(|(_, k, n)| k != key || n != kind);
            if let TimerChange::Set { key, kind, due } = change
                && *due <= self.now
            {
                self.timers.insert((*due, key.clone(), *kind));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use haloward_rules::{Event, Severity};
    use serde_json::json;

    use super::*;
    use crate::store::EventId;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn event(second: i64) -> JournalEntry {
        let event = Event::from_json(json!({"source": "s"}), Severity::Medium).unwrap();
        JournalEntry { id: EventId::from_number(second), received_at: at(second), event }
    }

    fn timer(key: &str, second: i64) -> (Timer, Timestamp) {
        (Timer { key: Key::new(key), kind: TimerKind::Hold }, at(second))
    }

    fn order(queue: &mut Queue) -> Vec<String> {
        let name = |next| match next {
            Next::Timer(timer, due) => format!("{}@{}", timer.key, due.as_second()),
            Next::Event(entry) => format!("event@{}", entry.received_at.as_second()),
        };
        std::iter::from_fn(|| queue.next()).map(name).collect()
    }

    #[test]
    fn timers_and_events_come_in_the_order_of_their_times() {
        let mut queue =
            Queue::new(vec![timer("b", 20), timer("a", 5)], vec![event(10), event(20), event(30)], at(100));
        assert_eq!(order(&mut queue), ["a@5", "event@10", "b@20", "event@20", "event@30"]);
    }

    #[test]
    fn a_timer_that_was_moved_or_cancelled_on_the_way_does_not_fire_as_it_was() {
        let mut queue = Queue::new(vec![timer("moved", 20), timer("gone", 21)], vec![event(10)], at(100));
        let set =
            |key: &str, due| TimerChange::Set { key: Key::new(key), kind: TimerKind::Hold, due: at(due) };
        let cancel = TimerChange::Cancel { key: Key::new("gone"), kind: TimerKind::Hold };
        queue.changed(&[set("moved", 50), set("later", 101), cancel]);
        assert_eq!(order(&mut queue), ["event@10", "moved@50"]);
    }
}
