//! Reading: the parser's events become the [`Node`] tree, within limits.

use std::borrow::Cow;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::build::Builder;
use super::scalar::{self, Scalar};
use super::trouble;
use super::{Node, NodeKind, Span};
use crate::finding::{Finding, SourceFile};

// LIMIT: the largest generated rule file we know (10,000 rules) is 4 MB; 16 MiB leaves room and bounds memory.
pub(super) const MAX_BYTES: usize = 16 * 1024 * 1024;
// LIMIT: rules nest conditions; deeper than this is a mistake or an attack, and recursion must stay shallow.
pub(super) const MAX_DEPTH: usize = 64;

/// Reads one YAML document. An empty file is an empty map.
#[expect(
    clippy::result_large_err,
    reason = "once for each file; a finding in a box would spread to every caller"
)]
pub fn read(file: &SourceFile) -> Result<Node, Finding> {
    let start = Span { line: 1, column: 1, len: 0 };
    if file.text.len() > MAX_BYTES {
        return Err(Finding::error("HW002", "the file is larger than 16 MiB")
            .at(file.place(start))
            .help("split it into several files"));
    }
    let root = tree(&file.text).map_err(|trouble| trouble.finding(file))?;
    // A file of comments alone is one that asks for nothing.
    Ok(root
        .filter(|node| node.kind != NodeKind::Null)
        .unwrap_or(Node { span: start, kind: NodeKind::Map(Vec::new()) }))
}

/// The tree of the document, if there is one.
fn tree(text: &str) -> Result<Option<Node>, trouble::Trouble> {
    let options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut builder = Builder::default();
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| trouble::Trouble::of_parser(&error))?;
        let span = span_of(&span);
        match event {
            Event::DocumentStart(..) => builder.document(span)?,
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = scalar(text, style, tag.as_deref(), span)?;
                builder.scalar(scalar, span, anchor)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                collection_tag(tag.as_deref(), "seq", span)?;
                builder.open_list(span, anchor)?;
            }
            Event::MappingStart(_, anchor, tag) => {
                collection_tag(tag.as_deref(), "map", span)?;
                builder.open_map(span, anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => builder.close()?,
            Event::Alias(anchor) => builder.alias(anchor, span)?,
            _ => {}
        }
    }
    Ok(builder.into_root())
}

fn scalar<'t>(
    text: Cow<'t, str>,
    style: ScalarStyle,
    tag: Option<&Tag>,
    span: Span,
) -> Result<Scalar<'t>, trouble::Trouble> {
    let plain = style == ScalarStyle::Plain;
    let kind = match tag {
        None if !plain => NodeKind::Text(String::new()),
        None => scalar::plain(&text).map_err(|problem| trouble::Trouble::at(span, problem))?,
        Some(tag) => scalar::tagged(&text, tag).map_err(|problem| trouble::Trouble::at(span, problem))?,
    };
    let merges = plain && tag.is_none() && text == "<<";
    Ok(Scalar { kind, text, merges })
}

fn collection_tag(tag: Option<&Tag>, own: &str, span: Span) -> Result<(), trouble::Trouble> {
    match tag {
        Some(tag) if !tag.is_yaml_core_schema_tag(own) && tag.original() != "!" => {
            Err(trouble::Trouble::at(span, scalar::unknown_tag(tag)))
        }
        _ => Ok(()),
    }
}

fn span_of(span: &granit_parser::Span) -> Span {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Span {
        line: number(span.start.line()),
        column: number(span.start.col()).saturating_add(1),
        len: number(span.end.index().saturating_sub(span.start.index())),
    }
}

#[cfg(test)]
mod tests;
