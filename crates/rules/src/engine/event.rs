//! An event meets the rules.

use jiff::Timestamp;
use serde_json::Value;

use super::case::{Case, CaseState, Key};
use super::decision::{Decision, Mode, Outcome};
use super::standing::Standing;
use super::work::Work;
use super::{Explain, Step, effects, missing, resolve, silenced, standing, ticket, wait};
use crate::calendar::Calendars;
use crate::condition::{ConditionTrace, NoTrace, Sink, every};
use crate::event::{Event, State};
use crate::rule::{Active, Rule, RuleId, RuleMode};
use crate::ruleset::OnRuleError;
use crate::script::{Env, ScriptError};

/// What a matching rule did with the event.
pub(super) struct Applied {
    pub(super) outcome: Outcome,
    pub(super) reason: Option<String>,
    pub(super) key: Option<Key>,
}

impl Applied {
    pub(super) fn new(outcome: Outcome, reason: Option<String>) -> Self {
        Self { outcome, reason, key: None }
    }
}

pub(super) fn decide(mut work: Work<'_>, mut event: Event) -> Step {
    work.event = Some(event.clone());
    if let Some(why) = event.unmapped().map(str::to_owned) {
        let reason = format!("the payload does not fit its preset: {why}");
        let key = Key::new(&format!("unmapped/{}", event.source()));
        return fall_back(work, event, key, reason);
    }
    let mut errors: Vec<String> = Vec::new();
    // Of several rules that decided, the weightiest outcome is the event's.
    let mut decided: Option<(Outcome, Option<String>)> = None;
    let mut listened: Option<Applied> = None;
    let mut candidates = Vec::new();
    refill(&work, &event, None, &mut candidates);
    let mut next = 0;
    while let Some(number) = candidates.get(next).copied() {
        next += 1;
        let rule = &work.rules.rules()[number as usize];
        match consider(&mut work, rule, &mut event) {
            Considered::No => {}
            Considered::Failed(error) => errors.push(format!("rule `{}` failed: {error}", rule.id())),
            Considered::Yes { applied, mode } => {
                if rule.missing.is_some() {
                    // It only listened: what the event means is for the other rules to say.
                    if mode == Mode::Live
                        && listened.as_ref().is_none_or(|heard: &Applied| applied.outcome < heard.outcome)
                    {
                        listened = Some(applied);
                    }
                    continue;
                }
                if rule.only_sets() {
                    // The event is another one now, and other rules may be due.
                    refill(&work, &event, Some(number), &mut candidates);
                    next = 0;
                    continue;
                }
                if mode == Mode::Live {
                    if decided.as_ref().is_none_or(|(outcome, _)| applied.outcome < *outcome) {
                        decided = Some((applied.outcome, applied.reason));
                    }
                    if !rule.goes_on {
                        break;
                    }
                    refill(&work, &event, Some(number), &mut candidates);
                    next = 0;
                }
            }
        }
    }
    if !errors.is_empty() && event.state().opens() && !has_a_ticket(&work) {
        let key = default_key(&event);
        return fall_back(work, event, key, errors.join("; "));
    }
    if event.ticket_id().is_some() {
        standing::look_at_waiting(&mut work, &event);
    }
    // A rule that found nothing to do about a resolved event has not handled it.
    let unhandled = |outcome: Outcome| event.state() == State::Resolved && outcome == Outcome::Nothing;
    let mut step = if let Some((outcome, reason)) = decided.filter(|(outcome, _)| !unhandled(*outcome)) {
        work.finish(outcome, reason, Some(event))
    } else {
        match event.state() {
            State::Resolved => resolve::event(work, event),
            state if !state.opens() => {
                let reason =
                    format!("events in state `{state}` open no ticket unless a rule names the state");
                work.finish(Outcome::Nothing, Some(reason), Some(event))
            }
            _ => work.finish(Outcome::Unmatched, Some("no rule matched".into()), Some(event)),
        }
    };
    if let Some(heard) =
        listened.filter(|heard| heard.outcome < step.outcome || step.outcome == Outcome::Nothing)
    {
        (step.outcome, step.reason) = (heard.outcome, heard.reason);
    }
    step
}

