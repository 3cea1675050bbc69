//! What fuzzing holds the receiver to, from the bytes of a request on: `fuzz/` runs it at length, the tests bounded.
//!
//! The secrets of the sources are in no input, so whatever the bytes are, only the open source may take them.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode};
use haloward::clock::HeldClock;
use haloward::config::Loaded;
use haloward::metrics::Metrics;
use haloward::receiver::{Door, DoorState, router};
use haloward::server::Peer;
use haloward::store::{Limits, Store};
use tower_service::Service as _;

/// A source for each way to prove who it is.
const CONFIG: &str = r#"
server: { trusted_proxies: [10.0.0.0/8], max_body: 64KiB }
sources:
  open: { webhook: { auth: none, allow_from: [192.0.2.0/24] } }
  url: { webhook: { auth: { url_token: q7Zk2mXw9LrT4vBn } } }
  bearer: { webhook: { preset: cloudevents, auth: { bearer: [q7Zk2mXw9LrT4vBn, w8Yj3nVx0KqS5uCm] }, allow_origin: grid.example } }
  basic: { webhook: { auth: { basic: { user: grafana, password: q7Zk2mXw9LrT4vBn } } } }
  header: { webhook: { auth: { header: { name: X-Key, value: q7Zk2mXw9LrT4vBn } } } }
  query: { webhook: { preset: domotz, auth: { query: q7Zk2mXw9LrT4vBn } } }
  github: { webhook: { preset: github, auth: { hmac: q7Zk2mXw9LrT4vBn } } }
  svix: { webhook: { preset: huntress, auth: { hmac: whsec_q7Zk2mXw9LrT4vBnq7Zk2mXw9LrT4vBn } } }
  stripe: { webhook: { auth: { hmac: { secret: q7Zk2mXw9LrT4vBn, header: Sig, prefix: v1=, timestamp: { part: t= } } } } }
  meraki: { webhook: { preset: meraki, auth: { body: q7Zk2mXw9LrT4vBn } } }
  cert: { webhook: { auth: { client_cert: { fingerprint: { header: X-Cert, is: q7Zk2mXw9LrT4vBn } } } } }
  sns: { webhook: { preset: aws-cloudwatch-sns, auth: { sns: "arn:aws:sns:eu-west-1:123456789012:q7Zk2mXw9LrT4vBn" } } }
"#;

struct World {
    state: DoorState,
    clock: Arc<HeldClock>,
    runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("haloward.yaml");
        std::fs::create_dir(folder.path().join("rules")).expect("a folder");
        std::fs::write(&path, CONFIG).expect("writes");
        let loaded = Loaded::load(Some(&path), &[]).expect("loads");
        assert!(!loaded.findings.has_errors(), "{}", loaded.findings.render());
        let store = Store::open(folder.path().join("haloward.db"), Limits::default()).expect("a store");
        let clock = Arc::new(HeldClock::at("2026-01-05T09:00:00Z".parse().expect("a time")));
        let door = Door::new(&loaded, None).expect("a door");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let state = DoorState::new(door, store, clock.clone(), Metrics::new());
        World { state, clock, runtime, _folder: folder }
    })
}

/// A request as bytes: `METHOD SOURCE`, a line for each header, an empty line, and the body. It comes through a proxy
/// if its first byte is a capital letter.
fn request(bytes: &[u8]) -> Option<(String, Request<Body>)> {
    let end = bytes.windows(2).position(|two| two == b"\n\n").unwrap_or(bytes.len());
    let (head, body) = bytes.split_at(end);
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    // Another way to write the same names would only hide which source is meant.
    let (method, path) = lines.next()?.split_once(' ').filter(|(_, path)| !path.contains('%'))?;
    let peer =
        if method.starts_with(|c: char| c.is_ascii_uppercase()) { [10, 0, 0, 1] } else { [192, 0, 2, 1] };
    let method = method.to_ascii_uppercase();
    let mut request = Request::builder().method(method.as_str()).uri(format!("/hooks/{path}"));
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        let name = HeaderName::from_bytes(name.trim().as_bytes());
        let value = HeaderValue::from_bytes(value.trim().as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            request = request.header(name, value);
        }
    }
    let source = path.split(['/', '?', '#']).next().unwrap_or_default().to_owned();
    let peer = Peer(SocketAddr::from((peer, 4711)));
    let body = body.get(2..).unwrap_or_default().to_vec();
    Some((source, request.extension(peer).body(Body::from(body)).ok()?))
}

/// Whatever the bytes are, there is an answer, and only the open source takes them.
pub(super) fn delivery(bytes: &[u8]) {
    let Some((source, request)) = request(bytes) else { return };
    let world = world();
    // Nobody's patience runs out: what is tried is what is in the bytes, not how often.
    world.clock.advance(Duration::from_secs(60));
    let answering = router(world.state.clone()).call(request);
    let Ok(answer) = world.runtime.block_on(answering);
    let status = answer.status();
    assert!(status != StatusCode::INTERNAL_SERVER_ERROR, "{status} for {}", String::from_utf8_lossy(bytes));
    assert!(
        status != StatusCode::ACCEPTED || source == "open",
        "`{source}` took what nobody proved: {}",
        String::from_utf8_lossy(bytes)
    );
}
