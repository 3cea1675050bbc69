//! A body as JSON: content types, and the JSON that some senders wrap or mislabel.

use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

use super::problem::Problem;

/// Reads the body. Tools mislabel JSON as text or as a form; what plainly is JSON is taken as such.
pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Value, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/x-www-form-urlencoded" {
        return form(body);
    }
    if essence.is_empty()
        || essence == "text/plain"
        || essence == "application/json"
        || essence.ends_with("+json")
    {
        return json(body);
    }
    Err(Problem::wrong_type(content_type))
}

fn json(body: &[u8]) -> Result<Value, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::unreadable("the body is empty"));
    }
    // A byte order mark is no JSON and some tools send one.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::from_slice(body).map_err(|error| Problem::unreadable(format!("it is not JSON: {error}")))
}

/// A form: JSON percent-encoded as a whole (PRTG), JSON in a field (`payload`, `data`), or plain fields.
fn form(body: &[u8]) -> Result<Value, Problem> {
    if let Ok(value) = json(body) {
        return Ok(value);
    }
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(body).map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
    if let [(name, value)] = pairs.as_slice() {
        let whole = if value.is_empty() { name } else { value };
        if let Ok(json) = serde_json::from_str::<Value>(whole)
            && (json.is_object() || json.is_array())
        {
            return Ok(json);
        }
    }
    if pairs.is_empty() {
        return Err(Problem::unreadable("the form is empty"));
    }
    Ok(Value::Object(pairs.into_iter().map(|(k, v)| (k, Value::String(v))).collect::<Map<_, _>>()))
}

/// The request's headers as presets see them: lower-case names, nothing that could be a credential.
pub(super) fn visible_headers(headers: &HeaderMap, secret: Option<&str>) -> Value {
    const HIDDEN: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "x-api-key"];
    let shown =
        headers.iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str()) && Some(name.as_str()) != secret);
    let map = shown.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.into())));
    Value::Object(map.collect())
}
