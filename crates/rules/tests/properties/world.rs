//! A runner in small: inputs in order, timers on a virtual clock, cases committed batch by batch.

use std::collections::BTreeMap;

use haloward_rules::{
    Case, CaseBook, CaseState, Cases, Event, Explain, Input, Key, Report, RuleSet, Silence, Silences, Step,
    Timer, TimerChange, TimerKind, step,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

/// What happens next.
#[derive(Debug, Clone)]
pub(crate) enum Happens {
    Event(Box<Event>),
    Minutes(i64),
    Works,
    Closes,
    GivesUp,
    Retries,
    Silence(Box<Silence>),
}

pub(crate) fn story() -> impl Strategy<Value = Vec<Happens>> {
    let happens = prop_oneof![
        6 => super::rules::event().prop_map(|event| Happens::Event(Box::new(event))),
        3 => (1_i64..40).prop_map(Happens::Minutes),
        1 => Just(Happens::Works),
        1 => Just(Happens::Closes),
        1 => Just(Happens::GivesUp),
        1 => Just(Happens::Retries),
        1 => super::rules::silence().prop_map(|silence| Happens::Silence(Box::new(silence))),
    ];
    proptest::collection::vec(happens, 1..25)
}

/// Cases of which the last batch is not committed yet.
#[derive(Default)]
struct Batched {
    committed: CaseBook,
    pending: BTreeMap<Key, Case>,
    silences: Vec<Silence>,
}

impl Cases for Batched {
    fn case(&self, key: &Key) -> Option<Case> {
        self.pending.get(key).cloned().or_else(|| self.committed.case(key))
    }

    fn fed_by(&self, source: &str, fingerprint: &str) -> Vec<Case> {
        let mut cases: BTreeMap<Key, Case> =
            self.committed.fed_by(source, fingerprint).into_iter().map(|c| (c.key.clone(), c)).collect();
        for (key, case) in &self.pending {
            let fed = case.feeds.iter().any(|f| f.source == source && f.fingerprint == fingerprint);
            if fed && case.is_alive() {
                cases.insert(key.clone(), case.clone());
            } else {
                cases.remove(key);
            }
        }
        cases.into_values().collect()
    }

    fn silences(&self) -> &Silences {
        self.committed.silences()
    }
}

pub(crate) struct World<'a> {
    rules: &'a RuleSet,
    explain: Explain,
    batch: usize,
    inputs: usize,
    now: Timestamp,
    cases: Batched,
    timers: BTreeMap<(Key, TimerKind), Timestamp>,
    last_ticket: Option<(Key, u32)>,
    pub(crate) steps: Vec<Step>,
}

impl<'a> World<'a> {
    /// Tells the whole story. Every `batch` inputs the cases go to the store and come back from it.
    pub(crate) fn tell(rules: &'a RuleSet, story: &[Happens], explain: Explain, batch: usize) -> Self {
        let mut world = Self {
            rules,
            explain,
            batch,
            inputs: 0,
            now: Timestamp::constant(1_767_603_600, 0),
            cases: Batched::default(),
            timers: BTreeMap::new(),
            last_ticket: None,
            steps: Vec::new(),
        };
        for happens in story {
            match happens {
                Happens::Event(event) => world.feed(&Input::Event((**event).clone())),
                Happens::Minutes(minutes) => world.pass(*minutes),
                Happens::Silence(silence) => world.silence(silence),
                Happens::Works => world.report(|key, ticket| Report::TicketTouched { key, ticket }),
                Happens::GivesUp => world.report(|key, ticket| Report::TicketGivenUp { key, ticket }),
                Happens::Retries => world.report(|key, ticket| Report::TicketRetried { key, ticket }),
                Happens::Closes => world.report(|key, ticket| Report::TicketClosed { key, ticket }),
            }
        }
        world.commit();
        world
    }

    pub(crate) fn cases(&self) -> BTreeMap<&str, &Case> {
        self.cases.committed.iter().map(|case| (case.key.as_str(), case)).collect()
    }

    fn report(&mut self, report: impl Fn(Key, u32) -> Report) {
        if let Some((key, ticket)) = self.last_ticket.clone() {
            self.feed(&Input::Report(report(key, ticket)));
        }
    }

