//! Markdown to HTML with values that stay text.
//!
//! The author's Markdown is read with stand-ins where values go; the values replace them afterwards, inside text
//! only, and are escaped there. A value can therefore not open a tag, a link, a heading or a code fence, whatever
//! it contains. HTML that the author writes in Markdown is shown as text too: `raw_html` is the one way.

use std::fmt::Write as _;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, html};

// Private-use characters frame a stand-in; they are taken out of everything that comes from outside.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// A text in the making: the author's Markdown and the values in it.
#[derive(Debug, Default)]
pub(super) struct Page {
    markdown: String,
    values: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Raw(String),
}

impl Page {
    /// Adds what the rule's author wrote.
    pub(super) fn author(&mut self, text: &str) {
        self.markdown.extend(text.split([OPEN, CLOSE]));
    }

    /// Adds a value.
    pub(super) fn value(&mut self, text: &str) {
        self.stand_in(Piece::Text(clean(text)));
    }

    /// Adds HTML its author vouches for.
    pub(super) fn raw(&mut self, html: String) {
        self.stand_in(Piece::Raw(html));
    }

    fn stand_in(&mut self, piece: Piece) {
        let _ = write!(self.markdown, "{OPEN}{}{CLOSE}", self.values.len());
        self.values.push(piece);
    }

    /// The finished HTML.
    pub(super) fn into_html(self) -> String {
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        let mut in_code_block = false;
        let mut events: Vec<Event<'_>> = Vec::new();
        for event in Parser::new_ext(&self.markdown, options) {
            match event {
                // What the author writes as HTML is shown as text.
                Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                    self.fill(&text, in_code_block, &mut events);
                }
                Event::Code(text) => events.push(Event::Code(self.plain(&text).into())),
                Event::Start(Tag::CodeBlock(kind)) => {
                    in_code_block = true;
                    let kind = match kind {
                        CodeBlockKind::Fenced(info) => CodeBlockKind::Fenced(self.plain(&info).into()),
                        CodeBlockKind::Indented => CodeBlockKind::Indented,
                    };
                    events.push(Event::Start(Tag::CodeBlock(kind)));
                }
                Event::End(end @ pulldown_cmark::TagEnd::CodeBlock) => {
                    in_code_block = false;
                    events.push(Event::End(end));
                }
                Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                    let (dest_url, title) = (self.destination(&dest_url), self.plain(&title).into());
                    events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
                }
                // Pictures from an alert would load from wherever it says; the link is enough.
                Event::Start(Tag::Image { dest_url, title, id, .. }) => {
                    let (dest_url, title) = (self.destination(&dest_url), self.plain(&title).into());
                    events.push(Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, title, id }));
                }
                Event::End(pulldown_cmark::TagEnd::Image) => {
                    events.push(Event::End(pulldown_cmark::TagEnd::Link));
                }
                other => events.push(other),
            }
        }
        let mut out = String::new();
        html::push_html(&mut out, events.into_iter());
        out
    }

    /// Text with its stand-ins filled: values line by line, raw HTML as it is.
    fn fill(&self, text: &str, in_code_block: bool, events: &mut Vec<Event<'_>>) {
        for part in self.parts(text) {
            match part {
                Ok(plain) => events.push(Event::Text(CowStr::from(plain.to_owned()))),
                Err(Piece::Raw(raw)) => events.push(Event::InlineHtml(CowStr::from(raw.clone()))),
                Err(Piece::Text(value)) if in_code_block => {
                    events.push(Event::Text(CowStr::from(value.clone())));
                }
                Err(Piece::Text(value)) => {
                    for (i, line) in value.lines().enumerate() {
                        if i > 0 {
                            events.push(Event::HardBreak);
                        }
                        events.push(Event::Text(CowStr::from(line.to_owned())));
                    }
                }
            }
        }
    }

    /// Text with its stand-ins filled, for attributes and code.
    fn plain(&self, text: &str) -> String {
        self.parts(text)
            .into_iter()
            .map(|part| match part {
                Ok(plain) => plain,
                Err(Piece::Text(value) | Piece::Raw(value)) => value,
            })
            .collect()
    }

    fn destination(&self, text: &str) -> CowStr<'static> {
        let url = self.plain(text);
        let lower = url.trim().to_ascii_lowercase();
        let safe = ["http://", "https://", "mailto:", "tel:"].iter().any(|scheme| lower.starts_with(scheme));
        if safe { CowStr::from(url.trim().to_owned()) } else { CowStr::from("#") }
    }

    /// The text cut at its stand-ins: `Ok` is the author's, `Err` a value.
    fn parts<'s>(&'s self, text: &'s str) -> Vec<Result<&'s str, &'s Piece>> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(OPEN) {
            let after = &rest[open + OPEN.len_utf8()..];
            let Some(close) = after.find(CLOSE) else { break };
            if open > 0 {
                parts.push(Ok(&rest[..open]));
            }
            if let Some(piece) = after[..close].parse::<usize>().ok().and_then(|i| self.values.get(i)) {
                parts.push(Err(piece));
            }
            rest = &after[close + CLOSE.len_utf8()..];
        }
        if !rest.is_empty() {
            parts.push(Ok(rest));
        }
        parts
    }
}

/// Our stand-in characters, and control characters that no text needs.
fn unwanted(c: char) -> bool {
    matches!(c, OPEN | CLOSE) || c.is_control() && !matches!(c, '\n' | '\t')
}

/// A value without unwanted characters.
fn clean(text: &str) -> String {
    text.split(unwanted).collect()
}

/// Text with the five characters of HTML escaped, and without unwanted ones.
pub(crate) fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if unwanted(c) => {}
            _ => out.push(c),
        }
    }
    out
}

/// Plain text as HTML, its lines kept.
pub(crate) fn plain_to_html(text: &str) -> String {
    let mut page = Page::default();
    page.value(text);
    page.into_html()
}
