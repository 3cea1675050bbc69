//! Texts of tests' results for a terminal of 80 to 100 columns.

use std::fmt::Write as _;

use serde_json::Value;

/// One line without control characters, cut to so many characters.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let mut line = String::new();
    // Line breaks and indents in what rules render are one space each for whoever compares them.
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > most.saturating_mul(4) {
            break;
        }
    }
    cut(&line, most)
}

pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// A value as people compare it.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) if text.trim().is_empty() => format!("{text:?}"),
        other => crate::value::to_text(other).into_owned(),
    }
}

/// Expected beside actual, aligned. What is too long for that stands below each other, from where it differs.
pub(super) fn table(rows: &[(String, String, String)], indent: &str) -> String {
    const WIDE: usize = 34;
    const WHOLE: usize = 160;
    let width = |text: &str| text.chars().count();
    let (short, long): (Vec<_>, Vec<_>) =
        rows.iter().partition(|(_, expected, actual)| width(expected) <= WIDE && width(actual) <= WIDE);
    let mut out = String::new();
    let field = short.iter().map(|(field, ..)| width(field)).max().unwrap_or(0);
    let wide = short.iter().map(|(_, expected, _)| width(expected)).max().unwrap_or(0).max("expected".len());
    // Writing to a text does not fail.
    if !short.is_empty() {
        let _ = writeln!(out, "{indent}{:field$}  {:wide$}  actual", "", "expected");
    }
    for (name, expected, actual) in short {
        let _ = writeln!(out, "{indent}{name:field$}  {expected:wide$}  {actual}");
    }
    for (name, expected, actual) in long {
        let from = differs_from(expected, actual);
        let _ = writeln!(out, "{indent}{name}");
        let _ = writeln!(out, "{indent}  expected  {}", window(expected, from, WHOLE));
        let _ = writeln!(out, "{indent}  actual    {}", window(actual, from, WHOLE));
    }
    out
}

/// Where two long texts begin to differ, in characters, with some room before it; 0 where they differ early.
fn differs_from(expected: &str, actual: &str) -> usize {
    let same = expected.chars().zip(actual.chars()).take_while(|(a, b)| a == b).count();
    if same > 60 { same - 20 } else { 0 }
}

fn window(text: &str, from: usize, most: usize) -> String {
    if from == 0 {
        return cut(text, most);
    }
    let rest: String = text.chars().skip(from).collect();
    format!("…{}", cut(&rest, most))
}
