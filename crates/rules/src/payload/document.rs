//! A JSON text that was read once and is kept as it came: one list of where everything stands in it. Nothing is
//! made for each value, so that reading it and letting go of it cost little, and what of it is kept is copied as it is.

use std::fmt;
use std::sync::OnceLock;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::value::{write_json, write_text};

/// A JSON text with the places of what it holds.
#[derive(Debug)]
pub(crate) struct Document {
    text: String,
    /// Texts that were written with escapes, without them.
    unescaped: String,
    /// Everything in the order of the text: lists and maps before what they hold, a map's names before their values.
    nodes: Vec<Node>,
    /// The most names in one of its maps.
    widest: usize,
    tree: OnceLock<Value>,
}

#[derive(Debug, Clone, Copy)]
enum Node {
    Null,
    Bool(bool),
    Positive(u64),
    Negative(i64),
    Float(f64),
    /// A text as it stands between its quotes: without escapes, or it would not stand there so.
    Plain(Span),
    Unescaped(Span),
    /// A list; the node after all that it holds.
    List(u32),
    /// A map; the node after all that it holds.
    Map(u32),
}

#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Whether it is this text; most are of another length, and not looked at.
    fn says(self, of: &str, text: &str) -> bool {
        (self.end - self.start) as usize == text.len()
            && of.as_bytes().get(self.start as usize..self.end as usize) == Some(text.as_bytes())
    }
}

/// LIMIT: a map of more names is a wide one. Looking through so many takes as long as finding one of them in a tree.
const WIDE: usize = 64;

/// About as many bytes of a text for each of its values, by which room is made at first.
const BYTES_OF_ONE: usize = 12;

impl Document {
    /// Reads a text of at most 4 GiB.
    pub(crate) fn parse(text: String) -> serde_json::Result<Self> {
        let nodes = Vec::with_capacity(text.len() / BYTES_OF_ONE + 1);
        let mut reading = Reading { text: &text, unescaped: String::new(), nodes, widest: 0 };
        let mut deserializer = serde_json::Deserializer::from_str(&text);
        reading.deserialize(&mut deserializer)?;
        deserializer.end()?;
        let Reading { unescaped, nodes, widest, .. } = reading;
        Ok(Self { text, unescaped, nodes, widest, tree: OnceLock::new() })
    }

    /// Whether finding a name in one of its maps takes long.
    pub(crate) fn is_wide(&self) -> bool {
        self.widest > WIDE
    }

    /// All of it.
    pub(crate) fn root(&self) -> Part<'_> {
        Part { document: self, at: 0 }
    }

    /// What stands at a place that [`Part::at`] gave.
    pub(crate) fn part(&self, at: u32) -> Part<'_> {
        Part { document: self, at }
    }

    /// All of it as a tree, which is made when it is first asked for.
    pub(crate) fn tree(&self) -> &Value {
        self.tree.get_or_init(|| self.root().to_value())
    }
}

/// A value in a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'d> {
    document: &'d Document,
    at: u32,
}

impl<'d> Part<'d> {
    /// Where it stands.
    pub(crate) fn at(self) -> u32 {
        self.at
    }

    fn node(self) -> Node {
        self.document.nodes.get(self.at as usize).copied().unwrap_or(Node::Null)
    }

    fn moved(self, at: u32) -> Self {
        Self { at, ..self }
    }

    /// The node after it and all that it holds.
    fn end(self) -> u32 {
        match self.node() {
            Node::List(end) | Node::Map(end) => end,
            _ => self.at + 1,
        }
    }

    pub(crate) fn is_null(self) -> bool {
        matches!(self.node(), Node::Null)
    }

    pub(crate) fn is_list(self) -> bool {
        matches!(self.node(), Node::List(_))
    }

    pub(crate) fn is_map(self) -> bool {
        matches!(self.node(), Node::Map(_))
    }

