//! Who gets in, through the routes: from the request to what the store holds.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use serde_json::Value;
use tower_service::Service as _;

use crate::clock::HeldClock;
use crate::config::Loaded;
use crate::metrics::Metrics;
use crate::receiver::{Door, DoorState, router};
use crate::server::Peer;
use crate::store::{Limits, Store};

/// A receiver with the sources of a configuration, on a clock that stands still.
struct World {
    state: DoorState,
    folder: tempfile::TempDir,
}

impl World {
    fn of(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let loaded = load(&folder, config);
        let store = Store::open(folder.path().join("haloward.db"), Limits::default()).unwrap();
        let clock = Arc::new(HeldClock::at("2026-01-05T09:00:00Z".parse().unwrap()));
        let door = Door::new(&loaded, None).unwrap();
        Self { state: DoorState::new(door, store, clock, Metrics::new()), folder }
    }

    fn reload(&self, config: &str) {
        let loaded = load(&self.folder, config);
        let door = Door::new(&loaded, Some(&self.state.door.load())).unwrap();
        self.state.door.store(Arc::new(door));
    }

    async fn send(&self, request: Request<Body>) -> Response {
        router(self.state.clone()).call(request).await.unwrap()
    }

    /// The status of a delivery from this address.
    async fn post(&self, from: &str, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
        self.send(request("POST", from, path, headers, body)).await.status().as_u16()
    }

    /// Everything the store holds, as bytes.
    fn stored(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).unwrap().flatten();
        let stored = files.filter(|file| file.file_name().to_string_lossy().starts_with("haloward.db"));
        stored.flat_map(|file| std::fs::read(file.path()).unwrap()).collect()
    }
}

fn load(folder: &tempfile::TempDir, config: &str) -> Loaded {
    let path = folder.path().join("haloward.yaml");
    std::fs::create_dir_all(folder.path().join("rules")).unwrap();
    std::fs::write(&path, config).unwrap();
    let loaded = Loaded::load(Some(&path), &[]).unwrap();
    assert!(!loaded.findings.has_errors(), "{}", loaded.findings.render());
    loaded
}

