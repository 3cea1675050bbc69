//! The sources as they stand, and recordings of what they send.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use haloward_rules::parse_duration;
use serde::Deserialize;

use super::answer::{Answer, answer, problem};
use super::read::ask;
use super::state::ApiState;
use crate::inspect::{self, InspectError, List, SourceLine};
use crate::witness::Recording;

type Api = State<Arc<ApiState>>;

pub(super) async fn list(State(state): Api) -> Answer<List<SourceLine>> {
    let (known, feeds, now) = (state.standing.sources(), state.feeds.all(), state.clock.now());
    let door = state.door.load_full();
    let mut found = ask(&state, move |reader| inspect::sources(reader, &known, now)).await;
    if let Ok(found) = &mut found {
        for line in &mut found.items {
            line.traffic = state.witness.traffic(&line.name, now);
            line.feed = feeds.get(&line.name).cloned();
            for (secret, used) in line.secrets.iter_mut().zip(door.secrets_used(&line.name)) {
                secret.last_used_at = used;
            }
        }
    }
    answer(found)
}

/// How much is to be recorded.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default = "one")]
    count: usize,
    #[serde(default = "while_somebody_waits", rename = "for")]
    lasts: String,
}

fn one() -> usize {
    1
}

fn while_somebody_waits() -> String {
    "10m".to_owned()
}

pub(super) async fn record(State(state): Api, Path(source): Path<String>, bytes: Bytes) -> Answer<Recording> {
    known(&state, &source).map_err(|error| problem(&error))?;
    let asked = if bytes.is_empty() { b"{}" } else { bytes.as_ref() };
    let started = serde_json::from_slice::<Wanted>(asked)
        .map_err(|error| error.to_string())
        .and_then(|wanted| {
            let lasts = parse_duration(&wanted.lasts).map_err(|error| format!("`for`: {error}"))?;
            let now = state.clock.now();
            let started = state.witness.recorder().start(&source, wanted.count, lasts, now);
            started.map_err(|error| error.to_string())
        })
        .map_err(InspectError::Question);
    if started.is_ok() {
        tracing::info!(source, "recording payloads, as somebody with the token asked");
    }
    answer(started)
}

pub(super) async fn recording(State(state): Api, Path(source): Path<String>) -> Answer<Recording> {
    answer(state.witness.recorder().look(&source, state.clock.now()).ok_or_else(|| none(&source)))
}

pub(super) async fn end_recording(State(state): Api, Path(source): Path<String>) -> Answer<Recording> {
    let ended = state.witness.recorder().end(&source, state.clock.now());
    ended.map(Json).ok_or_else(|| problem(&none(&source)))
}

fn none(source: &str) -> InspectError {
    InspectError::Unknown { what: "recording of", name: source.to_owned() }
}

/// Whether payloads are sent to a source of that name.
fn known(state: &ApiState, source: &str) -> Result<(), InspectError> {
    let sources = state.standing.sources();
    match sources.iter().find(|line| line.name == source) {
        None => Err(InspectError::Unknown { what: "source", name: source.to_owned() }),
        Some(line) if line.kind != "webhook" => Err(InspectError::Conflict(format!(
            "nobody sends to `{source}`, which is of the kind `{}`: there is nothing to record",
            line.kind
        ))),
        Some(_) => Ok(()),
    }
}
