//! Recordings: the next payloads of a source, without secrets, kept until whoever asked has fetched them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use haloward_rules::Payload;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::clock::later;
use crate::inspect::{is_secret_name, without_secrets};

/// LIMIT: samples for tests, not a second journal.
const MOST_PAYLOADS: usize = 20;
const LONGEST: Duration = Duration::from_hours(1);
const MOST_RECORDINGS: usize = 8;
/// LIMIT: what one recording keeps in memory; the largest payload alone may have 1 MiB.
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// How long a recording that is over waits to be fetched.
const WAITS: Duration = Duration::from_mins(2);

/// A recording as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// The source.
    pub source: String,
    /// How many payloads are wanted.
    pub count: usize,
    /// When it ends at the latest.
    pub until: Timestamp,
    /// Whether it is over: everything that was wanted is there, its time has passed, or it holds all it may.
    pub over: bool,
    /// What came so far.
    pub payloads: Vec<Sample>,
}

/// A payload that came, without secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When it came.
    pub at: Timestamp,
    /// Those of its headers that can matter to a preset.
    pub headers: Map<String, Value>,
    /// The payload.
    pub payload: Value,
}

/// Why nothing is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotRecorded {
    /// So many payloads, or so long, is not possible.
    #[error("a recording takes 1 to {MOST_PAYLOADS} payloads within at most 1h")]
    Bounds,
    /// There are too many.
    #[error("{MOST_RECORDINGS} sources are being recorded: wait until one recording is over")]
    TooMany,
}

#[derive(Debug)]
struct Tape {
    recording: Recording,
    bytes: usize,
}

impl Tape {
    fn is_over(&self, now: Timestamp) -> bool {
        let Recording { count, until, payloads, .. } = &self.recording;
        now >= *until || payloads.len() >= *count || self.bytes >= MOST_BYTES
    }
}

/// The recordings there are.
#[derive(Debug, Default)]
pub struct Recorder {
    tapes: Mutex<BTreeMap<String, Tape>>,
    /// How many there are, so that deliveries need no lock while there is none.
    running: AtomicUsize,
}

impl Recorder {
    /// Starts recording a source; what was recorded of it before is forgotten.
    ///
    /// # Errors
    ///
    /// [`NotRecorded`] where that would take more memory than recordings may.
    pub fn start(
        &self,
        source: &str,
        count: usize,
        lasts: Duration,
        now: Timestamp,
    ) -> Result<Recording, NotRecorded> {
        if !(1..=MOST_PAYLOADS).contains(&count) || lasts.is_zero() || lasts > LONGEST {
            return Err(NotRecorded::Bounds);
        }
        let mut tapes = self.lock(now);
        if tapes.len() >= MOST_RECORDINGS && !tapes.contains_key(source) {
            return Err(NotRecorded::TooMany);
        }
        let until = later(now, lasts);
        let recording =
            Recording { source: source.to_owned(), count, until, over: false, payloads: Vec::new() };
        tapes.insert(source.to_owned(), Tape { recording: recording.clone(), bytes: 0 });
        self.running.store(tapes.len(), Ordering::Release);
        Ok(recording)
    }

    /// A recording as it stands.
    pub fn look(&self, source: &str, now: Timestamp) -> Option<Recording> {
        let tapes = self.lock(now);
        let tape = tapes.get(source)?;
        Some(Recording { over: tape.is_over(now), ..tape.recording.clone() })
    }

    /// Ends a recording and gives what it has.
    pub fn end(&self, source: &str, now: Timestamp) -> Option<Recording> {
        let mut tapes = self.lock(now);
        let tape = tapes.remove(source)?;
        self.running.store(tapes.len(), Ordering::Release);
        Some(Recording { over: true, ..tape.recording })
    }

    /// A payload came.
    pub(super) fn take(&self, source: &str, headers: &Value, payload: &Payload, now: Timestamp) {
        if self.running.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut tapes = self.lock(now);
        let Some(tape) = tapes.get_mut(source).filter(|tape| !tape.is_over(now)) else { return };
        let mut payload = payload.value().clone();
        without_secrets(&mut payload);
        let headers = that_matter(headers);
        tape.bytes += payload.to_string().len() + headers.len() * 64;
        tape.recording.payloads.push(Sample { at: now, headers, payload });
    }

