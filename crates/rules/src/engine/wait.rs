//! What comes before a ticket: a threshold to reach, a case that holds back, a hold.

use super::case::{Case, CaseState};
use super::decision::Outcome;
use super::moment::{after, before, shown};
use super::timer::TimerKind;
use super::work::Work;
use super::{group, held, limit};
use crate::duration::format_duration;
use crate::event::Event;
use crate::rule::Rule;
use crate::script::ScriptError;

/// Whether the event only brings the case nearer to its threshold, is held back or begins its hold; then the reason.
pub(super) fn wait(
    work: &mut Work<'_>,
    rule: &Rule,
    event: &Event,
    case: &mut Case,
) -> Result<Option<(Outcome, String)>, ScriptError> {
    if let Some(done) = limit::queued(work, rule, case).or_else(|| group::counted(work, case)) {
        return Ok(Some(done));
    }
    if let Some(reason) = below_threshold(work, rule, case) {
        return Ok(Some((Outcome::Waiting, reason)));
    }
    if let Some(done) = held::check(work, rule, event, case)? {
        return Ok(Some(done));
    }
    // Who had its turn in a storm has waited out its hold before.
    Ok(if limit::holds(work, rule, case) { None } else { hold(work, rule, case) })
}

/// Counts an event of a waiting case toward the rule's threshold; how far that is, unless it is reached.
pub(super) fn below_threshold(work: &mut Work<'_>, rule: &Rule, case: &mut Case) -> Option<String> {
    // A threshold once reached stays so while the case waits for something else, however long.
    let counts = case.state == CaseState::Waiting && case.held_since.is_none() && case.held_by.is_none();
    let threshold = rule.threshold.filter(|_| counts)?;
    let start = before(work.now, threshold.within);
    case.recent.retain(|time| *time > start);
    case.recent.push(work.now);
    let seen = case.recent.len() as u32;
    if seen >= threshold.count {
        return None;
    }
    work.set_timer(&case.key, TimerKind::Forget, after(work.now, threshold.within));
    Some(format!("{seen} of {} within {}", threshold.count, format_duration(threshold.within)))
}

/// Whether the rule's hold goes on, or begins; then until when.
pub(super) fn hold(work: &mut Work<'_>, rule: &Rule, case: &mut Case) -> Option<(Outcome, String)> {
    if rule.hold.is_zero() {
        return None;
    }
    // The first event starts the wait; later ones do not prolong it.
    let due = after(case.held_since.unwrap_or(work.now), rule.hold);
    if case.held_since.is_none() {
        case.rule = rule.id().clone();
        case.held_since = Some(work.now);
        work.cancel_timer(&case.key, TimerKind::Forget);
        work.set_timer(&case.key, TimerKind::Hold, due);
    }
    Some((Outcome::Waiting, format!("held for {} until {}", format_duration(rule.hold), shown(due))))
}
