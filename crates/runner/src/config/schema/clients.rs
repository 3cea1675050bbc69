//! The JSON Schema of the clients file, for editors.

use haloward_rules::schema::{definitions, described, map_of, reference, section};
use serde_json::{Value, json};

/// The schema of `clients.yaml`.
pub fn clients_schema() -> Value {
    let client = || described("The client's name or id in HaloPSA.", reference("scalar"));
    let mut all = definitions();
    let fields = [
        ("aliases", map_of("Other names of clients, whatever tool uses them.", client())),
        (
            "sources",
            map_of(
                "By source: what the tool calls a client, by name or id.",
                map_of("The tool's own names or ids of clients.", client()),
            ),
        ),
        (
            "ticket_defaults",
            map_of(
                "By client, name or id: fields of its tickets, whatever rule opens them.",
                reference("ticket"),
            ),
        ),
    ];
    all.insert("clients_file".into(), section("Which of the tools' names is which client.", fields, &[]));
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Haloward clients",
        "description": "Which of the tools' names is which client, and what its tickets have by default.",
        "allOf": [reference("clients_file")],
        "definitions": all,
    })
}
