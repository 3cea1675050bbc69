//! Where an expression in a template ends: at the `}` that closes it, not at one in a text, a comment or a block.

/// The byte of the `}` that closes the expression at the start of `text`.
pub(super) fn end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        at += if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            comment(rest)
        } else if let Some(raw) = rest.strip_prefix("#\"") {
            // As it is, whatever stands in it: `#"it's"#`.
            2 + raw.find("\"#")? + 2
        } else {
            match c {
                '"' | '\'' => quoted(rest, c)?,
                '`' => interpolated(rest)?,
                '{' => {
                    depth += 1;
                    1
                }
                '}' if depth == 0 => return Some(at),
                '}' => {
                    depth -= 1;
                    1
                }
                c => c.len_utf8(),
            }
        };
    }
    None
}

/// The length of a block comment, which may hold others; one that is not closed takes the rest.
fn comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of a text in quotes.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The length of a text in backticks, whose `${…}` are expressions of their own.
fn interpolated(text: &str) -> Option<usize> {
    let mut at = 1;
    while let Some(c) = text[at..].chars().next() {
        at += match c {
            '`' => return Some(at + 1),
            '$' if text[at + 1..].starts_with('{') => {
                let inner = at + 2;
                2 + end(&text[inner..])? + 1
            }
            c => c.len_utf8(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::end;

    fn expression(text: &str) -> Option<&str> {
        end(text).map(|at| &text[..at])
    }

    #[test]
    fn a_brace_in_a_text_or_a_block_ends_nothing() {
        assert_eq!(expression("a} b}"), Some("a"));
        assert_eq!(expression(r#"f("}") } b"#), Some(r#"f("}") "#));
        assert_eq!(expression(r#"f("\"}") } b"#), Some(r#"f("\"}") "#));
        assert_eq!(expression("if x { '}' } else { `}` } }"), Some("if x { '}' } else { `}` } "));
        assert_eq!(expression("`a ${ `}` + b } c` }"), Some("`a ${ `}` + b } c` "));
        assert_eq!(expression("#\"it's }\"# }"), Some("#\"it's }\"# "));
    }

    #[test]
    fn what_stands_in_a_comment_ends_nothing() {
        assert_eq!(expression("a // it's } not\n + b}"), Some("a // it's } not\n + b"));
        assert_eq!(expression("a /* don't } /* \" */ } */ + b}"), Some("a /* don't } /* \" */ } */ + b"));
        assert_eq!(expression("\"http://x\"} y"), Some("\"http://x\""));
    }

    #[test]
    fn what_is_not_closed_has_no_end() {
        for text in ["", "a", "{ }", "\"}", "`}", "`${ }", "// }", "/* }", "#\"}", "'"] {
            assert_eq!(expression(text), None, "{text}");
        }
    }
}
