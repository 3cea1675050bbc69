//! Creating, changing, checking and deleting tickets.

use std::{collections::BTreeMap, time::Duration};

use halopsa_sandbox::{SandboxConfig, TicketRule};
use serde_json::{Value, json};

use crate::halo::Halo;

#[tokio::test]
async fn a_ticket_with_only_a_summary_gets_its_defaults() {
    let halo = Halo::at_noon().await;
    let answer = halo.post("/api/Tickets", json!([{ "summary": "Disk full" }])).await;
    assert_eq!(answer.status, 201);
    let ticket = answer.json();
    assert_eq!(ticket["id"], 20_001);
    for (field, value) in [
        ("tickettype_id", json!(1)),
        ("status_id", json!(1)),
        ("status_name", json!("New")),
        ("sla_id", json!(1)),
        ("priority_id", json!(3)),
        ("team", json!("Service Desk")),
        ("agent_name", json!("Unassigned")),
        ("client_name", json!("Unmatched Alerts")),
        ("user_name", json!("General User")),
        ("source", json!(0)),
        ("hasbeenclosed", json!(false)),
        ("dateoccurred", json!("2026-08-01T12:00:00.000")),
        ("last_update", json!("2026-08-01T12:00:00.000")),
    ] {
        assert_eq!(ticket[field], value, "{field}");
    }
}

#[tokio::test]
async fn stored_fields_survive_and_unknown_or_computed_ones_are_ignored() {
    let halo = Halo::start().await;
    let id = halo
        .ticket(json!({
            "summary": "x", "client_id": 2, "details_html": "<p>C: is <b>full</b></p>", "supplier_reference": "ref-1",
            "third_party_id_string": "key", "colour_of_sky": "blue", "hasbeenclosed": true, "client_name": "Nobody",
            "customfields": [{ "name": "cfalertkey", "value": "disk/srv" }, { "name": "CFNoSuch", "value": 1 }],
        }))
        .await;
    let ticket = halo.get(&format!("/api/Tickets/{id}?includedetails=true")).await.json();
    assert_eq!(ticket["details"], "C: is full");
    assert_eq!(ticket["details_html"], "<p>C: is <b>full</b></p>");
    assert_eq!(ticket["supplier_reference"], "ref-1");
    assert_eq!(ticket["third_party_id_string"], "key");
    assert_eq!(ticket["client_name"], "Northwind Dental");
    assert_eq!(ticket["hasbeenclosed"], false);
    assert!(ticket.get("colour_of_sky").is_none());
    let fields = ticket["customfields"].as_array().unwrap();
    let key = fields.iter().find(|field| field["name"] == "CFAlertKey").unwrap();
    assert_eq!((&key["value"], &key["id"]), (&json!("disk/srv"), &json!(101)));
    assert!(fields.iter().all(|field| field["name"] != "CFNoSuch"));
}

#[tokio::test]
async fn bodies_must_be_arrays_except_on_the_object_path() {
    let halo = Halo::start().await;
    assert_eq!(halo.post("/api/Tickets", json!({ "summary": "x" })).await.status, 400);
    assert_eq!(halo.post("/api/Actions", json!({ "ticket_id": 1 })).await.status, 400);
    assert!(halo.sandbox.tickets().is_empty());
    let answer = halo.post("/api/Tickets/Object", json!({ "summary": "x" })).await;
    assert_eq!((answer.status, answer.json()["summary"].as_str()), (201, Some("x")));
}

#[tokio::test]
async fn of_several_tickets_only_the_last_comes_back_unless_all_are_asked_for() {
    let halo = Halo::start().await;
    let three = json!([{ "summary": "a" }, { "summary": "b" }, { "summary": "c" }]);
    assert_eq!(halo.post("/api/Tickets", three.clone()).await.json()["summary"], "c");
    let all = halo.post("/api/Tickets?returnall=true", three).await.json();
    assert_eq!(all.as_array().unwrap().len(), 3);
    assert_eq!(halo.sandbox.tickets().len(), 6);
}

#[tokio::test]
async fn one_bad_element_refuses_the_whole_body() {
    let halo = Halo::start().await;
    let answer = halo.post("/api/Tickets", json!([{ "summary": "a" }, { "summary": "" }])).await;
    assert_eq!((answer.status, answer.json()), (400, json!("Summary must be entered")));
    assert!(halo.sandbox.tickets().is_empty());
}

