//! One answer of a polled source, just asked for or saved before, read as the poll reads it. Nothing of it is kept, and how
//! far a running service has read stays as it is.

use std::sync::Arc;

use haloward_rules::{Answer, Asked, Event, Mark, Poll, Turn, VendorWords};
use jiff::Timestamp;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value};
use thiserror::Error;

use super::fetch::MOST_BYTES;
use super::{fetch, page, setup};
use crate::config::{Loaded, SecretError, SourceConfig};
use crate::feeds::FeedError;
use crate::intake::Mapping;
use crate::outbound::Outbounds;

/// What one page of a list is read as.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The events, as the rules would get them; those that a running service knows already are among them.
    pub events: Vec<Event>,
    /// The vendor's words for each of them.
    pub said: Vec<VendorWords>,
    /// How many items the page has; nothing where the poll does not say which they are, and it is read whole.
    pub items: Option<usize>,
    /// What is asked for the page after it, if there is one.
    pub next: Option<Asked>,
    /// How far it says the source is read.
    pub mark: Option<Mark>,
}

/// Why there is no preview.
#[derive(Debug, Error)]
pub enum PreviewError {
    /// There is no such source, or it is not polled, or its configuration has mistakes.
    #[error("`{0}` is no source that is polled")]
    NotPolled(String),
    /// A secret could not be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A round with such an answer fails.
    #[error(transparent)]
    Feed(#[from] FeedError),
}

/// Asks a source of the configuration for the first page of its list: one request, and one for a token where it needs
/// that.
pub async fn asked(loaded: &Loaded, source: &str, now: Timestamp) -> Result<Preview, PreviewError> {
    let not_polled = || PreviewError::NotPolled(source.to_owned());
    let Some(SourceConfig::Poll(config)) = loaded.config.sources.get(source) else {
        return Err(not_polled());
    };
    let mut setup = setup(source, config, loaded, Arc::new(Outbounds::default()))?.ok_or_else(not_polled)?;
    let answer = fetch::first(&mut setup, now).await?;
    Ok(preview(&setup.poll, &setup.mapping, &answer, now)?)
}

/// Reads an answer to a poll that somebody saved, with the headers that are known of it. Needs no secrets.
pub fn saved(
    poll: &Poll,
    mapping: &Mapping,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Preview, FeedError> {
    if body.len() > MOST_BYTES {
        return Err(FeedError::new(format!("the answer is larger than {} MiB", MOST_BYTES >> 20))
            .hint("ask for smaller pages"));
    }
    preview(poll, mapping, &page::read(headers, body)?, now)
}

/// The events of the items in a payload that has the list of the poll's answers; nothing where it has none: then it may
/// be an item by itself.
pub fn listed(poll: &Poll, mapping: &Mapping, payload: &Value, now: Timestamp) -> Option<Vec<Event>> {
    let headers = Arc::new(Value::Object(Map::new()));
    let answer = Answer { payload: Arc::new(payload.clone()), headers };
    match page::held(poll, &Turn::default(), &answer, now).ok()? {
        held @ page::Held::Items(_) => held.events(mapping, now).ok(),
        page::Held::Whole(_) => None,
    }
}

fn preview(poll: &Poll, mapping: &Mapping, answer: &Answer, now: Timestamp) -> Result<Preview, FeedError> {
    let first = Turn::default();
    let held = page::held(poll, &first, answer, now)?;
    let events = held.events(mapping, now)?;
    let next = held.next(poll, &first, answer, events.len(), now)?;
    let next = next.map(|turn| poll.ask(&turn, None, None, now)).transpose().map_err(FeedError::new)?;
    let marks = events.iter().filter_map(|event| poll.mark(&event.value()["payload"], now));
    let mark = marks.reduce(Mark::max).map(|newest| newest.until(now));
    Ok(Preview { said: held.said(mapping, now), items: held.items(), events, next, mark })
}
