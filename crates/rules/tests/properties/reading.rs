//! Foreign texts that were nearly right: whatever is read, nothing panics and everything ends.

use haloward_rules::{Event, Path, Severity, parse_duration};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::cases;
use crate::fuzz::{payload, rule_file};

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

fn any_json() -> impl Strategy<Value = Value> {
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
        rule_file(text.as_bytes());
    }

    #[test]
    fn any_script_ends(text in broken(Just("let n = event.payload.n; for t in event.payload.tags { n += 1; } fn f(x) { x + 1 } if regex_find(event.title, \"D(.)\") != () { set(#{ \"vars.x\": f(n) }); } open_ticket(#{ type: 1, summary: format_time(now, \"UTC\", \"%Y\"), fields: parse_json(\"{}\"), again: #{ do: \"note\", at_most: \"1h\" } });".to_owned()))) {
        let quoted = serde_json::to_string(&text).expect("JSON");
        rule_file(format!("rules: [{{ id: a, then: {{ script: {quoted} }} }}, {{ id: b, when: {{ script: {quoted} }}, then: {{ drop: x }} }}]").as_bytes());
    }

    #[test]
    fn any_test_file_is_stories_or_findings(text in broken(Just("tests:\n  - name: a\n    start: 2026-01-05T09:00:00Z\n    steps:\n      - { after: 10m, event: { source: s, title: x }, expect: { open_ticket: { summary: { contains: x } }, rule: a } }\n      - { technician: closes, expect: { nothing: true } }\n".to_owned()))) {
        rule_file(text.as_bytes());
    }

    #[test]
    fn any_text_is_a_path_or_not(text in broken(Just("event.payload.tags[0].name[\"x.y\"][]".to_owned()))) {
        if let Ok(path) = Path::parse(&text) {
            let value = json!({"source": "a", "payload": {"tags": ["a", {"name": {"x.y": 1}}]}});
            let mut event = Event::from_json(value, Severity::Medium).expect("an event");
            path.first(event.value());
            let _ = event.set(&path, json!(1));
        }
        let _ = parse_duration(&text);
    }
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn any_payload_becomes_events((json, cut) in (any_json(), any::<prop::sample::Index>())) {
        let bytes = json.to_string().into_bytes();
        payload(&bytes);
        payload(&bytes[..cut.index(bytes.len() + 1)]);
    }
}
