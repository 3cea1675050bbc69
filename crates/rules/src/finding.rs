//! What a check finds: a code, a sentence, a place and a suggestion, and how it is shown.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use serde::Serialize;

use crate::yaml::Span;

/// A text file as it was read; findings quote its lines.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The path as people should see it.
    pub path: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
    /// Where its lines begin: a file with very many mistakes would else be read from its start for each.
    starts: Arc<OnceLock<Vec<usize>>>,
}

impl SourceFile {
    /// A file with its text.
    pub fn new(path: impl AsRef<str>, text: impl AsRef<str>) -> Self {
        Self { path: Arc::from(path.as_ref()), text: Arc::from(text.as_ref()), starts: Arc::default() }
    }

    /// A place in this file.
    pub fn place(&self, span: Span) -> Place {
        let line = Some(self.line(span.line)).filter(|line| line.len() <= QUOTED_BYTES).unwrap_or_default();
        Place { file: self.path.clone(), span, line: line.to_owned() }
    }

    /// The place of a line and column (from 1) of a scalar's text, where the scalar stands at `span`.
    pub(crate) fn within(&self, span: Span, line: usize, column: usize, len: usize) -> Span {
        let first = self.line(span.line).chars().nth(span.column.saturating_sub(1) as usize);
        let quote = usize::from(matches!(first, Some('"' | '\'')));
        if line <= 1 {
            return span.inside(column.saturating_sub(1) + quote, len);
        }
        // Only a literal block keeps its lines; the text of other scalars is put together from several.
        let opening = self.line(span.line.saturating_sub(1)).trim_end();
        if opening.trim_end_matches(['-', '+']).ends_with('|') {
            let block = Span { line: span.line + line as u32 - 1, ..span };
            return block.inside(column.saturating_sub(1), len);
        }
        Span { len: 1, ..span }
    }

    /// The line of that number, from 1; empty beyond the last.
    fn line(&self, number: u32) -> &str {
        let starts = self.starts.get_or_init(|| {
            std::iter::once(0).chain(self.text.match_indices('\n').map(|(at, _)| at + 1)).collect()
        });
        let Some(start) = number.checked_sub(1).and_then(|n| starts.get(n as usize)) else { return "" };
        self.text[*start..].lines().next().unwrap_or_default()
    }
}

// LIMIT: longer lines are generated ones; quoting them for each mistake in them would cost their length each time.
const QUOTED_BYTES: usize = 4096;

/// A place in a file, with the line that stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<str>,
    /// Where in it.
    pub span: Span,
    /// The line's text; empty where it is too long to show.
    pub line: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth a look; nothing is refused.
    Warning,
    /// The file is refused.
    Error,
}

/// One thing a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// A stable code such as `HW103`.
    pub code: &'static str,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Finding {
    /// An error without a place.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { level: Level::Error, code, message: message.into(), place: None, help: None }
    }

    /// A warning without a place.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::error(code, message) }
    }

    /// The same finding at a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same finding with a suggestion.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The finding as people read it: message, place, the line itself and the suggestion.
    pub fn render(&self) -> String {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        let mut out = format!("{level}: {}\n", self.message);
        let Some(place) = &self.place else {
            if let Some(help) = &self.help {
                let _ = writeln!(out, "  = {help}");
            }
            return out;
        };
        let number = place.span.line.to_string();
        let margin = " ".repeat(number.len());
        let _ = writeln!(out, "{margin} ┌─ {}:{}:{}", place.file, place.span.line, place.span.column);
        let (line, column) = window(&place.line, place.span.column.saturating_sub(1) as usize);
        let _ = writeln!(out, "{number} │ {line}");
        let shown = line.chars().count();
        let len = (place.span.len.max(1) as usize).min(shown.saturating_sub(column).max(1));
        let _ = write!(out, "{margin} │ {}{}", " ".repeat(column), "^".repeat(len));
        if let Some(help) = &self.help {
            let _ = write!(out, " {help}");
        }
        out.push('\n');
        out
    }

    /// The finding as stable JSON.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "level": self.level,
            "code": self.code,
            "message": self.message,
            "file": self.place.as_ref().map(|p| p.file.as_ref()),
            "line": self.place.as_ref().map(|p| p.span.line),
            "column": self.place.as_ref().map(|p| p.span.column),
            "help": self.help,
        })
    }
}

// LIMIT: a generated file may have lines of megabytes; people read about a terminal's width around the place.
const WIDTH: usize = 160;

/// The part of a long line around `column`, and the column within it; control characters cannot reach the terminal.
fn window(line: &str, column: usize) -> (String, usize) {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    if line.chars().nth(WIDTH).is_none() {
        return (line.chars().map(clean).collect(), column);
    }
    let start = column.saturating_sub(WIDTH / 2);
    (line.chars().skip(start).take(WIDTH).map(clean).collect(), column - start)
}

// LIMIT: nobody reads more, and a hostile file may have a mistake in each of its millions of nodes.
const MAX_FINDINGS: usize = 10_000;

/// All findings of a run, in the order they were made.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    all: Vec<Finding>,
    errors: usize,
}

impl Findings {
    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        self.errors += usize::from(finding.level == Level::Error);
        if self.all.len() < MAX_FINDINGS {
            self.all.push(finding);
        }
    }

    /// Adds all of another run.
    pub fn extend(&mut self, other: Findings) {
        self.errors += other.errors;
        let room = MAX_FINDINGS.saturating_sub(self.all.len());
        self.all.extend(other.all.into_iter().take(room));
    }

    /// The same findings in the order a reader of the file meets them.
    #[must_use]
    pub(crate) fn in_reading_order(mut self) -> Self {
        self.all.sort_by_key(|f| f.place.as_ref().map(|place| (place.span.line, place.span.column)));
        self
    }

    /// The findings, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.all.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How many are errors.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// Whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.errors() > 0
    }

    /// All findings as people read them, a blank line between.
    pub fn render(&self) -> String {
        self.all.iter().map(Finding::render).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_shows_the_place_the_line_and_the_suggestion() {
        let file = SourceFile::new("rules/disk.yaml", "a\nb: { bellow: 10 }\n");
        let finding = Finding::error("HW103", "unknown operator `bellow`")
            .at(file.place(Span { line: 2, column: 6, len: 6 }))
            .help("did you mean `below`?");
        assert_eq!(
            finding.render(),
            "error: unknown operator `bellow`\n  ┌─ rules/disk.yaml:2:6\n2 │ b: { bellow: 10 }\n  │      ^^^^^^ did you mean `below`?\n"
        );
    }
}
