//! Custom fields of a ticket: written by id or name, shown with their labels.

use serde_json::{Value, json};

use crate::{
    api::Kind,
    store::{Record, State},
};

/// Custom fields that belong to tickets.
pub(crate) const ON_TICKETS: i64 = 1;

/// Puts what a request says about custom fields over what a ticket has.
///
/// A field that does not exist is ignored. A table's rows are replaced by those sent.
pub(super) fn merged(state: &State, stored: Option<&Value>, sent: &Value) -> Value {
    let mut values: Vec<Value> = stored.and_then(Value::as_array).cloned().unwrap_or_default();
    for field in sent.as_array().into_iter().flatten() {
        let Some(definition) = definition(state, field) else { continue };
        let id = definition.int("id");
        let written = json!({ "id": id, "value": field.get("value").cloned().unwrap_or(Value::Null) });
        match values.iter().position(|value| value["id"].as_i64() == id) {
            Some(place) => values[place] = written,
            None => values.push(written),
        }
    }
    Value::Array(values)
}

/// Every custom field of tickets, with the ticket's value or none.
pub(super) fn shown(state: &State, ticket: &Record) -> Vec<Value> {
    let values = ticket.get("customfields").and_then(Value::as_array);
    let definitions =
        state.table(Kind::Field).rows().iter().filter(|row| row.int("usage") == Some(ON_TICKETS));
    let shown = definitions.map(|definition| {
        let id = definition.int("id");
        let value = values.into_iter().flatten().find(|value| value["id"].as_i64() == id);
        let value = value.map_or(Value::Null, |value| value["value"].clone());
        let display = match &value {
            Value::String(text) => text.clone(),
            Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
            other => other.to_string(),
        };
        json!({
            "id": id,
            "name": definition.text("name"),
            "label": definition.text("label"),
            "type": definition.int("type"),
            "usage": ON_TICKETS,
            "value": value,
            "display": display,
        })
    });
    shown.collect()
}

fn definition<'s>(state: &'s State, field: &Value) -> Option<&'s Record> {
    let table = state.table(Kind::Field);
    let id = field["id"].as_i64().or_else(|| field["id"].as_str()?.parse().ok()).filter(|id| *id > 0);
    let found = match id {
        Some(id) => table.by_id(id),
        None => field["name"].as_str().and_then(|name| table.named("name", name)),
    };
    found.filter(|definition| definition.int("usage") == Some(ON_TICKETS))
}
