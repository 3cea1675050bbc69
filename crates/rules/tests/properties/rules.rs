//! Random rules and events from a small vocabulary, so that they often meet.

use haloward_rules::{Event, RuleSet, Settings, Severity, Silence, SourceFile};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

const CONDITIONS: [&[&str]; 9] = [
    &["source: a", "source: [A, b]"],
    &[
        "severity: high",
        "severity: [low, critical]",
        "severity: { not: info }",
        "severity: { exactly: high }",
    ],
    &["state: firing", "state: [firing, resolved]", "state: resolved", "state: { not: test }", "state: test"],
    &[
        "check: disk",
        "check: [DISK, cpu]",
        "check: { contains: is }",
        "check: null",
        "check: { is: Disk, not: x }",
    ],
    &["title: '7'", "title: 7", "title: k", "title: straße", "title: { like: '*A*' }", "title: 'true'"],
    &[
        "payload.n: 7",
        "payload.n: '7'",
        "payload.n: { above: 3 }",
        "payload.n: true",
        "payload.n: { exists: false }",
    ],
    &["any: [{ check: disk }, { payload.n: 7 }]", "none: [{ check: disk }, { script: event.payload.n > 5 }]"],
    &[
        "script: event.payload.n > 3",
        "script: case.count > 1",
        "script: event.title",
        "script: 'event.n.crop(1)'",
    ],
    &["case: { count: { at_least: 2 } }", "case: { count: 1, state: waiting }"],
];

const KEYS: [&str; 4] =
    ["k", "\"${event.payload.n}\"", "\"host/${event.device.name}\"", "\"${rule.id}/${event.fingerprint}\""];

const OPENS: [&str; 8] = [
    "{}",
    "{ again: note, priority: { high: High, else: Low } }",
    "{ again: { do: new, at_most: 10m }, summary: '${event.title} ${case.count}' }",
    "{ again: nothing, resolved: note }",
    "{ again: { do: fold, at_most: 5m }, resolved: { do: resolve, after: 10m, note: 'over: ${event.title}' } }",
    "{ again: count, resolved: nothing }",
    "{ reopen_within: 20m, details: '**${event.message}**' }",
    "{ summary: '${event.title - 1}' }",
];

const OTHERS: [&str; 11] = [
    "{ notify: { channel: ops, text: '${event.title}' } }",
    "[{ open_ticket: {} }, { notify: { channel: ops, text: '${event.title - 1}' } }]",
    "{ drop: noise }",
    "{ add_note: '${event.title}' }",
    "{ resolve_ticket: true }",
    "{ set: { severity: critical } }",
    "{ set: { check: disk, vars.x: '${event.payload.n}' } }",
    "{ set: { fingerprint: '${event.payload.n}' } }",
    "[{ set: { title: changed } }, { update_ticket: { team: '${event.title}' } }]",
    "{ script: 'if event.severity == \"high\" { open_ticket(#{ again: #{ do: \"note\" } }) } else { drop(\"low\") }' }",
    "{ script: 'if !is_open(\"k\") { open_ticket(#{ summary: \"s\", resolved: \"note\", reopen_within: \"1h\" }) }' }",
];

const ESCALATIONS: [&str; 3] = [
    "{ after: 10m, note: still open }",
    "[{ after: 1h, unless: assigned, update: { priority: High } }, { after: 5m, note: '${case.count}' }]",
    "[{ after: 0s, unless: touched, note: at once }, { after: 30m, update: { team: '${event.title - 1}' } }]",
];

const PLAIN: [&[&str]; 7] = [
    &["from: a", "from: [b, c]"],
    &["threshold: { count: 2, within: 10m }", "threshold: { count: 3, within: 1h }"],
    &["hold: 5m", "hold: 30m"],
    &["unless_open: k", "unless_open: ['host/${event.device.name}', 'r1/f', k]"],
    &["limit: { tickets: 1, per: 10m }", "limit: { tickets: 2, per: 1h }"],
    &[
        "group: { by: \"${event.device.name}\", within: 1h }",
        "group: { by: x, within: 10m, members: notes }",
        "group: { by: \"${event.source}\", within: 2h, ticket: { summary: '${event.title}' } }",
        "group: { by: \"${event.source}\", within: 2h, at_least: 3, members: notes, ticket: { team: x } }",
    ],
    &["mode: shadow", "mode: off", "mode: { live_for: [acme] }"],
];

fn when() -> impl Strategy<Value = String> {
    subsequence(CONDITIONS[..8].to_vec(), 0..4).prop_flat_map(|groups| {
        let picks: Vec<_> = groups.into_iter().map(|group| select(group.to_vec())).collect();
        let case = of(select(CONDITIONS[8].to_vec()));
        (picks, case, any::<bool>()).prop_map(|(mut picks, case, turned)| {
            // Which condition stands first must not matter.
            picks.extend(case);
            if turned {
                picks.reverse();
            }
            picks.join(", ")
        })
    })
}

