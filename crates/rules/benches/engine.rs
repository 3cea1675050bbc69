//! How many events a second: run with `cargo bench -p haloward-rules --bench engine`. Each row is one case of the quality targets.

use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use haloward_rules::{
    CaseBook, Delivery, Event, Explain, Input, PresetSet, RuleSet, Settings, Severity, SourceFile, step,
};
use jiff::Timestamp;
use serde_json::{Value, json};

fn main() {
    divan::main();
}

const NOW: Timestamp = Timestamp::constant(1_767_603_600, 0);

fn rule_file(count: usize, rule: impl Fn(usize) -> String) -> SourceFile {
    let rules: String = (0..count).map(rule).collect();
    SourceFile::new("rules/bench.yaml", format!("defaults: {{ ticket: {{ type: Alert }} }}\nrules:\n{rules}"))
}

fn load(file: SourceFile) -> RuleSet {
    let (rules, findings) = RuleSet::load(&[file], Settings::default());
    assert!(findings.is_empty(), "{}", findings.render());
    rules
}

/// A rule as staff write it: led by the check it is about, with two more conditions and a ticket of five templates.
fn declarative(n: usize) -> String {
    format!(
        "  - id: rule-{n}
    when: {{ check: \"Check {n}\", severity: [high, critical], payload.disk.free_percent: {{ below: 10 }} }}
    key: disk/${{event.device.name}}/{n}
    then:
      open_ticket:
        summary: \"${{event.title}} on ${{event.device.name}}\"
        details: \"**${{event.message}}**, ${{event.payload.disk.free_percent}} % free\"
        client: ${{event.client.name}}
        category: [Server, '${{event.check}}']
        priority: {{ critical: Critical, else: High }}
"
    )
}

fn scripted(n: usize) -> String {
    format!(
        "  - id: rule-{n}
    when: {{ check: \"Check {n}\", script: event.payload.disk.free_percent < 5 && event.device.name.starts_with(\"SRV\") }}
    then: {{ drop: none }}
"
    )
}

/// An event of about 700 bytes.
fn event(check: &str) -> Event {
    let event = json!({
        "source": "datto-rmm", "state": "firing", "severity": "critical", "title": "Disk C: nearly full", "check": check,
        "message": "The free space on drive C: fell below the threshold that the policy sets for servers of this kind.",
        "fingerprint": "alert-5f1c9d2e", "url": "https://rmm.example.test/device/118/alerts/5f1c9d2e",
        "client": {"id": "17", "name": "Northwind Traders"}, "site": {"id": "3", "name": "Head office"},
        "device": {"id": "118", "name": "SRV-FILE-01", "type": "server", "os": "Windows Server 2022", "ip": "10.1.2.3"},
        "occurred_at": "2026-01-05T08:59:58Z", "started_at": "2026-01-05T08:59:00Z",
        "payload": {"disk": {"letter": "C:", "free_percent": 7.5, "size_gb": 256}, "policy": "Servers", "muted": false}
    });
    Event::from_json(event, Severity::Medium).expect("an event").received("e-1", NOW)
}

/// One event against `cases`, again and again.
fn decide_with(bencher: Bencher<'_, '_>, rules: &RuleSet, cases: &CaseBook, event: Event) {
    let input = Input::Event(event);
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| step(black_box(rules), cases, black_box(&input), Explain::Matches, NOW));
}

fn decide(bencher: Bencher<'_, '_>, rules: &RuleSet, event: Event) {
    decide_with(bencher, rules, &CaseBook::default(), event);
}

/// What is kept after `events` were decided, one after the other.
fn cases_after(rules: &RuleSet, events: impl IntoIterator<Item = Event>) -> CaseBook {
    let mut cases = CaseBook::default();
    for event in events {
        let done = step(rules, &cases, &Input::Event(event), Explain::Matches, NOW);
        cases.put(done.cases);
    }
    cases
}

/// The event of device number `n`: a problem, and so a case, of its own.
fn event_of(n: usize, state: &str) -> Event {
    let mut value = event("Check 500").value().clone();
    value["state"] = state.into();
    value["fingerprint"] = format!("alert-{n}").into();
    value["device"]["name"] = format!("SRV-{n}").into();
    Event::from_json(value, Severity::Medium).expect("an event").received("e-1", NOW)
}

/// So many cases whose tickets are open, among them that of device 0.
fn open_cases(rules: &RuleSet, count: usize) -> CaseBook {
    cases_after(rules, (0..count).map(|n| event_of(n, "firing")))
}

/// Equality-led rules, none matches: at least 1,000,000 events/s, and at 10,000 rules at most 1.4 times the cost at 100.
#[divan::bench(args = [20, 100, 1_000, 10_000], sample_size = 1_000)]
fn none_matches(bencher: Bencher<'_, '_>, count: usize) {
    decide(bencher, &load(rule_file(count, declarative)), event("Another check"));
}

/// One rule matches and renders a ticket of five templates: at least 200,000 events/s.
#[divan::bench(args = [1_000], sample_size = 100)]
fn one_opens_a_ticket(bencher: Bencher<'_, '_>, count: usize) {
    decide(bencher, &load(rule_file(count, declarative)), event("Check 500"));
}

/// A new problem while so many others have open tickets.
#[divan::bench(args = [0, 100_000], sample_size = 100)]
fn one_opens_a_ticket_beside_open_cases(bencher: Bencher<'_, '_>, count: usize) {
    let rules = load(rule_file(1_000, declarative));
    decide_with(bencher, &rules, &open_cases(&rules, count), event("Check 500"));
}

/// The case is open and its repeat is folded into the note that counts: what a storm is made of.
#[divan::bench(args = [1, 100_000], sample_size = 100)]
fn a_repeat_is_folded(bencher: Bencher<'_, '_>, count: usize) {
    let rules = load(rule_file(1_000, declarative));
    let mut cases = open_cases(&rules, count);
    cases.put(step(&rules, &cases, &Input::Event(event_of(0, "firing")), Explain::Matches, NOW).cases);
    decide_with(bencher, &rules, &cases, event_of(0, "firing"));
}

/// The end of a problem resolves its ticket. It need match no rule: it goes to the cases that its problem fed.
#[divan::bench(args = [1, 100_000], sample_size = 100)]
fn a_resolved_event_resolves(bencher: Bencher<'_, '_>, count: usize) {
    let rules = load(rule_file(1_000, declarative));
    decide_with(bencher, &rules, &open_cases(&rules, count), event_of(0, "resolved"));
}

/// A problem that has to be seen so often; the case at hand has been seen half as often.
#[divan::bench(args = [10, 1_000], sample_size = 100)]
fn a_threshold_counts(bencher: Bencher<'_, '_>, count: usize) {
    let rules = load(rule_file(1, |_| {
        format!(
            "  - {{ id: often, threshold: {{ count: {count}, within: 1h }}, then: {{ open_ticket: {{}} }} }}\n"
        )
    }));
    let cases = cases_after(&rules, (0..count / 2).map(|_| event_of(0, "firing")));
    decide_with(bencher, &rules, &cases, event_of(0, "firing"));
}

/// A Rhai condition behind an equality, in each of the rules: at least 200,000 events/s.
#[divan::bench(args = [1_000], sample_size = 100)]
fn one_runs_a_script(bencher: Bencher<'_, '_>, count: usize) {
    decide(bencher, &load(rule_file(count, scripted)), event("Check 500"));
}

/// Rules that no index can help: each is looked at.
#[divan::bench(args = [20, 1_000], sample_size = 10)]
fn every_rule_is_looked_at(bencher: Bencher<'_, '_>, count: usize) {
    let rule = |n| {
        format!("  - {{ id: rule-{n}, when: {{ title: {{ contains: word{n} }} }}, then: {{ drop: x }} }}\n")
    };
    decide(bencher, &load(rule_file(count, rule)), event("Check 500"));
}

/// Raw Alertmanager bytes to an event: at least 50,000 events/s.
#[divan::bench(sample_size = 100)]
fn alertmanager_bytes_to_an_event(bencher: Bencher<'_, '_>) {
    let (presets, findings) = PresetSet::load(&[], Some(&["alertmanager".into()]));
    assert!(findings.is_empty(), "{}", findings.render());
    let preset = presets.get("alertmanager").expect("it is shipped").clone();
    let body = serde_json::to_vec(&json!({
        "version": "4", "status": "firing", "receiver": "haloward", "externalURL": "https://am.example.test", "groupLabels": {"alertname": "DiskFull"},
        "commonLabels": {"severity": "warning"}, "commonAnnotations": {},
        "alerts": [{
            "status": "firing", "fingerprint": "9b1c5a7d", "startsAt": "2026-01-05T08:59:00Z", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "https://prom.example.test/graph?g0.expr=node_filesystem_free",
            "labels": {"alertname": "DiskFull", "severity": "critical", "instance": "srv-file-01:9100", "client": "Northwind", "job": "node"},
            "annotations": {"summary": "Disk nearly full", "description": "Less than 10 % free on / of srv-file-01"}
        }]
    }))
    .expect("JSON");
    let headers = Arc::new(json!({}));
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        let payload: Value = serde_json::from_slice(black_box(&body)).expect("JSON");
        preset.map(Delivery {
            source: "prom",
            payload: payload.into(),
            headers: headers.clone(),
            default_severity: Severity::Medium,
            at: NOW,
        })
    });
}

/// The reading alone, for comparison with the whole.
#[divan::bench(args = [10_000], sample_count = 10, sample_size = 1)]
fn read_yaml(bencher: Bencher<'_, '_>, count: usize) {
    let file = rule_file(count, declarative);
    bencher
        .counter(ItemsCount::new(count))
        .bench_local(|| haloward_rules::read_yaml(black_box(&file)).is_ok());
}

/// Reading and compiling rules from YAML: 10,000 in under 500 ms.
#[divan::bench(args = [1_000, 10_000], sample_count = 10, sample_size = 1)]
fn load_and_compile(bencher: Bencher<'_, '_>, count: usize) {
    let file = rule_file(count, declarative);
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        RuleSet::load(std::slice::from_ref(black_box(&file)), Settings::default()).0.rules().len()
    });
}
