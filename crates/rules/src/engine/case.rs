//! Cases: the memory kept for one key.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::standing::Standing;
use crate::event::{Event, Severity};
use crate::rule::RuleId;
use crate::silence::Silences;

/// The identity of a problem.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(String);

// LIMIT: a key is an index entry; longer ones are cut and made unique by what was cut.
const KEY_BYTES: usize = 400;

impl Key {
    /// The key of that text. Overlong ones end in a checksum of the whole.
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        if text.len() <= KEY_BYTES {
            return Self(text.to_owned());
        }
        let mut cut = KEY_BYTES;
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        // FNV-1a: stable across versions and machines, which the standard library's hasher is not.
        let hash = text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Self(format!("{}…{hash:016x}", &text[..cut]))
    }

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaseState {
    /// For its threshold or hold, or held back by another case; no ticket yet.
    Waiting,
    /// A ticket is open, or on its way.
    Open,
    /// Over.
    Resolved,
}

/// What feeds a case: a problem of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// The source.
    pub source: String,
    /// The problem's fingerprint.
    pub fingerprint: String,
    /// Whether it still fires.
    pub firing: bool,
}

impl Feed {
    fn same_problem(&self, other: &Self) -> bool {
        self.source == other.source && self.fingerprint == other.fingerprint
    }

    fn problem(&self) -> (String, String) {
        (self.source.clone(), self.fingerprint.clone())
    }
}

/// What is known of a case's ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, kept by its name")]
pub struct TicketState {
    /// Its number in HaloPSA, once that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// Somebody has worked on it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub touched: bool,
    /// It was closed in HaloPSA, not by us.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// It will not be there: HaloPSA refused it, or somebody gave it up.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub given_up: bool,
    /// Its problem was over before it was given up: what resolves it waits behind it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub was_over: bool,
    /// The case's ticket that was the first of those which followed each other, where this is a later one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<u32>,
    /// The note that counts repeats, once it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold_note: Option<i64>,
    /// Repeats that HaloPSA has not been told about.
    #[serde(skip_serializing_if = "is_zero")]
    pub untold: u64,
    /// When a repeat was last told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// How far a rule has escalated a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// Since when the ticket is open.
    pub since: Timestamp,
    /// How many of the rule's steps are done.
    pub done: u32,
}

/// What a rule's `limit` is counted by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storm {
    /// When the rule's last tickets were opened, oldest first.
    pub openings: Vec<Timestamp>,
}

/// Which problems came together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Group {
    /// The case whose ticket takes them, while it is open: the group's own, or the first of theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Key>,
    /// Which of that case's tickets.
    pub ticket: u32,
    /// The cases that belong to it, in the order they came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
}

/// A case that belongs to a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The case.
    pub key: Key,
    /// Since when.
    pub since: Timestamp,
}

/// What a rule with `missing` waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// When the next event is missing; `None` while it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
}

/// The memory kept for one key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its key.
    pub key: Key,
    /// The rule that made it.
    pub rule: RuleId,
    /// Where it stands.
    pub state: CaseState,
    /// Events seen since it began.
    pub count: u64,
    /// The first of them.
    pub first_seen: Timestamp,
    /// The last of them.
    pub last_seen: Timestamp,
    /// The worst severity so far.
    pub severity: Severity,
    /// What feeds it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feeds: Vec<Feed>,
    /// Times within the threshold's window, while waiting.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<Timestamp>,
    /// Since when it is held, while waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_since: Option<Timestamp>,
    /// The case that holds it back, while waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<Key>,
    /// The cases that it holds back, in the order they came; some may have ended meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holding: Vec<Key>,
    /// It is the storm case of its rule: what the rule's `limit` is counted by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storm: Option<Storm>,
    /// It is the case of a group: who belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// The case of the group it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_of: Option<Key>,
    /// It is the case of a rule with `missing`: events come again and again, until they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watch>,
    /// It is the case of a silence, by that one's id: it keeps what the silence holds back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<String>,
    /// It is about a ticket of HaloPSA: what its rule did to that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// How far its rule has escalated its open ticket, while there is more to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
    /// The last firing event: a timer that acts later needs it.
    pub event: Event,
    /// Its ticket.
    #[serde(default)]
    pub ticket: TicketState,
    /// It belongs to a rule in shadow: it is kept like any other, and nothing is sent for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// How many tickets it has had; tells one ticket's operations from the next one's.
    #[serde(default)]
    pub tickets: u32,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The lifecycle a deciding script asked for, as its map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<serde_json::Map<String, serde_json::Value>>,
}

// LIMIT: a key that many different problems feed (one per site, say) keeps this many apart; beyond, only the count.
const MAX_FEEDS: usize = 2_000;

impl Case {
    /// A new case for a first event.
    pub(crate) fn begin(key: Key, rule: RuleId, event: &Event, now: Timestamp) -> Self {
        Self {
            key,
            rule,
            state: CaseState::Waiting,
            count: 0,
            first_seen: now,
            last_seen: now,
            severity: event.severity(),
            feeds: Vec::new(),
            recent: Vec::new(),
            held_since: None,
            held_by: None,
            holding: Vec::new(),
            storm: None,
            group: None,
            member_of: None,
            watch: None,
            silence: None,
            standing: event.ticket_id().map(|_| Standing::default()),
            escalation: None,
            event: event.clone(),
            ticket: TicketState::default(),
            shadow: false,
            tickets: 0,
            ended_at: None,
            lifecycle: None,
        }
    }

