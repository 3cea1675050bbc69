//! The functions scripts have beyond Rhai's own: views, text, times, look-ups and the effects.

use std::cell::RefCell;
use std::collections::HashMap;

use jiff::tz::TimeZone;
use regex::Regex;
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Position};
use serde_json::Value;

use super::frame::{self, ScriptEffect};
use super::view::{RawHtml, View, from_value, to_value};

type Fallible<T> = Result<T, Box<EvalAltResult>>;

fn fail<T>(message: impl Into<String>) -> Fallible<T> {
    Err(EvalAltResult::ErrorRuntime(message.into().into(), Position::NONE).into())
}

pub(super) fn register(engine: &mut Engine) {
    views(engine);
    nothing(engine);
    texts(engine);
    times(engine);
    tables(engine);
    effects(engine);
    // The package has a `sleep`, and no symbol can disable it; a function of ours under its name comes first.
    engine.register_fn("sleep", |_: i64| -> Fallible<()> { fail("scripts cannot sleep") });
    engine.register_fn("sleep", |_: f64| -> Fallible<()> { fail("scripts cannot sleep") });
}

fn views(engine: &mut Engine) {
    engine
        .register_type_with_name::<View>("map")
        .register_indexer_get(|view: &mut View, key: ImmutableString| view.get(&key).to_dynamic())
        .register_fn("get", |view: &mut View, key: ImmutableString| view.get(&key).to_dynamic())
        .register_fn("contains", |view: &mut View, key: ImmutableString| {
            view.value().get(key.as_str()).is_some()
        })
        .register_fn("keys", |view: &mut View| -> Array {
            view.keys().into_iter().map(Dynamic::from).collect()
        })
        .register_fn("values", |view: &mut View| -> Array {
            view.keys().iter().map(|key| view.get(key).to_dynamic()).collect()
        })
        .register_fn("len", |view: &mut View| i64::try_from(view.keys().len()).unwrap_or(i64::MAX))
        .register_fn("is_empty", |view: &mut View| view.keys().is_empty())
        .register_fn("to_string", |view: &mut View| view.value().to_string())
        .register_fn("to_debug", |view: &mut View| view.value().to_string())
        .register_fn("to_json", |view: &mut View| view.value().to_string())
        .register_fn("==", |a: View, b: View| a.value() == b.value())
        .register_fn("!=", |a: View, b: View| a.value() != b.value());
}

/// A field that is not there reads as nothing, whatever it is looked for in, and asking nothing about itself is no error.
fn nothing(engine: &mut Engine) {
    engine
        .register_indexer_get(|_: &mut Dynamic, _: ImmutableString| Dynamic::UNIT)
        // Rhai tags values with numbers of its own; here it is a name like any other.
        .register_get("tag", |_: &mut Dynamic| Dynamic::UNIT)
        .register_get("tag", |view: &mut View| view.get("tag").to_dynamic())
        .register_indexer_get(|(): &mut (), _: ImmutableString| Dynamic::UNIT)
        .register_indexer_get(|(): &mut (), _: i64| Dynamic::UNIT);
    for name in ["starts_with", "ends_with", "contains", "matches"] {
        engine.register_fn(name, |(): &mut (), _: ImmutableString| false);
    }
    for name in ["lower", "upper", "trim", "to_lower", "to_upper"] {
        engine.register_fn(name, |(): &mut ()| String::new());
    }
    engine
        .register_fn("len", |(): &mut ()| 0_i64)
        .register_fn("is_empty", |(): &mut ()| true)
        .register_fn("keys", |(): &mut ()| Array::new())
        .register_fn("values", |(): &mut ()| Array::new())
        .register_fn("split", |(): &mut (), _: ImmutableString| Array::new())
        .register_fn("truncate", |(): &mut (), _: i64| String::new())
        .register_fn("to_number", |(): &mut ()| Dynamic::UNIT);
}

fn texts(engine: &mut Engine) {
    engine
        .register_fn("lower", |text: ImmutableString| text.to_lowercase())
        .register_fn("upper", |text: ImmutableString| text.to_uppercase())
        .register_fn("trim", |text: ImmutableString| text.trim().to_owned())
        .register_fn("truncate", |text: ImmutableString, len: i64| truncate(&text, len))
        .register_fn("html", |text: ImmutableString| crate::template::escape_html(&text))
        .register_fn("raw_html", |text: ImmutableString| RawHtml(text))
        .register_fn("join", |items: Array, separator: ImmutableString| {
            items
                .iter()
                .map(|i| crate::value::to_text(&to_value(i)).into_owned())
                .collect::<Vec<_>>()
                .join(&separator)
        })
        .register_fn("matches", |text: ImmutableString, pattern: ImmutableString| -> Fallible<bool> {
            Ok(regex(&pattern)?.is_match(&text))
        })
        .register_fn("regex_find", |text: ImmutableString, pattern: ImmutableString| -> Fallible<Dynamic> {
            let regex = regex(&pattern)?;
            Ok(regex.captures(&text).map_or(Dynamic::UNIT, |found| {
                found.get(1).or_else(|| found.get(0)).map_or(Dynamic::UNIT, |m| m.as_str().into())
            }))
        })
        .register_fn(
            "regex_replace",
            |text: ImmutableString, pattern: ImmutableString, with: ImmutableString| -> Fallible<String> {
                Ok(regex(&pattern)?.replace_all(&text, with.as_str()).into_owned())
            },
        )
        .register_fn(
            "default",
            |value: Dynamic, other: Dynamic| {
                if crate::value::is_empty(&to_value(&value)) { other } else { value }
            },
        )
        .register_fn("parse_json", |text: ImmutableString| -> Fallible<Dynamic> {
            match serde_json::from_str::<Value>(&text) {
                Ok(value) => Ok(from_value(value)),
                Err(error) => fail(format!("the text is not JSON: {error}")),
            }
        })
        .register_fn("to_number", |value: Dynamic| {
            let value = to_value(&value);
            match crate::value::to_number(&value) {
                Some(n) if n.fract() == 0.0 && n.abs() < 9e15 => Dynamic::from(n as i64),
                Some(n) => Dynamic::from(n),
                None => Dynamic::UNIT,
            }
        });
}

