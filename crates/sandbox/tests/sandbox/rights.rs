//! Scopes and agent rights, resource by resource, and what an agent that sees one client can reach.

use halopsa_sandbox::{Access, AgentRights, SandboxConfig};
use serde_json::json;

use crate::halo::Halo;

/// A path, the scopes that open it for reading and for writing, and the right of the agent it needs.
struct Row {
    path: &'static str,
    read: &'static str,
    edit: &'static str,
    right: fn(&mut AgentRights, Access),
}

fn row(
    path: &'static str,
    read: &'static str,
    edit: &'static str,
    right: fn(&mut AgentRights, Access),
) -> Row {
    Row { path, read, edit, right }
}

/// Every path. An empty scope: any token opens it.
fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for path in ["Tickets", "Actions", "Attachment"] {
        rows.push(row(path, "read:tickets", "edit:tickets", |agent, to| agent.tickets = to));
    }
    for path in ["Client", "Site"] {
        rows.push(row(path, "read:customers", "edit:customers", |agent, to| agent.customers = to));
    }
    rows.push(row("Users", "read:customers", "edit:customers", |agent, to| agent.users = to));
    rows.push(row("Asset", "read:assets", "edit:assets", |agent, to| agent.assets = to));
    rows.push(row("Item", "read:items", "edit:items", |agent, to| agent.items = to));
    for path in ["Invoice", "RecurringInvoice"] {
        rows.push(row(path, "read:invoices", "edit:invoices", |agent, to| agent.invoices = to));
    }
    rows.push(row("SoftwareLicence", "read:softwarelicensing", "edit:softwarelicensing", |agent, to| {
        agent.software_licences = to;
    }));
    rows.push(row("ClientContract", "read:contracts", "edit:contracts", |agent, to| agent.contracts = to));
    for path in ["TicketType", "Status", "Priority", "SLA", "Agent", "Category", "Outcome", "FieldInfo"] {
        rows.push(row(path, "", "admin", |agent, to| agent.configuration = to));
    }
    rows.push(row("Team", "read:teams", "admin", |agent, to| agent.configuration = to));
    for path in ["Webhook", "WebhookEvent"] {
        rows.push(row(path, "admin:webhooks", "admin:webhooks", |agent, to| agent.configuration = to));
    }
    rows.push(row("AzureADConnection", "admin:azure", "admin:azure", |agent, to| agent.configuration = to));
    rows
}

/// A scope that opens none of the others' paths but the open ones.
const ELSEWHERE: &str = "read:elsewhere";

#[tokio::test]
async fn each_resource_opens_with_its_own_scope_and_no_other() {
    let mut halo = Halo::start().await;
    for Row { path, read, edit, .. } in rows() {
        let url = format!("/api/{path}");
        halo.token = halo.new_token(ELSEWHERE).await.unwrap();
        let without = halo.get(&url).await;
        assert_eq!(without.status, if read.is_empty() { 200 } else { 403 }, "{path} without a scope");
        assert!(read.is_empty() || without.body.is_empty(), "{path}: a missing scope says nothing");
        if !read.is_empty() {
            halo.token = halo.new_token(read).await.unwrap();
            assert_eq!(halo.get(&url).await.status, 200, "{path} with {read}");
        }
        if read != edit {
            assert_eq!(halo.post(&url, json!([])).await.status, 403, "{path} is not written with `{read}`");
            assert_eq!(
                halo.delete(&format!("{url}/1")).await.status,
                403,
                "{path} is not deleted with `{read}`"
            );
        }
        halo.token = halo.new_token(edit).await.unwrap();
        assert_eq!(halo.post(&url, json!([])).await.status, 200, "{path} is written with {edit}");
        if read.starts_with("read:") && edit.starts_with("edit:") {
            assert_eq!(halo.get(&url).await.status, 200, "{edit} opens {path} for reading too");
        }
        for wide in ["all", if edit.starts_with("admin") { "admin" } else { "all:standard" }] {
            halo.token = halo.new_token(wide).await.unwrap();
            assert_eq!(halo.post(&url, json!([])).await.status, 200, "{path} with {wide}");
        }
    }
}

#[tokio::test]
async fn each_resource_needs_its_own_right_of_the_agent_as_far_as_the_request_goes() {
    let halo = Halo::start().await;
    for Row { path, right, .. } in rows() {
        let url = format!("/api/{path}");
        for (access, reads, writes) in [
            (Access::None, 403, 403),
            (Access::Read, 200, 403),
            (Access::Modify, 200, 200),
            (Access::Delete, 200, 200),
        ] {
            halo.sandbox.configure(|config| {
                config.agent = AgentRights::default();
                right(&mut config.agent, access);
            });
            assert_eq!(halo.get(&url).await.status, reads, "{path} read with {access:?}");
            let written = halo.post(&url, json!([])).await;
            assert_eq!(written.status, writes, "{path} written with {access:?}");
            if writes == 403 {
                assert_eq!(written.json(), json!("You do not have permission to access this resource"));
            }
            if path != "WebhookEvent" && access != Access::Delete {
                // The right is looked at before the record.
                let deleted = halo.delete(&format!("{url}/999999?ticket_id=1")).await.status;
                assert_eq!(deleted, 403, "{path} deleted with {access:?}");
            }
        }
    }
}

