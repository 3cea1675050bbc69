//! Many problems of one thing (`group`): one ticket takes them, as its children or as notes.
//!
//! The group's case (`group/RULE/BY`) is there from the first ticket on and knows its members: the cases whose problem
//! goes on. When enough came together, one ticket is the parent: one of the group's own, where the rule describes it,
//! or else the first of the members'. A member knows its group, and tells it when it ends; the last one ends the
//! parent.

use std::fmt::Write as _;

use super::case::{Case, CaseState, Group, Key, Member};
use super::decision::{EffectKind, Outcome};
use super::moment::{after, shown};
use super::ticket::{self, Done};
use super::timer::TimerKind;
use super::work::Work;
use super::{again, escalate, held, resolve};
use crate::duration::format_duration;
use crate::event::Event;
use crate::rule::{GroupTemplate, Rule};
use crate::script::ScriptError;
use crate::template::plain_to_html;
use crate::ticket::{Details, Parent, TicketDraft};

// LIMIT: as many members as a case can hold back others; more are children that nobody counts.
const MAX_MEMBERS: usize = 2_000;

/// Where a ticket that is about to be opened belongs.
pub(super) enum Place {
    /// On its own.
    Alone,
    /// Under this ticket.
    Child(Parent),
    /// On another ticket, as a note: it gets none itself.
    Noted(Done),
}

/// The parent of a group, while its ticket is open.
fn parent(work: &Work<'_>, group: &Group) -> Option<Case> {
    group.parent.as_ref().and_then(|key| work.case(key)).filter(|case| case.state == CaseState::Open)
}

/// Whether a member makes it one more, beside the case, while there is no parent.
fn counts(work: &Work<'_>, group: &GroupTemplate, case: &Case, member: &Member) -> bool {
    let open = work.case(&member.key).is_some_and(|case| case.state == CaseState::Open);
    open && member.key != case.key && after(member.since, group.within) > work.now
}

fn case_of(
    work: &Work<'_>,
    rule: &Rule,
    group: &GroupTemplate,
    event: &Event,
    case: &Case,
) -> Result<Option<(Case, String)>, ScriptError> {
    let by = work.with_env(Some(rule), event, Some(case), |env| group.by.text(env))?;
    let by = by.trim();
    if by.is_empty() {
        return Ok(None);
    }
    let shadow = if case.shadow { "shadow/" } else { "" };
    let key = Key::new(&format!("{shadow}group/{}/{by}", rule.id()));
    let known = work.case(&key).unwrap_or_else(|| Case {
        state: CaseState::Resolved,
        shadow: case.shadow,
        ..Case::begin(key, rule.id().clone(), event, work.now)
    });
    Ok(Some((known, by.to_owned())))
}

/// Whether the case would become a note on another ticket: that needs no room.
pub(super) fn takes_notes(
    work: &Work<'_>,
    rule: &Rule,
    event: &Event,
    case: &Case,
) -> Result<bool, ScriptError> {
    let Some(group) = rule.group.as_ref().filter(|group| group.notes && case.state == CaseState::Waiting)
    else {
        return Ok(false);
    };
    let known = case_of(work, rule, group, event, case)?;
    let Some(state) = known.and_then(|(known, _)| known.group) else { return Ok(false) };
    let together = state.members.iter().filter(|member| counts(work, group, case, member)).count() + 1;
    Ok(parent(work, &state).is_some() || together >= group.at_least as usize)
}

/// Where the ticket that the case is about to get belongs; forms the group if this is the one that makes it many.
pub(super) fn place(
    work: &mut Work<'_>,
    rule: &Rule,
    event: &Event,
    case: &mut Case,
    draft: &TicketDraft,
) -> Result<Place, ScriptError> {
    let Some(group) = rule.group.as_ref().filter(|_| event.state().opens()) else { return Ok(Place::Alone) };
    let Some((mut known, by)) = case_of(work, rule, group, event, case)? else { return Ok(Place::Alone) };
    let mut state = known.group.take().unwrap_or_default();
    case.member_of = Some(known.key.clone());
    if parent(work, &state).is_none() {
        state.parent = None;
        state.members.retain(|member| counts(work, group, case, member));
        if state.members.len() + 1 < group.at_least as usize {
            join(&mut state, case, work.now);
            known.group = Some(state);
            work.put(known);
            return Ok(Place::Alone);
        }
        let base = TicketDraft { summary: None, details: None, parent: None, ..draft.clone() };
        form(work, rule, group, event, case, (&mut known, &mut state), base, &by)?;
    }
    join(&mut state, case, work.now);
    let (key, number) = (state.parent.clone().unwrap_or_else(|| known.key.clone()), state.ticket);
    known.group = Some(state);
    work.put(known);
    if group.notes && case.state == CaseState::Waiting {
        return Ok(Place::Noted(note_on(work, rule, group, event, case, &key)));
    }
    Ok(Place::Child(Parent::Ticket { case: key.as_str().to_owned(), number }))
}

