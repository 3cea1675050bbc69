//! Whether somebody has worked on a ticket: then it is not ours to close.

use halopsa::models::{Action, Ticket};
use jiff::Timestamp;

use crate::catalogue::Catalogue;
use crate::store::KnownTicket;

/// "Unassigned" is an agent of HaloPSA with this id.
pub(crate) const NOBODY: i64 = 1;

/// What a ticket's row tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It is as we left it.
    AsWeLeftIt,
    /// Something was done after us; the actions say by whom.
    ChangedSince,
    /// Somebody has worked on it.
    Touched,
    /// It is closed, merged away or deleted.
    Over,
}

/// Compares a ticket with how we left it.
pub(crate) fn look(ticket: &Ticket, known: Option<&KnownTicket>, catalogue: Option<&Catalogue>) -> Seen {
    let merged = ticket.merged_into_id.is_some_and(|id| id.0 > 0);
    if merged || ticket.deleted == Some(true) || ticket.hasbeenclosed == Some(true) {
        return Seen::Over;
    }
    let status = ticket.status_id.map(|id| id.0);
    let left_status = known.and_then(|known| known.status);
    let by_hand = status.is_some() && left_status.is_some() && status != left_status;
    if by_hand {
        let over = status.is_some_and(|id| catalogue.is_some_and(|catalogue| catalogue.is_over(id)));
        return if over { Seen::Over } else { Seen::Touched };
    }
    let api_agent = catalogue.and_then(|catalogue| catalogue.api_agent);
    let agent = ticket.agent_id.map(|id| id.0).filter(|id| *id > NOBODY && Some(*id) != api_agent);
    let left_agent = known.and_then(|known| known.agent);
    if agent.is_some() && agent != left_agent {
        return Seen::Touched;
    }
    let changed: Option<Timestamp> = ticket.lastactiondate.map(Timestamp::from);
    match (changed, known.and_then(|known| known.changed_at)) {
        (Some(changed), Some(ours)) if changed <= ours => Seen::AsWeLeftIt,
        (None, _) => Seen::AsWeLeftIt,
        _ => Seen::ChangedSince,
    }
}

/// Whether the last thing done on a ticket was done by a person: an agent, or a user's answer.
pub(crate) fn last_by_a_person(actions: &[Action], api_agent: Option<i64>) -> bool {
    let last = actions.iter().max_by_key(|action| action.id);
    last.is_some_and(|action| {
        let ours = [&action.note_html, &action.note].into_iter().flatten().any(|text| text.contains(">hw-"));
        let agent = action.who_agentid.map(|id| id.0);
        !ours && (agent.is_none() || agent != api_agent)
    })
}

#[cfg(test)]
mod tests {
    use haloward_rules::Key;
    use serde_json::{Value, json};

    use super::*;
    use crate::catalogue::Entry;

    fn known() -> KnownTicket {
        KnownTicket {
            key: Key::new("k"),
            number: 1,
            id: 2001,
            status: Some(1),
            agent: Some(7),
            changed_at: Some("2026-01-05T09:00:00Z".parse().unwrap()),
            opened_by: None,
        }
    }

    fn check(row: &Value, expected: Seen) {
        let ticket: Ticket = serde_json::from_value(row.clone()).unwrap();
        let catalogue = Catalogue {
            api_agent: Some(11),
            statuses: vec![Entry { id: 18, name: "Resolved".into() }],
            ..Catalogue::default()
        };
        assert_eq!(look(&ticket, Some(&known()), Some(&catalogue)), expected, "{row}");
    }

    #[test]
    fn a_ticket_is_touched_by_its_status_or_its_agent() {
        check(&json!({"status_id": 1, "agent_id": 7}), Seen::AsWeLeftIt);
        check(&json!({"status_id": 2, "agent_id": 7}), Seen::Touched);
        check(&json!({"status_id": 1, "agent_id": 3}), Seen::Touched);
        check(&json!({"status_id": 1, "agent_id": 1}), Seen::AsWeLeftIt);
        check(&json!({"status_id": 1, "agent_id": 11}), Seen::AsWeLeftIt);
    }

    #[test]
    fn closed_merged_deleted_and_resolved_by_hand_are_over() {
        check(&json!({"status_id": 9, "hasbeenclosed": true}), Seen::Over);
        check(&json!({"status_id": 1, "merged_into_id": 1999}), Seen::Over);
        check(&json!({"status_id": 1, "deleted": true}), Seen::Over);
        check(&json!({"status_id": 18}), Seen::Over);
    }

    #[test]
    fn what_was_done_after_us_is_looked_at() {
        check(&json!({"status_id": 1, "lastactiondate": "2026-01-05T09:00:00"}), Seen::AsWeLeftIt);
        check(&json!({"status_id": 1, "lastactiondate": "2026-01-05T09:30:00"}), Seen::ChangedSince);
    }

    #[test]
    fn an_action_is_a_persons_unless_the_api_did_it() {
        let actions = |rows: Value| serde_json::from_value::<Vec<Action>>(rows).unwrap();
        assert!(!last_by_a_person(
            &actions(json!([{"id": 2, "who_agentid": 11}, {"id": 1, "who_agentid": 3}])),
            Some(11)
        ));
        assert!(last_by_a_person(
            &actions(json!([{"id": 2, "who_agentid": 3}, {"id": 1, "who_agentid": 11}])),
            Some(11)
        ));
        assert!(last_by_a_person(&actions(json!([{"id": 1, "note": "it works again, thanks"}])), Some(11)));
        let ours = json!([{"id": 1, "who_agentid": 3, "note_html": "<span style=\"display:none\">hw-abcd-0</span>"}]);
        assert!(!last_by_a_person(&actions(ours), None));
        assert!(!last_by_a_person(&[], Some(11)));
    }
}
