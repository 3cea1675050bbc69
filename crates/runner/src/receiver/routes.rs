//! The routes, and one delivery's way through them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::auth::Check;
use super::body::{self, Content};
use super::limit::Limit;
use super::problem::Problem;
use super::repeat::{self, Fingerprint, Repeats, Taken};
use crate::clock::Clock;
use crate::config::{Loaded, SecretError, SourceConfig};
use crate::intake::{self, Mapping};
use crate::metrics::Metrics;
use crate::store::{Store, StoreError};
use crate::witness::Witness;

/// A source as the receiver needs it.
struct Guarded {
    check: Check,
    mapping: Mapping,
    limit: Option<Limit>,
    /// How long the same body counts as the same delivery.
    repeated_within: Duration,
}

/// The sources that may send, and how. Swapped whole when the configuration changes.
pub struct Door {
    sources: HashMap<String, Guarded>,
    max_body: usize,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("sources", &self.sources.len()).finish_non_exhaustive()
    }
}

impl Door {
    /// The sources of a configuration, their secrets read.
    pub fn new(loaded: &Loaded) -> Result<Self, SecretError> {
        let mut sources = HashMap::new();
        for (name, config) in &loaded.config.sources {
            let SourceConfig::Webhook(webhook) = config else { continue };
            if let Some((preset, severity)) = loaded.preset_of(name) {
                let guarded = Guarded {
                    repeated_within: repeat::window(webhook.repeated_within, &preset),
                    check: Check::new(&webhook.auth)?,
                    mapping: Mapping { source: name.as_str().into(), preset, severity },
                    limit: webhook.limit.map(Limit::new),
                };
                sources.insert(name.clone(), guarded);
            }
        }
        Ok(Self { sources, max_body: loaded.config.max_body })
    }
}

/// What the receiver's handlers share.
#[derive(Debug, Clone)]
pub struct DoorState {
    /// The sources.
    pub door: Arc<ArcSwap<Door>>,
    /// Where events become durable.
    pub store: Store,
    /// The time of receipt.
    pub clock: Arc<dyn Clock>,
    /// Deliveries in the making at once.
    pub busy: Arc<Semaphore>,
    /// Where deliveries are counted.
    pub metrics: Metrics,
    repeats: Repeats,
    /// What people see of them.
    pub witness: Witness,
}

// LIMIT: this many bodies are held in memory at once; with the default body limit that is 256 MiB at worst.
const MOST_AT_ONCE: usize = 256;

impl DoorState {
    /// The state for a store and its door.
    pub fn new(door: Door, store: Store, clock: Arc<dyn Clock>, metrics: Metrics) -> Self {
        Self {
            door: Arc::new(ArcSwap::from_pointee(door)),
            store,
            clock,
            busy: Arc::new(Semaphore::new(MOST_AT_ONCE)),
            metrics,
            repeats: Repeats::default(),
            witness: Witness::default(),
        }
    }

    /// Reads from the journal which deliveries came before the start.
    pub async fn remember(&self) -> Result<(), StoreError> {
        self.repeats.remember(&self.store, self.clock.now()).await
    }
}

/// All routes of the receiver.
pub fn router(state: DoorState) -> Router {
    Router::new()
        .route("/hooks/{source}", post(hook))
        .route("/hooks/{source}/{token}", post(hook_with_token))
        .route("/healthz", get(healthz))
        .fallback(async || Problem::unknown_page())
        .with_state(state)
}

async fn healthz() -> &'static str {
    "ok\n"
}

async fn hook(
    State(state): State<DoorState>,
    Path(source): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    deliver(&state, &source, None, request).await
}

async fn hook_with_token(
    State(state): State<DoorState>,
    Path((source, token)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    deliver(&state, &source, Some(&token), request).await
}

/// One delivery, and a sender who gets to read the answer even when its body was not wanted.
async fn deliver(
    state: &DoorState,
    source: &str,
    token: Option<&str>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, mut body) = request.into_parts();
    let started = Instant::now();
    let answer = accept(state, source, token, &parts, &mut body).await;
    let answer = match answer {
        Ok((answer, counted)) => {
            let Counted { events, duplicates, unmapped } = counted;
            state.metrics.accepted(source, events, duplicates, started.elapsed());
            state.witness.accepted(source, events, duplicates, unmapped, state.clock.now());
            Ok(answer)
        }
        Err(problem) => {
            state.metrics.refused(problem.status.as_u16());
            // LIMIT: what nobody configured is nobody's: strangers can make up any number of names.
            if problem.status != StatusCode::NOT_FOUND {
                let (status, now) = (problem.status.as_u16(), state.clock.now());
                let why = format!("{}: {}", problem.title, problem.detail);
                state.witness.refused(source, status, &why, now);
            }
            Err(problem)
        }
    };
    // A sender that waits for `100 Continue` sends nothing once it has its answer.
    if answer.is_err() && !parts.headers.contains_key(header::EXPECT) {
        drain(&mut body).await;
    }
    answer
}

