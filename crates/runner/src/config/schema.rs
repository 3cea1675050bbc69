//! The JSON Schema of the configuration, for editors.

mod auth;
mod clients;

pub use clients::clients_schema;

use haloward_rules::Severity;
use haloward_rules::schema::{
    any_of, choice, definitions, described, duration, flag, map_of, number, one_or_list, reference, section,
    text,
};
use serde_json::{Value, json};

mod poll_auth;

use super::channel::FORMATS;
use super::server::CLIENT_HEADERS;
use super::source::{MISSED, TOLD};

/// The schema of `haloward.yaml`.
pub fn schema() -> Value {
    let mut all = definitions();
    for (name, definition) in [
        ("configuration", configuration()),
        ("secret", secret()),
        ("halo", halo()),
        ("budget", budget()),
        ("server", server()),
        ("source", source()),
        ("webhook", webhook()),
        ("halo_tickets", halo_tickets()),
        ("halo_webhook", section("What HaloPSA's webhook posts to Haloward.", door(), &["auth"])),
        ("tls", tls()),
        ("poll", poll()),
        ("poll_auth", poll_auth::auth()),
        ("poll_basic", poll_auth::basic()),
        ("poll_header", poll_auth::header()),
        ("poll_query", poll_auth::query()),
        ("oauth2", poll_auth::oauth2()),
        ("schedule", schedule()),
        ("source_client", source_client()),
        ("calendar", calendar()),
        ("channel", channel()),
        ("mail", mail()),
        ("retention", retention()),
        ("rate", rate()),
    ] {
        all.insert(name.into(), definition);
    }
    all.extend(auth::definitions());
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Haloward configuration",
        "description": "Where HaloPSA is, who sends alerts, and what holds for all rules.",
        "allOf": [reference("configuration")],
        "definitions": all,
    })
}

fn configuration() -> Value {
    section(
        "The configuration.",
        [
            ("halo", described("The connection to HaloPSA.", reference("halo"))),
            ("server", described("Where Haloward listens.", reference("server"))),
            (
                "store",
                json!({ "description": "The file that keeps events, cases and what is to be sent: `sqlite:haloward.db`.", "type": "string", "pattern": "^sqlite:" }),
            ),
            ("rules", text("The folder of the rule files. Without it, `rules`.")),
            (
                "ticket_defaults",
                described("Fields of every ticket, unless its rule says otherwise.", reference("ticket")),
            ),
            ("unmatched_client", text("The client of tickets whose client is not found, by name or id.")),
            (
                "on_rule_error",
                choice(
                    "What happens to an event whose rule failed. Without it, `open_ticket`.",
                    ["open_ticket", "ignore"],
                ),
            ),
            (
                "brake",
                described(
                    "No more tickets than that within a window, of all rules together; one storm ticket counts the rest.",
                    reference("limit"),
                ),
            ),
            ("retention", described("How long things are kept.", reference("retention"))),
            (
                "calendars",
                map_of("Working hours by name, for `during` and `outside`.", reference("calendar")),
            ),
            ("clients", text("The clients file: which of the tools' names is which client.")),
            ("channels", map_of("Where messages go, by name.", reference("channel"))),
            (
                "sources",
                map_of(
                    "The tools that send alerts, by name; the name is part of the URL.",
                    reference("source"),
                ),
            ),
        ],
        &[],
    )
}

fn secret() -> Value {
    json!({
        "description": "A secret, named by where it is kept: `env:NAME` or `file:PATH`.",
        "type": ["string", "number"],
        "defaultSnippets": [{ "label": "env:", "body": "env:${1:NAME}" }, { "label": "file:", "body": "file:${1:PATH}" }],
    })
}

fn halo() -> Value {
    section(
        "The connection to HaloPSA.",
        [
            ("url", text("The address you log in at: host, site URL or Resource Server URL.")),
            ("client_id", described("The API application's id.", reference("secret"))),
            ("client_secret", described("The API application's secret.", reference("secret"))),
            ("auth_url", text("The authorization server. Without it, HaloPSA is asked.")),
            ("tenant", text("The tenant's name. Without it, HaloPSA is asked.")),
            ("scope", one_or_list("What to ask permission for. Without it, `all`.", reference("scalar"))),
            ("budget", described("How many requests may be spent.", reference("budget"))),
            (
                "batch",
                number(
                    "How many tickets one request may create. Without it, 1; more needs HaloPSA's ticket numbers to be \
                     given by an auto-incrementing key.",
                    1,
                    Some(100),
                ),
            ),
            (
                "marker",
                json!({
                    "description": "Where tickets carry the marker by which they are found again after a lost answer. \
                                    Without it, `third_party_id`.",
                    "anyOf": [
                        { "enum": ["third_party_id", "supplier_reference", "details"] },
                        { "type": "object", "properties": { "custom_field": { "type": "string" } },
                          "required": ["custom_field"], "additionalProperties": false }
                    ]
                }),
            ),
            ("track", duration("How often changed tickets are read back. Without it, `1m`.")),
            (
                "catalogue",
                duration("How often the names of HaloPSA (types, clients, teams …) are read again."),
            ),
            ("ticket_rules", flag("Whether HaloPSA's own ticket rules run on our tickets. Without it, yes.")),
        ],
        &["url", "client_id", "client_secret"],
    )
}

