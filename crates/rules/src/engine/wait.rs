//! What comes before a ticket: a threshold to reach, a case that holds back, a hold.

use jiff::Timestamp;

use super::case::{Case, CaseState};
use super::decision::Outcome;
use super::moment::{after, before, shown};
use super::timer::TimerKind;
use super::work::Work;
use super::{group, held, limit, standing};
use crate::duration::format_duration;
use crate::event::Event;
use crate::rule::{Hold, Rule};
use crate::script::ScriptError;
use crate::time::to_time;

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
    if let Some(done) = acted(work, rule, event, case)? {
        return Ok(Some(done));
    }
    if let Some(reason) = below_threshold(work, rule, case) {
        return Ok(Some((Outcome::Waiting, reason)));
    }
    if let Some(done) = held::check(work, rule, event, case)? {
        return Ok(Some(done));
    }
    // Who had its turn in a storm has waited out its hold before.
    if limit::holds(work, rule, case) { Ok(None) } else { hold(work, rule, event, case) }
}

/// What a rule says that has acted on a ticket's being as it is. What it waits for may have been put off since: then it
/// waits once more.
fn acted(
    work: &Work<'_>,
    rule: &Rule,
    event: &Event,
    case: &mut Case,
) -> Result<Option<(Outcome, String)>, ScriptError> {
    let Some(done) = standing::acted(case) else { return Ok(None) };
    let put_off = match &rule.hold {
        Some(Hold::Until { .. }) => due(work, rule, event, case)?.is_some_and(|due| due > work.now),
        _ => false,
    };
    if put_off && let Some(standing) = &mut case.standing {
        standing.acted_at = None;
        return Ok(None);
    }
    Ok(Some(done))
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
pub(super) fn hold(
    work: &mut Work<'_>,
    rule: &Rule,
    event: &Event,
    case: &mut Case,
) -> Result<Option<(Outcome, String)>, ScriptError> {
    let Some(hold) = &rule.hold else { return Ok(None) };
    let Some(due) = due(work, rule, event, case)? else {
        if case.held_since.take().is_some() {
            work.cancel_timer(&case.key, TimerKind::Hold);
        }
        return Ok(Some((Outcome::Nothing, "the time that it waits for is not known".into())));
    };
    if due <= work.now {
        return Ok(None);
    }
    let began = case.held_since.is_none();
    if began {
        case.rule = rule.id().clone();
        case.held_since = Some(work.now);
        work.cancel_timer(&case.key, TimerKind::Forget);
    }
    // The first event starts the wait; later ones do not prolong it, but may tell of another time.
    if began || matches!(hold, Hold::Until { .. }) {
        work.set_timer(&case.key, TimerKind::Hold, due);
    }
    let reason = match hold {
        Hold::For(wait) => format!("held for {} until {}", format_duration(*wait), shown(due)),
        Hold::Until { .. } => format!("held until {}", shown(due)),
    };
    Ok(Some((Outcome::Waiting, reason)))
}

/// When the rule's hold is over; nothing where the event does not tell. A time that cannot be read is an error: waiting
/// for it would swallow the event.
fn due(work: &Work<'_>, rule: &Rule, event: &Event, case: &Case) -> Result<Option<Timestamp>, ScriptError> {
    let (time, early) = match &rule.hold {
        None => return Ok(None),
        Some(Hold::For(wait)) => return Ok(Some(after(case.held_since.unwrap_or(work.now), *wait))),
        Some(Hold::Until { time, early }) => (time, *early),
    };
    let said = work.with_env(Some(rule), event, Some(case), |env| time.value(env))?;
    if said.is_null() || said.as_str().is_some_and(|text| text.trim().is_empty()) {
        return Ok(None);
    }
    let Some(time) = to_time(&said) else {
        let said = crate::value::to_text(&said);
        return Err(ScriptError {
            message: format!("`hold` waits until `{said}`, which is no time"),
            at: None,
        });
    };
    Ok(Some(before(time, early)))
}