/// What a delivery brought.
struct Counted {
    events: usize,
    duplicates: usize,
    unmapped: usize,
}

/// Who sends, what it says, and durable before the answer.
async fn accept(
    state: &DoorState,
    source: &str,
    token: Option<&str>,
    parts: &Parts,
    body: &mut Body,
) -> Result<(Response, Counted), Problem> {
    let door = state.door.load_full();
    let known = door.sources.get(source).ok_or_else(Problem::unknown_source)?;
    if !known.check.before_body(&parts.headers, token) {
        return Err(Problem::unauthorized());
    }
    // After the credentials: nobody else may use a source's limit up.
    if let Some(limit) = &known.limit {
        limit.pass(state.clock.now()).map_err(Problem::too_many)?;
    }
    let _permit =
        state.busy.try_acquire().map_err(|_| Problem::not_durable("too many deliveries at once"))?;
    let bytes = read_body(&parts.headers, body, door.max_body).await?;
    if !known.check.with_body(&parts.headers, &bytes) {
        return Err(Problem::unauthorized());
    }
    let content = body::read(&parts.headers, &bytes, door.max_body)?;
    let now = state.clock.now();
    let mut events = match content {
        Content::Payload(payload) => {
            let headers = body::visible_headers(&parts.headers, known.check.secret_header());
            state.witness.payload(source, &headers, &payload, now);
            known.mapping.events(payload, headers, now)
        }
        Content::Broken { text, why } => known.mapping.unreadable(text, &why, now),
    };
    // Vendors' own ids are told apart in the store.
    let by_body =
        !known.repeated_within.is_zero() && events.first().is_some_and(|event| event.delivery_id.is_none());
    let mut place = None;
    if by_body {
        let body = Fingerprint::of(source, &bytes);
        let held = state.repeats.hold(body).await;
        if let Some(before) = repeat::is_repeat(*held, known.repeated_within, now) {
            let answer = Json(json!({ "accepted": 0, "duplicates": before.events, "ids": [] }));
            let counted = Counted { events: 0, duplicates: before.events, unmapped: 0 };
            return Ok(((StatusCode::ACCEPTED, answer).into_response(), counted));
        }
        repeat::mark(&mut events, body);
        place = Some(held);
    }
    let taken = intake::take(&state.store, events).await.map_err(|error| refusal(&error))?;
    if let Some(mut place) = place {
        *place = Some(Taken { at: now, events: taken.events.len() });
    }
    let (duplicates, unmapped) = (taken.duplicates(), taken.unmapped);
    let fresh = taken.events.iter().filter(|event| !event.duplicate);
    let ids: Vec<Value> = fresh.map(|event| json!(event.id.to_string())).collect();
    tracing::debug!(source, accepted = ids.len(), duplicates, unmapped, "accepted");
    let events = ids.len();
    let answer = Json(json!({ "accepted": events, "duplicates": duplicates, "ids": ids }));
    Ok(((StatusCode::ACCEPTED, answer).into_response(), Counted { events, duplicates, unmapped }))
}

fn refusal(error: &StoreError) -> Problem {
    tracing::error!(%error, "events could not be made durable");
    Problem::not_durable("the store does not take events now; the sender should try again")
}

/// The body, at most `limit` bytes; more is refused before it is read where its length is announced.
async fn read_body(headers: &HeaderMap, body: &mut Body, limit: usize) -> Result<Bytes, Problem> {
    let announced =
        headers.get("content-length").and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Problem::too_large(limit));
    }
    let reading = Limited::new(body, limit).collect();
    match tokio::time::timeout(BODY_TIME, reading).await {
        Ok(Ok(bytes)) => Ok(bytes.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::too_large(limit)),
        Ok(Err(_)) => Err(Problem::unreadable("the body ended before its end")),
        Err(_) => Err(Problem::unreadable("the body did not arrive in time")),
    }
}

/// Reads and forgets what a refused sender is still sending. Closing the connection on it instead would make its
/// system throw the answer away: it would see a broken pipe, and never that its body was too large.
async fn drain(body: &mut Body) {
    let reading = async {
        let mut left = MOST_DRAINED;
        while let Some(Ok(frame)) = body.frame().await {
            let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else { return };
            left = rest;
        }
    };
    let _ = tokio::time::timeout(DRAIN_TIME, reading).await;
}

// LIMIT: what a refused sender may still send before the connection is closed on it.
const MOST_DRAINED: usize = 16 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(5);

// LIMIT: a sender that dribbles must not hold one of the places for long.
const BODY_TIME: Duration = Duration::from_secs(20);
