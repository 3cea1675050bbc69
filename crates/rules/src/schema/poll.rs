//! Polls, in presets and in sources.

use serde_json::{Map, Value, json};

use super::build::{any_of, choice, described, duration, flag, map_of, number, reference, section, text};

pub(super) fn definitions() -> Map<String, Value> {
    let mut preset = poll();
    // What it holds is the runner's business: secrets are not known here.
    preset.push((
        "auth",
        json!({ "description": "How it is proved who asks, without the secrets.", "type": ["object", "string"] }),
    ));
    preset.push(("no_faster_than", duration("How often the vendor allows to be asked.")));
    preset.push((
        "needs",
        map_of(
            "What a source has to say: `host`, or a name under `vars`, and what it is.",
            any_of("What it is.", vec![text(""), reference("need")]),
        ),
    ));
    let pairs = [
        ("preset_poll", section("How its product's API is asked.", preset, &["url"])),
        ("need", need()),
        ("pagination", pagination()),
        ("page", page()),
        ("offset", offset()),
        ("cursor", cursor()),
        ("watermark", watermark()),
    ];
    pairs.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

/// The fields that say what a poll asks and how the answer is read.
pub fn poll() -> Vec<(&'static str, Value)> {
    let template = |about: &str| described(about, reference("template"));
    vec![
        ("every", duration("How often it is asked. Without it, `1m`.")),
        ("url", template("The address: `https://${host}/v2/alerts`.")),
        ("host", text("The vendor's host that you log in at, for presets that ask for it.")),
        ("vars", map_of("What else the address needs: `{ tenant: … }`.", text(""))),
        (
            "method",
            choice(
                "What it is asked with. Without it, `GET`, or `POST` with a body.",
                ["GET", "POST", "PATCH"],
            ),
        ),
        ("headers", map_of("Headers.", reference("template"))),
        ("query", json!({ "description": "Parameters of the address.", "type": "object" })),
        ("body", json!({ "description": "The body, as JSON.", "type": ["object", "array", "string"] })),
        ("items", template("The list in the answer: `${payload.items}`. Without it, the preset finds them.")),
        ("pagination", described("How one page leads to the next.", reference("pagination"))),
        ("max_pages", number("How many pages are read at most. Without it, 50.", 1, None)),
        ("watermark", described("How to ask only for what is new.", reference("watermark"))),
        (
            "gone",
            choice(
                "What it means when an alert is no longer listed. Without it, `nothing`.",
                ["resolved", "nothing"],
            ),
        ),
        (
            "gone_after",
            number("How many whole lists in a row it has to be missing from. Without it, 2.", 1, None),
        ),
        ("timeout", duration("How long one request may take. Without it, `30s`.")),
    ]
}

fn need() -> Value {
    section(
        "What a source has to say.",
        [
            ("what", text("What it is: `the host that you log in at`.")),
            ("example", text("What somebody else's looks like: `eu.ninjarmm.com`.")),
        ],
        &["what"],
    )
}

fn pagination() -> Value {
    let mut ways = section(
        "How one page leads to the next.",
        [
            ("page", described("Pages have numbers.", reference("page"))),
            ("offset", described("Items are counted.", reference("offset"))),
            ("cursor", described("The answer names what to ask with next.", reference("cursor"))),
            ("next", described("The address of the next page, from the answer.", reference("template"))),
        ],
        &[],
    );
    ways["minProperties"] = json!(1);
    ways["maxProperties"] = json!(1);
    any_of("How one page leads to the next.", vec![choice("", ["link", "none"]), ways])
}

fn page() -> Value {
    section(
        "Pages have numbers.",
        [
            ("param", text("The parameter that holds the number.")),
            ("first", number("The first page's number. Without it, 1.", 0, None)),
            ("size_param", text("The parameter that says how many items a page has.")),
            ("size", number("How many items a page has; one with less is the last.", 1, None)),
            ("pages", described("How many pages there are, from the answer.", reference("template"))),
            ("more", described("Whether there are more pages, from the answer.", reference("template"))),
        ],
        &[],
    )
}

fn offset() -> Value {
    section(
        "Items are counted.",
        [
            ("param", text("The parameter that says how many items came before.")),
            ("size_param", text("The parameter that says how many items a page has.")),
            ("size", number("How many items a page has.", 1, None)),
        ],
        &["param", "size"],
    )
}

fn cursor() -> Value {
    section(
        "The answer names what to ask with next.",
        [
            ("param", text("The parameter that it goes into; without it, `${cursor}` is written somewhere.")),
            ("from", described("Where the answer names it.", reference("template"))),
        ],
        &["from"],
    )
}

fn watermark() -> Value {
    section(
        "How to ask only for what is new.",
        [
            (
                "from",
                described("Where an item says when it was changed, or its number.", reference("template")),
            ),
            (
                "param",
                text("The parameter that it goes into; without it, `${watermark}` is written somewhere."),
            ),
            ("overlap", duration("How far back from the last one it is asked again. Without it, `5m`.")),
            ("start", duration("How far back it is asked the first time. Without it, `1h`.")),
            (
                "format",
                text(
                    "`rfc3339`, `seconds`, `milliseconds`, `nanoseconds`, `number`, or a pattern such as `%Y-%m-%d`.",
                ),
            ),
            ("ascending", flag("Whether the oldest items come first.")),
        ],
        &["from"],
    )
}