    /// A silence that lasts from now on.
    fn silence(&mut self, silence: &Silence) {
        let until = self.now + silence.until.duration_since(silence.from);
        let id = format!("{}", self.cases.silences.len());
        self.cases.silences.push(Silence { id, from: self.now, until, ..silence.clone() });
        let (silences, findings) = Silences::compile(self.cases.silences.clone());
        assert!(findings.is_empty(), "{}", findings.render());
        self.cases.committed.silence(silences);
    }

    fn pass(&mut self, minutes: i64) {
        let until = self.now + SignedDuration::from_mins(minutes);
        while let Some(((key, kind), due)) =
            self.timers.iter().map(|(id, due)| (id.clone(), *due)).min_by_key(|(id, due)| (*due, id.clone()))
            && due <= until
        {
            self.timers.remove(&(key.clone(), kind));
            self.now = due;
            self.feed(&Input::Timer(Timer { key, kind }));
        }
        self.now = until;
    }

    fn feed(&mut self, input: &Input) {
        let done = step(self.rules, &self.cases, input, self.explain, self.now);
        for change in done.timers.clone() {
            match change {
                TimerChange::Set { key, kind, due } => self.timers.insert((key, kind), due),
                TimerChange::Cancel { key, kind } => self.timers.remove(&(key, kind)),
            };
        }
        for effect in &done.effects {
            self.last_ticket = Some((effect.key.clone(), effect.ticket));
        }
        self.cases.pending.extend(done.cases.iter().map(|case| (case.key.clone(), case.clone())));
        self.inputs += 1;
        if self.inputs.is_multiple_of(self.batch) {
            self.commit();
        }
        self.steps.push(done);
        self.check_timers();
    }

    fn commit(&mut self) {
        for case in std::mem::take(&mut self.cases.pending).into_values() {
            let text = serde_json::to_string(&case).expect("JSON");
            let stored: Case = serde_json::from_str(&text).expect("a case");
            assert_eq!(stored, case, "a case comes back from the store as it went");
            self.cases.committed.put([stored]);
        }
    }

    /// A timer belongs to a case that waits for it, and a case that waits has its timer.
    fn check_timers(&self) {
        for ((key, kind), due) in &self.timers {
            let case = self.cases.case(key).unwrap_or_else(|| panic!("{kind:?} of no case `{key}`"));
            let waits = match kind {
                TimerKind::Hold => case.state == CaseState::Waiting && case.held_since.is_some(),
                TimerKind::Forget => case.state == CaseState::Waiting && !case.recent.is_empty(),
                TimerKind::Fold => case.state == CaseState::Open && case.ticket.untold > 0,
                TimerKind::Resolve => case.state == CaseState::Open && case.feeds.iter().all(|f| !f.firing),
                TimerKind::Missing => {
                    case.state != CaseState::Resolved
                        && case.watch.is_some_and(|watch| watch.due == Some(*due))
                }
                TimerKind::Escalate => case.state == CaseState::Open && case.escalation.is_some(),
                TimerKind::Recheck => {
                    (case.state == CaseState::Waiting && case.held_by.is_some())
                        || (case.state == CaseState::Open && case.storm.is_some())
                        || (case.state == CaseState::Waiting && case.silence.is_some())
                }
            };
            assert!(waits && *due >= self.now, "{kind:?} at {due} of {case:?}");
        }
        let known = self.cases.committed.iter().filter(|case| !self.cases.pending.contains_key(&case.key));
        for case in known.chain(self.cases.pending.values()) {
            let set = |kind| self.timers.contains_key(&(case.key.clone(), kind));
            if case.state == CaseState::Waiting {
                let lets_go = |by: &Key| {
                    self.cases.case(by).is_some_and(|by| by.is_alive() && by.holding.contains(&case.key))
                };
                let timed = [TimerKind::Hold, TimerKind::Forget, TimerKind::Recheck, TimerKind::Missing]
                    .into_iter()
                    .any(set);
                assert!(timed || case.held_by.as_ref().is_some_and(lets_go), "nothing ends {case:?}");
            }
            assert!(case.escalation.is_none() || set(TimerKind::Escalate), "nothing escalates {case:?}");
            let watching = case.watch.is_some_and(|watch| watch.due.is_some());
            assert!(!watching || set(TimerKind::Missing), "nothing misses {case:?}");
            assert!(case.ticket.untold == 0 || set(TimerKind::Fold), "nothing tells {case:?}");
        }
    }
}
