//! XML as JSON, for the vendors that send nothing else.
//!
//! The mapping: the root is the one field of the payload. An element that holds only text is that text; one that
//! holds nothing is an empty text; any other is an object of its attributes and children, a name that comes several
//! times being a list, and text beside children being `#text`. Names lose their namespace's prefix. There are no
//! document types and no entities but the five that XML itself has.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

use super::Content;
use crate::receiver::problem::Problem;

// LIMIT: vendors nest a dozen elements; the tree is walked by recursion later on.
const DEEPEST: usize = 64;

/// What an XML text holds. Where nothing says that it is XML, a text that is none is kept as a text.
pub(super) fn content(text: &str, unsaid: bool) -> Result<Content, Problem> {
    match parse(text) {
        Ok(value) => Ok(Content::Payload(value.into())),
        Err(_) if unsaid => Ok(Content::Payload(Value::String(text.to_owned()).into())),
        Err(Fault::Unwanted(why)) => Err(Problem::unreadable(why)),
        Err(Fault::Broken(error)) => {
            let why = format!("it is not XML: {error}");
            // Something of it was an element with a text: a payload that broke, and not something else altogether.
            if text.contains("</") {
                Ok(Content::Broken { text: text.to_owned(), why })
            } else {
                Err(Problem::unreadable(why))
            }
        }
    }
}

/// Why a text is not taken as XML.
#[derive(Debug)]
enum Fault {
    Unwanted(&'static str),
    Broken(String),
}

fn broken(error: impl Into<quick_xml::Error>) -> Fault {
    Fault::Broken(error.into().to_string())
}

/// An element that has begun.
#[derive(Default)]
struct Open {
    name: String,
    fields: Map<String, Value>,
    text: String,
}

impl Open {
    fn begin(tag: &BytesStart<'_>, reader: &Reader<&[u8]>) -> Result<Self, Fault> {
        let mut fields = Map::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(broken)?;
            let name = String::from_utf8_lossy(attribute.key.local_name().as_ref()).into_owned();
            if attribute.key.as_namespace_binding().is_none() {
                let value = attribute
                    .decoded_and_normalized_value(quick_xml::XmlVersion::Implicit1_0, reader.decoder())
                    .map_err(broken)?;
                fields.insert(name, Value::String(value.into_owned()));
            }
        }
        let name = String::from_utf8_lossy(tag.local_name().as_ref()).into_owned();
        Ok(Self { name, fields, text: String::new() })
    }

    fn add(&mut self, name: String, value: Value) {
        match self.fields.get_mut(&name) {
            None => {
                self.fields.insert(name, value);
            }
            Some(Value::Array(several)) => several.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }

    fn end(mut self) -> (String, Value) {
        let text = self.text.trim();
        if self.fields.is_empty() {
            return (self.name, Value::String(text.to_owned()));
        }
        if !text.is_empty() {
            self.fields.insert("#text".to_owned(), Value::String(text.to_owned()));
        }
        (self.name, Value::Object(self.fields))
    }
}

fn parse(text: &str) -> Result<Value, Fault> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().trim_text(false);
    // The outermost stands for the document: what ends within it is the root.
    let mut open = vec![Open::default()];
    loop {
        let event = reader.read_event().map_err(broken)?;
        let deepest = open.len() - 1;
        match event {
            Event::Start(tag) => {
                if open.len() > DEEPEST {
                    return Err(Fault::Unwanted("its XML is nested too deeply"));
                }
                open.push(Open::begin(&tag, &reader)?);
            }
            Event::Empty(tag) => {
                let (name, value) = Open::begin(&tag, &reader)?.end();
                open[deepest].add(name, value);
            }
            Event::End(_) => {
                if let Some(element) = open.pop_if(|_| deepest > 0) {
                    let (name, value) = element.end();
                    open[deepest - 1].add(name, value);
                }
            }
            Event::Text(text) => open[deepest].text.push_str(&text.xml10_content().map_err(broken)?),
            Event::CData(text) => open[deepest].text.push_str(&text.xml10_content().map_err(broken)?),
            Event::GeneralRef(reference) => {
                let name = reference.decode().map_err(broken)?;
                match (
                    reference.resolve_char_ref().map_err(broken)?,
                    quick_xml::escape::resolve_xml_entity(&name),
                ) {
                    (Some(letter), _) => open[deepest].text.push(letter),
                    (None, Some(entity)) => open[deepest].text.push_str(entity),
                    (None, None) => {
                        return Err(Fault::Unwanted(
                            "its XML has an entity of its own, which is never expanded",
                        ));
                    }
                }
            }
            Event::DocType(_) => {
                return Err(Fault::Unwanted("its XML has a document type, which is never read"));
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    match (open.len(), open.pop()) {
        (1, Some(document)) if document.fields.len() == 1 && document.text.trim().is_empty() => {
            Ok(Value::Object(document.fields))
        }
        (1, _) => Err(Fault::Broken("it has not exactly one root".to_owned())),
        _ => Err(Fault::Broken("it ends before its end".to_owned())),
    }
}
