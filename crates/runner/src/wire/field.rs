//! A body in the making: fields that are known go in, names that are not are remembered.

use serde_json::{Map, Value};

use super::{Endpoint, Rendered, Unresolved};
use crate::catalogue::Wanted;

#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) fields: Map<String, Value>,
    pub(super) unresolved: Vec<Unresolved>,
    pub(super) wanted: Vec<Wanted>,
}

impl Body {
    pub(super) fn set(&mut self, field: &str, value: impl Into<Value>) {
        self.fields.insert(field.to_owned(), value.into());
    }

    /// Remembers a name that was not found; the field stays out.
    pub(super) fn miss(&mut self, field: &str, name: &(impl ToString + ?Sized), why: &str) {
        self.unresolved.push(Unresolved {
            field: field.to_owned(),
            name: name.to_string(),
            why: why.to_owned(),
        });
    }

    /// Puts a name in as it is, because there is no catalogue to look it up in.
    pub(super) fn unseen(&mut self, field: &str, wire: &str, name: &(impl ToString + ?Sized)) {
        self.set(wire, name.to_string());
        self.miss(field, name, "looked up in HaloPSA when it is sent");
    }

    /// Asks for a name nobody has looked up yet.
    pub(super) fn want(&mut self, wanted: Wanted) {
        self.wanted.push(wanted);
    }

    pub(super) fn render(self, endpoint: Endpoint) -> Rendered {
        Rendered {
            body: Value::Object(self.fields),
            endpoint,
            unresolved: self.unresolved,
            wanted: self.wanted,
        }
    }
}

/// Text that may stand in HTML.
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}
