//! Payloads as their sources sent them. Most of a payload is only kept: what nobody looks at is never made a tree of.

mod document;

pub(crate) use document::{Document, Part};

use std::sync::Arc;

use serde_json::Value;

/// What a source sent, as JSON. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Payload {
    kept: Kept,
}

#[derive(Debug, Clone)]
pub(crate) enum Kept {
    Tree(Arc<Value>),
    Text(Arc<Document>),
}

impl Payload {
    /// Reads a JSON text; of a name that stands twice in one object the last counts.
    ///
    /// # Errors
    ///
    /// What `serde_json` says of a text that is not JSON.
    pub fn parse(text: impl Into<String>) -> serde_json::Result<Self> {
        let text = text.into();
        // Places in a document are numbers of 32 bits.
        if u32::try_from(text.len()).is_err() {
            return serde_json::from_str::<Value>(&text).map(Self::from);
        }
        let document = Document::parse(text)?;
        // Its names are looked through from the first one each time; a tree finds them.
        if document.is_wide() {
            return Ok(document.root().to_value().into());
        }
        Ok(Self { kept: Kept::Text(Arc::new(document)) })
    }

    /// It as a tree, which is made when it is first asked for.
    pub fn value(&self) -> &Value {
        match &self.kept {
            Kept::Tree(tree) => tree,
            Kept::Text(document) => document.tree(),
        }
    }

    /// It as a tree of its own.
    pub fn into_value(self) -> Value {
        match self.kept {
            Kept::Tree(tree) => Arc::unwrap_or_clone(tree),
            Kept::Text(document) => document.root().to_value(),
        }
    }

    /// It as a tree that can be changed.
    pub fn edit(&mut self) -> &mut Value {
        if let Kept::Text(document) = &self.kept {
            self.kept = Kept::Tree(Arc::new(document.root().to_value()));
        }
        match &mut self.kept {
            Kept::Tree(tree) => Arc::make_mut(tree),
            Kept::Text(_) => unreachable!("it has just become a tree"),
        }
    }

    pub(crate) fn kept(&self) -> &Kept {
        &self.kept
    }
}

/// What of a payload an event was made of.
#[derive(Debug)]
pub(crate) struct Sent {
    of: Source,
}

#[derive(Debug)]
enum Source {
    Tree(Value),
    Part(Arc<Document>, u32),
}

impl Sent {
    pub(crate) fn tree(value: Value) -> Self {
        Self { of: Source::Tree(value) }
    }

    pub(crate) fn part(document: Arc<Document>, at: u32) -> Self {
        Self { of: Source::Part(document, at) }
    }

    /// Its elements, if it is a list.
    pub(crate) fn into_elements(self) -> Vec<Self> {
        match self.of {
            Source::Tree(Value::Array(values)) => values.into_iter().map(Self::tree).collect(),
            Source::Tree(_) => Vec::new(),
            Source::Part(document, at) => {
                let elements = document.part(at).elements();
                elements.map(|part| Self::part(Arc::clone(&document), part.at())).collect()
            }
        }
    }

    pub(crate) fn to_value(&self) -> Value {
        match &self.of {
            Source::Tree(value) => value.clone(),
            Source::Part(document, at) => document.part(*at).to_value(),
        }
    }

    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        match &self.of {
            Source::Tree(value) => crate::value::write_json(value, out),
            Source::Part(document, at) => document.part(*at).write_json(out),
        }
    }
}

impl From<Value> for Payload {
    fn from(tree: Value) -> Self {
        Arc::new(tree).into()
    }
}

impl From<Arc<Value>> for Payload {
    fn from(tree: Arc<Value>) -> Self {
        Self { kept: Kept::Tree(tree) }
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

#[cfg(test)]
mod tests;
