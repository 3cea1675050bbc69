//! YAML as a tree in which every node knows its place.
//!
//! `granit-parser` turns the text into events, we turn those into plain data that the decoders walk, so that all
//! mistakes of a file are found in one run, each with its line and column. Size, depth and what aliases may repeat are
//! limited before anything is made of them.

mod build;
mod read;
mod scalar;
mod trouble;

pub use read::read;

use serde_json::{Map, Number, Value};

/// Where a node stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Length in characters; 0 where it is not known.
    pub len: u32,
}

impl Span {
    /// The place `chars` characters further right on the same line, `len` long.
    #[must_use]
    pub fn inside(self, chars: usize, len: usize) -> Self {
        Self { line: self.line, column: self.column + chars as u32, len: len as u32 }
    }
}

/// A key of a map, with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyNode {
    /// The key's text.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// One YAML node with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its place.
    pub span: Span,
    /// What it holds.
    pub kind: NodeKind,
}

/// What a YAML node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text, quoted or not.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file.
    Map(Vec<(KeyNode, Node)>),
}

impl Node {
    /// The node's text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The map's value under `key`.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            NodeKind::Map(entries) => entries.iter().find(|(k, _)| k.text == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The same data without places.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(b) => Value::Bool(*b),
            NodeKind::Number(n) => Value::Number(n.clone()),
            NodeKind::Text(text) => Value::String(text.clone()),
            NodeKind::List(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            NodeKind::Map(entries) => Value::Object(
                entries.iter().map(|(k, v)| (k.text.clone(), v.to_value())).collect::<Map<_, _>>(),
            ),
        }
    }

    /// What a reader would call it: `a list`, `a map`, `text` …
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            NodeKind::Null => "nothing",
            NodeKind::Bool(_) => "a boolean",
            NodeKind::Number(_) => "a number",
            NodeKind::Text(_) => "text",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a map",
        }
    }
}
