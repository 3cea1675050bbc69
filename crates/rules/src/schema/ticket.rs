//! Ticket fields, notes, and what happens to a ticket after it was opened.

use serde_json::{Map, Value, json};

use super::build::{any_of, choice, described, duration, flag, one_or_list, reference, section, text};
use crate::event::Severity;
use crate::rule::{AGAIN, RESOLVED};
use crate::ticket::TICKET_FIELDS;

pub(super) fn definitions() -> Map<String, Value> {
    let mut all = Map::new();
    all.insert("ticket".into(), section("Fields of a ticket; texts are templates.", ticket_fields(), &[]));
    all.insert("open_ticket".into(), open_ticket());
    all.insert("again".into(), again());
    all.insert("resolved".into(), resolved());
    all.insert("note".into(), note());
    all.insert("note_or_text".into(), json!({ "anyOf": [{ "type": "string" }, reference("note")] }));
    all.insert("template".into(), text("Text; `${ … }` holds an expression such as `event.device.name`."));
    all
}

/// The ticket fields by name.
pub(super) fn ticket_fields() -> Vec<(&'static str, Value)> {
    TICKET_FIELDS.into_iter().map(|name| (name, ticket_field(name))).collect()
}

fn ticket_field(name: &str) -> Value {
    let named = |what: &str| json!({ "description": format!("{what}: its name or numeric id."), "type": ["string", "number"] });
    match name {
        "summary" => text("One line. Without it, the event's title."),
        "details" => {
            json!({ "description": "Markdown; values are shown as text, never as markup. Without it, a table of the event.", "type": "string" })
        }
        "type" => named("Ticket type"),
        "status" => named("Status"),
        "priority" => priority(),
        "sla" => named("SLA"),
        "impact" => named("Impact"),
        "urgency" => named("Urgency"),
        "team" => named("Team"),
        "agent" => named("Agent"),
        "client" => named("Client. Without it, the event's client"),
        "site" => named("Site"),
        "user" => named("User"),
        "asset" => named("Asset"),
        "category" => json!({
            "description": "Category: a text, or up to four levels.",
            "anyOf": [reference("scalar"), { "type": "array", "items": reference("scalar"), "maxItems": 4 }],
        }),
        "custom_fields" => any_of(
            "Custom fields: name to value.",
            vec![json!({ "type": "object" }), json!({ "type": "string" })],
        ),
        "tags" => one_or_list("Tags.", reference("scalar")),
        "parent" => any_of(
            "The parent ticket: its id, or `{ case: key }` for the ticket of another case.",
            vec![
                json!({ "type": ["string", "number"] }),
                json!({ "type": "object", "properties": { "case": text("The key of the case.") }, "additionalProperties": false }),
            ],
        ),
        "fields" => any_of(
            "Any other property of a ticket in HaloPSA's API, as it is.",
            vec![json!({ "type": "object" }), json!({ "type": "string" })],
        ),
        // A field that is new in the language is completed before it is described.
        _ => json!({}),
    }
}

fn priority() -> Value {
    let names = Severity::ALL.iter().map(|(name, _)| *name).chain(["else"]);
    let by_severity = section(
        "A priority for each severity.",
        names.map(|name| (name, json!({ "type": ["string", "number"] }))),
        &[],
    );
    any_of(
        "Priority: a name or id, or a map from severity: `{ critical: Critical, high: High, else: Medium }`.",
        vec![json!({ "type": ["string", "number"] }), by_severity],
    )
}

fn open_ticket() -> Value {
    let mut fields = ticket_fields();
    let short = |words: Vec<&str>, long: &str| json!({ "anyOf": [{ "enum": words }, reference(long)] });
    fields.push((
        "again",
        described(
            "What a repeat does while the ticket is open. Without it: `fold`, at most one request an hour.",
            short(AGAIN.iter().map(|(name, _)| *name).collect(), "again"),
        ),
    ));
    fields.push(("resolved", described(
        "What the end of the problem does. Without it: `resolve` while nobody has worked on the ticket, else `note`.",
        short(RESOLVED.iter().map(|(name, _)| *name).collect(), "resolved"),
    )));
    fields.push((
        "reopen_within",
        duration("Open a ticket again that was resolved less than this ago, instead of a new one."),
    ));
    let mut section =
        section("Opens the case's ticket; if it has an open one, the event is a repeat.", fields, &[]);
    section["type"] = json!(["object", "null"]);
    section
}

fn again() -> Value {
    section(
        "What a repeat does while the ticket is open.",
        [
            (
                "do",
                choice(
                    "`fold`: one private note, edited, with counter, first and last time; `note`: a new one each time; `count`; `nothing`; `new`: another ticket.",
                    AGAIN.iter().map(|(name, _)| *name),
                ),
            ),
            ("at_most", duration("At most one request to HaloPSA in this long.")),
        ],
        &[],
    )
}

fn resolved() -> Value {
    section(
        "What the end of the problem does.",
        [
            (
                "do",
                choice(
                    "`resolve` the ticket, add a `note`, or `nothing`.",
                    RESOLVED.iter().map(|(name, _)| *name),
                ),
            ),
            (
                "status",
                json!({ "description": "The status it is resolved with: its name or numeric id.", "type": ["string", "number"] }),
            ),
            ("note", described("The note that says so.", reference("note_or_text"))),
            ("after", duration("Only if it stays resolved this long.")),
        ],
        &[],
    )
}

fn note() -> Value {
    section(
        "A note on a ticket.",
        [
            ("text", described("Markdown; values are shown as text.", reference("template"))),
            ("private", flag("Hidden from the end user. Without it, yes.")),
            (
                "outcome",
                json!({ "description": "The action's outcome: its name or numeric id.", "type": ["string", "number"] }),
            ),
        ],
        &["text"],
    )
}
