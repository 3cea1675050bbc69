//! The control API, and waiting through it and through the library.

use std::time::Duration;

use halopsa_sandbox::Fault;
use serde_json::json;

use crate::halo::{Halo, noon};

#[tokio::test]
async fn tickets_and_requests_can_be_read_without_a_token() {
    let mut halo = Halo::start().await;
    let id = halo.ticket(json!({ "summary": "Disk full", "client_id": 2 })).await;
    halo.token = "none".to_owned();
    let tickets = halo.get("/sandbox/tickets").await.json();
    assert_eq!(tickets["tickets"][0]["client"], "Northwind Dental");
    assert_eq!(halo.get(&format!("/sandbox/tickets/{id}")).await.json()["summary"], "Disk full");
    assert_eq!(halo.get("/sandbox/tickets/7").await.status, 404);
    let requests = halo.get("/sandbox/requests?method=post&path=/api/tickets").await.json();
    assert_eq!(requests["requests"][0]["status"], 201);
    assert_eq!(requests["requests"][0]["tickets"], json!([id]));
    let token = halo.get("/sandbox/requests?path=/auth/token").await.json();
    assert!(!token["requests"][0]["body"].as_str().unwrap().contains("sandbox-secret"));
    assert_eq!(halo.get("/sandbox").await.json()["tickets"], 1);
    assert_eq!(halo.get("/sandbox/nothing").await.status, 404);
}

#[tokio::test]
async fn faults_are_injected_listed_and_cleared() {
    let halo = Halo::start().await;
    let fault = json!({ "method": "POST", "path": "/api/Tickets", "times": 2, "fault": "cut_after_commit" });
    let answer = halo.post("/sandbox/faults", fault).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let several = json!([{ "fault": { "latency": { "ms": 1 } } }, { "times": null, "fault": { "lag": { "seconds": 2 } } }]);
    assert_eq!(halo.post("/sandbox/faults", several).await.json()["faults"].as_array().unwrap().len(), 3);
    let waiting: Vec<Fault> =
        serde_json::from_value(halo.get("/sandbox/faults").await.json()["faults"].clone()).unwrap();
    assert_eq!(waiting, halo.sandbox.faults().waiting());
    let refused = halo.post("/sandbox/faults", json!({ "fault": "explode" })).await;
    assert_eq!(refused.status, 400);
    assert!(refused.json()["error"].as_str().unwrap().starts_with("unknown variant `explode`"));
    halo.delete("/sandbox/faults").await;
    assert!(halo.sandbox.faults().waiting().is_empty());
}

#[tokio::test]
async fn the_clock_is_advanced_and_everything_reset() {
    let halo = Halo::at_noon().await;
    let now = halo.post("/sandbox/clock", json!({ "advance_seconds": 90 })).await.json();
    assert_eq!(now["now"], "2026-08-01T12:01:30.000");
    assert_eq!(halo.post("/sandbox/clock", json!({ "advance_seconds": -1 })).await.status, 400);
    halo.ticket(json!({ "summary": "x" })).await;
    assert_eq!(halo.post("/sandbox/reset", json!({})).await.status, 200);
    assert!(halo.sandbox.tickets().is_empty() && halo.sandbox.requests().is_empty());
    assert_eq!(halo.get("/api/Status").await.status, 401, "tokens are forgotten too");
}

#[tokio::test]
async fn technicians_act_through_it() {
    let halo = Halo::start().await;
    let id = halo.ticket(json!({ "summary": "x" })).await;
    let other = halo.ticket(json!({ "summary": "y" })).await;
    let path = format!("/sandbox/tickets/{id}");
    assert_eq!(halo.post(&path, json!({ "assign": "Dev Chandra" })).await.json()["agent"], "Dev Chandra");
    let action = json!({ "action": { "note": "looking", "new_status": "In Progress" } });
    assert_eq!(halo.post(&path, action).await.json()["status"], "In Progress");
    assert_eq!(halo.post(&path, json!({ "set": { "summary": "z" } })).await.json()["summary"], "z");
    assert_eq!(halo.post(&path, json!("close")).await.json()["closed"], true);
    assert_eq!(
        halo.post(&path, json!({ "merge_into": other })).await.json()["fields"]["merged_into_id"],
        other
    );
    assert_eq!(halo.post(&path, json!({ "status": "Sleeping" })).await.status, 404);
    assert_eq!(halo.post(&path, json!({ "explode": 1 })).await.status, 400);
}

#[tokio::test]
async fn a_long_poll_ends_when_there_is_enough_to_see() {
    let halo = Halo::start().await;
    let poll = halo.get("/sandbox/tickets?wait=20&min=2&open=true");
    let work = async {
        halo.ticket(json!({ "summary": "a" })).await;
        halo.ticket(json!({ "summary": "b" })).await;
    };
    let (seen, ()) = tokio::join!(poll, work);
    assert_eq!(seen.json()["tickets"].as_array().unwrap().len(), 2);
    assert_eq!(halo.get("/sandbox/tickets?min=9").await.json()["tickets"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_wait_that_fails_says_what_there_was() {
    let halo = Halo::start().await;
    halo.ticket(json!({ "summary": "a" })).await;
    let error =
        halo.sandbox.wait_for(|now| now.tickets.len() == 2, Duration::from_millis(1)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the sandbox did not come to the expected state within 1ms: 1 tickets, 2 requests"
    );
}

#[tokio::test]
async fn clones_of_a_clock_show_the_same_time() {
    let clock = noon();
    clock.clone().advance(Duration::from_secs(1));
    assert_eq!(clock.now(), "2026-08-01T12:00:01Z".parse().unwrap());
}