    /// Counts a firing event.
    pub(crate) fn seen(&mut self, event: &Event, now: Timestamp) {
        self.count += 1;
        self.last_seen = now;
        self.event = event.clone();
        if self.watch.is_some() {
            // What feeds it is that events come: that one of them is resolved says nothing about it.
            return;
        }
        let (source, fingerprint) = (event.source(), event.fingerprint());
        match self.feeds.iter().position(|f| f.source == source && f.fingerprint == fingerprint) {
            Some(at) => self.feeds[at].firing = true,
            None if self.feeds.len() < MAX_FEEDS => self.feeds.push(Feed {
                source: source.to_owned(),
                fingerprint: fingerprint.to_owned(),
                firing: true,
            }),
            None => {}
        }
    }

    /// Whether it goes on after its ticket: the next event is being waited for.
    pub(crate) fn is_watching(&self) -> bool {
        self.watch.is_some_and(|watch| watch.due.is_some())
    }

    /// Whether its ticket is open and nothing that feeds it fires any more.
    pub(crate) fn is_quiet(&self) -> bool {
        self.state == CaseState::Open && self.feeds.iter().all(|feed| !feed.firing)
    }

    /// Whether it is a storm that goes on.
    pub(crate) fn is_storm(&self) -> bool {
        self.state == CaseState::Open && self.storm.is_some()
    }

    /// Whether the case is waiting or open.
    pub fn is_alive(&self) -> bool {
        self.state != CaseState::Resolved
    }

    /// What scripts and templates may ask of it.
    pub(crate) fn seen_by_scripts(&self) -> SeenCase {
        SeenCase {
            key: self.key.clone(),
            count: self.count,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            state: self.state,
            severity: self.severity,
            ticket_id: self.ticket.id,
        }
    }
}

/// The part of a case that scripts and templates see.
pub(crate) struct SeenCase {
    key: Key,
    count: u64,
    first_seen: Timestamp,
    last_seen: Timestamp,
    state: CaseState,
    severity: Severity,
    ticket_id: Option<i64>,
}

impl SeenCase {
    pub(crate) fn view(&self) -> serde_json::Value {
        json!({
            "key": self.key.as_str(),
            "count": self.count,
            "first_seen": crate::time::to_text(self.first_seen),
            "last_seen": crate::time::to_text(self.last_seen),
            "state": self.state,
            "severity": self.severity,
            "ticket_id": self.ticket_id,
        })
    }
}

/// What a script sees of a case that does not exist yet: this event is its first.
pub(crate) fn view_of_none(now: Timestamp) -> serde_json::Value {
    let now = crate::time::to_text(now);
    json!({ "key": null, "count": 1, "first_seen": now, "last_seen": now, "state": null, "severity": null, "ticket_id": null })
}

/// The cases known so far. An implementation answers from memory or from one consistent view of a store.
pub trait Cases {
    /// The case of a key.
    fn case(&self, key: &Key) -> Option<Case>;
    /// The cases, waiting or open, that a source's fingerprint feeds; in the order of their keys.
    fn fed_by(&self, source: &str, fingerprint: &str) -> Vec<Case>;
    /// The silences that may stand.
    fn silences(&self) -> &Silences {
        Silences::none()
    }
}

/// Cases in memory: for dry runs, tests and replay.
#[derive(Debug, Clone, Default)]
pub struct CaseBook {
    cases: HashMap<Key, Case>,
    fed: HashMap<(String, String), Vec<Key>>,
    silences: Silences,
}

impl CaseBook {
    /// Takes these silences instead of those known so far.
    pub fn silence(&mut self, silences: Silences) {
        self.silences = silences;
    }

    /// Puts changed cases in.
    pub fn put(&mut self, cases: impl IntoIterator<Item = Case>) {
        for case in cases {
            let before = self.cases.get(&case.key).map_or(&[][..], |before| &before.feeds);
            // While a case lives, feeds only come to it.
            let kept = before.iter().zip(&case.feeds).take_while(|(b, c)| b.same_problem(c)).count();
            let gone: Vec<_> = before[kept..].iter().map(Feed::problem).collect();
            self.unfeed(&case.key, gone);
            for feed in &case.feeds[kept..] {
                let keys = self.fed.entry(feed.problem()).or_default();
                if let Err(at) = keys.binary_search(&case.key) {
                    keys.insert(at, case.key.clone());
                }
            }
            self.cases.insert(case.key.clone(), case);
        }
    }

    /// Forgets a case.
    pub(crate) fn remove(&mut self, key: &Key) {
        if let Some(case) = self.cases.remove(key) {
            self.unfeed(key, case.feeds.iter().map(Feed::problem).collect());
        }
    }

    /// The case of a key, as it stands here.
    pub(crate) fn get(&self, key: &Key) -> Option<&Case> {
        self.cases.get(key)
    }

    fn unfeed(&mut self, key: &Key, problems: Vec<(String, String)>) {
        for problem in problems {
            if let Some(keys) = self.fed.get_mut(&problem) {
                keys.retain(|fed| fed != key);
                if keys.is_empty() {
                    self.fed.remove(&problem);
                }
            }
        }
    }

    /// All cases, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Case> {
        self.cases.values()
    }
}

impl Cases for CaseBook {
    fn case(&self, key: &Key) -> Option<Case> {
        self.cases.get(key).cloned()
    }

    fn fed_by(&self, source: &str, fingerprint: &str) -> Vec<Case> {
        let keys = self.fed.get(&(source.to_owned(), fingerprint.to_owned()));
        keys.into_iter()
            .flatten()
            .filter_map(|key| self.cases.get(key))
            .filter(|c| c.is_alive())
            .cloned()
            .collect()
    }

    fn silences(&self) -> &Silences {
        &self.silences
    }
}
