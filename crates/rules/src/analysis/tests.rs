use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::preset::PresetSet;
use crate::ruleset::Settings;

/// What an analysis of these rules says, as `line code message (help)`.
fn said(rules: &str) -> Vec<String> {
    with(rules, &[], &[], None)
}

fn with(
    rules: &str,
    sources: &[(&str, Option<Value>)],
    told: &[Value],
    reached: Option<&[&str]>,
) -> Vec<String> {
    let text = format!("defaults: {{ ticket: {{ type: Alert }} }}\nrules:\n{rules}");
    let file = SourceFile::new("r.yaml", text);
    let (set, findings) = RuleSet::load(std::slice::from_ref(&file), Settings::default());
    assert!(findings.is_empty(), "{}", findings.render());
    let (presets, _) = PresetSet::load(&[], None);
    let presets: Vec<Arc<Preset>> = presets.iter().cloned().collect();
    let place = file.place(Span { line: 1, column: 1, len: 1 });
    let configured = sources.iter().map(|(name, _)| ((*name).to_owned(), place.clone())).collect();
    let reached: Option<BTreeSet<RuleId>> = reached.map(|ids| ids.iter().map(|id| RuleId::new(id)).collect());
    let surroundings = Surroundings {
        files: std::slice::from_ref(&file),
        presets: &presets,
        sources: &configured,
        samples: &|source| {
            let (_, sample) = sources.iter().find(|(name, _)| *name == source)?;
            sample.clone().map(|payload| vec![json!({ "payload": payload })])
        },
        every_sample: &|| vec![json!({ "payload": { "elsewhere": 1 } })],
        told,
        reached: reached.as_ref(),
    };
    analyse(&set, &surroundings, true)
        .sorted()
        .iter()
        .map(|f| {
            let line = f.place.as_ref().map_or(0, |place| place.span.line);
            format!("{line} {} {}; {}", f.code, f.message, f.help.as_deref().unwrap_or_default())
        })
        .collect()
}

