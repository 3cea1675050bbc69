//! One request from arrival to answer: recorded, put through its faults, answered.
//!
//! ORDER: a request is recorded before anything happens to it, so that a test which sees its effect also finds it.

use std::{sync::Arc, time::Duration};

use hyper::{Request, Response, body::Incoming};

use super::{Body, Call, Cut, Pace, Reply};
use crate::{
    api::{self, Conditions},
    control,
    fault::{Fault, FaultKind, FaultPlan},
    limit::RollingWindow,
    moment, page,
    shared::Shared,
    store::RecordedRequest,
};

/// Answers one request, or cuts the connection if a fault says so.
pub(crate) async fn handle(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, Cut> {
    let clock = shared.clock.clone();
    let call = match Call::read(request, shared.config().max_body_bytes).await {
        Ok(call) => call,
        Err(reply) => return Ok(reply.into_response(Pace::AtOnce, &clock)),
    };
    let reply = match call.segments().first().map(String::as_str) {
        Some("api" | "auth") => return with_faults(shared, call).await,
        Some("sandbox") => control::answer(&shared, &call).await,
        _ => page::answer(&shared, &call),
    };
    Ok(reply.into_response(Pace::AtOnce, &clock))
}

async fn with_faults(shared: Arc<Shared>, call: Call) -> Result<Response<Body>, Cut> {
    let clock = shared.clock.clone();
    let (number, plan) = shared.change(|state| {
        let plan = state.faults.take(&call.method, &call.path);
        let entry = recorded(&call, &plan, moment::to_the_microsecond(clock.now()));
        (state.requests.begin(entry), plan)
    });
    clock.sleep(plan.delay).await;
    let (outcome, pace) = carry_out(&shared, call, plan).await;
    shared.change(|state| {
        if let Some(entry) = state.requests.entry(number) {
            entry.status = outcome.as_ref().ok().map(|reply| reply.status);
            entry.tickets =
                outcome.as_ref().map_or_else(|late| late.0.clone(), |reply| reply.tickets.clone());
        }
    });
    match outcome {
        Ok(reply) => Ok(reply.into_response(pace, &clock)),
        Err(_) => Err(Cut),
    }
}

/// No answer, and the tickets the request changed all the same.
struct Unanswered(Vec<i64>);

async fn carry_out(shared: &Arc<Shared>, call: Call, plan: FaultPlan) -> (Result<Reply, Unanswered>, Pace) {
    let conditions = Conditions {
        lag: plan.lag,
        create_takes: plan.create_takes,
        at_most: match plan.main.as_ref().map(|fault| &fault.fault) {
            Some(FaultKind::ErrorAfterPart { elements, .. }) => Some(*elements),
            _ => None,
        },
    };
    let Some(fault) = plan.main else {
        return (Ok(api::answer(shared, &call, conditions).await), Pace::AtOnce);
    };
    if fault.fault == FaultKind::TokenRevoked {
        shared.change(|state| call.token().map(|token| state.tokens.revoke(token)));
        return (Ok(api::answer(shared, &call, conditions).await), Pace::AtOnce);
    }
    if let Some(before) = before_commit(shared, &fault.fault) {
        return (before.map_err(|Cut| Unanswered(Vec::new())), Pace::AtOnce);
    }
    if let FaultKind::CommitAfterCut { seconds } = fault.fault {
        tokio::spawn(commit_later(Arc::clone(shared), call, conditions, Duration::from_secs(seconds)));
        return (Err(Unanswered(Vec::new())), Pace::AtOnce);
    }
    let reply = api::answer(shared, &call, conditions).await;
    if reply.status >= 400 {
        // There was nothing to commit: the fault waits for a request that is carried out.
        shared.change(|state| state.faults.inject(Fault { skip: 0, ..fault }));
        return (Ok(reply), Pace::AtOnce);
    }
    after_commit(&fault.fault, reply)
}

/// What a fault answers without carrying the request out, if it is one of those.
fn before_commit(shared: &Shared, fault: &FaultKind) -> Option<Result<Reply, Cut>> {
    match fault {
        FaultKind::ErrorBeforeCommit { status } => Some(Ok(error_page(*status))),
        FaultKind::CutBeforeCommit => Some(Err(Cut)),
        FaultKind::HtmlBadGateway { after_commit: false } => Some(Ok(bad_gateway())),
        FaultKind::RateLimited { retry_after } => {
            let limit = shared.config().rate_limit.unwrap_or(crate::RateLimit::HOSTED);
            let mut reply = Reply::text(429, RollingWindow::refusal(limit));
            if let Some(seconds) = retry_after {
                reply = reply.with_header("retry-after", seconds.to_string());
            }
            Some(Ok(reply))
        }
        _ => None,
    }
}

fn after_commit(fault: &FaultKind, reply: Reply) -> (Result<Reply, Unanswered>, Pace) {
    let tickets = reply.tickets.clone();
    match fault {
        FaultKind::ErrorAfterCommit { status } | FaultKind::ErrorAfterPart { status, .. } => {
            (Ok(error_page(*status).about(tickets)), Pace::AtOnce)
        }
        FaultKind::CutAfterCommit => (Err(Unanswered(tickets)), Pace::AtOnce),
        FaultKind::HtmlBadGateway { .. } => (Ok(bad_gateway().about(tickets)), Pace::AtOnce),
        FaultKind::TruncatedJson => (Ok(reply.truncated()), Pace::AtOnce),
        FaultKind::CutMidBody => (Ok(reply), Pace::CutHalfWay),
        FaultKind::SlowBody { ms } => (Ok(reply), Pace::Over(Duration::from_millis(*ms))),
        _ => (Ok(reply), Pace::AtOnce),
    }
}

async fn commit_later(shared: Arc<Shared>, call: Call, conditions: Conditions, after: Duration) {
    tokio::select! {
        () = shared.clock.sleep(after) => {
            api::answer(&shared, &call, conditions).await;
        }
        () = shared.stopped() => {}
    }
}

fn error_page(status: u16) -> Reply {
    match status {
        504 => Reply::text(504, "The gateway did not receive a response in time."),
        500 => Reply::json(500, &serde_json::json!({ "Message": "An error has occurred." })),
        other => Reply::text(other.clamp(400, 599), format!("Error {other}")),
    }
}

fn bad_gateway() -> Reply {
    Reply::html(
        502,
        "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>",
    )
}

fn recorded(call: &Call, plan: &FaultPlan, at: String) -> RecordedRequest {
    RecordedRequest {
        number: 0,
        at,
        method: call.method.clone(),
        path: call.path.clone(),
        query: call.raw_query.clone(),
        body: call.body_on_record(),
        status: None,
        faults: plan.names.iter().map(|name| (*name).to_owned()).collect(),
        tickets: Vec::new(),
    }
}
