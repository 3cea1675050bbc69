//! Which operations that were never sent can go out as one: a request saved is a request for somebody's ticket.

use haloward_rules::{Effect, EffectKind, Note, Parent, TicketDraft};

use crate::store::{Operation, OperationId, OperationState};

/// LIMIT: a note of many would be a page nobody reads, and HaloPSA answers 504 on very large bodies.
const MOST_HTML: usize = 20_000;

/// LIMIT: more than this are not waiting for one ticket unless something is very wrong, and then order is enough.
pub(super) const FOLDED_AT_ONCE: usize = 100;

/// The effect of `first` with those of its followers folded in, and which those are. `None` where nothing folds.
pub(super) fn fold(first: &Operation, following: &[Operation]) -> Option<(Effect, Vec<OperationId>)> {
    // What has gone out before may have been carried out: its content must not change under its marker.
    if first.state != OperationState::Waiting || first.attempts > 0 {
        return None;
    }
    let mut effect = first.effect.clone();
    let mut folded = Vec::new();
    for next in following {
        let fits =
            next.state == OperationState::Waiting && next.attempts == 0 && next.number() == first.number();
        if !fits || !join(&mut effect.kind, &next.effect.kind) {
            break;
        }
        effect.severity = effect.severity.max(next.severity());
        folded.push(next.id);
    }
    (!folded.is_empty()).then_some((effect, folded))
}

/// Joins `next` to `first` if one request can do both.
fn join(first: &mut EffectKind, next: &EffectKind) -> bool {
    match (first, next) {
        (EffectKind::UpdateTicket { id, draft }, EffectKind::UpdateTicket { id: other, draft: later })
            if id == other =>
        {
            draft.overlay((**later).clone());
            true
        }
        (EffectKind::AddNote { id, note }, EffectKind::AddNote { id: other, note: later }) if id == other => {
            join_notes(note, later)
        }
        (EffectKind::OpenTicket { draft, .. }, EffectKind::UpdateTicket { id: None, draft: later }) => {
            // A ticket must not wait for another one to belong to just because it was to join it later.
            let waits = matches!(later.parent, Some(Parent::Case(_) | Parent::Ticket { .. }));
            if !waits {
                draft.overlay((**later).clone());
            }
            !waits
        }
        (EffectKind::OpenTicket { draft, .. }, EffectKind::AddNote { id: None, note }) => {
            note.fold && note.plain && tell_in_details(draft, note)
        }
        _ => false,
    }
}

/// What begins the count of repeats in the details of a ticket that was not there yet: nobody else writes it.
const COUNTED: &str = "<hr title=\"repeats\" />\n";

/// Lets a ticket that is still to be created say itself how often its alert was seen; a later count takes the place of
/// an earlier one.
fn tell_in_details(draft: &mut TicketDraft, note: &Note) -> bool {
    let Some(details) = &mut draft.details else { return false };
    let own = details.html.find(COUNTED).unwrap_or(details.html.len());
    if own + note.text.html.len() > MOST_HTML {
        return false;
    }
    details.html.truncate(own);
    details.html.push_str(COUNTED);
    details.html.push_str(&note.text.html);
    true
}

fn join_notes(note: &mut Note, later: &Note) -> bool {
    if note.fold != later.fold || note.private != later.private || note.outcome != later.outcome {
        return false;
    }
    if note.fold {
        // The note that counts repeats says everything the one before it said.
        note.text = later.text.clone();
        return true;
    }
    if note.text.html.len() + later.text.html.len() > MOST_HTML {
        return false;
    }
    note.text.html.push_str("<hr />\n");
    note.text.html.push_str(&later.text.html);
    true
}

#[cfg(test)]
mod tests {
    use haloward_rules::{Details, Key, Origin, Reference, RuleId, Severity};
    use jiff::Timestamp;

    use super::*;
    use crate::store::OperationKind;

    fn operation(number: i64, kind: EffectKind) -> Operation {
        Operation {
            id: OperationId::from_number(number),
            cause: String::new(),
            kind: OperationKind::of(&kind),
            state: OperationState::Waiting,
            effect: Effect {
                rule: RuleId::new("r"),
                key: Key::new("k"),
                ticket: 1,
                severity: Severity::Low,
                trace: None,
                kind,
            },
            attempts: 0,
            looks: 0,
            due: Timestamp::UNIX_EPOCH,
            created_at: Timestamp::UNIX_EPOCH,
            first_sent_at: None,
            ticket: None,
            action: None,
            problem: None,
            recheck_at: None,
        }
    }

    fn note(number: i64, text: &str, fold: bool) -> Operation {
        operation(number, EffectKind::AddNote { id: None, note: Note { fold, ..Note::private(text) } })
    }