fn join(state: &mut Group, case: &Case, now: jiff::Timestamp) {
    let known = state.members.iter().any(|member| member.key == case.key);
    if !known && state.members.len() < MAX_MEMBERS {
        state.members.push(Member { key: case.key.clone(), since: now });
    }
}

/// There are enough of them: one ticket becomes the parent, and takes those that were opened before.
#[allow(clippy::too_many_arguments, reason = "what is formed, out of what, and by whom")]
fn form(
    work: &mut Work<'_>,
    rule: &Rule,
    group: &GroupTemplate,
    event: &Event,
    case: &Case,
    (known, state): (&mut Case, &mut Group),
    mut draft: TicketDraft,
    by: &str,
) -> Result<(), ScriptError> {
    let members: Vec<Case> = state.members.iter().filter_map(|member| work.case(&member.key)).collect();
    let severity = members.iter().map(|member| member.severity).fold(event.severity(), Ord::max);
    let together = format!("{} of them within {}", members.len() + 1, format_duration(group.within));
    match (&group.ticket, members.first()) {
        (None, Some(first)) => {
            (state.parent, state.ticket) = (Some(first.key.clone()), first.tickets);
        }
        (template, _) => {
            if let Some(template) = template {
                draft.overlay(
                    work.with_env(Some(rule), event, Some(case), |env| template.draft(env, severity))?,
                );
            }
            let many = members.len() + 1;
            draft.summary.get_or_insert_with(|| format!("{many} alerts about {by}"));
            draft.details.get_or_insert_with(|| Details {
                html: plain_to_html(&opening(rule, &members, case, &together)),
            });
            (known.count, known.first_seen, known.last_seen) = (0, work.now, work.now);
            known.event = event.clone();
            let origin = ticket::origin(event);
            ticket::start(work, rule.id(), known, draft, origin, severity);
            escalate::begin(work, rule, known);
            resolve::record(work, known, (Outcome::OpenTicket, Some(together)));
            (state.parent, state.ticket) = (Some(known.key.clone()), known.tickets);
        }
    }
    let Some(key) = state.parent.clone() else { return Ok(()) };
    for mut member in members.into_iter().filter(|member| member.key != key) {
        let parent = Parent::Ticket { case: key.as_str().to_owned(), number: state.ticket };
        let draft = Box::new(TicketDraft { parent: Some(parent), ..TicketDraft::default() });
        let (rule, severity) = (member.rule.clone(), member.severity);
        work.effect(&member, &rule, severity, EffectKind::UpdateTicket { id: None, draft });
        resolve::record(
            work,
            &member,
            (Outcome::UpdateTicket, Some(format!("its ticket belongs to that of `{key}`"))),
        );
        if member.escalation.take().is_some() {
            // The parent's escalation speaks for all of them.
            work.cancel_timer(&member.key, TimerKind::Escalate);
        }
        work.put(member);
    }
    Ok(())
}

fn opening(rule: &Rule, members: &[Case], case: &Case, together: &str) -> String {
    let mut text = format!("The rule {} saw {together}:\n", rule.id());
    for key in members.iter().map(|member| &member.key).chain([&case.key]).take(NAMED) {
        let _ = writeln!(text, "{key}");
    }
    text.push_str(
        "More that come while this ticket is open belong to it. It is resolved when all of them are over.",
    );
    text
}

/// The case waits on the parent's ticket, and is named there.
fn note_on(
    work: &mut Work<'_>,
    rule: &Rule,
    group: &GroupTemplate,
    event: &Event,
    case: &mut Case,
    by: &Key,
) -> Done {
    case.rule = rule.id().clone();
    case.held_by = None;
    held::back(work, case, by.clone());
    let reason = Some(format!("the ticket of `{by}` has it as a note"));
    // ORDER: the note names who belongs to the group, so the case has to be there.
    work.put(case.clone());
    let Some(mut parent) = work.case(by) else { return (Outcome::Counted, reason) };
    let done = again::fold(work, rule.id(), event, &mut parent, group.within);
    resolve::record(work, &parent, (done.0, None));
    work.put(parent);
    (done.0, reason)
}

