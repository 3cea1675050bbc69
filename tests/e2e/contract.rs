//! Every request body the product makes is one that HaloPSA's OpenAPI document describes.

use std::path::PathBuf;

use halopsa_sandbox::{Sandbox, SandboxConfig};
use haloward_tests::{Install, PATIENCE, Process, alert, alertmanager, post, root};
use serde_json::Value;

fn contract() -> Option<Value> {
    let shared = std::env::var_os("HALOWARD_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let text = std::fs::read_to_string(shared.join("halo/openapi.json")).ok()?;
    Some(serde_json::from_str(&text).expect("the contract is JSON"))
}

/// Whether `value` fits `schema` of the document; names every misfit. Unknown properties are misfits: HaloPSA would
/// ignore them silently.
fn misfits(document: &Value, schema: &Value, value: &Value, at: &str, out: &mut Vec<String>) {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null),
        None => schema,
    };
    let fits = match schema["type"].as_str() {
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some("string") => value.is_string() || value.is_null(),
        Some("integer") => value.is_i64() || value.is_u64() || value.is_null(),
        Some("number") => value.is_number() || value.is_null(),
        Some("boolean") => value.is_boolean() || value.is_null(),
        _ => true,
    };
    if !fits {
        out.push(format!("{at}: {value} is no {}", schema["type"]));
        return;
    }
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                misfits(document, &schema["items"], item, &format!("{at}[{i}]"), out);
            }
        }
        Value::Object(map) => {
            for (name, item) in map {
                match schema["properties"].get(name) {
                    Some(inner) => misfits(document, inner, item, &format!("{at}.{name}"), out),
                    None => out.push(format!("{at}.{name}: there is no such property")),
                }
            }
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_body_is_one_that_halopsa_describes() {
    let Some(document) = contract() else {
        println!("skipped: HaloPSA's OpenAPI document is not there");
        return;
    };
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::with_rules(
        &sandbox.url(),
        "rules:\n  - id: all\n    then:\n      - open_ticket: { category: [Server, Disk], tags: [alert], custom_fields: { CFAlertKey: k }, impact: 2, urgency: 2, status: New, again: note }\n      - add_note: { text: 'a **note**' }\n      - update_ticket: { priority: High }\n",
    );
    let haloward = Process::start(&install).await;
    for status in ["firing", "firing", "resolved"] {
        let payload = alertmanager(&[alert(status, "e1", "DiskFull", "C:")]);
        assert_eq!(post(&haloward.url, "prom", &payload).await.expect("answers").status, 202);
    }
    sandbox.wait_for(|s| s.tickets.iter().any(|t| t.status == "Resolved"), PATIENCE).await.expect("resolved");
    haloward.stop().await;
    let mut checked = 0;
    for request in sandbox.requests().iter().filter(|r| r.method == "POST" && r.path.starts_with("/api/")) {
        let path = request.path.trim_start_matches("/api");
        let content = &document["paths"][path]["post"]["requestBody"]["content"];
        let schema = content.as_object().and_then(|c| c.values().next()).map(|c| &c["schema"]);
        let schema = schema.unwrap_or_else(|| panic!("the contract has no POST {path}"));
        let body = request.json().unwrap_or_else(|| panic!("POST {path} without JSON"));
        let mut found = Vec::new();
        misfits(&document, schema, &body, "body", &mut found);
        assert!(found.is_empty(), "POST {path}: {found:#?}\n{body:#}");
        checked += 1;
    }
    assert!(checked >= 3, "only {checked} bodies were made");
    sandbox.stop().await;
}
