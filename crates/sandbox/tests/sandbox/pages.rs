//! The pages people look at.

use serde_json::json;

use crate::halo::Halo;

#[tokio::test]
async fn the_page_lists_tickets_and_requests() {
    let halo = Halo::start().await;
    assert!(halo.get("/").await.body.contains("No ticket yet."));
    let id = halo.ticket(json!({ "summary": "Disk full on SRV-01", "client_id": 3 })).await;
    let page = halo.get("/").await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    for text in [
        "Disk full on SRV-01",
        "Harbour Legal LLP",
        "/api/Tickets",
        "201",
        &format!("href=\"/tickets/{id}\""),
    ] {
        assert!(page.body.contains(text), "{text}");
    }
    assert!(!page.body.contains("http://www") && !page.body.contains("<script"));
}

#[tokio::test]
async fn a_ticket_page_shows_its_notes_and_what_touched_it() {
    let halo = Halo::start().await;
    let id = halo.ticket(json!({ "summary": "x", "details": "line one\nline two" })).await;
    halo.post("/api/Actions", json!([{ "ticket_id": id, "outcome_id": 7, "note": "seen again" }])).await;
    let page = halo.get(&format!("/tickets/{id}")).await.body;
    for text in
        ["seen again", "Internal Note", "/api/Actions", "line one&lt;br/&gt;line two", "<iframe sandbox"]
    {
        assert!(page.contains(text), "{text}");
    }
    assert_eq!(halo.get("/tickets/7").await.status, 404);
    assert_eq!(halo.get("/tickets/x").await.status, 404);
    assert_eq!(halo.get("/elsewhere").await.status, 404);
}

#[tokio::test]
async fn nothing_from_a_ticket_becomes_html_of_the_page() {
    let halo = Halo::start().await;
    let evil = "\"><script>alert(1)</script>";
    let id = halo
        .ticket(json!({
            "summary": evil, "details_html": format!("{evil}<img src=x onerror=alert(1)>"), "supplier_reference": evil,
            "customfields": [{ "name": "CFAlertKey", "value": evil }],
        }))
        .await;
    halo.post("/api/Actions", json!([{ "ticket_id": id, "outcome_id": 8, "note": evil }])).await;
    halo.get(&format!("/api/Tickets?search={evil}").replace(['"', '<', '>'], "%3C")).await;
    for path in ["/".to_owned(), format!("/tickets/{id}")] {
        let page = halo.get(&path).await;
        assert!(!page.body.contains("<script") && !page.body.contains("<img"), "{path}");
        assert!(page.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    }
}
