//! Findings as people read them: level and code, the sentence, the place with its line, and what to do.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar as _;

use super::{Finding, Findings, Level, Place};

/// How the parts of a finding look on a terminal: escape sequences before them, empty where there are no colours.
#[derive(Debug, Clone, Copy, Default)]
struct Look {
    error: &'static str,
    warning: &'static str,
    strong: &'static str,
    quiet: &'static str,
    end: &'static str,
}

const COLOURS: Look =
    Look { error: "\x1b[1;31m", warning: "\x1b[1;33m", strong: "\x1b[1m", quiet: "\x1b[2m", end: "\x1b[0m" };

impl Finding {
    /// The finding as people read it, without colours.
    pub fn render(&self) -> String {
        self.show(&Look::default())
    }

    fn show(&self, look: &Look) -> String {
        let (tone, level) = match self.level {
            Level::Error => (look.error, "error"),
            Level::Warning => (look.warning, "warning"),
        };
        let end = look.end;
        let message = said(&self.message);
        let mut out = format!("{tone}{level}[{}]{end}: {}{message}{end}\n", self.code, look.strong);
        let help = self.help.as_deref().map(said);
        let Some(place) = &self.place else {
            if let Some(help) = help {
                let _ = writeln!(out, "  = {help}");
            }
            return out;
        };
        let number = place.span.line.to_string();
        let margin = " ".repeat(number.len());
        let _ = writeln!(
            out,
            "{margin} {}┌─ {}:{}:{}{end}",
            look.quiet,
            clean(&place.file),
            place.span.line,
            place.span.column
        );
        let Some((line, before, under)) = quote(place) else {
            if let Some(help) = help {
                let _ = writeln!(out, "{margin} = {help}");
            }
            return out;
        };
        let _ = writeln!(out, "{number} {}│{end} {line}", look.quiet);
        let (before, under) = (" ".repeat(before), "^".repeat(under));
        let _ = write!(out, "{margin} {}│{end} {before}{tone}{under}{end}", look.quiet);
        if let Some(help) = help {
            let _ = write!(out, " {help}");
        }
        out.push('\n');
        out
    }
}

impl Findings {
    /// All findings as people read them, a blank line between.
    pub fn render(&self) -> String {
        self.render_all(&Look::default())
    }

    /// The same with colours, for a terminal.
    pub fn render_coloured(&self) -> String {
        self.render_all(&COLOURS)
    }

    fn render_all(&self, look: &Look) -> String {
        self.iter().map(|finding| finding.show(look)).collect::<Vec<_>>().join("\n")
    }
}

/// Control characters cannot reach the terminal, and a tab is as wide as its one space.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

// LIMIT: a message quotes what stands in the file, and that may be megabytes; nobody reads more than a few lines.
const SAID_CHARS: usize = 600;

/// A message or help without control characters, and not longer than anybody reads.
fn said(text: &str) -> String {
    let mut said: String = text.chars().take(SAID_CHARS).collect();
    if said.len() < text.len() {
        said.push('…');
    }
    clean(&said)
}

// LIMIT: a generated file may have long lines; people read about a terminal's width around the place.
const WIDTH: usize = 160;

