//! Acting on operations: trying one again, corrected if need be, or giving it up.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answer::{Answer, problem};
use super::read::ask;
use super::state::ApiState;
use crate::decider::NotRetried;
use crate::inspect::{self, Correction, InspectError};
use crate::receiver::Problem;
use crate::store::{Exchange, NotAnId, Operation, OperationId, OperationState};
use crate::trace::shown;

type Api = State<Arc<ApiState>>;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Giving {
    reason: Option<String>,
}

/// A body that may be missing; what is there must be understood whole.
pub(super) fn body<T: DeserializeOwned + Default>(bytes: &Bytes) -> Result<T, Problem> {
    if bytes.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(bytes)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "The body cannot be read", error.to_string()))
}

async fn find(state: &ApiState, id: &str) -> Result<Operation, Problem> {
    let id: OperationId =
        id.parse().map_err(|error: NotAnId| problem(&InspectError::Question(error.to_string())))?;
    let found = ask(state, move |reader| Ok(reader.operation(id)?)).await.map_err(|error| problem(&error))?;
    found.ok_or_else(|| problem(&InspectError::Unknown { what: "operation", name: id.to_string() }))
}

pub(super) async fn retry(State(state): Api, Path(id): Path<String>, bytes: Bytes) -> Answer<Value> {
    let correction: Correction = body(&bytes)?;
    let operation = find(&state, &id).await?;
    let corrected = if correction.set.is_empty() {
        None
    } else {
        let effect = inspect::correct(&operation, &correction).map_err(|error| problem(&error))?;
        let said = json!({ "corrected": correction.set });
        Some((effect, Exchange { at: state.clock.now(), said }))
    };
    state.controls.retry(&operation, corrected).await.map_err(not_retried)?;
    let trace = shown(operation.trace());
    tracing::info!(operation = %operation.id, trace, corrected = !correction.set.is_empty(), "tried again by hand");
    Ok(Json(json!({ "id": operation.id, "state": OperationState::Retry })))
}

fn not_retried(why: NotRetried) -> Problem {
    problem(&match why {
        NotRetried::Store(error) => error.into(),
        NotRetried::Unknown { operation } => {
            InspectError::Unknown { what: "operation", name: operation.to_string() }
        }
        refused => InspectError::Conflict(refused.to_string()),
    })
}

pub(super) async fn drop(State(state): Api, Path(id): Path<String>, bytes: Bytes) -> Answer<Value> {
    let giving: Giving = body(&bytes)?;
    let operation = find(&state, &id).await?;
    let over =
        [OperationState::Done, OperationState::Folded, OperationState::Dropped, OperationState::Sending];
    if over.contains(&operation.state) {
        let why = format!("{} is {}: there is nothing to give up", operation.id, operation.state);
        return Err(problem(&InspectError::Conflict(why)));
    }
    let reason = giving.reason.filter(|reason| !reason.trim().is_empty());
    let reason = reason.unwrap_or_else(|| "given up by hand".to_owned());
    state.controls.give_up(operation.id, &reason).await.map_err(|error| problem(&error.into()))?;
    tracing::info!(operation = %operation.id, trace = shown(operation.trace()), %reason, "given up by hand");
    Ok(Json(json!({ "id": operation.id, "state": OperationState::Dropped })))
}
