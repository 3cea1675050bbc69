//! What one answer holds: its body, the payloads in it, their events, and the page after it. Nothing is asked here, so
//! that an answer somebody saved is read by the same words as one that was just fetched.

use std::sync::Arc;

use haloward_rules::{Answer as Page, Delivery, Event, Poll, Turn, VendorWords};
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Map, Value};

use super::FeedError;
use crate::intake::Mapping;
use crate::receiver::body::{Content, json, understand};

/// An answer's body and those of its headers that anybody may see.
pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Page, FeedError> {
    Ok(Page { payload: Arc::new(understood(headers, body)?), headers: shown(headers) })
}

/// The body as JSON. Some vendors answer XML, which is read as it is in a delivery.
fn understood(headers: &HeaderMap, body: &[u8]) -> Result<Value, FeedError> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bytes = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let no_json = |what: &str| {
        let start = excerpt(bytes);
        FeedError::new(format!("the answer is {what}; it begins with `{start}`"))
            .hint("check the address: a page for people may have been answered")
    };
    let is_xml = content_type.contains("xml") && !content_type.contains("html");
    if is_xml || bytes.starts_with(b"<?xml") {
        return match understand("application/xml", bytes) {
            Ok(Content::Payload(payload)) => Ok(payload.into_value()),
            Ok(_) | Err(_) => Err(no_json("XML that cannot be read")),
        };
    }
    json(bytes).map_err(|error| no_json(&format!("not JSON: {error}")))
}

/// The answer's headers, for pagination; nothing that is a credential.
fn shown(headers: &HeaderMap) -> Arc<Value> {
    let shown = headers.iter().filter(|(name, _)| name.as_str() != "set-cookie");
    let pairs =
        shown.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.into())));
    Arc::new(Value::Object(pairs.collect::<Map<_, _>>()))
}

/// What of a page goes through the preset.
pub(super) enum Held {
    /// Each of its items.
    Items(Vec<Arc<Value>>),
    /// The page as it is, where the poll does not say which its items are.
    Whole(Arc<Value>),
}

/// What a page holds.
pub(super) fn held(poll: &Poll, turn: &Turn, page: &Page, now: Timestamp) -> Result<Held, FeedError> {
    let items = poll.items(turn, page, now).map_err(|problem| no_list(&problem, &page.payload))?;
    Ok(match items {
        Some(items) => Held::Items(items.into_iter().map(Arc::new).collect()),
        None => Held::Whole(Arc::clone(&page.payload)),
    })
}

impl Held {
    fn payloads(&self) -> &[Arc<Value>] {
        match self {
            Self::Items(items) => items,
            Self::Whole(page) => std::slice::from_ref(page),
        }
    }

    /// Its events. What is read as one alert and is none is an error document, not an alert.
    pub(super) fn events(&self, mapping: &Mapping, now: Timestamp) -> Result<Vec<Event>, FeedError> {
        let nothing = Arc::new(Value::Object(Map::new()));
        let map = |payload| mapping.preset.map(delivery(mapping, payload, &nothing, now)).events;
        let events: Vec<Event> = self.payloads().iter().flat_map(map).collect();
        if let Self::Whole(page) = self
            && let [only] = events.as_slice()
            && let Some(why) = only.unmapped()
            && !page.is_array()
        {
            return Err(no_list(&format!("the answer holds no alerts: {why}"), page));
        }
        Ok(events)
    }

    /// The vendor's words for each event, in their order; none for one that does not fit.
    pub(super) fn said(&self, mapping: &Mapping, now: Timestamp) -> Vec<VendorWords> {
        let nothing = Arc::new(Value::Object(Map::new()));
        let said = |payload| {
            let delivery = delivery(mapping, payload, &nothing, now);
            let mut said = mapping.preset.said(&delivery);
            said.resize_with(mapping.preset.map(delivery).events.len(), VendorWords::default);
            said
        };
        self.payloads().iter().flat_map(said).collect()
    }

    /// How many items it has; nothing where the page is read whole.
    pub(super) fn items(&self) -> Option<usize> {
        match self {
            Self::Items(items) => Some(items.len()),
            Self::Whole(_) => None,
        }
    }

    /// The page after it. Where nobody says which the items are, events are counted.
    pub(super) fn next(
        &self,
        poll: &Poll,
        turn: &Turn,
        page: &Page,
        events: usize,
        now: Timestamp,
    ) -> Result<Option<Turn>, FeedError> {
        let count = self.items().unwrap_or(events) as u64;
        poll.next(turn, page, count, now).map_err(FeedError::new)
    }
}

/// One payload of an answer; its headers are those of a page, and no preset sees them.
fn delivery<'m>(
    mapping: &'m Mapping,
    payload: &Arc<Value>,
    headers: &Arc<Value>,
    at: Timestamp,
) -> Delivery<'m> {
    Delivery {
        source: &mapping.source,
        payload: Arc::clone(payload).into(),
        headers: Arc::clone(headers),
        default_severity: mapping.severity,
        at,
    }
}

fn no_list(problem: &str, payload: &Value) -> FeedError {
    let start = excerpt(payload.to_string().as_bytes());
    FeedError::new(format!("{problem}; it begins with `{start}`"))
        .hint("check `url`, `items` and the preset of the source")
}

/// LIMIT: enough to recognize a vendor's error by.
const EXCERPT: usize = 160;

/// The beginning of a text on one line.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(EXCERPT * 4)]).into_owned();
    let text: String = text.chars().take(EXCERPT).map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