/// The line of a place, or the part of a long one around it, with the columns on a terminal before what is meant and
/// under it. `None` where there is nothing to show.
fn quote(place: &Place) -> Option<(String, usize, usize)> {
    if place.line.is_empty() {
        return None;
    }
    let column = place.span.column.saturating_sub(1) as usize;
    let start = if place.line.chars().nth(WIDTH).is_none() { 0 } else { column.saturating_sub(WIDTH / 2) };
    let shown: String = clean(&place.line).chars().skip(start).take(WIDTH).collect();
    let width = |text: &mut dyn Iterator<Item = char>| text.map(|c| c.width().unwrap_or(0)).sum::<usize>();
    let before = width(&mut shown.chars().take(column - start));
    let under = width(&mut shown.chars().skip(column - start).take(place.span.len.max(1) as usize));
    Some((shown, before, under.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::SourceFile;
    use crate::yaml::Span;

    fn rendered(text: &str, line: u32, column: u32, len: u32) -> String {
        let file = SourceFile::new("rules/r.yaml", text);
        Finding::error("HW103", "unknown operator `bellow`")
            .at(file.place(Span { line, column, len }))
            .help("did you mean `below`?")
            .render()
    }

    #[test]
    fn a_finding_shows_the_place_the_line_and_the_suggestion() {
        assert_eq!(
            rendered("a\nb: { bellow: 10 }\n", 2, 6, 6),
            "error[HW103]: unknown operator `bellow`\n  ┌─ rules/r.yaml:2:6\n2 │ b: { bellow: 10 }\n  │      ^^^^^^ did you mean `below`?\n"
        );
    }

    #[test]
    fn the_mark_stands_under_what_is_meant_whatever_stands_before_it() {
        let last = |text: &str, column| {
            let shown = rendered(text, 1, column, 6);
            shown.lines().skip(2).map(str::to_owned).collect::<Vec<_>>()
        };
        // Two columns each on a terminal.
        assert_eq!(
            last("日本: { bellow: 1 }", 7),
            ["1 │ 日本: { bellow: 1 }", "  │         ^^^^^^ did you mean `below`?"]
        );
        // An accent of its own takes no column.
        assert_eq!(
            last("e\u{301}: { bellow: 1 }", 7),
            ["1 │ e\u{301}: { bellow: 1 }", "  │      ^^^^^^ did you mean `below`?"]
        );
        assert_eq!(
            last("\ta: { bellow: 1 }\r\nb: 1\r\n", 7),
            ["1 │  a: { bellow: 1 }", "  │       ^^^^^^ did you mean `below`?"]
        );
    }

    #[test]
    fn a_long_line_is_shown_around_the_place_and_a_huge_one_not_at_all() {
        let long = format!("{}{{ bellow: 1 }}{}", "x".repeat(900), "y".repeat(900));
        let shown = rendered(&long, 1, 903, 6);
        assert!(
            shown.contains("{ bellow: 1 }") && shown.lines().all(|line| line.chars().count() < 200),
            "{shown}"
        );
        let huge = format!("{}{{ bellow: 1 }}", "x".repeat(900_000));
        assert_eq!(
            rendered(&huge, 1, 900_003, 6),
            "error[HW103]: unknown operator `bellow`\n  ┌─ rules/r.yaml:1:900003\n  = did you mean `below`?\n"
        );
    }

    #[test]
    fn a_message_that_quotes_half_a_file_is_cut() {
        let finding = Finding::error("HW012", format!("unknown field `{}`", "é".repeat(1_000_000)));
        let shown = finding.render();
        assert!(shown.ends_with("é…\n") && shown.chars().count() < 700, "{} characters", shown.len());
    }

    #[test]
    fn a_finding_at_the_end_of_its_file_says_where_without_a_line() {
        assert_eq!(
            rendered("a: 1\n", 2, 1, 0),
            "error[HW103]: unknown operator `bellow`\n  ┌─ rules/r.yaml:2:1\n  = did you mean `below`?\n"
        );
    }

    #[test]
    fn what_a_file_contains_cannot_command_the_terminal() {
        let file = SourceFile::new("a\x1b]0;b", "x\x1b[2J");
        let finding = Finding::warning("HW012", "unknown field `\x1b[31m`")
            .at(file.place(Span { line: 1, column: 1, len: 1 }))
            .help("did you mean `\x07`?");
        assert!(finding.render().chars().all(|c| c == '\n' || !c.is_control()), "{:?}", finding.render());
        let mut all = Findings::default();
        all.push(finding);
        assert!(all.render_coloured().starts_with("\x1b[1;33mwarning[HW012]\x1b[0m: "));
    }
}
