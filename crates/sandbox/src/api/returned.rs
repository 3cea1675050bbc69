//! What a POST answers: the one record as an object; of several the last, or all with `returnall=true`.

use serde_json::{Value, json};

use crate::server::{Call, Reply};

/// The answer to a POST that saved these records.
pub(crate) fn saved(call: &Call, records: Vec<Value>, created: bool) -> Reply {
    let status = if created && !records.is_empty() { 201 } else { 200 };
    if call.query.flag("returnall") {
        return Reply::json(status, &Value::Array(records));
    }
    let last = records.into_iter().next_back().unwrap_or_else(|| json!([]));
    Reply::json(status, &last)
}
