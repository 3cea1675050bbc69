use std::collections::BTreeSet;

use serde_json::Value;

use crate::finding::{Findings, SourceFile};
use crate::preset::Preset;
use crate::ruleset::{RuleSet, Settings};
use crate::story::StoryFile;
use crate::yaml::read;

/// No field of any section has this name, and none has one that is near.
const STRANGE: &str = "qqqqqqqqqqqqqqqqqq";

/// The names that the decoder lists when it meets a name it does not know, but for those it refuses by name because
/// they are described and not built: no editor should offer them.
fn known(decode: fn(&str) -> Findings, text: &str) -> BTreeSet<String> {
    let findings = decode(&text.replace("STRANGE", STRANGE));
    let finding = findings
        .iter()
        .find(|finding| finding.message.contains(STRANGE))
        .unwrap_or_else(|| panic!("no section met the strange name:\n{}", findings.render()));
    let help = finding.help.as_deref().expect("the names there are");
    // `a rule knows `id`, `from``: of the two, only what stands after the verb is a list.
    let list = help
        .split_once(" knows ")
        .or_else(|| help.split_once("one of "))
        .or_else(|| help.split_once(" has "))
        .map_or(help, |(_, list)| list);
    list.split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| !refused(decode, text, name))
        .map(str::to_owned)
        .collect()
}

fn refused(decode: fn(&str) -> Findings, text: &str, name: &str) -> bool {
    let findings = decode(&text.replace("STRANGE", name));
    findings.iter().any(|finding| finding.code == "HW019" && finding.message.contains(name))
}

fn properties(schema: &Value, definition: &str) -> BTreeSet<String> {
    let properties = &schema["definitions"][definition]["properties"];
    let properties =
        properties.as_object().unwrap_or_else(|| panic!("the schema has a section `{definition}`"));
    properties.keys().cloned().collect()
}

fn rules(text: &str) -> Findings {
    RuleSet::load(&[SourceFile::new("r.yaml", text)], Settings::default()).1
}

fn stories(text: &str) -> Findings {
    StoryFile::load(&SourceFile::new("r_test.yaml", text)).1
}

fn preset(text: &str) -> Findings {
    let mut findings = Findings::default();
    let file = SourceFile::new("p.yaml", text);
    // A field that is tried for its own sake may stand there twice.
    match read(&file) {
        Ok(node) => drop(Preset::decode(&file, &node, &mut findings)),
        Err(finding) => findings.push(finding),
    }
    findings
}

/// A section of the schema, how its files are decoded, and such a file with a strange field in that section.
type Meeting = (&'static str, fn(&str) -> Findings, &'static str);

