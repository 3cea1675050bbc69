//! Outbound webhooks: what happened to a ticket, posted to the addresses configured through `/api/Webhook`.
//!
//! Without authentication or with Basic, and over plain http only: the sandbox talks to loopback.
//! Each delivery is tried once and noted under `/api/WebhookEvent`, as HaloPSA's deliveries tab shows it.

use std::sync::Arc;

use base64::Engine as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use url::Url;

use crate::{
    api::Kind,
    moment,
    shared::Shared,
    store::{Record, State},
};

/// Something that happened to a ticket.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    number: i64,
    name: &'static str,
    ticket: Value,
    action: Option<Value>,
}

const LOGGED: (i64, &str) = (3, "New Ticket Logged");
const UPDATED: (i64, &str) = (19, "Ticket Updated");
const CLOSED: (i64, &str) = (39, "Ticket Closed");
const STATUS_CHANGED: (i64, &str) = (76, "Ticket Status Changed");
const DELETED: (i64, &str) = (1072, "Ticket Deleted");

impl Event {
    /// What a change amounts to; one change can be several events.
    pub(crate) fn of_change(before: Option<&Record>, after: &Record, action: Option<&Record>) -> Vec<Self> {
        let Some(before) = before else { return vec![Self::new(LOGGED, after, action)] };
        let newly = |field: &str| after.flag(field) && !before.flag(field);
        let mut events = Vec::new();
        if newly("deleted") {
            events.push(Self::new(DELETED, after, action));
        }
        if before.int("status_id") != after.int("status_id") {
            events.push(Self::new(STATUS_CHANGED, after, action));
        }
        if newly("hasbeenclosed") {
            events.push(Self::new(CLOSED, after, action));
        }
        if events.is_empty() {
            events.push(Self::new(UPDATED, after, action));
        }
        events
    }

    fn new((number, name): (i64, &'static str), ticket: &Record, action: Option<&Record>) -> Self {
        Self { number, name, ticket: ticket.value(), action: action.map(Record::value) }
    }
}

/// Sends an event to every active webhook that wants it, in the background.
pub(crate) fn announce(shared: &Arc<Shared>, event: &Event) {
    let wanted: Vec<Record> = shared.look(|state| {
        let rows = state.table(Kind::Webhook).rows().iter();
        rows.filter(|row| row.flag("active") && wants(row, event.number)).cloned().collect()
    });
    for webhook in wanted {
        let body = json!({
            "id": webhook.id(),
            "timestamp": moment::of(shared.config.clock.now()),
            "event": event.name,
            "ticket": event.ticket,
            "action": event.action,
        });
        tokio::spawn(deliver(Arc::clone(shared), webhook, event.number, body.to_string()));
    }
}

/// A webhook without events of its own wants them all.
fn wants(webhook: &Record, number: i64) -> bool {
    let events = webhook.get("events").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    events.is_empty() || events.iter().any(|event| event["eventno"].as_i64() == Some(number))
}

async fn deliver(shared: Arc<Shared>, webhook: Record, number: i64, body: String) {
    let sent = tokio::select! {
        sent = post(&webhook, &body) => sent,
        () = shared.stopped() => return,
    };
    let (status, answer) = sent.unwrap_or_else(|error| (0, error.to_string()));
    let at = moment::of(shared.config.clock.now());
    shared.change(|state| note(state, &webhook, number, body, (status, answer), at));
}

fn note(state: &mut State, webhook: &Record, number: i64, body: String, answered: (u16, String), at: String) {
    let (status, answer) = answered;
    let mut delivery = Record::default();
    let guid = state.next_guid();
    delivery.set("id", guid);
    delivery.set("webhook_id", webhook.id());
    delivery.set("notification_id", number);
    delivery.set("timestamp", at);
    delivery.set("requestbody", body);
    delivery.set("responsestatus", status);
    delivery.set("responsebody", answer);
    delivery.set("error", !(200..300).contains(&status));
    state.table_mut(Kind::WebhookEvent).put(delivery);
    if let Some(mut webhook) = state.table(Kind::Webhook).get(&webhook.id()).cloned() {
        webhook.set("last_status", status);
        state.table_mut(Kind::Webhook).put(webhook);
    }
}

async fn post(
    webhook: &Record,
    body: &str,
) -> Result<(u16, String), Box<dyn std::error::Error + Send + Sync>> {
    // LIMIT: only shown in the list of deliveries.
    const MAX_ANSWER_BYTES: usize = 64 * 1024;
    let url = Url::parse(webhook.text("url"))?;
    if url.scheme() != "http" {
        return Err("the sandbox delivers over plain http only".into());
    }
    let host = url.host_str().ok_or("the address has no host")?.to_owned();
    let port = url.port_or_known_default().unwrap_or(80);
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let mut request =
        Request::post(path).header(HOST, format!("{host}:{port}")).header(CONTENT_TYPE, "application/json");
    if webhook.int("authentication_type") == Some(1) {
        let pair = format!("{}:{}", webhook.text("basic_username"), webhook.text("basic_password"));
        let pair = base64::engine::general_purpose::STANDARD.encode(pair);
        request = request.header(AUTHORIZATION, format!("Basic {pair}"));
    }
    let response = sender.send_request(request.body(Full::new(Bytes::from(body.to_owned())))?).await?;
    let status = response.status().as_u16();
    let answer = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await?.to_bytes();
    driver.abort();
    Ok((status, String::from_utf8_lossy(&answer).into_owned()))
}
