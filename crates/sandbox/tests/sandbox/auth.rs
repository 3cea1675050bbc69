//! Tokens, scopes, agent rights, visibility and the rate limit.

use std::time::Duration;

use halopsa_sandbox::{Access, AgentRights, RateLimit, Sandbox, SandboxConfig, StartError};
use serde_json::json;

use crate::halo::{Halo, noon};

const GOOD: &str = "grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret";

#[tokio::test]
async fn authinfo_needs_no_token_and_says_where_the_token_endpoint_is() {
    let halo = Halo::start().await;
    let info = halo.get("/api/authinfo").await.json();
    assert_eq!(info["auth_url"], format!("{}/auth", halo.sandbox.url()));
    assert_eq!(info["tenant_id"], "sandbox");
}

#[tokio::test]
async fn wrong_credentials_are_refused_as_oauth_does() {
    let halo = Halo::with(SandboxConfig { tenant_required: true, ..SandboxConfig::default() }).await;
    for (query, form, status, error) in [
        ("", GOOD, 400, "invalid_request"),
        ("?tenant=elsewhere", GOOD, 400, "invalid_request"),
        ("?tenant=sandbox", "client_id=sandbox-client&client_secret=sandbox-secret", 400, "invalid_request"),
        ("?tenant=sandbox", "grant_type=password", 400, "unsupported_grant_type"),
        (
            "?tenant=sandbox",
            "grant_type=client_credentials&client_id=x&client_secret=y",
            400,
            "invalid_client",
        ),
        (
            "?tenant=sandbox",
            "grant_type=client_credentials&client_id=sandbox-client&client_secret=y",
            401,
            "invalid_client",
        ),
        ("?tenant=sandbox", &format!("{GOOD}&scope=nonsense"), 400, "invalid_scope"),
    ] {
        let answer = halo.form(&format!("/auth/token{query}"), form).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{query} {form}");
    }
    assert_eq!(halo.form("/auth/token?tenant=SANDBOX", GOOD).await.status, 200);
    assert_eq!(halo.post("/auth/token?tenant=sandbox", json!({})).await.json()["error"], "invalid_request");
}

#[tokio::test]
async fn no_token_is_given_while_the_agents_approval_is_pending() {
    let halo = Halo::with(SandboxConfig { agent_approved: false, ..SandboxConfig::default() }).await;
    let answer = halo.form("/auth/token", GOOD).await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("access_denied")));
}

#[tokio::test]
async fn a_token_expires_and_a_revoked_one_is_worthless() {
    let mut halo = Halo::at_noon().await;
    assert_eq!(halo.get("/api/Status").await.status, 200);
    halo.sandbox.clock().advance(Duration::from_secs(3599));
    assert_eq!(halo.get("/api/Status").await.status, 200);
    halo.sandbox.clock().advance(Duration::from_secs(1));
    let late = halo.get("/api/Status").await;
    assert_eq!((late.status, late.body.as_str()), (401, ""));
    halo.token = halo.new_token("all").await.unwrap();
    assert_eq!(halo.get("/api/Status").await.status, 200);
    halo.sandbox.revoke_tokens();
    assert_eq!(halo.get("/api/Status").await.status, 401);
}

#[tokio::test]
async fn a_token_opens_only_what_its_scopes_say() {
    let halo = Halo::scoped(SandboxConfig::default(), "read:tickets edit:customers").await;
    assert_eq!(halo.get("/api/Tickets").await.status, 200);
    assert_eq!(halo.get("/api/Client").await.status, 200);
    assert_eq!(halo.get("/api/Status").await.status, 200);
    assert_eq!(halo.post("/api/Tickets", json!([{ "summary": "x" }])).await.status, 403);
    assert_eq!(halo.get("/api/Team").await.status, 403);
    assert_eq!(halo.get("/api/Invoice").await.status, 403);
    assert_eq!(halo.get("/api/Webhook").await.status, 403);
    assert!(halo.sandbox.tickets().is_empty());
}

#[tokio::test]
async fn the_agent_needs_the_right_as_well() {
    let agent = AgentRights { tickets: Access::Modify, assets: Access::None, ..AgentRights::default() };
    let halo = Halo::with(SandboxConfig { agent, ..SandboxConfig::default() }).await;
    let id = halo.ticket(json!({ "summary": "x" })).await;
    assert_eq!(halo.delete(&format!("/api/Tickets/{id}")).await.status, 403);
    let refused = halo.get("/api/Asset").await;
    assert_eq!(
        (refused.status, refused.json()),
        (403, json!("You do not have permission to access this resource"))
    );
}

#[tokio::test]
async fn what_an_agent_does_not_see_is_missing_rather_than_refused() {
    let config = SandboxConfig { past_tickets: 150, ..SandboxConfig::default() };
    let all = Halo::with(config.clone()).await;
    let agent = AgentRights { visible_clients: Some(vec![2]), ..AgentRights::default() };
    let some = Halo::with(SandboxConfig { agent, ..config }).await;
    assert_eq!(some.get("/api/Client").await.ids("clients"), [2]);
    let rows = some.get("/api/Tickets?count=100").await.json();
    assert!(rows["tickets"].as_array().unwrap().iter().all(|row| row["client_id"] == 2));
    let foreign = all.get("/api/Tickets?count=100&client_id=3").await.ids("tickets")[0];
    assert_eq!(all.get(&format!("/api/Tickets/{foreign}")).await.status, 200);
    assert_eq!(some.get(&format!("/api/Tickets/{foreign}")).await.status, 404);
    assert_eq!(some.get("/api/Tickets?client_id=3").await.json()["record_count"], 0);
}

#[tokio::test]
async fn the_rate_limit_rolls_and_names_itself() {
    let rate_limit = Some(RateLimit { requests: 3, per: Duration::from_mins(5) });
    let halo = Halo::with(SandboxConfig { rate_limit, clock: noon(), ..SandboxConfig::default() }).await;
    for _ in 0..3 {
        assert_eq!(halo.get("/api/Status").await.status, 200);
        halo.sandbox.clock().advance(Duration::from_secs(10));
    }
    let refused = halo.get("/api/Status").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.body, "Rate Limit Reached - 3 Requests per rolling 5 minute window");
    assert!(refused.headers.get("retry-after").is_none());
    halo.sandbox.clock().advance(Duration::from_secs(270));
    assert_eq!(halo.get("/api/Status").await.status, 200);
    assert_eq!(halo.get("/api/Status").await.status, 429);
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let first = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let error =
        Sandbox::start(SandboxConfig { listen: first.addr(), ..SandboxConfig::default() }).await.unwrap_err();
    assert_eq!(error.to_string(), format!("could not listen on `{}`", first.addr()));
    assert!(matches!(error, StartError::Listen { .. }));
}
