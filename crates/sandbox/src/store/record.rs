//! One record as HaloPSA would store it: named values, with short ways to read and set them.

use serde::Serialize;
use serde_json::{Map, Value};

/// Named values.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Record(pub(crate) Map<String, Value>);

impl Record {
    /// From a JSON object; anything else is an empty record.
    pub(crate) fn of(value: Value) -> Self {
        match value {
            Value::Object(fields) => Self(fields),
            _ => Self::default(),
        }
    }

    pub(crate) fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }

    pub(crate) fn int(&self, field: &str) -> Option<i64> {
        self.0.get(field).and_then(Value::as_i64)
    }

    pub(crate) fn number(&self, field: &str) -> Option<f64> {
        self.0.get(field).and_then(Value::as_f64)
    }

    /// A text, or nothing for anything else.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.0.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn flag(&self, field: &str) -> bool {
        self.0.get(field).and_then(Value::as_bool).unwrap_or_default()
    }

    /// Whether a field holds something a form would count as filled in.
    pub(crate) fn has(&self, field: &str) -> bool {
        match self.0.get(field) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !text.trim().is_empty(),
            Some(Value::Array(rows)) => !rows.is_empty(),
            Some(Value::Number(n)) => n.as_i64() != Some(0),
            Some(_) => true,
        }
    }

    pub(crate) fn set(&mut self, field: &str, value: impl Into<Value>) {
        self.0.insert(field.to_owned(), value.into());
    }

    /// Sets a field that has no value yet.
    pub(crate) fn set_missing(&mut self, field: &str, value: impl Into<Value>) {
        if self.0.get(field).is_none_or(Value::is_null) {
            self.set(field, value);
        }
    }

    pub(crate) fn remove(&mut self, field: &str) -> Option<Value> {
        self.0.remove(field)
    }

    /// Takes over another record's values.
    pub(crate) fn merge(&mut self, other: Record) {
        self.0.extend(other.0);
    }

    /// The id as a text: a number or a GUID.
    pub(crate) fn id(&self) -> String {
        match self.0.get("id") {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }

    pub(crate) fn value(&self) -> Value {
        Value::Object(self.0.clone())
    }
}
