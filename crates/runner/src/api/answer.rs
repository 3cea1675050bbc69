//! Answers and problems.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use serde::Serialize;

use crate::inspect::InspectError;
use crate::receiver::Problem;

/// What a handler gives.
pub(super) type Answer<T> = Result<Json<T>, Problem>;

/// An answer, or the problem that says why there is none.
pub(super) fn answer<T: Serialize>(found: Result<T, InspectError>) -> Answer<T> {
    found.map(Json).map_err(|error| problem(&error))
}

/// The question, or what is wrong with it.
pub(super) fn question<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Problem> {
    query.map(|Query(query)| query).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "The question cannot be read", error.body_text())
    })
}

/// Why there is no answer.
pub(super) fn problem(error: &InspectError) -> Problem {
    let detail = error.to_string();
    match error {
        InspectError::Question(_) => {
            Problem::new(StatusCode::BAD_REQUEST, "The question cannot be read", detail)
        }
        InspectError::Unknown { .. } => Problem::new(StatusCode::NOT_FOUND, "There is no such thing", detail),
        InspectError::Conflict(_) => Problem::new(StatusCode::CONFLICT, "That cannot be done now", detail),
        InspectError::Store(error) => {
            tracing::error!(%error, "the store did not answer");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "The store does not answer", detail)
        }
    }
}
