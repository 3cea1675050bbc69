use super::*;
use crate::calendar::Calendar;
use crate::finding::{Findings, SourceFile};
use crate::library::{Known, Library};
use crate::script::View;
use crate::yaml::read;
use serde_json::json;
use std::sync::Arc;

fn decode(text: &str) -> (Vec<Condition>, Findings) {
    let file = SourceFile::new("r.yaml", text);
    let node = read(&file).expect("reads");
    let mut findings = Findings::default();
    let hours =
        SourceFile::new("c.yaml", "business-hours: { timezone: UTC, weekly: { mon-fri: '09:00-17:00' } }");
    let hours = Calendar::decode_all(&hours, &read(&hours).expect("reads"), &mut findings);
    let library = Library { calendars: hours.into(), ..Library::default() };
    let known = Known { library: &library, ..Known::vars(&["event", "case", "vars", "now", "rule"]) };
    let conditions = decode_when(&file, &node, &known, &mut findings);
    (conditions, findings)
}

fn trace(text: &str, event: Value) -> (bool, Vec<ConditionTrace>) {
    let (conditions, findings) = decode(text);
    assert!(findings.is_empty(), "{text}: {}", findings.render());
    let case = json!({"count": 5, "state": "open"});
    let event = Arc::new(event);
    let env = Env {
        vars: vec![("event", View::new(event.clone())), ("case", View::new(Arc::new(case.clone())))],
        now: "2026-01-05T09:00:00Z".parse().expect("a time"),
        library: Library::empty(),
        is_open: &|_| false,
    };
    let quiet = every(&conditions, &event, &case, &env, &mut NoTrace).expect("runs");
    let mut sink = Vec::new();
    let loud = every(&conditions, &event, &case, &env, &mut sink).expect("runs");
    assert_eq!(quiet, loud, "{text}: explaining never changes the answer");
    (loud, sink)
}

fn holds(text: &str) -> bool {
    let event = json!({
        "severity": "high", "check": "Disk usage C:", "state": "firing", "device": {"name": "SRV-01", "ip": "10.1.2.3"},
        "labels": {"env": "prod"}, "occurred_at": "2026-01-05T08:00:00Z",
        "payload": {"n": 7, "text_n": "7.5", "flag": "true", "tags": ["Alpha", "beta"], "items": [{"s": 1}, {"s": 9}], "empty": "", "none": null}
    });
    trace(text, event).0
}

#[test]
fn every_operator_holds_and_fails_as_its_name_says() {
    for (yes, no) in [
        ("severity: HIGH", "severity: low"),
        ("severity: [low, high]", "severity: [low, medium]"),
        ("severity: { is: high }", "severity: { not: high }"),
        ("severity: { in: [high] }", "severity: { not_in: [high] }"),
        ("device.name: { exactly: SRV-01 }", "device.name: { exactly: srv-01 }"),
        ("check: { contains: DISK }", "check: { contains: memory }"),
        ("check: { contains: [memory, disk] }", "check: { not_contains: [memory, disk] }"),
        ("payload.tags: { contains: alpha }", "payload.tags: { contains: alp }"),
        ("check: { starts_with: disk }", "check: { starts_with: usage }"),
        ("check: { ends_with: 'c:' }", "check: { ends_with: disk }"),
        ("device.name: { like: srv-* }", "device.name: { like: srv }"),
        ("device.name: { like: SRV-0? }", "device.name: { like: '?' }"),
        ("check: { matches: '^Disk' }", "check: { matches: '^disk' }"),
        ("check: { not_matches: '^disk' }", "check: { not_matches: '^Disk' }"),
        ("payload.n: { above: 6 }", "payload.n: { above: 7 }"),
        ("payload.text_n: { below: 8 }", "payload.text_n: { below: 7.5 }"),
        ("payload.n: { at_least: 7, at_most: 7 }", "payload.n: { at_least: 8 }"),
        ("payload.n: { between: [7, 9] }", "payload.n: { between: [8, 9] }"),
        ("occurred_at: { older_than: 30m }", "occurred_at: { older_than: 1h }"),
        ("occurred_at: { newer_than: 2h }", "occurred_at: { newer_than: 30m }"),
        ("occurred_at: { before: 2026-01-05T08:30:00Z }", "occurred_at: { after: 2026-01-05 08:30:00 }"),
        ("device.ip: { cidr: 10.0.0.0/8 }", "device.ip: { cidr: [192.168.0.0/16, 10.2.0.0/16] }"),
        ("payload.n: { exists: true }", "payload.none: { exists: true }"),
        ("payload.empty: { empty: true }", "payload.n: { empty: true }"),
        ("payload.flag: true", "payload.flag: false"),
        ("payload.items[].s: 9", "payload.items[].s: 5"),
        ("payload.items[].s: { above: 8 }", "payload.items[].s: { above: 8, below: 9 }"),
        (
            "any: [{ severity: low }, { check: { contains: disk } }]",
            "any: [{ severity: low }, { severity: info }]",
        ),
        ("all: [{ severity: high }, { state: firing }]", "all: [{ severity: high }, { state: resolved }]"),
        ("none: [{ severity: low }]", "none: [{ severity: high }]"),
        ("case: { count: { at_least: 5 } }", "case: { count: { above: 5 } }"),
        ("script: event.payload.n > 5 && event.labels.env == \"prod\"", "script: event.payload.n > 50"),
        ("outside: business-hours", "during: business-hours"),
        ("payload.nowhere.at.all: null", "payload.n: null"),
    ] {
        assert!(holds(yes), "{yes} should hold");
        assert!(!holds(no), "{no} should not hold");
    }
}

#[test]
fn an_operator_that_cannot_apply_is_false_and_says_so() {
    let (held, trace) = trace("check: { above: 5 }", json!({"check": "Disk"}));
    assert!(!held);
    assert_eq!(trace[0].expected, "above 5 (the value is no number)");
    assert_eq!(trace[0].actual, json!("Disk"));
}

#[test]
fn mistakes_are_found_all_at_once_with_suggestions() {
    let (_, findings) = decode(
        "severty: critical\nseverity: critcal\npayload.x: { bellow: 10 }\ncheck: { matches: '(' }\nduring: busines-hours\nscript: 'event.x ==='\ncase: { cout: 1 }\nstarted_at: { older_than: 5 }\n",
    );
    let text = findings.render();
    for part in [
        "an event has no field `severty`",
        "did you mean `severity`?",
        "there is no severity `critcal`",
        "did you mean `critical`?",
        "unknown operator `bellow`",
        "did you mean `below`?",
        "the pattern is not valid",
        "there is no calendar `busines-hours`",
        "did you mean `business-hours`?",
        "the script is not valid",
        "a case has no `cout`",
        "`older_than` needs a duration",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert_eq!(findings.errors(), 8, "{text}");
}
