//! What scripts do with texts. Vendors send numbers where text was expected, and nothing where there is nothing: both
//! are read as a template would show them, so that no rule fails over a type that nobody chose.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use regex::Regex;
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Variant};
use serde_json::Value;

use super::engine::Limits;
use super::functions::{Fallible, fail};
use super::view::{RawHtml, View, from_value, to_value};

/// A value that can be read as text.
trait Text {
    fn text(&self) -> ImmutableString;
}

impl Text for ImmutableString {
    fn text(&self) -> ImmutableString {
        self.clone()
    }
}

impl Text for () {
    fn text(&self) -> ImmutableString {
        ImmutableString::new()
    }
}

impl Text for i64 {
    fn text(&self) -> ImmutableString {
        self.to_string().into()
    }
}

impl Text for f64 {
    fn text(&self) -> ImmutableString {
        crate::value::to_text(&Value::from(*self)).into_owned().into()
    }
}

impl Text for bool {
    fn text(&self) -> ImmutableString {
        if *self { "true".into() } else { "false".into() }
    }
}

pub(super) fn register(engine: &mut Engine) {
    of_type::<ImmutableString>(engine);
    of_type::<()>(engine);
    of_type::<i64>(engine);
    of_type::<f64>(engine);
    of_type::<bool>(engine);
    numbers::<i64>(engine);
    numbers::<f64>(engine);
    numbers::<bool>(engine);
    engine
        .register_fn("raw_html", |text: ImmutableString| RawHtml(text))
        .register_fn("join", |items: Array, separator: ImmutableString| join(&items, &separator))
        .register_fn("default", or_else::<Dynamic, Dynamic>)
        // Of the types that alerts have by far most: else each combination of any with these is looked for first.
        .register_fn("default", or_else::<ImmutableString, ImmutableString>)
        .register_fn("default", or_else::<ImmutableString, ()>)
        .register_fn("default", or_else::<(), ImmutableString>)
        .register_fn("default", or_else::<(), ()>)
        .register_fn("parse_json", |text: ImmutableString| -> Fallible<Dynamic> {
            match serde_json::from_str::<Value>(&text) {
                Ok(value) => Ok(from_value(value)),
                Err(error) => fail(format!("the text is not JSON: {error}")),
            }
        })
        .register_fn("parse_json", |(): ()| Dynamic::UNIT)
        // What is no text any more has been parsed already.
        .register_fn("parse_json", |view: View| view.to_dynamic())
        .register_fn("parse_json", |items: Array| items)
        .register_fn("to_number", |value: Dynamic| match crate::value::to_number(&to_value(&value)) {
            Some(n) if n.fract() == 0.0 && n.abs() < 9e15 => Dynamic::from(n as i64),
            Some(n) => Dynamic::from(n),
            None => Dynamic::UNIT,
        });
}

fn of_type<T: Text + Clone + Send + Sync + 'static>(engine: &mut Engine) {
    engine
        .register_fn("lower", |value: T| value.text().to_lowercase())
        .register_fn("upper", |value: T| value.text().to_uppercase())
        .register_fn("trim", |value: T| value.text().trim().to_owned())
        .register_fn("truncate", |value: T, len: i64| truncate(&value.text(), len))
        .register_fn("html", |value: T| crate::template::escape_html(&value.text()))
        .register_fn("join", |value: T, _: ImmutableString| value.text())
        .register_fn("matches", |value: T, pattern: ImmutableString| -> Fallible<bool> {
            Ok(regex(&pattern)?.is_match(&value.text()))
        })
        .register_fn("regex_find", |value: T, pattern: ImmutableString| -> Fallible<Dynamic> {
            let text = value.text();
            let found = regex(&pattern)?.captures(&text);
            let found = found.as_ref().and_then(|found| found.get(1).or_else(|| found.get(0)));
            Ok(found.map_or(Dynamic::UNIT, |found| found.as_str().into()))
        })
        .register_fn(
            "regex_replace",
            |value: T, pattern: ImmutableString, with: ImmutableString| -> Fallible<String> {
                let regex = regex(&pattern)?;
                replace(&value.text(), &regex, &with)
            },
        );
}

