//! The request of one page.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Mark, Method, Pagination, Poll};
use crate::library::Library;
use crate::script::{Env, View};
use crate::template::{Template, TemplateTree};

/// Which page is asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Turn {
    /// How many pages came before it.
    pub number: u64,
    /// How many items came before it.
    pub items: u64,
    /// What the page before named as the next one's cursor.
    pub cursor: Option<String>,
    /// What the page before named as the next one's address.
    pub url: Option<String>,
}

/// A request as it is to be sent, without what proves who sends it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// What it is made with.
    pub method: Method,
    /// Where to.
    pub url: String,
    /// Parameters of the address that are not in it yet.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body, as JSON.
    pub body: Option<Value>,
}

impl Poll {
    /// The request of a page. `mark` is how far was read; `token` is what a log-in before it gave.
    pub fn ask(
        &self,
        turn: &Turn,
        mark: Option<Mark>,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<Asked, String> {
        let page = self.page_number(turn);
        let watermark = self.watermark(mark, now);
        let vars = vec![
            ("host", view(self.host.clone().map(Value::String))),
            ("vars", view(Some(self.vars_value()))),
            ("watermark", view(watermark.clone())),
            ("page", view(Some(page.into()))),
            ("cursor", view(turn.cursor.clone().map(Value::String))),
            ("token", view(token.map(|token| Value::String(token.to_owned())))),
            ("source", view(Some(Value::String(self.source.clone())))),
        ];
        let env = Env { vars, now, library: Library::empty(), is_open: &|_| false };
        let text = |what: &str, template: &Template| {
            template.text(&env).map_err(|error| format!("`{what}` cannot be rendered: {error}"))
        };
        let headers = self.headers.iter().map(|(name, template)| Ok((name.clone(), text(name, template)?)));
        let headers = headers.collect::<Result<Vec<_>, String>>()?;
        let body = self.body.as_ref().map(|tree| rendered("body", tree, &env)).transpose()?;
        let mut asked = Asked { method: self.method, url: String::new(), query: Vec::new(), headers, body };
        if let Some(next) = &turn.url {
            asked.url.clone_from(next);
            return Ok(asked);
        }
        asked.url = text("url", &self.url)?;
        for (name, tree) in &self.query {
            put(&mut asked.query, name, rendered(name, tree, &env)?);
        }
        if let Some(watermark) = &self.watermark
            && let (Some(param), Some(value)) = (&watermark.param, self.watermark(mark, now))
        {
            put(&mut asked.query, param, value);
        }
        match &self.pagination {
            Pagination::Page { param, size, .. } => {
                if let Some(param) = param {
                    put(&mut asked.query, param, page.into());
                }
                if let Some((Some(param), size)) = size {
                    put(&mut asked.query, param, (*size).into());
                }
            }
            Pagination::Offset { param, size_param, size } => {
                put(&mut asked.query, param, turn.items.into());
                if let Some(param) = size_param {
                    put(&mut asked.query, param, (*size).into());
                }
            }
            Pagination::Cursor { param: Some(param), .. } => {
                if let Some(cursor) = &turn.cursor {
                    put(&mut asked.query, param, cursor.as_str().into());
                }
            }
            Pagination::None | Pagination::Cursor { .. } | Pagination::Next(_) | Pagination::Link => {}
        }
        Ok(asked)
    }

    /// A text of the configuration with what the source says in it: `https://${host}/token`.
    pub fn fill(&self, text: &str) -> Result<String, String> {
        let known = crate::library::Known::vars(&super::FILL_VARS);
        let template = Template::compile(text, &known).map_err(|error| error.message)?;
        let vars = vec![
            ("host", view(self.host())),
            ("vars", view(Some(self.vars_value()))),
            ("source", view(Some(Value::String(self.source.clone())))),
        ];
        let now = Timestamp::UNIX_EPOCH;
        let env = Env { vars, now, library: Library::empty(), is_open: &|_| false };
        template.text(&env).map_err(|error| error.message)
    }

    /// What tells this list from another: two polls with the same have the same items.
    pub fn list_id(&self) -> String {
        let asked = self.ask(&Turn::default(), None, None, Timestamp::UNIX_EPOCH);
        format!("{asked:?}/{:?}", self.items)
    }

    /// What is asked from: the mark less the overlap; at first a little before now.
    fn watermark(&self, mark: Option<Mark>, now: Timestamp) -> Option<Value> {
        let watermark = self.watermark.as_ref()?;
        match mark {
            Some(mark) => Some(watermark.format.write(mark, watermark.overlap)),
            None if watermark.format == super::MarkFormat::Number => None,
            None => Some(watermark.format.write(Mark::Time(now), watermark.start)),
        }
    }

    pub(super) fn page_number(&self, turn: &Turn) -> u64 {
        match &self.pagination {
            Pagination::Page { first, .. } => first.saturating_add(turn.number),
            _ => turn.number + 1,
        }
    }

    pub(super) fn vars_value(&self) -> Value {
        let vars = self.vars.iter().map(|(name, text)| (name.clone(), Value::String(text.clone())));
        Value::Object(vars.collect::<Map<_, _>>())
    }

    pub(super) fn host(&self) -> Option<Value> {
        self.host.clone().map(Value::String)
    }
}

pub(super) fn view(value: Option<Value>) -> View {
    View::new(Arc::new(value.unwrap_or(Value::Null)))
}

fn rendered(what: &str, tree: &TemplateTree, env: &Env<'_>) -> Result<Value, String> {
    tree.value(env).map_err(|error| format!("`{what}` cannot be rendered: {error}"))
}

/// A parameter, one for each element of a list, none for nothing. One given in two places is sent once.
fn put(query: &mut Vec<(String, String)>, name: &str, value: Value) {
    query.retain(|(other, _)| other != name);
    let values = match value {
        Value::Array(values) => values,
        other => vec![other],
    };
    let values = values.iter().filter(|value| !value.is_null());
    query.extend(values.map(|value| (name.to_owned(), crate::value::to_text(value).into_owned())));
}
