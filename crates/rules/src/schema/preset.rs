//! Presets, and the `map` of a source, which is one without a name.

use serde_json::{Map, Value, json};

use super::build::{any_of, choice, described, duration, map_of, one_or_list, reference, section, text};
use crate::event::{ROOTS, Severity, State, is_for_presets};
use crate::preset::{Arrival, HmacAlgorithm, KeyEncoding, SignatureEncoding, TimestampFormat};

pub(super) fn definitions() -> Map<String, Value> {
    let mut all = Map::new();
    let mut fields = vec![
        ("preset", text("Its name: what sources call it by.")),
        (
            "auth",
            described("What the vendor can do to prove who it is, best first.", reference("vendor_auth")),
        ),
    ];
    fields.extend(body());
    fields.push((
        "poll",
        described(
            "How its product's API is asked, where it is one that is polled.",
            reference("preset_poll"),
        ),
    ));
    all.insert(
        "preset".into(),
        section("How one vendor's payload becomes events.", fields, &["preset", "event"]),
    );
    all.insert("map".into(), section("How a payload becomes events.", body(), &["event"]));
    all.insert("event_fields".into(), event_fields());
    all.insert("vendor_auth".into(), vendor_auth());
    all.insert("timestamp".into(), timestamp());
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
            "remove",
            one_or_list(
                "Parts of the payload that carry secrets and are never kept: `data.token`, `items[].key`.",
                text(""),
            ),
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
        .filter(|root| is_for_presets(root))
        .map(|root| (root.to_owned(), json!({ "description": super::conditions::about(root) })))
        .collect();
    json!({
        "description": "Fields of the event: nested (`client: { name: … }`) or dotted (`client.name: …`).",
        "type": "object",
        "properties": properties,
        "additionalProperties": true,
    })
}

fn vendor_auth() -> Value {
    // A way about which there is nothing to say stands there alone: `basic:`.
    let way = |about: &str, fields: Vec<(&'static str, Value)>| {
        let mut way = section(about, fields, &[]);
        way["type"] = json!(["object", "null"]);
        way
    };
    section(
        "What the vendor can do to prove who it is, best first.",
        [
            ("url_token", way("A token as the last part of the URL.", vec![])),
            (
                "bearer",
                way(
                    "A bearer token.",
                    vec![("query", text("The parameter of the URL that may hold it instead."))],
                ),
            ),
            ("header", way("A header of its own.", vec![("name", text("The header's name."))])),
            ("query", way("A parameter of the URL.", vec![("name", text("The parameter's name."))])),
            ("basic", way("User and password.", vec![])),
            ("hmac", way("An HMAC of the body.", hmac_fields())),
            ("sns", way("The signature of AWS SNS.", vec![])),
            ("body", section("A secret inside the body.", [("path", text("Where it stands."))], &["path"])),
            (
                "client_cert",
                way(
                    "A client certificate that a proxy has verified.",
                    vec![("subject", text("Whose it is: `CN=app.netdata.cloud`."))],
                ),
            ),
        ],
        &[],
    )
}

/// The fields of `hmac`, in presets and in the `auth` of sources.
pub fn hmac_fields() -> Vec<(&'static str, Value)> {
    vec![
        ("header", text("The header that holds the signature: `X-Hub-Signature-256`.")),
        ("prefix", text("What stands before the signature in the header: `sha256=`.")),
        ("algorithm", choice("The hash. Without it, `sha256`.", HmacAlgorithm::ALL.map(|(name, _)| name))),
        (
            "encoding",
            choice(
                "How the signature is written. Without it, `hex`.",
                SignatureEncoding::ALL.map(|(name, _)| name),
            ),
        ),
        (
            "key",
            choice(
                "How the secret stands for the key: its letters, or `hex`, or `base64` (also after `whsec_`). Without it, `text`.",
                KeyEncoding::ALL.map(|(name, _)| name),
            ),
        ),
        ("signed", text("What is signed: `{body}`, `{timestamp}.{body}`, `{id}.{timestamp}.{body}`.")),
        ("id", text("The header that holds the delivery's id, where that is signed.")),
        (
            "timestamp",
            any_of(
                "Where the time of sending stands: a header's name, or more about it.",
                vec![text("The header."), reference("timestamp")],
            ),
        ),
    ]
}

fn timestamp() -> Value {
    section(
        "The time of sending, which is signed.",
        [
            ("header", text("The header it stands in.")),
            ("part", text("What it stands after in the signature's header: `t=`.")),
            (
                "format",
                choice(
                    "How it is written. Without it, `seconds`.",
                    TimestampFormat::ALL.map(|(name, _)| name),
                ),
            ),
            ("tolerance", duration("How far from now it may be. Without it, `5m`.")),
        ],
        &[],
    )
}