fn budget() -> Value {
    section(
        "How many requests may be spent.",
        [
            ("requests", number("Requests within `per`.", 1, None)),
            ("per", duration("The length of the window. HaloPSA counts over `5m`.")),
            (
                "reserve",
                json!({ "description": "The share kept for urgent tickets: `20%`.", "type": "string", "pattern": "^[0-9.]+%$" }),
            ),
        ],
        &[],
    )
}

fn server() -> Value {
    section(
        "Where Haloward listens.",
        [
            (
                "listen",
                json!({ "description": "Address and port. Without it, `127.0.0.1:8080`.", "type": "string" }),
            ),
            (
                "public_url",
                json!({
                    "description": "How it is reached from outside: `https://alerts.example.com`. `haloward connect` asks there.",
                    "type": "string",
                }),
            ),
            (
                "hooks_listen",
                json!({ "description": "Address and port of a door of its own for `/hooks`; nothing else is served there.", "type": "string" }),
            ),
            (
                "tls",
                described(
                    "The certificate of `hooks_listen`, or of `listen` where that is the only door.",
                    reference("tls"),
                ),
            ),
            (
                "trusted_proxies",
                one_or_list(
                    "Networks of the proxies that are believed when they say for whom they speak.",
                    text(""),
                ),
            ),
            (
                "client_header",
                choice(
                    "The header in which they say so. Without it, `x-forwarded-for`.",
                    CLIENT_HEADERS.iter().map(|(name, _)| *name),
                ),
            ),
            (
                "token",
                described(
                    "What the console and the API are asked with. Without it, one is made and kept beside the store.",
                    reference("secret"),
                ),
            ),
            (
                "max_body",
                json!({ "description": "The largest body taken: `512KiB`, `2MiB`. Without it, `1MiB`.", "type": ["string", "number"] }),
            ),
        ],
        &[],
    )
}

fn tls() -> Value {
    section(
        "A certificate and its key, as PEM files.",
        [
            ("cert", text("The certificate, with those that lead to its authority: `file:PATH`.")),
            ("key", text("Its key, without a password: `file:PATH`.")),
        ],
        &["cert", "key"],
    )
}

fn source() -> Value {
    let mut source = section(
        "Where events come from: one of these kinds.",
        [
            ("webhook", described("A tool posts to `/hooks/NAME`.", reference("webhook"))),
            ("poll", described("Its API is asked again and again.", reference("poll"))),
            ("halo", described("HaloPSA's own tickets.", reference("halo_tickets"))),
            ("schedule", described("Events at set times.", reference("schedule"))),
        ],
        &[],
    );
    source["minProperties"] = json!(1);
    source["maxProperties"] = json!(1);
    source
}

fn poll() -> Value {
    let mut fields = haloward_rules::schema::poll();
    fields.extend(reading());
    fields.extend([
        ("auth", described("How it is proved who asks.", reference("poll_auth"))),
        ("cron", text("When it is asked, instead of `every`: `0 8 * * mon`.")),
        ("allow_private", flag("Whether it may be in your own network, or on this machine.")),
    ]);
    section("An API that is asked again and again.", fields, &[])
}

fn halo_tickets() -> Value {
    section(
        "HaloPSA's own tickets, for rules about tickets.",
        [
            (
                "tickets",
                choice(
                    "What is told: every change and every new ticket, or new tickets alone.",
                    TOLD.iter().map(|(name, _)| *name),
                ),
            ),
            ("every", duration("How often changed tickets are read: one request. Without it, `1m`.")),
            (
                "existing",
                flag(
                    "Whether tickets that are open when the source begins are told once, as `seen`. Without it, no.",
                ),
            ),
            (
                "severity",
                choice(
                    "The severity of its events. Without it, `medium`.",
                    Severity::ALL.iter().map(|(name, _)| *name),
                ),
            ),
            (
                "webhook",
                described(
                    "HaloPSA's webhook tells of changes at `/hooks/NAME`, and they are read at once.",
                    reference("halo_webhook"),
                ),
            ),
        ],
        &["tickets"],
    )
}

fn schedule() -> Value {
    section(
        "Events at set times.",
        [
            (
                "cron",
                json!({ "description": "When: minute, hour, day, month, weekday, and seconds before them if need be. `0 8 * * mon`, `@daily`.", "type": "string" }),
            ),
            ("timezone", text("The clock that is meant: `Europe/London`. Without it, UTC.")),
            (
                "missed",
                choice(
                    "What becomes of runs that nobody was there for: one event for all of them, or none. Without it, `once`.",
                    MISSED.iter().map(|(name, _)| *name),
                ),
            ),
            ("title", text("What its events are called. Without it, the source's name.")),
            (
                "severity",
                choice(
                    "The severity of its events. Without it, `medium`.",
                    Severity::ALL.iter().map(|(name, _)| *name),
                ),
            ),
        ],
        &["cron"],
    )
}

