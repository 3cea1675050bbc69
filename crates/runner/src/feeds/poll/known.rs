//! What came before, compared with what comes now: what is new or changed, and what is gone. Pure.
//!
//! Every item that was journalled is remembered by its fingerprint and a hash of all it said (`seen/…`), until the same
//! problem says something else or the list has done without it for a while. Where an item that is gone counts as resolved, what is needed to say so is remembered as well, by
//! fingerprint (`open/…`).

use std::collections::{BTreeMap, BTreeSet, HashSet};

use haloward_rules::{Event, Severity, State};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::fetch::How;
use crate::store::FeedState;

const SEEN: &str = "seen/";
const OPEN: &str = "open/";

/// LIMIT: events journalled in one round; a list that is longer at first is taken in several.
const MOST_NEW: usize = 2_000;
/// LIMIT: how many whole lists an item may be missing from before it counts as new when it comes back: APIs that are
/// spread over servers leave one out now and then.
const FORGOTTEN_AFTER: u64 = 3;
/// An empty list, where at least so many items were open, is more likely a vendor's trouble than good news …
const SUSPICIOUS: usize = 5;
/// … so it has to be empty for so many rounds more.
const MORE_ROUNDS: u64 = 3;

/// What a round comes to.
#[derive(Debug, Default)]
pub(super) struct Reckoned {
    /// What is to be journalled.
    pub(super) events: Vec<Event>,
    /// What is remembered from now on.
    pub(super) change: Vec<(String, Option<Value>)>,
    /// There was more that is new than one round takes.
    pub(super) more: bool,
}

/// How many items are known.
pub(super) fn count(state: &FeedState) -> u64 {
    with_prefix(state, SEEN).count() as u64
}

/// Compares a round with what is remembered. `gone_after` says after how many whole lists an item is resolved.
pub(super) fn reckon(
    state: &FeedState,
    events: Vec<Event>,
    how: How,
    gone_after: Option<u64>,
    now: Timestamp,
) -> Reckoned {
    let mut reckoned = Reckoned::default();
    let empty = events.is_empty();
    let (mut seen, mut changed) = (HashSet::new(), BTreeSet::new());
    let mut open: BTreeMap<String, Option<Value>> = BTreeMap::new();
    for event in events {
        let problem = hash(event.fingerprint());
        let name = format!("{SEEN}{problem}/{}", hash(&event.value().to_string()));
        if seen.contains(&name) {
            continue;
        }
        let known = state.get(&name);
        if known.is_none() && reckoned.events.len() >= MOST_NEW {
            reckoned.more = true;
            break;
        }
        if gone_after.is_some() && event.unmapped().is_none() {
            remember(&mut open, &event);
        }
        if known != Some(&json!(0)) {
            reckoned.change.push((name.clone(), Some(json!(0))));
        }
        if known.is_none() {
            reckoned.events.push(event);
            changed.insert(problem);
        }
        seen.insert(name);
    }
    let whole = how.is_whole() && !reckoned.more;
    for (name, value) in with_prefix(state, SEEN).filter(|(name, _)| !seen.contains(*name)) {
        // What said something else is another matter when it says this again: it fired, was over, and fires.
        if name[SEEN.len()..].split('/').next().is_some_and(|problem| changed.contains(problem)) {
            reckoned.change.push((name.clone(), None));
        } else if whole && !how.is_unchanged() {
            let misses = value.as_u64().unwrap_or(0) + 1;
            reckoned.change.push((name.clone(), (misses < FORGOTTEN_AFTER).then(|| json!(misses))));
        }
    }
    for (name, value) in &open {
        if state.get(name) != value.as_ref() {
            reckoned.change.push((name.clone(), value.clone()));
        }
    }
    if let Some(after) = gone_after.filter(|_| whole) {
        let unchanged = how.is_unchanged();
        let suspicious = empty && !unchanged && with_prefix(state, OPEN).count() >= SUSPICIOUS;
        let after = if suspicious { after + MORE_ROUNDS } else { after };
        let missing = with_prefix(state, OPEN).filter(|(name, _)| !open.contains_key(*name));
        // The same list again misses what it missed before, and nothing else.
        let missing = missing.filter(|(_, value)| !unchanged || misses(value) > 0);
        for (name, value) in missing {
            let missed = misses(value) + 1;
            let resolved = (missed >= after).then(|| resolved(value, now)).flatten();
            if missed >= after {
                reckoned.events.extend(resolved);
                reckoned.change.push((name.clone(), None));
            } else {
                let mut value = value.clone();
                value["misses"] = missed.into();
                reckoned.change.push((name.clone(), Some(value)));
            }
        }
    }
    reckoned
}

/// Remembers what is needed to say that an item is resolved once it is gone. Of two items with one fingerprint, the one
/// that is not over counts.
fn remember(open: &mut BTreeMap<String, Option<Value>>, event: &Event) {
    let name = format!("{OPEN}{}", hash(event.fingerprint()));
    match event.state() {
        State::Resolved | State::Info | State::Test => {
            open.entry(name).or_insert(None);
        }
        State::Firing | State::Acknowledged | State::Update => {
            open.insert(name, Some(json!({ "misses": 0, "event": slim(event) })));
        }
    }
}

/// The event without what is large and of no use when it is over.
fn slim(event: &Event) -> Value {
    const KEPT: [&str; 13] = [
        "source",
        "severity",
        "severity_raw",
        "title",
        "url",
        "check",
        "fingerprint",
        "client",
        "site",
        "device",
        "user",
        "labels",
        "started_at",
    ];
    let kept = KEPT.iter().filter_map(|name| Some(((*name).to_owned(), event.value().get(*name)?.clone())));
    Value::Object(kept.collect::<Map<_, _>>())
}

/// The event that says that an item is no longer listed.
fn resolved(value: &Value, now: Timestamp) -> Option<Event> {
    let mut event = value.get("event")?.clone();
    event["state"] = State::Resolved.as_str().into();
    event["message"] = "No longer listed.".into();
    event["ended_at"] = now.to_string().into();
    event["occurred_at"] = now.to_string().into();
    Event::from_json(event, Severity::Medium).ok()
}

fn misses(value: &Value) -> u64 {
    value.get("misses").and_then(Value::as_u64).unwrap_or(0)
}

fn with_prefix<'a>(
    state: &'a FeedState,
    prefix: &'static str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    state.range(prefix.to_owned()..).take_while(move |(name, _)| name.starts_with(prefix))
}

fn hash(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..16])
}