    fn html(effect: &Effect) -> &str {
        match &effect.kind {
            EffectKind::AddNote { note, .. } => &note.text.html,
            other => panic!("no note: {other:?}"),
        }
    }

    #[test]
    fn the_last_count_of_repeats_says_it_all() {
        let (effect, folded) = fold(
            &note(1, "seen 2 times", true),
            &[note(2, "seen 3 times", true), note(3, "seen 4 times", true)],
        )
        .unwrap();
        assert!(html(&effect).contains("seen 4 times") && !html(&effect).contains("seen 2 times"));
        assert_eq!(folded, [OperationId::from_number(2), OperationId::from_number(3)]);
    }

    #[test]
    fn notes_of_one_kind_become_one_and_others_end_the_run() {
        let (effect, folded) = fold(
            &note(1, "one", false),
            &[note(2, "two", false), note(3, "count", true), note(4, "four", false)],
        )
        .unwrap();
        assert_eq!(html(&effect), "<p>one</p>\n<hr />\n<p>two</p>\n");
        assert_eq!(folded.len(), 1, "order is kept: nothing behind another kind is taken forward");
    }

    #[test]
    fn later_changes_of_a_ticket_win() {
        let update = |number, priority, team: Option<i64>| {
            let draft = TicketDraft {
                priority: Some(Reference::Id(priority)),
                team: team.map(Reference::Id),
                ..TicketDraft::default()
            };
            operation(number, EffectKind::UpdateTicket { id: None, draft: Box::new(draft) })
        };
        let (effect, _) = fold(&update(1, 3, Some(8)), &[update(2, 1, None)]).unwrap();
        let EffectKind::UpdateTicket { draft, .. } = effect.kind else { panic!("an update stays one") };
        assert_eq!((draft.priority, draft.team), (Some(Reference::Id(1)), Some(Reference::Id(8))));
    }

    fn opening(number: i64) -> Operation {
        let draft = TicketDraft {
            details: Some(Details { html: "<p>Disk full</p>\n".to_owned() }),
            ..TicketDraft::default()
        };
        operation(number, EffectKind::OpenTicket { draft: Box::new(draft), origin: Box::<Origin>::default() })
    }

    fn count(number: i64, text: &str) -> Operation {
        let note = Note { fold: true, plain: true, ..Note::private(text) };
        operation(number, EffectKind::AddNote { id: None, note })
    }

    fn draft(effect: Effect) -> TicketDraft {
        match effect.kind {
            EffectKind::OpenTicket { draft, .. } => *draft,
            other => panic!("no new ticket: {other:?}"),
        }
    }

    #[test]
    fn a_ticket_not_yet_there_says_itself_how_often_it_was_seen() {
        let (effect, folded) =
            fold(&opening(1), &[count(2, "seen 2 times"), count(3, "seen 40 times")]).unwrap();
        let html = draft(effect).details.unwrap().html;
        assert_eq!(html, "<p>Disk full</p>\n<hr title=\"repeats\" />\n<p>seen 40 times</p>\n");
        assert_eq!(folded.len(), 2);
    }

    #[test]
    fn what_end_users_may_not_see_and_what_people_wrote_waits_for_the_ticket() {
        let members = note(2, "seen 2 times, and others", true);
        assert!(fold(&opening(1), &[members]).is_none(), "it tells of other alerts");
        assert!(fold(&opening(1), &[note(2, "look at the runbook", false)]).is_none());
        let no_details =
            operation(1, EffectKind::OpenTicket { draft: Box::default(), origin: Box::<Origin>::default() });
        assert!(fold(&no_details, &[count(2, "seen 2 times")]).is_none());
    }

    #[test]
    fn changes_of_a_ticket_not_yet_there_are_part_of_it_unless_it_would_have_to_wait() {
        let update = |parent| {
            let draft = TicketDraft { priority: Some(Reference::Id(1)), parent, ..TicketDraft::default() };
            operation(2, EffectKind::UpdateTicket { id: None, draft: Box::new(draft) })
        };
        let (effect, folded) = fold(&opening(1), &[update(None), count(3, "seen 2 times")]).unwrap();
        let draft = draft(effect);
        assert_eq!((draft.priority, folded.len()), (Some(Reference::Id(1)), 2));
        assert!(draft.details.unwrap().html.contains("seen 2 times"));
        let parent = Parent::Ticket { case: "group".to_owned(), number: 1 };
        assert!(fold(&opening(1), &[update(Some(parent))]).is_none());
    }

    #[test]
    fn what_has_gone_out_is_not_changed() {
        let mut sent = note(1, "one", false);
        sent.attempts = 1;
        assert!(fold(&sent, &[note(2, "two", false)]).is_none());
    }
}
