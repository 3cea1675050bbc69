//! Every fault, injected over HTTP and by the library, on several paths: what the client sees, what was committed, and
//! that the request after the last one counted is well again.

use std::time::Duration;

use halopsa_sandbox::{Fault, FaultKind, Snapshot};
use serde_json::{Value, json};

use crate::halo::{Answer, Halo, SOON};

/// What the client sees of a request with the fault.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Status(u16),
    /// A status, and a body that is no JSON although it should be.
    Broken(u16),
    NoAnswer,
}

fn seen(answer: Result<Answer, String>) -> Seen {
    match answer {
        Err(_) => Seen::NoAnswer,
        Ok(answer) if answer.status < 300 && serde_json::from_str::<Value>(&answer.body).is_err() => {
            Seen::Broken(answer.status)
        }
        Ok(answer) => Seen::Status(answer.status),
    }
}

/// A fault as the library names it and as the control API does, what is seen of it, and whether the write happened.
fn matrix() -> Vec<(FaultKind, Value, Seen, bool)> {
    vec![
        (FaultKind::Latency { ms: 1 }, json!({ "latency": { "ms": 1 } }), Seen::Status(201), true),
        (
            FaultKind::ErrorBeforeCommit { status: 503 },
            json!({ "error_before_commit": { "status": 503 } }),
            Seen::Status(503),
            false,
        ),
        (
            FaultKind::ErrorAfterCommit { status: 500 },
            json!({ "error_after_commit": { "status": 500 } }),
            Seen::Status(500),
            true,
        ),
        (
            FaultKind::ErrorAfterCommit { status: 504 },
            json!({ "error_after_commit": { "status": 504 } }),
            Seen::Status(504),
            true,
        ),
        (FaultKind::CutBeforeCommit, json!("cut_before_commit"), Seen::NoAnswer, false),
        (FaultKind::CutAfterCommit, json!("cut_after_commit"), Seen::NoAnswer, true),
        (
            FaultKind::RateLimited { retry_after: None },
            json!({ "rate_limited": {} }),
            Seen::Status(429),
            false,
        ),
        (
            FaultKind::HtmlBadGateway { after_commit: false },
            json!({ "html_bad_gateway": {} }),
            Seen::Status(502),
            false,
        ),
        (
            FaultKind::HtmlBadGateway { after_commit: true },
            json!({ "html_bad_gateway": { "after_commit": true } }),
            Seen::Status(502),
            true,
        ),
        (FaultKind::TruncatedJson, json!("truncated_json"), Seen::Broken(201), true),
        (FaultKind::CutMidBody, json!("cut_mid_body"), Seen::NoAnswer, true),
        (FaultKind::SlowBody { ms: 1 }, json!({ "slow_body": { "ms": 1 } }), Seen::Status(201), true),
    ]
}

/// A kind of write, and how many there are.
struct Write {
    path: &'static str,
    body: fn(i64) -> Value,
    count: &'static str,
}

const WRITES: [Write; 4] = [
    Write { path: "/api/Tickets", body: |_| json!([{ "summary": "x" }]), count: "/api/Tickets" },
    Write {
        path: "/api/Actions",
        body: |ticket| json!([{ "ticket_id": ticket, "outcome_id": 7, "note": "x" }]),
        count: "/api/Actions",
    },
    Write { path: "/api/Client", body: |_| json!([{ "name": "Newcomer" }]), count: "/api/Client" },
    Write {
        path: "/api/Asset",
        body: |_| json!([{ "inventory_number": "x", "site_id": 1 }]),
        count: "/api/Asset",
    },
];

#[tokio::test]
async fn each_fault_hits_as_many_writes_as_it_should_wherever_they_go() {
    let halo = Halo::start().await;
    let ticket = halo.ticket(json!({ "summary": "of the actions" })).await;
    for Write { path, body, count } in WRITES {
        for (kind, over_http, expected, commits) in matrix() {
            for by_library in [true, false] {
                let fault = Fault::once(kind.clone()).on("POST", path).times(2).after(1);
                let written =
                    json!({ "method": "POST", "path": path, "times": 2, "skip": 1, "fault": over_http });
                if by_library {
                    halo.sandbox.faults().inject(fault.clone());
                } else {
                    assert_eq!(halo.post("/sandbox/faults", written).await.status, 200);
                }
                assert_eq!(halo.sandbox.faults().waiting(), [fault], "both say the same");
                let counted =
                    async || halo.get(&format!("{count}?count=1")).await.json()["record_count"].clone();
                let before = counted().await.as_i64().unwrap();
                let mut answers = Vec::new();
                for _ in 0..4 {
                    answers.push(seen(halo.call("POST", path, body(ticket).to_string()).await));
                }
                let name = kind.name();
                assert_eq!(answers.pop(), Some(Seen::Status(201)), "{path} after {name}");
                assert_eq!(answers.pop().as_ref(), Some(&expected), "{path} {name}, second");
                assert_eq!(answers.pop().as_ref(), Some(&expected), "{path} {name}, first");
                assert_eq!(answers.pop(), Some(Seen::Status(201)), "{path} before {name}");
                let after = before + 2 + if commits { 2 } else { 0 };
                assert_eq!(counted().await.as_i64(), Some(after), "{path} {name}: what was committed");
                let requests = halo.sandbox.requests();
                let hit = requests.iter().rev().filter(|request| request.faults == [name]).count();
                assert!(hit >= 2 && halo.sandbox.faults().waiting().is_empty(), "{path} {name} is on record");
            }
        }
    }
}

