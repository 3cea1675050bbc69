//! A case's ticket: opened, opened again, ended.

use std::time::Duration;

use super::case::{Case, CaseState, Key};
use super::decision::{EffectKind, Origin, Outcome};
use super::moment::{after, elapsed, shown};
use super::timer::TimerKind;
use super::work::Work;
use super::{again, escalate, group, held, limit};
use crate::duration::format_duration;
use crate::event::{Event, Severity};
use crate::rule::{AgainDo, Lifecycle, Part, Rule, RuleId};
use crate::script::{Env, ScriptError};
use crate::template::escape_html;
use crate::ticket::{Details, Note, Parent, TicketDraft, TicketTemplate, default_details, one_line};

/// The ticket fields an effect asks for.
pub(super) enum Wanted<'a> {
    Template(&'a TicketTemplate),
    Draft(Box<TicketDraft>),
}

pub(super) type Done = (Outcome, Option<String>);

/// What became of asking for a ticket.
pub(super) enum Opening {
    Done(Done),
    /// A brake leaves no room: this ticket has to wait.
    Limited(Box<TicketDraft>, limit::Brake),
}

/// Opens the case's ticket; if it has an open one, the event is a repeat.
pub(super) fn open(
    work: &mut Work<'_>,
    rule: &Rule,
    event: &Event,
    case: &mut Case,
    wanted: &Wanted<'_>,
    lifecycle: &Lifecycle,
) -> Result<Opening, ScriptError> {
    let another = case.state == CaseState::Open && lifecycle.again.action == AgainDo::New;
    let too_soon = case.ticket.told_at.is_some_and(|told| after(told, lifecycle.again.at_most) > work.now);
    // The limit is for what fires; and a ticket that takes the place of one resolved just now needs no room.
    let limited = event.state().opens() && case.state != CaseState::Resolved;
    let noted = rule.group.is_some() && group::takes_notes(work, rule, event, case)?;
    let brake = if limited && !noted { limit::without_room(work, rule, case) } else { None };
    if case.state == CaseState::Open && (!another || too_soon || brake.is_some()) {
        return again::again(work, rule, event, case, wanted, lifecycle).map(Opening::Done);
    }
    if case.state == CaseState::Waiting
        && let Some(done) = reopen(work, rule, event, case, lifecycle)
    {
        return Ok(Opening::Done(done));
    }
    if let Some(done) = given_up(work, case) {
        return Ok(Opening::Done(done));
    }
    let mut draft = compose(work, Some(rule), event, case, wanted)?;
    if let Some(brake) = brake {
        return Ok(Opening::Limited(Box::new(draft), brake));
    }
    let first = another.then(|| case.ticket.first.unwrap_or(case.tickets));
    resolve_parent(work, case, first, &mut draft);
    let mut reason = None;
    let place = group::place(work, rule, event, case, &draft)?;
    match place {
        group::Place::Alone => {}
        group::Place::Noted(done) => return Ok(Opening::Done(done)),
        group::Place::Child(parent) => {
            reason = Some("it belongs to the ticket of its group".to_owned());
            draft.parent = Some(parent);
        }
    }
    start(work, rule.id(), case, draft, origin(event), event.severity());
    case.ticket.first = first;
    limit::opened(work, rule, case);
    if reason.is_none() {
        // The parent's escalation speaks for all of a group.
        escalate::begin(work, rule, case);
    }
    if lifecycle.again.action == AgainDo::New {
        case.ticket.told_at = Some(work.now);
    }
    Ok(Opening::Done((Outcome::OpenTicket, reason)))
}

/// Which ticket of a case is meant as the parent. The case's own is the first of those that follow each other.
fn resolve_parent(work: &Work<'_>, case: &Case, first: Option<u32>, draft: &mut TicketDraft) {
    let Some(Parent::Case(text)) = &draft.parent else { return };
    let key = Key::new(text);
    let number = if key == case.key {
        // Its only ticket is nobody's child.
        let Some(first) = first else {
            draft.parent = None;
            return;
        };
        Some(first)
    } else {
        work.case(&key).filter(|parent| parent.state == CaseState::Open).map(|parent| parent.tickets)
    };
    if let Some(number) = number {
        draft.parent = Some(Parent::Ticket { case: key.as_str().to_owned(), number });
    }
}

