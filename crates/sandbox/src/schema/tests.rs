//! The field lists against HaloPSA's own description of its API, where that is at hand.

use std::path::PathBuf;

use serde_json::Value;

use super::*;

const ALL: &[&Schema] = &[
    &TICKET,
    &ACTION,
    &CLIENT,
    &SITE,
    &USER,
    &ASSET,
    &TICKET_TYPE,
    &STATUS,
    &PRIORITY,
    &SLA,
    &TEAM,
    &AGENT,
    &CATEGORY,
    &OUTCOME,
    &FIELD,
    &ITEM,
    &INVOICE,
    &INVOICE_LINE,
    &LICENCE,
    &CONTRACT,
    &ATTACHMENT,
    &WEBHOOK,
    &WEBHOOK_EVENT,
    &AZURE_CONNECTION,
    &AZURE_MAPPING,
    &AZURE_TENANT,
];

/// HaloPSA's API description, if it is on this machine; it is not part of the repository.
pub(crate) fn description() -> Option<Value> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("HALOWARD_SHARED").map_or(beside, PathBuf::from);
    let path = shared.join("halo/openapi.json");
    match std::fs::read(&path) {
        Ok(text) => Some(serde_json::from_slice(&text).unwrap()),
        Err(error) => {
            eprintln!("skipped: no API description at {}: {error}", path.display());
            None
        }
    }
}

#[test]
fn every_field_is_in_the_contract_with_its_type() {
    let Some(description) = description() else { return };
    for schema in ALL {
        let properties = &description["components"]["schemas"][schema.contract]["properties"];
        for (kind, names) in schema.by_type() {
            for name in names {
                let property = &properties[*name];
                let is_date = property["format"] == "date-time";
                let expected = match property["type"].as_str() {
                    Some("integer") => FieldType::Int,
                    Some("number") => FieldType::Number,
                    Some("boolean") => FieldType::Flag,
                    Some("array") => FieldType::List,
                    Some("string") if is_date => FieldType::Date,
                    Some("string") => FieldType::Text,
                    other => panic!("{}.{name} is {other:?} in the contract", schema.contract),
                };
                assert_eq!(kind, expected, "{}.{name}", schema.contract);
            }
        }
    }
}

#[test]
fn computed_fields_are_fields() {
    for schema in ALL {
        for name in schema.computed {
            assert!(schema.field(name).is_some(), "{}.{name}", schema.contract);
        }
    }
}
