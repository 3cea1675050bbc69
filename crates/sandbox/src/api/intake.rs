//! Reads the records of a request body: arrays only, known fields only, and each value as its type.
//!
//! Numbers in quotes pass for integers, `95.0` and other texts do not, as in HaloPSA.

use jiff::civil::DateTime;
use serde_json::Value;

use super::Refusal;
use crate::{
    moment,
    schema::{FieldType, Schema},
    store::Record,
};

/// The elements of a body that must be an array.
pub(crate) fn elements(body: &[u8]) -> Result<Vec<Value>, Refusal> {
    match parsed(body)? {
        Value::Array(elements) => Ok(elements),
        _ => Err(Refusal::Field {
            path: String::new(),
            text: "Cannot deserialize the current JSON object because the type requires a JSON array (e.g. [1,2,3])."
                .to_owned(),
        }),
    }
}

/// A body that must be JSON.
pub(crate) fn parsed(body: &[u8]) -> Result<Value, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        let text = "A non-empty request body is required.".to_owned();
        return Err(Refusal::Field { path: String::new(), text });
    }
    serde_json::from_slice(body).map_err(|error| Refusal::Field {
        path: String::new(),
        text: format!(
            "Unexpected character encountered at line {}, position {}.",
            error.line(),
            error.column()
        ),
    })
}

/// What an element says about a record: its settable fields, and `id` if it has one.
pub(crate) fn record(schema: &Schema, place: &str, element: &Value) -> Result<Record, Refusal> {
    let Value::Object(fields) = element else {
        let text = format!("Error converting value {element} to type '{}'.", schema.contract);
        return Err(Refusal::Field { path: place.to_owned(), text });
    };
    let mut record = Record::default();
    for (name, value) in fields {
        let Some((field, kind)) = schema.field(name) else { continue };
        let path = if place.is_empty() { field.to_owned() } else { format!("{place}.{field}") };
        let value = converted(kind, value).map_err(|text| Refusal::Field { path, text })?;
        if field == "id" || schema.is_settable(field) {
            record.set(field, value);
        }
    }
    Ok(record)
}

fn converted(kind: FieldType, value: &Value) -> Result<Value, String> {
    match (kind, value) {
        (_, Value::Null)
        | (FieldType::Text, Value::String(_))
        | (FieldType::Flag, Value::Bool(_))
        | (FieldType::List, Value::Array(_))
        | (FieldType::Number, Value::Number(_)) => Ok(value.clone()),
        (FieldType::Int, _) => integer(value),
        (FieldType::Number, Value::String(text)) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number.into()),
            _ => Err(format!("Could not convert string to double: {text}.")),
        },
        (FieldType::Text, Value::Number(number)) => Ok(number.to_string().into()),
        (FieldType::Text, Value::Bool(flag)) => Ok(flag.to_string().into()),
        (FieldType::Flag, Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(true.into()),
        (FieldType::Flag, Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(false.into()),
        (FieldType::Flag, Value::Number(number)) => Ok((number.as_f64() != Some(0.0)).into()),
        (FieldType::Flag, Value::String(text)) => {
            Err(format!("Could not convert string to boolean: {text}."))
        }
        (FieldType::Date, Value::String(text)) => match moment::parse(text) {
            Some(at) => Ok(written(at).into()),
            None => Err(format!("Could not convert string to DateTime: {text}.")),
        },
        (kind, _) => Err(format!("Unexpected value for {kind:?}: {value}.")),
    }
}

fn integer(value: &Value) -> Result<Value, String> {
    match value {
        // LIMIT: HaloPSA's integers have 32 bits.
        Value::Number(number) => match number.as_i64().map(i32::try_from) {
            Some(Ok(int)) => Ok(int.into()),
            _ => Err(format!("Input string '{number}' is not a valid integer.")),
        },
        Value::String(text) => match text.trim().parse::<i32>() {
            Ok(int) => Ok(int.into()),
            Err(_) => Err(format!("Could not convert string to integer: {text}.")),
        },
        other => Err(format!("Unexpected character encountered while parsing value: {other}.")),
    }
}

fn written(at: DateTime) -> String {
    moment::text(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::TICKET;
    use serde_json::json;

    fn refusal(element: &Value) -> Refusal {
        record(&TICKET, "[0]", element).unwrap_err()
    }

    #[test]
    fn numbers_in_quotes_pass_for_integers() {
        let read = record(&TICKET, "[0]", &json!({ "Status_ID": "23", "source": 4 })).unwrap();
        assert_eq!(read.value(), json!({ "status_id": 23, "source": 4 }));
    }

    #[test]
    fn a_fraction_or_a_word_is_no_integer() {
        assert_eq!(
            refusal(&json!({ "status_id": 95.0 })),
            Refusal::Field {
                path: "[0].status_id".to_owned(),
                text: "Input string '95.0' is not a valid integer.".to_owned()
            }
        );
        assert_eq!(
            refusal(&json!({ "status_id": "New" })),
            Refusal::Field {
                path: "[0].status_id".to_owned(),
                text: "Could not convert string to integer: New.".to_owned()
            }
        );
    }

    #[test]
    fn unknown_and_computed_fields_are_ignored() {
        let read =
            record(&TICKET, "[0]", &json!({ "colour_of_sky": "blue", "hasbeenclosed": true })).unwrap();
        assert_eq!(read, Record::default());
    }

    #[test]
    fn a_body_must_be_an_array_of_objects() {
        assert!(elements(br#"{"summary":"x"}"#).is_err());
        assert!(elements(b"").is_err());
        assert!(elements(b"[1").is_err());
        assert!(matches!(refusal(&json!(3)), Refusal::Field { .. }));
        assert_eq!(elements(b"[]").unwrap(), Vec::<Value>::new());
    }
}