// LIMIT: patterns compile to bounded machines; this size is the crate's own idea of a reasonable one.
const REGEX_BYTES: usize = 1 << 20;

// LIMIT: the patterns of a rule set are few; one put together from values must not fill the memory.
const MAX_PATTERNS: usize = 256;

thread_local! {
    /// Compiling a pattern costs a thousand times what matching it does, and scripts bring the same ones each time.
    static PATTERNS: RefCell<HashMap<String, Regex>> = RefCell::default();
}

fn regex(pattern: &str) -> Fallible<Regex> {
    PATTERNS.with_borrow_mut(|known| {
        if let Some(regex) = known.get(pattern) {
            return Ok(regex.clone());
        }
        let regex = regex::RegexBuilder::new(pattern)
            .size_limit(REGEX_BYTES)
            .build()
            .or_else(|error| fail(format!("the pattern `{pattern}` is not valid: {error}")))?;
        if known.len() >= MAX_PATTERNS {
            known.clear();
        }
        known.insert(pattern.to_owned(), regex.clone());
        Ok(regex)
    })
}

/// At most `len` characters, the last one an ellipsis where something was cut.
fn truncate(text: &str, len: i64) -> String {
    let len = usize::try_from(len).unwrap_or(0);
    if text.chars().nth(len).is_none() {
        return text.to_owned();
    }
    text.chars().take(len.saturating_sub(1)).chain(std::iter::once('…').take(len.min(1))).collect()
}

fn times(engine: &mut Engine) {
    engine
        .register_fn("ago", |time: Dynamic| -> String {
            let Some(time) = crate::time::to_time(&to_value(&time)) else { return String::new() };
            let Some(now) = frame::current(|f| f.now) else { return String::new() };
            let seconds = now.as_second() - time.as_second();
            crate::duration::format_duration(std::time::Duration::from_secs(seconds.unsigned_abs()))
        })
        .register_fn(
            "format_time",
            |time: Dynamic, zone: ImmutableString, format: ImmutableString| -> Fallible<String> {
                let Some(time) = crate::time::to_time(&to_value(&time)) else { return Ok(String::new()) };
                let Ok(zone) = TimeZone::get(&zone) else {
                    return fail(format!("unknown time zone `{zone}`"));
                };
                jiff::fmt::strtime::format(&*format, &time.to_zoned(zone))
                    .or_else(|_| fail(format!("`{format}` is not a time format such as `%Y-%m-%d %H:%M`")))
            },
        )
        .register_fn("in_calendar", |name: ImmutableString| -> Fallible<bool> {
            let found = frame::current(|f| f.library.calendars.get(name.as_str()).map(|c| c.contains(f.now)));
            let found = found.flatten();
            found.map_or_else(|| fail(format!("there is no calendar `{name}`")), Ok)
        })
        .register_fn("is_open", |key: ImmutableString| -> Fallible<bool> {
            let known = frame::current(|f| {
                let known = f.known(&key);
                if known.is_none() {
                    f.asked = Some(key.to_string());
                }
                known
            });
            known.flatten().map_or_else(|| fail("`is_open` can be asked when there is an event only"), Ok)
        });
}

fn tables(engine: &mut Engine) {
    engine.register_fn("lookup", |table: ImmutableString, key: Dynamic| -> Fallible<Dynamic> {
        let key = to_value(&key);
        let row = frame::current(|frame| {
            let table = frame.library.tables.get(&table)?;
            Some(table.get(&crate::value::to_text(&key)).cloned())
        });
        match row.flatten() {
            Some(row) => Ok(row.map_or(Dynamic::UNIT, |row| View::new(row).to_dynamic())),
            None => fail(format!("there is no table `{table}`")),
        }
    });
}

fn effects(engine: &mut Engine) {
    for name in ["open_ticket", "update_ticket", "add_note", "resolve_ticket", "set", "notify"] {
        engine.register_fn(name, move |arg: rhai::Map| ask(name, to_value(&Dynamic::from_map(arg))));
    }
    for name in ["open_ticket", "resolve_ticket"] {
        engine.register_fn(name, move || ask(name, Value::Object(serde_json::Map::new())));
    }
    engine.register_fn("add_note", |text: ImmutableString| {
        ask("add_note", serde_json::json!({ "text": text.as_str() }));
    });
    engine.register_fn("drop", |reason: ImmutableString| ask("drop", Value::String(reason.to_string())));
    engine.register_fn("drop", || ask("drop", Value::String(String::new())));
}

fn ask(name: &'static str, arg: Value) {
    frame::current(|f| f.effects.push(ScriptEffect { name, arg }));
}