/// The rules to look at after number `after`: all of them where everything is to be explained.
fn refill(work: &Work<'_>, event: &Event, after: Option<u32>, candidates: &mut Vec<u32>) {
    match work.explain {
        Explain::Everything => {
            candidates.clear();
            candidates.extend(0..work.rules.rules().len() as u32);
        }
        Explain::Matches => work.rules.candidates(event, candidates),
    }
    if let Some(after) = after {
        candidates.retain(|number| *number > after);
    }
}

/// Whether a ticket has the event already, or may yet: some live rule opened one, waits, or has one open.
fn has_a_ticket(work: &Work<'_>) -> bool {
    // A rule with `missing` has only heard of it.
    let listens = |id: &RuleId| work.rules.rule(id).is_some_and(|rule| rule.missing.is_some());
    let live = |d: &&Decision| d.matched && d.mode == Mode::Live && !listens(&d.rule);
    work.decisions.iter().filter(live).any(|decision| {
        let undecided = [Outcome::Notify, Outcome::Dropped, Outcome::Nothing, Outcome::Error];
        let open = |key| work.case(key).is_some_and(|case| case.state == CaseState::Open);
        decision.outcome.is_some_and(|outcome| !undecided.contains(&outcome))
            || decision.key.as_ref().is_some_and(open)
    })
}

enum Considered {
    No,
    Failed(ScriptError),
    Yes { applied: Applied, mode: Mode },
}

