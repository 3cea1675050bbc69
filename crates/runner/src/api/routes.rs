//! Everything there is under `/api/v1`, on one screen: the router and the OpenAPI document are made from this.

use std::sync::Arc;

use axum::Json;
use axum::routing::{MethodRouter, delete, get, post};
use serde_json::{Map, Value, json};

use super::state::ApiState;
use super::{operate, read, silences, sources};

/// One route.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// What it does, as a sentence.
    pub(super) does: &'static str,
    /// What the query may hold, and what it means.
    pub(super) query: &'static [(&'static str, &'static str)],
    /// What the body may hold, and what it means.
    pub(super) body: &'static [(&'static str, &'static str)],
    /// The fields of the answer.
    pub(super) gives: &'static [&'static str],
    pub(super) handler: fn() -> MethodRouter<Arc<ApiState>>,
}

const BEFORE: (&str, &str) = ("before", "the `next` of the page before");
const LIMIT: (&str, &str) = ("limit", "at most so many, up to 500; else 50");
const SILENCE: &[&str] = &["id", "when", "key", "rule", "from", "until", "comment", "by"];
const RECORDING: &[&str] = &["source", "count", "until", "over", "payloads"];
const LIST: &[&str] = &["items", "next"];

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    Route { method: "get", path: "/api/v1/status", does: "How the service stands.",
        query: &[], body: &[], gives: &["version", "started_at", "rules", "connection", "budget", "store"],
        handler: || get(read::status) },
    Route { method: "get", path: "/api/v1/sources", does: "The sources, their URLs, when each was last heard of, and how much it sends.",
        query: &[], body: &[], gives: LIST, handler: || get(sources::list) },
    Route { method: "post", path: "/api/v1/sources/{source}/recording", does: "Records the source's next payloads, without secrets.",
        query: &[], body: &[("count", "how many, up to 20; else 1"), ("for", "for how long at most, up to `1h`; else `10m`")],
        gives: RECORDING, handler: || post(sources::record) },
    Route { method: "get", path: "/api/v1/sources/{source}/recording", does: "What was recorded so far.",
        query: &[], body: &[], gives: RECORDING, handler: || get(sources::recording) },
    Route { method: "delete", path: "/api/v1/sources/{source}/recording", does: "Ends a recording, and gives what it has.",
        query: &[], body: &[], gives: RECORDING, handler: || delete(sources::end_recording) },
    Route { method: "get", path: "/api/v1/events", does: "Events, newest first, with what was decided.",
        query: &[("source", "of this source"), ("outcome", "with this outcome"), ("text", "with this text in them"),
            ("trace", "of the delivery with this trace id"), ("since", "not received before this time"), BEFORE, LIMIT],
        body: &[], gives: LIST, handler: || get(read::events) },
    Route { method: "get", path: "/api/v1/events/{id}", does: "One event, what was decided and why, and what it led to.",
        query: &[], body: &[], gives: &["id", "received_at", "trace", "event", "decision", "operations", "considered"],
        handler: || get(read::event) },
    Route { method: "get", path: "/api/v1/events/{id}/report", does: "One event with those before it in its case, redacted.",
        query: &[], body: &[], gives: &["id", "events", "decision"], handler: || get(read::event_report) },
    Route { method: "get", path: "/api/v1/cases", does: "Cases, the youngest first.",
        query: &[("state", "`waiting`, `open` or `resolved`"), ("text", "with this text in their key"),
            ("ticket", "with this ticket of HaloPSA"), BEFORE, LIMIT],
        body: &[], gives: LIST, handler: || get(read::cases) },
    Route { method: "get", path: "/api/v1/cases/{key}", does: "One case, its latest decisions and operations.",
        query: &[], body: &[], gives: &["case", "decisions", "operations"], handler: || get(read::case) },
    Route { method: "get", path: "/api/v1/decisions", does: "Decisions, timers' included, newest first.",
        query: &[("outcome", "with this outcome"), BEFORE, LIMIT],
        body: &[], gives: LIST, handler: || get(read::decisions) },
    Route { method: "get", path: "/api/v1/operations", does: "Operations, newest first; those that are not over, if no state is named.",
        query: &[("state", "in these states, separated by commas"), BEFORE, LIMIT],
        body: &[], gives: LIST, handler: || get(read::operations) },
    Route { method: "get", path: "/api/v1/operations/{id}", does: "One operation, and every request and answer.",
        query: &[], body: &[], gives: &["operation", "exchanges"], handler: || get(read::operation) },
    Route { method: "post", path: "/api/v1/operations/{id}/retry", does: "Tries an operation again that HaloPSA refused for good, unless its problem has another ticket since.",
        query: &[], body: &[("set", "fields of its ticket or note to correct first: `{\"priority\": \"High\"}`; `null` leaves one out")],
        gives: &["id", "state"], handler: || post(operate::retry) },
    Route { method: "post", path: "/api/v1/operations/{id}/drop", does: "Gives an operation up.",
        query: &[], body: &[("reason", "why, for its story")], gives: &["id", "state"], handler: || post(operate::drop) },
    Route { method: "get", path: "/api/v1/ledger", does: "What became of each source's events, day by day (UTC).",
        query: &[("days", "so many days, today included; else 7")], body: &[], gives: &["items"],
        handler: || get(read::ledger) },
    Route { method: "get", path: "/api/v1/silences", does: "The silences that stand or will.",
        query: &[], body: &[], gives: LIST, handler: || get(silences::list) },
    Route { method: "post", path: "/api/v1/silences", does: "Adds a silence: alerts like these open no tickets until then.",
        query: &[], body: &[("when", "conditions on the event, as in a rule"), ("key", "the case's key, `*` for any text"),
            ("rule", "the rule's id"), ("from", "else now"), ("until", "when it ends"), ("comment", "why"), ("by", "who")],
        gives: SILENCE, handler: || post(silences::add) },
    Route { method: "delete", path: "/api/v1/silences/{id}", does: "Ends a silence: what still fires gets its ticket.",
        query: &[], body: &[], gives: SILENCE, handler: || delete(silences::end) },
    Route { method: "get", path: "/api/v1/openapi.json", does: "This document.",
        query: &[], body: &[], gives: &["openapi", "info", "paths", "components", "security"],
        handler: || get(async || Json(document())) },
];

