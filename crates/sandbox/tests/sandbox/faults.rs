//! What goes wrong on request, and that nothing else does.

use std::time::Duration;

use halopsa_sandbox::{Fault, FaultKind, SandboxConfig};
use serde_json::{Value, json};

use crate::halo::{Halo, SOON, noon};

async fn create(halo: &Halo, summary: &str) -> Result<crate::halo::Answer, String> {
    halo.call("POST", "/api/Tickets", json!([{ "summary": summary }]).to_string()).await
}

fn on_create(kind: FaultKind) -> Fault {
    Fault::once(kind).on("POST", "/api/Tickets")
}

#[tokio::test]
async fn an_error_comes_before_or_after_the_commit() {
    let halo = Halo::start().await;
    halo.sandbox.faults().inject(on_create(FaultKind::ErrorBeforeCommit { status: 503 }));
    assert_eq!(create(&halo, "a").await.unwrap().status, 503);
    assert_eq!(halo.sandbox.tickets().len(), 0);
    halo.sandbox.faults().inject(on_create(FaultKind::ErrorAfterCommit { status: 500 }));
    assert_eq!(create(&halo, "b").await.unwrap().status, 500);
    assert_eq!(halo.sandbox.tickets().len(), 1);
    assert_eq!(create(&halo, "c").await.unwrap().status, 201, "used up");
}

#[tokio::test]
async fn the_connection_is_cut_before_or_after_the_commit() {
    let halo = Halo::start().await;
    halo.sandbox.faults().inject(on_create(FaultKind::CutBeforeCommit));
    create(&halo, "a").await.unwrap_err();
    assert_eq!(halo.sandbox.tickets().len(), 0);
    halo.sandbox.faults().inject(on_create(FaultKind::CutAfterCommit));
    create(&halo, "b").await.unwrap_err();
    assert_eq!(halo.sandbox.tickets().len(), 1);
    let requests = halo.sandbox.requests();
    let last = requests.last().unwrap();
    assert_eq!((last.status, last.faults.as_slice()), (None, &["cut_after_commit".to_owned()][..]));
    assert_eq!(last.tickets, [20_001]);
}

#[tokio::test]
async fn a_ticket_appears_seconds_after_the_cut() {
    let halo = Halo::at_noon().await;
    halo.sandbox.faults().inject(on_create(FaultKind::CommitAfterCut { seconds: 5 }));
    create(&halo, "late").await.unwrap_err();
    assert!(halo.sandbox.tickets().is_empty());
    halo.sandbox.clock().advance(Duration::from_secs(5));
    let then = halo.sandbox.wait_for(|now| now.tickets.len() == 1, SOON).await.unwrap();
    assert_eq!(then.tickets[0].created, "2026-08-01T12:00:05.000");
}

#[tokio::test]
async fn a_fault_after_the_commit_waits_for_a_request_that_commits() {
    let halo = Halo::start().await;
    halo.sandbox.faults().inject(on_create(FaultKind::CutAfterCommit));
    assert_eq!(create(&halo, "").await.unwrap().status, 400);
    create(&halo, "x").await.unwrap_err();
    assert!(halo.sandbox.faults().waiting().is_empty());
}

#[tokio::test]
async fn overlapping_creates_fail_and_lone_ones_do_not() {
    let halo =
        Halo::with(SandboxConfig { numbering_race: true, clock: noon(), ..SandboxConfig::default() }).await;
    let move_on = async {
        let both = |now: &halopsa_sandbox::Snapshot| now.requests_to("POST", "/api/Tickets").count() == 2;
        halo.sandbox.wait_for(both, SOON).await.unwrap();
        // Both have read the same number once both are waiting; only time lets either of them go on.
        while halo.sandbox.tickets().is_empty() {
            halo.sandbox.clock().advance(Duration::from_millis(100));
            tokio::task::yield_now().await;
        }
    };
    let (one, two, ()) = tokio::join!(create(&halo, "a"), create(&halo, "b"), move_on);
    let mut statuses = [one.clone().unwrap().status, two.clone().unwrap().status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400]);
    let refused = [one, two].into_iter().map(Result::unwrap).find(|answer| answer.status == 400).unwrap();
    assert!(refused.json()["Message"].as_str().unwrap().starts_with("A database error occurred (2627)"));
    assert_eq!(halo.sandbox.tickets().len(), 1);
}

#[tokio::test]
async fn lists_lag_behind_and_single_reads_do_not() {
    let halo = Halo::at_noon().await;
    let old = halo.ticket(json!({ "summary": "old" })).await;
    halo.sandbox.clock().advance(Duration::from_mins(1));
    halo.sandbox
        .faults()
        .inject(Fault::once(FaultKind::Lag { seconds: 30 }).on("GET", "/api/Tickets").always());
    let new = halo.ticket(json!({ "summary": "new" })).await;
    halo.post("/api/Tickets", json!([{ "id": old, "summary": "changed" }])).await;
    let behind = halo.get("/api/Tickets").await.json();
    assert_eq!((&behind["record_count"], &behind["tickets"][0]["summary"]), (&json!(1), &json!("old")));
    assert_eq!(halo.get("/api/Tickets?search_summary=new").await.json()["record_count"], 0);
    assert_eq!(halo.get(&format!("/api/Tickets/{new}")).await.status, 200);
    halo.sandbox.clock().advance(Duration::from_secs(30));
    assert_eq!(halo.get("/api/Tickets?search_summary=new").await.json()["record_count"], 1);
    assert_eq!(halo.get("/api/Tickets?search_summary=changed").await.json()["record_count"], 1);
}

