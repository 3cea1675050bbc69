//! Presets, and the `map` of a source, which is one without a name.

use serde_json::{Map, Value, json};

use super::build::{choice, described, map_of, one_or_list, reference, section, text};
use crate::event::{ROOTS, Severity, State};
use crate::preset::Arrival;

pub(super) fn definitions() -> Map<String, Value> {
    let mut all = Map::new();
    let mut fields = vec![("preset", text("Its name: what sources call it by."))];
    fields.extend(body());
    all.insert(
        "preset".into(),
        section("How one vendor's payload becomes events.", fields, &["preset", "event"]),
    );
    all.insert("map".into(), section("How a payload becomes events.", body(), &["event"]));
    all.insert("event_fields".into(), event_fields());
    all
}

fn body() -> Vec<(&'static str, Value)> {
    let states = State::ALL.iter().map(|(name, _)| *name);
    let severities = Severity::ALL.iter().map(|(name, _)| *name);
    vec![
        ("title", text("The vendor's product as people know it.")),
        ("description", text("What it reads, in a sentence.")),
        ("setup", one_or_list("Where to click in the vendor's product, step by step.", reference("scalar"))),
        ("caveats", one_or_list("What to know before relying on it.", reference("scalar"))),
        (
            "arrives",
            choice(
                "How its payloads come. Without it, by webhook.",
                Arrival::ALL.iter().map(|(name, _)| *name),
            ),
        ),
        ("samples", one_or_list("Sample payloads.", reference("scalar"))),
        (
            "events",
            described(
                "The list of events in a payload: `${payload.alerts}`. Without it, the payload is one.",
                reference("template"),
            ),
        ),
        (
            "item",
            described(
                "What `item` is for the event's fields, made of what was sent. Without it, what was sent.",
                reference("template"),
            ),
        ),
        ("event", described("The event's fields, as templates of `item`.", reference("event_fields"))),
        ("states", map_of("The vendor's words for states; `else` catches the rest.", choice("", states))),
        (
            "severities",
            map_of("The vendor's words for severities; `else` catches the rest.", choice("", severities)),
        ),
        (
            "delivery_id",
            described(
                "What is the same when a delivery is repeated: `${headers[\"x-request-id\"]}`.",
                reference("template"),
            ),
        ),
        (
            "repeats_itself",
            json!({ "description": "The vendor sends the same body again on purpose, to say that a problem is still there.", "type": "boolean" }),
        ),
    ]
}

fn event_fields() -> Value {
    let properties: Map<String, Value> = ROOTS
        .into_iter()
        .filter(|root| !matches!(*root, "source" | "received_at" | "vars" | "unmapped"))
        .map(|root| (root.to_owned(), json!({ "description": super::conditions::about(root) })))
        .collect();
    json!({
        "description": "Fields of the event: nested (`client: { name: … }`) or dotted (`client.name: …`).",
        "type": "object",
        "properties": properties,
        "additionalProperties": true,
    })
}
