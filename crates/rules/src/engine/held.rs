//! Holding a problem back while another one's case is waiting or open (`unless_open`), and deciding again when that
//! is over.
//!
//! The case that holds others back remembers their keys, and its end sets their timers: nothing is looked at in
//! between, however many services of a host are down over a weekend.

use std::time::Duration;

use super::case::{Case, CaseState, Key};
use super::decision::Outcome;
use super::limit;
use super::moment::after;
use super::timer::TimerKind;
use super::work::Work;
use crate::event::Event;
use crate::rule::Rule;
use crate::script::ScriptError;

/// What recovers together with a host says so about now; only what does not deserves its ticket.
const GRACE: Duration = Duration::from_mins(1);

// LIMIT: a case remembers this many that it holds back; the others look for themselves, every so often.
const MAX_HOLDING: usize = 2_000;
const LOOK_AGAIN: Duration = Duration::from_mins(10);

// LIMIT: a service waits for its host, that for its line, that for its site; longer chains are none.
const MAX_CHAIN: usize = 16;

/// What holds the case back now, if anything does; then it is held back.
pub(super) fn check(
    work: &mut Work<'_>,
    rule: &Rule,
    event: &Event,
    case: &mut Case,
) -> Result<Option<(Outcome, String)>, ScriptError> {
    for template in &rule.unless_open {
        let text = work.with_env(Some(rule), event, Some(case), |env| template.text(env))?;
        let key = Key::new(&text);
        if holds(work, &key, &case.key) {
            let reason = format!("the case `{key}` is open");
            case.rule = rule.id().clone();
            back(work, case, key);
            return Ok(Some((Outcome::Inhibited, reason)));
        }
    }
    // Its turn in a storm is not over before it has its ticket.
    if case.held_by.is_some() && !limit::holds(work, rule, case) {
        work.cancel_timer(&case.key, TimerKind::Recheck);
        case.held_by = None;
    }
    Ok(None)
}

/// Whether the case `key` holds `held` back. One that is held back by others does so too, unless they wait for
/// `held` in the end: two that wait for each other would wait for ever.
fn holds(work: &Work<'_>, key: &Key, held: &Key) -> bool {
    let mut key = key.clone();
    for depth in 0..MAX_CHAIN {
        if key == *held {
            return false;
        }
        match work.case(&key).filter(Case::is_alive) {
            None => return depth > 0,
            Some(Case { held_by: Some(next), .. }) => key = next,
            Some(_) => return true,
        }
    }
    false
}

/// Holds the case back until the case `by` ends.
pub(super) fn back(work: &mut Work<'_>, case: &mut Case, by: Key) {
    if case.held_by.as_ref() == Some(&by) {
        return;
    }
    work.cancel_timers(case);
    case.held_since = None;
    case.recent.clear();
    let holder = work.case(&by).filter(|holder| holder.holding.len() < MAX_HOLDING);
    if let Some(mut holder) = holder {
        if !holder.holding.contains(&case.key) {
            holder.holding.push(case.key.clone());
            work.put(holder);
        }
    } else {
        let due = after(work.now, LOOK_AGAIN);
        work.set_timer(&case.key, TimerKind::Recheck, due);
    }
    case.held_by = Some(by);
}

/// Whether the case of a key still waits for the case `by`.
pub(super) fn waits_for(work: &Work<'_>, key: &Key, by: &Key) -> bool {
    work.case(key).is_some_and(|c| c.state == CaseState::Waiting && c.held_by.as_ref() == Some(by))
}

/// The case ends: what it held back is decided again soon.
pub(super) fn let_go(work: &mut Work<'_>, case: &mut Case) {
    let due = after(work.now, GRACE);
    for key in std::mem::take(&mut case.holding) {
        if waits_for(work, &key, &case.key) {
            work.set_timer(&key, TimerKind::Recheck, due);
        }
    }
}
