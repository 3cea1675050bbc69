//! The routes, and one delivery's way through them.

use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::auth::{Refused, Shown, Step};
use super::body::{self, Content};
use super::door::{DoorState, Guarded};
use super::handshake;
use super::origin::Origin;
use super::problem::Problem;
use super::repeat::{self, Fingerprint, Taken};
use crate::intake;
use crate::server::Peer;
use crate::store::{EventId, StoreError};
use crate::trace::TraceId;

/// All routes of the receiver.
pub fn router(state: DoorState) -> Router {
    let hook = || -> MethodRouter<DoorState> { post(hook).put(hook).options(ask) };
    let hook_with_token =
        || -> MethodRouter<DoorState> { post(hook_with_token).put(hook_with_token).options(ask_with_token) };
    Router::new()
        .route("/hooks/{source}", hook())
        .route("/hooks/{source}/{token}", hook_with_token())
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

async fn ask(
    State(state): State<DoorState>,
    Path(source): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    leave_to_send(&state, &source, None, request).await
}

async fn ask_with_token(
    State(state): State<DoorState>,
    Path((source, token)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    leave_to_send(&state, &source, Some(&token), request).await
}

async fn leave_to_send(
    state: &DoorState,
    source: &str,
    token: Option<&str>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let door = state.door.load_full();
    let origin = Origin::of(parts.extensions.get().copied(), &parts.headers, &door.proxies);
    let known = door.sources.get(source).ok_or_else(Problem::unknown_source);
    let answer = known.and_then(|known| {
        from_where_it_may(known, &origin)?;
        handshake::answer(known, &parts, shown(&parts, token, &origin))
    });
    match answer {
        Ok(answer) => Ok(answer),
        Err(problem) => Err(refuse(state, source, &origin, None, problem).await),
    }
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
    let proxies = &state.door.load().proxies;
    let origin = Origin::of(parts.extensions.get::<Peer>().copied(), &parts.headers, proxies);
    let trace = TraceId::of(&parts.headers);
    let answer = match accept(state, source, token, &parts, &origin, trace, &mut body).await {
        Ok((answer, counted)) => {
            let Counted { events, duplicates, unmapped } = counted;
            state.metrics.accepted(source, events, duplicates, started.elapsed());
            state.witness.accepted(source, events, duplicates, unmapped, state.clock.now());
            Ok(answer)
        }
        Err(problem) => Err(refuse(state, source, &origin, Some(trace), problem).await),
    };
    // A sender that waits for `100 Continue` sends nothing once it has its answer.
    if answer.is_err() && !parts.headers.contains_key(header::EXPECT) {
        drain(&mut body).await;
    }
    answer
}

/// What a delivery brought.
#[derive(Default)]
struct Counted {
    events: usize,
    duplicates: usize,
    unmapped: usize,
}

/// Counts a refusal, and has less and less patience with whoever does not know the way in.
async fn refuse(
    state: &DoorState,
    source: &str,
    origin: &Origin,
    trace: Option<TraceId>,
    problem: Problem,
) -> Problem {
    let known = state.door.load().sources.contains_key(source);
    let problem = match origin.blamed().filter(|_| problem.is_of_a_stranger()) {
        None => problem,
        Some(who) => match state.failures.note(who, state.clock.now()) {
            None => problem,
            Some(wait) => {
                state.failures.hold_back().await;
                Problem::too_often(wait)
            }
        },
    };
    // Names that nobody configured are the sender's own, and would be without number.
    state.metrics.refused(problem.status.as_u16(), known.then_some(source));
    if known {
        let why = format!("{}: {}", problem.title, problem.detail);
        tracing::debug!(source, trace = trace.map(display), status = problem.status.as_u16(), why, "refused");
        state.witness.refused(source, problem.status.as_u16(), &why, state.clock.now());
    }
    problem
}

/// Who sends, what it says, and durable before the answer.
async fn accept(
    state: &DoorState,
    source: &str,
    token: Option<&str>,
    parts: &Parts,
    origin: &Origin,
    trace: TraceId,
    body: &mut Body,
) -> Result<(Response, Counted), Problem> {
    let door = state.door.load_full();
    let known = door.sources.get(source).ok_or_else(Problem::unknown_source)?;
    from_where_it_may(known, origin)?;
    let step = known.check.before_body(shown(parts, token, origin))?;
    let mut proven = welcome(state, known, source, step)?;
    let busy = || Problem::not_durable("too many deliveries at once");
    let _permit = state.busy.try_acquire().map_err(|_| busy())?;
    let _stranger = if proven { None } else { Some(state.strangers.try_acquire().map_err(|_| busy())?) };
    let bytes = read_body(&parts.headers, body, door.max_body).await?;
    if !proven {
        let step = known.check.with_body(&parts.headers, &bytes, state.clock.now())?;
        proven = welcome(state, known, source, step)?;
    }
    // ORDER: after the body, which a slow sender may take its time over.
    let _coming = state.store.crowd().enter();
    let mut content = match body::read(&parts.headers, &bytes, door.max_body) {
        Ok(content) => content,
        // What proves who it is would have been in it.
        Err(_) if !proven => return Err(Problem::unauthorized()),
        Err(problem) => return Err(problem),
    };
    let now = state.clock.now();
    if let (false, Content::Payload(payload)) = (proven, &mut content) {
        let step = known.check.with_payload(payload, &state.aws, now).await?;
        proven = welcome(state, known, source, step)?;
    }
    // INVARIANT: nobody gets here who has not proven who he is; each way does so at one of its steps.
    if !proven {
        return Err(Problem::unauthorized());
    }
    if known.only_tells {
        // What cannot be read says at least that something changed.
        let payload = match content {
            Content::Payload(payload) => payload,
            Content::Broken { text, .. } => Value::String(text).into(),
        };
        let headers = body::visible_headers(&parts.headers, known.check.secret_header());
        state.witness.payload(source, &headers, &payload, now);
        state.tidings.iter().for_each(|tidings| tidings.bring(source, payload.value()));
        let counted = Counted::default();
        return Ok((accepted(source, &[], &counted, trace), counted));
    }
    let mut events = match content {
        Content::Payload(mut payload) => {
            let headers = body::visible_headers(&parts.headers, known.check.secret_header());
            known.mapping.preset.strip(&mut payload);
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
            let counted = Counted { duplicates: before.events, ..Counted::default() };
            return Ok((accepted(source, &[], &counted, before.trace.unwrap_or(trace)), counted));
        }
        repeat::mark(&mut events, body);
        place = Some(held);
    }
    let taken = intake::take(&state.store, events, trace).await.map_err(|error| refusal(&error, trace))?;
    if let Some(mut place) = place {
        *place = Some(Taken { at: now, events: taken.events.len(), trace: Some(trace) });
    }
    let (duplicates, unmapped) = (taken.duplicates(), taken.unmapped);
    let fresh = taken.events.iter().filter(|event| !event.duplicate);
    let ids: Vec<EventId> = fresh.map(|event| event.id).collect();
    let trace = match taken.events.first() {
        Some(first) if ids.is_empty() => trace_of(state, first.id).await.unwrap_or(trace),
        _ => trace,
    };
    let counted = Counted { events: ids.len(), duplicates, unmapped };
    Ok((accepted(source, &ids, &counted, trace), counted))
}

/// The answer to a delivery that is durable. Of one that came again, `trace` is that of the first: it leads to its events.
fn accepted(source: &str, ids: &[EventId], counted: &Counted, trace: TraceId) -> Response {
    let Counted { events, duplicates, unmapped } = *counted;
    tracing::debug!(source, %trace, accepted = events, duplicates, unmapped, "accepted");
    (StatusCode::ACCEPTED, Json(Answer { accepted: events, duplicates, ids, trace })).into_response()
}

/// What the sender reads.
#[derive(Serialize)]
struct Answer<'a> {
    accepted: usize,
    duplicates: usize,
    ids: &'a [EventId],
    #[serde(serialize_with = "as_text")]
    trace: TraceId,
}

fn as_text<S: Serializer>(trace: &TraceId, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(trace)
}

/// The trace of an event that came before.
async fn trace_of(state: &DoorState, id: EventId) -> Option<TraceId> {
    let known = state.store.read(move |reader| reader.event(id)).await.ok()??;
    known.event.trace()?.parse().ok()
}

fn shown<'a>(parts: &'a Parts, token: Option<&'a str>, origin: &Origin) -> Shown<'a> {
    Shown { headers: &parts.headers, token, query: parts.uri.query(), proxied: origin.proxied }
}

fn from_where_it_may(known: &Guarded, origin: &Origin) -> Result<(), Problem> {
    let may = known.allow_from.is_empty() || origin.is_in(&known.allow_from);
    may.then_some(()).ok_or_else(Problem::from_elsewhere)
}

/// Whether the sender is known by now. Then its secret is noted as used, and the source's limit holds: nobody else may
/// use that up.
fn welcome(state: &DoorState, known: &Guarded, source: &str, step: Step) -> Result<bool, Problem> {
    let Step::Proven(secret) = step else { return Ok(false) };
    let now = state.clock.now();
    if let Some(number) = secret {
        known.used.note(number, now);
        if number > 0 {
            tracing::debug!(source, secret = number + 1, "an older secret is still in use");
        }
    }
    if let Some(limit) = &known.limit {
        limit.pass(now).map_err(Problem::too_many)?;
    }
    Ok(true)
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Wrong => Self::unauthorized(),
            Refused::Late(by) => Self::not_now(format!(
                "the signature is right and {} s old: the delivery was repeated, or a clock is wrong",
                by.as_secs()
            )),
            Refused::Early(by) => Self::not_now(format!(
                "the signature is right and {} s ahead of our time: a clock is wrong",
                by.as_secs()
            )),
            Refused::Unsigned => {
                Self::not_now("SNS did not sign this: switch raw message delivery off for the subscription")
            }
            Refused::Topic => Self::not_now("the source's `auth: { sns }` does not name this topic"),
            Refused::Unclear(why) => {
                tracing::warn!(why, "a sender cannot be checked now");
                Self::not_durable("who sends cannot be checked now; the sender should try again")
            }
        }
    }
}

fn refusal(error: &StoreError, trace: TraceId) -> Problem {
    tracing::error!(%error, %trace, "events could not be made durable");
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
