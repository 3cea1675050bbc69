//! Timers: what a case has still to do by itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Step;
use super::case::{Case, CaseState, Key};
use super::decision::Outcome;
use super::work::Work;
use super::{again, effects, escalate, event, group, held, limit, missing, resolve, silenced, ticket, wait};
use crate::event::Event;
use crate::rule::{Rule, RuleMode};
use crate::ruleset::OnRuleError;
use crate::script::ScriptError;

/// What a timer is for. A case has at most one of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// The hold is over: the ticket is opened.
    Hold,
    /// The threshold's window is over: the case is forgotten.
    Forget,
    /// Repeats are to be told.
    Fold,
    /// It stayed resolved long enough.
    Resolve,
    /// What held the case back may be over: it is decided again.
    Recheck,
    /// No event came for so long that one is missing.
    Missing,
    /// The ticket is open long enough for the next step of its rule's `escalate`.
    Escalate,
}

impl TimerKind {
    /// All kinds.
    pub const ALL: [Self; 7] =
        [Self::Hold, Self::Forget, Self::Fold, Self::Resolve, Self::Recheck, Self::Missing, Self::Escalate];

    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Forget => "forget",
            Self::Fold => "fold",
            Self::Resolve => "resolve",
            Self::Recheck => "recheck",
            Self::Missing => "missing",
            Self::Escalate => "escalate",
        }
    }

    /// The kind of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A timer that fell due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// Its case.
    pub key: Key,
    /// What it is for.
    pub kind: TimerKind,
}

/// A change of timers. Setting one that is set moves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerChange {
    /// Set.
    Set {
        /// Its case.
        key: Key,
        /// What it is for.
        kind: TimerKind,
        /// When it falls due.
        due: Timestamp,
    },
    /// Cancel, if it is set.
    Cancel {
        /// Its case.
        key: Key,
        /// What it is for.
        kind: TimerKind,
    },
}

pub(super) fn decide(mut work: Work<'_>, timer: &Timer) -> Step {
    let late = "the timer came too late to matter";
    let Some(mut case) = work.case(&timer.key) else {
        return work.finish(Outcome::Nothing, Some(late.into()), None);
    };
    let event = case.event.clone();
    let done = match (timer.kind, case.state) {
        (TimerKind::Hold, CaseState::Waiting) if case.held_since.is_some() => {
            return held(work, case, "its hold is over");
        }
        (TimerKind::Recheck, CaseState::Waiting) if case.held_by.is_some() => {
            return held(work, case, "what held it back is over");
        }
        (TimerKind::Missing, CaseState::Waiting | CaseState::Open) if case.is_watching() => {
            return missing::due(work, case);
        }
        (TimerKind::Recheck, CaseState::Waiting) if case.silence.is_some() => {
            silenced::over(&mut work, &mut case)
        }
        (TimerKind::Forget, CaseState::Waiting) if case.held_since.is_none() && case.held_by.is_none() => {
            ticket::end(&mut work, &mut case);
            (Outcome::Nothing, Some("its threshold was not reached in time".to_owned()))
        }
        (TimerKind::Fold, CaseState::Open) if case.ticket.untold > 0 => {
            let rule = case.rule.clone();
            again::tell(&mut work, &rule, &event, &mut case);
            (Outcome::AddNote, Some(format!("seen {} times", case.count)))
        }
        (TimerKind::Recheck, CaseState::Open) if case.is_storm() => limit::ease(&mut work, &mut case),
        (TimerKind::Escalate, CaseState::Open) if case.escalation.is_some() => {
            escalate::step(&mut work, &mut case)
        }
        (TimerKind::Resolve, CaseState::Open)
            if case.feeds.iter().all(|feed| !feed.firing)
                && group::waits_for_members(&work, &case).is_none() =>
        {
            let lifecycle = resolve::lifecycle(&work, &case);
            resolve::now(&mut work, &mut case, &event, &lifecycle)
        }
        _ => return work.finish(Outcome::Nothing, Some(late.into()), None),
    };
    work.put(case.clone());
    finish(work, &case, done, event)
}

