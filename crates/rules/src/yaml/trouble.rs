//! Why a file cannot be read, in the words of whoever wrote it.

use granit_parser::{ErrorKind, ScanError};

use super::Span;
use super::read::MAX_DEPTH;
use crate::finding::{Finding, SourceFile};

/// What is wrong, and what to do about it.
#[derive(Debug)]
pub(super) struct Problem {
    message: String,
    help: Option<String>,
}

impl Problem {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// A problem and its place. Boxed, because nearly every step of reading may give one and nearly none does.
#[derive(Debug)]
pub(super) struct Trouble(Box<(Span, Problem, &'static str)>);

impl Trouble {
    pub(super) fn at(span: Span, problem: Problem) -> Self {
        Self(Box::new((span, problem, "HW001")))
    }

    /// The file is larger than what is read.
    pub(super) fn too_much(span: Span, problem: String) -> Self {
        let problem = Problem::new(problem).help("split the file, or leave the aliases out");
        Self(Box::new((span, problem, "HW002")))
    }

    /// Lists and maps stand in one another without an end in sight.
    pub(super) fn too_deep(span: Span) -> Self {
        let problem = Problem::new(format!("lists and maps stand deeper than {MAX_DEPTH} in one another"));
        Self::at(span, problem.help("look for a bracket that is not closed, or an alias of an alias"))
    }

    pub(super) fn of_parser(error: &ScanError) -> Self {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mark = error.marker();
        let span = Span { line: number(mark.line()), column: number(mark.col()).saturating_add(1), len: 1 };
        if *error.kind() == ErrorKind::RecursionLimitExceeded {
            return Self::too_deep(span);
        }
        Self::at(span, problem(error))
    }

    pub(super) fn finding(self, file: &SourceFile) -> Finding {
        let (span, problem, code) = *self.0;
        let finding = Finding::error(code, problem.message).at(file.place(span));
        match problem.help {
            Some(help) => finding.help(help),
            None => finding,
        }
    }
}

/// The mistakes people make, in their words; the rest in the parser's.
fn problem(error: &ScanError) -> Problem {
    use ErrorKind as Kind;
    let (message, help) = match error.kind() {
        Kind::TabNotAllowed
        | Kind::TabInBlockIndentation
        | Kind::TabInIndentation
        | Kind::TabInPlainScalar
        | Kind::TabAtBlockScalarStart => {
            ("a tab stands where YAML wants spaces".to_owned(), "replace it by spaces")
        }
        Kind::UnclosedQuotedScalar | Kind::DocumentIndicatorInQuotedScalar => {
            ("a quote is opened and never closed".into(), "close it, or double it inside of the text")
        }
        Kind::InvalidTrailingDoubleQuotedScalar | Kind::InvalidTrailingSingleQuotedScalar => (
            "something stands behind the closing quote".into(),
            "put the whole value in quotes; inside of '…' a quote is written twice",
        ),
        Kind::UnknownQuotedScalarEscape | Kind::InvalidQuotedScalarHexEscape => (
            r"`\` and what follows it mean nothing inside of double quotes".into(),
            r"use single quotes, or write `\\`",
        ),
        Kind::UnclosedFlowCollection { open } => (format!("`{open}` is never closed"), "close it"),
        Kind::UnexpectedEofFlowSequence => ("`[` is never closed".into(), "close it"),
        Kind::UnexpectedEofFlowMapping | Kind::UnexpectedEofImplicitFlowMapping => {
            ("`{` is never closed".into(), "close it")
        }
        Kind::MismatchedFlowCollectionEnd { open, close } => {
            (format!("`{open}` is closed by `{close}`"), "close it by its own bracket")
        }
        Kind::MisplacedFlowCollectionEnd => {
            ("a bracket is closed that was never opened".into(), "remove it, or put the text in quotes")
        }
        Kind::ExpectedFlowMappingSeparator => {
            ("`,` or `}` is missing before this".into(), "add it, or put the text in quotes")
        }
        Kind::ExpectedFlowSequenceSeparator => {
            ("`,` or `]` is missing before this".into(), "add it, or put the text in quotes")
        }
        Kind::MappingValueNotAllowed => (
            "a colon and a space stand where no key can be".into(),
            "put the text in quotes, or look at the indentation of this line and the one before",
        ),
        Kind::ExpectedBlockMappingKey | Kind::InvalidIndentation | Kind::ExpectedBlockSequenceEntry => (
            "this line does not fit the ones before".into(),
            "what belongs together begins in the same column",
        ),
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => {
            ("`:` is missing behind the key".into(), "a key is followed by a colon and a space")
        }
        Kind::BlockEntryInFlowCollection => (
            "an entry of a list (`-`) stands inside of brackets".into(),
            "look for a bracket that is not closed before it; ` #` begins a comment unless it stands in quotes",
        ),
        Kind::InvalidColonPlacement => {
            ("a `:` stands where none can be".into(), "look for a bracket that is not closed before it")
        }
        Kind::UnexpectedCharacter { character } => {
            (format!("a value cannot begin with `{}`", character.escape_default()), "put it in quotes")
        }
        Kind::UnknownAnchor => (
            "no `&name` before this has the name of the alias".into(),
            "an anchor stands above its aliases; text that begins with `*` needs quotes",
        ),
        other => return Problem::new(format!("this is not YAML we can read: {other}")),
    };
    Problem::new(message).help(help)
}