fn request(method: &str, from: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let peer = SocketAddr::new(from.parse().unwrap(), 4711);
    let mut request = Request::builder().method(method).uri(path).extension(Peer(peer));
    if !body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

const HERE: &str = "127.0.0.1";
const ALERT: &str = r#"{"title":"Disk full"}"#;

#[tokio::test]
async fn a_source_sends_from_its_networks_only_also_behind_a_proxy() {
    let world = World::of(
        "server: { trusted_proxies: [10.0.0.5] }\n\
         sources: { own: { webhook: { auth: none, allow_from: [192.0.2.0/24] } } }\n",
    );
    let forwarded = |value: &'static str| [("x-forwarded-for", value)];
    assert_eq!(world.post("192.0.2.7", "/hooks/own", &[], ALERT).await, 202);
    assert_eq!(world.post("198.51.100.7", "/hooks/own", &[], ALERT).await, 403);
    assert_eq!(
        world.post("198.51.100.7", "/hooks/own", &forwarded("192.0.2.7"), ALERT).await,
        403,
        "it is no proxy"
    );
    assert_eq!(world.post("10.0.0.5", "/hooks/own", &forwarded("192.0.2.7"), ALERT).await, 202);
    assert_eq!(world.post("10.0.0.5", "/hooks/own", &forwarded("192.0.2.7, 198.51.100.7"), ALERT).await, 403);
    assert_eq!(world.post("10.0.0.5", "/hooks/own", &forwarded("192.0.2.7, ?"), ALERT).await, 403);
}

#[tokio::test]
async fn a_certificate_is_believed_from_the_proxy_alone() {
    let world = World::of(
        "server: { trusted_proxies: [10.0.0.5] }\n\
         sources: { own: { webhook: { auth: { client_cert: { fingerprint: { header: X-Cert, is: 'AB:CD' } } } } } }\n",
    );
    let cert = |value: &'static str| [("x-cert", value)];
    assert_eq!(world.post("10.0.0.5", "/hooks/own", &cert("abcd"), ALERT).await, 202);
    assert_eq!(world.post("10.0.0.5", "/hooks/own", &cert("abce"), ALERT).await, 401);
    assert_eq!(world.post("10.0.0.6", "/hooks/own", &cert("abcd"), ALERT).await, 401);
}

#[tokio::test]
async fn the_secret_of_a_body_reaches_neither_the_store_nor_a_stranger_the_journal() {
    let world = World::of(
        "sources:\n  meraki: { webhook: { preset: meraki, auth: { body: correct-horse-battery } } }\n  \
         own: { webhook: { auth: { body: { path: meta.token, secret: correct-horse-battery } } } }\n",
    );
    let meraki = r#"{"sharedSecret":"correct-horse-battery","alertTypeId":"settings_changed","alertType":"Settings","networkId":"N"}"#;
    assert_eq!(world.post(HERE, "/hooks/meraki", &[], meraki).await, 202);
    let own = r#"{"title":"Door open","meta":{"token":"correct-horse-battery"}}"#;
    assert_eq!(world.post(HERE, "/hooks/own", &[], own).await, 202);
    for wrong in
        [&meraki.replace("horse", "house"), ALERT, "[]", "{", "", "sharedSecret=correct-house-battery"]
    {
        assert_eq!(world.post(HERE, "/hooks/meraki", &[], wrong).await, 401, "{wrong}");
    }
    let stored = world.stored();
    assert!(contains(&stored, "settings_changed") && contains(&stored, "Door open"));
    assert!(!contains(&stored, "correct-horse"), "the secret is in the store");
    assert!(!contains(&stored, "correct-house"), "so is what was refused");
}

#[tokio::test]
async fn which_secret_is_in_use_is_known_and_survives_a_reload() {
    let config = "sources: { own: { webhook: { auth: { bearer: [n3w-secret-of-16-letters, old-secret-of-16-letters] } } } }\n";
    let world = World::of(config);
    let used =
        || -> Vec<bool> { world.state.door.load().secrets_used("own").iter().map(Option::is_some).collect() };
    assert_eq!(used(), [false, false]);
    let bearer = [("authorization", "Bearer old-secret-of-16-letters")];
    assert_eq!(world.post(HERE, "/hooks/own", &bearer, ALERT).await, 202);
    assert_eq!(used(), [false, true]);
    world.reload(config);
    assert_eq!(used(), [false, true]);
    world.reload("sources: { own: { webhook: { auth: { bearer: n3w-secret-of-16-letters } } } }\n");
    assert_eq!(used(), [false]);
    assert_eq!(world.post(HERE, "/hooks/own", &bearer, ALERT).await, 401);
}

#[tokio::test]
async fn a_repeated_delivery_is_refused_once_its_time_is_over() {
    let world = World::of(
        "sources: { own: { webhook: { auth: { hmac: { header: X-Sig, secret: correct-horse-battery, timestamp: X-Time } } } } }\n",
    );
    let sign = |time: i64| {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"correct-horse-battery");
        hex::encode(ring::hmac::sign(&key, format!("{time}.{ALERT}").as_bytes()))
    };
    let now: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
    for (time, status) in [(now.as_second(), 202), (now.as_second() - 301, 401), (now.as_second() + 301, 401)]
    {
        let headers = [("x-sig", sign(time)), ("x-time", time.to_string())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let request = request("POST", HERE, "/hooks/own", &headers, ALERT);
        let answer = world.send(request).await;
        assert_eq!(answer.status().as_u16(), status);
        if status == 401 {
            let problem: Value =
                serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains("301 s") && detail.contains("clock"), "{detail}");
        }
    }
    assert_eq!(world.post(HERE, "/hooks/own", &[("x-sig", "00")], ALERT).await, 401);
}

#[tokio::test]
async fn a_strangers_deliveries_do_not_use_the_limit_of_a_source_up() {
    let world = World::of(
        "sources: { own: { webhook: { auth: { hmac: { header: X-Sig, secret: correct-horse-battery } }, limit: { requests: 1, per: 1h } } } }\n",
    );
    for _ in 0..3 {
        assert_eq!(world.post(HERE, "/hooks/own", &[("x-sig", "00")], ALERT).await, 401);
    }
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"correct-horse-battery");
    let right = hex::encode(ring::hmac::sign(&key, ALERT.as_bytes()));
    assert_eq!(world.post(HERE, "/hooks/own", &[("x-sig", &right)], ALERT).await, 202);
    assert_eq!(world.post(HERE, "/hooks/own", &[("x-sig", &right)], ALERT).await, 429);
}

