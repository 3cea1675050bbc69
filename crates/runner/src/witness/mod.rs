//! What is seen of deliveries while they happen, for people who look: how much each source sends, what of it was
//! refused, and, where somebody asked for that, the payloads themselves. In memory, bounded, gone with the process:
//! nothing durable depends on it.

mod activity;
mod recorder;

pub use activity::{Refusals, Traffic};
pub use recorder::{NotRecorded, Recording, Sample};

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use haloward_rules::Payload;
use jiff::Timestamp;
use serde_json::Value;

use activity::Activity;
use recorder::Recorder;

/// Sees deliveries. Cloning is cheap, and all clones see the same.
#[derive(Debug, Clone, Default)]
pub struct Witness {
    activity: Arc<Mutex<HashMap<String, Activity>>>,
    recorder: Arc<Recorder>,
}

impl Witness {
    /// Events of a source became durable; so many had come before, so many did not fit the preset.
    pub fn accepted(&self, source: &str, events: usize, duplicates: usize, unmapped: usize, now: Timestamp) {
        self.of(source, |activity| activity.accepted(events, duplicates, unmapped, now));
    }

    /// A delivery to a source of the configuration was not taken.
    pub fn refused(&self, source: &str, status: u16, why: &str, now: Timestamp) {
        self.of(source, |activity| activity.refused(status, why, now));
    }

    /// What a source sent lately; nothing where it sent nothing since the start.
    pub fn traffic(&self, source: &str, now: Timestamp) -> Option<Traffic> {
        self.lock().get_mut(source).map(|activity| activity.traffic(now))
    }

    /// Forgets the sources that are none any more.
    pub fn keep(&self, is_source: impl Fn(&str) -> bool) {
        self.lock().retain(|source, _| is_source(source));
    }

    /// A payload was read: kept where somebody is recording. `headers` are those without credentials.
    pub fn payload(&self, source: &str, headers: &Value, payload: &Payload, now: Timestamp) {
        self.recorder.take(source, headers, payload, now);
    }

    /// The recordings there are.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    fn of(&self, source: &str, tell: impl FnOnce(&mut Activity)) {
        let mut all = self.lock();
        match all.get_mut(source) {
            Some(activity) => tell(activity),
            None => tell(all.entry(source.to_owned()).or_default()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Activity>> {
        self.activity.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
