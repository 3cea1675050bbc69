//! Silences: what fires under one gets no ticket while it lasts, and is decided when it ends.
//!
//! Each silence that covers something has a case of its own (`silence/ID`), which keeps what it holds back in order, as
//! a case does that holds others back (`held`); its timer ends it, and by that lets them go.

use super::case::{Case, CaseState, Key};
use super::decision::Outcome;
use super::event::Applied;
use super::held;
use super::moment::shown;
use super::ticket;
use super::timer::TimerKind;
use super::work::Work;
use crate::event::{Event, State};
use crate::rule::{EffectTemplate, Rule, RuleId};
use crate::silence::{Silence, named};

/// A silence that covers an event.
pub(super) struct Covered {
    id: String,
    until: jiff::Timestamp,
    pub(super) reason: String,
}

/// The silence that covers the event for a rule's case now. The end of a problem is never silenced, and neither is a
/// rule that opens nothing anyway.
pub(super) fn covers(work: &Work<'_>, rule: &Rule, event: &Event, case: &Case) -> Option<Covered> {
    if work.silences().is_empty() || event.state() == State::Resolved {
        return None;
    }
    let harmless =
        |effect: &EffectTemplate| matches!(effect, EffectTemplate::Set(_) | EffectTemplate::Drop(_));
    if rule.effects.iter().all(harmless) {
        return None;
    }
    covers_any(work, rule.id(), event, case)
}

/// As [`covers`], also where no rule decides.
fn covers_any(work: &Work<'_>, rule: &RuleId, event: &Event, case: &Case) -> Option<Covered> {
    let silences = work.silences();
    if silences.is_empty() {
        return None;
    }
    // A rule in shadow has keys of its own; people silence what they see.
    let shadow = format!("shadow/{rule}/");
    let key = case.key.as_str();
    let key = if case.shadow { key.strip_prefix(&shadow).unwrap_or(key) } else { key };
    let found: Option<&Silence> =
        work.with_env(None, event, None, |env| silences.covering(event, rule.as_str(), key, env, work.now));
    found.map(|silence| Covered {
        id: silence.id.clone(),
        until: silence.until,
        reason: format!("until {}: {}", shown(silence.until), named(silence)),
    })
}

/// The key of the case that keeps what the silence of that id holds back.
pub fn silence_key(id: &str) -> Key {
    Key::new(&format!("silence/{id}"))
}

/// Holds the case back until the silence ends.
pub(super) fn back(work: &mut Work<'_>, rule: &RuleId, event: &Event, case: &mut Case, by: &Covered) {
    let key = silence_key(&by.id);
    if !work.case(&key).is_some_and(|holder| holder.is_alive()) {
        let mut holder = Case::begin(key.clone(), RuleId::new("silence"), event, work.now);
        holder.silence = Some(by.id.clone());
        work.set_timer(&key, TimerKind::Recheck, by.until);
        work.put(holder);
    }
    case.rule = rule.clone();
    held::back(work, case, key);
}

/// A firing event that is covered, with its case counted. What is waiting for something else goes on waiting; its
/// silence is looked at when that is over.
pub(super) fn apply(
    work: &mut Work<'_>,
    rule: &Rule,
    event: &Event,
    mut case: Case,
    by: &Covered,
    waits: Option<String>,
) -> Applied {
    let key = Some(case.key.clone());
    let known = work.case(&case.key).is_some_and(|known| known.is_alive());
    let reason = match (case.state, waits) {
        (CaseState::Open, _) => format!("{}; its open ticket has seen it {} times", by.reason, case.count),
        (_, Some(waits)) => format!("{}; {waits}", by.reason),
        // What only happened is over before the silence is: there is nothing to decide about later.
        _ if event.state() != State::Firing && !known => {
            return Applied { outcome: Outcome::Silenced, reason: Some(by.reason.clone()), key };
        }
        _ => {
            if case.held_by.is_none() {
                back(work, rule.id(), event, &mut case, by);
            }
            by.reason.clone()
        }
    };
    work.put(case);
    Applied { outcome: Outcome::Silenced, reason: Some(reason), key }
}

/// An event that becomes a ticket from the defaults, if it is covered: it is held back as well; then why.
pub(super) fn without_rule(work: &mut Work<'_>, rule: &RuleId, event: &Event, key: &Key) -> Option<String> {
    if work.silences().is_empty() {
        return None;
    }
    let mut case = ticket::alive_or_new(work, rule, event, key);
    let by = covers_any(work, rule, event, &case)?;
    work.seen(&mut case, event);
    if case.state == CaseState::Waiting && case.held_by.is_none() {
        back(work, rule, event, &mut case, &by);
    }
    work.put(case);
    Some(by.reason)
}

/// The time of a silence's case has come: it is over, or it was prolonged.
pub(super) fn over(work: &mut Work<'_>, case: &mut Case) -> (Outcome, Option<String>) {
    let id = case.silence.clone().unwrap_or_default();
    let until = work.silences().get(&id).map(|silence| silence.until).filter(|until| *until > work.now);
    if let Some(until) = until {
        work.set_timer(&case.key, TimerKind::Recheck, until);
        return (Outcome::Nothing, Some(format!("it goes on until {}", shown(until))));
    }
    let waiting = case.holding.iter().filter(|key| held::waits_for(work, key, &case.key)).count();
    ticket::end(work, case);
    (Outcome::Nothing, Some(format!("the silence is over: {waiting} that waited are decided now")))
}
