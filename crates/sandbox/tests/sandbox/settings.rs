//! Settings changed while it runs, over HTTP and by the library.

use std::time::Duration;

use serde_json::{Value, json};

use crate::halo::Halo;

async fn set(halo: &Halo, settings: Value) -> Value {
    let answer = halo.post("/sandbox/settings", settings).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn each_setting_holds_from_the_next_request_on() {
    let mut halo = Halo::at_noon().await;
    set(&halo, json!({ "agent": { "tickets": "read", "visible_clients": [2] } })).await;
    assert_eq!(halo.post("/api/Tickets", json!([{ "summary": "x" }])).await.status, 403);
    assert_eq!(halo.get("/api/Client").await.ids("clients"), [2]);
    set(&halo, json!({ "agent": {}, "mandatory": { "Incident": ["impact"] } })).await;
    let refused = halo.post("/api/Tickets", json!([{ "summary": "x" }])).await;
    assert_eq!(refused.json(), json!("Impact must be entered"));
    let rule = json!({ "id": 9, "summary_contains": "disk", "set": { "team": "NOC" } });
    set(&halo, json!({ "mandatory": {}, "ticket_rules": [rule] })).await;
    let id = halo.ticket(json!({ "summary": "disk" })).await;
    assert_eq!(halo.sandbox.ticket(id).unwrap().team, "NOC");
    set(&halo, json!({ "rate_limit": { "requests": 1 } })).await;
    halo.sandbox.clock().advance(Duration::from_mins(5));
    let statuses = [halo.get("/api/Status").await.status, halo.get("/api/Status").await.status];
    assert_eq!(statuses, [200, 429]);
    set(&halo, json!({ "rate_limit": null, "scopes": ["read:tickets"], "token_lifetime_seconds": 10 })).await;
    halo.token = halo.new_token("all").await.unwrap();
    assert_eq!((halo.get("/api/Tickets").await.status, halo.get("/api/Client").await.status), (200, 403));
    halo.sandbox.clock().advance(Duration::from_secs(10));
    assert_eq!(halo.get("/api/Tickets").await.status, 401);
    set(&halo, json!({ "agent_approved": false })).await;
    assert_eq!(halo.new_token("all").await, None);
    set(&halo, json!({ "agent_approved": true, "tenant_required": true })).await;
    assert_eq!(halo.new_token("all").await, None);
    let shown = halo.get("/sandbox/settings").await.json();
    assert_eq!((&shown["tenant_required"], &shown["rate_limit"]), (&json!(true), &Value::Null));
    assert_eq!(set(&halo, json!({})).await, shown, "what is not named stays");
}

#[tokio::test]
async fn how_much_data_there_is_changes_with_a_reset() {
    let halo = Halo::start().await;
    set(&halo, json!({ "clients": 90, "past_tickets": 7 })).await;
    assert_eq!(halo.sandbox.tickets().len(), 0);
    halo.post("/sandbox/reset", json!({})).await;
    assert_eq!(halo.sandbox.tickets().len(), 7);
    let mut halo = halo;
    halo.token = halo.new_token("all").await.unwrap();
    let clients = halo.get("/api/Client?includeinactive=true").await.json();
    assert_eq!(clients["record_count"], 90);
}

#[tokio::test]
async fn a_setting_that_is_unknown_or_impossible_is_named_and_nothing_changes() {
    let halo = Halo::start().await;
    let before = halo.get("/sandbox/settings").await.json();
    for (settings, said) in [
        (json!({ "scope": ["all"] }), "unknown field `scope`"),
        (
            json!({ "scopes": ["everything"], "numbering_race": true }),
            "`everything` is no scope of HaloPSA's",
        ),
        (json!({ "agent": { "tickets": "some" } }), "unknown variant `some`"),
        (json!({ "rate_limit": { "requests": -1 } }), "invalid value: integer `-1`"),
        (json!({ "webhook_batches": { "of": "all", "delay_ms": 1 } }), "unknown variant `all`"),
    ] {
        let answer = halo.post("/sandbox/settings", settings).await;
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(answer.status == 400 && error.contains(said), "{error}");
    }
    assert_eq!(halo.get("/sandbox/settings").await.json(), before);
}

#[tokio::test]
async fn a_ticket_to_be_validated_only_is_checked_and_not_written() {
    let halo = Halo::start().await;
    let good = json!([{ "summary": "x", "client_id": 2, "_validate_only": true }]);
    let answer = halo.post("/api/Tickets", good.clone()).await;
    assert_eq!((answer.status, &answer.json()["client_name"]), (200, &json!("Northwind Dental")));
    assert!(answer.json().get("id").is_none());
    let bad = json!([{ "summary": "x", "tickettype_id": 3, "_validate_only": true }]);
    let refused = halo.post("/api/Tickets", bad).await;
    assert_eq!((refused.status, refused.json()), (400, json!("Details must be entered")));
    let id = halo.ticket(json!({ "summary": "before" })).await;
    halo.post("/api/Tickets", json!([{ "id": id, "summary": "after", "_validate_only": true }])).await;
    assert_eq!(halo.sandbox.ticket(id).unwrap().summary, "before");
    assert_eq!(halo.sandbox.tickets().len(), 1);
    // Nobody knows whether the real one keeps the promise of the name: a client can be tested against both.
    set(&halo, json!({ "validates_only": false })).await;
    assert_eq!(halo.post("/api/Tickets", good).await.status, 201);
    assert_eq!(halo.sandbox.tickets().len(), 2);
}
