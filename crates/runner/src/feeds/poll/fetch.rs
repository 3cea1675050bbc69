//! All pages of a list.

use std::time::Duration;

use haloward_rules::{Answer as Page, Asked, Event, Mark, Method, Turn};
use jiff::Timestamp;
use reqwest::header::{
    ACCEPT, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
    RETRY_AFTER,
};
use reqwest::{StatusCode, Url};
use serde_json::Value;
use tokio::time::Instant;

use super::page::{self, excerpt};
use super::{FeedError, Setup};
use crate::outbound::{Answer, Limits, Outbound, OutboundError, Request, same_place};

/// LIMIT: a page of some thousand alerts is a few MiB; a larger one is a mistake.
pub(super) const MOST_BYTES: usize = 16 << 20;
/// LIMIT: items of one round; what they are remembered by has to fit into memory.
const MOST_ITEMS: usize = 10_000;
/// LIMIT: one round; a vendor that takes longer for all pages would be asked again before it is done.
const MOST_TIME: Duration = Duration::from_mins(5);

/// What a round brought.
pub(super) struct Fetched {
    pub(super) events: Vec<Event>,
    pub(super) how: How,
    /// What to ask with whether the list has changed, where the server knows that.
    pub(super) validators: Option<Value>,
    /// Why it ended early.
    pub(super) failure: Option<FeedError>,
}

/// How much of the list was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// All of it.
    Whole,
    /// It is the same as last time.
    Unchanged,
    /// It goes on beyond what one round takes.
    Cut,
    /// A page could not be read.
    Broken,
}

impl How {
    pub(super) fn is_whole(self) -> bool {
        matches!(self, Self::Whole | Self::Unchanged)
    }

    pub(super) fn is_unchanged(self) -> bool {
        self == Self::Unchanged
    }

    pub(super) fn is_cut(self) -> bool {
        self == Self::Cut
    }
}

/// What one page is.
enum Read {
    Unchanged,
    Page(Page, Option<Value>),
}

/// Asks for all pages. A failure on the first one is an error; what came before a later one is kept.
pub(super) async fn all(
    setup: &mut Setup,
    mark: Option<Mark>,
    validators: Option<&Value>,
    now: Timestamp,
) -> Result<Fetched, FeedError> {
    let outbound = setup.outbounds.of(setup.reach).map_err(|error| unreached(&error))?;
    let began = Instant::now();
    let mut fetched = Fetched { events: Vec::new(), how: How::Whole, validators: None, failure: None };
    let mut turn = Turn::default();
    let mut home = None;
    loop {
        let first = turn.number == 0;
        let read = one(setup, &outbound, &turn, mark, validators.filter(|_| first), &mut home, now).await;
        let read = match read {
            Ok(Read::Unchanged) => return Ok(Fetched { how: How::Unchanged, ..fetched }),
            Ok(Read::Page(page, fresh)) => {
                fetched.validators = fresh.filter(|_| first);
                events(setup, &turn, &page, now)
            }
            Err(error) => Err(error),
        };
        let next = match read {
            Ok((mut events, next)) => {
                fetched.events.append(&mut events);
                next
            }
            Err(error) if first => return Err(error),
            Err(error) => {
                fetched.how = How::Broken;
                fetched.failure = Some(error);
                return Ok(fetched);
            }
        };
        let Some(next) = next else { return Ok(fetched) };
        // Whether the first page has changed says nothing about the others.
        fetched.validators = None;
        turn = next;
        let long = fetched.events.len() >= MOST_ITEMS || began.elapsed() >= MOST_TIME;
        if turn.number >= setup.poll.max_pages || long {
            fetched.how = How::Cut;
            return Ok(fetched);
        }
    }
}

/// The first page alone.
pub(super) async fn first(setup: &mut Setup, now: Timestamp) -> Result<Page, FeedError> {
    let outbound = setup.outbounds.of(setup.reach).map_err(|error| unreached(&error))?;
    match one(setup, &outbound, &Turn::default(), None, None, &mut None, now).await? {
        Read::Page(page, _) => Ok(page),
        Read::Unchanged => unreachable!("nothing was asked with a condition"),
    }
}

/// The events of a page, and the page after it.
fn events(
    setup: &Setup,
    turn: &Turn,
    page: &Page,
    now: Timestamp,
) -> Result<(Vec<Event>, Option<Turn>), FeedError> {
    let held = page::held(&setup.poll, turn, page, now)?;
    let events = held.events(&setup.mapping, now)?;
    let next = held.next(&setup.poll, turn, page, events.len(), now)?;
    Ok((events, next))
}

