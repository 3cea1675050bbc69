//! Foreign bytes: whatever is read, nothing panics and everything ends. A bounded run of what fuzzing does at length.

use std::sync::Arc;
use std::time::Duration;

use haloward_rules::{
    CaseBook, Delivery, Event, Explain, Findings, Input, Path, Preset, PresetSet, RuleSet, Settings,
    Severity, SourceFile, StoryFile, parse_duration, read_yaml, step,
};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::cases;

const NOW: Timestamp = Timestamp::constant(1_767_603_600, 0);

/// A text with a few places cut, doubled or overwritten by others.
fn broken(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let junk = prop_oneof![
        proptest::sample::select(vec![
            "${",
            "}",
            "{",
            "[",
            "]",
            ": ",
            "- ",
            "\n",
            "\n  ",
            "'",
            "\"",
            "|",
            ">",
            "&a ",
            "*a",
            "!!str ",
            "#",
            "\t",
            "null",
            "~",
            "0",
            "-1",
            "1e999",
            "99999999999999999999",
            "$$",
            "`",
            "\u{FEFF}",
            "é",
            "\u{1F600}",
            "\\",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,8}",
    ];
    let edit = (any::<prop::sample::Index>(), 0_usize..6, junk);
    (text, proptest::collection::vec(edit, 0..6)).prop_map(|(text, edits)| {
        let mut chars: Vec<char> = text.chars().collect();
        for (at, cut, junk) in edits {
            let at = at.index(chars.len() + 1);
            let end = (at + cut).min(chars.len());
            chars.splice(at..end, junk.chars());
        }
        chars.into_iter().collect()
    })
}

fn event() -> Event {
    let event = json!({
        "source": "a", "title": "Disk", "check": "disk", "severity": "high", "device": {"name": "srv"},
        "payload": {"n": 7, "tags": ["a", {"b": null}], "text": "é\u{1F600}<b>"}, "occurred_at": "2026-01-05T08:00:00Z"
    });
    Event::from_json(event, Severity::Medium).expect("an event")
}

/// Loads, shows what was found and decides about one event with the rest.
fn try_rules(text: &str) {
    let (rules, findings) = RuleSet::load(&[SourceFile::new("r.yaml", text)], Settings::default());
    findings.render();
    step(&rules, &CaseBook::default(), &Input::Event(event()), Explain::Everything, NOW);
}

fn deliver(preset: &Preset, payload: Value) {
    let mapped = preset.map(&Delivery {
        source: "s",
        payload: Arc::new(payload),
        headers: Arc::new(json!({"x-id": "1"})),
        default_severity: Severity::Medium,
        at: NOW,
    });
    for event in mapped.events {
        assert!(!event.title().is_empty() && event.source() == "s");
    }
}

fn try_preset(text: &str) {
    let file = SourceFile::new("p.yaml", text);
    let mut findings = Findings::default();
    if let Ok(node) = read_yaml(&file)
        && let Some(preset) = Preset::inline("own", &file, &node, &mut findings)
    {
        deliver(&preset, event().value().clone());
    }
    findings.render();
}

fn payload() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(vec![
            "firing",
            "resolved",
            "critical",
            "2026-01-05T08:00:00Z",
            "0",
            "-9e99",
            ""
        ])
        .prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    let name = proptest::sample::select(vec![
        "alerts",
        "status",
        "labels",
        "annotations",
        "fingerprint",
        "startsAt",
        "title",
        "message",
        "state",
        "severity",
        "id",
        "device",
        "name",
        "data",
        "events",
        "incident",
        "alert",
        "type",
        "host",
        "monitor",
        "heartbeat",
        "x",
    ]);
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(cases(250))]

    #[test]
    fn any_rule_file_is_rules_or_findings(text in broken(super::rules::file())) {
        try_rules(&text);
    }

    #[test]
    fn any_template_renders_or_says_why(text in broken(Just("a ${event.title} $$ ${ if event.payload.n > 3 { `${now}` } else { \"}\" } } ${truncate(event.payload.text, 3)} ${case.count ?? 'x'} | **b** `c` [d](${event.url})".to_owned()))) {
        let quoted = serde_json::to_string(&text).expect("JSON");
        try_rules(&format!("rules: [{{ id: a, key: {quoted}, then: {{ open_ticket: {{ type: 1, summary: {quoted}, details: {quoted}, category: {quoted}, parent: {quoted} }} }} }}]"));
    }

    #[test]
    fn any_script_ends(text in broken(Just("let n = event.payload.n; for t in event.payload.tags { n += 1; } fn f(x) { x + 1 } if regex_find(event.title, \"D(.)\") != () { set(#{ \"vars.x\": f(n) }); } open_ticket(#{ type: 1, summary: format_time(now, \"UTC\", \"%Y\"), fields: parse_json(\"{}\"), again: #{ do: \"note\", at_most: \"1h\" } });".to_owned()))) {
        let quoted = serde_json::to_string(&text).expect("JSON");
        try_rules(&format!("rules: [{{ id: a, then: {{ script: {quoted} }} }}, {{ id: b, when: {{ script: {quoted} }}, then: {{ drop: x }} }}]"));
    }

    #[test]
    fn any_preset_is_a_preset_or_findings(text in broken(Just("preset: x\nevents: ${payload.alerts ?? payload.tags}\nevent:\n  state: ${item.s ?? \"up\"}\n  title: \"${item.title} x\"\n  fingerprint: ${item.f ?? \"f\"}\n  device: { name: '${payload.device.name}' }\n  severity: ${item.sev}\n  occurred_at: ${payload.occurred_at}\nstates: { up: resolved, else: firing }\nseverities: { bad: high, else: low }\ndelivery_id: ${headers[\"x-id\"]}\n".to_owned()))) {
        try_preset(&text);
    }

    #[test]
    fn any_test_file_is_stories_or_findings(text in broken(Just("tests:\n  - name: a\n    start: 2026-01-05T09:00:00Z\n    steps:\n      - { after: 10m, event: { source: s, title: x }, expect: { open_ticket: { summary: { contains: x } }, rule: a } }\n      - { technician: closes, expect: { nothing: true } }\n".to_owned()))) {
        let (_, findings) = StoryFile::load(&SourceFile::new("t.yaml", text));
        findings.render();
    }

    #[test]
    fn any_text_is_a_path_or_not(text in broken(Just("event.payload.tags[0].name[\"x.y\"][]".to_owned()))) {
        if let Ok(path) = Path::parse(&text) {
            path.first(event().value());
            let _ = event().set(&path, json!(1));
        }
        let _ = parse_duration(&text);
    }
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn any_payload_becomes_events((payload, cut) in (payload(), any::<prop::sample::Index>())) {
        let (presets, _) = PresetSet::load(&[], None);
        for preset in presets.iter() {
            deliver(preset, payload.clone());
        }
        let bytes = payload.to_string().into_bytes();
        if let Ok(part) = serde_json::from_slice::<Value>(&bytes[..cut.index(bytes.len() + 1)]) {
            presets.iter().for_each(|preset| deliver(preset, part.clone()));
        }
    }
}