fn codes(rules: &str) -> Vec<String> {
    said(rules).iter().map(|text| text.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_rule_behind_one_that_takes_all_it_matches_is_never_reached() {
    assert_eq!(
        said(
            "  - { id: disks, when: { title: { contains: disk } }, then: { open_ticket: {} } }\n  \
             - { id: full, from: a, when: { title: { starts_with: Disk full }, severity: high }, then: { open_ticket: {} } }\n"
        ),
        [
            "4 HW140 `full` is never reached: `disks` at r.yaml:3 takes every event that it matches; put it before `disks`, or let that one `continue: true`"
        ]
    );
}

#[test]
fn what_an_earlier_rule_takes_is_found_for_every_kind_of_condition() {
    for (earlier, later) in [
        ("severity: [critical, high]", "severity: high"),
        ("severity: { not: info }", "severity: [critical, high]"),
        ("severity: [critical, high, medium, low, info]", "title: x"),
        ("payload.n: { above: 3 }", "payload.n: { between: [4, 9] }"),
        ("payload.n: { exists: true }", "payload.n: { above: 3 }"),
        ("title: { like: 'SRV-*' }", "title: SRV-01"),
        ("device.name: { not_contains: lab }", "device.name: { not_contains: [lab, test] }"),
        ("any: [{ severity: high }, { title: x }]", "title: X"),
        ("title: { contains: x }", "any: [{ severity: high, title: x }, { title: { starts_with: xy } }]"),
        ("none: [{ severity: info }]", "severity: high"),
        ("'payload.tags[]': { starts_with: s }", "'payload.tags[]': { starts_with: srv }"),
    ] {
        let rules = format!(
            "  - {{ id: earlier, when: {{ {earlier} }}, then: {{ open_ticket: {{}} }} }}\n  \
             - {{ id: later, when: {{ {later} }}, then: {{ open_ticket: {{}} }} }}\n"
        );
        assert_eq!(codes(&rules), ["4 HW140"], "{earlier} | {later}");
    }
}

#[test]
fn what_cannot_be_proven_is_not_said() {
    for (earlier, later) in [
        ("severity: [critical, high]", "severity: [high, low]"),
        ("title: disk", "title: { contains: disk }"),
        ("title: { matches: Disk }", "title: disk"),
        ("payload.n: { contains: disk }", "payload.n: { contains: disk full }"),
        ("payload.n: { above: 3 }", "payload.n: { exists: true }"),
        ("'payload.tags[]': { contains: a, not: ab }", "'payload.tags[]': { contains: a }"),
        ("state: firing", "title: x"),
        ("title: x", "title: x, state: acknowledged"),
        ("script: 'true'", "title: x"),
        ("case: { count: 1 }", "case: { count: 1 }"),
        ("title: x", "any: [{ title: x }, { severity: high }]"),
    ] {
        let rules = format!(
            "  - {{ id: earlier, when: {{ {earlier} }}, then: {{ open_ticket: {{}} }} }}\n  \
             - {{ id: later, when: {{ {later} }}, then: {{ open_ticket: {{}} }} }}\n"
        );
        assert_eq!(codes(&rules), [""; 0], "{earlier} | {later}");
    }
}

#[test]
fn a_rule_that_lets_others_have_the_event_hides_none() {
    for field in [
        "continue: true",
        "mode: shadow",
        "mode: { live_for: [Acme] }",
        "mode: off",
        "active: { until: 2027-01-01 }",
        "from: a",
        "missing: { for: 1d }",
    ] {
        let rules = format!(
            "  - {{ id: earlier, {field}, then: {{ open_ticket: {{}} }} }}\n  - {{ id: later, then: {{ open_ticket: {{}} }} }}\n"
        );
        assert_eq!(codes(&rules), [""; 0], "{field}");
    }
}

#[test]
fn what_is_set_in_between_makes_another_event_of_it() {
    let rules = |between: &str| {
        format!(
            "  - {{ id: criticals, when: {{ severity: critical }}, then: {{ open_ticket: {{}} }} }}\n{between}  \
             - {{ id: vip, when: {{ severity: critical, title: x }}, then: {{ open_ticket: {{}} }} }}\n"
        )
    };
    assert_eq!(codes(&rules("")), ["4 HW140"]);
    let raises = "  - { id: raise, when: { title: x }, then: { set: { severity: critical } } }\n";
    assert_eq!(codes(&rules(raises)), [""; 0]);
    let renames = "  - { id: rename, when: { title: x }, then: { set: { vars.x: 1 } } }\n";
    assert_eq!(codes(&rules(renames)), ["5 HW140"]);
}

#[test]
fn conditions_that_contradict_each_other_are_named() {
    for when in [
        "severity: high, all: [{ severity: low }]",
        "payload.n: { above: 5, below: 5 }",
        "payload.n: { exists: false, above: 5 }",
        "title: { is: disk, not: Disk }",
        "title: disk, none: [{ title: { contains: is } }]",
        "any: [{ severity: high }, { severity: low }], all: [{ severity: info }]",
        "payload.t: { after: 2026-01-05, before: 2026-01-05 }",
        "title: { contains: disk full, not_contains: disk }",
    ] {
        let rules = format!("  - {{ id: idle, when: {{ {when} }}, then: {{ open_ticket: {{}} }} }}\n");
        assert_eq!(codes(&rules), ["3 HW141"], "{when}");
    }
    for when in [
        "title: { is: disk, exactly: Disk }",
        "payload.n: { at_least: 5, at_most: 5 }",
        "'payload.l[]': a, all: [{ 'payload.l[]': b }]",
    ] {
        let rules = format!("  - {{ id: busy, when: {{ {when} }}, then: {{ open_ticket: {{}} }} }}\n");
        assert_eq!(codes(&rules), [""; 0], "{when}");
    }
    assert_eq!(
        codes(
            "  - { id: past, active: { from: 2026-02-01, until: 2026-01-01 }, then: { open_ticket: {} } }\n"
        ),
        ["3 HW141"]
    );
}

#[test]
fn two_rules_of_one_key_open_tickets_of_one_type_for_one_client() {
    let rules = |one: &str, other: &str| {
        format!(
            "  - {{ id: one, key: '${{event.device.name}}', {one} }}\n  - {{ id: other, key: '${{event.device.name}}', {other} }}\n"
        )
    };
    let incident = "when: { severity: critical }, then: { open_ticket: { type: Incident } }";
    assert_eq!(
        said(&rules(incident, "when: { severity: high }, then: { open_ticket: {} }")),
        [
            "4 HW142 `one` and `other` have the same key and open tickets of different type; the first to come decides: while its ticket is open (type `Incident` at r.yaml:3), the other opens none; give this rule a key of its own"
        ]
    );
    // The same type, a type by its number, and problems that are never both.
    assert_eq!(
        codes(&rules(incident, "when: { severity: high }, then: { open_ticket: { type: incident } }")),
        [""; 0]
    );
    assert_eq!(
        codes(&rules(incident, "when: { severity: high }, then: { open_ticket: { type: 28 } }")),
        [""; 0]
    );
    assert_eq!(
        codes(&rules(
            "when: { client.name: Acme }, then: { open_ticket: { type: Incident } }",
            "when: { client.name: Northwind }, then: { open_ticket: {} }"
        )),
        [""; 0]
    );
    assert_eq!(
        codes(&rules(incident, "when: { severity: high }, then: { open_ticket: { team: x } }, mode: shadow")),
        [""; 0]
    );
}

#[test]
fn a_key_that_names_a_moment_is_another_one_each_time() {
    let rule =
        |key: &str| codes(&format!("  - {{ id: a, key: \"{key}\", then: {{ open_ticket: {{}} }} }}\n"));
    for key in [
        "${event.device.name}/${event.occurred_at}",
        "${now}",
        "x/${case.count}",
        "${event.payload.x ?? event.id}",
    ] {
        assert_eq!(rule(key), ["3 HW148"], "{key}");
    }
    // One a day is meant so.
    assert_eq!(rule("${format_time(now, 'Europe/London', '%F')}".replace('\'', "\\\"").as_str()), [""; 0]);
}

#[test]
fn a_field_that_is_never_there_is_named_with_the_one_meant() {
    assert_eq!(
        said(
            "  - { id: sets, then: { set: { vars.tier: 1, client.contract: gold } } }\n  \
             - id: a\n    when: { device.nmae: x, client.contract: gold }\n    then:\n      open_ticket:\n        \
             summary: \"${event.titel} ${event.vars.teir} ${vars.tier} ${case.cuont} ${upper(event.device.name)}\"\n"
        ),
        [
            "5 HW144 `event.device.nmae` is never there; did you mean `name`?",
            "8 HW144 `event.titel` is never there; did you mean `title`?",
            "8 HW144 `event.vars.teir` is never there; did you mean `vars.tier`?",
            "8 HW144 `case.cuont` is never there; did you mean `count`?",
        ]
    );
}

#[test]
fn a_field_of_the_payload_that_no_sample_has_is_named_where_there_are_samples() {
    let rules = "  - id: a\n    from: [tool]\n    when: { payload.disk.fre: { below: 10 }, payload.labels.any: x }\n    \
                 then: { open_ticket: { summary: \"${event.payload.disk.free} ${event.payload.seldom}\" } }\n";
    let sample = json!({ "disk": { "free": 4 }, "labels": {} });
    assert_eq!(
        with(rules, &[("tool", Some(sample.clone()))], &[], None),
        [
            "5 HW143 no sample of `tool` has `payload.disk.fre`; did you mean `payload.disk.free`?",
            "6 HW143 no sample of `tool` has `payload.seldom`; if it sends this at times, tell of such a payload in a test",
        ]
    );
    let told = [json!({ "payload": { "seldom": 1, "disk": { "fre": 1 } } })];
    assert_eq!(with(rules, &[("tool", Some(sample.clone()))], &told, None), [""; 0]);
    assert_eq!(with(rules, &[("tool", None)], &[], None), [""; 0]);
    let fall_back = "  - id: a\n    from: [tool]\n    then: { open_ticket: { summary: \
                     '${event.payload.seldom ?? \"x\"} ${event.payload.disk.fre ?? 0}' } }\n";
    assert_eq!(
        with(fall_back, &[("tool", Some(sample.clone()))], &[], None),
        ["5 HW143 no sample of `tool` has `payload.disk.fre`; did you mean `payload.disk.free`?"]
    );
    let any_source =
        "  - { id: a, when: { payload.elsewhere: 1, payload.nowhere: 1 }, then: { open_ticket: {} } }\n";
    assert_eq!(
        with(any_source, &[("tool", Some(sample.clone()))], &[], None),
        [
            "3 HW143 no sample of `tool` has `payload.nowhere`; if it sends this at times, tell of such a payload in a test"
        ]
    );
    assert_eq!(with(any_source, &[("tool", Some(sample)), ("other", None)], &[], None), [""; 0]);
}

#[test]
fn a_source_that_no_rule_can_match_and_a_rule_that_no_test_reaches_are_named() {
    let rules = "  - { id: a, from: one, then: { open_ticket: {} } }\n  \
                 - { id: b, when: { source: [two] }, then: { open_ticket: {} } }\n  \
                 - { id: c, from: three, mode: off, then: { open_ticket: {} } }\n";
    assert_eq!(
        with(rules, &[("one", None), ("two", None), ("three", None)], &[], Some(&["a"])),
        [
            "1 HW145 no rule can match an event of the source `three`; name it under `from` of a rule, or add a rule for all that is left over",
            "4 HW146 no test reaches `b`; tell in a `*_test.yaml` file what it is for",
        ]
    );
}

#[test]
fn thousands_of_rules_are_compared_by_what_they_demand() {
    use std::fmt::Write as _;
    let mut rules = String::new();
    for number in 0..2_000 {
        let _ = writeln!(
            rules,
            "  - {{ id: r{number}, when: {{ check: check-{number}, severity: [high, critical] }}, then: {{ open_ticket: {{}} }} }}"
        );
    }
    rules
        .push_str("  - { id: last, when: { check: check-77, severity: high }, then: { open_ticket: {} } }\n");
    assert_eq!(codes(&rules), ["2003 HW140"]);
}
