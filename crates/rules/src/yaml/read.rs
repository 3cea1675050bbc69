//! Reading: text to [`Node`] tree, within limits.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::{Location, Spanned};

use super::{KeyNode, Node, NodeKind, Span};
use crate::finding::{Finding, Place, SourceFile};

// LIMIT: the largest generated rule file we know (10,000 rules) is 4 MB; 16 MiB leaves room and bounds memory.
const MAX_BYTES: usize = 16 * 1024 * 1024;
// LIMIT: rules nest conditions; deeper than this is a mistake or an attack, and recursion must stay shallow.
const MAX_DEPTH: usize = 64;
const MAX_NODES: usize = 4_000_000;

/// Reads one YAML document. An empty file is an empty map.
#[expect(
    clippy::result_large_err,
    reason = "once for each file; a finding in a box would spread to every caller"
)]
pub fn read(file: &SourceFile) -> Result<Node, Finding> {
    if file.text.len() > MAX_BYTES {
        return Err(Finding::error("HW002", "the file is larger than 16 MiB")
            .at(file.place(Span { line: 1, column: 1, len: 0 }))
            .help("split it into several files"));
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
            max_total_scalar_bytes: MAX_BYTES,
            max_documents: 1,
        },
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        with_snippet: false,
    };
    match serde_saphyr::from_str_with_options::<Option<Node>>(&file.text, options) {
        Ok(node) => Ok(node
            .unwrap_or(Node { span: Span { line: 1, column: 1, len: 0 }, kind: NodeKind::Map(Vec::new()) })),
        Err(error) => Err(from_yaml_error(file, &error)),
    }
}

fn from_yaml_error(file: &SourceFile, error: &serde_saphyr::Error) -> Finding {
    let place: Option<Place> = error.location().map(|location| file.place(span_of(location)));
    let text = error.without_snippet().to_string();
    // The place is shown beside the message; the reader's own copy of it would only repeat it.
    let text = text.split(" at line ").next().unwrap_or(&text).trim().to_owned();
    let finding = Finding::error("HW001", format!("this is not YAML we can read: {text}"));
    match place {
        Some(place) => finding.at(place),
        None => finding.at(file.place(Span { line: 1, column: 1, len: 0 })),
    }
}

fn span_of(location: Location) -> Span {
    let len = u32::try_from(location.span().len()).unwrap_or(0);
    Span {
        line: u32::try_from(location.line()).unwrap_or(0),
        column: u32::try_from(location.column()).unwrap_or(0),
        len,
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<NodeKind>::deserialize(deserializer)?;
        Ok(Self { span: span_of(spanned.referenced), kind: spanned.value })
    }
}

impl<'de> Deserialize<'de> for NodeKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = NodeKind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, a boolean, a list or a map")
    }

    fn visit_unit<E>(self) -> Result<NodeKind, E> {
        Ok(NodeKind::Null)
    }

    fn visit_none<E>(self) -> Result<NodeKind, E> {
        Ok(NodeKind::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<NodeKind, D::Error> {
        NodeKind::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<NodeKind, E> {
        Ok(NodeKind::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<NodeKind, E> {
        Ok(NodeKind::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<NodeKind, E> {
        Ok(NodeKind::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<NodeKind, E> {
        Ok(Number::from_f64(value).map_or_else(|| NodeKind::Text(value.to_string()), NodeKind::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<NodeKind, E> {
        Ok(NodeKind::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<NodeKind, E> {
        Ok(NodeKind::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<NodeKind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<Node>()? {
            items.push(item);
        }
        Ok(NodeKind::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NodeKind, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let value = map.next_value::<Node>()?;
            entries.push((KeyNode { text: key.value, span: span_of(key.referenced) }, value));
        }
        Ok(NodeKind::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Node {
        read(&SourceFile::new("t.yaml", text)).expect("reads")
    }

    #[test]
    fn every_key_and_value_knows_its_place() {
        let node =
            parse("rules:\n  - id: a\n    when: { severity: critical, n: 4.5, b: true, t: \"false\" }\n");
        let rules = node.get("rules").expect("rules");
        let NodeKind::List(items) = &rules.kind else { panic!("a list") };
        let when = items[0].get("when").expect("when");
        let NodeKind::Map(entries) = &when.kind else { panic!("a map") };
        assert_eq!(entries[0].0.span, Span { line: 3, column: 13, len: 8 });
        assert_eq!(entries[0].1.span, Span { line: 3, column: 23, len: 8 });
        assert_eq!(entries[1].1.kind, NodeKind::Number(Number::from_f64(4.5).expect("number")));
        assert_eq!(entries[2].1.kind, NodeKind::Bool(true));
        assert_eq!(entries[3].1.kind, NodeKind::Text("false".into()));
    }

    #[test]
    fn times_and_durations_stay_text_and_yes_is_no_boolean() {
        let node = parse("start: 2026-01-05T09:00:00Z\nafter: 10m\nname: yes\nzip: 0123\n");
        for key in ["start", "after", "name", "zip"] {
            assert!(node.get(key).expect(key).as_text().is_some(), "{key} is text");
        }
    }

    #[test]
    fn an_empty_file_is_an_empty_map() {
        assert_eq!(parse("").kind, NodeKind::Map(Vec::new()));
        assert_eq!(parse("# only a comment\n").kind, NodeKind::Map(Vec::new()));
    }

    #[test]
    fn hostile_files_end_in_a_clear_error() {
        let deep = format!("a: {}{}", "[".repeat(500), "]".repeat(500));
        assert!(read(&SourceFile::new("t.yaml", &deep)).is_err());
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                    d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\
                    g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n";
        assert!(read(&SourceFile::new("t.yaml", bomb)).is_err());
        let twice = read(&SourceFile::new("t.yaml", "a: 1\na: 2\n")).expect_err("duplicate key");
        assert_eq!(twice.place.expect("place").span.line, 2);
    }
}
