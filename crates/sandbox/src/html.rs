//! Text into HTML and HTML into text.

/// Text with the characters HTML gives a meaning to written as entities.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Foreign text for a page: escaped, and without characters that turn the direction of what follows, by which a text
/// can look like another.
pub(crate) fn shown(text: &str) -> String {
    let turns = |letter: char| matches!(letter, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    escape(&text.replace(turns, "\u{FFFD}"))
}

/// Text as HTML that reads the same.
pub(crate) fn as_html(text: &str) -> String {
    escape(text).replace("\r\n", "<br/>").replace('\n', "<br/>")
}

/// What a person reads of some HTML: without tags, styles and scripts, with line breaks where blocks end.
pub(crate) fn plain_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        let Some(end) = rest[start..].find('>') else {
            // Not a tag at all: a lone sign.
            text.push_str(&rest[start..]);
            rest = "";
            break;
        };
        let tag = &rest[start + 1..start + end];
        rest = &rest[start + end + 1..];
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        match name.as_str() {
            "br" | "p" | "div" | "li" | "tr" | "table" | "h1" | "h2" | "h3" | "h4" | "ul" | "ol"
                if !text.is_empty() && !text.ends_with('\n') =>
            {
                text.push('\n');
            }
            "td" | "th" if !text.is_empty() && !text.ends_with(char::is_whitespace) => text.push(' '),
            "script" | "style" if !tag.starts_with('/') => {
                rest = from_closing_tag(rest, &name);
            }
            _ => {}
        }
    }
    text.push_str(rest);
    unescape(&text).trim().to_owned()
}

/// What is left of some HTML from the tag that closes an element on; nothing if none does.
fn from_closing_tag<'h>(html: &'h str, name: &str) -> &'h str {
    let closes = |at: &usize| {
        let after = html.as_bytes().get(at + 2..at + 2 + name.len());
        after.is_some_and(|after| after.eq_ignore_ascii_case(name.as_bytes()))
    };
    html.match_indices("</").map(|(at, _)| at).find(closes).map_or("", |at| &html[at..])
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}

/// A text cut to so many letters.
pub(crate) fn shortened(text: &str, letters: usize) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= letters {
        return line.to_owned();
    }
    let cut: String = line.chars().take(letters).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_escaped_keeps_a_meaning_in_html() {
        assert_eq!(escape("<a href='x'>\"&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;");
        assert_eq!(as_html("one\ntwo <b>"), "one<br/>two &lt;b&gt;");
    }

    #[test]
    fn text_on_a_page_reads_in_the_direction_it_was_written() {
        assert_eq!(shown("safe\u{202E}gpj.exe <b>"), "safe\u{FFFD}gpj.exe &lt;b&gt;");
        assert_eq!(shown("שלום"), "שלום");
    }

    #[test]
    fn a_person_reads_the_text_of_html() {
        assert_eq!(
            plain_text("<p>Disk <b>C:</b> full</p><p>3&nbsp;% &lt;left&gt;</p>"),
            "Disk C: full\n3 % <left>"
        );
        assert_eq!(plain_text("<STYLE>p { }</style>seen<script>alert(1)"), "seen");
        assert_eq!(plain_text("a < b"), "a < b");
        assert_eq!(plain_text("<table><tr><td>a</td><td>ü</td></tr></table>"), "a ü");
    }

    #[test]
    fn what_was_text_is_the_same_text_again() {
        for text in ["a & b < c > d \"e\" 'f'", "one\ntwo", "&lt; is how < is written"] {
            assert_eq!(plain_text(&as_html(text)), text);
        }
    }
}
