//! Looking: every answer from one consistent view of the store.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::answer::{Answer, answer, problem, question};
use super::has_token;
use super::state::ApiState;
use crate::inspect::{
    self, CaseLine, CaseStory, CasesQuery, DecisionLine, DecisionsQuery, EventLine, EventReport, EventStory,
    EventsQuery, InspectError, Ledger, LedgerQuery, List, OperationLine, OperationStory, OperationsQuery,
    ServiceStatus,
};
use crate::receiver::Problem;
use crate::store::Reader;

type Api = State<Arc<ApiState>>;
type Asked<T> = Result<Query<T>, QueryRejection>;

/// Asks the store; a question that makes no sense is not the store's trouble.
pub(super) async fn ask<T: Send + 'static>(
    state: &ApiState,
    look: impl FnOnce(&Reader<'_>) -> Result<T, InspectError> + Send + 'static,
) -> Result<T, InspectError> {
    match state.store.read(move |reader| Ok(look(reader))).await {
        Ok(found) => found,
        Err(error) => Err(InspectError::Store(error)),
    }
}

pub(super) async fn events(State(state): Api, query: Asked<EventsQuery>) -> Answer<List<EventLine>> {
    let query = question(query)?;
    answer(ask(&state, move |reader| inspect::events(reader, &query)).await)
}

pub(super) async fn event(State(state): Api, Path(id): Path<String>) -> Answer<EventStory> {
    let rules = state.rules.borrow().rules.clone();
    answer(ask(&state, move |reader| inspect::event(reader, &id, Some(&rules))).await)
}

pub(super) async fn event_report(State(state): Api, Path(id): Path<String>) -> Answer<EventReport> {
    answer(ask(&state, move |reader| inspect::report(reader, &id)).await)
}

pub(super) async fn cases(State(state): Api, query: Asked<CasesQuery>) -> Answer<List<CaseLine>> {
    let query = question(query)?;
    answer(ask(&state, move |reader| inspect::cases(reader, &query)).await)
}

pub(super) async fn case(State(state): Api, Path(key): Path<String>) -> Answer<CaseStory> {
    answer(ask(&state, move |reader| inspect::case(reader, &key)).await)
}

pub(super) async fn decisions(State(state): Api, query: Asked<DecisionsQuery>) -> Answer<List<DecisionLine>> {
    let query = question(query)?;
    answer(ask(&state, move |reader| inspect::decisions(reader, &query)).await)
}

pub(super) async fn operations(
    State(state): Api,
    query: Asked<OperationsQuery>,
) -> Answer<List<OperationLine>> {
    let query = question(query)?;
    answer(ask(&state, move |reader| inspect::operations(reader, &query)).await)
}

pub(super) async fn operation(State(state): Api, Path(id): Path<String>) -> Answer<OperationStory> {
    answer(ask(&state, move |reader| inspect::operation(reader, &id)).await)
}

pub(super) async fn ledger(State(state): Api, query: Asked<LedgerQuery>) -> Answer<Ledger> {
    let query = question(query)?;
    let now = state.clock.now();
    answer(ask(&state, move |reader| inspect::ledger(reader, &query, now)).await)
}

pub(super) async fn status(State(state): Api) -> Answer<ServiceStatus> {
    answer(stands(&state).await)
}

async fn stands(state: &ApiState) -> Result<ServiceStatus, InspectError> {
    let store = ask(state, inspect::store_status).await?;
    let rules = state.standing.rules(&state.rules.borrow());
    Ok(ServiceStatus {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: state.started_at,
        rules,
        connection: state.connection.status(),
        budget: state.client.budget().into(),
        store,
    })
}

/// Whether events can be taken now. With the token, also what is wrong that does not keep it from that.
pub(super) async fn readyz(State(state): Api, headers: HeaderMap) -> Response {
    let stands = stands(&state).await;
    let ready = stands.is_ok();
    let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    if !has_token(&state, &headers) {
        if let Err(error) = &stands {
            tracing::warn!(%error, "the store is not ready");
        }
        return (code, Json(json!({ "ready": ready }))).into_response();
    }
    let body = match stands {
        Err(error) => json!({ "ready": false, "problems": [error.to_string()] }),
        Ok(status) => {
            let problems = problems(&status);
            json!({ "ready": true, "problems": problems, "status": status })
        }
    };
    (code, Json(body)).into_response()
}

/// Counts and times for Prometheus: numbers, and names of sources.
pub(super) async fn metrics(State(state): Api) -> Result<Response, Problem> {
    let store = ask(&state, inspect::store_status).await.map_err(|error| problem(&error))?;
    let text = state.metrics.text(
        &store,
        &state.client.budget().into(),
        &state.connection.status(),
        state.clock.now(),
    );
    Ok(([(CONTENT_TYPE, crate::metrics::CONTENT_TYPE)], text).into_response())
}

/// What somebody should look at, in words.
fn problems(status: &ServiceStatus) -> Vec<Value> {
    let mut problems = Vec::new();
    if let Some(problem) = &status.rules.problem {
        problems.push(format!("newer rules were not taken: {problem}").into());
    }
    match status.store.counts.dead_operations {
        0 => {}
        1 => problems.push("HaloPSA refused 1 operation for good: `haloward queue list` shows it".into()),
        n => problems.push(
            format!("HaloPSA refused {n} operations for good: `haloward queue list` shows them").into(),
        ),
    }
    if let (Some(since), problem) = (status.connection.away_since, &status.connection.problem) {
        let problem = problem.as_deref().unwrap_or("it does not answer");
        problems.push(format!("HaloPSA has been away since {since}, what is for it waits: {problem}").into());
    }
    if let Some(seconds) = status.budget.paused_seconds {
        problems.push(format!("HaloPSA's rate limit is reached: nothing is sent for {seconds} s").into());
    }
    problems
}