/// Whether the case is a note on its group's ticket; then what a repeat of it means.
pub(super) fn counted(work: &Work<'_>, case: &Case) -> Option<(Outcome, String)> {
    let by = case.held_by.as_ref()?;
    let group = work.case(case.member_of.as_ref()?)?.group?;
    let noted = group.parent.as_ref() == Some(by) && parent(work, &group).is_some();
    noted.then(|| {
        (Outcome::Counted, format!("the ticket of `{by}` has it as a note, seen {} times", case.count))
    })
}

/// Whether the case has to wait for others: its ticket is their parent, and they are not over.
pub(super) fn waits_for_members(work: &Work<'_>, case: &Case) -> Option<usize> {
    let own = case.group.clone();
    let group = own.or_else(|| work.case(case.member_of.as_ref()?).and_then(|known| known.group))?;
    let others = group.members.iter().filter(|member| member.key != case.key).count();
    (group.parent.as_ref() == Some(&case.key) && others > 0).then_some(others)
}

/// A case ends: its group goes on without it, and ends if it was the last. `noted`: it was a note on the ticket of
/// that case.
pub(super) fn left(work: &mut Work<'_>, case: &mut Case, noted: Option<&Key>) {
    if case.group.is_some() {
        case.group = Some(Group::default());
    }
    let known = case.member_of.take().and_then(|key| work.case(&key));
    let Some((mut known, mut state)) =
        known.and_then(|mut known| known.group.take().map(|state| (known, state)))
    else {
        return;
    };
    // ORDER: what follows from its end must not find it waiting.
    work.put(case.clone());
    state.members.retain(|member| member.key != case.key);
    let leads = state.parent.as_ref() == Some(&case.key);
    if leads {
        state.parent = None;
    }
    let parent = parent(work, &state).filter(|_| !leads);
    let last =
        parent.as_ref().is_some_and(|parent| state.members.iter().all(|member| member.key == parent.key));
    known.group = Some(state);
    work.put(known);
    let Some(parent) = parent else { return };
    // As it is now: it may be the group's own case.
    let Some(mut parent) = work.case(&parent.key) else { return };
    let event = parent.event.clone();
    if last && parent.is_quiet() {
        let done = resolve::quiet(work, &mut parent, &event);
        resolve::record(work, &parent, done);
    } else if noted == Some(&parent.key) {
        let (rule, within) = (parent.rule.clone(), case.rule.clone());
        let within = work.rules.rule(&within).and_then(|rule| rule.group.as_ref()).map(|group| group.within);
        let done = again::fold(work, &rule, &event, &mut parent, within.unwrap_or_default());
        resolve::record(work, &parent, (done.0, Some(format!("`{}` is over", case.key))));
    }
    work.put(parent);
}

/// A technician closed the ticket of a case: what was a note on it is over with it.
pub(super) fn closed(work: &mut Work<'_>, case: &mut Case) {
    let holder = if case.group.is_some() { Some(case.key.clone()) } else { case.member_of.clone() };
    let Some(group) = holder.clone().and_then(|key| work.case(&key)).and_then(|known| known.group) else {
        return;
    };
    if group.parent.as_ref() != Some(&case.key) {
        return;
    }
    // ORDER: the group is no more before its members end, or the last of them would end this case once more.
    if let Some(mut known) = holder.and_then(|key| work.case(&key)) {
        known.group = Some(Group::default());
        work.put(known);
    }
    if case.group.is_some() {
        case.group = Some(Group::default());
    }
    for key in case.holding.clone() {
        let noted = held::waits_for(work, &key, &case.key);
        let member = work.case(&key).filter(|member| noted && member.member_of.is_some());
        if let Some(mut member) = member {
            ticket::end(work, &mut member);
            work.put(member);
        }
    }
}

// LIMIT: people read the first few; the rest is a number.
const NAMED: usize = 20;

/// What the note that counts repeats says about those that belong to the case's ticket.
pub(super) fn told(work: &Work<'_>, case: &Case) -> Option<String> {
    let own = case.group.clone();
    let group = own.or_else(|| work.case(case.member_of.as_ref()?).and_then(|known| known.group))?;
    if group.parent.as_ref() != Some(&case.key) {
        return None;
    }
    let others: Vec<&Member> = group.members.iter().filter(|member| member.key != case.key).collect();
    let mut text = format!("Belong to this ticket and are not over: {}.\n", others.len());
    for member in others.iter().take(NAMED) {
        let seen = work.case(&member.key).map_or(0, |case| case.count);
        let _ = writeln!(text, "{} (since {}, seen {seen} times)", member.key, shown(member.since));
    }
    if others.len() > NAMED {
        let _ = writeln!(text, "and {} more", others.len() - NAMED);
    }
    Some(text)
}
