//! The pieces schemas are put together from.

#![expect(clippy::needless_pass_by_value, reason = "schemas are put together from the inside out")]

use serde_json::{Map, Value, json};

/// A map with these fields and no others. Each field has a schema, usually [`described`].
pub fn section<'a>(
    description: &str,
    fields: impl IntoIterator<Item = (&'a str, Value)>,
    needed: &[&str],
) -> Value {
    let properties: Map<String, Value> =
        fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    let mut section = json!({
        "description": description,
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !needed.is_empty() {
        section["required"] = json!(needed);
    }
    section
}

/// A schema with what it is for.
pub fn described(description: &str, schema: Value) -> Value {
    match schema {
        // Beside a reference nothing else counts.
        Value::Object(map) if map.contains_key("$ref") => {
            json!({ "description": description, "allOf": [map] })
        }
        Value::Object(mut map) => {
            map.insert("description".into(), description.into());
            Value::Object(map)
        }
        other => other,
    }
}

/// One of the definitions.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// Text; numbers and booleans count as their text.
pub fn text(description: &str) -> Value {
    json!({ "description": description, "type": ["string", "number", "boolean"] })
}

/// `true` or `false`.
pub fn flag(description: &str) -> Value {
    json!({ "description": description, "type": "boolean" })
}

/// A whole number within bounds.
pub fn number(description: &str, least: u64, most: Option<u64>) -> Value {
    let mut number = json!({ "description": description, "type": "integer", "minimum": least });
    if let Some(most) = most {
        number["maximum"] = json!(most);
    }
    number
}

/// A duration such as `90s`.
pub fn duration(description: &str) -> Value {
    described(description, reference("duration"))
}

/// One of some words.
pub fn choice<'a>(description: &str, words: impl IntoIterator<Item = &'a str>) -> Value {
    json!({ "description": description, "enum": words.into_iter().collect::<Vec<_>>() })
}

/// One of several forms.
pub fn any_of(description: &str, forms: Vec<Value>) -> Value {
    json!({ "description": description, "anyOf": forms })
}

/// A list of such things.
pub fn array(description: &str, items: Value) -> Value {
    json!({ "description": description, "type": "array", "items": items })
}

/// One such thing or a list of them.
pub fn one_or_list(description: &str, item: Value) -> Value {
    json!({ "description": description, "anyOf": [item.clone(), { "type": "array", "items": item }] })
}

/// A map with free keys.
pub fn map_of(description: &str, values: Value) -> Value {
    json!({ "description": description, "type": "object", "additionalProperties": values })
}