fn webhook() -> Value {
    let mut fields = reading();
    fields.extend(door());
    section("Alerts that are posted to Haloward.", fields, &["auth"])
}

/// Who may post, and how often.
fn door() -> Vec<(&'static str, Value)> {
    vec![
        (
            "limit",
            described("How many deliveries it may make; beyond, it is answered 429.", reference("rate")),
        ),
        ("auth", described("How it proves who it is.", reference("auth"))),
        ("allow_from", one_or_list("The networks it sends from; others are answered 403.", text(""))),
        (
            "allow_origin",
            one_or_list(
                "Origins that may ask for leave to send, as CloudEvents senders do: `eventgrid.azure.net`.",
                text(""),
            ),
        ),
        (
            "repeated_within",
            duration(
                "How long the same body counts as the same delivery, sent again; `0s`: never. Without it, `2m`, \
                 except for vendors that send the same again on purpose.",
            ),
        ),
    ]
}

/// How a payload becomes events, whoever brings it.
fn reading() -> Vec<(&'static str, Value)> {
    vec![
        (
            "preset",
            text(
                "How its payload is read: `haloward presets` lists them. Without it, the usual fields are found.",
            ),
        ),
        ("map", described("A preset of its own, for a tool nobody described.", reference("map"))),
        (
            "severity",
            choice(
                "The severity of alerts that have none. Without it, `medium`.",
                Severity::ALL.iter().map(|(name, _)| *name),
            ),
        ),
        (
            "timezone",
            text("The zone of times that name none: `Europe/London`. Without it, they count as UTC."),
        ),
        ("client", described("Whose its alerts are.", reference("source_client"))),
    ]
}

/// Whose a source's alerts are.
fn source_client() -> Value {
    let label = section(
        "The client that a label or tag of the alert names.",
        [
            ("label", text("The label's name: `customer`.")),
            ("else", text("Whose they are where neither label nor payload says it.")),
        ],
        &["label"],
    );
    any_of(
        "A client, whatever the payload says; or the label that names it.",
        vec![reference("scalar"), label],
    )
}

fn retention() -> Value {
    section(
        "How long things are kept: at least a day each.",
        [
            ("events", duration("Events and what was decided about them. Without it, `30d`.")),
            ("operations", duration("Operations that are over. Without it, `90d`.")),
            ("cases", duration("Cases that are over. Without it, `90d`.")),
            ("ledger", duration("The ledger. Without it, `400d`.")),
            ("max_size", text("What the store may hold: `4GiB`. Beyond, the oldest events go first.")),
        ],
        &[],
    )
}

fn rate() -> Value {
    section(
        "How many deliveries in how much time.",
        [("requests", number("How many.", 1, None)), ("per", duration("In how much time."))],
        &["requests", "per"],
    )
}

fn channel() -> Value {
    let mut channel = section(
        "Where messages go: a webhook, or mail.",
        [
            ("webhook", described("The URL to post to, which is a secret.", reference("secret"))),
            (
                "format",
                choice(
                    "What is posted to the webhook. Without it, `generic`.",
                    FORMATS.iter().map(|(name, _)| *name),
                ),
            ),
            ("mail", described("Mail to people.", reference("mail"))),
        ],
        &[],
    );
    channel["oneOf"] = json!([{ "required": ["webhook"] }, { "required": ["mail"] }]);
    channel
}

fn mail() -> Value {
    section(
        "Mail to people.",
        [
            (
                "smtp",
                text(
                    "The mail server: `smtps://HOST` (port 465), or `smtp://HOST` (port 587, encrypted by STARTTLS).",
                ),
            ),
            ("user", text("The user, where the mail server wants one.")),
            ("password", described("The user's password.", reference("secret"))),
            ("from", text("The sender: `Haloward <haloward@example.com>`.")),
            ("to", one_or_list("Who gets it, at most 50 addresses.", json!({ "type": "string" }))),
            ("ca", text("A PEM file of certificates to trust beside the system's.")),
        ],
        &["smtp", "from", "to"],
    )
}

fn calendar() -> Value {
    let hours = json!({ "type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2}$" });
    section(
        "Working hours.",
        [
            ("timezone", text("A name such as `Europe/London`.")),
            ("weekly", map_of("Days and hours: `{ mon-fri: \"09:00-17:30\" }`.", one_or_list_of(hours))),
            ("holidays", one_or_list("Days without hours: `2026-12-25`.", json!({ "type": "string" }))),
        ],
        &["timezone", "weekly"],
    )
}

fn one_or_list_of(item: Value) -> Value {
    one_or_list("Hours from and until, or a list of them.", item)
}

#[cfg(test)]
mod tests;