// LIMIT: what HaloPSA refuses it will mostly refuse again until somebody has mended a rule or a right; asking at every
// repeat would fill the queue with refusals.
const REFUSED_PAUSE: Duration = Duration::from_hours(1);

/// Whether the case's ticket was given up so short a while ago that another one is not asked for yet.
fn given_up(work: &Work<'_>, case: &Case) -> Option<Done> {
    let ended = case.ended_at.filter(|_| case.ticket.given_up && case.state == CaseState::Waiting)?;
    let again = after(ended, REFUSED_PAUSE);
    let reason = format!("its ticket was given up; another one is tried from {} on", shown(again));
    (again > work.now).then_some((Outcome::Counted, Some(reason)))
}

/// The ticket that was given up will be there after all. The case that ended with it is open again, and what it waits
/// for since comes to that ticket; one whose problem was over before stays over, and its ticket is resolved at once.
pub(super) fn after_all(work: &mut Work<'_>, case: &mut Case) {
    let given_up = std::mem::take(&mut case.ticket.given_up);
    let was_over = std::mem::take(&mut case.ticket.was_over);
    if !given_up || was_over || case.state == CaseState::Open {
        return;
    }
    work.cancel_timers(case);
    case.state = CaseState::Open;
    case.recent.clear();
    case.held_since = None;
    case.held_by = None;
    case.ended_at = None;
    if case.storm.is_some() {
        // Its brake knows whether there still is one.
        work.set_timer(&case.key, TimerKind::Recheck, work.now);
    } else if let Some(rule) = work.rules.rule(&case.rule).cloned() {
        escalate::begin(work, &rule, case);
    }
}

/// The draft: the configuration's defaults, the client's own, the file's, the effect's; then what every ticket has.
pub(super) fn compose(
    work: &Work<'_>,
    rule: Option<&Rule>,
    event: &Event,
    case: &Case,
    wanted: &Wanted<'_>,
) -> Result<TicketDraft, ScriptError> {
    let severity = event.severity();
    let mut draft = work.with_env(rule, event, Some(case), |env: &Env<'_>| {
        let mut draft = work.rules.ticket_defaults().draft(env, severity)?;
        let of_file = match rule {
            Some(rule) => rule.defaults.draft(env, severity)?,
            None => TicketDraft::default(),
        };
        let of_effect = match wanted {
            Wanted::Template(template) => template.draft(env, severity)?,
            Wanted::Draft(draft) => (**draft).clone(),
        };
        let client = of_effect.client.as_ref().or(of_file.client.as_ref()).or(draft.client.as_ref());
        if let Some(own) = work.rules.clients().defaults(client, event) {
            draft.overlay(own.draft(env, severity)?);
        }
        draft.overlay(of_file);
        draft.overlay(of_effect);
        Ok::<_, ScriptError>(draft)
    })?;
    if draft.summary.is_none() {
        let title = event.title();
        draft.summary = Some(one_line(&match rule.and_then(|rule| rule.missing) {
            Some(lasts) => format!("Nothing for {}: {title}", format_duration(lasts)),
            None => title.to_owned(),
        }));
    }
    if draft.details.is_none() {
        draft.details = Some(default_details(event));
    }
    Ok(draft)
}

/// The case has a ticket of this draft from now on.
pub(super) fn start(
    work: &mut Work<'_>,
    rule: &RuleId,
    case: &mut Case,
    draft: TicketDraft,
    origin: Origin,
    severity: Severity,
) {
    work.cancel_timers(case);
    case.state = CaseState::Open;
    case.rule = rule.clone();
    case.tickets += 1;
    case.ticket = super::TicketState::default();
    case.severity = severity;
    case.recent.clear();
    case.held_since = None;
    case.held_by = None;
    case.escalation = None;
    case.ended_at = None;
    case.lifecycle = None;
    work.effect(
        case,
        rule,
        severity,
        EffectKind::OpenTicket { draft: Box::new(draft), origin: Box::new(origin) },
    );
}