    /// The recordings, without those that nobody fetched.
    fn lock(&self, now: Timestamp) -> MutexGuard<'_, BTreeMap<String, Tape>> {
        let mut tapes = self.tapes.lock().unwrap_or_else(PoisonError::into_inner);
        tapes.retain(|_, tape| now < later(tape.recording.until, WAITS));
        self.running.store(tapes.len(), Ordering::Release);
        tapes
    }
}

/// Headers that every request has, and that say nothing about the payload.
const USUAL: [&str; 21] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "forwarded",
    "host",
    "origin",
    "pragma",
    "priority",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-real-ip",
    "traceparent",
];

fn that_matter(headers: &Value) -> Map<String, Value> {
    let Value::Object(headers) = headers else { return Map::new() };
    let matters = |name: &str| {
        let usual = USUAL.contains(&name) || name.starts_with("x-forwarded-") || name.starts_with("sec-");
        // Signatures prove something about the bytes that came, and what is saved has other ones.
        !usual && !is_secret_name(name) && !name.contains("sig")
    };
    let kept = headers.iter().filter(|(name, _)| matters(name));
    kept.map(|(name, value)| {
        let mut value = value.clone();
        without_secrets(&mut value);
        (name.clone(), value)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_600_000 + second).unwrap()
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_next_payloads_are_kept_without_secrets() {
        let recorder = Recorder::default();
        recorder.take("own", &json!({}), &json!({"n": 0}).into(), at(0));
        recorder.start("own", 2, MINUTE, at(1)).unwrap();
        let headers = json!({
            "host": "x", "content-length": "5", "x-github-event": "ping", "x-hub-signature-256": "sha256=1",
            "x-gitlab-token": "t", "content-type": "application/json", "x-forwarded-for": "10.0.0.1",
        });
        recorder.take("other", &headers, &json!({}).into(), at(2));
        for n in 1..=3 {
            let payload = json!({ "n": n, "apiKey": "k", "link": "https://u:p@x.example/?id=1&sig=abc" });
            recorder.take("own", &headers, &payload.into(), at(2 + n));
        }
        let recording = recorder.look("own", at(9)).unwrap();
        assert!(recording.over);
        assert_eq!(recording.payloads.len(), 2);
        assert_eq!(
            json!(recording.payloads[0]),
            json!({
                "at": at(3),
                "headers": { "x-github-event": "ping" },
                "payload": { "n": 1, "apiKey": "[redacted]", "link": "https://x.example/?id=1&sig=[redacted]" },
            })
        );
        assert_eq!(recorder.end("own", at(9)).map(|ended| ended.payloads.len()), Some(2));
        assert_eq!(recorder.look("own", at(9)), None);
    }

    #[test]
    fn a_recording_ends_by_itself_and_is_forgotten() {
        let recorder = Recorder::default();
        recorder.start("own", 20, MINUTE, at(0)).unwrap();
        recorder.take("own", &json!({}), &json!(1).into(), at(59));
        recorder.take("own", &json!({}), &json!(2).into(), at(60));
        let recording = recorder.look("own", at(61)).unwrap();
        assert_eq!((recording.over, recording.payloads.len()), (true, 1));
        assert_eq!(recorder.look("own", at(60 + 120)), None);
    }

    #[test]
    fn recordings_are_bounded() {
        let recorder = Recorder::default();
        for (count, lasts) in [(0, MINUTE), (21, MINUTE), (1, Duration::ZERO), (1, LONGEST + MINUTE)] {
            assert_eq!(recorder.start("own", count, lasts, at(0)), Err(NotRecorded::Bounds));
        }
        for n in 0..MOST_RECORDINGS {
            recorder.start(&n.to_string(), 1, MINUTE, at(0)).unwrap();
        }
        assert_eq!(recorder.start("own", 1, MINUTE, at(0)), Err(NotRecorded::TooMany));
        recorder.start("0", 20, MINUTE, at(0)).unwrap();
        let large = json!("x".repeat(1024 * 1024));
        for _ in 0..20 {
            recorder.take("0", &json!({}), &large.clone().into(), at(1));
        }
        assert_eq!(recorder.look("0", at(2)).map(|recording| recording.payloads.len()), Some(2));
        recorder.start("own", 1, MINUTE, at(60 + 120)).unwrap();
    }
}