#[tokio::test]
async fn a_burst_of_429_ends_after_its_count() {
    let halo = Halo::start().await;
    halo.sandbox.faults().inject(Fault::once(FaultKind::RateLimited { retry_after: None }).times(2));
    halo.sandbox.faults().inject(Fault::once(FaultKind::RateLimited { retry_after: Some(7) }));
    let mut seen = Vec::new();
    for _ in 0..4 {
        let answer = halo.get("/api/Status").await;
        let after = answer.headers.get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        seen.push((answer.status, after));
    }
    assert_eq!(seen, [(429, None), (429, None), (429, Some("7".to_owned())), (200, None)]);
}

#[tokio::test]
async fn answers_arrive_broken_in_several_ways() {
    let halo = Halo::start().await;
    halo.sandbox.faults().inject(on_create(FaultKind::HtmlBadGateway { after_commit: true }));
    let page = create(&halo, "a").await.unwrap();
    assert_eq!(page.status, 502);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert!(page.body.starts_with("<html>"));
    halo.sandbox.faults().inject(on_create(FaultKind::TruncatedJson));
    let half = create(&halo, "b").await.unwrap();
    assert_eq!(half.status, 201);
    assert!(serde_json::from_str::<Value>(&half.body).is_err());
    halo.sandbox.faults().inject(on_create(FaultKind::CutMidBody));
    create(&halo, "c").await.unwrap_err();
    assert_eq!(halo.sandbox.tickets().len(), 3);
    halo.sandbox.faults().inject(Fault::once(FaultKind::HtmlBadGateway { after_commit: false }));
    assert_eq!(create(&halo, "d").await.unwrap().status, 502);
    assert_eq!(halo.sandbox.tickets().len(), 3);
}

#[tokio::test]
async fn delays_and_slow_bodies_go_by_the_sandboxs_clock() {
    for kind in [FaultKind::Latency { ms: 60_000 }, FaultKind::SlowBody { ms: 60_000 }] {
        let halo = Halo::at_noon().await;
        halo.sandbox.faults().inject(on_create(kind.clone()));
        let driver = async {
            let arrived =
                |now: &halopsa_sandbox::Snapshot| now.requests_to("POST", "/api/Tickets").count() == 1;
            halo.sandbox.wait_for(arrived, SOON).await.unwrap();
            std::future::pending::<()>().await;
        };
        let ticking = async {
            loop {
                halo.sandbox.clock().advance(Duration::from_secs(1));
                tokio::task::yield_now().await;
            }
        };
        let answer = tokio::select! {
            answer = create(&halo, "slow") => answer.unwrap(),
            () = driver => unreachable!("it waits for ever"),
            () = ticking => unreachable!("it ticks for ever"),
        };
        assert_eq!((answer.status, answer.json()["summary"].as_str()), (201, Some("slow")), "{kind:?}");
        assert!(halo.sandbox.clock().now() >= "2026-08-01T12:01:00Z".parse().unwrap(), "{kind:?}");
    }
}

#[tokio::test]
async fn of_a_batch_a_part_can_be_carried_out_before_the_error() {
    let halo = Halo::start().await;
    let part = FaultKind::ErrorAfterPart { elements: 1, status: 400 };
    halo.sandbox.faults().inject(Fault::once(part).on("POST", "/api/Tickets"));
    let two = r#"[{"summary": "A"}, {"summary": "B"}]"#.to_owned();
    assert_eq!(halo.call("POST", "/api/Tickets?returnall=true", two.clone()).await.unwrap().status, 400);
    let summaries = || -> Vec<String> { halo.sandbox.tickets().into_iter().map(|t| t.summary).collect() };
    assert_eq!(summaries(), ["A"]);
    assert_eq!(halo.call("POST", "/api/Tickets?returnall=true", two).await.unwrap().status, 201);
    assert_eq!(summaries(), ["A", "A", "B"], "the fault is used up");
}

#[tokio::test]
async fn a_revoked_token_is_refused_and_a_new_one_works() {
    let mut halo = Halo::start().await;
    halo.sandbox.faults().inject(Fault::once(FaultKind::TokenRevoked));
    assert_eq!(halo.get("/api/Status").await.status, 401);
    assert_eq!(halo.get("/api/Status").await.status, 401, "it stays revoked");
    halo.token = halo.new_token("all").await.unwrap();
    assert_eq!(halo.get("/api/Status").await.status, 200);
}

#[tokio::test]
async fn bad_input_is_answered_and_the_server_lives_on() {
    let halo = Halo::with(SandboxConfig { max_body_bytes: 10_000, ..SandboxConfig::default() }).await;
    let huge = halo.call("POST", "/api/Tickets", "x".repeat(20_000)).await.unwrap();
    assert_eq!(huge.status, 413);
    let deep = "[".repeat(5_000);
    for body in ["", "[", "null", "[null]", "[[]]", "\u{0}", "[{\"summary\":{}}]", deep.as_str()] {
        assert_eq!(
            halo.call("POST", "/api/Tickets", body.to_owned()).await.unwrap().status,
            400,
            "{body:.20}"
        );
    }
    let beyond =
        "/api/Tickets?pageinate=true&page_no=99999999999999999999&page_size=-1&advanced_search=%ff&team=[";
    assert_eq!(halo.get(beyond).await.status, 400);
    assert_eq!(halo.get("/api/Tickets/99999999999999999999").await.status, 404);
    assert_eq!(halo.get("/api").await.status, 404);
    assert_eq!(halo.call("PUT", "/api/Tickets", String::new()).await.unwrap().status, 405);
    let header = "x".repeat(100_000);
    let long =
        crate::halo::send(&halo.sandbox.url(), "GET", "/api/Status", &[("x-long", &header)], String::new())
            .await;
    assert!(long.is_err() || long.unwrap().status == 431);
    assert_eq!(halo.get("/api/Status").await.status, 200);
    assert!(halo.sandbox.tickets().is_empty());
}