/// A hold is over, or what held the case back may be: the rule has its effects now, for the last event that the case
/// has seen.
pub(super) fn held(mut work: Work<'_>, mut case: Case, why: &str) -> Step {
    let mut event = missing::event_of(&case);
    let Some(rule) = work.rules.rule(&case.rule).filter(|rule| rule.mode != RuleMode::Off).cloned() else {
        // Nobody has decided about it, so it is decided like an event that comes in now.
        ticket::end(&mut work, &mut case);
        let why = if case.rule.as_str() == event::ON_RULE_ERROR { why } else { "its rule is gone or off" };
        resolve::record(&mut work, &case, (Outcome::Nothing, Some(why.into())));
        work.put(case.clone());
        // What is missing is no event, and how a ticket stood once is none any more.
        if case.watch.is_some() || case.standing.is_some() {
            return work.finish(Outcome::Nothing, None, None);
        }
        return event::decide(work, event);
    };
    let why = if limit::holds(&work, &rule, &case) { "there is room for it now" } else { why };
    let before = case.clone();
    let mark = work.mark();
    let done = match wait_on(&mut work, &rule, &event, &mut case) {
        Ok(Some((outcome, reason))) => {
            work.put(case);
            Ok((outcome, Some(reason)))
        }
        Ok(None) => effects::run(&mut work, &rule, &mut event, Some(case))
            .map(|applied| (applied.outcome, applied.reason.or_else(|| Some(why.to_owned())))),
        Err(error) => Err(error),
    };
    let done = match done {
        Ok(done) => done,
        Err(error) => {
            work.back_to(mark);
            let reason = format!("rule `{}` failed: {error}", rule.id());
            (failed(&mut work, &rule, &before, &reason), Some(reason))
        }
    };
    finish(work, &before, done, event)
}

/// Whether the case has to wait on: something else holds it back, or its hold starts anew once nothing does.
fn wait_on(
    work: &mut Work<'_>,
    rule: &Rule,
    event: &Event,
    case: &mut Case,
) -> Result<Option<(Outcome, String)>, ScriptError> {
    let covered = silenced::covers(work, rule, event, case);
    if case.state == CaseState::Open {
        // What is missing again while its ticket is open is told there, or under a silence not at all: nothing waits.
        return Ok(covered.map(|by| (Outcome::Silenced, format!("{}; its ticket is open", by.reason))));
    }
    if let Some(by) = covered {
        case.held_by = None;
        silenced::back(work, rule.id(), event, case, &by);
        return Ok(Some((Outcome::Silenced, by.reason)));
    }
    // Who had its turn in a storm has waited out its hold before.
    let was_held_back = case.held_by.is_some() && !limit::holds(work, rule, case);
    if was_held_back {
        case.held_by = None;
    }
    if let Some(done) = held::check(work, rule, event, case)? {
        return Ok(Some(done));
    }
    if was_held_back { wait::hold(work, rule, event, case) } else { Ok(None) }
}

/// The alert must not be lost with its rule: the ticket comes from the defaults, under the rule's key.
fn failed(work: &mut Work<'_>, rule: &Rule, case: &Case, reason: &str) -> Outcome {
    if work.rules.on_rule_error() == OnRuleError::Ignore || case.standing.is_some() {
        let mut case = case.clone();
        ticket::end(work, &mut case);
        work.put(case);
        return Outcome::Error;
    }
    ticket::open_from_defaults(work, rule.id(), &case.event, &case.key, reason)
}

fn finish(mut work: Work<'_>, case: &Case, done: (Outcome, Option<String>), event: Event) -> Step {
    resolve::record(&mut work, case, done.clone());
    if case.shadow {
        let reason = "its rule is in shadow: nothing is sent";
        return work.finish(Outcome::Nothing, Some(reason.into()), Some(event));
    }
    work.finish(done.0, done.1, Some(event))
}
