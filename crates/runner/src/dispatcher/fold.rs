//! Which operations that were never sent can go out as one: a request saved is a request for somebody's ticket.

use haloward_rules::{Effect, EffectKind, Note};

use crate::store::{Operation, OperationId, OperationState};

/// LIMIT: a note of many would be a page nobody reads, and HaloPSA answers 504 on very large bodies.
const MOST_HTML: usize = 20_000;

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
        _ => false,
    }
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
    use haloward_rules::{Key, Reference, RuleId, Severity, TicketDraft};
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

    #[test]
    fn what_has_gone_out_is_not_changed() {
        let mut sent = note(1, "one", false);
        sent.attempts = 1;
        assert!(fold(&sent, &[note(2, "two", false)]).is_none());
    }
}
