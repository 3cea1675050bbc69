use serde_json::json;

use super::*;
use crate::event::Severity;
use crate::library::Library;

fn silence(value: Value) -> Silence {
    let mut full = json!({"id": "sil_1", "from": "2026-01-05T09:00:00Z", "until": "2026-01-05T10:00:00Z"});
    let (Value::Object(full_map), Value::Object(map)) = (&mut full, value) else { panic!("a map") };
    full_map.extend(map);
    serde_json::from_value(full).expect("a silence")
}

fn covers(value: Value, now: &str) -> bool {
    let (silences, findings) = Silences::compile([silence(value)]);
    assert!(findings.is_empty(), "{}", findings.render());
    let event = json!({"source": "s", "fingerprint": "f", "device": {"name": "SRV-01"}});
    let event = Event::from_json(event, Severity::Medium).expect("an event");
    let now = now.parse().expect("a time");
    let env = Env { vars: Vec::new(), now, library: Library::empty(), is_open: &|_| false };
    silences.covering(&event, "disk", "disk/SRV-01/C:", &env, now).is_some()
}

#[test]
fn all_that_it_names_must_hold_and_only_in_its_time() {
    let during = "2026-01-05T09:30:00Z";
    for (silence, expected) in [
        (json!({"when": {"device.name": "srv-01"}}), true),
        (json!({"when": {"any": [{"device.name": {"like": "srv-*"}}, {"source": "x"}]}}), true),
        (json!({"when": {"device.name": "srv-02"}}), false),
        (json!({"key": "disk/srv-01/*"}), true),
        (json!({"key": "disk/srv-01"}), false),
        (json!({"rule": "disk"}), true),
        (json!({"rule": "cpu"}), false),
        (json!({"rule": "disk", "key": "disk/*", "when": {"source": "s"}}), true),
        (json!({"rule": "disk", "key": "disk/*", "when": {"source": "t"}}), false),
    ] {
        assert_eq!(covers(silence.clone(), during), expected, "{silence}");
    }
    let rule = || json!({"rule": "disk"});
    assert!(covers(rule(), "2026-01-05T09:00:00Z"), "its first moment");
    assert!(!covers(rule(), "2026-01-05T08:59:59Z") && !covers(rule(), "2026-01-05T10:00:00Z"));
}

#[test]
fn of_several_the_one_that_lasts_longest_counts() {
    let long = silence(json!({"id": "long", "rule": "r", "until": "2026-01-05T11:00:00Z"}));
    let (silences, _) = Silences::compile([silence(json!({"rule": "r"})), long]);
    let now = "2026-01-05T09:30:00Z".parse().expect("a time");
    let event = Event::from_json(json!({"source": "s"}), Severity::Medium).expect("an event");
    let env = Env { vars: Vec::new(), now, library: Library::empty(), is_open: &|_| false };
    assert_eq!(silences.covering(&event, "r", "k", &env, now).map(|s| s.id.as_str()), Some("long"));
}

#[test]
fn what_cannot_be_used_is_told_and_left_out() {
    let cases = [
        (json!({}), "the silence does not say what it covers"),
        (json!({"rule": "r", "until": "2026-01-05T08:00:00Z"}), "the silence ends before it begins"),
        (json!({"when": {"devise.name": "x"}}), "did you mean `device`?"),
        (json!({"when": {"severity": {"bellow": 3}}}), "did you mean `below`?"),
        (json!({"when": {"script": "true"}}), "a silence looks at the event alone, not at `script`"),
        (
            json!({"when": {"any": [{"during": "night"}]}}),
            "a silence looks at the event alone, not at `during`",
        ),
        (
            json!({"when": {"none": [{"case": {"count": 1}}]}}),
            "a silence looks at the event alone, not at `case`",
        ),
    ];
    for (value, expected) in cases {
        let silence = silence(value);
        let text = silence.check().render();
        assert!(text.contains(expected), "{text}");
        let (compiled, findings) = Silences::compile([silence]);
        assert!(compiled.is_empty() && findings.has_errors());
    }
}

#[test]
fn a_silence_says_who_and_why() {
    let silence = silence(json!({"rule": "r", "by": "Ana", "comment": "patching"}));
    assert_eq!(decode::named(&silence), "silence sil_1 by Ana: patching");
}
