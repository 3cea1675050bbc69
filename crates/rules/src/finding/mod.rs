//! What a check finds: a code, a sentence, a place and a suggestion, and how it is shown.

mod file;
mod page;
mod render;

pub use file::{Place, SourceFile};
pub use page::{Example, Page};

use serde::Serialize;

use crate::yaml::Span;

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

    /// The place of what is wrong with a file as a whole.
    pub(crate) fn start_of(file: &SourceFile) -> Place {
        file.place(Span { line: 1, column: 1, len: 0 })
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

    /// The finding as stable JSON.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "level": self.level,
            "code": self.code,
            "title": Page::of(self.code).map(|page| page.title.as_str()),
            "message": self.message,
            "file": self.place.as_ref().map(|p| p.file.as_ref()),
            "line": self.place.as_ref().map(|p| p.span.line),
            "column": self.place.as_ref().map(|p| p.span.column),
            "end_column": self.place.as_ref().map(|p| p.span.column + p.span.len.max(1)),
            "help": self.help,
        })
    }
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

    /// The same findings once each, file by file and in the order a reader meets them; those of no file come last.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.all.sort_by(|a, b| {
            let at = |f: &Finding| f.place.as_ref().map(|p| (p.file.clone(), p.span.line, p.span.column));
            (a.place.is_none(), at(a)).cmp(&(b.place.is_none(), at(b)))
        });
        let before = self.all.len();
        let mut kept: Vec<Finding> = Vec::with_capacity(before);
        for finding in self.all {
            // Equal ones stand at the same place, so only the last few can be equal to this one.
            let here = kept.iter().rev().take_while(|k| k.place == finding.place).any(|k| *k == finding);
            if here {
                self.errors -= usize::from(finding.level == Level::Error);
            } else {
                kept.push(finding);
            }
        }
        Self { all: kept, errors: self.errors }
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
}
