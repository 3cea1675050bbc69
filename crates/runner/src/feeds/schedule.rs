//! A source that is nothing but time: an event at each run of its cron expression.
//!
//! Which run was the last is durable together with its event, so a run is neither lost nor made twice. What fell due
//! while nobody was there is one event or none, as the schedule says.

use std::time::Duration;

use futures::future::BoxFuture;
use haloward_rules::{Event, State};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{Feed, FeedError, Harvest, Plan};
use crate::clock::later;
use crate::config::{Missed, Schedule};
use crate::store::{FeedChange, FeedState, NewEvent};

/// The last run that was dealt with; at the first start, when that was.
const LAST: &str = "last";
/// What `LAST` is the last run of: another expression begins anew.
const CRON: &str = "cron";

/// LIMIT: a run that is this late was missed. Waking up and making a run durable takes less, however busy the machine.
const LATE: Duration = Duration::from_mins(1);

/// LIMIT: missed runs are counted up to this many; that there were more changes nothing.
const COUNTED: usize = 10_000;

struct ScheduleFeed {
    source: String,
    schedule: Schedule,
}

/// The feed of a schedule.
pub(super) fn plan(source: &str, schedule: &Schedule) -> Plan {
    let parts = format!("{} {schedule:?}", schedule.cron);
    let (name, schedule) = (source.to_owned(), schedule.clone());
    Plan::new(source, &["schedule", &parts], move || {
        Box::new(ScheduleFeed { source: name.clone(), schedule: schedule.clone() })
    })
}

impl ScheduleFeed {
    /// The last run that was dealt with, if that was one of this expression.
    fn last(&self, state: &FeedState) -> Option<Timestamp> {
        let same = state.get(CRON).and_then(Value::as_str) == Some(self.schedule.cron.to_string().as_str());
        let last = state.get(LAST).and_then(Value::as_str).filter(|_| same);
        last.and_then(|text| text.parse().ok())
    }

    fn event(&self, run: Timestamp, missed: usize, now: Timestamp) -> Result<NewEvent, FeedError> {
        let Schedule { cron, title, severity, .. } = &self.schedule;
        let local = run.to_zoned(cron.zone().clone());
        let event = json!({
            "source": self.source,
            "state": State::Info.as_str(),
            "severity": severity.as_str(),
            "title": title.as_ref().unwrap_or(&self.source),
            // Each run is a matter of its own: "every Monday a ticket" means every Monday.
            "fingerprint": run.to_string(),
            "occurred_at": run.to_string(),
            "payload": {
                "scheduled_at": run.to_string(),
                "local_time": local.datetime().to_string(),
                "timezone": cron.zone().iana_name().unwrap_or("UTC"),
                "cron": cron.text(),
                "missed": missed,
                "next_at": cron.next_after(run).map(|next| next.to_string()),
            },
        });
        let event = Event::from_json(event, *severity)
            .map_err(|error| FeedError::new(format!("a run is no event: {error}")))?;
        let delivery_id = Some(run.to_string());
        Ok(NewEvent { source: self.source.as_str().into(), delivery_id, event, received_at: now })
    }
}

impl Feed for ScheduleFeed {
    fn due(&self, state: &FeedState, _last: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        match self.last(state) {
            Some(last) => self.schedule.cron.next_after(last),
            // The first round only notes that it begins.
            None => Some(now),
        }
    }

    fn round<'a>(
        &'a mut self,
        state: &'a FeedState,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Harvest, FeedError>> {
        Box::pin(async move {
            let mut change = FeedChange::of(&self.source);
            let Some(last) = self.last(state) else {
                change.put(CRON, self.schedule.cron.to_string());
                change.put(LAST, now.to_string());
                return Ok(Harvest { change, ..Harvest::default() });
            };
            let Some((run, count)) = self.schedule.cron.last_between(last, now, COUNTED) else {
                return Ok(Harvest::default());
            };
            change.put(LAST, run.to_string());
            let skipped = self.schedule.missed == Missed::None && later(run, LATE) < now;
            let events = if skipped { Vec::new() } else { vec![self.event(run, count - 1, now)?] };
            Ok(Harvest { events, change, seen: count as u64, ..Harvest::default() })
        })
    }
}

/// The next runs, for people.
pub(crate) fn next_runs(schedule: &Schedule, now: Timestamp, count: usize) -> Vec<String> {
    let cron = &schedule.cron;
    let runs = std::iter::successors(cron.next_after(now), |run| cron.next_after(*run));
    runs.take(count).map(|run| shown(run, cron.zone())).collect()
}

fn shown(run: Timestamp, zone: &TimeZone) -> String {
    run.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M:%S %Z").to_string()
}

#[cfg(test)]
mod tests;
