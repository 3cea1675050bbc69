//! Text files as they were read, and places in them.

use std::sync::{Arc, OnceLock};

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

    /// A place in this file whose line must not be shown, since a secret stands there.
    pub fn secret_place(&self, span: Span) -> Place {
        Place { file: self.path.clone(), span, line: String::new() }
    }

    /// The place of a line and column (from 1) of a scalar's text, where the scalar stands at `span`.
    pub(crate) fn within(&self, span: Span, line: usize, column: usize, len: usize) -> Span {
        let opened = self.line(span.line);
        // A line that is not shown is not walked through either, for each of the mistakes in it.
        let first = Some(opened).filter(|line| line.len() <= QUOTED_BYTES);
        let first = first.and_then(|line| line.chars().nth(span.column.saturating_sub(1) as usize));
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
        let end = starts.get(number as usize).copied().unwrap_or(self.text.len());
        self.text[*start..end].trim_end_matches(['\n', '\r'])
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
    /// The line's text; empty where it is too long to show, or must not be shown.
    pub line: String,
}
