//! The schema of `auth`.

use haloward_rules::schema::{any_of, choice, described, hmac_fields, one_or_list, reference, section, text};
use serde_json::{Map, Value, json};

/// What the schema of the configuration needs for `auth`.
pub(super) fn definitions() -> Map<String, Value> {
    let definitions = [
        ("auth", auth()),
        (
            "secrets",
            one_or_list("A secret, or a list of them while senders change over.", reference("secret")),
        ),
        ("header", header()),
        ("query", query()),
        ("basic", basic()),
        ("hmac", hmac()),
        ("body", body()),
        ("sns", sns()),
        ("client_cert", client_cert()),
        ("certificate_header", certificate_header()),
    ];
    definitions.into_iter().map(|(name, definition)| (name.to_owned(), definition)).collect()
}

fn auth() -> Value {
    let mut ways = section(
        "One way to prove who it is.",
        [
            (
                "url_token",
                described("A token as the last part of the URL: `/hooks/NAME/TOKEN`.", reference("secrets")),
            ),
            ("bearer", described("`Authorization: Bearer TOKEN`.", reference("secrets"))),
            ("header", described("A header of its own.", reference("header"))),
            ("query", described("A parameter of the URL: `/hooks/NAME?token=TOKEN`.", reference("query"))),
            ("basic", described("User and password.", reference("basic"))),
            ("hmac", described("An HMAC of the body, in a header.", reference("hmac"))),
            ("sns", described("The signature of AWS SNS.", reference("sns"))),
            ("body", described("A secret inside the body; it is removed.", reference("body"))),
            (
                "client_cert",
                described(
                    "A client certificate that a trusted proxy has verified.",
                    reference("client_cert"),
                ),
            ),
        ],
        &[],
    );
    ways["minProperties"] = json!(1);
    ways["maxProperties"] = json!(1);
    any_of(
        "How it proves who it is; `none` only while this machine alone, or `allow_from`, can reach it.",
        vec![choice("", ["none"]), ways],
    )
}

/// The secret alone, where the preset knows the rest.
fn short(description: &str, whole: Value) -> Value {
    any_of(description, vec![reference("secrets"), whole])
}

fn header() -> Value {
    let name = ("name", text("The header's name; presets of some vendors know it."));
    let value = ("value", described("Its value.", reference("secrets")));
    short("A header of its own.", section("A header of its own.", [name, value], &["value"]))
}

fn query() -> Value {
    let name = ("name", text("The parameter's name; presets of some vendors know it."));
    let value = ("value", described("Its value.", reference("secrets")));
    short("A parameter of the URL.", section("A parameter of the URL.", [name, value], &["value"]))
}

fn basic() -> Value {
    section(
        "User and password.",
        [("user", text("The user.")), ("password", described("The password.", reference("secrets")))],
        &["user", "password"],
    )
}

fn hmac() -> Value {
    let mut fields = vec![("secret", described("The key.", reference("secrets")))];
    fields.extend(hmac_fields());
    short("An HMAC of the body. The preset knows how its vendor signs.", section("", fields, &["secret"]))
}

fn body() -> Value {
    let path = ("path", text("Where it stands: `sharedSecret`. Presets of some vendors know it."));
    let secret = ("secret", described("The secret.", reference("secrets")));
    short("A secret inside the body; it is removed.", section("", [path, secret], &["secret"]))
}

fn sns() -> Value {
    let topics = || one_or_list("ARNs of the topics whose messages are taken.", text(""));
    any_of("The signature of AWS SNS.", vec![topics(), section("", [("topics", topics())], &["topics"])])
}

fn client_cert() -> Value {
    section(
        "A client certificate that a trusted proxy has verified.",
        [
            (
                "verified",
                any_of(
                    "The header in which the proxy says that it verified the certificate.",
                    vec![text("The header; it must be `SUCCESS`."), reference("certificate_header")],
                ),
            ),
            (
                "subject",
                any_of(
                    "Whose certificate it is.",
                    vec![
                        text("The header, where the preset says whose it must be."),
                        reference("certificate_header"),
                    ],
                ),
            ),
            ("fingerprint", described("Which certificate it is.", reference("certificate_header"))),
        ],
        &[],
    )
}

fn certificate_header() -> Value {
    section(
        "A header of the proxy, and what it must be.",
        [("header", text("The header.")), ("is", one_or_list("What it must be, or any of these.", text("")))],
        &["header"],
    )
}
