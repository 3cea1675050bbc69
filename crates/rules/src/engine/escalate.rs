//! What a rule does while its ticket stays open: one timer a case, for the next of its steps.

use super::case::{Case, Escalation};
use super::decision::{EffectKind, Outcome};
use super::moment::after;
use super::timer::TimerKind;
use super::work::Work;
use crate::duration::format_duration;
use crate::rule::{Escalate, Part, Rule, RuleMode, Unless};
use crate::script::ScriptError;

type Done = (Outcome, Option<String>);

/// The case's ticket is open from now on.
pub(super) fn begin(work: &mut Work<'_>, rule: &Rule, case: &mut Case) {
    wait_for(work, rule, case, Escalation { since: work.now, done: 0 });
}

/// Sets the timer of the first step that is not done, if there is one.
fn wait_for(work: &mut Work<'_>, rule: &Rule, case: &mut Case, at: Escalation) {
    let next = rule.escalate.get(at.done as usize);
    case.escalation = next.is_some().then_some(at);
    if let Some(next) = next {
        // A step that a late timer passed over is due as well, one after the other.
        let due = after(at.since, next.after).max(work.now);
        work.set_timer(&case.key, TimerKind::Escalate, due);
    }
}

/// The next step is due.
pub(super) fn step(work: &mut Work<'_>, case: &mut Case) -> Done {
    let Some(at) = case.escalation.take() else { return (Outcome::Nothing, None) };
    let rule = work.rules.rule(&case.rule).filter(|rule| rule.mode != RuleMode::Off).cloned();
    let Some((rule, step)) = rule.and_then(|rule| {
        let step = rule.escalate.get(at.done as usize).cloned()?;
        Some((rule, step))
    }) else {
        return (Outcome::Nothing, Some("its rule does not escalate any more".into()));
    };
    wait_for(work, &rule, case, Escalation { done: at.done + 1, ..at });
    if step.unless == Some(Unless::Touched) && case.ticket.touched {
        return (Outcome::Nothing, Some("somebody has worked on its ticket".into()));
    }
    work.reached(rule.id(), Part::Escalate(at.done));
    match effects(work, &rule, case, &step) {
        Ok(effects) => {
            let outcome = effects.iter().map(EffectKind::outcome).min().unwrap_or(Outcome::Nothing);
            for effect in effects {
                work.effect(case, rule.id(), case.severity, effect);
            }
            (outcome, Some(format!("its ticket is open for {}", format_duration(step.after))))
        }
        Err(error) => (Outcome::Error, Some(format!("the escalation failed: {error}"))),
    }
}

/// What the step asks for; all of it or, if a template fails, nothing.
fn effects(
    work: &Work<'_>,
    rule: &Rule,
    case: &Case,
    step: &Escalate,
) -> Result<Vec<EffectKind>, ScriptError> {
    let event = &case.event;
    work.with_env(Some(rule), event, Some(case), |env| {
        let mut effects = Vec::new();
        if let Some(update) = &step.update {
            let draft = Box::new(update.draft(env, event.severity())?);
            effects.push(EffectKind::UpdateTicket { id: None, draft });
        }
        if let Some(note) = &step.note {
            effects.push(EffectKind::AddNote { id: None, note: note.note(env)? });
        }
        if let Some(notify) = &step.notify {
            effects.push(notify.notice(env, event)?);
        }
        Ok(effects)
    })
}
