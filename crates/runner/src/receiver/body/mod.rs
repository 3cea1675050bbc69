//! What a body means: from content type and bytes to a payload, and what is kept of one that cannot be read.
//!
//! Tools mislabel what they send, so what a body plainly is counts for more than what it is called. The label decides
//! what may come at all, how letters are encoded, and whether text that is no JSON is a message or a mistake. Decision
//! 0012 says which bodies are refused. Nothing here knows a vendor; what a payload means is its preset's job.

mod charset;
mod cloudevents;
mod encoding;
mod form;
mod json;
mod repair;
mod xml;

use axum::http::{HeaderMap, header};
use haloward_rules::Payload;
use serde_json::Value;

use super::problem::Problem;

/// What a body holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    /// Its payload.
    Payload(Payload),
    /// A payload that is broken beyond recovery: its text is kept, as an unmapped event.
    Broken {
        /// The text, as it came.
        text: String,
        /// Where it is broken.
        why: String,
    },
}

/// What kind of body the label promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    Json,
    Lines,
    Xml,
    Form,
    Multipart,
    /// Anything: no label, or one that says nothing, such as `text/plain`.
    Unsaid,
}

impl Label {
    fn of(essence: &str) -> Option<Self> {
        Some(match essence {
            "" | "application/octet-stream" => Self::Unsaid,
            "application/json" | "text/json" => Self::Json,
            "application/x-ndjson" | "application/jsonl" | "application/json-lines" => Self::Lines,
            "application/xml" | "text/xml" => Self::Xml,
            "application/x-www-form-urlencoded" => Self::Form,
            "multipart/form-data" => Self::Multipart,
            other if other.ends_with("+json") => Self::Json,
            other if other.ends_with("+xml") => Self::Xml,
            other if other.starts_with("text/") => Self::Unsaid,
            _ => return None,
        })
    }
}

/// Reads a request's body: at most `limit` bytes of it, also where it is compressed.
pub(crate) fn read(headers: &HeaderMap, body: &[u8], limit: usize) -> Result<Content, Problem> {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let body = encoding::decoded(text(header::CONTENT_ENCODING), body, limit)?;
    understand(text(header::CONTENT_TYPE), &body)
}

/// What bytes of this content type hold; an empty one says nothing.
pub(crate) fn understand(content_type: &str, body: &[u8]) -> Result<Content, Problem> {
    let mut parts = content_type.splitn(2, ';');
    let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let parameters = parts.next().unwrap_or_default();
    let label = Label::of(&essence).ok_or_else(|| Problem::wrong_type(content_type))?;
    if label == Label::Multipart {
        return form::multipart(content_type, body);
    }
    let text = charset::text(charset::named(parameters), body)?;
    let text = text.trim();
    let mut content = match text.as_bytes().first() {
        None => return Err(Problem::unreadable("the body is empty")),
        Some(b'<') if label != Label::Form => xml::content(text, label == Label::Unsaid)?,
        _ if label == Label::Form => form::content(text)?,
        _ => json_or(text, label)?,
    };
    if cloudevents::is_one(&essence)
        && let Content::Payload(payload) = content
    {
        let mut events = payload.into_value();
        cloudevents::decode(&mut events);
        content = Content::Payload(events.into());
    }
    Ok(content)
}

/// What a file holds that somebody names as a payload. Text that is neither JSON nor XML nor a form is another file.
pub(crate) fn of_file(name: &str, body: &[u8]) -> Result<Content, String> {
    understand("application/json", body).map_err(|problem| match problem.detail.strip_prefix("it ") {
        Some(wrong) => format!("`{name}` {wrong}"),
        None => format!("`{name}` cannot be read: {}", problem.detail),
    })
}

/// One line of JSON, as a payload has it.
pub(crate) fn json(line: &[u8]) -> serde_json::Result<Value> {
    std::str::from_utf8(line).map_or_else(|_| serde_json::from_slice(line), json::parse)
}

/// JSON; else, where the label leaves it open, a form or a text; else a mistake.
fn json_or(text: &str, label: Label) -> Result<Content, Problem> {
    let error = match json::payload(text) {
        Ok(payload) => return Ok(Content::Payload(payload)),
        Err(error) => error,
    };
    if label == Label::Lines
        && let Some(values) = json::lines(text)
    {
        return Ok(Content::Payload(values.into()));
    }
    if text.starts_with(['{', '[']) {
        return json::recovered(text, &error);
    }
    if form::looks_like_one(text) {
        return form::content(text);
    }
    match label {
        Label::Unsaid => Ok(Content::Payload(Value::String(text.to_owned()).into())),
        Label::Xml => Err(Problem::unreadable("it is not XML: it does not begin with `<`")),
        _ => Err(Problem::unreadable(format!("it is not JSON: {error}"))),
    }
}

/// The request's headers as presets see them: lower-case names, nothing that could be a credential.
pub(super) fn visible_headers(headers: &HeaderMap, secret: Option<&str>) -> Value {
    const HIDDEN: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "x-api-key"];
    let shown =
        headers.iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str()) && Some(name.as_str()) != secret);
    let map = shown.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.into())));
    Value::Object(map.collect())
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
