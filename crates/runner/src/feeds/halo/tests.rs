use std::collections::BTreeSet;

use halopsa::models::Ticket;
use haloward_rules::{Severity, ticket_event};
use serde_json::{Map, Value, json};

use super::change::{Change, Kept, Kind};
use super::ours::Done;
use super::ticket::{Around, event, ticket};
use crate::catalogue::{AgentEntry, Catalogue, ClientEntry, Entry, PriorityEntry, TicketTypeEntry};
use crate::store::DoneTo;

fn entry(id: i64, name: &str) -> Entry {
    Entry { id, name: name.into() }
}

fn catalogue() -> Catalogue {
    Catalogue {
        ticket_types: vec![TicketTypeEntry {
            id: 21,
            name: "Incident".into(),
            default_sla: None,
            initial_status: None,
        }],
        statuses: vec![entry(1, "New"), entry(4, "With User")],
        slas: vec![entry(1, "Standard")],
        priorities: vec![
            PriorityEntry { id: 2, name: "P2 of another SLA".into(), sla: Some(7) },
            PriorityEntry { id: 2, name: "High".into(), sla: Some(1) },
        ],
        agents: vec![AgentEntry { id: 5, name: "Ana".into(), email: None, unassignable: false }],
        clients: vec![ClientEntry {
            id: 12,
            name: "Contoso Ltd".into(),
            domains: Vec::new(),
            azure_tenants: Vec::new(),
            main_site: None,
        }],
        impacts: vec![entry(2, "Department")],
        ..Catalogue::default()
    }
}

/// Every field that a list can have.
fn row(more: Value) -> Ticket {
    let mut row = json!({
        "id": 4521, "summary": " Printer ", "details": "It does not print", "tickettype_id": 21, "status_id": 1,
        "sla_id": 1, "priority_id": 2, "client_id": 12, "site_id": 18, "site_name": "Head Office", "user_id": 40,
        "user_name": "Kim", "team": "Service Desk", "agent_id": 5, "category_1": "Hardware>Printer", "category_2": "b",
        "category_3": "c", "category_4": "d", "impact": 2, "urgency": 3, "source": 11, "parent_id": 4000,
        "onhold": false, "hasbeenclosed": false, "dateoccurred": "2026-08-20T09:14:06", "dateclosed": "1900-01-01T00:00:00",
        "last_update": "2026-08-20T10:00:00", "lastactiondate": "2026-08-20T09:30:00",
        "respondbydate": "2026-08-20T10:14:06", "fixbydate": "2026-08-20T17:14:06",
        "customfields": [{"id": 1, "name": "CFRoom", "value": 7, "display": "B 12"}, {"id": 2, "name": "CFNone"}],
    });
    let (Value::Object(map), Value::Object(more)) = (&mut row, more) else { panic!("maps") };
    map.extend(more);
    serde_json::from_value(row).expect("a row")
}

fn around(catalogue: &Catalogue) -> Around<'_> {
    Around {
        source: "halo",
        severity: Severity::Medium,
        site: "https://acme.halopsa.com",
        catalogue: Some(catalogue),
    }
}

fn stands(more: Value) -> Map<String, Value> {
    let catalogue = catalogue();
    ticket(&row(more), &around(&catalogue))
}

#[test]
fn a_ticket_is_told_in_the_words_of_the_rules_and_every_word_is_told() {
    let told = stands(json!({"hasbeenclosed": true, "dateclosed": "2026-08-21T08:00:00"}));
    let known: BTreeSet<&str> = ticket_event::TICKET.iter().map(|(field, _)| *field).collect();
    assert_eq!(told.keys().map(String::as_str).collect::<BTreeSet<_>>(), known);
    let kinds =
        [Kind::Created, Kind::Changed, Kind::Closed, Kind::Reopened, Kind::Merged, Kind::Deleted, Kind::Seen];
    assert_eq!(kinds.map(Kind::as_str), ticket_event::KINDS);
    let followed: BTreeSet<&str> = ticket_event::FOLLOWED.into_iter().collect();
    assert!(followed.is_subset(&known), "what is followed is told");
    let expected = json!({
        "summary": "Printer", "type": "Incident", "status": "New", "priority": "High", "sla": "Standard", "agent": "Ana",
        "client": "Contoso Ltd", "impact": "Department", "urgency": 3, "parent": 4000, "assigned": true, "closed": true,
        "custom_fields": {"CFRoom": "B 12"}, "created_at": "2026-08-20T09:14:06Z", "closed_at": "2026-08-21T08:00:00Z",
        "url": "https://acme.halopsa.com/tickets?id=4521",
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&told[field], value, "{field}");
    }
}

#[test]
fn a_name_that_nobody_knows_is_told_by_its_number_and_nobody_has_an_unassigned_ticket() {
    let told = stands(json!({"status_id": 99, "agent_id": 1, "agent_name": "Unassigned"}));
    assert_eq!((&told["status"], &told["status_id"]), (&json!(99), &json!(99)));
    assert_eq!((told.get("agent"), told.get("agent_id"), &told["assigned"]), (None, None, &json!(false)));
    assert_eq!(told.get("closed_at"), None, "it is not closed");
    assert_eq!(
        stands(json!({"status_name": "Waiting"}))["status"],
        "Waiting",
        "the list's own names come first"
    );
}

