//! The pages people look at.

use halopsa_sandbox::SandboxConfig;
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

#[tokio::test]
async fn thousands_of_tickets_come_page_by_page_and_can_be_searched() {
    let halo = Halo::with(SandboxConfig { past_tickets: 250, ..SandboxConfig::default() }).await;
    halo.ticket(json!({ "summary": "Needle <in> a haystack", "client_id": 3 })).await;
    let first = halo.get("/").await.body;
    assert!(
        first.contains("1 to 100 of 251, newest first") && first.contains("href=\"/?page=2\""),
        "{first}"
    );
    assert!(first.contains("http-equiv=\"refresh\"") && first.contains("Needle &lt;in&gt; a haystack"));
    let third = halo.get("/?page=3").await.body;
    assert!(third.contains("201 to 251 of 251") && third.contains("href=\"/?page=2\""), "{third}");
    assert!(!third.contains("page=4") && !third.contains("http-equiv=\"refresh\""));
    assert!(halo.get("/?page=99999999999999999999").await.body.contains("1 to 100 of 251"));
    for (query, found) in
        [("q=needle", true), ("q=harbour", true), ("q=needle&open=true", true), ("q=\"<x>", false)]
    {
        let query = query.replace('"', "%22").replace('<', "%3C").replace('>', "%3E");
        let page = halo.get(&format!("/?{query}")).await.body;
        assert_eq!(page.contains("Needle &lt;in&gt;"), found, "{query}");
        assert_eq!(page.contains("No ticket fits."), !found, "{query}");
        assert!(!page.contains("<x>"), "{query}");
    }
}

#[tokio::test]
async fn the_requests_page_has_every_request_with_its_body() {
    let halo = Halo::start().await;
    assert!(halo.get("/requests").await.body.contains("/auth/token"));
    halo.post("/api/Tickets", json!([{ "summary": "</pre><script>alert(1)</script>" }])).await;
    halo.post("/api/Tickets", json!([{ "summary": "" }])).await;
    let all = halo.get("/requests").await.body;
    assert!(all.contains("all 3, newest first") && all.contains("&lt;/pre&gt;"), "{all}");
    assert!(!all.contains("<script") && !all.contains("sandbox-secret"), "{all}");
    let failed = halo.get("/requests?failed=true&q=tickets").await.body;
    assert!(failed.contains("all 1, newest first") && failed.contains("400"), "{failed}");
    assert!(halo.get("/requests?q=nothing").await.body.contains("No request fits."));
}

#[tokio::test]
async fn an_empty_sandbox_says_how_to_connect() {
    let halo = Halo::start().await;
    let page = halo.get("/").await.body;
    assert!(page.contains(&halo.sandbox.url()) && page.contains("<code>sandbox-client</code>"), "{page}");
}