#[tokio::test]
async fn refusals_come_in_halopsas_several_shapes() {
    let halo = Halo::start().await;
    let refused = async |fields: Value| {
        let answer = halo.post("/api/Tickets", json!([fields])).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        answer.json()
    };
    assert_eq!(
        refused(json!({ "summary": "x", "status_id": "New" })).await,
        json!({ "[0].status_id": ["Could not convert string to integer: New."] })
    );
    assert_eq!(
        refused(json!({ "summary": "x", "client_id": 95.0 })).await,
        json!({ "[0].client_id": ["Input string '95.0' is not a valid integer."] })
    );
    let database = refused(json!({ "summary": "x", "tickettype_id": 999 })).await;
    assert_eq!(database["ClassName"], "System.Exception");
    assert!(database["Message"].as_str().unwrap().starts_with("A database error occurred (547)"));
    assert_eq!(
        refused(json!({ "summary": "x", "team": "Nobody" })).await,
        json!({ "error": "Team 'Nobody' does not exist" })
    );
    assert_eq!(
        refused(json!({ "summary": "x", "agent_id": 11 })).await,
        json!({ "Message": "API-only Agents cannot be assigned to Tickets" })
    );
}

#[tokio::test]
async fn ids_only_mean_something_under_their_parents() {
    let halo = Halo::start().await;
    let refused = async |fields: Value| halo.post("/api/Tickets", json!([fields])).await.json();
    assert_eq!(
        refused(json!({ "summary": "x", "sla_id": 1, "priority_id": 5 })).await,
        json!("The Priority is not valid for the SLA of this Ticket")
    );
    let foreign_site = halo.get("/api/Site?client_id=3").await.ids("sites")[0];
    assert_eq!(
        refused(json!({ "summary": "x", "client_id": 2, "site_id": foreign_site })).await,
        json!("A Site must be selected")
    );
    let foreign_user = halo.get("/api/Users?client_id=3").await.ids("users")[0];
    assert_eq!(
        refused(json!({ "summary": "x", "client_id": 2, "user_id": foreign_user })).await,
        json!("Username must be entered")
    );
    halo.ticket(json!({ "summary": "x", "sla_id": 2, "priority_id": 5 })).await;
}

