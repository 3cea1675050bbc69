//! Rule tests.

use serde_json::{Map, Value, json};

use super::build::{any_of, array, choice, described, duration, reference, section, text};
use super::conditions::about;
use crate::engine::Outcome;
use crate::event::{ROOTS, Severity, State};
use crate::story::{TECHNICIAN, has_fields};

pub(super) fn definitions() -> Map<String, Value> {
    let mut all = Map::new();
    all.insert(
        "test_file".into(),
        section("A file of rule tests.", [("tests", array("The stories.", reference("story")))], &["tests"]),
    );
    all.insert("story".into(), story());
    all.insert("step".into(), step());
    all.insert("silence".into(), silence());
    all.insert("expected".into(), expected());
    all.insert("told_event".into(), told_event());
    all.insert(
        "compared".into(),
        any_of(
            "`true` for any, or fields to compare by the operators of `when`; a list where several of a kind are \
             expected.",
            vec![
                json!({ "const": true }),
                json!({ "type": "object", "additionalProperties": reference("test") }),
                json!({ "type": "array", "items": reference("compared") }),
            ],
        ),
    );
    all
}

fn story() -> Value {
    section(
        "A story on a virtual clock.",
        [
            ("name", text("What is shown, as a sentence.")),
            (
                "start",
                json!({ "description": "When it begins: `2026-01-05T09:00:00Z`. Without it, a Monday morning.", "type": "string" }),
            ),
            ("steps", array("What happens, in order.", reference("step"))),
        ],
        &["name", "steps"],
    )
}

fn step() -> Value {
    section(
        "A step: time passes, something happens, something is expected.",
        [
            ("after", duration("How much time passes first.")),
            ("event", described("An event comes in.", reference("told_event"))),
            ("payload", text("A payload comes in: its file, relative to this one.")),
            ("source", text("Where the payload comes from.")),
            (
                "headers",
                json!({ "description": "The headers that came with the payload, by name.", "type": "object" }),
            ),
            (
                "technician",
                choice(
                    "What somebody does to the newest ticket in HaloPSA.",
                    TECHNICIAN.iter().map(|(name, _)| *name),
                ),
            ),
            ("silence", described("Somebody silences alerts.", reference("silence"))),
            (
                "expect",
                described("What should happen. Without it, nothing is asserted.", reference("expected")),
            ),
        ],
        &[],
    )
}

fn silence() -> Value {
    section(
        "Somebody silences alerts.",
        [
            ("when", described("Which events, by the conditions of rules.", reference("conditions"))),
            ("key", text("Which problem.")),
            ("rule", text("Which rule's.")),
            ("for", duration("How long.")),
            ("comment", text("Why.")),
            ("by", text("Who.")),
        ],
        &["for"],
    )
}

fn expected() -> Value {
    let outcomes = Outcome::ALL.iter().filter(|(name, _)| *name != "nothing").map(|(name, outcome)| {
        let what = if has_fields(*outcome) {
            "This is done; `true`, or fields to compare."
        } else {
            "This is the outcome; `true`, or its `rule`, `key` and `reason` to compare."
        };
        (*name, described(what, reference("compared")))
    });
    let others = [
        ("rule", text("The rule that decides.")),
        ("key", text("The key of the case.")),
        ("nothing", json!({ "description": "Nothing is done.", "const": true })),
    ];
    section("What should happen.", outcomes.chain(others), &[])
}

fn told_event() -> Value {
    let properties: Map<String, Value> = ROOTS
        .into_iter()
        .map(|root| {
            let schema = match root {
                "state" => choice("", State::ALL.iter().map(|(name, _)| *name)),
                "severity" => choice("", Severity::ALL.iter().map(|(name, _)| *name)),
                _ => json!({}),
            };
            (root.to_owned(), described(about(root), schema))
        })
        .collect();
    json!({
        "description": "An event.",
        "type": "object",
        "properties": properties,
        "required": ["source"],
    })
}
