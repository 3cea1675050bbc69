use haloward_rules::{Details, Key, Note, Origin, Parent, RuleId, Severity, TicketDraft};
use haloward_rules::{Effect, EffectKind};
use serde_json::json;

use super::*;
use crate::catalogue::{Catalogue, ClientEntry, Entry, OutcomeEntry, PriorityEntry, TicketTypeEntry};
use crate::store::OperationId;

fn catalogue() -> Catalogue {
    let entry = |id, name: &str| Entry { id, name: name.into() };
    Catalogue {
        ticket_types: vec![TicketTypeEntry {
            id: 28,
            name: "Alert".into(),
            default_sla: Some(2),
            initial_status: None,
        }],
        statuses: vec![entry(1, "New"), entry(9, "Closed")],
        priorities: vec![
            PriorityEntry { id: 1, name: "High".into(), sla: Some(1) },
            PriorityEntry { id: 5, name: "High".into(), sla: Some(2) },
        ],
        teams: vec![entry(3, "Service Desk")],
        custom_fields: vec![entry(180, "CFDevice")],
        outcomes: vec![OutcomeEntry { id: 7, name: "Internal Note".into(), private: true }],
        clients: vec![
            ClientEntry {
                id: 12,
                name: "Northwind Dental".into(),
                domains: Vec::new(),
                azure_tenants: Vec::new(),
                main_site: Some(18),
            },
            ClientEntry {
                id: 99,
                name: "Unmatched Alerts".into(),
                domains: Vec::new(),
                azure_tenants: Vec::new(),
                main_site: None,
            },
        ],
        ..Catalogue::default()
    }
}

fn settings() -> WireSettings {
    WireSettings { unmatched_client: Some("Unmatched Alerts".into()), ..WireSettings::default() }
}

fn name(text: &str) -> Reference {
    Reference::Name(text.into())
}

fn draft() -> TicketDraft {
    TicketDraft {
        summary: Some("Disk C: nearly full".into()),
        details: Some(Details { html: "<p>8%</p>".into() }),
        ticket_type: Some(name("alert")),
        priority: Some(name("high")),
        team: Some(name("service desk")),
        ..TicketDraft::default()
    }
}

fn from_client(name: &str) -> Origin {
    Origin { source: "ninjaone".into(), client_name: Some(name.into()), ..Origin::default() }
}

#[test]
fn names_become_the_ids_of_this_tenant() {
    let mut draft = draft();
    draft.asset = Some(Reference::Id(4711));
    draft.category = vec!["Hardware".into(), "Disk".into()];
    draft.custom_fields.insert("device".into(), json!("srv-01"));
    draft.tags = vec!["disk".into()];
    draft.parent = Some(Parent::Id(1001));
    let rendered = ticket_body(&draft, &from_client("northwind dental ltd"), Some(&catalogue()), &settings());
    assert_eq!(
        rendered.body,
        json!({
            "summary": "Disk C: nearly full", "details_html": "<p>8%</p>", "sendack": false,
            "tickettype_id": 28, "priority_id": 5, "team": "Service Desk", "client_id": 12, "site_id": 18,
            "assets": [{"id": 4711}], "category_1": "Hardware", "category_2": "Disk",
            "customfields": [{"id": 180, "name": "CFDevice", "value": "srv-01"}],
            "tags": [{"text": "disk"}], "parent_id": 1001,
        })
    );
    assert_eq!(rendered.unresolved, []);
}

#[test]
fn an_unknown_name_costs_its_field_and_says_so_in_the_ticket() {
    let mut draft = draft();
    draft.team = Some(name("Servce <Desk>"));
    let rendered = ticket_body(&draft, &from_client("Nobody"), Some(&catalogue()), &settings());
    assert_eq!(rendered.body.get("team"), None);
    assert_eq!(rendered.body["client_id"], 99);
    assert_eq!(
        rendered.body["details_html"],
        "<p>8%</p><p>Haloward could not find client <code>Nobody</code>: no client is called that.</p>\n\
         <p>Haloward could not find team <code>Servce &lt;Desk&gt;</code>: there is none of that name.</p>\n"
    );
    let said: Vec<String> = rendered.unresolved.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        ["client `Nobody`: no client is called that", "team `Servce <Desk>`: there is none of that name"]
    );
}

#[test]
fn without_a_catalogue_names_stay_as_they_are_and_are_listed() {
    let rendered = ticket_body(&draft(), &from_client("Northwind"), None, &settings());
    assert_eq!(rendered.body["tickettype_id"], "alert");
    assert_eq!(rendered.body["client_id"], "Northwind");
    assert_eq!(rendered.body["details_html"], "<p>8%</p>", "nothing was looked for, so nothing is missing");
    assert_eq!(rendered.unresolved.len(), 4);
}

#[test]
fn verbatim_fields_win_and_settings_show() {
    let mut draft = draft();
    draft.fields.insert("sendack".into(), json!(true));
    let settings = WireSettings { dont_do_rules: true, source: Some(12), ..settings() };
    let body = ticket_body(&draft, &Origin::default(), Some(&catalogue()), &settings).body;
    assert_eq!(
        (&body["sendack"], &body["dont_do_rules"], &body["source"]),
        (&json!(true), &json!(true), &json!(12))
    );
    assert_eq!(
        body["client_id"], 99,
        "an event without a client goes to the unmatched ones, without a complaint"
    );
}

