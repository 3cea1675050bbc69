//! Outbound webhooks, received by a plain listener.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::halo::{Halo, SOON};

/// Takes one request, answers 200 and says what was sent.
async fn receive(listener: &TcpListener) -> (String, Value) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut raw = Vec::new();
    loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.unwrap();
        raw.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&raw).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if let Ok(body) = serde_json::from_str(body) {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
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
        "events": [{ "eventno": 39 }],
    }]);
    let webhook = halo.post("/api/Webhook", webhook).await.json();
    let id = halo.ticket(json!({ "summary": "x" })).await;
    halo.post("/api/Actions", json!([{ "ticket_id": id, "outcome": "Close", "note": "done" }])).await;
    let (head, body) = tokio::time::timeout(SOON, receive(&listener)).await.unwrap();
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