/// What takes longest for its size: each must end, with a clear error or in time.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "only a thread of its own can be given up when it does not end"
)]
fn what_is_made_to_take_long_ends() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(2_000), close.repeat(2_000));
    let quoted = |text: &str| serde_json::to_string(text).expect("JSON");
    let scripted = |text: &str| {
        format!("rules: [{{ id: a, when: {{ script: {} }}, then: {{ drop: x }} }}]", quoted(text))
    };
    let hostile = [
        format!("rules: [{{ id: {} }}]", "a".repeat(1_000_000)),
        format!("rules: [{{ id: a, key: {}, then: {{ drop: x }} }}]", quoted(&"${".repeat(20_000))),
        format!("rules: [{{ id: a, key: {}, then: {{ drop: x }} }}]", quoted(&"${event.x}".repeat(5_000))),
        format!(
            "rules: [{{ id: a, then: {{ open_ticket: {{ type: 1, details: {} }} }} }}]",
            quoted(&"> * [".repeat(5_000))
        ),
        format!(
            "rules: [{{ id: a, when: {{ title: {{ like: {} }} }}, then: {{ drop: x }} }}]",
            quoted(&"*a".repeat(2_000))
        ),
        format!(
            "rules: [{{ id: a, when: {{ title: {{ matches: {} }} }}, then: {{ drop: x }} }}]",
            quoted("(a{1,1000}){1,1000}")
        ),
        format!(
            "rules: [{{ id: a, when: {{ {}: 1 }}, then: {{ drop: x }} }}]",
            quoted(&"a[0].".repeat(20_000))
        ),
        format!("rules: {}", deep("[", "]")),
        format!("rules: {}", "- ".repeat(5_000)),
        scripted(&deep("(", ")")),
        scripted(&deep("[", "]")),
        scripted(&deep("!", "")),
        scripted(&format!("1{}", "+1".repeat(20_000))),
        scripted(&"if true {".repeat(2_000)),
        scripted("let s = \"a\"; loop { s += s; }"),
        scripted(
            "let n = 0; loop { n += regex_replace(\"aaaaaaaaaaaaaaaaaaaaaaa\", \"(a|b)*c{1,50}\", \"\").len; }",
        ),
    ];
    for text in hostile {
        let (send, receive) = std::sync::mpsc::channel();
        let shown: String = text.chars().take(80).collect();
        std::thread::spawn(move || {
            try_rules(&text);
            send.send(()).expect("somebody waits");
        });
        assert!(receive.recv_timeout(Duration::from_secs(10)).is_ok(), "no end, or a panic: {shown}");
    }
}
