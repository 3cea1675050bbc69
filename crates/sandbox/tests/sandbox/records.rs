//! Picklists, clients and everything else that is only stored.

use serde_json::json;

use crate::halo::Halo;

#[tokio::test]
async fn picklists_come_bare_and_the_rest_wrapped() {
    let halo = Halo::start().await;
    for path in [
        "TicketType",
        "Status",
        "Priority",
        "SLA",
        "Team",
        "Agent",
        "Category",
        "Outcome",
        "FieldInfo",
        "Webhook",
    ] {
        let answer = halo.get(&format!("/api/{path}")).await;
        assert!(answer.json().is_array(), "{path}");
    }
    for (path, key) in [
        ("Client", "clients"),
        ("Site", "sites"),
        ("Users", "users"),
        ("Asset", "assets"),
        ("Item", "items"),
        ("Invoice", "invoices"),
        ("RecurringInvoice", "invoices"),
        ("SoftwareLicence", "licences"),
        ("ClientContract", "contracts"),
    ] {
        let answer = halo.get(&format!("/api/{path}?count=3")).await;
        assert_eq!(answer.ids(key).len(), 3, "{path}");
        assert!(answer.json()["record_count"].as_i64().unwrap() > 3, "{path}");
    }
    assert_eq!(halo.get("/api/NoSuchThing").await.status, 404);
}

#[tokio::test]
async fn paths_are_taken_in_any_case() {
    let halo = Halo::start().await;
    assert_eq!(halo.get("/api/tickettype").await.body, halo.get("/api/TicketType").await.body);
}

#[tokio::test]
async fn priorities_belong_to_their_sla() {
    let halo = Halo::start().await;
    let standard = halo.get("/api/Priority?slaid=1").await.json();
    let names: Vec<_> =
        standard.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Critical", "High", "Medium", "Low"]);
    assert_eq!(standard[0]["priorityid"], 1);
    assert!(standard[0]["id"].is_string(), "the id is a GUID");
    assert_eq!(halo.get("/api/Priority?slaid=2").await.json()[0]["priorityid"], 5);
    assert_eq!(halo.get("/api/SLA/1").await.json()["priorities"].as_array().unwrap().len(), 4);
    assert!(halo.get("/api/SLA").await.json()[0].get("priorities").is_none());
}

#[tokio::test]
async fn inactive_and_hidden_rows_want_asking_for() {
    let halo = Halo::start().await;
    for (path, key, flag) in
        [("Client", "record_count", "includeinactive"), ("Asset", "record_count", "includeinactive")]
    {
        let usual = halo.get(&format!("/api/{path}")).await.json()[key].as_i64();
        let all = halo.get(&format!("/api/{path}?{flag}=true")).await.json()[key].as_i64();
        assert!(all > usual, "{path}");
    }
    for (path, flag) in [
        ("TicketType", "showall"),
        ("Team", "includedisabled"),
        ("Agent", "includedisabled"),
        ("Agent", "includeapiagents"),
        ("Agent", "includeunassigned"),
        ("Outcome", "showhidden"),
    ] {
        let usual = halo.get(&format!("/api/{path}")).await.ids("").len();
        assert_eq!(
            halo.get(&format!("/api/{path}?{flag}=true")).await.ids("").len(),
            usual + 1,
            "{path} {flag}"
        );
    }
}

#[tokio::test]
async fn the_agent_behind_the_application_is_api_only() {
    let halo = Halo::start().await;
    let me = halo.get("/api/Agent/me").await.json();
    assert_eq!((&me["name"], &me["isapiagent"]), (&json!("Haloward API"), &json!(true)));
}

#[tokio::test]
async fn some_ids_are_written_with_a_fraction() {
    let halo = Halo::start().await;
    let user = halo.get("/api/Users?client_id=2").await.json()["users"][0].clone();
    assert!(user["site_id"].is_f64(), "{user}");
    assert!(user["site_id_int"].is_i64(), "{user}");
}

#[tokio::test]
async fn a_record_is_created_changed_and_deleted() {
    let halo = Halo::start().await;
    let refused = halo.post("/api/Client", json!([{ "colour": "#fff" }])).await;
    assert_eq!((refused.status, refused.json()), (400, json!("A Client Name must be entered")));
    let client =
        halo.post("/api/Client", json!([{ "name": "Newcomer", "website": "https://new.example" }])).await;
    assert_eq!((client.status, client.json()["id"].as_i64()), (201, Some(61)));
    let site = halo.post("/api/Site", json!([{ "name": "Main", "client_id": 61 }])).await.json();
    let user = json!([{ "name": "Ann", "site_id": site["id"] }]);
    let user = halo.post("/api/Users", user).await.json();
    assert_eq!((&user["client_name"], &user["site_name"]), (&json!("Newcomer"), &json!("Main")));
    let changed = halo.post("/api/Client", json!([{ "id": 61, "inactive": true }])).await;
    assert_eq!((changed.status, changed.json()["name"].as_str()), (200, Some("Newcomer")));
    assert_eq!(halo.post("/api/Client", json!([{ "id": 999, "name": "x" }])).await.status, 400);
    assert_eq!(halo.post("/api/Site", json!([{ "name": "x", "client_id": 999 }])).await.status, 400);
    assert_eq!(halo.delete("/api/Client/61").await.status, 200);
    assert_eq!(halo.get("/api/Client/61").await.status, 404);
}

#[tokio::test]
async fn clients_are_found_with_their_domains_and_azure_tenants() {
    let halo = Halo::start().await;
    assert_eq!(halo.get("/api/Client?search=bluebird").await.ids("clients"), [4]);
    assert_eq!(halo.get("/api/Client/4").await.json()["domain"], "bluebirdlogistics.example");
    let tenants = halo.get("/api/AreaAzureTenant?client_id=4").await.json();
    let tenant = tenants[0]["azure_tenant_id"].as_str().unwrap();
    let found = halo.get(&format!("/api/AreaAzureTenant?azure_tenant_id={tenant}")).await.json();
    assert_eq!(found[0]["client_name"], "Bluebird Logistics Ltd");
    let connection = halo.get("/api/AzureADConnection/1?includetenants=true").await.json();
    assert!(connection["mappings_client"].as_array().unwrap().len() > 5);
}

#[tokio::test]
async fn lines_are_added_to_a_recurring_invoice_and_changed() {
    let halo = Halo::start().await;
    let before = halo.get("/api/RecurringInvoice/2").await.json()["lines"].as_array().unwrap().len();
    let line =
        json!([{ "ihid": 2, "item_shortdescription": "Extra seat", "qty_order": 3, "unit_price": 2.5 }]);
    let saved = halo.post("/api/RecurringInvoice/Lines", line).await;
    assert_eq!(saved.status, 201, "{}", saved.body);
    let change = json!([{ "ihid": 2, "id": saved.json()["id"], "qty_order": 4 }]);
    assert_eq!(halo.post("/api/RecurringInvoice/Lines", change).await.status, 201);
    let lines = halo.get("/api/RecurringInvoice/2").await.json()["lines"].clone();
    assert_eq!(lines.as_array().unwrap().len(), before + 1);
    assert_eq!(lines[before]["qty_order"].as_f64(), Some(4.0));
    assert_eq!(lines[before]["unit_price"], 2.5);
}
