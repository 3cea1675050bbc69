//! Rules turned round (`missing`): what should come again and again, and the ticket for what did not.
//!
//! Such a rule only listens. Each event that it matches sets its case's timer anew; when that fires, the rule has its
//! effects, for the last event that came. The case has a key of its own (`missing/RULE/KEY`), because the same key may
//! well be another rule's, for what those events say.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Step;
use super::case::{Case, CaseState, Key, Watch};
use super::decision::{Mode, Outcome};
use super::event::{Applied, case_of, inactive};
use super::moment::{after, shown};
use super::resolve;
use super::ticket;
use super::timer::{self, TimerKind};
use super::work::Work;
use crate::calendar::Calendars;
use crate::duration::format_duration;
use crate::event::{Event, Severity, State};
use crate::path::Path;
use crate::rule::{Active, Rule, RuleMode};

/// An event that the rule waits for: nothing is missing now, and the next one is due.
pub(super) fn heard(
    work: &mut Work<'_>,
    rule: &Rule,
    lasts: Duration,
    mode: Mode,
    event: &Event,
    key: &Key,
) -> Applied {
    let key = Key::new(&format!("missing/{}/{key}", rule.id()));
    let mut case = case_of(work, rule, mode, event, &key);
    let was_missing = case.watch.is_some_and(|watch| watch.due.is_none());
    case.watch = Some(Watch::default());
    case.rule = rule.id().clone();
    case.seen(event, work.now);
    let due = after(work.now, lasts);
    let expected = format!("the next one is missing from {} on", shown(due));
    let done = match case.state {
        CaseState::Open if was_missing => {
            let lifecycle = resolve::lifecycle(work, &case);
            let done = resolve::now(work, &mut case, event, &lifecycle);
            (done.0, Some(done.1.map_or_else(|| expected.clone(), |why| format!("{why}; {expected}"))))
        }
        _ => (Outcome::Nothing, Some(expected)),
    };
    if case.held_by.take().is_some() {
        // It came before the ticket that says it did not.
        work.cancel_timer(&case.key, TimerKind::Recheck);
    }
    if case.state == CaseState::Resolved {
        case.state = CaseState::Waiting;
    }
    watch(work, &mut case, due);
    let key = Some(case.key.clone());
    work.put(case);
    Applied { outcome: done.0, reason: done.1, key }
}

fn watch(work: &mut Work<'_>, case: &mut Case, due: Timestamp) {
    case.watch = Some(Watch { due: Some(due) });
    work.set_timer(&case.key, TimerKind::Missing, due);
}

/// The event a case is decided about later: its last one, as something that fires where that one is missing now.
pub(super) fn event_of(case: &Case) -> Event {
    let mut event = case.event.clone();
    if case.watch.is_some() {
        // Both are known values of fields that may be set.
        let mut set =
            |field: &str, value: &str| Path::parse(field).map(|path| event.set(&path, value.into()));
        let _ = set("state", State::Firing.as_str());
        // That a success is `info` says nothing about how bad it is that none comes.
        if case.event.severity() < Severity::Medium {
            let _ = set("severity", Severity::Medium.as_str());
        }
    }
    event
}

/// The time is over and nothing came: the rule acts, if it still wants to.
pub(super) fn due(mut work: Work<'_>, mut case: Case) -> Step {
    let rule = work.rules.rule(&case.rule).filter(|rule| rule.mode != RuleMode::Off).cloned();
    let Some((rule, lasts)) = rule.and_then(|rule| rule.missing.map(|lasts| (rule, lasts))) else {
        return over(work, case, "its rule is gone, off, or misses nothing any more");
    };
    let later = after(case.last_seen, lasts);
    if later > work.now {
        watch(&mut work, &mut case, later);
        work.put(case);
        return work.finish(Outcome::Nothing, Some("its rule waits longer by now".into()), None);
    }
    if let Some(why) = inactive(&rule.active, &work.rules.library().calendars, work.now) {
        let Some(again) = next_active(&rule.active, &work.rules.library().calendars, work.now) else {
            return over(work, case, &why);
        };
        watch(&mut work, &mut case, again);
        work.put(case);
        return work.finish(Outcome::Nothing, Some(why), None);
    }
    case.watch = Some(Watch::default());
    // ORDER: a rule that fails takes back what it did itself, not that its time had come.
    work.put(case.clone());
    timer::held(work, case, &format!("nothing came for {}", format_duration(lasts)))
}

/// Nothing is waited for any more; an open ticket stays with the people who have it.
fn over(mut work: Work<'_>, mut case: Case, why: &str) -> Step {
    case.watch = Some(Watch::default());
    if case.state == CaseState::Waiting {
        ticket::end(&mut work, &mut case);
    }
    resolve::record(&mut work, &case, (Outcome::Nothing, Some(why.to_owned())));
    work.put(case);
    work.finish(Outcome::Nothing, Some(why.to_owned()), None)
}

/// When a rule is active again, to ten minutes; `None` if that is not within a month.
fn next_active(active: &Active, calendars: &Calendars, now: Timestamp) -> Option<Timestamp> {
    // LIMIT: working hours and holidays come back within days; a month is some 4,000 looks, once in a while.
    let step = SignedDuration::from_mins(10);
    let first = active.from.filter(|from| *from > now).unwrap_or(now);
    let mut times = std::iter::successors(Some(first), |time| time.checked_add(step).ok()).take(31 * 144);
    times.find(|time| *time > now && inactive(active, calendars, *time).is_none())
}