    /// It where it is a text.
    fn text(self) -> Option<&'d str> {
        match self.node() {
            Node::Plain(span) => Some(span.of(&self.document.text)),
            Node::Unescaped(span) => Some(span.of(&self.document.unescaped)),
            _ => None,
        }
    }

    fn says(self, text: &str) -> bool {
        match self.node() {
            Node::Plain(span) => span.says(&self.document.text, text),
            Node::Unescaped(span) => span.says(&self.document.unescaped, text),
            _ => false,
        }
    }

    /// The elements where it is a list.
    pub(crate) fn elements(self) -> impl Iterator<Item = Part<'d>> {
        let (mut next, end) = match self.node() {
            Node::List(end) => (self.at + 1, end),
            _ => (0, 0),
        };
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let part = self.moved(next);
                next = part.end();
                part
            })
        })
    }

    /// The value of a name where it is a map.
    pub(crate) fn get(self, name: &str) -> Option<Part<'d>> {
        let Node::Map(end) = self.node() else { return None };
        let mut found = None;
        let mut next = self.at + 1;
        while next < end {
            let (key, value) = (self.moved(next), self.moved(next + 1));
            // Of a name that stands twice the last counts.
            if key.says(name) {
                found = Some(value);
            }
            next = value.end();
        }
        found
    }

    /// It as a tree.
    pub(crate) fn to_value(self) -> Value {
        match self.node() {
            Node::Null => Value::Null,
            Node::Bool(b) => Value::Bool(b),
            Node::Positive(n) => n.into(),
            Node::Negative(n) => n.into(),
            Node::Float(n) => n.into(),
            Node::Plain(_) | Node::Unescaped(_) => Value::String(self.text().unwrap_or_default().to_owned()),
            Node::List(_) => Value::Array(self.elements().map(Self::to_value).collect()),
            Node::Map(end) => {
                let mut next = self.at + 1;
                let entries = std::iter::from_fn(|| {
                    (next < end).then(|| {
                        let (name, value) = (self.moved(next), self.moved(next + 1));
                        next = value.end();
                        (name.text().unwrap_or_default().to_owned(), value.to_value())
                    })
                });
                Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }

    /// Appends it as JSON, in the order in which it came.
    pub(crate) fn write_json(self, out: &mut Vec<u8>) {
        match self.node() {
            Node::Plain(span) => {
                let text = span.of(&self.document.text);
                out.reserve(text.len() + 2);
                out.push(b'"');
                out.extend_from_slice(text.as_bytes());
                out.push(b'"');
            }
            Node::Unescaped(span) => write_text(span.of(&self.document.unescaped), out),
            Node::List(end) => self.write_all(end, false, (b'[', b']'), out),
            Node::Map(end) => self.write_all(end, true, (b'{', b'}'), out),
            Node::Null | Node::Bool(_) | Node::Positive(_) | Node::Negative(_) | Node::Float(_) => {
                write_json(&self.to_value(), out);
            }
        }
    }

    fn write_all(self, end: u32, named: bool, (open, close): (u8, u8), out: &mut Vec<u8>) {
        out.push(open);
        let mut next = self.at + 1;
        let mut is_name = named;
        while next < end {
            let part = self.moved(next);
            part.write_json(out);
            next = part.end();
            if is_name {
                out.push(b':');
            } else if next < end {
                out.push(b',');
            }
            is_name = named && !is_name;
        }
        out.push(close);
    }
}

/// A text being read: each value adds its nodes.
struct Reading<'t> {
    text: &'t str,
    unescaped: String,
    nodes: Vec<Node>,
    widest: usize,
}

impl Reading<'_> {
    fn place<E: Error>(number: usize) -> Result<u32, E> {
        u32::try_from(number).map_err(|_| E::custom("it is longer than 4 GiB"))
    }

    /// Adds a list or map whose nodes follow it.
    fn hold<E: Error>(
        &mut self,
        node: fn(u32) -> Node,
        read: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        let at = self.nodes.len();
        self.nodes.push(Node::Null);
        read(self)?;
        self.nodes[at] = node(Self::place(self.nodes.len())?);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut Reading<'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Reading<'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.nodes.push(Node::Null);
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.nodes.push(Node::Bool(value));
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.nodes.push(Node::Positive(value));
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.nodes.push(Node::Negative(value));
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.nodes.push(Node::Float(value));
        Ok(())
    }

    /// A text without escapes: a piece of what is read.
    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<(), E> {
        let start = value.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        match start.checked_add(value.len()) {
            Some(end) if end <= self.text.len() => {
                let span = Span { start: Reading::place(start)?, end: Reading::place(end)? };
                self.nodes.push(Node::Plain(span));
                Ok(())
            }
            _ => self.visit_str(value),
        }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        let start = Reading::place(self.unescaped.len())?;
        self.unescaped.push_str(value);
        let span = Span { start, end: Reading::place(self.unescaped.len())? };
        self.nodes.push(Node::Unescaped(span));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.hold(Node::List, |reading| {
            while list.next_element_seed(&mut *reading)?.is_some() {}
            Ok(())
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.hold(Node::Map, |reading| {
            let mut names = 0;
            while map.next_key_seed(&mut *reading)?.is_some() {
                map.next_value_seed(&mut *reading)?;
                names += 1;
            }
            reading.widest = reading.widest.max(names);
            Ok(())
        })
    }
}
