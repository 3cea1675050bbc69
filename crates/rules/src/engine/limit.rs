//! Brakes: beyond so many tickets within so long, alerts wait for room, counted on one storm ticket. A rule may have one
//! (`limit`), and so may the whole service (`brake`); a ticket needs room in both.
//!
//! The storm's case (`storm/RULE`, or `storm`) is there from the first ticket on: it keeps when the last ones were opened,
//! also while there is no storm. During one it holds back what waits, in order, and its timer lets go of as many as
//! there is room for. Nothing about a limit is kept anywhere else.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::case::{Case, CaseState, Key, Storm};
use super::decision::{EffectKind, Origin, Outcome};
use super::event::Applied;
use super::moment::{after, shown};
use super::ticket;
use super::timer::TimerKind;
use super::work::Work;
use super::{again, held, resolve};
use crate::duration::format_duration;
use crate::event::Event;
use crate::rule::{Limit, Rule, RuleId};
use crate::ticket::{Details, Note, TicketDraft};

/// One of the brakes that a ticket of a rule is under.
#[derive(Clone)]
pub(super) struct Brake {
    /// Its storm's case.
    key: Key,
    /// Whose tickets the storm's ticket counts as.
    id: RuleId,
    limit: Limit,
}

/// What stands where a rule's id does in the storm of the whole service.
const SERVICE: &str = "brake";

/// The brakes of a rule's tickets: its own, and the service's.
fn brakes(work: &Work<'_>, rule: &Rule, shadow: bool) -> impl Iterator<Item = Brake> + use<> {
    let prefix = if shadow { "shadow/" } else { "" };
    let own = rule.limit.map(|limit| Brake {
        key: Key::new(&format!("{prefix}storm/{}", rule.id())),
        id: rule.id().clone(),
        limit,
    });
    let service = work.rules.brake().map(|limit| Brake {
        key: Key::new(&format!("{prefix}storm")),
        id: RuleId::new(SERVICE),
        limit,
    });
    own.into_iter().chain(service)
}

/// The openings that still count.
fn within(storm: &Storm, limit: Limit, now: Timestamp) -> impl Iterator<Item = Timestamp> {
    storm.openings.iter().copied().filter(move |opened| after(*opened, limit.per) > now)
}

/// The brake that leaves no room for a ticket of the case now, if one does. Those who wait come before those who come.
pub(super) fn without_room(work: &Work<'_>, rule: &Rule, case: &Case) -> Option<Brake> {
    brakes(work, rule, case.shadow).find(|brake| {
        let Some(known) = work.case(&brake.key) else { return false };
        let Some(storm) = &known.storm else { return false };
        let its_turn = || {
            case.held_by.as_ref() == Some(&brake.key)
                || !known.holding.iter().any(|waiting| held::waits_for(work, waiting, &brake.key))
        };
        within(storm, brake.limit, work.now).count() >= brake.limit.tickets as usize || !its_turn()
    })
}

/// A ticket of the rule is opened for the case: that counts.
pub(super) fn opened(work: &mut Work<'_>, rule: &Rule, case: &Case) {
    for Brake { key, id, limit } in brakes(work, rule, case.shadow) {
        let mut storm = work.case(&key).unwrap_or_else(|| Case {
            state: CaseState::Resolved,
            shadow: case.shadow,
            ..Case::begin(key, id, &case.event, work.now)
        });
        let known = storm.storm.take().unwrap_or_default();
        let openings = within(&known, limit, work.now).chain([work.now]).collect();
        storm.storm = Some(Storm { openings });
        work.put(storm);
    }
}

/// Whether the case waits for its turn in a storm; then why.
pub(super) fn queued(work: &Work<'_>, rule: &Rule, case: &Case) -> Option<(Outcome, String)> {
    let by = case.held_by.as_ref()?;
    let brake = brakes(work, rule, case.shadow).find(|brake| brake.key == *by)?;
    work.case(by)?.holding.contains(&case.key).then(|| (Outcome::Limited, reason(brake.limit)))
}

/// Whether it is a storm of the rule's or the service's that holds the case back.
pub(super) fn holds(work: &Work<'_>, rule: &Rule, case: &Case) -> bool {
    case.held_by.as_ref().is_some_and(|by| brakes(work, rule, case.shadow).any(|brake| brake.key == *by))
}

fn reason(limit: Limit) -> String {
    format!("more than {} within {}", tickets(limit.tickets as usize), format_duration(limit.per))
}

fn tickets(count: usize) -> String {
    if count == 1 { "1 ticket".to_owned() } else { format!("{count} tickets") }
}