/// What Rhai itself has for texts only.
fn numbers<T: Text + Clone + Send + Sync + 'static>(engine: &mut Engine) {
    engine
        .register_fn("starts_with", |value: T, part: ImmutableString| value.text().starts_with(&*part))
        .register_fn("ends_with", |value: T, part: ImmutableString| value.text().ends_with(&*part))
        .register_fn("contains", |value: T, part: ImmutableString| value.text().contains(&*part))
        .register_fn("to_lower", |value: T| value.text())
        .register_fn("to_upper", |value: T| value.text().to_uppercase())
        .register_fn("split", |value: T, separator: ImmutableString| -> Array {
            value.text().split(&*separator).map(|part| part.to_owned().into()).collect()
        });
}

/// `default`: the value, or the other one where it is empty.
fn or_else<A: Variant + Clone, B: Variant + Clone>(value: A, other: B) -> Dynamic {
    let value = Dynamic::from(value);
    let is_empty = match value.as_immutable_string_ref() {
        // A text is looked at where it stands.
        Ok(text) => text.trim().is_empty(),
        Err(_) => crate::value::is_empty(&to_value(&value)),
    };
    if is_empty { Dynamic::from(other) } else { value }
}

fn too_large<T>() -> Fallible<T> {
    Err(EvalAltResult::ErrorDataTooLarge("Length of string".into(), rhai::Position::NONE).into())
}

fn join(items: &[Dynamic], separator: &str) -> Fallible<String> {
    let mut joined = String::new();
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            joined.push_str(separator);
        }
        joined.push_str(&crate::value::to_text(&to_value(item)));
        if joined.len() > Limits::OURS.text_bytes {
            return too_large();
        }
    }
    Ok(joined)
}

/// Like the crate's own, but it ends when the text gets larger than any may be: a small script could else ask for
/// terabytes.
fn replace(text: &str, regex: &Regex, with: &str) -> Fallible<String> {
    let mut replaced = String::new();
    let mut last = 0;
    for found in regex.captures_iter(text) {
        let whole = found.get_match();
        replaced.push_str(&text[last..whole.start()]);
        // A group is never longer than the whole match.
        let most = with.len() + with.matches('$').count() * whole.len();
        if replaced.len() + most > Limits::OURS.text_bytes {
            return too_large();
        }
        found.expand(with, &mut replaced);
        last = whole.end();
    }
    replaced.push_str(&text[last..]);
    Ok(replaced)
}

// LIMIT: patterns compile to bounded machines; this size is the crate's own idea of a reasonable one.
const REGEX_BYTES: usize = 1 << 20;

// LIMIT: the patterns of a rule set are few; one put together from values must not fill the memory.
const MAX_PATTERNS: usize = 256;

thread_local! {
    /// Compiling a pattern costs a thousand times what matching it does, and scripts bring the same ones each time.
    /// Shared, not cloned: each clone would make memory of its own for its first match, which costs several matches.
    static PATTERNS: RefCell<HashMap<String, Rc<Regex>>> = RefCell::default();
}

fn regex(pattern: &str) -> Fallible<Rc<Regex>> {
    PATTERNS.with_borrow_mut(|known| {
        if let Some(regex) = known.get(pattern) {
            return Ok(Rc::clone(regex));
        }
        let regex = regex::RegexBuilder::new(pattern)
            .size_limit(REGEX_BYTES)
            .build()
            .or_else(|error| fail(format!("the pattern `{pattern}` is not valid: {error}")))?;
        if known.len() >= MAX_PATTERNS {
            known.clear();
        }
        let regex = Rc::new(regex);
        known.insert(pattern.to_owned(), Rc::clone(&regex));
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
