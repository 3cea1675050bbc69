//! What a page holds, and which one is next.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::ask::view;
use super::{Mark, Pagination, Poll, Turn};
use crate::library::Library;
use crate::script::{Env, ScriptError, View};

/// The answer to a request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its body.
    pub payload: Arc<Value>,
    /// Its headers, names in lower case.
    pub headers: Arc<Value>,
}

/// LIMIT: a name of the next page; longer is no name.
const MAX_CURSOR: usize = 8 * 1024;

impl Poll {
    /// The items of a page; nothing where the poll does not say which they are, and the payload is read whole.
    pub fn items(&self, turn: &Turn, answer: &Answer, now: Timestamp) -> Result<Option<Vec<Value>>, String> {
        let Some(template) = &self.items else { return Ok(None) };
        match self.with(turn, answer, Value::Null, now, |env| template.value(env)) {
            Ok(Value::Array(items)) => Ok(Some(items)),
            Ok(Value::Null) => Err("the answer has no list at `items`".to_owned()),
            Ok(_) => Err("what the answer has at `items` is no list".to_owned()),
            Err(error) => Err(format!("`items` cannot be read: {error}")),
        }
    }

    /// The page after this one, which had so many items. An answer that leads in circles is an error.
    pub fn next(
        &self,
        turn: &Turn,
        answer: &Answer,
        items: u64,
        now: Timestamp,
    ) -> Result<Option<Turn>, String> {
        let next = Turn { number: turn.number + 1, items: turn.items + items, cursor: None, url: None };
        let value = |template: &crate::template::Template| {
            let value = self.with(turn, answer, Value::Null, now, |env| template.value(env));
            value.map_err(|error| format!("`pagination` cannot be read: {error}"))
        };
        let more = match &self.pagination {
            Pagination::None => false,
            Pagination::Page { pages: Some(pages), .. } => {
                let pages = crate::value::to_number(&value(pages)?);
                // So many pages there are, whatever the first one is called.
                pages.is_some_and(|pages| (turn.number as f64) + 1.0 < pages)
            }
            Pagination::Page { more: Some(more), .. } => is_true(&value(more)?),
            Pagination::Page { size: Some((_, size)), .. } | Pagination::Offset { size, .. } => {
                items >= *size
            }
            Pagination::Page { .. } => items > 0,
            Pagination::Cursor { from, .. } => {
                let cursor = text(&value(from)?)?;
                if cursor.is_some() && cursor == turn.cursor {
                    return Err("the answer names the same page as the next one again".to_owned());
                }
                return Ok(cursor.map(|cursor| Turn { cursor: Some(cursor), ..next }));
            }
            Pagination::Next(from) => {
                return at_address(turn, text(&value(from)?)?, next);
            }
            Pagination::Link => {
                let links = answer.headers.get("link").and_then(Value::as_str).unwrap_or_default();
                return at_address(turn, next_link(links), next);
            }
        };
        Ok(more.then_some(next))
    }

    /// How far an item says it is.
    pub fn mark(&self, item: &Value, now: Timestamp) -> Option<Mark> {
        let watermark = self.watermark.as_ref()?;
        let answer = Answer { payload: Arc::new(Value::Null), headers: Arc::new(Value::Null) };
        let value = self.with(&Turn::default(), &answer, item.clone(), now, |env| watermark.from.value(env));
        watermark.format.read(&value.ok()?)
    }

    /// Whether it is asked only for what is new.
    pub fn has_watermark(&self) -> bool {
        self.watermark.is_some()
    }

    /// Whether the oldest come first, so that how far was read is known also in the middle of a list.
    pub fn is_ascending(&self) -> bool {
        self.watermark.as_ref().is_some_and(|watermark| watermark.ascending)
    }

    fn with<T>(
        &self,
        turn: &Turn,
        answer: &Answer,
        item: Value,
        now: Timestamp,
        read: impl FnOnce(&Env<'_>) -> Result<T, ScriptError>,
    ) -> Result<T, ScriptError> {
        let vars = vec![
            ("host", view(self.host())),
            ("vars", view(Some(self.vars_value()))),
            ("payload", View::new(Arc::clone(&answer.payload))),
            ("headers", View::new(Arc::clone(&answer.headers))),
            ("item", view(Some(item))),
            ("page", view(Some(self.page_number(turn).into()))),
            ("cursor", view(turn.cursor.clone().map(Value::String))),
            ("source", view(Some(Value::String(self.source.clone())))),
        ];
        read(&Env { vars, now, library: Library::empty(), is_open: &|_| false })
    }
}

fn at_address(turn: &Turn, url: Option<String>, next: Turn) -> Result<Option<Turn>, String> {
    if url.is_some() && url == turn.url {
        return Err("the answer names the same page as the next one again".to_owned());
    }
    Ok(url.map(|url| Turn { url: Some(url), ..next }))
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(more) => *more,
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// A cursor or an address; nothing, and the empty ones that vendors send instead, are none.
fn text(value: &Value) -> Result<Option<String>, String> {
    let text = match value {
        Value::Null | Value::Bool(false) => return Ok(None),
        Value::String(_) | Value::Number(_) => crate::value::to_text(value).into_owned(),
        _ => return Err("what the answer has at `pagination` is no text".to_owned()),
    };
    if text.len() > MAX_CURSOR {
        return Err("what the answer names as the next page is too long".to_owned());
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// The address that a `Link` header (RFC 8288) names as the next page.
fn next_link(links: &str) -> Option<String> {
    let mut rest = links;
    while let Some(start) = rest.find('<') {
        let after = &rest[start + 1..];
        let end = after.find('>')?;
        let (url, tail) = (&after[..end], &after[end + 1..]);
        let until = tail.find(", <").or_else(|| tail.find(",<")).unwrap_or(tail.len());
        let is_next = tail[..until].split(';').any(|param| {
            let Some((name, value)) = param.split_once('=') else { return false };
            let mut names = value.trim().trim_matches('"').split_whitespace();
            name.trim().eq_ignore_ascii_case("rel") && names.any(|name| name.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(url.to_owned());
        }
        rest = &tail[until..];
    }
    None
}
