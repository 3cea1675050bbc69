//! How much one source sends: counts of the last hour by minute, and what was refused since the start.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const MINUTES: usize = 60;
const MINUTE: i64 = 60;

/// LIMIT: what of a reason is kept.
const WHY: usize = 300;

/// What a source sent lately, as far as a running service saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Events of the last hour.
    pub events_last_hour: u64,
    /// Of the last hour's deliveries, events that had come before.
    pub duplicates_last_hour: u64,
    /// Of the last hour's events, those that did not fit the preset.
    pub unmapped_last_hour: u64,
    /// Deliveries that were not taken, since the service started.
    pub refused: Vec<Refusals>,
}

/// Deliveries that were not taken, with the same status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusals {
    /// The HTTP status they were answered with.
    pub status: u16,
    /// How many.
    pub count: u64,
    /// When the last one came.
    pub last_at: Timestamp,
    /// Why that one was not taken.
    pub why: String,
}

/// Counts by minute, of as many minutes as an hour has.
#[derive(Debug)]
struct Hour {
    counts: [u64; MINUTES],
    /// The minute of the newest count, in minutes since 1970.
    newest: i64,
}

impl Default for Hour {
    fn default() -> Self {
        Self { counts: [0; MINUTES], newest: i64::MIN }
    }
}

impl Hour {
    fn add(&mut self, count: usize, now: Timestamp) {
        if count > 0 {
            self.pass(now);
            self.counts[slot(self.newest)] += count as u64;
        }
    }

    fn total(&mut self, now: Timestamp) -> u64 {
        self.pass(now);
        self.counts.iter().sum()
    }

    /// Forgets the minutes that passed. A clock that steps back counts in the newest minute it knew.
    fn pass(&mut self, now: Timestamp) {
        let minute = now.as_second().div_euclid(MINUTE);
        let passed = minute.saturating_sub(self.newest);
        if passed >= MINUTES as i64 {
            self.counts = [0; MINUTES];
        } else {
            for minute in self.newest + 1..=minute {
                self.counts[slot(minute)] = 0;
            }
        }
        self.newest = self.newest.max(minute);
    }
}

fn slot(minute: i64) -> usize {
    minute.rem_euclid(MINUTES as i64) as usize
}

/// What was seen of one source.
#[derive(Debug, Default)]
pub(super) struct Activity {
    events: Hour,
    duplicates: Hour,
    unmapped: Hour,
    // LIMIT: one entry for each status the receiver answers with, of which there are a dozen.
    refused: BTreeMap<u16, Refusals>,
}

impl Activity {
    pub(super) fn accepted(&mut self, events: usize, duplicates: usize, unmapped: usize, now: Timestamp) {
        self.events.add(events, now);
        self.duplicates.add(duplicates, now);
        self.unmapped.add(unmapped, now);
    }

    pub(super) fn refused(&mut self, status: u16, why: &str, now: Timestamp) {
        let fresh = || Refusals { status, count: 0, last_at: now, why: String::new() };
        let refusals = self.refused.entry(status).or_insert_with(fresh);
        refusals.count += 1;
        refusals.last_at = now;
        refusals.why = why.chars().take(WHY).collect();
    }

    pub(super) fn traffic(&mut self, now: Timestamp) -> Traffic {
        Traffic {
            events_last_hour: self.events.total(now),
            duplicates_last_hour: self.duplicates.total(now),
            unmapped_last_hour: self.unmapped.total(now),
            refused: self.refused.values().cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_600_000 + second).unwrap()
    }

    #[test]
    fn an_hour_is_the_last_sixty_minutes() {
        let mut activity = Activity::default();
        for minute in 0..120 {
            activity.accepted(2, 1, usize::from(minute == 119), at(minute * 60));
        }
        let traffic = activity.traffic(at(119 * 60 + 59));
        assert_eq!((traffic.events_last_hour, traffic.duplicates_last_hour), (120, 60));
        assert_eq!(traffic.unmapped_last_hour, 1);
        assert_eq!(activity.traffic(at(149 * 60)).events_last_hour, 60);
        assert_eq!(activity.traffic(at(100 * 3_600)).events_last_hour, 0);
        activity.accepted(5, 0, 0, at(100 * 3_600));
        // The clock was set back by an hour: what it counted stays counted.
        activity.accepted(1, 0, 0, at(99 * 3_600));
        assert_eq!(activity.traffic(at(99 * 3_600)).events_last_hour, 6);
    }

    #[test]
    fn refusals_are_counted_by_status_with_the_last_reason() {
        let mut activity = Activity::default();
        activity.refused(401, "wrong", at(0));
        activity.refused(400, &"x".repeat(1_000), at(1));
        activity.refused(401, "still wrong", at(2));
        let refused = activity.traffic(at(3)).refused;
        assert_eq!(refused.len(), 2);
        assert_eq!((refused[0].status, refused[0].why.len()), (400, WHY));
        assert_eq!(refused[1], Refusals { status: 401, count: 2, last_at: at(2), why: "still wrong".into() });
    }
}
