//! JSON: whole numbers kept exactly, lines of it, and what is done about JSON that is none.

use std::borrow::Cow;

use haloward_rules::Payload;
use serde_json::Value;

use super::{Content, repair};
use crate::receiver::problem::Problem;

/// Parses a JSON text. Whole numbers beyond 64 bits, which are ids, are kept exactly, as texts; of a name that stands
/// twice in one object the last counts.
pub(crate) fn parse(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(&exact(text))
}

/// The same, kept as it came.
pub(super) fn payload(text: &str) -> serde_json::Result<Payload> {
    Payload::parse(exact(text))
}

/// A list of the values that stand one on each line.
pub(super) fn lines(text: &str) -> Option<Value> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| parse(line).ok()).collect::<Option<Vec<Value>>>().map(Value::Array)
}

/// JSON that does not parse: recovered where the damage is plain; else kept as text if it holds anything; else refused.
pub(super) fn recovered(text: &str, error: &serde_json::Error) -> Result<Content, Problem> {
    if let Some(value) = repair::repaired(text).and_then(|text| parse(&text).ok()) {
        return Ok(Content::Payload(value.into()));
    }
    let why = format!("it is not JSON: {error}");
    if repair::has_a_field(text) {
        return Ok(Content::Broken { text: text.to_owned(), why });
    }
    Err(Problem::unreadable(why))
}

/// A whole number of fewer digits fits in 64 bits.
const DIGITS: usize = 19;

/// The text with whole numbers beyond 64 bits put into quotes.
fn exact(text: &str) -> Cow<'_, str> {
    if !has_a_long_number(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len() + 16);
    let (mut copied, mut at) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = end_of_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                let part = |b: &u8| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                let len = bytes[at..].iter().take_while(|b| part(b)).count();
                let number = &text[at..at + len];
                if is_beyond_64_bits(number) {
                    out.push_str(&text[copied..at]);
                    out.extend(["\"", number, "\""]);
                    copied = at + len;
                }
                at += len;
            }
            _ => at += 1,
        }
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Whether so many digits follow each other anywhere. A run of them cannot fall between places that far apart.
fn has_a_long_number(bytes: &[u8]) -> bool {
    (DIGITS - 1..bytes.len()).step_by(DIGITS).any(|at| {
        let digits = |b: &&u8| b.is_ascii_digit();
        bytes[at].is_ascii_digit()
            && bytes[..at].iter().rev().take_while(digits).count()
                + bytes[at..].iter().take_while(digits).count()
                >= DIGITS
    })
}

fn is_beyond_64_bits(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    digits.len() >= DIGITS
        && !digits.starts_with('0')
        && digits.bytes().all(|b| b.is_ascii_digit())
        && number.parse::<i64>().is_err()
        && number.parse::<u64>().is_err()
}

/// The place after the string that begins at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}
