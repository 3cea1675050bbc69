//! How a poll proves who asks.

use haloward_rules::schema::{any_of, choice, described, reference, section, text};
use serde_json::{Value, json};

pub(super) fn auth() -> Value {
    let mut ways = section(
        "One way to prove who asks.",
        [
            ("bearer", described("`Authorization: Bearer TOKEN`.", word())),
            ("basic", described("User and password.", maybe("poll_basic"))),
            ("header", described("A header of its own.", maybe("poll_header"))),
            ("query", described("A parameter of the address.", maybe("poll_query"))),
            ("oauth2", described("OAuth 2: a token that is asked for and renewed.", maybe("oauth2"))),
        ],
        &[],
    );
    ways["minProperties"] = json!(1);
    ways["maxProperties"] = json!(1);
    any_of("How it is proved who asks.", vec![choice("", ["none"]), ways])
}

/// Text, a secret named by where it is kept, or nothing where a preset leaves it to the source.
fn word() -> Value {
    json!({ "type": ["string", "number", "null"] })
}

fn maybe(name: &str) -> Value {
    any_of("", vec![json!({ "type": "null" }), reference(name)])
}

pub(super) fn basic() -> Value {
    section("User and password.", credentials(&["user", "password"]), &[])
}

pub(super) fn header() -> Value {
    section("A header of its own.", credentials(&["name", "prefix", "value"]), &[])
}

pub(super) fn query() -> Value {
    section("A parameter of the address.", credentials(&["name", "value"]), &[])
}

fn credentials(names: &[&'static str]) -> Vec<(&'static str, Value)> {
    let about = |name: &str| match name {
        "user" => "The user.",
        "password" => "The password.",
        "name" => "Its name.",
        "prefix" => "What stands before the secret: `ApiToken `.",
        _ => "The secret.",
    };
    names.iter().map(|name| (*name, described(about(name), word()))).collect()
}

pub(super) fn oauth2() -> Value {
    section(
        "OAuth 2: a token that is asked for and renewed.",
        [
            ("token_url", text("Where the token is asked for.")),
            ("client_id", described("Who asks.", word())),
            ("client_secret", described("The client's secret.", word())),
            ("scope", text("What the token is for.")),
            ("audience", text("Whom the token is for.")),
            ("user", described("The user, where the vendor wants user and password.", word())),
            ("password", described("The user's password.", word())),
            (
                "credentials",
                choice("Where the client's secret goes. Without it, `form`.", ["form", "header"]),
            ),
        ],
        &[],
    )
}
