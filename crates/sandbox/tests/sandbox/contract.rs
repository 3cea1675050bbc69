//! Everything the sandbox answers has a name in HaloPSA's own description of its API.

use std::{collections::BTreeSet, path::PathBuf};

use halopsa_sandbox::SandboxConfig;
use serde_json::{Value, json};

use crate::halo::Halo;

/// HaloPSA's API description, if it is on this machine; it is not part of the repository.
fn description() -> Option<Value> {
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

fn unknown(description: &Value, schema: &str, row: &Value) -> Vec<String> {
    let known = &description["components"]["schemas"][schema]["properties"];
    assert!(known.is_object(), "{schema}");
    let names: BTreeSet<&String> = row.as_object().unwrap().keys().collect();
    names.into_iter().filter(|name| known.get(*name).is_none()).cloned().collect()
}

fn is_single(known: &str, path: &str) -> bool {
    known.eq_ignore_ascii_case(&format!("/{path}/{{id}}"))
}

#[tokio::test]
async fn every_method_answered_is_in_the_contract_and_no_other() {
    let Some(description) = description() else { return };
    let halo = Halo::start().await;
    let paths = description["paths"].as_object().unwrap();
    for path in [
        "Tickets",
        "Actions",
        "Attachment",
        "Client",
        "Site",
        "Users",
        "Asset",
        "TicketType",
        "Status",
        "Priority",
        "SLA",
        "Team",
        "Agent",
        "Category",
        "Outcome",
        "FieldInfo",
        "Item",
        "Invoice",
        "RecurringInvoice",
        "SoftwareLicence",
        "ClientContract",
        "Webhook",
        "AzureADConnection",
        "AzureADMapping",
        "AreaAzureTenant",
    ] {
        let allows = |wanted: &str, method: &str| {
            paths
                .iter()
                .any(|(known, methods)| known.eq_ignore_ascii_case(wanted) && methods.get(method).is_some())
        };
        let writes = halo.post(&format!("/api/{path}"), json!([])).await.status;
        assert_eq!(writes != 405, allows(&format!("/{path}"), "post"), "POST /{path}: {writes}");
        let deletes = halo.delete(&format!("/api/{path}/999999?ticket_id=999999")).await.status;
        let known = allows(&format!("/{path}/{{id}}"), "delete");
        assert_eq!(deletes, 404, "DELETE /{path}, known: {known}");
        assert_eq!(
            halo.call("PATCH", &format!("/api/{path}"), String::new()).await.unwrap().status,
            405,
            "{path}"
        );
    }
}

#[tokio::test]
async fn every_property_answered_is_in_the_contract() {
    let Some(description) = description() else { return };
    let halo = Halo::with(SandboxConfig { past_tickets: 2, ..SandboxConfig::default() }).await;
    let id = halo.ticket(json!({ "summary": "x", "details": "y", "client_id": 2 })).await;
    halo.post("/api/Actions", json!([{ "ticket_id": id, "outcome_id": 7, "note": "n" }])).await;
    halo.post("/api/Attachment", json!([{ "ticket_id": id, "filename": "a", "data_base64": "" }])).await;
    halo.post("/api/Webhook", json!([{ "name": "w", "url": "http://127.0.0.1:9/" }])).await;
    for (path, key, list_schema, schema) in [
        ("Tickets", "tickets", "Faults_List", "Faults"),
        ("Client", "clients", "Area", "Area"),
        ("Site", "sites", "Site_List", "Site"),
        ("Users", "users", "Users_List", "Users"),
        ("Asset", "assets", "Device_List", "Device"),
        ("TicketType", "", "RequestType_List", "RequestType"),
        ("Status", "", "TStatus", "TStatus"),
        ("Priority", "", "Policy", "Policy"),
        ("SLA", "", "SlaHead", "SlaHead"),
        ("Team", "", "SectionDetail_List", "SectionDetail"),
        ("Agent", "", "Uname_List", "Uname"),
        ("Category", "", "CategoryDetail", "CategoryDetail"),
        ("Outcome", "", "TOutcome", "TOutcome"),
        ("FieldInfo", "", "FieldInfo", "FieldInfo"),
        ("Item", "items", "Item", "Item"),
        ("Invoice", "invoices", "InvoiceHeader", "InvoiceHeader"),
        ("RecurringInvoice", "invoices", "InvoiceHeader", "InvoiceHeader"),
        ("SoftwareLicence", "licences", "Licence_List", "Licence_List"),
        ("ClientContract", "contracts", "ContractHeader_List", "ContractHeader"),
        ("Webhook", "", "Webhook", "Webhook"),
        ("AzureADConnection", "", "AzureADConnection", "AzureADConnection"),
        ("AzureADMapping", "", "AzureADMapping", "AzureADMapping"),
        ("AreaAzureTenant", "", "AreaAzureTenant", "AreaAzureTenant"),
        ("Attachment", "attachments", "Attachment_List", "Attachment"),
    ] {
        let body = halo.get(&format!("/api/{path}")).await.json();
        let rows = if key.is_empty() { &body } else { &body[key] };
        let row = &rows[0];
        assert!(row.is_object(), "{path} is empty: {body}");
        assert_eq!(unknown(&description, list_schema, row), Vec::<String>::new(), "GET /{path}");
        if description["paths"].as_object().unwrap().keys().all(|known| !is_single(known, path)) {
            assert_eq!(halo.get(&format!("/api/{path}/1")).await.status, 404, "{path} has a list only");
            continue;
        }
        let id = row["id"].as_str().map_or_else(|| row["id"].to_string(), str::to_owned);
        let one = halo.get(&format!("/api/{path}/{id}?includedetails=true")).await.json();
        assert_eq!(unknown(&description, schema, &one), Vec::<String>::new(), "GET /{path}/{id}");
    }
    let actions = halo.get(&format!("/api/Actions?ticket_id={id}")).await.json();
    assert_eq!(unknown(&description, "Actions", &actions["actions"][0]), Vec::<String>::new());
    let ticket = halo.get(&format!("/api/Tickets/{id}")).await.json();
    assert_eq!(unknown(&description, "CustomField", &ticket["customfields"][0]), Vec::<String>::new());
    let invoice = halo.get("/api/RecurringInvoice/2").await.json();
    assert_eq!(unknown(&description, "InvoiceDetail", &invoice["lines"][0]), Vec::<String>::new());
}
