use std::fmt::Write as _;

use super::*;
use proptest::prelude::*;
use serde_json::json;

use crate::draft::Draft;
use crate::event::{Event, Severity};
use crate::script::View;
use crate::value::tests::any_value;

/// A JSON text of a value as somebody else might write it: spaces between everything, and escapes where none are needed.
fn loosely(value: &Value, out: &mut String) {
    let text = |text: &str, out: &mut String| {
        out.push('"');
        for c in text.chars() {
            match c {
                'a' | 'e' | '"' | '\\' | '\0'..=' ' => write!(out, "\\u{:04x}", u32::from(c)).unwrap(),
                '…' => out.push_str("\\u2026"),
                other => out.push(other),
            }
        }
        out.push('"');
    };
    match value {
        Value::String(said) => text(said, out),
        Value::Array(items) => {
            out.push_str(" [\n");
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place > 0 { " ,\t" } else { "" });
                loosely(item, out);
            }
            out.push_str(" ] ");
        }
        Value::Object(map) => {
            out.push('{');
            for (place, (name, item)) in map.iter().rev().enumerate() {
                out.push_str(if place > 0 { "\r\n, " } else { " " });
                text(name, out);
                out.push_str(" : ");
                loosely(item, out);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

fn written(sent: &Sent) -> Value {
    let mut out = Vec::new();
    sent.write_json(&mut out);
    serde_json::from_slice(&out).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&out)))
}

/// Everything that a view shows, step by step.
fn looked_through(view: &View) -> Value {
    if view.seen().is_list() {
        assert_eq!(view.elements().len(), view.seen().len());
        return Value::Array(view.elements().iter().map(looked_through).collect());
    }
    let Value::Object(map) = view.value() else { return view.seen().to_value() };
    assert!(view.seen().is_map());
    Value::Object(map.keys().map(|name| (name.clone(), looked_through(&view.get(name)))).collect())
}

proptest! {
    #[test]
    fn a_payload_that_is_kept_as_it_came_reads_as_the_tree_of_it(value in any_value()) {
        let mut text = String::new();
        loosely(&value, &mut text);
        let (payload, tree) = (Payload::parse(text.clone()).unwrap(), serde_json::from_str::<Value>(&text).unwrap());
        prop_assert_eq!(looked_through(&View::of(&payload)), tree.clone());
        prop_assert_eq!(payload.value(), &tree);
        let mut edited = payload.clone();
        prop_assert_eq!(&*edited.edit(), &tree);
        let sent = View::of(&payload).into_sent();
        prop_assert_eq!(written(&sent), tree.clone());
        prop_assert_eq!(sent.to_value(), tree.clone());
        let elements: Vec<Value> = sent.into_elements().iter().map(written).collect();
        prop_assert_eq!(elements, tree.as_array().cloned().unwrap_or_default());
        prop_assert_eq!(payload.into_value(), tree);
    }

    /// What is no JSON is none here either, for the same reason at the same place.
    #[test]
    fn what_cannot_be_read_says_why_as_the_library_does(text in "[\\[\\]{}:,\"\\\\0-9a-z. -]{0,24}") {
        let ours = Payload::parse(text.clone()).map(|payload| payload.into_value()).map_err(|e| e.to_string());
        let theirs = serde_json::from_str::<Value>(&text).map_err(|error| error.to_string());
        prop_assert_eq!(ours, theirs);
    }
}

#[test]
fn of_a_name_that_stands_twice_the_last_counts() {
    let payload = Payload::parse(r#"{"a": {"b": 1}, "c": 2, "a": {"b": 3}}"#).unwrap();
    let view = View::of(&payload);
    assert_eq!(view.get("a").get("b").seen().to_value(), json!(3));
    assert_eq!(payload.value(), &json!({"a": {"b": 3}, "c": 2}));
    assert_eq!(written(&view.into_sent()), json!({"a": {"b": 3}, "c": 2}));
}

#[test]
fn what_is_nested_too_deep_is_refused_and_not_followed() {
    let text = "[".repeat(100_000);
    let error = Payload::parse(text.clone()).map(drop).expect_err("it is too deep").to_string();
    assert_eq!(error, serde_json::from_str::<Value>(&text).expect_err("it is too deep").to_string());
}

/// A sender could make each look for a name take as long as it likes.
#[test]
fn a_payload_of_many_names_is_made_a_tree_at_once() {
    let names = |count: usize| {
        let map: serde_json::Map<String, Value> = (0..count).map(|n| (format!("n{n}"), json!(n))).collect();
        json!({ "alerts": [{ "labels": map }] })
    };
    let kept = |value: &Value| matches!(Payload::parse(value.to_string()).unwrap().kept(), Kept::Text(_));
    assert!(kept(&names(64)));
    assert!(!kept(&names(65)));
    assert_eq!(Payload::parse(names(1_000).to_string()).unwrap().into_value(), names(1_000));
}

#[test]
fn a_view_of_what_is_not_there_is_of_nothing() {
    let view = View::of(&Payload::parse(r#"{"a": [1]}"#).unwrap());
    let nothing = view.get("b").get("c");
    assert!(nothing.seen().is_null() && nothing.value().is_null() && nothing.elements().is_empty());
    assert_eq!(nothing.into_sent().to_value(), Value::Null);
}

/// An event of a payload that is still as it was sent, and the same with a tree of it.
fn twins() -> (Event, Event) {
    let text = r#"{"alerts": [{"status": "firing", "note": "tab\there"}]}"#;
    let event = |payload: &Payload| {
        let sent = View::of(payload).get("alerts").elements().remove(0).into_sent();
        let mut bare = Draft::new();
        bare.insert("source", "s".into());
        bare.insert("title", "t".into());
        bare.insert("payload", Value::Null);
        Event::sent(bare, Severity::Low, sent)
    };
    let sent = Payload::parse(text).unwrap();
    (event(&sent), event(&sent.value().clone().into()))
}

#[test]
fn an_event_reads_the_same_whether_its_payload_was_made_a_tree_or_not() {
    let (sent, tree) = twins();
    for change in [
        (|event: Event| event) as fn(Event) -> Event,
        |event| event.traced("4bf92f3577b34da6a3ce929d0e0e4736"),
        |event| event.clone().traced("4bf92f3577b34da6a3ce929d0e0e4736"),
        |event| event.received("e1", jiff::Timestamp::UNIX_EPOCH),
        |mut event| {
            let path = crate::path::Path::parse("payload.status").expect("a path");
            event.set(&path, json!("resolved")).expect("it can be set");
            event
        },
    ] {
        let (sent, tree) = (change(sent.clone()), change(tree.clone()));
        let mut out = Vec::new();
        sent.write_json(&mut out);
        assert_eq!(serde_json::from_slice::<Event>(&out).expect("an event"), tree);
        assert_eq!(sent, tree);
        assert_eq!(sent.value()["payload"]["note"], json!("tab\there"));
        // It was looked at as a whole, and is changed again.
        assert_eq!(sent.traced("00").value(), tree.traced("00").value());
    }
}

#[test]
fn what_a_preset_puts_into_the_payload_stays() {
    let mut bare = Draft::new();
    bare.insert("source", "s".into());
    bare.insert("payload", json!({"kept": true}));
    let event = Event::sent(bare, Severity::Low, Sent::tree(json!(1)));
    assert_eq!(event.value()["payload"], json!({"kept": true}));
}
