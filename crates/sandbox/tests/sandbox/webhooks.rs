//! Outbound webhooks, received by a plain listener.

use std::time::Duration;

use halopsa_sandbox::{BatchOf, SandboxConfig, WebhookBatches};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::halo::{Halo, SOON, noon};

/// Takes one request, answers with this status and says what was sent: the head and the body.
async fn answer(listener: &TcpListener, status: u16) -> (String, Value) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut raw = Vec::new();
    loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.unwrap();
        raw.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&raw).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if let Ok(body) = serde_json::from_str(body) {
            let line = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(line.as_bytes()).await.unwrap();
            return (head.to_owned(), body);
        }
    }
}

#[tokio::test]
async fn a_webhook_is_told_what_it_asked_for_and_the_delivery_is_noted() {
    let halo = Halo::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks/halo?x=1", listener.local_addr().unwrap());
    let webhook = json!([{
        "name": "Haloward", "url": url, "authentication_type": 1, "basic_username": "halo", "basic_password": "pw",
        "events": [{ "eventno": "39" }],
    }]);
    let webhook = halo.post("/api/Webhook", webhook).await.json();
    let id = halo.ticket(json!({ "summary": "x" })).await;
    halo.post("/api/Actions", json!([{ "ticket_id": id, "outcome": "Close", "note": "done" }])).await;
    let (head, body) = tokio::time::timeout(SOON, answer(&listener, 200)).await.unwrap();
    assert!(head.starts_with("POST /hooks/halo?x=1 HTTP/1.1"), "{head}");
    assert!(head.to_lowercase().contains("authorization: basic agfsbzpwdw=="), "{head}");
    assert_eq!(body["event"], "Ticket Closed");
    assert_eq!((&body["ticket"]["id"], &body["ticket"]["hasbeenclosed"]), (&json!(id), &json!(true)));
    assert_eq!(body["action"]["note"], "done");
    let path = format!("/api/WebhookEvent?webhook_id={}", webhook["id"].as_str().unwrap());
    let mut changes = 0;
    let noted = loop {
        let events = halo.get(&path).await.json();
        if events["record_count"] == 1 {
            break events["webhookevents"][0].clone();
        }
        changes += 1;
        assert!(changes < 10_000, "the delivery is never noted");
        tokio::task::yield_now().await;
    };
    assert_eq!((&noted["responsestatus"], &noted["error"]), (&json!(200), &json!(false)));
}

async fn subscribed(config: SandboxConfig) -> (Halo, TcpListener, String) {
    let halo = Halo::with(config).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks/halo", listener.local_addr().unwrap());
    let webhook = halo.post("/api/Webhook", json!([{ "name": "Haloward", "url": url }])).await.json();
    (halo, listener, webhook["id"].as_str().unwrap().to_owned())
}

fn events(body: &Value) -> Vec<(String, i64)> {
    let rows = body.as_array().expect("a collected delivery is an array");
    rows.iter()
        .map(|row| (row["event"].as_str().unwrap().to_owned(), row["ticket"]["id"].as_i64().unwrap()))
        .collect()
}

#[tokio::test]
async fn collected_events_come_as_an_array_once_the_first_has_waited() {
    let batches = Some(WebhookBatches { of: BatchOf::Any, delay: Duration::from_secs(5), limit: 0 });
    let config = SandboxConfig { webhook_batches: batches, clock: noon(), ..SandboxConfig::default() };
    let (halo, listener, _) = subscribed(config).await;
    let one = halo.ticket(json!({ "summary": "1" })).await;
    let two = halo.ticket(json!({ "summary": "2" })).await;
    halo.sandbox.close_ticket(one).unwrap();
    halo.sandbox.clock().advance(Duration::from_secs(5));
    let (_, body) = tokio::time::timeout(SOON, answer(&listener, 200)).await.unwrap();
    let seen = events(&body);
    let expected = [
        ("New Ticket Logged", one),
        ("New Ticket Logged", two),
        ("Ticket Status Changed", one),
        ("Ticket Closed", one),
    ];
    assert_eq!(seen, expected.map(|(event, ticket)| (event.to_owned(), ticket)));
}

#[tokio::test]
async fn events_are_collected_by_kind_and_a_full_delivery_does_not_wait() {
    let batches = Some(WebhookBatches { of: BatchOf::SameKind, delay: Duration::from_hours(1), limit: 2 });
    let config = SandboxConfig { webhook_batches: batches, clock: noon(), ..SandboxConfig::default() };
    let (halo, listener, _) = subscribed(config).await;
    let one = halo.ticket(json!({ "summary": "1" })).await;
    halo.post("/api/Tickets", json!([{ "id": one, "summary": "1a" }])).await;
    let two = halo.ticket(json!({ "summary": "2" })).await;
    let (_, body) = tokio::time::timeout(SOON, answer(&listener, 200)).await.unwrap();
    let expected = [one, two].map(|ticket| ("New Ticket Logged".to_owned(), ticket));
    assert_eq!(events(&body), expected);
}

#[tokio::test]
async fn a_webhook_that_keeps_failing_is_switched_off_until_somebody_saves_it() {
    let config = SandboxConfig { webhook_failures: 2, ..SandboxConfig::default() };
    let (halo, listener, webhook) = subscribed(config).await;
    let active = async || halo.get(&format!("/api/Webhook/{webhook}")).await.json()["active"].clone();
    let noted = async |deliveries: usize| {
        let path = format!("/api/WebhookEvent?webhook_id={webhook}");
        for _ in 0..10_000 {
            if halo.get(&path).await.json()["record_count"] == deliveries {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the delivery is never noted");
    };
    for (number, status) in [(1, 500), (2, 200), (3, 404), (4, 503)] {
        halo.ticket(json!({ "summary": "x" })).await;
        tokio::time::timeout(SOON, answer(&listener, status)).await.unwrap();
        noted(number).await;
        assert_eq!(active().await, json!(number < 4), "after delivery {number}");
    }
    halo.ticket(json!({ "summary": "nobody is told" })).await;
    let saved = halo.post("/api/Webhook", json!([{ "id": webhook, "active": true }])).await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    halo.ticket(json!({ "summary": "x" })).await;
    tokio::time::timeout(SOON, answer(&listener, 500)).await.unwrap();
    noted(5).await;
    assert_eq!(active().await, json!(true), "failures are counted anew");
}
