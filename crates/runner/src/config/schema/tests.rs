use std::collections::BTreeSet;
use std::path::PathBuf;

use haloward_rules::{Findings, SourceFile};
use serde_json::Value;

use super::schema;
use crate::config::Config;

/// No field of any section has this name, and none has one that is near.
const STRANGE: &str = "qqqqqqqqqqqqqqqqqq";

/// A section of the schema, and a configuration with a strange field in it.
const MEETINGS: [(&str, &str); 29] = [
    ("configuration", "STRANGE: 1"),
    ("halo", "halo: { STRANGE: 1 }"),
    ("budget", "halo: { budget: { STRANGE: 1 } }"),
    ("server", "server: { STRANGE: 1 }"),
    ("source", "sources: { a: { webhook: { auth: none }, STRANGE: 1 } }"),
    ("webhook", "sources: { a: { webhook: { auth: none, STRANGE: 1 } } }"),
    ("auth", "sources: { a: { webhook: { auth: { STRANGE: 1 } } } }"),
    ("header", "sources: { a: { webhook: { auth: { header: { STRANGE: 1 } } } } }"),
    ("basic", "sources: { a: { webhook: { auth: { basic: { STRANGE: 1 } } } } }"),
    ("hmac", "sources: { a: { webhook: { auth: { hmac: { STRANGE: 1 } } } } }"),
    ("tls", "server: { tls: { STRANGE: 1 } }"),
    ("query", "sources: { a: { webhook: { auth: { query: { STRANGE: 1 } } } } }"),
    ("body", "sources: { a: { webhook: { auth: { body: { STRANGE: 1 } } } } }"),
    ("sns", "sources: { a: { webhook: { auth: { sns: { STRANGE: 1 } } } } }"),
    ("client_cert", "sources: { a: { webhook: { auth: { client_cert: { STRANGE: 1 } } } } }"),
    (
        "certificate_header",
        "sources: { a: { webhook: { auth: { client_cert: { subject: { STRANGE: 1 } } } } } }",
    ),
    ("poll", "sources: { a: { poll: { url: x, STRANGE: 1 } } }"),
    ("page", "sources: { a: { poll: { url: x, pagination: { page: { STRANGE: 1 } } } } }"),
    (
        "offset",
        "sources: { a: { poll: { url: x, pagination: { offset: { param: a, size: 1, STRANGE: 1 } } } } }",
    ),
    ("cursor", "sources: { a: { poll: { url: x, pagination: { cursor: { from: a, STRANGE: 1 } } } } }"),
    ("pagination", "sources: { a: { poll: { url: x, pagination: { STRANGE: 1 } } } }"),
    ("watermark", "sources: { a: { poll: { url: x, watermark: { from: a, STRANGE: 1 } } } }"),
    ("halo_tickets", "sources: { a: { halo: { tickets: changed, STRANGE: 1 } } }"),
    ("halo_webhook", "sources: { a: { halo: { tickets: changed, webhook: { auth: none, STRANGE: 1 } } } }"),
    ("retention", "retention: { STRANGE: 1 }"),
    ("rate", "sources: { a: { webhook: { auth: none, limit: { requests: 1, per: 1m, STRANGE: 1 } } } }"),
    ("channel", "channels: { a: { webhook: env:X, STRANGE: 1 } }"),
    ("mail", "channels: { a: { mail: { smtp: x, STRANGE: 1 } } }"),
    ("calendar", "calendars: { a: { STRANGE: 1 } }"),
];

fn decode(text: &str) -> Findings {
    let mut findings = Findings::default();
    Config::decode(&SourceFile::new("haloward.yaml", text), PathBuf::new(), &mut findings);
    findings
}

#[test]
fn the_clients_schema_knows_the_fields_that_the_decoder_knows() {
    let file = SourceFile::new("clients.yaml", format!("{STRANGE}: 1"));
    let mut findings = Findings::default();
    let node = haloward_rules::read_yaml(&file).unwrap();
    crate::config::clients::decode(&file, &node, &mut Config::defaults(PathBuf::new()), &mut findings);
    let help = findings.iter().find_map(|finding| finding.help.clone()).expect("the names there are");
    let known: BTreeSet<String> = help.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let known = known.into_iter().filter(|name| name != "the clients file").collect::<BTreeSet<_>>();
    assert_eq!(properties(&super::clients_schema(), "clients_file"), known);
}

/// The names that the decoder lists when it meets a name it does not know, but for those it refuses by name because
/// they are described and not built: no editor should offer them.
fn known(text: &str) -> BTreeSet<String> {
    let findings = decode(&text.replace("STRANGE", STRANGE));
    let finding = findings
        .iter()
        .find(|finding| finding.message.contains(STRANGE))
        .unwrap_or_else(|| panic!("no section met the strange name:\n{}", findings.render()));
    let help = finding.help.as_deref().expect("the names there are");
    let list = help.split_once(" knows ").map_or(help, |(_, list)| list);
    let refused = |name: &&str| {
        let findings = decode(&text.replace("STRANGE", name));
        findings.iter().any(|finding| finding.code == "HW019" && finding.message.contains(name))
    };
    list.split('`').skip(1).step_by(2).filter(|name| !refused(name)).map(str::to_owned).collect()
}

/// The fields of a section, which may be one of several forms.
fn properties(schema: &Value, definition: &str) -> BTreeSet<String> {
    let section = &schema["definitions"][definition];
    let forms = section["anyOf"].as_array().cloned().unwrap_or_else(|| vec![section.clone()]);
    let fields = forms.iter().filter_map(|form| form["properties"].as_object());
    fields.flat_map(|fields| fields.keys().cloned()).collect()
}

#[test]
fn the_schema_knows_the_fields_that_the_decoder_knows() {
    let schema = schema();
    for (definition, text) in MEETINGS {
        assert_eq!(
            properties(&schema, definition),
            known(text),
            "the section `{definition}` in crates/runner/src/config/schema.rs"
        );
    }
}