#[tokio::test(start_paused = true)]
async fn who_keeps_failing_waits_and_nobody_else_does() {
    let world = World::of("sources: { own: { webhook: { auth: { url_token: correct-horse-battery } } } }\n");
    let mut statuses = Vec::new();
    for number in 0..22 {
        statuses.push(world.post("192.0.2.7", &format!("/hooks/own/guess-{number}"), &[], ALERT).await);
    }
    assert_eq!(statuses[..20], [401; 20]);
    assert_eq!(statuses[20..], [429; 2]);
    let answer = world.send(request("POST", "192.0.2.7", "/hooks/nobody", &[], ALERT)).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS, "guessing names is guessing too");
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(world.post("192.0.2.8", "/hooks/own/wrong", &[], ALERT).await, 401);
}

#[tokio::test]
async fn right_credentials_are_taken_however_often_their_address_failed() {
    let world = World::of("sources: { own: { webhook: { auth: { url_token: correct-horse-battery } } } }\n");
    let who = "192.0.2.7".parse().unwrap();
    let now = world.state.clock.now();
    while world.state.failures.note(who, now).is_none() {}
    assert_eq!(world.post("192.0.2.7", "/hooks/own/correct-horse-battery", &[], ALERT).await, 202);
}

#[tokio::test]
async fn leave_to_send_is_given_to_the_origins_of_a_source() {
    let world = World::of(
        "sources:\n  grid: { webhook: { preset: cloudevents, auth: { bearer: correct-horse-battery }, allow_origin: eventgrid.azure.net, limit: { requests: 10, per: 1s } } }\n  \
         url: { webhook: { auth: { url_token: correct-horse-battery }, allow_origin: '*' } }\n  \
         own: { webhook: { auth: { bearer: correct-horse-battery } } }\n",
    );
    let ask = async |path: &str, headers: &[(&str, &str)]| {
        world.send(request("OPTIONS", HERE, path, headers, "")).await
    };
    let azure = [("webhook-request-origin", "eventgrid.azure.net")];
    let answer = ask("/hooks/grid", &azure).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["webhook-allowed-origin"], "eventgrid.azure.net");
    assert_eq!(answer.headers()["webhook-allowed-rate"], "600");
    for (path, headers, status) in [
        ("/hooks/grid", &[("webhook-request-origin", "evil.example")][..], 403),
        ("/hooks/grid", &[], 405),
        ("/hooks/own", &azure, 405),
        ("/hooks/nobody", &azure, 404),
        ("/hooks/url", &azure, 401),
        ("/hooks/url/wrong", &azure, 401),
        ("/hooks/url/correct-horse-battery", &azure, 200),
    ] {
        assert_eq!(ask(path, headers).await.status().as_u16(), status, "{path}");
    }
    assert_eq!(world.post(HERE, "/hooks/grid?access_token=correct-horse-battery", &[], ALERT).await, 202);
    assert_eq!(world.post(HERE, "/hooks/grid?access_token=wrong", &[], ALERT).await, 401);
    assert_eq!(world.post(HERE, "/hooks/own?access_token=correct-horse-battery", &[], ALERT).await, 401);
    let put = request("PUT", HERE, "/hooks/url/correct-horse-battery", &[], ALERT);
    assert_eq!(world.send(put).await.status(), StatusCode::ACCEPTED, "Grafana may put");
}

#[tokio::test]
async fn refusals_are_counted_under_names_that_are_configured() {
    let world = World::of("sources: { own: { webhook: { auth: { url_token: correct-horse-battery } } } }\n");
    world.post(HERE, "/hooks/own/wrong", &[], ALERT).await;
    world.post(HERE, "/hooks/name-of-the-attacker/wrong", &[], ALERT).await;
    let counted = world.state.metrics.registered();
    assert!(
        counted.contains("haloward_deliveries_refused_total{status=\"401\",source=\"own\"} 1"),
        "{counted}"
    );
    assert!(counted.contains("haloward_deliveries_refused_total{status=\"404\",source=\"\"} 1"), "{counted}");
    assert!(!counted.contains("attacker"));
}
