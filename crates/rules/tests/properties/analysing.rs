//! What the analysis says about rules is true: a rule it calls unreachable never sees an event.

use std::collections::BTreeMap;

use haloward_rules::{
    CaseBook, Event, Explain, Input, RuleSet, Settings, Severity, SourceFile, Surroundings, analyse, step,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::cases;

const CONDITIONS: [&str; 46] = [
    "source: a",
    "source: [A, b]",
    "severity: high",
    "severity: [low, critical]",
    "severity: { not_in: [info, low] }",
    "severity: { exactly: high }",
    "state: firing",
    "state: [firing, resolved]",
    "state: { not: test }",
    "title: disk",
    "title: { contains: disk }",
    "title: { contains: [disk full, cpu] }",
    "title: { starts_with: disk }",
    "title: { ends_with: full, not_contains: cpu }",
    "title: { not_contains: [disk, cpu] }",
    "title: { like: 'disk*' }",
    "title: { matches: Disk }",
    "title: { not: disk, exists: true }",
    "payload.n: 7",
    "payload.n: '7'",
    "payload.n: [7, 8]",
    "payload.n: { above: 3 }",
    "payload.n: { at_least: 7 }",
    "payload.n: { above: 7, at_most: 9 }",
    "payload.n: { between: [3, 8] }",
    "payload.n: { below: 7 }",
    "payload.n: { exists: true }",
    "payload.n: { exists: false }",
    "payload.n: { empty: false }",
    "payload.n: { not: 7 }",
    "payload.n: { not_in: [7, 8] }",
    "payload.n: { in: [disk, Disk] }",
    "payload.n: { exactly: [Disk, 7] }",
    "payload.n: { contains: disk }",
    "payload.n: { not_contains: disk full }",
    "payload.n: { empty: true }",
    "payload.t: { after: 2026-01-05, before: 2026-01-07 }",
    "payload.t: { before: 2026-01-04 }",
    "'payload.list[]': disk",
    "'payload.list[]': { contains: dis, not: disk }",
    "payload.ip: { cidr: 10.0.0.0/8 }",
    "any: [{ title: disk }, { payload.n: 7 }]",
    "any: [{ severity: high }, { severity: [low, medium] }]",
    "none: [{ title: disk }, { payload.n: { above: 7 } }]",
    "all: [{ severity: [high, low] }, { none: [{ severity: low }] }]",
    "script: event.payload.n == 7",
];

const EFFECTS: [&str; 5] = [
    "{ open_ticket: {} }",
    "{ drop: noise }",
    "{ set: { severity: critical } }",
    "{ set: { title: Disk full, payload.n: 7 } }",
    "{ add_note: seen }",
];

fn rules() -> impl Strategy<Value = String> {
    let goes_on = prop_oneof![6 => Just(false), 1 => Just(true)];
    let from = select(vec!["", "from: a, ", "from: [A, b], "]);
    let rule = (vec(select(CONDITIONS.to_vec()), 0..3), from, select(EFFECTS.to_vec()), goes_on);
    vec(rule, 2..7).prop_map(|rules| {
        let rules = rules.into_iter().enumerate().map(|(number, (when, from, then, goes_on))| {
            let when: Vec<String> = when.into_iter().map(|condition| format!("{{ {condition} }}")).collect();
            let when = when.join(", ");
            format!("  - {{ id: r{number}, {from}continue: {goes_on}, when: {{ all: [{when}] }}, then: {then} }}\n")
        });
        format!("defaults: {{ ticket: {{ type: Alert }} }}\nrules:\n{}", rules.collect::<String>())
    })
}

fn event() -> impl Strategy<Value = Event> {
    let text = || select(vec!["disk", "Disk", "Disk full", "cpu", "full", "7"]);
    let any = select(vec![
        Value::Null,
        json!(7),
        json!("7"),
        json!(7.0),
        json!(8),
        json!(3),
        json!("7.0"),
        json!("disk"),
        json!("Disk"),
        json!(""),
        json!(["disk"]),
        json!(["Disk full"]),
        json!([]),
        json!(true),
        json!({}),
    ]);
    (
        select(vec!["a", "A", "b", "c"]),
        select(vec!["firing", "resolved", "info", "test"]),
        select(vec!["info", "low", "medium", "high", "critical"]),
        (text(), text()),
        any,
        select(vec!["2026-01-03", "2026-01-05T00:00:00Z", "2026-01-06", "2026-01-08"]),
        select(vec!["10.1.2.3", "11.1.2.3"]),
    )
        .prop_map(|(source, state, severity, (title, listed), n, t, ip)| {
            let event = json!({
                "source": source, "state": state, "severity": severity, "title": title, "fingerprint": "f",
                "payload": { "n": n, "t": t, "ip": ip, "list": [listed, "x"] }
            });
            Event::from_json(event, Severity::Medium).expect("an event")
        })
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn a_rule_that_is_called_unreachable_sees_no_event((text, events) in (rules(), vec(event(), 40))) {
        let file = SourceFile::new("r.yaml", &text);
        let (rules, findings) = RuleSet::load(std::slice::from_ref(&file), Settings::default());
        prop_assert!(findings.is_empty(), "{}", findings.render());
        let surroundings = Surroundings {
            files: std::slice::from_ref(&file),
            presets: &[],
            sources: &BTreeMap::new(),
            samples: &|_| None,
            every_sample: &Vec::new,
            told: &[],
            reached: None,
        };
        let idle: Vec<String> = analyse(&rules, &surroundings, true)
            .iter()
            .filter(|finding| matches!(finding.code, "HW140" | "HW141"))
            .map(|finding| {
                let line = finding.place.as_ref().expect("a place").span.line;
                format!("r.yaml:{line}")
            })
            .collect();
        for event in events {
            let now = "2026-01-05T09:00:00Z".parse().expect("a time");
            let step = step(&rules, &CaseBook::default(), &Input::Event(event.clone()), Explain::Matches, now);
            for decision in &step.decisions {
                prop_assert!(!idle.contains(&decision.at), "{} decided about {event:?} in\n{text}", decision.at);
            }
        }
    }
}