pub(super) fn origin(event: &Event) -> Origin {
    let text = |field: &str, part: &str| {
        let value = event.value().get(field).and_then(|v| v.get(part))?;
        Some(crate::value::to_text(value).trim().to_owned()).filter(|t| !t.is_empty())
    };
    Origin {
        event: event.id().to_owned(),
        source: event.source().to_owned(),
        client_id: text("client", "id"),
        client_name: text("client", "name"),
        user_email: text("user", "email"),
    }
}

/// The living case of a key, or a new one that counts on from its last ticket.
pub(super) fn alive_or_new(work: &Work<'_>, rule: &RuleId, event: &Event, key: &Key) -> Case {
    let known = work.case(key);
    let tickets = known.as_ref().map_or(0, |case| case.tickets);
    known
        .filter(Case::is_alive)
        .unwrap_or_else(|| Case { tickets, ..Case::begin(key.clone(), rule.clone(), event, work.now) })
}

/// A ticket from the defaults alone, for an event that no rule could decide about. It is counted, unless a case that
/// waits has counted it before.
pub(super) fn open_from_defaults(
    work: &mut Work<'_>,
    rule: &RuleId,
    event: &Event,
    key: &Key,
    reason: &str,
) -> Outcome {
    let mut case = alive_or_new(work, rule, event, key);
    if case.state == CaseState::Open || case.count == 0 {
        work.seen(&mut case, event);
    }
    let outcome = if case.state == CaseState::Open {
        again::fold(work, rule, event, &mut case, Lifecycle::default().again.at_most)
    } else {
        let nothing = TicketTemplate::default();
        // Defaults that fail too must not cost the alert: then the ticket has summary and details only.
        let mut draft =
            compose(work, None, event, &case, &Wanted::Template(&nothing)).unwrap_or_else(|_| TicketDraft {
                summary: Some(one_line(event.title())),
                details: Some(default_details(event)),
                ..TicketDraft::default()
            });
        let html = &draft.details.get_or_insert_with(Details::default).html;
        draft.details =
            Some(Details { html: format!("<p><strong>{}</strong></p>\n{html}", escape_html(reason)) });
        start(work, rule, &mut case, draft, origin(event), event.severity());
        (Outcome::OpenTicket, None)
    };
    work.put(case);
    outcome.0
}

/// Opens a ticket again that was closed a short while ago.
fn reopen(
    work: &mut Work<'_>,
    rule: &Rule,
    event: &Event,
    case: &mut Case,
    lifecycle: &Lifecycle,
) -> Option<Done> {
    let within = lifecycle.reopen_within?;
    let ended = case.ended_at?;
    if work.now > after(ended, within) || case.tickets == 0 || case.ticket.given_up {
        return None;
    }
    work.reached(rule.id(), Part::Reopened);
    work.cancel_timers(case);
    case.state = CaseState::Open;
    case.rule = rule.id().clone();
    case.recent.clear();
    case.held_since = None;
    case.held_by = None;
    case.escalation = None;
    case.ended_at = None;
    case.severity = event.severity();
    let note = Note::private(&format!(
        "{} fires again {} after it was resolved.",
        event.title(),
        elapsed(ended, work.now)
    ));
    work.effect(case, rule.id(), event.severity(), EffectKind::ReopenTicket { note });
    escalate::begin(work, rule, case);
    Some((Outcome::ReopenTicket, Some(format!("it was resolved less than {} ago", format_duration(within)))))
}

/// Ends a case and its timers.
pub(super) fn end(work: &mut Work<'_>, case: &mut Case) {
    work.cancel_timers(case);
    held::let_go(work, case);
    let noted = case.held_by.clone();
    case.ticket.untold = 0;
    // What ends while it waits had no ticket of its own: an earlier one may still be opened again.
    let earlier = case.ended_at.filter(|_| case.state == CaseState::Waiting);
    case.ended_at = earlier.or(Some(work.now));
    case.state = if case.is_watching() { CaseState::Waiting } else { CaseState::Resolved };
    case.recent.clear();
    case.held_since = None;
    case.held_by = None;
    case.escalation = None;
    group::left(work, case, noted.as_ref());
}
