//! The webhook receiver: who may send, what a body means, and an answer only once the events are durable.

mod auth;
pub(crate) mod body;
mod door;
mod failures;
mod handshake;
mod limit;
mod origin;
mod problem;
mod raw;
pub(crate) mod repeat;
mod routes;
mod tidings;

pub use door::{Door, DoorState};
pub use limit::Rate;
pub(crate) use problem::Problem;
pub use raw::{Refused, events_of};
pub use routes::router;
pub use tidings::Tidings;

use axum::http::HeaderMap;
use serde_json::Value;

/// What a delivery's body and headers say, as the receiver reads them: its content, and the headers as presets see them.
pub(crate) fn content(
    headers: &HeaderMap,
    bytes: &[u8],
    limit: usize,
) -> Result<(body::Content, Value), Problem> {
    if bytes.len() > limit {
        return Err(Problem::too_large(limit));
    }
    Ok((body::read(headers, bytes, limit)?, body::visible_headers(headers, None)))
}

#[cfg(test)]
mod tests;
