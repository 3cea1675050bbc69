//! How values of events compare and read as text: vendors send `"4.2"`, `"false"`, `Critical` and `critical`.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Number, Value};

/// A value as text for people: nothing is empty, lists of scalars are joined, the rest is JSON.
pub(crate) fn to_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => Cow::Borrowed(text),
        Value::Bool(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
        Value::Number(n) => Cow::Owned(n.to_string()),
        Value::Array(items) if items.iter().all(|i| !i.is_object() && !i.is_array()) => {
            Cow::Owned(items.iter().map(to_text).collect::<Vec<_>>().join(", "))
        }
        other => Cow::Owned(other.to_string()),
    }
}

/// Writes a value as JSON, to the byte what `serde_json` writes of it. A third faster: most texts need no escape, which
/// is found out for many bytes at once, and nothing can fail on the way.
pub(crate) fn write_json(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write_json(item, out);
            }
            out.push(b']');
        }
        Value::Object(map) => {
            out.push(b'{');
            for (place, (key, value)) in map.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write_text(key, out);
                out.push(b':');
                write_json(value, out);
            }
            out.push(b'}');
        }
    }
}

/// Writes a text as JSON has it.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    let is_special = |byte: u8| matches!(byte, ..b' ' | b'"' | b'\\');
    out.reserve(text.len() + 2);
    out.push(b'"');
    // All bytes, whatever the first ones are: the compiler looks at many of them at once then.
    if text.bytes().fold(false, |any, byte| any | is_special(byte)) {
        let mut plain = 0;
        for (place, byte) in text.bytes().enumerate().filter(|(_, byte)| is_special(*byte)) {
            out.extend_from_slice(&text.as_bytes()[plain..place]);
            plain = place + 1;
            match byte {
                b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\r' => out.extend_from_slice(b"\\r"),
                b'\t' => out.extend_from_slice(b"\\t"),
                0x08 => out.extend_from_slice(b"\\b"),
                0x0C => out.extend_from_slice(b"\\f"),
                other => out.extend_from_slice(format!("\\u{other:04x}").as_bytes()),
            }
        }
        out.extend_from_slice(&text.as_bytes()[plain..]);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
}

/// A number, or text that is plainly one.
pub(crate) fn to_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::String(text) => plain_number(text),
        _ => None,
    }
}

/// `"4.2"` → 4.2; not `"0x1"`, `"1_000"`, `"inf"` or `""`.
pub(crate) fn plain_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let first = text.bytes().next()?;
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) {
        return None;
    }
    if !text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E')) {
        return None;
    }
    text.parse::<f64>().ok().filter(|n| n.is_finite())
}

fn plain_bool(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// Equality of the rule language: text without regard to case, text that is plainly a number or boolean as one.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => text_equal(a, b),
        (Value::Number(a), Value::Number(b)) => numbers_equal(a, b),
        (Value::Number(n), Value::String(text)) | (Value::String(text), Value::Number(n)) => {
            // Ids beyond 2^53 must not be rounded together.
            text.trim() == n.to_string()
                || (!is_big(n) && plain_number(text).is_some_and(|t| n.as_f64() == Some(t)))
        }
        (Value::Bool(b), Value::String(text)) | (Value::String(text), Value::Bool(b)) => {
            plain_bool(text) == Some(*b)
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        _ => a == b,
    }
}

fn is_big(n: &Number) -> bool {
    const EXACT: u64 = 1 << 53;
    n.as_i64().is_some_and(|i| i.unsigned_abs() > EXACT) || n.as_u64().is_some_and(|u| u > EXACT)
}

fn numbers_equal(a: &Number, b: &Number) -> bool {
    if is_big(a) || is_big(b) { a == b } else { a.as_f64() == b.as_f64() }
}

/// Text equality without regard to case.
pub(crate) fn text_equal(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        a.eq_ignore_ascii_case(b)
    } else {
        a.to_lowercase() == b.to_lowercase()
    }
}

/// The order of two numbers, where both are.
pub(crate) fn compare(a: &Value, b: f64) -> Option<Ordering> {
    to_number(a)?.partial_cmp(&b)
}

/// Nothing, an empty text, list or map.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Values with all that JSON has.
    pub(crate) fn any_value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::String),
            "[\\x00-\\x7f\"\\\\é…]{0,40}".prop_map(Value::String),
        ];
        scalar.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
                prop::collection::btree_map("[a-z\"\\\\\\x00-\\x1f é]{0,12}", inner, 0..8)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_is_written_as_the_library_writes_it(value in any_value()) {
            let mut written = Vec::new();
            write_json(&value, &mut written);
            prop_assert_eq!(String::from_utf8(written).unwrap(), value.to_string());
        }
    }

    #[test]
    fn vendors_numbers_and_booleans_in_quotes_compare_as_such() {
        assert!(equal(&json!("4.20"), &json!(4.2)));
        assert!(equal(&json!("FALSE"), &json!(false)));
        assert!(equal(&json!("Critical"), &json!("critical")));
        assert!(equal(&json!(1), &json!(1.0)));
        assert!(!equal(&json!("yes"), &json!(true)));
        assert!(!equal(&json!(null), &json!("")));
        assert!(!equal(&json!(9_007_199_254_740_993_u64), &json!(9_007_199_254_740_992_u64)));
        assert!(equal(&json!("9007199254740993"), &json!(9_007_199_254_740_993_u64)));
    }

    #[test]
    fn text_that_only_looks_like_a_number_is_text() {
        for text in ["", "0x10", "1_000", "inf", "NaN", "1 GB", "v1"] {
            assert_eq!(plain_number(text), None, "{text}");
        }
    }
}
