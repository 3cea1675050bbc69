//! Every field we name, against HaloPSA's own description of its API.
//!
//! The description is not part of this repository. Where it is absent these tests say so and check nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::*;
use crate::api::{Record, Written};
use crate::filters;

/// What a record's declaration says about itself.
pub(crate) trait Described {
    const SCHEMA: &'static str;
    const FIELDS: &'static [&'static str];
    /// The declared fields that are not set.
    fn unread(&self) -> Vec<&'static str>;
}

/// The description, or `None` with a message.
fn contract() -> Option<Value> {
    let shared = std::env::var_os("HALOWARD_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let path = shared.join("halo/openapi.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is absent; set HALOWARD_SHARED to check against the contract", path.display());
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

fn properties<'a>(contract: &'a Value, schema: &str) -> &'a Map<String, Value> {
    static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    let described = &contract["components"]["schemas"][schema];
    assert!(described.is_object(), "no schema {schema}");
    described["properties"].as_object().unwrap_or(&NONE)
}

/// A value of the kind the contract promises; objects and lists are filled two levels deep.
fn sample(contract: &Value, property: &Value, depth: usize) -> Value {
    if let Some(schema) = property["$ref"].as_str() {
        let name = schema.rsplit('/').next().unwrap();
        return if depth == 0 { json!({}) } else { Value::Object(sample_object(contract, name, depth - 1)) };
    }
    match (property["type"].as_str().unwrap_or_default(), property["format"].as_str().unwrap_or_default()) {
        ("integer", _) => json!(7),
        ("number", _) => json!(7.5),
        ("boolean", _) => json!(true),
        ("string", "date-time") => json!("2026-08-01T06:30:00"),
        ("string", _) => json!("text"),
        ("array", _) if depth == 0 => json!([]),
        ("array", _) => json!([sample(contract, &property["items"], depth - 1)]),
        _ => json!("anything"),
    }
}

fn sample_object(contract: &Value, schema: &str, depth: usize) -> Map<String, Value> {
    let properties = properties(contract, schema);
    let field = |(name, property): (&String, &Value)| {
        let value = sample(contract, property, depth);
        // The contract calls some ids numbers with a fraction; HaloPSA sends whole ones.
        let value = if name.ends_with("_id") && value.is_f64() { json!(7) } else { value };
        (name.clone(), value)
    };
    properties.iter().map(field).collect()
}

/// Problems of a body against a schema: unknown fields and values of the wrong kind.
fn problems(contract: &Value, schema: &str, body: &Map<String, Value>, found: &mut Vec<String>) {
    let properties = properties(contract, schema);
    for (name, value) in body {
        match properties.get(name) {
            None => found.push(format!("{schema} has no `{name}`")),
            Some(property) => check(contract, property, value, &format!("{schema}.{name}"), found),
        }
    }
}

fn check(contract: &Value, property: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    if let Some(schema) = property["$ref"].as_str() {
        match value.as_object() {
            Some(object) => problems(contract, schema.rsplit('/').next().unwrap(), object, found),
            None => found.push(format!("{place} is no object: {value}")),
        }
        return;
    }
    let right = match property["type"].as_str() {
        Some("integer") => value.is_i64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        _ => true,
    };
    if !right {
        found.push(format!("{place} is of the wrong kind: {value}"));
    }
    for element in value.as_array().into_iter().flatten() {
        check(contract, &property["items"], element, place, found);
    }
}

fn check_record<R: Described + Serialize + DeserializeOwned>(contract: &Value) {
    let schema = R::SCHEMA;
    let missing: Vec<&&str> =
        R::FIELDS.iter().filter(|field| !properties(contract, schema).contains_key(**field)).collect();
    assert!(missing.is_empty(), "{schema} has none of {missing:?}");

    let sent = sample_object(contract, schema, 2);
    let record: R = serde_json::from_value(Value::Object(sent.clone())).unwrap();
    assert_eq!(record.unread(), [""; 0], "fields of {schema} are of another kind than declared");
    let written = serde_json::to_value(&record).unwrap();
    assert_eq!(written, Value::Object(sent), "{schema} does not survive a round trip");
    let mut found = Vec::new();
    problems(contract, schema, written.as_object().unwrap(), &mut found);
    assert_eq!(found, [""; 0]);
}

macro_rules! check_records {
    ($contract:expr, $($record:ty),* $(,)?) => { $( check_record::<$record>($contract); )* };
}

#[test]
fn every_record_is_as_the_contract_says_and_survives_a_round_trip() {
    let Some(contract) = contract() else { return };
    check_records!(
        &contract,
        Ticket,
        TicketDraft,
        RuleMatch,
        ExternalLink,
        Action,
        ActionDraft,
        Attachment,
        ClientRecord,
        SiteRecord,
        User,
        Asset,
        TicketType,
        TicketStatus,
        TicketPriority,
        Sla,
        Team,
        Agent,
        Category,
        ActionOutcome,
        Field,
        Choice,
        CustomField,
        Item,
        RecurringInvoice,
        Invoice,
        InvoiceLine,
        SoftwareLicence,
        Contract,
        Webhook,
        WebhookEvent,
        AzureTenant,
        AzureConnection,
    );
}

