//! Forms: JSON percent-encoded as a whole (PRTG), JSON in a field (GitHub's `payload`, Uptime Kuma's `data`), or plain
//! fields.

use futures::FutureExt as _;
use futures::stream;
use multer::{Constraints, Multipart, SizeLimit};
use serde_json::{Map, Value};

use super::{Content, json};
use crate::receiver::problem::Problem;

// LIMIT: a form of alerts has some dozen fields; more is somebody trying how many we take.
const MOST_FIELDS: usize = 1_000;

/// What a form holds.
pub(super) fn content(text: &str) -> Result<Content, Problem> {
    if text.starts_with(['{', '[']) {
        return match json::payload(text) {
            Ok(payload) => Ok(Content::Payload(payload)),
            Err(error) => json::recovered(text, &error),
        };
    }
    let pairs = url::form_urlencoded::parse(text.as_bytes());
    of_fields(
        pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).take(MOST_FIELDS + 1).collect(),
    )
}

/// Whether a text without a label is a form: names and values, percent-encoded, without a space.
pub(super) fn looks_like_one(text: &str) -> bool {
    let encoded = |part: &str| {
        part.bytes().all(|b| {
            b.is_ascii_alphanumeric()
                || matches!(b, b'%' | b'+' | b'.' | b'-' | b'_' | b'*' | b'~' | b':' | b'/')
        })
    };
    let first = text.as_bytes().first_chunk::<3>();
    if first.is_some_and(|first| first.eq_ignore_ascii_case(b"%7b") || first.eq_ignore_ascii_case(b"%5b")) {
        return encoded(text);
    }
    let is_pair = |pair: &str| {
        pair.split_once('=').is_some_and(|(name, value)| !name.is_empty() && encoded(name) && encoded(value))
    };
    text.split('&').all(is_pair)
}

/// What a multipart form holds.
pub(super) fn multipart(content_type: &str, body: &[u8]) -> Result<Content, Problem> {
    let unreadable = |error: multer::Error| Problem::unreadable(format!("it is no multipart form: {error}"));
    let boundary = multer::parse_boundary(content_type).map_err(unreadable)?;
    let chunk = Ok::<_, std::convert::Infallible>(axum::body::Bytes::copy_from_slice(body));
    let whole = SizeLimit::new().whole_stream(body.len() as u64);
    let constraints = Constraints::new().size_limit(whole);
    let mut form = Multipart::with_constraints(stream::iter([chunk]), boundary, constraints);
    let mut fields = Vec::new();
    // The whole body is there: nothing of it is ever waited for.
    while let Some(field) = form.next_field().now_or_never().transpose().map_err(unreadable)?.flatten() {
        let name = field.name().unwrap_or_default().to_owned();
        let text = field.text().now_or_never().transpose().map_err(unreadable)?;
        fields.push((name, text.unwrap_or_default()));
        if fields.len() > MOST_FIELDS {
            break;
        }
    }
    of_fields(fields)
}

/// One field that is JSON is the payload, and so is one that is called like it; else the fields are.
fn of_fields(fields: Vec<(String, String)>) -> Result<Content, Problem> {
    if fields.len() > MOST_FIELDS {
        return Err(Problem::unreadable(format!("it is a form of more than {MOST_FIELDS} fields")));
    }
    let is_json = |text: &str| text.trim_start().starts_with(['{', '[']);
    let whole = match fields.as_slice() {
        [] => return Err(Problem::unreadable("the form is empty")),
        [(name, value)] if value.is_empty() => Some(name),
        [(_, value)] => Some(value),
        several => {
            let called = |(name, value): &&(String, String)| {
                matches!(name.as_str(), "payload" | "data" | "json" | "body") && is_json(value)
            };
            several.iter().find(called).map(|(_, value)| value)
        }
    };
    if let Some(text) = whole.filter(|text| is_json(text)) {
        let text = text.trim();
        return match json::payload(text) {
            Ok(payload) => Ok(Content::Payload(payload)),
            Err(error) => json::recovered(text, &error),
        };
    }
    let fields: Map<String, Value> =
        fields.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    Ok(Content::Payload(Value::Object(fields).into()))
}
