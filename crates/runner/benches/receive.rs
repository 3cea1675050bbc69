//! A delivery's bytes to events ready for the journal, by the receiver's own way: headers and body read, mapped through
//! the source's preset, written as JSON. At least 50,000 events a second on one core. Run with
//! `cargo bench -p haloward --bench receive`.

use std::path::Path;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use haloward::intake::Mapping;
use haloward::receiver::events_of;
use haloward_rules::{PresetSet, Severity};
use jiff::Timestamp;
use serde_json::Value;

/// The binary's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

const NOW: Timestamp = Timestamp::constant(1_767_603_600, 0);
const MOST: usize = 1 << 20;
/// What comes with a delivery through a proxy.
const HEADERS: [(&str, &str); 8] = [
    ("host", "alerts.example.com"),
    ("user-agent", "Alertmanager/0.28.0"),
    ("content-type", "application/json"),
    ("content-length", "1400"),
    ("accept-encoding", "gzip"),
    ("authorization", "Bearer correct-horse-battery-staple"),
    ("x-forwarded-for", "192.0.2.17"),
    ("x-request-id", "5f0c1b4e-8a57-4d3c-9a52-6f1f5f8f9c11"),
];

fn mapping(name: &str) -> Mapping {
    let (presets, findings) = PresetSet::load(&[], Some(&[name.to_owned()]));
    assert!(findings.is_empty(), "{}", findings.render());
    let preset = presets.get(name).expect("it is shipped").clone();
    Mapping { source: "bench".into(), preset, severity: Severity::Medium }
}

fn sample(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/payloads").join(name);
    serde_json::from_slice(&std::fs::read(path).expect("a sample")).expect("JSON")
}

/// How many events there are; their JSON is in `out`, which the journal keeps for the next ones as well.
fn received(mapping: &Mapping, body: &[u8], out: &mut Vec<u8>) -> usize {
    out.clear();
    let events = events_of(mapping, &HEADERS, body, MOST, NOW).expect("it is taken");
    for new in &events {
        new.event.write_json(out);
    }
    events.len()
}

fn bench(bencher: Bencher<'_, '_>, preset: &str, payload: &Value) {
    let mapping = mapping(preset);
    let body = payload.to_string().into_bytes();
    let mut out = Vec::new();
    let events = received(&mapping, &body, &mut out);
    let written = String::from_utf8_lossy(&out);
    assert!(!written.contains("\"unmapped\""), "{written}");
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(events)).bench_local(|| received(&mapping, black_box(&body), &mut out));
}

/// The sample's first alert, so many times, each with a fingerprint of its own.
fn group(name: &str, count: usize) -> Value {
    let mut payload = sample(name);
    let first = payload["alerts"][0].clone();
    let numbered = |n: usize| {
        let mut alert = first.clone();
        alert["fingerprint"] = format!("{n:016x}").into();
        alert
    };
    payload["alerts"] = (0..count).map(numbered).collect();
    payload
}

#[divan::bench(args = [1, 10, 100])]
fn alertmanager(bencher: Bencher<'_, '_>, alerts: usize) {
    bench(bencher, "alertmanager", &group("alertmanager/firing.json", alerts));
}

#[divan::bench(args = [1, 10, 100])]
fn grafana(bencher: Bencher<'_, '_>, alerts: usize) {
    bench(bencher, "grafana", &group("grafana/firing.json", alerts));
}

/// Datto's webhook holds one alert.
#[divan::bench]
fn datto_rmm(bencher: Bencher<'_, '_>) {
    bench(bencher, "datto-rmm", &sample("datto-rmm/firing.json"));
}