/// The schema of what a path takes, with its array taken off.
fn body_schema(contract: &Value, path: &str) -> String {
    let body = &contract["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body["type"], "array", "POST {path}");
    body["items"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

fn check_written<R: Written>(contract: &Value, checked: &mut usize)
where
    R::Draft: Described,
{
    let operations = contract["paths"][R::PATH].as_object().unwrap_or_else(|| panic!("no path {}", R::PATH));
    assert!(operations.contains_key("get"), "GET {}", R::PATH);
    assert_eq!(body_schema(contract, R::PATH), <R::Draft as Described>::SCHEMA);
    *checked += 1;
}

macro_rules! check_all_written {
    ($contract:expr, $($record:ty),* $(,)?) => {{
        let mut checked = 0;
        $( check_written::<$record>($contract, &mut checked); )*
        checked
    }};
}

#[test]
fn what_is_posted_is_an_array_of_what_the_path_takes() {
    let Some(contract) = contract() else { return };
    let checked = check_all_written!(
        &contract,
        Ticket,
        Action,
        Attachment,
        ClientRecord,
        SiteRecord,
        User,
        Asset,
        TicketType,
        TicketStatus,
        Sla,
        Team,
        Agent,
        Category,
        ActionOutcome,
        Field,
        Item,
        RecurringInvoice,
        SoftwareLicence,
        Contract,
        Webhook,
        AzureConnection,
    );
    assert_eq!(checked, 21);
    for path in ["/RecurringInvoice/Lines", "/RecurringInvoice/updatelines"] {
        assert_eq!(body_schema(&contract, path), InvoiceLine::SCHEMA);
    }
    for path in ["/Priority", "/Invoice", "/WebhookEvent", "/AreaAzureTenant", "/Agent/me", "/AuthInfo"] {
        assert!(contract["paths"][path]["get"].is_object(), "GET {path}");
    }
}

#[test]
fn every_filter_offers_what_the_contract_documents() {
    let Some(contract) = contract() else { return };
    let described = [
        filters::TicketFilter::DESCRIBED,
        filters::ActionFilter::DESCRIBED,
        filters::AttachmentFilter::DESCRIBED,
        filters::ClientFilter::DESCRIBED,
        filters::SiteFilter::DESCRIBED,
        filters::UserFilter::DESCRIBED,
        filters::AssetFilter::DESCRIBED,
        filters::AzureTenantFilter::DESCRIBED,
        filters::TicketTypeFilter::DESCRIBED,
        filters::StatusFilter::DESCRIBED,
        filters::PriorityFilter::DESCRIBED,
        filters::SlaFilter::DESCRIBED,
        filters::TeamFilter::DESCRIBED,
        filters::AgentFilter::DESCRIBED,
        filters::CategoryFilter::DESCRIBED,
        filters::OutcomeFilter::DESCRIBED,
        filters::FieldFilter::DESCRIBED,
        filters::ItemFilter::DESCRIBED,
        filters::InvoiceFilter::DESCRIBED,
        ("/RecurringInvoice", filters::InvoiceFilter::DESCRIBED.1),
        filters::SoftwareLicenceFilter::DESCRIBED,
        filters::ContractFilter::DESCRIBED,
        filters::WebhookEventFilter::DESCRIBED,
    ];
    let mut unknown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, offered) in described {
        let documented = contract["paths"][path]["get"]["parameters"].as_array().unwrap();
        let names: Vec<&str> = documented.iter().filter_map(|parameter| parameter["name"].as_str()).collect();
        unknown.entry(path).or_default().extend(offered.iter().filter(|name| !names.contains(name)));
    }
    unknown.retain(|_, names| !names.is_empty());
    assert!(unknown.is_empty(), "not documented: {unknown:?}");
    assert_eq!(filters::NoFilter::DESCRIBED.1.len(), 0);
}

#[test]
fn a_value_of_an_unusual_kind_is_kept_and_goes_back_as_it_came() {
    let sent =
        json!({"id": "12", "summary": null, "impact": {"odd": true}, "dateclosed": "", "unheard_of": [1, 2]});
    let ticket: Ticket = serde_json::from_value(sent).unwrap();
    assert_eq!((ticket.id, ticket.impact, ticket.dateclosed), (Some(crate::TicketId(12)), None, None));
    let back =
        json!({"id": 12, "summary": null, "impact": {"odd": true}, "dateclosed": "", "unheard_of": [1, 2]});
    assert_eq!(serde_json::to_value(&ticket).unwrap(), back);
}

#[test]
fn a_field_set_by_hand_takes_the_place_of_what_was_kept() {
    let mut ticket: Ticket = serde_json::from_value(json!({"summary": null})).unwrap();
    ticket.summary = Some("disk full".to_owned());
    assert_eq!(serde_json::to_value(&ticket).unwrap(), json!({"summary": "disk full"}));
    assert_eq!(Ticket::PLURAL, "tickets");
}
