//! The state of one step in the making: what changed so far, on top of what was known.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::case::{self, Case, Cases, Key};
use super::decision::{Decision, Effect, EffectKind, Outcome};
use super::timer::{TimerChange, TimerKind};
use super::{Explain, Step};
use crate::event::{Event, Severity};
use crate::rule::{Part, Rule, RuleId};
use crate::ruleset::RuleSet;
use crate::script::{Env, View};
use crate::silence::Silences;

pub(super) struct Work<'a> {
    pub(super) rules: &'a RuleSet,
    cases: &'a dyn Cases,
    pub(super) explain: Explain,
    pub(super) now: Timestamp,
    /// The event that is being decided; else what happens follows from the last one of its case.
    pub(super) event: Option<Event>,
    changed: BTreeMap<Key, Case>,
    timers: Vec<TimerChange>,
    effects: Vec<Effect>,
    pub(super) decisions: Vec<Decision>,
    reached: Vec<(RuleId, Part)>,
    warnings: Vec<String>,
}

impl<'a> Work<'a> {
    pub(super) fn new(rules: &'a RuleSet, cases: &'a dyn Cases, explain: Explain, now: Timestamp) -> Self {
        Self {
            rules,
            cases,
            explain,
            now,
            event: None,
            changed: BTreeMap::new(),
            timers: Vec::new(),
            effects: Vec::new(),
            decisions: Vec::new(),
            reached: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The case of a key, with what this step changed.
    pub(super) fn case(&self, key: &Key) -> Option<Case> {
        self.changed.get(key).cloned().or_else(|| self.cases.case(key))
    }

    /// A part of a rule happens. Kept only where everything is explained: tests want to know, nobody else.
    pub(super) fn reached(&mut self, rule: &RuleId, part: Part) {
        if self.explain == Explain::Everything {
            self.reached.push((rule.clone(), part));
        }
    }

    /// Somebody should know this at once.
    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// The cases a problem feeds, with what this step changed.
    pub(super) fn fed_by(&self, source: &str, fingerprint: &str) -> Vec<Case> {
        self.cases
            .fed_by(source, fingerprint)
            .into_iter()
            .map(|case| self.changed.get(&case.key).cloned().unwrap_or(case))
            .filter(Case::is_alive)
            .collect()
    }

    pub(super) fn silences(&self) -> &'a Silences {
        self.cases.silences()
    }

    pub(super) fn put(&mut self, case: Case) {
        self.changed.insert(case.key.clone(), case);
    }

    pub(super) fn set_timer(&mut self, key: &Key, kind: TimerKind, due: Timestamp) {
        self.timers.push(TimerChange::Set { key: key.clone(), kind, due });
    }

    pub(super) fn cancel_timer(&mut self, key: &Key, kind: TimerKind) {
        self.timers.push(TimerChange::Cancel { key: key.clone(), kind });
    }

    /// Cancels what a case has timers for, and nothing else: most have none, and each change is a write.
    ///
    /// INVARIANT: a timer that is set shows in its case, so none outlives what it was set for
    /// (`every_timer_belongs_to_a_case_that_waits_for_it`).
    pub(super) fn cancel_timers(&mut self, case: &Case) {
        let set = [
            (TimerKind::Hold, case.held_since.is_some()),
            (TimerKind::Forget, !case.recent.is_empty()),
            (TimerKind::Fold, case.ticket.untold > 0),
            (TimerKind::Resolve, case.is_quiet()),
            (TimerKind::Recheck, case.held_by.is_some() || case.is_storm() || case.silence.is_some()),
            (TimerKind::Escalate, case.escalation.is_some()),
        ];
        for (kind, _) in set.into_iter().filter(|(_, set)| *set) {
            self.cancel_timer(&case.key, kind);
        }
    }

    /// Counts an event of the case's problem. What was about to be resolved is not any more.
    pub(super) fn seen(&mut self, case: &mut Case, event: &Event) {
        if case.is_quiet() {
            self.cancel_timer(&case.key, TimerKind::Resolve);
        }
        case.seen(event, self.now);
    }

    pub(super) fn effect(&mut self, case: &Case, rule: &RuleId, severity: Severity, kind: EffectKind) {
        if case.shadow {
            return;
        }
        let cause = self.event.as_ref().unwrap_or(&case.event);
        self.effects.push(Effect {
            rule: rule.clone(),
            key: case.key.clone(),
            ticket: case.tickets.max(1),
            severity,
            trace: cause.trace().map(str::to_owned),
            kind,
        });
    }

    /// Runs `body` with what expressions of `rule` see for this event and case.
    pub(super) fn with_env<T>(
        &self,
        rule: Option<&Rule>,
        event: &Event,
        case: Option<&Case>,
        body: impl FnOnce(&Env<'_>) -> T,
    ) -> T {
        let now = self.now;
        // Few expressions look at the case.
        let case = case.map_or_else(
            || View::lazy(move || case::view_of_none(now)),
            |case| {
                let seen = case.seen_by_scripts();
                View::lazy(move || seen.view())
            },
        );
        let rule = rule.map_or_else(|| Arc::new(serde_json::Value::Null), |rule| rule.view.clone());
        let vars =
            vec![("event", View::new(event.shared().clone())), ("case", case), ("rule", View::new(rule))];
        let is_open =
            |key: &str| self.case(&Key::new(key)).is_some_and(|c| c.state == super::CaseState::Open);
        body(&Env { vars, now: self.now, library: self.rules.library(), is_open: &is_open })
    }

    /// The finished step.
    pub(super) fn finish(self, outcome: Outcome, reason: Option<String>, event: Option<Event>) -> Step {
        Step {
            outcome,
            reason,
            decisions: self.decisions,
            event,
            cases: self.changed.into_values().collect(),
            timers: self.timers,
            effects: self.effects,
            reached: self.reached,
            warnings: self.warnings,
        }
    }

    /// Where the work stands, to return to if a rule fails half-way.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            changed: self.changed.clone(),
            timers: self.timers.len(),
            effects: self.effects.len(),
            decisions: self.decisions.len(),
        }
    }

    /// Takes back everything since the mark.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.changed = mark.changed;
        self.timers.truncate(mark.timers);
        self.effects.truncate(mark.effects);
        self.decisions.truncate(mark.decisions);
    }
}

pub(super) struct Mark {
    changed: BTreeMap<Key, Case>,
    timers: usize,
    effects: usize,
    decisions: usize,
}
