//! Outbound webhooks: what happened to a ticket, posted to the addresses configured through `/api/Webhook`.
//!
//! Without authentication or with Basic, and over plain http only: the sandbox talks to loopback.
//! Each delivery is tried once and noted under `/api/WebhookEvent`, as HaloPSA's deliveries tab shows it. Events may be
//! collected for a while, and a webhook that keeps failing may be switched off, if the settings say so.

use std::{collections::HashMap, sync::Arc};

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
    config::{BatchOf, WebhookBatches},
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
            "timestamp": moment::of(shared.clock.now()),
            "event": event.name,
            "ticket": event.ticket,
            "action": event.action,
        });
        match shared.config().webhook_batches {
            None => {
                tokio::spawn(deliver(Arc::clone(shared), webhook, event.number, body.to_string()));
            }
            Some(batches) => collect(shared, batches, webhook, event, body),
        }
    }
}

/// Events that wait for others before they are delivered together.
#[derive(Debug, Default)]
pub(crate) struct Waiting(HashMap<Together, Vec<Value>>);

/// What the events of one delivery have in common: the webhook, and perhaps their kind and their ticket.
type Together = (String, Option<i64>, Option<i64>);

/// Puts an event with those that wait; the first of them starts the wait.
fn collect(shared: &Arc<Shared>, batches: WebhookBatches, webhook: Record, event: &Event, body: Value) {
    let kind = (batches.of != BatchOf::Any).then_some(event.number);
    let ticket = event.ticket["id"].as_i64().filter(|_| batches.of == BatchOf::SameEvent);
    let together = (webhook.id(), kind, ticket);
    let (number, full) = shared.change(|state| {
        let waiting = state.deliveries.0.entry(together.clone()).or_default();
        waiting.push(body);
        let number = waiting.len();
        let full = (batches.limit > 0 && number >= batches.limit).then(|| std::mem::take(waiting));
        (number, full)
    });
    if let Some(bodies) = full {
        tokio::spawn(deliver(Arc::clone(shared), webhook, event.number, Value::from(bodies).to_string()));
    } else if number == 1 {
        let (shared, number) = (Arc::clone(shared), event.number);
        // The wait counts from the event, not from when its task first runs.
        let wait = shared.clock.sleep(batches.delay);
        tokio::spawn(async move {
            tokio::select! {
                () = wait => {}
                () = shared.stopped() => return,
            }
            let bodies = shared.change(|state| state.deliveries.0.remove(&together)).unwrap_or_default();
            if !bodies.is_empty() {
                deliver(shared, webhook, number, Value::from(bodies).to_string()).await;
            }
        });
    }
}

/// A webhook without events of its own wants them all.
fn wants(webhook: &Record, number: i64) -> bool {
    let events = webhook.get("events").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    // The contract has it as text; clients write numbers too.
    let is = |eventno: &Value| match eventno {
        Value::String(text) => text.trim().parse() == Ok(number),
        eventno => eventno.as_i64() == Some(number),
    };
    events.is_empty() || events.iter().any(|event| is(&event["eventno"]))
}

async fn deliver(shared: Arc<Shared>, webhook: Record, number: i64, body: String) {
    let sent = tokio::select! {
        sent = post(&webhook, &body) => sent,
        () = shared.stopped() => return,
    };
    let (status, answer) = sent.unwrap_or_else(|error| (0, error.to_string()));
    let at = moment::of(shared.clock.now());
    let most = shared.config().webhook_failures;
    shared.change(|state| note(state, &webhook, number, body, (status, answer), at, most));
}

fn note(
    state: &mut State,
    webhook: &Record,
    number: i64,
    body: String,
    answered: (u16, String),
    at: String,
    most_failures: u32,
) {
    let (status, answer) = answered;
    let failed = !(200..300).contains(&status);
    let mut delivery = Record::default();
    let guid = state.next_guid();
    delivery.set("id", guid);
    delivery.set("webhook_id", webhook.id());
    delivery.set("notification_id", number);
    delivery.set("timestamp", at);
    delivery.set("requestbody", body);
    delivery.set("responsestatus", status);
    delivery.set("responsebody", answer);
    delivery.set("error", failed);
    state.table_mut(Kind::WebhookEvent).put(delivery);
    if let Some(mut webhook) = state.table(Kind::Webhook).get(&webhook.id()).cloned() {
        webhook.set("last_status", status);
        let failures = if failed { webhook.int("failures").unwrap_or_default() + 1 } else { 0 };
        webhook.set("failures", failures);
        if most_failures > 0 && failures >= i64::from(most_failures) {
            webhook.set("active", false);
        }
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
