//! From raw bytes to events, without credentials and without a store: what fuzzing and measuring need of the receiver.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use super::body::{self, Content};
use crate::intake::Mapping;
use crate::store::NewEvent;

/// Why a body is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The status that its sender gets.
    pub status: u16,
    /// What is wrong with it.
    pub why: String,
}

/// The events of a body of at most `most` bytes, as they would become durable. A header whose name or value HTTP does
/// not know is left out.
pub fn events_of(
    mapping: &Mapping,
    headers: &[(&str, &str)],
    body: &[u8],
    most: usize,
    at: Timestamp,
) -> Result<Vec<NewEvent>, Refused> {
    let pair = |(name, value): &(&str, &str)| {
        Some((HeaderName::try_from(*name).ok()?, HeaderValue::try_from(*value).ok()?))
    };
    let headers: HeaderMap = headers.iter().filter_map(pair).collect();
    match body::read(&headers, body, most) {
        Ok(Content::Payload(payload)) => {
            Ok(mapping.events(payload, body::visible_headers(&headers, None), at))
        }
        Ok(Content::Broken { text, why }) => Ok(mapping.unreadable(text, &why, at)),
        Err(problem) => Err(Refused { status: problem.status.as_u16(), why: problem.detail().to_owned() }),
    }
}
