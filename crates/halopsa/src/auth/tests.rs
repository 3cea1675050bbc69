//! The token's life, on virtual time.

use futures::future::join_all;

use crate::budget::Budget;
use crate::http::script::{answer, client, client_set_by_hand, client_with, lines, token};
use crate::query::Query;
use std::time::Duration;

fn ample() -> Budget {
    Budget::per_five_minutes(100_000)
}

#[tokio::test(start_paused = true)]
async fn a_hundred_requests_share_one_token() {
    let (client, seen) = client(|_, _| answer(200, "[]"));
    let query = Query::new();
    for result in join_all((0..100).map(|_| client.get("/Status", &query))).await {
        result.unwrap();
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen.iter().filter(|seen| seen.line == "POST /auth/token").count(), 1);
    assert_eq!(seen.iter().filter(|seen| seen.line == "GET /api/authinfo").count(), 1);
    assert_eq!(seen[1].body, "grant_type=client_credentials&client_id=id-1&client_secret=secret-1&scope=all");
}

/// How many tokens were fetched by a request every second for so long.
async fn tokens_fetched(expires_in: u64, seconds: u64) -> Vec<f64> {
    let (client, seen) = client_with(ample(), move |seen, number| match seen.line.as_str() {
        "GET /api/authinfo" => answer(404, ""),
        "POST /auth/token" => token(number, expires_in),
        _ => answer(200, "[]"),
    });
    for _ in 0..seconds {
        client.get("/Status", &Query::new()).await.unwrap();
        tokio::time::advance(Duration::from_millis(900)).await;
    }
    let seen = seen.lock().unwrap();
    seen.iter().filter(|seen| seen.line == "POST /auth/token").map(|seen| seen.at.floor()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_a_minute_before_it_expires_and_a_short_one_after_three_quarters() {
    assert_eq!(tokens_fetched(3600, 3600).await, [0.0, 3540.0]);
    assert_eq!(tokens_fetched(40, 70).await, [0.0, 30.0, 60.0]);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_token_that_is_refused_gets_the_refusal_without_asking_again() {
    let (client, seen) = client_with(ample(), |seen, _| match seen.line.as_str() {
        "POST /auth/token" => {
            answer(400, r#"{"error":"invalid_client","error_description":"The secret secret-1 is wrong."}"#)
        }
        _ => answer(404, ""),
    });
    let query = Query::new();
    for result in join_all((0..50).map(|_| client.get("/Status", &query))).await {
        assert_eq!(
            result.unwrap_err().to_string(),
            "no token from https://acme.halopsa.com/auth/token: HaloPSA answered 400: The secret *** is wrong. \
             (invalid_client)"
        );
    }
    assert_eq!(seen.lock().unwrap().iter().filter(|seen| seen.line == "POST /auth/token").count(), 1);
    assert!(lines(&seen).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_token_server_that_is_briefly_unwell_is_asked_again() {
    let (client, _) = client_with(ample(), |seen, number| match seen.line.as_str() {
        "POST /auth/token" if number < 3 => answer(503, "<html><title>Service Unavailable</title></html>"),
        "POST /auth/token" => token(number, 3600),
        _ => answer(404, ""),
    });
    let info = client.authenticate().await.unwrap();
    assert_eq!(
        (info.expires_in, info.endpoint.as_str()),
        (Duration::from_hours(1), "https://acme.halopsa.com/auth/token")
    );
}

#[tokio::test(start_paused = true)]
async fn the_site_names_its_token_endpoint_and_tenant() {
    let (client, seen) = client_with(ample(), |seen, number| match seen.line.as_str() {
        "GET /api/authinfo" => {
            answer(200, r#"{"auth_url":"https://login.example.com/auth","tenant_id":"acme"}"#)
        }
        _ => token(number, 3600),
    });
    let info = client.authenticate().await.unwrap();
    assert_eq!(info.endpoint, "https://login.example.com/auth/token");
    assert_eq!(seen.lock().unwrap()[1].query, "tenant=acme");
}

#[tokio::test(start_paused = true)]
async fn a_bad_moment_of_the_site_does_not_decide_where_tokens_come_from() {
    let (client, _) = client_with(ample(), |seen, number| match (seen.line.as_str(), number) {
        ("GET /api/authinfo", 1..=6) => answer(503, ""),
        ("GET /api/authinfo", _) => answer(200, r#"{"auth_url":"https://login.example.com/auth"}"#),
        _ => token(number, 3600),
    });
    assert!(client.authenticate().await.unwrap_err().is_retryable());
    assert_eq!(client.authenticate().await.unwrap().endpoint, "https://login.example.com/auth/token");
}

#[tokio::test(start_paused = true)]
async fn what_is_set_by_hand_is_never_asked_for() {
    let (client, seen) = client_set_by_hand();
    assert_eq!(client.authenticate().await.unwrap().endpoint, "https://login.example.com/auth/token");
    let seen = seen.lock().unwrap();
    assert_eq!(seen.iter().map(|seen| seen.line.as_str()).collect::<Vec<_>>(), ["POST /auth/token"]);
    assert!(seen[0].query.is_empty() && seen[0].body.ends_with("&scope=read%3Atickets+edit%3Atickets"));
}
