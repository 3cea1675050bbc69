//! What a scalar without quotes means: nothing, a boolean, a number, and else text.
//!
//! Nearer to what staff expect than to the letter of YAML: `yes`, dates, `0123`, `0x80070005` and numbers of more
//! digits than a number can hold stay text, so that no article number, error code or zip changes its look.

use std::borrow::Cow;

use granit_parser::Tag;
use serde_json::Number;

use super::NodeKind;
use super::trouble::Problem;

/// A scalar as it was read. `kind` holds no text: it stands in `text`, and not every reader needs a copy of it.
pub(super) struct Scalar<'t> {
    pub(super) kind: NodeKind,
    pub(super) text: Cow<'t, str>,
    /// It is the plain key `<<`, whose map is laid under the one it stands in.
    pub(super) merges: bool,
}

/// What a scalar without quotes and tag means.
pub(super) fn plain(text: &str) -> Result<NodeKind, Problem> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeKind::Null,
        "true" | "True" | "TRUE" => NodeKind::Bool(true),
        "false" | "False" | "FALSE" => NodeKind::Bool(false),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) => {
            number(text)?.map_or(NodeKind::Text(String::new()), NodeKind::Number)
        }
        _ => NodeKind::Text(String::new()),
    })
}

/// What a scalar with a tag means: `!!str 5` is text.
pub(super) fn tagged(text: &str, tag: &Tag) -> Result<NodeKind, Problem> {
    if tag.original() == "!" || tag.is_yaml_core_schema_tag("str") {
        return Ok(NodeKind::Text(String::new()));
    }
    let kind = plain(text)?;
    let fits = match kind {
        NodeKind::Null => tag.is_yaml_core_schema_tag("null"),
        NodeKind::Bool(_) => tag.is_yaml_core_schema_tag("bool"),
        NodeKind::Number(ref n) => {
            tag.is_yaml_core_schema_tag("float") || tag.is_yaml_core_schema_tag("int") && !n.is_f64()
        }
        _ => false,
    };
    if fits { Ok(kind) } else { Err(unknown_tag(tag)) }
}

pub(super) fn unknown_tag(tag: &Tag) -> Problem {
    let known = ["str", "int", "float", "bool", "null", "map", "seq"];
    if known.iter().any(|name| tag.is_yaml_core_schema_tag(name)) {
        return Problem::new(format!("the tag `{}` does not fit what stands behind it", tag.original()))
            .help("leave the tag out; to have a number or a boolean as text, put it in quotes");
    }
    Problem::new(format!("the tag `{}` means nothing here", tag.original()))
        .help("leave it out; if it is text, put it in quotes")
}

/// The number a text is, if it is one.
fn number(text: &str) -> Result<Option<Number>, Problem> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return Err(no_number(text, "is no number that anything could be compared with"));
    }
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if digits(unsigned) {
        let leading_zero = unsigned.len() > 1 && unsigned.starts_with('0');
        if unsigned.is_empty() || leading_zero {
            return Ok(None);
        }
        let positive = text.strip_prefix('+').unwrap_or(text);
        let whole = positive.parse::<u64>().map(Number::from);
        return Ok(whole.or_else(|_| positive.parse::<i64>().map(Number::from)).ok());
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && !(whole.len() > 1 && whole.starts_with('0'))
        && exponent.is_none_or(|e| !e.is_empty() && digits(e));
    if !is_number {
        return Ok(None);
    }
    match text.parse::<f64>().ok().and_then(Number::from_f64) {
        Some(number) => Ok(Some(number)),
        None => Err(no_number(text, "is larger than any number we can hold")),
    }
}

fn no_number(text: &str, why: &str) -> Problem {
    Problem::new(format!("`{text}` {why}")).help("if it is meant as text, put it in quotes")
}
