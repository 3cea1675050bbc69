//! Timers in the order they fall due.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::engine::{Key, Timer, TimerChange, TimerKind};

#[derive(Debug, Default)]
pub(super) struct Timers {
    set: HashMap<Key, Vec<(TimerKind, Timestamp)>>,
    order: BTreeSet<(Timestamp, Key, TimerKind)>,
}

impl Timers {
    pub(super) fn change(&mut self, changes: &[TimerChange]) {
        for change in changes {
            match change {
                TimerChange::Set { key, kind, due } => {
                    self.cancel(key, *kind);
                    self.set.entry(key.clone()).or_default().push((*kind, *due));
                    self.order.insert((*due, key.clone(), *kind));
                }
                TimerChange::Cancel { key, kind } => self.cancel(key, *kind),
            }
        }
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.order.first().map(|(due, ..)| *due)
    }

    /// Takes the first timer that is due by `until`.
    pub(super) fn pop(&mut self, until: Timestamp) -> Option<(Timestamp, Timer)> {
        let (due, key, kind) = self.order.first().filter(|(due, ..)| *due <= until).cloned()?;
        self.cancel(&key, kind);
        Some((due, Timer { key, kind }))
    }

    fn cancel(&mut self, key: &Key, kind: TimerKind) {
        let Some(of_key) = self.set.get_mut(key) else { return };
        let Some(place) = of_key.iter().position(|(k, _)| *k == kind) else { return };
        let (_, due) = of_key.swap_remove(place);
        if of_key.is_empty() {
            self.set.remove(key);
        }
        self.order.remove(&(due, key.clone(), kind));
    }
}