#[tokio::test]
async fn mandatory_fields_are_asked_for_one_at_a_time() {
    let mandatory = BTreeMap::from([("Alert".to_owned(), vec!["inventory_number".to_owned()])]);
    let halo = Halo::with(SandboxConfig { mandatory, ..SandboxConfig::default() }).await;
    let mut change = json!({ "summary": "x", "tickettype_id": 3 });
    for (complaint, field, value) in [
        ("Details must be entered", "details", json!("why")),
        ("Category must be entered", "category_1", json!("Server>Disk")),
        ("Impact must be entered", "impact", json!(2)),
        ("Urgency must be entered", "urgency", json!(2)),
    ] {
        assert_eq!(halo.post("/api/Tickets", json!([change])).await.json(), json!(complaint));
        change[field] = value;
    }
    halo.ticket(change).await;
    let alert = halo.post("/api/Tickets", json!([{ "summary": "x", "tickettype_id": 21 }])).await;
    assert_eq!(alert.json(), json!("Inventory number must be entered"));
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_nothing_else() {
    let halo = Halo::at_noon().await;
    let id = halo.ticket(json!({ "summary": "before", "client_id": 2, "details": "kept" })).await;
    halo.sandbox.clock().advance(Duration::from_mins(1));
    let answer = halo.post("/api/Tickets", json!([{ "id": id, "summary": "after" }])).await;
    assert_eq!(answer.status, 200);
    let ticket = halo.sandbox.ticket(id).unwrap();
    assert_eq!((ticket.summary.as_str(), ticket.details.as_str()), ("after", "kept"));
    assert_eq!(ticket.field("last_update"), "2026-08-01T12:01:00.000");
    assert_eq!(ticket.created, "2026-08-01T12:00:00.000");
    assert_eq!(halo.sandbox.tickets().len(), 1);
    assert_eq!(halo.post("/api/Tickets", json!([{ "id": 5, "summary": "x" }])).await.status, 400);
}

#[tokio::test]
async fn closing_and_reopening_follow_the_status() {
    let halo = Halo::start().await;
    let id = halo.ticket(json!({ "summary": "x" })).await;
    halo.post("/api/Tickets", json!([{ "id": id, "status_id": 8 }])).await;
    assert!(!halo.sandbox.ticket(id).unwrap().closed, "resolved is not closed");
    halo.post("/api/Tickets", json!([{ "id": id, "status_id": 9 }])).await;
    let closed = halo.sandbox.ticket(id).unwrap();
    assert!(closed.closed && closed.field("dateclosed").is_string());
    halo.post("/api/Tickets", json!([{ "id": id, "status_id": 2 }])).await;
    let open = halo.sandbox.ticket(id).unwrap();
    assert!(!open.closed && open.field("dateclosed").is_null());
}

#[tokio::test]
async fn a_deleted_ticket_is_gone_until_asked_for_and_can_be_recovered() {
    let halo = Halo::start().await;
    let id = halo.ticket(json!({ "summary": "x" })).await;
    assert_eq!(halo.delete(&format!("/api/Tickets/{id}")).await.status, 200);
    assert_eq!(halo.get(&format!("/api/Tickets/{id}")).await.status, 404);
    assert_eq!(halo.get(&format!("/api/Tickets/{id}?deleted=true")).await.status, 200);
    assert!(halo.get("/api/Tickets").await.ids("tickets").is_empty());
    assert_eq!(halo.get("/api/Tickets?deleted=true").await.ids("tickets"), [id]);
    assert_eq!(halo.post("/api/Tickets", json!([{ "id": id, "summary": "y" }])).await.status, 400);
    assert_eq!(halo.post("/api/Tickets", json!([{ "id": id, "_recover": true }])).await.status, 200);
    assert_eq!(halo.get("/api/Tickets").await.ids("tickets"), [id]);
}

#[tokio::test]
async fn merged_children_and_assigned_tickets_say_so() {
    let halo = Halo::start().await;
    let parent = halo.ticket(json!({ "summary": "parent" })).await;
    let child = halo.ticket(json!({ "summary": "child", "parent_id": parent })).await;
    assert_eq!(halo.get(&format!("/api/Tickets?parent_id={parent}")).await.ids("tickets"), [child]);
    assert_eq!(halo.sandbox.ticket(parent).unwrap().field("child_count"), 1);
    halo.sandbox.merge_ticket(child, parent).unwrap();
    let merged = halo.sandbox.ticket(child).unwrap();
    assert!(merged.closed);
    assert_eq!(merged.field("merged_into_id"), parent);
    halo.sandbox.assign(parent, "Rita Solberg").unwrap();
    assert_eq!(halo.sandbox.ticket(parent).unwrap().agent, "Rita Solberg");
    let error = halo.sandbox.assign(parent, "Nobody").unwrap_err();
    assert_eq!(error.to_string(), "agent `Nobody` does not exist");
    assert_eq!(halo.sandbox.close_ticket(7).unwrap_err().to_string(), "ticket 7 does not exist");
}

#[tokio::test]
async fn the_customer_gets_mail_unless_the_ticket_says_no() {
    let halo = Halo::start().await;
    let users = halo.get("/api/Users?client_id=2&exclude_generaluser=true").await.json();
    let user = users["users"][0].clone();
    let person =
        json!({ "summary": "x", "client_id": 2, "site_id": user["site_id_int"], "user_id": user["id"] });
    let loud = halo.ticket(person.clone()).await;
    let mut quiet = person;
    quiet["sendack"] = json!(false);
    let quiet = halo.ticket(quiet).await;
    let general = halo.ticket(json!({ "summary": "x", "client_id": 2 })).await;
    let emails = |id| halo.sandbox.ticket(id).unwrap().emails;
    assert_eq!((emails(loud), emails(quiet), emails(general)), (1, 0, 0));
}

#[tokio::test]
async fn halopsas_own_rules_and_templates_overwrite_unless_told_not_to() {
    let rule = TicketRule {
        id: 4,
        name: "Disks".to_owned(),
        summary_contains: "disk".to_owned(),
        set: json!({ "team": "NOC" }).as_object().unwrap().clone(),
    };
    let halo = Halo::with(SandboxConfig { ticket_rules: vec![rule], ..SandboxConfig::default() }).await;
    let hit = halo.ticket(json!({ "summary": "Disk full", "team": "Backup" })).await;
    let hit = halo.sandbox.ticket(hit).unwrap();
    assert_eq!((hit.team.as_str(), hit.field("matched_rule_id").as_i64()), ("NOC", Some(4)));
    let free = halo.ticket(json!({ "summary": "Disk full", "team": "Backup", "dont_do_rules": true })).await;
    assert_eq!(halo.sandbox.ticket(free).unwrap().team, "Backup");
    let starter = json!({ "summary": "x", "tickettype_id": 24, "impact": 1 });
    let templated = halo.ticket(starter.clone()).await;
    assert_eq!(halo.sandbox.ticket(templated).unwrap().field("impact"), 3);
    let mut own = starter;
    own["donotapplytemplateintheapi"] = json!(true);
    let own = halo.ticket(own).await;
    assert_eq!(halo.sandbox.ticket(own).unwrap().field("impact"), 1);
}
