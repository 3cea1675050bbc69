//! Lists of tickets: form, filters, search, pages.

use std::time::Duration;

use halopsa_sandbox::SandboxConfig;
use serde_json::json;

use crate::halo::Halo;

#[tokio::test]
async fn rows_have_the_list_form() {
    let halo = Halo::start().await;
    let fields = json!({
        "summary": "x", "details": "y", "client_reference": "c", "supplier_reference": "s", "third_party_id_string": "t",
    });
    halo.ticket(fields).await;
    let body = halo.get("/api/Tickets").await.json();
    assert_eq!(body["record_count"], 1);
    let row = &body["tickets"][0];
    assert_eq!((&row["details"], &row["supplier_reference"]), (&json!("y"), &json!("s")));
    assert_eq!(row["third_party_id_string"], "t");
    assert!(row["customfields"].is_array());
    for absent in ["details_html", "client_reference", "status_name", "sendack", "datecreated"] {
        assert!(row.get(absent).is_none(), "{absent}");
    }
    let with_status = halo.get("/api/Tickets?includestatus=true").await.json();
    assert_eq!(with_status["tickets"][0]["status_name"], "New");
}

#[tokio::test]
async fn pages_are_cut_at_a_hundred_rows_and_the_count_stays_right() {
    let halo = Halo::with(SandboxConfig { past_tickets: 230, ..SandboxConfig::default() }).await;
    let mut seen = Vec::new();
    for page in 1..=4 {
        let answer = halo.get(&format!("/api/Tickets?pageinate=true&page_no={page}&page_size=1000")).await;
        assert_eq!(answer.json()["record_count"], 230);
        seen.push(answer.ids("tickets").len());
    }
    assert_eq!(seen, [100, 100, 30, 0]);
    assert_eq!(halo.get("/api/Tickets").await.ids("tickets").len(), 50);
}

#[tokio::test]
async fn filters_really_filter_and_unknown_ones_are_ignored() {
    let halo = Halo::with(SandboxConfig { past_tickets: 40, ..SandboxConfig::default() }).await;
    let id = halo
        .ticket(json!({
            "summary": "Quirk XK7 on SRV-01", "details": "only in details", "client_id": 4, "status_id": 4, "agent_id": 3,
            "tickettype_id": 21, "supplier_reference": "hw:77", "team": "Projects", "flagged": true,
        }))
        .await;
    let all = halo.get("/api/Tickets").await.ids("tickets").len();
    for (query, found) in [
        ("client_id=4&status_id=4&agent_id=3&requesttype_id=21", true),
        ("search_summary=xk7", true),
        ("search_summary=srv-01", true),
        ("search=xk7%20on", true),
        ("search=SRV-01", false),
        ("search=only%20in%20details", false),
        ("search_details=only%20in%20details", true),
        ("search_supplier_reference=hw:77", true),
        ("team_name=projects&flagged=true", true),
        ("status=[1,4]&agent=3,5&client_ids=4", true),
        ("closed_only=true", false),
        ("client_id=4&open_only=true&unlinked_only=true&flagged=true", true),
    ] {
        let ids = halo.get(&format!("/api/Tickets?{query}")).await.ids("tickets");
        assert_eq!(ids.contains(&id), found, "{query}");
        assert!(ids.len() < all, "{query} filters");
    }
    assert_eq!(halo.get("/api/Tickets?clientid=4&no_such_filter=1").await.ids("tickets").len(), all);
    assert_eq!(halo.get("/api/Tickets?client_id=four").await.status, 400);
}

#[tokio::test]
async fn changed_tickets_are_found_by_when_they_changed() {
    let halo = Halo::at_noon().await;
    let old = halo.ticket(json!({ "summary": "old" })).await;
    halo.sandbox.clock().advance(Duration::from_mins(10));
    let new = halo.ticket(json!({ "summary": "new" })).await;
    assert_eq!(halo.get("/api/Tickets?lastupdatefromdate=2026-08-01T12:05:00").await.ids("tickets"), [new]);
    assert_eq!(halo.get("/api/Tickets?lastupdatetodate=2026-08-01T12:05:00Z").await.ids("tickets"), [old]);
    halo.post("/api/Actions", json!([{ "ticket_id": old, "outcome_id": 7, "note": "again" }])).await;
    let mut changed = halo.get("/api/Tickets?lastupdatefromdate=2026-08-01T12:05:00").await.ids("tickets");
    changed.sort_unstable();
    assert_eq!(changed, [old, new]);
    let window = "startdate=2026-08-01T12:05:00&enddate=2026-08-01T13:00:00";
    assert_eq!(halo.get(&format!("/api/Tickets?{window}")).await.ids("tickets").len(), 2, "no datesearch");
    assert_eq!(
        halo.get(&format!("/api/Tickets?{window}&datesearch=dateoccured")).await.ids("tickets"),
        [new]
    );
}

#[tokio::test]
async fn an_advanced_search_for_an_unlisted_field_is_refused() {
    let halo = Halo::start().await;
    let id = halo.ticket(json!({ "summary": "x", "supplier_reference": "hw:1" })).await;
    let search = |field: &str| {
        let filter = json!([{ "filter_name": field, "filter_type": 2, "filter_value": "hw:1" }]).to_string();
        let encoded: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        format!("/api/Tickets?advanced_search={encoded}")
    };
    assert_eq!(halo.get(&search("supplier_reference")).await.ids("tickets"), [id]);
    let refused = halo.get(&search("CFAlertKey")).await;
    assert_eq!((refused.status, refused.json()), (400, json!("Invalid advanced search parameter")));
}
