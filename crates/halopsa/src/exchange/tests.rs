//! What is sent again and what isn't, on virtual time.

use std::sync::Mutex;

use serde_json::json;

use super::*;
use crate::budget::Budget;
use crate::error::Unreachable;
use crate::http::script::{Seen, answer, client, client_with, lines, token};
use crate::models::TicketDraft;

type Happens = fn() -> Result<Answer, Failure>;

fn timed_out() -> Result<Answer, Failure> {
    Err(Failure::TimedOut)
}

fn lost() -> Result<Answer, Failure> {
    Err(Failure::Lost { problem: "connection reset".to_owned() })
}

fn refused() -> Result<Answer, Failure> {
    Err(Failure::Unreachable { reason: Unreachable::Connection, problem: "connection refused".to_owned() })
}

#[allow(clippy::unnecessary_wraps, reason = "it stands for what a server does")]
fn throttled(retry_after: Option<&str>) -> Result<Answer, Failure> {
    let body = br#""Rate Limit Reached - 250 Requests per rolling 5 minute window""#.to_vec();
    Ok(Answer { status: 429, body, retry_after: retry_after.map(str::to_owned), location: None })
}

fn times(seen: &Mutex<Vec<Seen>>, line: &str) -> Vec<f64> {
    seen.lock().unwrap().iter().filter(|seen| seen.line == line).map(|seen| seen.at).collect()
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_outcome_is_unknown_is_sent_once() {
    let cases: [(Happens, &str); 9] = [
        (timed_out, "no answer came in time"),
        (lost, "the connection was lost after sending: connection reset"),
        (
            || Err(Failure::CutOff { problem: "eof".to_owned() }),
            "the answer can't be read: the answer was cut off: eof",
        ),
        (|| Err(Failure::TooLarge), "the answer can't be read: it is larger than 33554432 bytes"),
        (|| answer(500, r#""oops""#), "the server failed: HaloPSA answered 500: oops"),
        (|| answer(502, ""), "the server failed: HaloPSA answered 502"),
        (|| answer(504, ""), "the server failed: HaloPSA answered 504"),
        (
            || answer(200, r#"{"id": 1"#),
            "the answer can't be read: EOF while parsing an object at line 1 column 8",
        ),
        (|| answer(200, ""), "the answer can't be read: it is empty instead of one of the tickets"),
    ];
    for (happens, reason) in cases {
        let (client, seen) = client(move |_, _| happens());
        let outcome = client.tickets().create_one(&TicketDraft::new().summary("disk full")).await.unwrap();
        let Outcome::Unknown(unknown) = outcome else { panic!("{reason}: {outcome:?}") };
        assert_eq!(unknown.to_string(), format!("POST /Tickets may or may not have happened: {reason}"));
        assert_eq!(lines(&seen), ["POST /api/Tickets"], "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_write_tells_where_to_look_for_it() {
    let (client, _) = client(|_, _| answer(504, ""));
    let outcome = client.actions().create_raw(&json!({"ticket_id": 1})).await.unwrap();
    let unknown = outcome.into_result().unwrap_err();
    assert_eq!(
        unknown.hint(),
        format!(
            "look for it before writing it again: list what changed since {}; if it isn't there, send a smaller body: \
             long HTML makes HaloPSA take too long",
            unknown.sent_at
        )
    );
}

#[test]
fn a_client_and_its_requests_can_be_shared_between_threads() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    fn check<T: Clone + Send + Sync + 'static>(_: &T) {}
    let (client, _) = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(async { client(|_, _| lost()) });
    check(&client);
    let (tickets, draft, filter) =
        (client.tickets(), TicketDraft::new(), crate::filters::TicketFilter::new());
    drop((
        sendable(tickets.create_one(&draft)),
        sendable(tickets.list(&filter)),
        sendable(tickets.stream(filter.clone())),
    ));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_never_sent_is_an_error_that_is_safe_to_retry() {
    let (client, seen) = client(|_, _| refused());
    let error = client.tickets().create_raw(&json!({"summary": "disk full"})).await.unwrap_err();
    assert_eq!(error.to_string(), "POST /Tickets: the host takes no connection: connection refused");
    assert!(error.is_safe_to_retry() && error.is_retryable() && !error.is_permanent());
    assert_eq!(lines(&seen).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_never_sent_is_not_counted() {
    let (client, _) = client(|_, _| refused());
    client.authenticate().await.unwrap();
    let before = client.budget().used;
    client.get("/Status", &Query::new()).await.unwrap_err();
    assert_eq!(client.budget().used, before);
}

#[tokio::test(start_paused = true)]
async fn a_read_is_tried_again_when_the_network_or_a_gateway_fails() {
    for happens in
        [timed_out as Happens, lost, refused, || answer(502, ""), || answer(503, ""), || answer(504, "")]
    {
        let (client, seen) = client(move |_, number| if number < 4 { happens() } else { answer(200, "[]") });
        assert_eq!(client.get("/Status", &Query::new()).await.unwrap(), json!([]));
        let (client, seen_failing) = self::client(move |_, _| happens());
        assert!(client.get("/Status", &Query::new()).await.unwrap_err().is_retryable());
        assert_eq!((lines(&seen).len(), lines(&seen_failing).len()), (4, 4));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_not_tried_again() {
    for (status, permanent) in [(400, true), (403, false), (404, true), (500, false)] {
        let (client, seen) = client(move |_, _| answer(status, r#""no""#));
        let error = client.get("/Status", &Query::new()).await.unwrap_err();
        assert_eq!((error.status(), error.is_permanent()), (Some(status), permanent));
        assert_eq!(lines(&seen).len(), 1, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_401_is_answered_with_one_fresh_token_also_for_a_write() {
    let (client, seen) = client(|seen, _| match seen.authorization.as_str() {
        "Bearer token-2" => answer(200, r#"{"id": 7}"#),
        _ => answer(401, ""),
    });
    let outcome = client.tickets().create_raw(&json!({"summary": "disk full"})).await.unwrap();
    assert_eq!(outcome.done().unwrap().id, Some(crate::TicketId(7)));
    assert_eq!(lines(&seen), ["POST /api/Tickets"; 2]);
}

#[tokio::test(start_paused = true)]
async fn a_401_to_a_fresh_token_is_the_end() {
    let (client, seen) = client(|_, _| answer(401, ""));
    let error = client.tickets().create_raw(&json!({"summary": "disk full"})).await.unwrap_err();
    assert_eq!(error.to_string(), "POST /Tickets: HaloPSA answered 401");
    assert!(error.needs_attention());
    assert_eq!((lines(&seen).len(), times(&seen, "POST /auth/token").len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_429_was_not_carried_out_so_a_write_waits_as_asked_and_is_sent_again() {
    let (client, seen) =
        client(|_, number| if number == 1 { throttled(Some("30")) } else { answer(201, r#"{"id": 7}"#) });
    let outcome = client.tickets().create_raw(&json!({"summary": "disk full"})).await.unwrap();
    assert!(!outcome.is_unknown());
    let times = times(&seen, "POST /api/Tickets");
    assert!(times[1] - times[0] >= 30.0, "{times:?}");
    assert_eq!(client.budget().limit, 250);
}

#[tokio::test(start_paused = true)]
async fn a_429_without_retry_after_is_waited_for_longer_each_time_and_given_up_at_last() {
    let (client, seen) = client(|_, _| throttled(None));
    let error = client.get("/Status", &Query::new()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /Status: still over the rate limit after 12 tries: HaloPSA answered 429: Rate Limit Reached - 250 \
         Requests per rolling 5 minute window"
    );
    let times = times(&seen, "GET /api/Status");
    assert_eq!(times.len(), 12);
    assert!(times[11] - times[0] > 300.0, "shorter than the window: {times:?}");
}

#[tokio::test(start_paused = true)]
async fn a_429_stops_the_other_clones_too() {
    let (client, seen) =
        client(|_, number| if number == 1 { throttled(Some("60")) } else { answer(200, "[]") });
    let query = Query::new();
    client.get("/Status", &query).await.unwrap();
    let other = client.with_priority(crate::Priority::Urgent);
    other.get("/Team", &query).await.unwrap();
    assert!(times(&seen, "GET /api/Team")[0] >= 60.0);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expires_while_its_request_waits_for_the_budget_is_renewed_first() {
    let budget = Budget { requests: 4, per: Duration::from_mins(5), reserve: 0.0 };
    let (client, seen) = client_with(budget, |seen, number| match seen.line.as_str() {
        "GET /api/authinfo" => answer(200, "{}"),
        "POST /auth/token" => token(number, 120),
        _ => answer(200, "[]"),
    });
    for _ in 0..3 {
        client.get("/Status", &Query::new()).await.unwrap();
    }
    let seen = seen.lock().unwrap();
    let used: Vec<&str> = seen
        .iter()
        .filter(|seen| seen.line == "GET /api/Status")
        .map(|seen| seen.authorization.as_str())
        .collect();
    assert_eq!(used, ["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
    assert!(seen.windows(5).all(|five| five[4].at - five[0].at >= 300.0), "over the budget: {seen:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_path_cannot_lead_out_of_the_api() {
    let (client, seen) = client(|_, _| answer(200, "[]"));
    for path in ["/../auth/token", "/%2e%2e/auth/token", "\\..\\..\\auth", "../apix/Tickets"] {
        let error = client.get(path, &Query::new()).await.unwrap_err();
        assert!(error.to_string().ends_with("leads out of the API"), "{path}: {error}");
    }
    assert!(lines(&seen).is_empty());
}