/// The OpenAPI document.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Haloward",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What the console and the commands use. Fields are added, never renamed."
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": { "Problem": {
                "type": "object",
                "description": "RFC 9457",
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": { "type": "string" }, "title": { "type": "string" },
                    "status": { "type": "integer" }, "detail": { "type": "string" }
                }
            } }
        }
    })
}

fn operation(route: &Route) -> Value {
    let parameter = |place: &str, name: &str, what: &str| json!({ "name": name, "in": place, "required": place == "path", "description": what, "schema": { "type": "string" } });
    let mut parameters: Vec<Value> = route
        .path
        .split(['{', '}'])
        .skip(1)
        .step_by(2)
        .map(|name| parameter("path", name, "percent-encoded"))
        .collect();
    parameters.extend(route.query.iter().map(|(name, what)| parameter("query", name, what)));
    let fields: Map<String, Value> = route.gives.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
    let mut operation = json!({
        "summary": route.does,
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "Done.",
                "content": { "application/json": { "schema": { "type": "object", "properties": fields } } }
            },
            "default": {
                "description": "Why not.",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } }
            }
        }
    });
    if !route.body.is_empty() {
        let fields: Map<String, Value> = route
            .body
            .iter()
            .map(|(name, what)| ((*name).to_owned(), json!({ "description": what })))
            .collect();
        operation["requestBody"] = json!({
            "required": false,
            "content": { "application/json": { "schema": { "type": "object", "properties": fields } } }
        });
    }
    operation
}
