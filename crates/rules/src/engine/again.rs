//! What repeats do while the ticket is open.

use std::time::Duration;

use super::case::Case;
use super::decision::{EffectKind, Outcome};
use super::moment::{after, shown};
use super::ticket::{Done, Wanted, compose};
use super::timer::TimerKind;
use super::work::Work;
use super::{group, limit};
use crate::duration::format_duration;
use crate::event::Event;
use crate::rule::{AgainDo, Lifecycle, Part, Rule, RuleId};
use crate::script::ScriptError;
use crate::ticket::{Note, TicketDraft};

/// A repeat while the ticket is open.
pub(super) fn again(
    work: &mut Work<'_>,
    rule: &Rule,
    event: &Event,
    case: &mut Case,
    wanted: &Wanted<'_>,
    lifecycle: &Lifecycle,
) -> Result<Done, ScriptError> {
    work.reached(rule.id(), Part::Again);
    let raised =
        if event.severity() > case.severity { raise(work, rule, event, case, wanted)? } else { false };
    let at_most = lifecycle.again.at_most;
    let done = match lifecycle.again.action {
        AgainDo::Fold => fold(work, rule.id(), event, case, at_most),
        AgainDo::Note => note(work, rule.id(), event, case, at_most),
        AgainDo::Count | AgainDo::New => (Outcome::Counted, Some(format!("seen {} times", case.count))),
        AgainDo::Nothing => (Outcome::Nothing, Some("its ticket is open".into())),
    };
    Ok(if raised {
        (Outcome::UpdateTicket, Some(format!("its severity rose to {}", event.severity())))
    } else {
        done
    })
}

/// Raises the ticket's priority to what the rule gives for the worse severity.
fn raise(
    work: &mut Work<'_>,
    rule: &Rule,
    event: &Event,
    case: &mut Case,
    wanted: &Wanted<'_>,
) -> Result<bool, ScriptError> {
    case.severity = event.severity();
    let draft = urgency(compose(work, Some(rule), event, case, wanted)?);
    if draft.is_empty() {
        return Ok(false);
    }
    // What the rule gives for the event before is what the ticket has, unless a technician changed it: then a raise
    // that changes nothing would only take that back.
    if let (Wanted::Template(_), Some(before)) = (wanted, work.case(&case.key)) {
        let had = compose(work, Some(rule), &before.event, &before, wanted).map(urgency);
        if had.is_ok_and(|had| had == draft) {
            return Ok(false);
        }
    }
    work.effect(
        case,
        rule.id(),
        event.severity(),
        EffectKind::UpdateTicket { id: None, draft: Box::new(draft) },
    );
    Ok(true)
}

/// What of a ticket depends on how bad its problem is.
fn urgency(full: TicketDraft) -> TicketDraft {
    TicketDraft {
        priority: full.priority,
        sla: full.sla,
        impact: full.impact,
        urgency: full.urgency,
        ..TicketDraft::default()
    }
}

/// One private note that is edited: told at once, then at most once in `at_most`; what is left untold has a timer.
pub(super) fn fold(
    work: &mut Work<'_>,
    rule: &RuleId,
    event: &Event,
    case: &mut Case,
    at_most: Duration,
) -> Done {
    case.ticket.untold += 1;
    let seen = format!("seen {} times", case.count);
    let due = case.ticket.told_at.map(|told| after(told, at_most));
    if let Some(due) = due.filter(|due| *due > work.now) {
        if case.ticket.untold == 1 {
            work.set_timer(&case.key, TimerKind::Fold, due);
        }
        return (Outcome::Counted, Some(seen));
    }
    tell(work, rule, event, case);
    (Outcome::AddNote, Some(seen))
}

/// Writes or rewrites the note that counts repeats.
pub(super) fn tell(work: &mut Work<'_>, rule: &RuleId, event: &Event, case: &mut Case) {
    if case.ticket.untold > 1 {
        work.cancel_timer(&case.key, TimerKind::Fold);
    }
    case.ticket.untold = 0;
    case.ticket.told_at = Some(work.now);
    let firing = if case.feeds.iter().any(|feed| feed.firing) { "Still firing" } else { "Not firing now" };
    let own = || {
        format!(
            "{firing}: seen {} times.\nFirst: {}\nLast: {}\n{}",
            case.count,
            shown(case.first_seen),
            shown(case.last_seen),
            event.title()
        )
    };
    let (text, plain) = match group::told(work, case) {
        _ if case.is_storm() => (limit::told(case), false),
        None => (own(), true),
        Some(members) if case.group.is_some() => (members, false),
        Some(members) => (format!("{}\n{members}", own()), false),
    };
    let note = Note { fold: true, plain, ..Note::private(&text) };
    work.effect(case, rule, event.severity(), EffectKind::AddNote { id: None, note });
}

fn note(work: &mut Work<'_>, rule: &RuleId, event: &Event, case: &mut Case, at_most: Duration) -> Done {
    if case.ticket.told_at.is_some_and(|told| after(told, at_most) > work.now) {
        return (
            Outcome::Counted,
            Some(format!("a note was added less than {} ago", format_duration(at_most))),
        );
    }
    case.ticket.told_at = Some(work.now);
    let message =
        event.value().get("message").map(|m| crate::value::to_text(m).into_owned()).unwrap_or_default();
    let text = format!("Fires again (seen {} times): {}\n{message}", case.count, event.title());
    work.effect(
        case,
        rule,
        event.severity(),
        EffectKind::AddNote { id: None, note: Note::private(text.trim()) },
    );
    (Outcome::AddNote, Some(format!("seen {} times", case.count)))
}