#[test]
fn an_update_changes_only_what_is_asked_for() {
    let draft = TicketDraft { priority: Some(Reference::Id(1)), ..TicketDraft::default() };
    let rendered = update_body(2001, &draft, Some(&catalogue()), &settings());
    assert_eq!(rendered.body, json!({"id": 2001, "priority_id": 1}));
}

#[test]
fn an_update_that_names_an_unknown_client_leaves_the_ticket_where_it_is() {
    let draft = TicketDraft { client: Some(name("Nobody")), ..TicketDraft::default() };
    let rendered = update_body(2001, &draft, Some(&catalogue()), &settings());
    assert_eq!(rendered.body, json!({"id": 2001}));
    let said: Vec<String> = rendered.unresolved.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["client `Nobody`: no client is called that"]);
    let draft = TicketDraft { client: Some(name("northwind dental")), ..TicketDraft::default() };
    assert_eq!(update_body(2001, &draft, Some(&catalogue()), &settings()).body["client_id"], 12);
}

#[test]
fn two_clients_of_one_name_are_said_in_the_ticket_and_none_is_taken() {
    let mut catalogue = catalogue();
    let twin = ClientEntry { id: 13, name: "Northwind-Dental Ltd".into(), ..catalogue.clients[0].clone() };
    catalogue.clients.push(twin);
    let rendered = ticket_body(&draft(), &from_client("NorthwindDental"), Some(&catalogue), &settings());
    assert_eq!(rendered.body["client_id"], 99);
    let said = "it could be Northwind Dental or Northwind-Dental Ltd";
    assert_eq!(rendered.unresolved[0].why, said);
    assert!(rendered.body["details_html"].as_str().unwrap().contains(said));
    let none = WireSettings { unmatched_client: None, ..settings() };
    let rendered = ticket_body(&draft(), &from_client("NorthwindDental"), Some(&catalogue), &none);
    assert_eq!(rendered.body.get("client_id"), None, "never by guess");
    let nowhere = WireSettings { unmatched_client: Some("Nowhere".into()), ..settings() };
    let rendered = ticket_body(&draft(), &from_client("Somebody"), Some(&catalogue), &nowhere);
    let said: Vec<String> = rendered.unresolved.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "client `Nowhere`: `unmatched_client` is no client of this HaloPSA",
            "client `Somebody`: no client is called that"
        ]
    );
}

#[test]
fn a_note_is_private_and_silent() {
    let rendered = note_body(2001, &Note::private("still full"), Some(&catalogue()), &settings());
    assert_eq!(
        rendered.body,
        json!({"ticket_id": 2001, "note_html": "<p>still full</p>\n", "hiddenfromuser": true, "sendemail": false, "outcome_id": 7})
    );
    let unknown = note_body(2001, &Note::private("x"), None, &settings());
    assert_eq!(unknown.body["outcome"], "Internal Note");
}

#[test]
fn resolving_is_one_action_with_its_note() {
    let note = Note::private("over");
    let rendered = resolve_body(2001, Some(&note), None, Some(&catalogue()), &settings());
    assert_eq!(rendered.endpoint, Endpoint::Actions);
    assert_eq!(rendered.body["new_status"], 9);
    let silent = resolve_body(2001, None, Some(&name("nonsense")), Some(&catalogue()), &settings());
    assert_eq!(silent.body, json!({"id": 2001, "status_id": 9}));
    assert_eq!(
        silent.unresolved[0].to_string(),
        "status `nonsense`: there is none of that name, the usual one is taken"
    );
}

#[test]
fn a_plan_names_what_only_halopsa_can_know() {
    let effect = |kind| Effect {
        rule: RuleId::new("disk"),
        key: Key::new("disk/srv-01"),
        ticket: 1,
        severity: Severity::High,
        trace: None,
        kind,
    };
    let kind = EffectKind::AddNote { id: None, note: Note::private("x") };
    let plan = requests_for(&effect(kind), None, &settings());
    assert_eq!((plan[0].method, plan[0].path), ("POST", "/api/Actions"));
    assert_eq!(plan[0].body[0]["ticket_id"], "the ticket of disk/srv-01");
    let kind = EffectKind::OpenTicket { draft: Box::new(draft()), origin: Box::default() };
    assert_eq!(requests_for(&effect(kind), None, &settings())[0].body[0]["third_party_id_string"], "hw-…");
}

#[test]
fn a_marker_leads_back_to_its_operation() {
    let operation: OperationId = "op_0cm3k9v2x8r4t".parse().unwrap();
    let marker = Marker::new("abcd", operation);
    assert_eq!(marker.as_str(), "hw-abcd-0cm3k9v2x8r4t");
    assert_eq!(Marker::operation(marker.as_str(), "abcd"), Some(operation));
    assert_eq!(Marker::operation(marker.as_str(), "efgh"), None, "another Haloward's");
    let action = halopsa::models::Action::new().note_html(marker.in_html("<p>x</p>"));
    assert!(marker.marks(&action));
}

#[test]
fn a_marker_is_read_where_it_was_put() {
    let marker = Marker::new("abcd", "op_0cm3k9v2x8r4t".parse().unwrap());
    for place in [
        MarkerPlace::ThirdPartyId,
        MarkerPlace::SupplierReference,
        MarkerPlace::CustomField("CFHaloward".into()),
    ] {
        let mut body = json!({"summary": "x"});
        place.put(&mut body, &marker);
        let ticket: halopsa::models::Ticket = serde_json::from_value(body).unwrap();
        assert_eq!(place.read(&ticket), Some(marker.as_str()), "{place:?}");
    }
}