/// One page, with credentials that are renewed once if they are refused.
async fn one(
    setup: &mut Setup,
    outbound: &Outbound,
    turn: &Turn,
    mark: Option<Mark>,
    validators: Option<&Value>,
    home: &mut Option<Url>,
    now: Timestamp,
) -> Result<Read, FeedError> {
    let limits = Limits { time: setup.poll.timeout, bytes: MOST_BYTES };
    let mut renewed = false;
    loop {
        let asked = setup.poll.ask(turn, mark, None, now).map_err(FeedError::new)?;
        let mut request = request(&asked)?;
        let home = home.get_or_insert_with(|| request.url.clone());
        // Whoever gets the request gets the credentials, and the address may come from an answer.
        if !same_place(home, &request.url) {
            let (from, to) = (home.host_str(), request.url.host_str());
            let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
            return Err(FeedError::new(format!("the next page of `{from}` is at another place: `{to}`")));
        }
        let address = hash(&request.url);
        if let Some(known) = validators.filter(|known| known["address"] == address.as_str()) {
            condition(&mut request.headers, IF_NONE_MATCH, &known["etag"]);
            condition(&mut request.headers, IF_MODIFIED_SINCE, &known["modified"]);
        }
        setup.proof.prove(outbound, &mut request, limits, now).await?;
        let answer = outbound.send(request, limits).await.map_err(|error| unreached(&error))?;
        if answer.status == StatusCode::UNAUTHORIZED && !renewed && setup.proof.forget_token() {
            renewed = true;
            continue;
        }
        if answer.status == StatusCode::NOT_MODIFIED && validators.is_some() {
            return Ok(Read::Unchanged);
        }
        if !answer.status.is_success() {
            return Err(refused(&answer, now));
        }
        let validators = fresh_validators(&answer.headers, &address);
        return Ok(Read::Page(page::read(&answer.headers, &answer.body)?, validators));
    }
}

fn request(asked: &Asked) -> Result<Request, FeedError> {
    let mut url = Url::parse(&asked.url).map_err(|_| FeedError::new("what is asked for is no address"))?;
    if !asked.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&asked.query);
    }
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    for (name, value) in &asked.headers {
        let pair = HeaderName::try_from(name.as_str()).ok().zip(HeaderValue::try_from(value.as_str()).ok());
        let (header, value) = pair.ok_or_else(|| FeedError::new(format!("`{name}` is no header")))?;
        headers.insert(header, value);
    }
    let body = asked.body.as_ref().map(|body| ("application/json", body.to_string().into_bytes()));
    let method = match asked.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Patch => reqwest::Method::PATCH,
    };
    Ok(Request { method, url, headers, body })
}

fn condition(headers: &mut HeaderMap, name: HeaderName, value: &Value) {
    if let Some(value) = value.as_str().and_then(|text| HeaderValue::from_str(text).ok()) {
        headers.insert(name, value);
    }
}

/// What the server can be asked with whether this has changed.
fn fresh_validators(headers: &HeaderMap, address: &str) -> Option<Value> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let (etag, modified) = (text(ETAG), text(LAST_MODIFIED));
    (etag.is_some() || modified.is_some())
        .then(|| serde_json::json!({ "address": address, "etag": etag, "modified": modified }))
}

/// The address may hold a key: it is compared, not kept.
fn hash(url: &Url) -> String {
    use sha2::{Digest as _, Sha256};
    hex::encode(&Sha256::digest(url.as_str())[..16])
}

pub(super) fn unreached(error: &OutboundError) -> FeedError {
    let failure = FeedError::new(error.to_string());
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// An answer that is no success.
pub(super) fn refused(answer: &Answer, now: Timestamp) -> FeedError {
    let said = excerpt(&answer.body);
    let said = if said.is_empty() { String::new() } else { format!(": `{said}`") };
    let mut error = FeedError::new(format!("it answered {}{said}", answer.status));
    error.retry_after = retry_after(&answer.headers, now);
    let hint = match answer.status.as_u16() {
        401 | 403 => "check the credentials under `auth` of the source, and what they may see",
        404 | 410 => "check the address under `url` of the source",
        429 => "poll less often: the vendor's limit was reached",
        _ => return error,
    };
    error.hint(hint)
}

fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Duration::try_from(at.duration_since(now)).ok()
}
