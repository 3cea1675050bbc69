//! CloudEvents whose data is in base64, as producers send it that do not look at what it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::json;

/// Whether a content type is that of CloudEvents, one or several.
pub(super) fn is_one(essence: &str) -> bool {
    essence.starts_with("application/cloudevents")
}

/// Puts `data` where there is `data_base64`: JSON, else the text. What is neither stays as it is.
pub(super) fn decode(payload: &mut Value) {
    match payload {
        Value::Array(events) => events.iter_mut().for_each(decode),
        Value::Object(event) if !event.contains_key("data") => {
            let encoded = event.get("data_base64").and_then(Value::as_str);
            let Some(text) = encoded.and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok())
            else {
                return;
            };
            let data = json::parse(&text).unwrap_or(Value::String(text));
            event.remove("data_base64");
            event.insert("data".into(), data);
        }
        _ => {}
    }
}