const MEETINGS: [Meeting; 38] = [
    ("rule_file", rules, "STRANGE: 1"),
    ("defaults", rules, "defaults: { STRANGE: 1 }"),
    ("ticket", rules, "defaults: { ticket: { STRANGE: 1 } }"),
    ("rule", rules, "rules: [{ id: a, STRANGE: 1, then: { drop: x } }]"),
    (
        "threshold",
        rules,
        "rules: [{ id: a, threshold: { count: 2, within: 1h, STRANGE: 1 }, then: { drop: x } }]",
    ),
    ("limit", rules, "rules: [{ id: a, limit: { tickets: 2, per: 1h, STRANGE: 1 }, then: { drop: x } }]"),
    ("hold", rules, "rules: [{ id: a, hold: { until: '2026-01-05', STRANGE: 1 }, then: { drop: x } }]"),
    (
        "escalation",
        rules,
        "rules: [{ id: a, escalate: { after: 1h, STRANGE: 1 }, then: { open_ticket: {} } }]",
    ),
    ("active", rules, "rules: [{ id: a, active: { STRANGE: 1 }, then: { drop: x } }]"),
    ("mode", rules, "rules: [{ id: a, mode: { live_for: x, STRANGE: 1 }, then: { drop: x } }]"),
    ("operators", rules, "rules: [{ id: a, when: { title: { STRANGE: 1 } }, then: { drop: x } }]"),
    ("case_conditions", rules, "rules: [{ id: a, when: { case: { STRANGE: 1 } }, then: { drop: x } }]"),
    ("effects", rules, "rules: [{ id: a, then: { STRANGE: 1 } }]"),
    ("open_ticket", rules, "rules: [{ id: a, then: { open_ticket: { STRANGE: 1 } } }]"),
    ("again", rules, "rules: [{ id: a, then: { open_ticket: { again: { STRANGE: 1 } } } }]"),
    ("resolved", rules, "rules: [{ id: a, then: { open_ticket: { resolved: { STRANGE: 1 } } } }]"),
    ("note", rules, "rules: [{ id: a, then: { resolve_ticket: { note: { text: x, STRANGE: 1 } } } }]"),
    ("update_ticket", rules, "rules: [{ id: a, then: { update_ticket: { STRANGE: 1 } } }]"),
    ("add_note", rules, "rules: [{ id: a, then: { add_note: { text: x, STRANGE: 1 } } }]"),
    ("resolve_ticket", rules, "rules: [{ id: a, then: { resolve_ticket: { STRANGE: 1 } } }]"),
    (
        "group",
        rules,
        "rules: [{ id: a, group: { by: x, within: 1h, STRANGE: 1 }, then: { open_ticket: {} } }]",
    ),
    ("notify", rules, "rules: [{ id: a, then: { notify: { channel: x, STRANGE: 1 } } }]"),
    ("missing", rules, "rules: [{ id: a, missing: { for: 1h, STRANGE: 1 }, then: { open_ticket: {} } }]"),
    ("silence", stories, "tests: [{ name: a, steps: [{ silence: { for: 1h, STRANGE: 1 } }] }]"),
    ("test_file", stories, "STRANGE: 1"),
    ("story", stories, "tests: [{ name: a, STRANGE: 1, steps: [] }]"),
    ("step", stories, "tests: [{ name: a, steps: [{ STRANGE: 1 }] }]"),
    ("expected", stories, "tests: [{ name: a, steps: [{ expect: { STRANGE: 1 } }] }]"),
    ("preset", preset, "{ preset: a, STRANGE: 1, event: {} }"),
    ("vendor_auth", preset, "{ preset: a, event: { title: x }, auth: { STRANGE: 1 } }"),
    (
        "timestamp",
        preset,
        "{ preset: a, event: { title: x }, auth: { hmac: { timestamp: { STRANGE: 1 } } } }",
    ),
    ("map", map, "{ STRANGE: 1, event: {} }"),
    ("preset_poll", preset, "{ preset: a, event: {}, poll: { url: x, STRANGE: 1 } }"),
    ("need", preset, "{ preset: a, event: {}, poll: { url: x, needs: { a: { what: b, STRANGE: 1 } } } }"),
    ("page", preset, "{ preset: a, event: {}, poll: { url: x, pagination: { page: { STRANGE: 1 } } } }"),
    (
        "offset",
        preset,
        "{ preset: a, event: {}, poll: { url: x, pagination: { offset: { param: a, size: 1, STRANGE: 1 } } } }",
    ),
    (
        "cursor",
        preset,
        "{ preset: a, event: {}, poll: { url: x, pagination: { cursor: { from: a, STRANGE: 1 } } } }",
    ),
    ("watermark", preset, "{ preset: a, event: {}, poll: { url: x, watermark: { from: a, STRANGE: 1 } } }"),
];

fn map(text: &str) -> Findings {
    let mut findings = Findings::default();
    let file = SourceFile::new("haloward.yaml", text);
    match read(&file) {
        Ok(node) => drop(Preset::inline("s", &file, &node, &mut findings)),
        Err(finding) => findings.push(finding),
    }
    findings
}

#[test]
fn the_schema_knows_the_fields_that_the_decoders_know() {
    let schema = super::rules();
    for (definition, decode, text) in MEETINGS {
        let mut known = known(decode, text);
        if definition == "add_note" {
            // The decoder takes it out before it reads the note.
            known.insert("ticket".into());
        }
        assert_eq!(
            properties(&schema, definition),
            known,
            "the section `{definition}` in crates/rules/src/schema"
        );
    }
}

#[test]
fn every_closed_section_of_the_schema_is_compared_with_its_decoder() {
    let schema = super::rules();
    let compared: BTreeSet<&str> = MEETINGS.iter().map(|(definition, _, _)| *definition).collect();
    for (name, definition) in schema["definitions"].as_object().expect("definitions") {
        let closed = definition["additionalProperties"] == Value::Bool(false);
        assert!(!closed || compared.contains(name.as_str()), "add `{name}` to the comparisons");
    }
}

#[test]
fn every_field_says_what_it_is_for() {
    for schema in [super::rules(), super::tests(), super::preset()] {
        for (name, definition) in schema["definitions"].as_object().expect("definitions") {
            for (field, about) in definition["properties"].as_object().into_iter().flatten() {
                let text = about["description"].as_str().unwrap_or_default();
                assert!(
                    !text.is_empty(),
                    "`{field}` of `{name}` has no description in crates/rules/src/schema"
                );
            }
        }
    }
}
