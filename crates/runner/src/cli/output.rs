//! What commands print: data on standard output, everything else on standard error, colour on terminals only.

use std::io::{IsTerminal as _, Stdout, Write as _};

use clap::ValueEnum;
use haloward_rules::{Findings, Level};
use serde_json::Value;

use super::Failure;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For scripts.
    Json,
}

/// Standard output.
#[derive(Debug)]
pub(super) struct Out {
    stdout: Stdout,
    format: Format,
    colour: bool,
}

/// A meaning, shown as a colour where there are colours.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tone {
    Good,
    Bad,
    Quiet,
    Strong,
}

impl Out {
    pub(super) fn new(format: Format) -> Self {
        let stdout = std::io::stdout();
        let colour = stdout.is_terminal() && !plain();
        Self { stdout, format, colour }
    }

    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    pub(super) fn line(&mut self, text: &str) -> Result<(), Failure> {
        let mut stdout = self.stdout.lock();
        stdout.write_all(text.as_bytes())?;
        stdout.write_all(b"\n")?;
        Ok(stdout.flush()?)
    }

    /// Output as it is, in one piece.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = self.stdout.lock();
        stdout.write_all(bytes)?;
        Ok(stdout.flush()?)
    }

    /// One JSON value on a line of its own.
    pub(super) fn json(&mut self, value: &Value) -> Result<(), Failure> {
        self.line(&value.to_string())
    }

    /// Findings as data: what a command was asked for.
    pub(super) fn findings(&mut self, findings: &Findings) -> Result<(), Failure> {
        self.line(&if self.colour { findings.render_coloured() } else { findings.render() })
    }

    pub(super) fn tone(&self, tone: Tone, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Quiet => "2",
            Tone::Strong => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Whether the user wants no colours anywhere.
fn plain() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
}

/// Text from outside for a terminal: control characters could move its cursor or worse.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Something to know about what is printed, on standard error.
pub(super) fn remark(text: &str) {
    let mut stderr = std::io::stderr().lock();
    // Standard error that is gone leaves nobody to tell.
    let _ = writeln!(stderr, "note: {text}");
}

/// A moment as people read it, to the second.
pub(super) fn time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// The same for a moment that JSON holds as text.
pub(super) fn time_of(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    text.parse().map_or_else(|_| clean(text), time)
}

/// Rows in columns as wide as their widest cell; the last column is as long as it is.
pub(super) fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..count.saturating_sub(1)).map(width).collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            line.push_str(cell);
            if let Some(width) = widths.get(column) {
                line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count()) + 2));
            }
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Findings on standard error.
pub(super) fn print_findings(findings: &Findings) {
    let mut stderr = std::io::stderr().lock();
    let coloured = stderr.is_terminal() && !plain();
    // Standard error that is gone leaves nobody to tell.
    let _ = writeln!(stderr, "{}", if coloured { findings.render_coloured() } else { findings.render() });
}

/// `1 error, 2 warnings`.
pub(super) fn counts(findings: &Findings) -> String {
    let errors = findings.errors();
    let warnings = findings.iter().filter(|f| f.level == Level::Warning).count();
    let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    format!("{}, {}", plural(errors, "error"), plural(warnings, "warning"))
}

/// Says why a command could not run.
pub(super) fn complain(failure: &Failure) {
    let mut stderr = std::io::stderr().lock();
    let _ = writeln!(stderr, "error: {failure}");
    if let Failure::WithHelp { help, .. } = failure {
        let _ = writeln!(stderr, "  = {help}");
    }
}