/// One rule and the event: conditions, then effects. A rule that fails half-way leaves nothing behind.
fn consider(work: &mut Work<'_>, rule: &Rule, event: &mut Event) -> Considered {
    let mode = mode(rule, event);
    let mut trace: Vec<ConditionTrace> = Vec::new();
    let verdict = if mode == Mode::Off {
        Ok(Err("the rule is off".to_owned()))
    } else {
        matches(work, rule, event, &mut trace)
    };
    match verdict {
        Ok(Err(why)) => {
            if work.explain == Explain::Everything {
                record(work, rule, mode, false, None, trace, None, Some(why).filter(|w| !w.is_empty()));
            }
            Considered::No
        }
        Ok(Ok(())) => {
            if work.explain == Explain::Matches {
                // ORDER: before the effects, which change the case that the conditions looked at.
                trace = explain(work, rule, event);
            }
            let mark = work.mark();
            let before = event.clone();
            match apply(work, rule, mode, event) {
                Ok(applied) => {
                    if mode == Mode::Shadow {
                        *event = before;
                    }
                    record(
                        work,
                        rule,
                        mode,
                        true,
                        applied.key.clone(),
                        trace,
                        Some(applied.outcome),
                        applied.reason.clone(),
                    );
                    Considered::Yes { applied, mode }
                }
                Err(error) => {
                    work.back_to(mark);
                    *event = before;
                    record(
                        work,
                        rule,
                        mode,
                        true,
                        None,
                        trace,
                        Some(Outcome::Error),
                        Some(error.message.clone()),
                    );
                    if mode == Mode::Shadow { Considered::No } else { Considered::Failed(error) }
                }
            }
        }
        Err(error) => {
            record(work, rule, mode, false, None, trace, Some(Outcome::Error), Some(error.message.clone()));
            if mode == Mode::Shadow { Considered::No } else { Considered::Failed(error) }
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "the fields of one record")]
fn record(
    work: &mut Work<'_>,
    rule: &Rule,
    mode: Mode,
    matched: bool,
    key: Option<Key>,
    conditions: Vec<ConditionTrace>,
    outcome: Option<Outcome>,
    reason: Option<String>,
) {
    let (rule, at) = (rule.id().clone(), rule.at().to_owned());
    work.decisions.push(Decision { rule, at, mode, matched, key, conditions, outcome, reason });
}

fn mode(rule: &Rule, event: &Event) -> Mode {
    match &rule.mode {
        RuleMode::Live => Mode::Live,
        RuleMode::Shadow => Mode::Shadow,
        RuleMode::Off => Mode::Off,
        RuleMode::LiveFor(clients) => {
            let name = event
                .value()
                .get("client")
                .and_then(|c| c.get("name"))
                .and_then(|n| n.as_str())
                .unwrap_or_default();
            if clients.iter().any(|c| crate::value::text_equal(c, name)) { Mode::Live } else { Mode::Shadow }
        }
    }
}

/// Whether the rule wants the event; if not, the reason where its conditions do not say it.
fn matches(
    work: &Work<'_>,
    rule: &Rule,
    event: &Event,
    trace: &mut Vec<ConditionTrace>,
) -> Result<Result<(), String>, ScriptError> {
    if !rule.from.is_empty() && !rule.from.iter().any(|name| crate::value::text_equal(name, event.source())) {
        return Ok(Err(format!("it listens to {}, not to {}", rule.from.join(", "), event.source())));
    }
    if let Some(why) = standing::unheard(rule, event) {
        return Ok(Err(why.to_owned()));
    }
    let state = event.state();
    let listens = rule.missing.is_some();
    // That a machine reports at all is heard, whatever it says; what a person did to an alert is no report.
    let seen = state.opens() || listens && state == State::Resolved;
    if !seen && !rule.names_state && !rule.only_sets() {
        return Ok(Err(format!("its `when` does not name the state `{state}`")));
    }
    if !listens && let Some(why) = inactive(&rule.active, &work.rules.library().calendars, work.now) {
        return Ok(Err(why));
    }
    let held = match work.explain {
        Explain::Matches => conditions(work, rule, event, &mut NoTrace),
        Explain::Everything => conditions(work, rule, event, trace),
    }?;
    Ok(if held { Ok(()) } else { Err(String::new()) })
}

/// The conditions of a rule that matched, evaluated once more with their values kept.
fn explain(work: &Work<'_>, rule: &Rule, event: &Event) -> Vec<ConditionTrace> {
    let mut trace = Vec::new();
    // A rule that matched cannot fail on the same input; what it recorded until then would still be right.
    let _ = conditions(work, rule, event, &mut trace);
    trace
}

/// Whether all conditions hold. The case and the scripts are asked only where everything else holds.
pub(super) fn conditions<S: Sink>(
    work: &Work<'_>,
    rule: &Rule,
    event: &Event,
    sink: &mut S,
) -> Result<bool, ScriptError> {
    let (plain, asking) = rule.when.split_at(rule.plain);
    let nobody = Env { vars: Vec::new(), now: work.now, library: work.rules.library(), is_open: &|_| false };
    if !every(plain, event.value(), &Value::Null, &nobody, sink)? {
        return Ok(false);
    }
    if asking.is_empty() {
        return Ok(true);
    }
    let case = if rule.asks_case { Some(upcoming_case(work, rule, event)?) } else { None };
    let case_view = case.as_ref().map_or(Value::Null, |case| case.seen_by_scripts().view());
    work.with_env(Some(rule), event, case.as_ref(), |env| every(asking, event.value(), &case_view, env, sink))
}

/// Why a rule is not active at a time, if it is not.
pub(super) fn inactive(active: &Active, calendars: &Calendars, now: Timestamp) -> Option<String> {
    if let Some(from) = active.from.filter(|from| now < *from) {
        return Some(format!("it is active from {from}"));
    }
    if let Some(until) = active.until.filter(|until| now >= *until) {
        return Some(format!("it was active until {until}"));
    }
    let inside = |name: &str| calendars.get(name).is_some_and(|c| c.contains(now));
    if let Some(name) = active.during.as_deref().filter(|name| !inside(name)) {
        return Some(format!("it is active during {name} only"));
    }
    if let Some(name) = active.outside.as_deref().filter(|name| inside(name)) {
        return Some(format!("it is active outside {name} only"));
    }
    None
}

/// The problem an event is about where its rule has no key of its own.
pub(super) fn default_key(event: &Event) -> Key {
    Key::new(&format!("{}/{}", event.source(), event.fingerprint()))
}

fn key(work: &Work<'_>, rule: &Rule, event: &Event) -> Result<Key, ScriptError> {
    let Some(template) = &rule.key else {
        let of_ticket = event.ticket_id().is_some();
        return Ok(if of_ticket { standing::key(rule, event) } else { default_key(event) });
    };
    let text = work.with_env(Some(rule), event, None, |env| template.text(env))?;
    if text.trim().is_empty() {
        return Err(ScriptError { message: "the key is empty".into(), at: None });
    }
    Ok(Key::new(&text))
}

/// The key of the case that an event is about, to a rule in this mode. Rules in shadow have cases of their own.
pub(super) fn key_of(work: &Work<'_>, rule: &Rule, mode: Mode, event: &Event) -> Result<Key, ScriptError> {
    key(work, rule, event).map(|key| in_mode(rule, mode, key))
}

fn in_mode(rule: &Rule, mode: Mode, key: Key) -> Key {
    match mode {
        Mode::Shadow => Key::new(&format!("shadow/{}/{}", rule.id(), key.as_str())),
        Mode::Live | Mode::Off => key,
    }
}

/// The case as it will be once this event is counted.
fn upcoming_case(work: &Work<'_>, rule: &Rule, event: &Event) -> Result<Case, ScriptError> {
    let key = key(work, rule, event)?;
    let mut case = work
        .case(&key)
        .filter(Case::is_alive)
        .unwrap_or_else(|| Case::begin(key, rule.id().clone(), event, work.now));
    case.seen(event, work.now);
    Ok(case)
}

/// The living case of a key, or a new one that goes on where the last one ended.
pub(super) fn case_of(work: &Work<'_>, rule: &Rule, mode: Mode, event: &Event, key: &Key) -> Case {
    let shadow = mode == Mode::Shadow;
    let key = in_mode(rule, mode, key.clone());
    match work.case(&key) {
        Some(case) if case.is_alive() => case,
        known => {
            let mut fresh = Case::begin(key, rule.id().clone(), event, work.now);
            fresh.shadow = shadow;
            if let Some(ended) = known {
                // The number of tickets goes on, and an ended case's ticket may be opened again.
                fresh.tickets = ended.tickets;
                fresh.ended_at = ended.ended_at;
                fresh.ticket.id = ended.ticket.id;
                fresh.ticket.given_up = ended.ticket.given_up;
                // What was done to a ticket counts on, whatever became of it in between.
                let acts = ended.standing.map(|standing| standing.acts).unwrap_or_default();
                fresh.standing = fresh.standing.map(|standing| Standing { acts, ..standing });
                fresh.ticket.was_over = ended.ticket.was_over;
            }
            fresh
        }
    }
}

/// The effects of a rule that matched.
fn apply(work: &mut Work<'_>, rule: &Rule, mode: Mode, event: &mut Event) -> Result<Applied, ScriptError> {
    if rule.only_sets() {
        effects::run(work, rule, event, None)?;
        return Ok(Applied::new(Outcome::Nothing, Some("it changed the event".into())));
    }
    let key = key(work, rule, event)?;
    if let Some(lasts) = rule.missing {
        return Ok(missing::heard(work, rule, lasts, mode, event, &key));
    }
    let mut case = case_of(work, rule, mode, event, &key);
    let key = case.key.clone();
    let silence = silenced::covers(work, rule, event, &case);
    if event.state().opens() {
        work.seen(&mut case, event);
        if let Some(by) = silence {
            let waits = wait::below_threshold(work, rule, &mut case);
            return Ok(silenced::apply(work, rule, event, case, &by, waits));
        }
        if case.state == CaseState::Waiting
            && let Some((outcome, reason)) = wait::wait(work, rule, event, &mut case)?
        {
            work.put(case);
            return Ok(Applied { outcome, reason: Some(reason), key: Some(key) });
        }
    }
    if let Some(by) = silence {
        return Ok(Applied { outcome: Outcome::Silenced, reason: Some(by.reason), key: Some(key) });
    }
    if let Some(stopped) = standing::stop_loop(work, rule, event, &case) {
        return Ok(stopped);
    }
    let mut applied = effects::run(work, rule, event, Some(case))?;
    applied.key = Some(key);
    Ok(applied)
}

/// What stands where a rule's id does if none decided.
pub(super) const ON_RULE_ERROR: &str = "on_rule_error";

/// What happens to an event no rule could decide about properly: a ticket from the defaults, or only a record.
fn fall_back(mut work: Work<'_>, event: Event, key: Key, reason: String) -> Step {
    let rule = RuleId::new(ON_RULE_ERROR);
    // A ticket of HaloPSA is there already, and people see it.
    let only_told = work.rules.on_rule_error() == OnRuleError::Ignore || event.ticket_id().is_some();
    let (outcome, reason) = if only_told {
        (Outcome::Error, reason)
    } else if let Some(silenced) = silenced::without_rule(&mut work, &rule, &event, &key) {
        (Outcome::Silenced, format!("{silenced}; {reason}"))
    } else {
        (ticket::open_from_defaults(&mut work, &rule, &event, &key, &reason), reason)
    };
    work.decisions.push(Decision {
        rule,
        at: String::new(),
        mode: Mode::Live,
        matched: true,
        key: Some(key),
        conditions: Vec::new(),
        outcome: Some(outcome),
        reason: Some(reason.clone()),
    });
    work.finish(outcome, Some(reason), Some(event))
}
