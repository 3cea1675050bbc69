//! Deliveries over HTTP that come again, and bodies that are hard to read.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::service::http;
use crate::clock::{Clock, HeldClock};
use crate::config::Loaded;
use crate::metrics::Metrics;
use crate::receiver::{Door, DoorState, router};
use crate::store::{Limits, Store};

const CONFIG: &str = "
sources:
  own: { webhook: { preset: generic, auth: none } }
  patient: { webhook: { preset: generic, auth: none, repeated_within: 10m } }
  all: { webhook: { preset: generic, auth: none, repeated_within: 0s } }
  prom: { webhook: { preset: alertmanager, auth: none } }
  pager: { webhook: { preset: pagerduty, auth: none } }
  datto: { webhook: { preset: datto-rmm, auth: none } }
";

/// The receiver on a clock that is moved by hand.
pub(super) struct Receiving {
    pub(super) url: String,
    pub(super) clock: Arc<HeldClock>,
    pub(super) store: Store,
    server: tokio::task::JoinHandle<()>,
}

impl Receiving {
    pub(super) async fn on(folder: &std::path::Path) -> Self {
        let clock = Arc::new(HeldClock::at("2026-01-05T09:00:00Z".parse::<Timestamp>().unwrap()));
        let store = Store::open(folder.join("haloward.db"), Limits::default()).unwrap();
        Self::over(folder, clock, store).await
    }

    pub(super) async fn over(folder: &std::path::Path, clock: Arc<HeldClock>, store: Store) -> Self {
        let path = folder.join("haloward.yaml");
        std::fs::write(&path, CONFIG).unwrap();
        let loaded = Loaded::load(Some(&path), &[]).unwrap();
        let shared: Arc<dyn Clock> = clock.clone();
        let state = DoorState::new(Door::new(&loaded, None).unwrap(), store.clone(), shared, Metrics::new());
        state.remember().await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router(state)).await.unwrap() });
        Self { url, clock, store, server }
    }

    /// How many events were accepted, and how many were there already.
    async fn send(&self, source: &str, body: &Value) -> (u64, u64) {
        let answer = self.raw(source, "application/json", body.to_string()).await;
        assert_eq!(answer.0, 202, "{}", answer.1);
        (answer.1["accepted"].as_u64().unwrap(), answer.1["duplicates"].as_u64().unwrap())
    }

    async fn raw(&self, source: &str, content_type: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let request = http(false).unwrap().post(format!("{}/hooks/{source}", self.url));
        let answer = request.header("content-type", content_type).body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn unmapped(&self) -> Vec<String> {
        let events = self.store.read(|reader| reader.undecided(None, 100)).await.unwrap();
        events.iter().filter_map(|entry| entry.event.unmapped().map(str::to_owned)).collect()
    }

    pub(super) fn stop(self) {
        self.server.abort();
    }
}

#[tokio::test]
async fn the_same_body_again_is_the_same_delivery_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let receiving = Receiving::on(folder.path()).await;
    let body = json!([{"title": "Disk full", "id": "7"}, {"title": "Disk full", "id": "8"}]);
    assert_eq!(receiving.send("own", &body).await, (2, 0));
    assert_eq!(receiving.send("own", &body).await, (0, 2));
    assert_eq!(receiving.send("patient", &body).await, (2, 0), "another source, another delivery");
    assert_eq!(receiving.send("own", &json!({"title": "Disk full"})).await, (1, 0));
    receiving.clock.advance(Duration::from_secs(120));
    assert_eq!(receiving.send("own", &body).await, (2, 0), "by now it is said on purpose");
    assert_eq!(receiving.send("patient", &body).await, (0, 2));
    for _ in 0..2 {
        assert_eq!(receiving.send("all", &body).await, (2, 0));
    }
    receiving.stop();
}

#[tokio::test]
async fn a_delivery_is_known_after_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let body = json!([{"title": "Disk full", "id": "7"}, {"title": "Disk full", "id": "8"}]);
    let before = Receiving::on(folder.path()).await;
    assert_eq!(before.send("own", &body).await, (2, 0));
    let receiving = Receiving::over(folder.path(), before.clock.clone(), before.store.clone()).await;
    before.stop();
    assert_eq!(receiving.send("own", &body).await, (0, 2));
    receiving.stop();
}

#[tokio::test]
async fn of_two_deliveries_at_once_one_is_processed() {
    let folder = tempfile::tempdir().unwrap();
    let receiving = Receiving::on(folder.path()).await;
    let body = json!({"title": "Disk full"});
    let send = || receiving.send("own", &body);
    let (a, b, c) = tokio::join!(send(), send(), send());
    assert_eq!((a.0 + b.0 + c.0, a.1 + b.1 + c.1), (1, 2));
    receiving.stop();
}

#[tokio::test]
async fn a_vendor_that_repeats_itself_is_heard_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let receiving = Receiving::on(folder.path()).await;
    let alert =
        json!({"alerts": [{"status": "firing", "fingerprint": "a", "labels": {"alertname": "Disk"}}]});
    for _ in 0..2 {
        assert_eq!(receiving.send("prom", &alert).await, (1, 0));
    }
    receiving.stop();
}

#[tokio::test]
async fn a_vendors_own_id_tells_deliveries_apart() {
    let folder = tempfile::tempdir().unwrap();
    let receiving = Receiving::on(folder.path()).await;
    let event = |id: &str| json!({"event": {"id": id, "event_type": "incident.triggered", "data": {"id": "P1", "title": "Down"}}});
    assert_eq!(receiving.send("pager", &event("e-1")).await, (1, 0));
    receiving.clock.advance(Duration::from_secs(3_600));
    assert_eq!(receiving.send("pager", &event("e-1")).await, (0, 1), "for as long as the event is kept");
    assert_eq!(receiving.send("pager", &event("e-2")).await, (1, 0));
    receiving.stop();
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_if_it_holds_anything() {
    let folder = tempfile::tempdir().unwrap();
    let receiving = Receiving::on(folder.path()).await;
    let json = "application/json";
    let mended = "{\"alertUID\":\"u-1\",\"message\":\"the \"Spooler\" is\nstopped\"}";
    assert_eq!(receiving.raw("datto", json, mended).await.0, 202);
    assert_eq!(receiving.unmapped().await, Vec::<String>::new());
    let (status, answer) = receiving.raw("datto", json, "{\"alertUID\":\"u-1\",\"message\":\"cut o").await;
    assert_eq!((status, &answer["accepted"]), (202, &json!(1)));
    assert_eq!(
        receiving.unmapped().await,
        ["it is not JSON: EOF while parsing a string at line 1 column 34"]
    );
    for (content_type, body, expected) in [
        (json, "", 400),
        (json, "{ not json", 400),
        ("application/pdf", "%PDF", 415),
        ("text/plain", "Disk full", 202),
    ] {
        assert_eq!(receiving.raw("own", content_type, body).await.0, expected, "{body}");
    }
    receiving.stop();
}
