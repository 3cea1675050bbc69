//! A problem is gone: which cases that ends, and what their tickets get.

use super::case::{Case, CaseState};
use super::decision::{Decision, EffectKind, Mode, Outcome};
use super::moment::{after, shown};
use super::ticket::end;
use super::timer::TimerKind;
use super::work::Work;
use super::{Step, group};
use crate::duration::format_duration;
use crate::event::Event;
use crate::rule::{Lifecycle, Part, ResolvedDo, RuleId};
use crate::ticket::Note;

/// A resolved event that no rule handled goes to the cases its problem feeds.
pub(super) fn event(mut work: Work<'_>, event: Event) -> Step {
    let mut outcomes: Vec<(Outcome, Option<String>)> = Vec::new();
    for mut case in work.fed_by(event.source(), event.fingerprint()) {
        let mut feeds = case.feeds.iter_mut();
        let this = feeds.find(|f| f.source == event.source() && f.fingerprint == event.fingerprint());
        let Some(feed) = this.filter(|feed| feed.firing) else {
            // Said before: a source that repeats itself gets no second note and puts nothing off.
            outcomes.push((Outcome::Nothing, Some("it was resolved before".into())));
            continue;
        };
        feed.firing = false;
        let still = case.feeds.iter().filter(|feed| feed.firing).count();
        let done = if still > 0 {
            (
                Outcome::Nothing,
                Some(format!("{still} of {} problems of this case still fire", case.feeds.len())),
            )
        } else {
            all_gone(&mut work, &mut case, &event)
        };
        if !case.shadow {
            outcomes.push(done.clone());
        }
        record(&mut work, &case, done);
        work.put(case);
    }
    let (outcome, reason) = outcomes
        .into_iter()
        .min_by_key(|(outcome, _)| *outcome)
        .unwrap_or((Outcome::Nothing, Some("no open case is fed by this problem".into())));
    work.finish(outcome, reason, Some(event))
}

pub(super) fn record(work: &mut Work<'_>, case: &Case, done: (Outcome, Option<String>)) {
    let at = work.rules.rule(&case.rule).map(|rule| rule.at().to_owned()).unwrap_or_default();
    let mode = if case.shadow { Mode::Shadow } else { Mode::Live };
    work.decisions.push(Decision {
        rule: case.rule.clone(),
        at,
        mode,
        matched: true,
        key: Some(case.key.clone()),
        conditions: Vec::new(),
        outcome: Some(done.0),
        reason: done.1,
    });
}

/// The lifecycle that holds for a case: its script's, its rule's as it is now, or the default.
pub(super) fn lifecycle(work: &Work<'_>, case: &Case) -> Lifecycle {
    if let Some(map) = &case.lifecycle
        && let Ok(lifecycle) = Lifecycle::from_script(map)
    {
        return lifecycle;
    }
    work.rules.rule(&case.rule).and_then(|rule| rule.lifecycle()).cloned().unwrap_or_default()
}

/// Everything that fed the case is resolved.
fn all_gone(work: &mut Work<'_>, case: &mut Case, event: &Event) -> (Outcome, Option<String>) {
    if case.state == CaseState::Waiting && case.held_since.is_none() && !case.recent.is_empty() {
        let reason = "it is over for now; its threshold goes on counting";
        return (Outcome::Nothing, Some(reason.into()));
    }
    if case.state == CaseState::Waiting {
        let noted = group::counted(work, case).is_some();
        end(work, case);
        let reason =
            if noted { "it was a note on another ticket" } else { "it ended while waiting: no ticket" };
        return (Outcome::Nothing, Some(reason.into()));
    }
    if let Some(others) = group::waits_for_members(work, case) {
        let reason = format!("{others} others belong to its ticket and are not over");
        return (Outcome::Nothing, Some(reason));
    }
    quiet(work, case, event)
}

/// Nothing that the case's ticket is about fires any more.
pub(super) fn quiet(work: &mut Work<'_>, case: &mut Case, event: &Event) -> (Outcome, Option<String>) {
    let lifecycle = lifecycle(work, case);
    let wait = lifecycle.resolved.after;
    if !wait.is_zero() && lifecycle.resolved.action != Some(ResolvedDo::Nothing) {
        let due = after(work.now, wait);
        work.set_timer(&case.key, TimerKind::Resolve, due);
        return (
            Outcome::Waiting,
            Some(format!("resolves at {} if it stays resolved for {}", shown(due), format_duration(wait))),
        );
    }
    now(work, case, event, &lifecycle)
}

/// Resolves the case's ticket now, as its lifecycle says.
pub(super) fn now(
    work: &mut Work<'_>,
    case: &mut Case,
    event: &Event,
    lifecycle: &Lifecycle,
) -> (Outcome, Option<String>) {
    let rule = case.rule.clone();
    work.reached(&rule, Part::Resolved);
    let (note, problem) = note(work, case, event, lifecycle);
    let touched = case.ticket.touched;
    let done = match lifecycle.resolved.action {
        Some(ResolvedDo::Nothing) => {
            (Outcome::Nothing, Some("its rule leaves resolved problems alone".into()))
        }
        Some(ResolvedDo::Note) => add_note(work, case, &rule, event, note, None),
        None if touched => add_note(
            work,
            case,
            &rule,
            event,
            note,
            Some("somebody has worked on the ticket: only a note".into()),
        ),
        action => {
            let status = lifecycle.resolved.status.clone();
            let unless_touched = action.is_none();
            work.effect(
                case,
                &rule,
                case.severity,
                EffectKind::ResolveTicket { id: None, note: Some(note), status, unless_touched },
            );
            end(work, case);
            (Outcome::ResolveTicket, None)
        }
    };
    match problem {
        Some(problem) => (done.0, Some(problem)),
        None => done,
    }
}

fn add_note(
    work: &mut Work<'_>,
    case: &mut Case,
    rule: &RuleId,
    event: &Event,
    note: Note,
    reason: Option<String>,
) -> (Outcome, Option<String>) {
    work.effect(case, rule, event.severity(), EffectKind::AddNote { id: None, note });
    (Outcome::AddNote, reason)
}

/// The rule's note, or ours; a note that fails must not keep the ticket open.
fn note(work: &Work<'_>, case: &Case, event: &Event, lifecycle: &Lifecycle) -> (Note, Option<String>) {
    let ours = || {
        Note::private(&format!(
            "Resolved: {}\nSeen {} times, first {}, last {}.",
            event.title(),
            case.count,
            shown(case.first_seen),
            shown(case.last_seen)
        ))
    };
    match &lifecycle.resolved.note {
        None => (ours(), None),
        Some(template) => {
            let rule = work.rules.rule(&case.rule);
            match work.with_env(rule, event, Some(case), |env| template.note(env)) {
                Ok(note) => (note, None),
                Err(error) => (ours(), Some(format!("the rule's note failed: {error}"))),
            }
        }
    }
}
