//! Payload bytes to events ready for the journal: parsed, mapped, written as JSON. At least 50,000 events a second on one
//! core. Run with `cargo bench -p haloward-rules --bench presets`.

#![expect(clippy::disallowed_methods, reason = "reads samples from files; the crate itself reads none")]

use std::path::Path;
use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use haloward_rules::{Delivery, Event, Payload, Preset, PresetSet, Severity};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

fn main() {
    divan::main();
}

const NOW: Timestamp = Timestamp::constant(1_767_603_600, 0);

fn preset(name: &str) -> Arc<Preset> {
    let (presets, findings) = PresetSet::load(&[], Some(&[name.to_owned()]));
    assert!(findings.is_empty(), "{}", findings.render());
    presets.get(name).expect("it is shipped").clone()
}

fn sample(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/payloads").join(name);
    serde_json::from_slice(&std::fs::read(path).expect("a sample")).expect("JSON")
}

/// What the receiver does with a body between its credentials and the store.
fn received(preset: &Preset, bytes: &[u8]) -> Vec<String> {
    let payload = Payload::parse(str::from_utf8(bytes).expect("text")).expect("JSON");
    let mapped = preset.map(Delivery {
        source: "bench",
        payload,
        headers: Arc::new(Value::Object(Map::new())),
        default_severity: Severity::Medium,
        at: NOW,
    });
    let written = |event: &Event| {
        let mut out = Vec::new();
        event.write_json(&mut out);
        String::from_utf8(out).expect("text")
    };
    mapped.events.iter().map(written).collect()
}

fn bench(bencher: Bencher<'_, '_>, name: &str, payload: &Value) {
    let preset = preset(name);
    let bytes = payload.to_string().into_bytes();
    let events = received(&preset, &bytes).len();
    bencher.counter(ItemsCount::new(events)).bench_local(|| received(&preset, black_box(&bytes)));
}

/// The sample's first alert, so many times, each with a fingerprint of its own.
fn group(sample_name: &str, count: usize) -> Value {
    let mut payload = sample(sample_name);
    let first = payload["alerts"][0].clone();
    payload["alerts"] = (0..count)
        .map(|n| {
            let mut alert = first.clone();
            alert["fingerprint"] = format!("{n:016x}").into();
            alert
        })
        .collect();
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

#[divan::bench]
fn datto_rmm(bencher: Bencher<'_, '_>) {
    bench(bencher, "datto-rmm", &sample("datto-rmm/firing.json"));
}

/// A tool nobody described: what it costs to look for the usual fields.
#[divan::bench]
fn generic(bencher: Bencher<'_, '_>) {
    bench(bencher, "generic", &sample("generic/firing.json"));
}

/// A body of the largest size that is a list of numbers: a clear outcome within 100 ms.
#[divan::bench(args = ["generic", "alertmanager", "cloudevents", "cipp"])]
fn list_of_100_000(bencher: Bencher<'_, '_>, name: &str) {
    bench(bencher, name, &Value::Array(vec![json!(1); 100_000]));
}

/// As many alerts as are taken at once.
#[divan::bench(args = ["generic", "cloudevents", "ninjaone-alerts"])]
fn list_of_5_000_maps(bencher: Bencher<'_, '_>, name: &str) {
    let one = json!({"uid": "a", "specversion": "1.0", "type": "disk.firing", "source": "/x", "id": "7", "message": "Disk full"});
    bench(bencher, name, &Value::Array(vec![one; 5_000]));
}