#[test]
fn a_long_text_is_told_from_its_beginning() {
    let told = stands(json!({ "details": "ü".repeat(5_000) }));
    assert_eq!(told["details"].as_str().unwrap().chars().count(), 4_000);
}

#[test]
fn the_event_has_the_fields_that_all_events_have() {
    let catalogue = catalogue();
    let around = around(&catalogue);
    let told =
        |more: Value| event(ticket(&row(more), &around), &Change::whole(Kind::Created), &around).unwrap();
    let event = told(json!({}));
    let expected = json!({
        "source": "halo", "state": "firing", "severity": "medium", "severity_raw": "High", "fingerprint": "4521",
        "title": "Printer", "message": "It does not print", "check": "Incident", "client": {"id": 12, "name": "Contoso Ltd"},
        "site": {"id": 18, "name": "Head Office"}, "user": {"name": "Kim"}, "change": {"kind": "created"},
        "occurred_at": "2026-08-20T10:00:00Z", "started_at": "2026-08-20T09:14:06Z",
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&event.value()[field], value, "{field}");
    }
    assert_eq!(event.ticket_id(), Some(4521));
    assert_eq!(told(json!({"merged_into_id": 7})).state().as_str(), "resolved");
}

fn between(before: Value, after: Value) -> Change {
    let (before, after) = (stands(before), stands(after));
    let at = "2026-08-20T10:00:00Z".parse().unwrap();
    Change::between(&Kept::of(&before, at), &Kept::of(&after, at), false)
}

#[test]
fn a_change_says_what_was_and_what_is() {
    let change =
        between(json!({}), json!({"status_id": 4, "agent_id": 1, "lastactiondate": "2026-08-20T11:00:00"}));
    let expected = json!({
        "kind": "changed", "fields": ["agent", "status", "last_action_at"],
        "status": {"from": "New", "to": "With User"}, "agent": {"from": "Ana", "to": null},
    });
    assert_eq!(change.value(), expected);
    assert_eq!(between(json!({}), json!({"hasbeenclosed": true})).kind, Kind::Closed);
    assert_eq!(between(json!({"hasbeenclosed": true}), json!({})).kind, Kind::Reopened);
}

#[test]
fn what_is_kept_of_a_ticket_comes_back_as_it_was() {
    let kept = Kept::of(&stands(json!({})), "2026-08-20T10:00:00Z".parse().unwrap());
    let text = serde_json::to_string(&kept).unwrap();
    assert!(text.len() < 600, "{} bytes for each ticket: {text}", text.len());
    assert_eq!(serde_json::from_str::<Kept>(&text).unwrap(), kept);
}

/// What is left of a change after what we did.
fn left(after: &Value, bodies: &[Value], finished_at: &str) -> Change {
    let mut change = between(json!({}), after.clone());
    let writes = bodies.iter().map(|body| DoneTo {
        finished_at: Some(finished_at.parse().unwrap()),
        said: json!({ "method": "POST", "body": [body] }),
    });
    Done::of(&writes.collect::<Vec<_>>()).leave_to_others(&mut change, &stands(after.clone()));
    change
}

#[test]
fn what_we_wrote_is_ours_and_what_somebody_else_did_beside_it_is_not() {
    let ours = json!({"status_id": 4, "team": "Network", "lastactiondate": "2026-08-20T11:00:00", "fixbydate": null});
    let wrote = [json!({"id": 4521, "team": "Network"}), json!({"ticket_id": 4521, "new_status": "4"})];
    let change = left(&ours, &wrote, "2026-08-20T11:00:00Z");
    assert_eq!(change.value(), json!({"kind": "changed", "ours": true}));

    let mut more = ours.clone();
    more["agent_id"] = json!(1);
    let change = left(&more, &wrote, "2026-08-20T11:00:00Z");
    assert_eq!(
        change.value(),
        json!({"kind": "changed", "fields": ["agent"], "agent": {"from": "Ana", "to": null}})
    );

    let change = left(&ours, &wrote, "2026-08-20T10:30:00Z");
    assert_eq!(
        change.value(),
        json!({"kind": "changed", "fields": ["last_action_at"]}),
        "somebody added an action after us"
    );
}

#[test]
fn what_somebody_changed_again_after_us_is_theirs() {
    let change = left(&json!({"team": "Network"}), &[json!({"team": "Servers"})], "2026-08-20T11:00:00Z");
    assert_eq!(
        change.value(),
        json!({"kind": "changed", "fields": ["team"], "team": {"from": "Service Desk", "to": "Network"}})
    );
    let change = left(
        &json!({"hasbeenclosed": true, "status_id": 4}),
        &[json!({"status_id": 4})],
        "2026-08-20T11:00:00Z",
    );
    assert_eq!((change.kind, change.ours), (Kind::Closed, true), "what closed it was ours");
}
