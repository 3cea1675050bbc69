//! Events about HaloPSA's own tickets: they tell how a ticket stands, not that something happened.
//!
//! So a rule that waits (`hold`) waits only while the ticket is as its `when` wants it, and acts once for each time it
//! becomes so. What a rule does to the ticket comes back as a change of it: such events are marked, and no rule hears of
//! them unless it asks. Where something else answers each of our changes with one of its own, a rule stops after some.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::case::{Case, CaseState, Key};
use super::decision::{Mode, Outcome};
use super::event::{Applied, conditions, key_of};
use super::moment::{after, before, shown};
use super::work::Work;
use super::{resolve, ticket};
use crate::event::{Event, State};
use crate::rule::{Rule, RuleMode};
use crate::ticket::TicketDraft;
use crate::value::text_equal;

/// LIMIT: a rule that changed one ticket this often within [`LOOP_WINDOW`] goes round in a circle with somebody: people
/// do not do that much to one ticket in an hour.
const LOOP_AT: usize = 10;
const LOOP_WINDOW: Duration = Duration::from_hours(1);

/// What a rule did about the HaloPSA ticket that its events tell of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// When it changed the ticket, as far as that is within the last hour; oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<Timestamp>,
    /// Since when it has acted on the ticket's being as its `when` wants it, while that goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acted_at: Option<Timestamp>,
}

/// Why a rule does not hear of an event about a ticket, if it does not.
pub(super) fn unheard(rule: &Rule, event: &Event) -> Option<&'static str> {
    event.ticket_id()?;
    if rule.from.is_empty() && !rule.names_ticket {
        return Some("HaloPSA's own tickets are heard by rules whose `from` names their source");
    }
    if event.is_our_doing() && !rule.names_ours {
        return Some("all that changed was done by rules, and its `when` does not name `change.ours`");
    }
    None
}

/// What an event about a ticket is to a rule that has no key of its own: the ticket, to this rule. Of two rules that wait
/// on one ticket, neither knows of the other.
pub(super) fn key(rule: &Rule, event: &Event) -> Key {
    Key::new(&format!("{}/{}/{}", event.source(), event.fingerprint(), rule.id()))
}

/// What a rule says that has acted already, on the ticket's being as it is.
pub(super) fn acted(case: &Case) -> Option<(Outcome, String)> {
    let at = case.standing.as_ref()?.acted_at?;
    let reason = format!("it acted at {}, and the ticket was not otherwise since", shown(at));
    Some((Outcome::Nothing, reason))
}

/// Whether the case waits on after its rule has acted: for the ticket to be otherwise once more.
pub(super) fn waits_on(rule: &Rule, case: &mut Case, now: Timestamp) -> bool {
    let Some(standing) = case.standing.as_mut().filter(|_| rule.hold.is_some()) else { return false };
    standing.acted_at = Some(now);
    true
}

/// Whether the case has to be kept for what its rule did.
pub(super) fn remembers(case: &Case) -> bool {
    case.standing.as_ref().is_some_and(|standing| !standing.acts.is_empty())
}

/// Whether a ticket is already as a draft would have it, as far as the event tells.
pub(super) fn is_so(event: &Event, draft: &TicketDraft) -> bool {
    let Ok(Value::Object(wanted)) = serde_json::to_value(draft) else { return false };
    let ticket = &event.value()["ticket"];
    !wanted.is_empty()
        && wanted.iter().all(|(field, wanted)| {
            let (name, id) = (&ticket[field.as_str()], &ticket[format!("{field}_id").as_str()]);
            match wanted {
                Value::String(wanted) => name.as_str().is_some_and(|name| text_equal(name, wanted)),
                Value::Number(_) => wanted == id || wanted == name,
                // What is a list or a map is not told in the same words.
                _ => false,
            }
        })
}

/// A rule changed the ticket that its event tells of.
pub(super) fn note(case: &mut Case, now: Timestamp) {
    if let Some(standing) = &mut case.standing {
        let since = before(now, LOOP_WINDOW);
        standing.acts.retain(|act| *act > since);
        standing.acts.push(now);
    }
}

/// Stops a rule that changes one ticket again and again.
pub(super) fn stop_loop(work: &mut Work<'_>, rule: &Rule, event: &Event, case: &Case) -> Option<Applied> {
    let since = before(work.now, LOOP_WINDOW);
    let acts = case.standing.as_ref()?.acts.iter().filter(|act| **act > since);
    let (first, count) = (acts.clone().next()?, acts.count());
    if count < LOOP_AT {
        return None;
    }
    let ticket = event.ticket_id().unwrap_or_default();
    let reason = format!(
        "it changed ticket {ticket} {count} times within an hour: something answers each change with another; it acts \
         again from {} on",
        shown(after(*first, LOOP_WINDOW))
    );
    if !case.shadow {
        work.warn(format!("rule `{}` is stopped: {reason}", rule.id()));
    }
    Some(Applied { outcome: Outcome::Limited, reason: Some(reason), key: Some(case.key.clone()) })
}

/// Ends what waits for a ticket that is not, or not any more, as its rule wants it. What waits on learns how the ticket
/// stands now.
pub(super) fn look_at_waiting(work: &mut Work<'_>, event: &Event) {
    for mut case in work.fed_by(event.source(), event.fingerprint()) {
        let heard_now = work.decisions.iter().any(|d| d.matched && d.key.as_ref() == Some(&case.key));
        if case.state != CaseState::Waiting || case.standing.is_none() || case.watch.is_some() || heard_now {
            continue;
        }
        if goes_on(work, event, &case) {
            case.event = event.clone();
        } else {
            ticket::end(work, &mut case);
            let reason = "the ticket is not as the rule wants it any more";
            resolve::record(work, &case, (Outcome::Nothing, Some(reason.into())));
        }
        work.put(case);
    }
}

/// Whether the ticket is still as the case's rule wants it. A rule that fails on it acts, if at all, on what it knows.
fn goes_on(work: &Work<'_>, event: &Event, case: &Case) -> bool {
    let Some(rule) = work.rules.rule(&case.rule).filter(|rule| rule.mode != RuleMode::Off) else {
        return false;
    };
    if event.state() == State::Resolved && !rule.names_state {
        return false;
    }
    let mode = if case.shadow { Mode::Shadow } else { Mode::Live };
    let same = || key_of(work, rule, mode, event).map(|key| key == case.key);
    let mut nothing = crate::condition::NoTrace;
    conditions(work, rule, event, &mut nothing).and_then(|held| Ok(held && same()?)).unwrap_or(true)
}