#[tokio::test]
async fn each_fault_hits_reads_too() {
    let halo = Halo::start().await;
    for path in ["/api/Tickets", "/api/Client/2", "/api/Status", "/api/Agent/me"] {
        for (kind, _, expected, _) in matrix() {
            halo.sandbox.faults().inject(Fault::once(kind.clone()).on("GET", path));
            let expected = match expected {
                Seen::Status(201) => Seen::Status(200),
                Seen::Broken(201) => Seen::Broken(200),
                other => other,
            };
            assert_eq!(seen(halo.call("GET", path, String::new()).await), expected, "{path} {}", kind.name());
            assert_eq!(halo.get(path).await.status, 200, "{path} after {}", kind.name());
        }
    }
}

#[tokio::test]
async fn a_write_that_commits_seconds_after_the_cut_does_so_wherever_it_goes() {
    let halo = Halo::at_noon().await;
    let ticket = halo.ticket(json!({ "summary": "x" })).await;
    for Write { path, body, .. } in WRITES.iter().take(2) {
        let fault =
            json!({ "method": "POST", "path": path, "fault": { "commit_after_cut": { "seconds": 8 } } });
        halo.post("/sandbox/faults", fault).await;
        let held =
            |now: &Snapshot| now.tickets.len() + now.tickets.iter().map(|t| t.actions.len()).sum::<usize>();
        let before = held(&halo.sandbox.snapshot());
        assert_eq!(seen(halo.call("POST", path, body(ticket).to_string()).await), Seen::NoAnswer);
        halo.post("/sandbox/clock", json!({ "advance_seconds": 7.5 })).await;
        assert_eq!(held(&halo.sandbox.snapshot()), before, "{path}: not yet");
        halo.post("/sandbox/clock", json!({ "advance_seconds": 0.5 })).await;
        halo.sandbox.wait_for(|now| held(now) == before + 1, SOON).await.unwrap();
    }
}

#[tokio::test]
async fn a_token_is_revoked_for_one_path_and_for_one_request() {
    let mut halo = Halo::start().await;
    let revoke = json!({ "path": "/api/Actions", "fault": "token_revoked" });
    halo.post("/sandbox/faults", revoke).await;
    assert_eq!(halo.get("/api/Tickets").await.status, 200);
    assert_eq!(halo.get("/api/Actions").await.status, 401);
    assert_eq!(halo.get("/api/Tickets").await.status, 401);
    halo.token = halo.new_token("all").await.unwrap();
    assert_eq!(halo.get("/api/Actions").await.status, 200);
    halo.delete("/sandbox/tokens").await;
    assert_eq!(halo.get("/api/Tickets").await.status, 401, "the control API revokes all");
}

#[tokio::test]
async fn the_token_endpoint_can_fail_too() {
    let halo = Halo::start().await;
    let form = "grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret";
    halo.post(
        "/sandbox/faults",
        json!([
            { "path": "/auth/token", "fault": { "html_bad_gateway": {} } },
            { "path": "/auth/token", "fault": { "rate_limited": { "retry_after": 3 } } },
        ]),
    )
    .await;
    assert_eq!(halo.form("/auth/token", form).await.status, 502);
    let limited = halo.form("/auth/token", form).await;
    assert_eq!((limited.status, limited.headers["retry-after"].as_bytes()), (429, &b"3"[..]));
    assert_eq!(halo.form("/auth/token", form).await.status, 200);
}

#[tokio::test]
async fn delays_and_lag_add_to_what_else_happens() {
    let halo = Halo::at_noon().await;
    for fault in [
        json!({ "path": "/api/Tickets", "method": "GET", "fault": { "lag": { "seconds": 60 } }, "times": null }),
        json!({ "path": "/api/Tickets", "method": "GET", "fault": "truncated_json" }),
    ] {
        halo.post("/sandbox/faults", fault).await;
    }
    halo.ticket(json!({ "summary": "x" })).await;
    let half = halo.get("/api/Tickets").await;
    assert!(serde_json::from_str::<Value>(&half.body).is_err(), "{}", half.body);
    assert_eq!(halo.get("/api/Tickets").await.json()["record_count"], 0);
    halo.sandbox.clock().advance(Duration::from_secs(60));
    assert_eq!(halo.get("/api/Tickets").await.json()["record_count"], 1);
    assert_eq!(halo.sandbox.faults().waiting().len(), 1, "it lasts until it is taken back");
    halo.delete("/sandbox/faults").await;
    assert!(halo.sandbox.faults().waiting().is_empty());
}
