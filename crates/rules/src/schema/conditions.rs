//! Conditions: paths, what a value must be, and how conditions are combined.

use serde_json::{Map, Value, json};

use super::build::{any_of, described, flag, number, one_or_list, reference, section, text};
use crate::event::{ROOTS, Severity, State};

pub(super) fn definitions() -> Map<String, Value> {
    let mut all = Map::new();
    all.insert("conditions".into(), conditions());
    all.insert("test".into(), test());
    all.insert("operators".into(), operators());
    all.insert("case_conditions".into(), case());
    all.insert("scalar".into(), json!({ "type": ["string", "number", "boolean"] }));
    all.insert(
        "duration".into(),
        json!({
            "description": "A duration: `90s`, `5m`, `2h`, `1d`, also joined: `1h30m`.",
            "anyOf": [
                { "type": "string", "pattern": "^\\s*([0-9]+(ms|s|m|h|d|w))+\\s*$" },
                { "enum": [0, "0"] },
            ],
            "defaultSnippets": [{ "label": "5m", "body": "5m" }],
        }),
    );
    all
}

fn conditions() -> Value {
    let group = |description: &str| one_or_list(description, reference("conditions"));
    let mut properties = Map::new();
    properties.insert("all".into(), group("All of these must hold."));
    properties.insert("any".into(), group("One of these must hold."));
    properties.insert("none".into(), group("None of these may hold."));
    properties.insert("during".into(), text("The name of a calendar: now is within it."));
    properties.insert("outside".into(), text("The name of a calendar: now is not within it."));
    properties.insert("script".into(), text("A Rhai expression that is true or false."));
    properties.insert(
        "case".into(),
        described(
            "What is known of the problem so far; the event at hand is counted.",
            reference("case_conditions"),
        ),
    );
    for root in ROOTS {
        let words: Vec<&str> = match root {
            "state" => State::ALL.iter().map(|(name, _)| *name).collect(),
            "severity" => Severity::ALL.iter().map(|(name, _)| *name).collect(),
            _ => Vec::new(),
        };
        let schema = if words.is_empty() {
            reference("test")
        } else {
            json!({ "anyOf": [{ "enum": words }, { "type": "array", "items": { "enum": words } }, reference("test")] })
        };
        properties.insert(root.into(), described(about(root), schema));
    }
    json!({
        "description": "A map from a path in the event to what must be there. All must hold.",
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": reference("test"),
    })
}

/// What the fields of an event are.
pub(super) fn about(root: &str) -> &'static str {
    match root {
        "source" => "The name of the source it came from.",
        "state" => {
            "`firing`, `resolved`, `info`, `acknowledged`, `update` or `test`. Without it, a rule sees `firing` and `info`."
        }
        "severity" => "`critical`, `high`, `medium`, `low` or `info`.",
        "severity_raw" => "The vendor's own word for the severity.",
        "title" => "What it is about, in one line.",
        "message" => "The vendor's text.",
        "url" => "A link into the vendor's tool.",
        "check" => "What was checked: the alert's name or kind.",
        "fingerprint" => "What identifies the problem, the same in firing and resolved.",
        "client" => "The customer: `client.name`, `client.id`.",
        "site" => "The site: `site.name`, `site.id`.",
        "device" => "The device: `device.name`, `device.id`, `device.type`, `device.os`, `device.ip`.",
        "user" => "The person: `user.name`, `user.email`.",
        "labels" => "Labels by name.",
        "started_at" => "When the problem began.",
        "ended_at" => "When it ended.",
        "occurred_at" => "When the vendor saw it.",
        "received_at" => "When it was received.",
        "id" => "The event's id in the journal.",
        "trace" => "The trace id of its delivery.",
        "payload" => "The item as the vendor sent it: `payload.any.field`, `payload.tags[].name`.",
        "vars" => "Values that rules set.",
        "ticket" => "How a HaloPSA ticket stands: `ticket.status`, `ticket.team`, `ticket.fix_by` …",
        "change" => "What changed about it: `change.kind`, `change.status.from`, `change.status.to` …",
        "unmapped" => "Why the payload did not fit its preset.",
        _ => "A field of the event.",
    }
}

fn test() -> Value {
    any_of(
        "A value it equals, a list of values of which it equals one, or operators that all hold.",
        vec![
            json!({ "type": ["string", "number", "boolean", "null"] }),
            json!({ "type": "array" }),
            reference("operators"),
        ],
    )
}

fn operators() -> Value {
    let value = |description: &str| json!({ "description": description, "type": ["string", "number", "boolean", "array", "null"] });
    let texts = |description: &str| one_or_list(description, reference("scalar"));
    let number = |description: &str| json!({ "description": description, "type": ["number", "string"] });
    let time = |description: &str| json!({ "description": description, "type": "string" });
    let mut operators = section(
        "Operators; all of them must hold for the same value.",
        [
            ("is", value("Equals, without regard to case; a list means any of them.")),
            ("not", value("Does not equal; a list means none of them.")),
            ("in", value("Equals one of them.")),
            ("not_in", value("Equals none of them.")),
            ("exactly", value("Equals with regard to case and type.")),
            ("contains", texts("Contains this text, or one of them; a list contains such an element.")),
            ("not_contains", texts("Contains none of them.")),
            ("starts_with", texts("Starts with this text, or one of them.")),
            ("ends_with", texts("Ends with this text, or one of them.")),
            ("like", texts("Matches a pattern of `*` (any text) and `?` (one character): `SRV-*`.")),
            ("matches", texts("Matches a regular expression, with regard to case.")),
            ("not_matches", texts("Matches none of these regular expressions.")),
            ("above", number("Is a number above this one.")),
            ("below", number("Is a number below this one.")),
            ("at_least", number("Is this number or above.")),
            ("at_most", number("Is this number or below.")),
            (
                "between",
                json!({ "description": "Is a number from the first to the second, both included.", "type": "array", "items": { "type": ["number", "string"] }, "minItems": 2, "maxItems": 2 }),
            ),
            ("older_than", super::duration("Is a time longer ago than this.")),
            ("newer_than", super::duration("Is a time less long ago than this.")),
            ("before", time("Is a time before this one: `2026-01-05T09:00:00Z`.")),
            ("after", time("Is a time after this one.")),
            ("cidr", texts("Is an IP address in this network, or one of them: `10.0.0.0/8`.")),
            ("exists", flag("Is there, or is not.")),
            ("empty", flag("Is nothing, an empty text, list or map; or is not.")),
            ("not_empty", flag("Is something.")),
        ],
        &[],
    );
    operators["minProperties"] = json!(1);
    operators
}

fn case() -> Value {
    section(
        "What is known of the problem so far.",
        [
            (
                "count",
                described(
                    "How often it was seen, this time included.",
                    json!({ "anyOf": [number("", 0, None), reference("test")] }),
                ),
            ),
            ("first_seen", described("When it was first seen.", reference("test"))),
            ("last_seen", described("When it was last seen before.", reference("test"))),
            ("state", described("`waiting`, `open` or `resolved`.", reference("test"))),
            ("ticket_id", described("The ticket's number, where there is one.", reference("test"))),
        ],
        &[],
    )
}
