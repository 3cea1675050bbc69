//! What the engine does, told as short stories: events, time and reports in, effects and cases out.

mod escalating;
mod failing;
mod grouping;
mod holding;
mod limiting;
mod missing;
mod notifying;
mod opening;
mod passing;
mod repeating;
mod reporting;
mod resolving;
mod silencing;
mod tickets;
mod tracing;
mod waiting;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::duration::parse_duration;
use crate::event::{Event, Severity};
use crate::finding::{Findings, SourceFile};
use crate::rule::RuleId;
use crate::ruleset::{OnRuleError, RuleSet, Settings};
use crate::ticket::TicketDraft;

/// A Monday morning.
const START: &str = "2026-01-05T09:00:00Z";

/// Rules, cases, timers and a clock: the smallest runner there can be.
struct World {
    rules: RuleSet,
    cases: CaseBook,
    timers: BTreeMap<(Key, TimerKind), Timestamp>,
    now: Timestamp,
}

fn load(rules: &str, settings: Settings) -> RuleSet {
    let text = format!("defaults: {{ ticket: {{ type: Alert }} }}\nrules:\n{rules}");
    let (rules, findings) = RuleSet::load(&[SourceFile::new("r.yaml", text)], settings);
    assert!(findings.is_empty(), "{}", findings.render());
    rules
}

/// Settings with the `ticket_defaults` of a configuration.
fn ticket_defaults(text: &str) -> Settings {
    let mut settings = Settings::default();
    let file = SourceFile::new("haloward.yaml", text);
    settings.ticket_defaults(&file, &crate::yaml::read(&file).expect("reads"));
    settings
}

fn ignoring_errors() -> Settings {
    let mut settings = Settings::default();
    settings.on_rule_error = OnRuleError::Ignore;
    settings
}

impl World {
    fn new(rules: &str) -> Self {
        Self::with(rules, Settings::default())
    }

    fn with(rules: &str, settings: Settings) -> Self {
        Self {
            rules: load(rules, settings),
            cases: CaseBook::default(),
            timers: BTreeMap::new(),
            now: START.parse().expect("a time"),
        }
    }

    /// One input. A ticket that is opened is there at once, under the number of its effect.
    fn feed(&mut self, input: &Input) -> Step {
        let done = step(&self.rules, &self.cases, input, Explain::Matches, self.now);
        let explained = step(&self.rules, &self.cases, input, Explain::Everything, self.now);
        assert_eq!(
            (&done.outcome, &done.reason, &done.cases, &done.timers, &done.effects),
            (&explained.outcome, &explained.reason, &explained.cases, &explained.timers, &explained.effects),
            "explaining never changes the answer"
        );
        self.cases.put(done.cases.clone());
        for change in done.timers.clone() {
            match change {
                TimerChange::Set { key, kind, due } => self.timers.insert((key, kind), due),
                TimerChange::Cancel { key, kind } => self.timers.remove(&(key, kind)),
            };
        }
        done
    }

    /// An event of source `s` that fires with fingerprint `f`, unless it says otherwise.
    fn event(&mut self, event: Value) -> Step {
        let mut full = json!({"source": "s", "fingerprint": "f", "title": "Disk full"});
        let (Value::Object(full_map), Value::Object(map)) = (&mut full, event) else { panic!("a map") };
        full_map.extend(map);
        let event = Event::from_json(full, Severity::Medium).expect("an event");
        self.feed(&Input::Event(event.received("e-1", self.now)))
    }

    fn fires(&mut self) -> Step {
        self.event(json!({}))
    }

    fn resolves(&mut self) -> Step {
        self.event(json!({"state": "resolved"}))
    }

    /// Time passes; the steps of the timers that fell due on the way, in order.
    fn after(&mut self, duration: &str) -> Vec<Step> {
        let duration = SignedDuration::try_from(parse_duration(duration).expect("a duration")).expect("fits");
        let until = self.now.checked_add(duration).expect("a time");
        let mut steps = Vec::new();
        loop {
            let due = self.timers.iter().filter(|(_, due)| **due <= until);
            let Some((id, due)) = due.min_by_key(|(id, due)| (**due, (*id).clone())) else { break };
            let ((key, kind), due) = (id.clone(), *due);
            self.timers.remove(&(key.clone(), kind));
            self.now = due;
            steps.push(self.feed(&Input::Timer(Timer { key, kind })));
        }
        self.now = until;
        steps
    }

    fn report(&mut self, report: Report) -> Step {
        self.feed(&Input::Report(report))
    }

    fn case(&self, key: &str) -> Case {
        self.cases.case(&Key::new(key)).unwrap_or_else(|| panic!("there is no case `{key}`"))
    }
}

/// The kinds of a step's effects, in order.
fn kinds(step: &Step) -> Vec<Outcome> {
    step.effects.iter().map(|effect| effect.kind.outcome()).collect()
}

/// The draft of the one ticket a step opens or changes.
fn draft(step: &Step) -> &TicketDraft {
    let mut drafts = step.effects.iter().filter_map(|effect| match &effect.kind {
        EffectKind::OpenTicket { draft, .. } | EffectKind::UpdateTicket { draft, .. } => Some(&**draft),
        _ => None,
    });
    let draft = drafts.next().unwrap_or_else(|| panic!("no ticket in {:?}", kinds(step)));
    assert!(drafts.next().is_none(), "one ticket only: {:?}", kinds(step));
    draft
}

fn summary(step: &Step) -> &str {
    draft(step).summary.as_deref().expect("a summary")
}

/// The HTML of the one note a step adds, alone or with a resolution.
fn note(step: &Step) -> &str {
    step.effects
        .iter()
        .find_map(|effect| match &effect.kind {
            EffectKind::AddNote { note, .. }
            | EffectKind::ReopenTicket { note }
            | EffectKind::ResolveTicket { note: Some(note), .. } => Some(note.text.html.as_str()),
            _ => None,
        })
        .unwrap_or_else(|| panic!("no note in {:?}", kinds(step)))
}

fn reason(step: &Step) -> &str {
    step.reason.as_deref().unwrap_or_default()
}