/// Puts the case at the end of those that wait. `draft` is the ticket it would have got.
pub(super) fn hold_back(
    work: &mut Work<'_>,
    rule: &Rule,
    brake: Brake,
    event: &Event,
    mut case: Case,
    draft: TicketDraft,
) -> Applied {
    let Brake { key, id, limit } = brake;
    let begin = || Case::begin(key.clone(), id.clone(), event, work.now);
    let mut storm = work.case(&key).unwrap_or_else(begin);
    storm.shadow = case.shadow;
    let begins = storm.state != CaseState::Open;
    if begins {
        (storm.count, storm.first_seen) = (0, work.now);
        let origin =
            Origin { event: event.id().to_owned(), source: event.source().to_owned(), ..Origin::default() };
        let severity = event.severity();
        ticket::start(work, &id, &mut storm, umbrella(&id, limit, draft), origin, severity);
        resolve::record(work, &storm, (Outcome::OpenTicket, Some(reason(limit))));
    }
    storm.count += 1;
    storm.last_seen = work.now;
    storm.event = event.clone();
    let due = next_room(&storm, limit, work.now);
    work.set_timer(&key, TimerKind::Recheck, due);
    work.put(storm);
    // It goes to the end, also when it had its turn and found no room after all.
    case.rule = rule.id().clone();
    case.held_by = None;
    held::back(work, &mut case, key.clone());
    if !begins && let Some(mut storm) = work.case(&key) {
        let done = again::fold(work, &id, event, &mut storm, limit.per);
        if done.0 == Outcome::AddNote {
            resolve::record(work, &storm, done);
        }
        work.put(storm);
    }
    let key = Some(case.key.clone());
    work.put(case);
    Applied { outcome: Outcome::Limited, reason: Some(reason(limit)), key }
}

/// The storm's ticket: where the rule's tickets go, without what is about one of its alerts.
fn umbrella(id: &RuleId, limit: Limit, draft: TicketDraft) -> TicketDraft {
    let service = id.as_str() == SERVICE;
    let who = if service { "The rules together".to_owned() } else { format!("The rule {id}") };
    let of = if service { String::new() } else { format!(" of {id}") };
    let text = format!(
        "{who} opened {} within {}, the limit. Further alerts wait for room, in the order they came; what still fires \
         then gets its ticket. A private note on this ticket counts what was held back, and this ticket is resolved when \
         nothing waits any more.",
        tickets(limit.tickets as usize),
        format_duration(limit.per)
    );
    TicketDraft {
        summary: Some(format!("Storm: alerts{of} are held back")),
        details: Some(Details { html: crate::template::plain_to_html(&text) }),
        client: None,
        site: None,
        user: None,
        asset: None,
        parent: None,
        ..draft
    }
}

/// When the oldest opening that counts no longer does.
fn next_room(case: &Case, limit: Limit, now: Timestamp) -> Timestamp {
    let oldest = case.storm.as_ref().and_then(|storm| within(storm, limit, now).next());
    after(oldest.unwrap_or(now), limit.per)
}

/// What the note on the storm's ticket says.
pub(super) fn told(case: &Case) -> String {
    // LIMIT: people read the first few; the rest is a number.
    const NAMED: usize = 20;
    let mut text = format!(
        "Held back: {} alerts.\nFirst: {}\nLast: {}\n",
        case.count,
        shown(case.first_seen),
        shown(case.last_seen)
    );
    for key in case.holding.iter().take(NAMED) {
        let _ = writeln!(text, "Waits: {key}");
    }
    if case.holding.len() > NAMED {
        let _ = writeln!(text, "and {} more", case.holding.len() - NAMED);
    }
    text
}

/// There may be room: as many as fit get their turn. When nobody waits and nobody had to, the storm is over.
pub(super) fn ease(work: &mut Work<'_>, storm: &mut Case) -> (Outcome, Option<String>) {
    let limit = match storm.rule.as_str() {
        SERVICE => work.rules.brake(),
        _ => work.rules.rule(&storm.rule).and_then(|rule| rule.limit),
    };
    let Some(limit) = limit else {
        return over(work, storm, "there is no limit any more");
    };
    let openings: Vec<_> =
        storm.storm.iter().flat_map(|openings| within(openings, limit, work.now)).collect();
    let room = (limit.tickets as usize).saturating_sub(openings.len());
    storm.storm = Some(Storm { openings });
    let mut waiting = std::mem::take(&mut storm.holding);
    waiting.retain(|key| held::waits_for(work, key, &storm.key));
    if waiting.is_empty() && room > 0 {
        return over(work, storm, "nothing waits any more");
    }
    storm.holding = waiting.split_off(room.min(waiting.len()));
    for key in &waiting {
        work.set_timer(key, TimerKind::Recheck, work.now);
    }
    let due = next_room(storm, limit, work.now);
    work.set_timer(&storm.key, TimerKind::Recheck, due);
    let reason = format!("room for {}, {} still wait", tickets(waiting.len()), storm.holding.len());
    (Outcome::Nothing, Some(reason))
}

fn over(work: &mut Work<'_>, storm: &mut Case, why: &str) -> (Outcome, Option<String>) {
    let rule = storm.rule.clone();
    let note = Note::private(&format!(
        "The storm is over: {} alerts were held back, first {}, last {}.",
        storm.count,
        shown(storm.first_seen),
        shown(storm.last_seen)
    ));
    let touched = storm.ticket.touched;
    let kind = if touched {
        EffectKind::AddNote { id: None, note }
    } else {
        EffectKind::ResolveTicket { id: None, note: Some(note), status: None, unless_touched: true }
    };
    let outcome = kind.outcome();
    work.effect(storm, &rule, storm.severity, kind);
    ticket::end(work, storm);
    (outcome, Some(why.to_owned()))
}