fn rule() -> impl Strategy<Value = String> {
    let then = prop_oneof![
        3 => select(OPENS.to_vec()).prop_map(|fields| format!("{{ open_ticket: {fields} }}")),
        2 => select(OTHERS.to_vec()).prop_map(str::to_owned),
    ];
    let plain = PLAIN.map(|choices| of(select(choices.to_vec())));
    let missing = prop_oneof![6 => Just(None), 1 => Just(Some("missing: { for: 20m }"))];
    let extras = (plain, of(select(KEYS.to_vec())), of(select(ESCALATIONS.to_vec())), missing, any::<bool>());
    (when(), then, extras).prop_map(|(when, then, (mut plain, key, escalate, missing, goes_on))| {
        if missing.is_some() {
            // These wait for what fires.
            plain[1..3].fill(None);
        }
        let key = key.map(|key| format!("key: {key}"));
        // Only a rule that opens a ticket can escalate it.
        let escalate = escalate.filter(|_| then.contains("open_ticket"));
        plain[5] = plain[5].filter(|_| then.contains("open_ticket"));
        let escalate = escalate.map(|steps| format!("escalate: {steps}"));
        let fields = plain.into_iter().flatten().map(str::to_owned).chain(key).chain(escalate);
        let fields = fields.chain(missing.map(str::to_owned));
        let fields: String = fields.map(|field| field + ", ").collect();
        format!("when: {{ {when} }}, {fields}continue: {goes_on}, then: {then} }}")
    })
}

/// The first line of a file whose rules are under a brake together: that is the configuration's, not the file's.
const BRAKED: &str = "# braked\n";

/// The text of a rule file without mistakes.
pub(crate) fn file() -> impl Strategy<Value = String> {
    (vec(rule(), 1..8), any::<bool>()).prop_map(|(rules, braked)| {
        let rules = rules.into_iter().enumerate().map(|(n, rule)| format!("  - {{ id: r{n}, {rule}\n"));
        let braked = if braked { BRAKED } else { "" };
        format!("{braked}defaults: {{ ticket: {{ type: Alert }} }}\nrules:\n{}", rules.collect::<String>())
    })
}

/// The same rules, all of them in shadow.
pub(crate) fn in_shadow(text: &str) -> String {
    let live = PLAIN[6].iter().fold(text.to_owned(), |text, mode| text.replace(&format!("{mode}, "), ""));
    live.replace("continue: ", "mode: shadow, continue: ")
}

pub(crate) fn load(text: &str) -> RuleSet {
    let mut settings = Settings::default();
    settings.brake = text
        .starts_with(BRAKED)
        .then_some(haloward_rules::Limit { tickets: 2, per: std::time::Duration::from_mins(20) });
    let (rules, findings) = RuleSet::load(&[SourceFile::new("r.yaml", text)], settings);
    assert!(findings.is_empty(), "{}\n{text}", findings.render());
    rules
}

fn pick(values: Vec<Value>) -> impl Strategy<Value = Value> {
    select(values)
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    (
        select(vec!["a", "A", "b"]),
        prop_oneof![4 => Just("firing"), 3 => Just("resolved"), 1 => select(vec!["info", "acknowledged", "test"])],
        select(vec!["info", "low", "medium", "high", "critical"]),
        pick(vec![json!(null), json!("disk"), json!("Disk"), json!("CPU"), json!(["disk"])]),
        select(vec!["7", "true", "K", "\u{212A}", "STRASSE", "Straße", "A <b>"]),
        select(vec!["f", "g", "h"]),
        pick(vec![json!(null), json!(7), json!("7"), json!(7.0), json!("x"), json!(true), json!([7])]),
        (select(vec!["srv", "SRV", "lab"]), select(vec!["Acme", "other"])),
    )
        .prop_map(|(source, state, severity, check, title, fingerprint, n, (device, client))| {
            let event = json!({
                "source": source, "state": state, "severity": severity, "check": check, "title": title,
                "fingerprint": fingerprint, "device": {"name": device}, "client": {"name": client},
                "payload": {"n": n}
            });
            Event::from_json(event, Severity::Medium).expect("an event")
        })
}

pub(crate) fn silence() -> impl Strategy<Value = Silence> {
    let covers = pick(vec![
        json!({"when": {"source": "a"}}),
        json!({"when": {"any": [{"check": "disk"}, {"device.name": {"like": "s*"}}]}}),
        json!({"key": "k"}),
        json!({"key": "*f*"}),
        json!({"rule": "r0"}),
        json!({"rule": "on_rule_error"}),
    ]);
    (covers, 1_i64..90).prop_map(|(mut silence, minutes)| {
        silence["id"] = json!("");
        silence["from"] = json!("1970-01-01T00:00:00Z");
        silence["until"] = json!(format!("1970-01-01T{:02}:{:02}:00Z", minutes / 60, minutes % 60));
        serde_json::from_value(silence).expect("a silence")
    })
}
