//! The functions scripts have beyond Rhai's own: views, times, look-ups and the effects; `texts` has those on texts.

use jiff::tz::TimeZone;
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Position};
use serde_json::Value;

use super::frame::{self, ScriptEffect};
use super::texts;
use super::view::{View, to_value};

pub(super) type Fallible<T> = Result<T, Box<EvalAltResult>>;

pub(super) fn fail<T>(message: impl Into<String>) -> Fallible<T> {
    Err(EvalAltResult::ErrorRuntime(message.into().into(), Position::NONE).into())
}

pub(super) fn register(engine: &mut Engine) {
    views(engine);
    texts::register(engine);
    // ORDER: after the texts, which take nothing for an empty one where no better is known.
    nothing(engine);
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
        .register_indexer_get(|view: &mut View, key: ImmutableString| view.field(&key))
        .register_fn("get", |view: &mut View, key: ImmutableString| view.field(&key))
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
        .register_get("tag", |view: &mut View| view.field("tag"))
        .register_indexer_get(|(): &mut (), _: ImmutableString| Dynamic::UNIT)
        .register_indexer_get(|(): &mut (), _: i64| Dynamic::UNIT);
    for name in ["starts_with", "ends_with", "contains", "matches"] {
        engine.register_fn(name, |(): &mut (), _: ImmutableString| false);
    }
    for name in ["to_lower", "to_upper"] {
        engine.register_fn(name, |(): &mut ()| String::new());
    }
    engine
        .register_fn("len", |(): &mut ()| 0_i64)
        .register_fn("is_empty", |(): &mut ()| true)
        .register_fn("keys", |(): &mut ()| Array::new())
        .register_fn("values", |(): &mut ()| Array::new())
        .register_fn("split", |(): &mut (), _: ImmutableString| Array::new())
        .register_fn("to_number", |(): &mut ()| Dynamic::UNIT);
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