#[tokio::test]
async fn azure_tenants_are_read_with_the_customers_and_written_through_their_connection() {
    let mut halo = Halo::start().await;
    let tenants = halo.get("/api/AreaAzureTenant").await.json().as_array().unwrap().len();
    let mapping = json!({ "client_id": 1, "azure_tenant_id": "6f1e", "azure_tenant_name": "Nobody" });
    for path in ["AreaAzureTenant", "AzureADMapping"] {
        assert_eq!(halo.post(&format!("/api/{path}"), json!([mapping])).await.status, 405, "{path}");
        assert_eq!(halo.get(&format!("/api/{path}/2")).await.status, 404, "{path}");
    }
    let saved = halo.post("/api/AzureADConnection", json!([{ "id": 1, "mappings_client": [mapping] }])).await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    let now = halo.get("/api/AreaAzureTenant?client_id=1").await.json();
    assert_eq!(
        (&now[0]["azure_tenant_id"], &now[0]["client_name"]),
        (&json!("6f1e"), &json!("Unmatched Alerts"))
    );
    assert_eq!(halo.get("/api/AreaAzureTenant").await.json().as_array().unwrap().len(), tenants + 1);
    halo.token = halo.new_token("read:customers").await.unwrap();
    assert_eq!(halo.get("/api/AreaAzureTenant").await.status, 200);
    assert_eq!(halo.get("/api/AzureADMapping").await.status, 403);
}

#[tokio::test]
async fn an_agent_that_sees_one_client_reaches_nothing_of_another() {
    let halo = Halo::with(SandboxConfig { past_tickets: 120, ..SandboxConfig::default() }).await;
    let mine = halo.ticket(json!({ "summary": "mine", "client_id": 2 })).await;
    let foreign = halo.ticket(json!({ "summary": "foreign", "client_id": 3 })).await;
    let site = halo.get("/api/Site?client_id=3").await.ids("sites")[0];
    let lists = [
        ("Client", "clients", "id"),
        ("Site", "sites", "client_id"),
        ("Users", "users", "client_id"),
        ("Asset", "assets", "client_id"),
        ("Tickets", "tickets", "client_id"),
        ("Invoice", "invoices", "client_id"),
        ("RecurringInvoice", "invoices", "client_id"),
        ("SoftwareLicence", "licences", "client_id"),
        ("ClientContract", "contracts", "client_id"),
    ];
    let foreign_ids = async |path: &str, key: &str| {
        let filter = if path == "Client" { "search=harbour" } else { "client_id=3" };
        halo.get(&format!("/api/{path}?{filter}")).await.ids(key)
    };
    let mut hidden = Vec::new();
    for (path, key, _) in lists {
        hidden.push((path, foreign_ids(path, key).await[0]));
    }
    halo.sandbox.configure(|config| config.agent.visible_clients = Some(vec![2]));
    for (path, key, client) in lists {
        let list = halo.get(&format!("/api/{path}?count=100")).await.json();
        let rows = list[key].as_array().unwrap();
        assert!(!rows.is_empty() && rows.iter().all(|row| row[client].as_f64() == Some(2.0)), "{path}");
        assert_eq!(list["record_count"], rows.len(), "{path} counts what is seen");
        assert!(foreign_ids(path, key).await.is_empty(), "{path}");
    }
    for (path, id) in hidden {
        assert_eq!(halo.get(&format!("/api/{path}/{id}")).await.status, 404, "{path} is not there");
        assert_eq!(halo.delete(&format!("/api/{path}/{id}")).await.status, 404, "{path} is not deleted");
        let written =
            halo.post(&format!("/api/{path}"), json!([{ "id": id, "name": "x", "summary": "x" }])).await;
        assert_eq!(written.status, 400, "{path}: {}", written.body);
    }
    let refused = json!("You do not have permission to access this resource");
    let created = halo.post("/api/Tickets", json!([{ "summary": "x", "client_id": 3 }])).await;
    assert_eq!((created.status, created.json()), (403, refused.clone()));
    let moved = halo.post("/api/Tickets", json!([{ "id": mine, "client_id": 3 }])).await;
    assert_eq!((moved.status, moved.json()), (403, refused.clone()));
    let asset = halo.post("/api/Asset", json!([{ "inventory_number": "x", "site_id": site }])).await;
    assert_eq!((asset.status, asset.json()), (403, refused));
    let note = json!([{ "ticket_id": foreign, "outcome_id": 7, "note": "x" }]);
    assert_eq!(halo.post("/api/Actions", note).await.status, 400);
    assert!(halo.get(&format!("/api/Actions?ticket_id={foreign}")).await.ids("actions").is_empty());
    assert_eq!(halo.sandbox.ticket(mine).unwrap().client, "Northwind Dental");
    assert_eq!(halo.sandbox.tickets().len(), 122);
}

#[tokio::test]
async fn an_agent_that_sees_one_team_sees_its_tickets_only() {
    let halo = Halo::start().await;
    let noc = halo.ticket(json!({ "summary": "x", "team": "NOC" })).await;
    let desk = halo.ticket(json!({ "summary": "x", "team": "Service Desk" })).await;
    halo.sandbox.configure(|config| config.agent.visible_teams = Some(vec!["noc".to_owned()]));
    assert_eq!(halo.get("/api/Tickets").await.ids("tickets"), [noc]);
    assert_eq!(halo.get(&format!("/api/Tickets/{desk}")).await.status, 404);
}
