//! The page about each code: what it means, what is wrong, and how it is right. `codes/*.md` are the data.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/finding/codes");

static PAGES: LazyLock<BTreeMap<&'static str, Page>> = LazyLock::new(|| {
    let page = |file: &'static include_dir::File<'static>| {
        let code = file.path().file_stem()?.to_str()?;
        Some((code, Page::read(code, file.contents_utf8()?)))
    };
    FILES.files().filter_map(page).collect()
});

/// What there is to know about one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The code: `HW012`.
    pub code: &'static str,
    /// What it means, in a few words.
    pub title: String,
    /// What it means, in full.
    pub text: String,
    /// Files of which `check` says this; empty where no file of a page can be wrong in this way.
    pub wrong: Vec<Example>,
    /// The same files without the mistake.
    pub right: Vec<Example>,
}

/// One file of an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its path in an installation: `rules/disk.yaml`.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Page {
    /// The page about a code, in any case.
    pub fn of(code: &str) -> Option<&'static Page> {
        PAGES.get(code.to_uppercase().as_str())
    }

    /// All pages, in the order of their codes.
    pub fn all() -> impl Iterator<Item = &'static Page> {
        PAGES.values()
    }

    /// Reads a page: a title, text, and the examples under `## Wrong` and `## Right`, each file in a fence that names it.
    fn read(code: &'static str, source: &str) -> Self {
        let mut page =
            Self { code, title: String::new(), text: String::new(), wrong: Vec::new(), right: Vec::new() };
        let mut section = Section::Text;
        let mut open: Option<Example> = None;
        for line in source.lines() {
            match (&mut open, line) {
                (Some(example), "```") => {
                    let done =
                        std::mem::replace(example, Example { path: String::new(), text: String::new() });
                    open = None;
                    match section {
                        Section::Text => {}
                        Section::Wrong => page.wrong.push(done),
                        Section::Right => page.right.push(done),
                    }
                }
                (Some(example), line) => {
                    example.text.push_str(line);
                    example.text.push('\n');
                }
                (None, "## Wrong") => section = Section::Wrong,
                (None, "## Right") => section = Section::Right,
                (None, line) if line.starts_with("# ") => line[2..].trim().clone_into(&mut page.title),
                (None, line) if line.starts_with("```") => {
                    let path = line.split_whitespace().nth(1).unwrap_or_default().to_owned();
                    open = Some(Example { path, text: String::new() });
                }
                (None, line) if section == Section::Text => {
                    page.text.push_str(line);
                    page.text.push('\n');
                }
                (None, _) => {}
            }
        }
        Self { text: page.text.trim().to_owned(), ..page }
    }

    /// The page as people read it on a terminal.
    pub fn render(&self) -> String {
        let mut out = format!("{}: {}\n\n{}\n", self.code, self.title, self.text);
        for (name, examples) in [("Wrong", &self.wrong), ("Right", &self.right)] {
            for example in examples {
                let _ = writeln!(out, "\n{name}, in {}:\n", example.path);
                for line in example.text.lines() {
                    let _ = writeln!(out, "{}", format!("    {line}").trim_end());
                }
            }
        }
        out
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Text,
    Wrong,
    Right,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_title_a_text_and_named_examples() {
        let source = "# unknown field\n\nA sentence.\n\n## Wrong\n\n```yaml rules/a.yaml\nrule: []\n```\n\n## Right\n\n```yaml rules/a.yaml\nrules: []\n```\n";
        let page = Page::read("HW012", source);
        assert_eq!((page.title.as_str(), page.text.as_str()), ("unknown field", "A sentence."));
        assert_eq!(page.wrong, [Example { path: "rules/a.yaml".into(), text: "rule: []\n".into() }]);
        assert_eq!(
            page.render(),
            "HW012: unknown field\n\nA sentence.\n\nWrong, in rules/a.yaml:\n\n    rule: []\n\nRight, in rules/a.yaml:\n\n    rules: []\n"
        );
    }
}
