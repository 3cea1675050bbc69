//! Silences: alerts like these open no tickets until then.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use haloward_rules::Silence;
use serde_json::{Map, Value};

use super::answer::{Answer, problem};
use super::operate::body;
use super::state::ApiState;
use crate::inspect::{InspectError, List};
use crate::receiver::Problem;
use crate::store::{NewSilence, SilenceError};

type Api = State<Arc<ApiState>>;

pub(super) async fn list(State(state): Api) -> Answer<List<Silence>> {
    match state.store.silences(state.clock.now()).await {
        Ok(items) => Ok(Json(List { items, next: None })),
        Err(error) => Err(problem(&error.into())),
    }
}

pub(super) async fn add(State(state): Api, bytes: Bytes) -> Answer<Silence> {
    let now = state.clock.now();
    let mut wanted: Map<String, Value> = body(&bytes)?;
    // Most begin at once, and whoever asks need not have the right time.
    wanted.entry("from").or_insert_with(|| now.to_string().into());
    let refuse = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "The silence cannot be used", detail);
    let wanted: NewSilence =
        serde_json::from_value(Value::Object(wanted)).map_err(|error| refuse(error.to_string()))?;
    match state.store.add_silence(wanted, now).await {
        Ok(silence) => {
            tracing::info!(silence = silence.id, until = %silence.until, by = silence.by, "a silence was added");
            Ok(Json(silence))
        }
        Err(SilenceError::Store(error)) => Err(problem(&error.into())),
        Err(error @ SilenceError::TooMany { .. }) => Err(problem(&InspectError::Conflict(error.to_string()))),
        Err(error @ (SilenceError::Wrong(_) | SilenceError::Over { .. })) => Err(refuse(error.to_string())),
    }
}

pub(super) async fn end(State(state): Api, Path(id): Path<String>) -> Answer<Silence> {
    match state.store.end_silence(&id, state.clock.now()).await {
        Ok(Some(silence)) => {
            tracing::info!(silence = silence.id, "a silence was ended");
            Ok(Json(silence))
        }
        Ok(None) => Err(problem(&InspectError::Unknown { what: "standing silence", name: id })),
        Err(error) => Err(problem(&error.into())),
    }
}
