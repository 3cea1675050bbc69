//! JSON that a template broke: a message put between two quotes as it was, with quotes, line breaks or backslashes of
//! its own.
//!
//! What counts as plain damage, and nothing else does:
//! - a line break, tab or other control character inside a text;
//! - a backslash that begins no escape, and then every other one too: `C:\Windows\new`;
//! - a quote inside a text that is a field's value. The text ends at the first quote after which the JSON goes on: with
//!   the next field's name and its colon, or with the end of the object in its place;
//! - a comma too many before the end of an object or list;
//! - a word without quotes as a field's value, such as a placeholder that nobody filled.
//!
//! A name that would then come twice in one object is no plain damage: a message that holds fields of its own must not
//! pass for the alert. What the repair makes is parsed like any JSON.

use std::collections::HashSet;

// LIMIT: a JSON parser's own; what is deeper it would refuse.
const DEEPEST: usize = 127;
// LIMIT: a field's name is a word or two.
const LONGEST_NAME: usize = 128;

/// The text with plain damage mended; `None` where it has other damage.
pub(super) fn repaired(text: &str) -> Option<String> {
    let mut repair = Repair::of(text, false);
    repair.run()?;
    if repair.stray {
        // Who put one backslash there as it was did so with all of them.
        repair = Repair::of(text, true);
        repair.run()?;
    }
    Some(repair.out)
}

/// Whether a text that is no JSON holds at least one field with a value: something of an alert, that is.
pub(super) fn has_a_field(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.match_indices('"').any(|(at, _)| {
        let Some(value) = name_ending(bytes, at).and_then(|end| after(bytes, end, b':')) else {
            return false;
        };
        let opens = |b: &&u8| matches!(b, b'[' | b' ' | b'\t' | b'\r' | b'\n');
        let value = value + bytes[value..].iter().take_while(opens).count();
        let inside = if bytes.get(value) == Some(&b'"') { value + 1 } else { value };
        bytes.get(inside).is_some_and(|byte| !matches!(byte, b'"' | b'{' | b'[' | b'}' | b']' | b',' | b':'))
    })
}

/// What an open object or list waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Name,
    Colon,
    Value,
    Comma,
}

/// An object with the names it has so far, or a list, which has none.
struct Open {
    names: Option<HashSet<String>>,
    next: Next,
}

struct Repair<'a> {
    text: &'a str,
    at: usize,
    out: String,
    open: Vec<Open>,
    /// Backslashes are themselves.
    literal: bool,
    /// One of them begins no escape.
    stray: bool,
}

impl<'a> Repair<'a> {
    fn of(text: &'a str, literal: bool) -> Self {
        let out = String::with_capacity(text.len() + 32);
        Self { text, at: 0, out, open: Vec::new(), literal, stray: false }
    }

    fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    fn copy(&mut self, to: usize) {
        self.out.push_str(&self.text[self.at..to]);
        self.at = to;
    }

    fn run(&mut self) -> Option<()> {
        self.begin()?;
        while !self.open.is_empty() {
            self.copy(skip_space(self.bytes(), self.at));
            let byte = *self.bytes().get(self.at)?;
            let Open { names, next } = self.open.last()?;
            match (names.is_some(), *next, byte) {
                (true, Next::Name | Next::Comma, b'}') | (false, Next::Value | Next::Comma, b']') => {
                    self.end()?;
                }
                (true, Next::Name, b'"') => self.name()?,
                (true, Next::Comma, b',') => self.step(Next::Name),
                (true, Next::Colon, b':') | (false, Next::Comma, b',') => self.step(Next::Value),
                (_, Next::Value, b'{' | b'[') if self.placeholder().is_none() => self.begin()?,
                (true, Next::Value, b'"') => self.value()?,
                (false, Next::Value, b'"') => {
                    let end = plain_end(self.bytes(), self.at)?;
                    self.text_until(end);
                }
                (_, Next::Value, _) => self.word()?,
                _ => return None,
            }
        }
        self.copy(skip_space(self.bytes(), self.at));
        (self.at == self.text.len()).then_some(())
    }

    /// One character, and what comes after it.
    fn step(&mut self, next: Next) {
        self.copy(self.at + 1);
        self.wait_for(next);
    }

    fn wait_for(&mut self, next: Next) {
        if let Some(open) = self.open.last_mut() {
            open.next = next;
        }
    }

    fn begin(&mut self) -> Option<()> {
        self.copy(skip_space(self.bytes(), self.at));
        let is_object = match self.bytes().get(self.at)? {
            b'{' => true,
            b'[' => false,
            _ => return None,
        };
        self.copy(self.at + 1);
        self.wait_for(Next::Comma);
        let (names, next) = if is_object { (Some(HashSet::new()), Next::Name) } else { (None, Next::Value) };
        self.open.push(Open { names, next });
        (self.open.len() <= DEEPEST).then_some(())
    }

    /// The end of an object or list; a comma before it goes.
    fn end(&mut self) -> Option<()> {
        let written = self.out.trim_end().len();
        if self.out[..written].ends_with(',') {
            self.out.truncate(written - 1);
        }
        self.copy(self.at + 1);
        self.open.pop().map(|_| ())
    }

    /// A field's name: never mended, and never a second time.
    fn name(&mut self) -> Option<()> {
        let end = name_ending(self.bytes(), plain_end(self.bytes(), self.at)?)?;
        let name = self.text[self.at + 1..end - 1].to_owned();
        self.copy(end);
        let open = self.open.last_mut()?;
        open.next = Next::Colon;
        open.names.as_mut()?.insert(name).then_some(())
    }

    /// A field's text: until the first quote after which the JSON goes on.
    fn value(&mut self) -> Option<()> {
        let from = self.at + 1;
        let ends = |(at, _): &(usize, &str)| self.goes_on_after(from + at);
        let (length, _) = self.text[from..].match_indices('"').find(ends)?;
        self.text_until(from + length);
        Some(())
    }

    /// Writes the text between the quote here and the one at `end`.
    fn text_until(&mut self, end: usize) {
        let inside = &self.text[self.at + 1..end];
        let literal = self.literal;
        self.stray |= has_stray_backslash(inside);
        self.out.push('"');
        let mut letters = inside.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' if literal => self.out.push_str("\\\\"),
                '\\' => {
                    self.out.push('\\');
                    self.out.extend(letters.next());
                }
                '"' => self.out.push_str("\\\""),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                control if control < ' ' => self
                    .out
                    .push_str(serde_json::Value::from(control.to_string()).to_string().trim_matches('"')),
                letter => self.out.push(letter),
            }
        }
        self.out.push('"');
        self.at = end + 1;
        self.wait_for(Next::Comma);
    }

    /// A value without quotes: what JSON knows as it is, a word of anything else as a text.
    fn word(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        let length = match self.placeholder() {
            Some(length) => length,
            None => rest.find([',', '}', ']', '\n', '"', '{', '[', ':'])?,
        };
        let word = rest[..length].trim_end();
        if word.is_empty() {
            return None;
        }
        if serde_json::from_str::<serde_json::Value>(word).is_ok() {
            self.copy(self.at + word.len());
        } else if self.open.last()?.names.is_some() {
            self.out.push_str(&serde_json::Value::from(word).to_string());
            self.at += word.len();
        } else {
            return None;
        }
        self.wait_for(Next::Comma);
        Some(())
    }

    /// The length of a placeholder in brackets or braces that stands where a field's value should: `{{alert.id}}`.
    fn placeholder(&self) -> Option<usize> {
        self.open.last()?.names.as_ref()?;
        let rest = &self.text[self.at..];
        let (inside, close) = match rest.strip_prefix("{{") {
            Some(inside) => (inside, "}}"),
            None => (rest.strip_prefix('[')?, "]"),
        };
        let length = inside.find(close)?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ' ' | '$');
        let name = &inside[..length];
        let is_one = name.contains(|c: char| c.is_ascii_alphabetic()) && name.chars().all(is_name);
        let known = matches!(name.trim(), "true" | "false" | "null");
        (is_one && !known).then_some(rest.len() - inside.len() + length + close.len())
    }

    /// Whether the JSON goes on after the quote at `quote`, if that ends a field's value.
    fn goes_on_after(&self, quote: usize) -> bool {
        let bytes = self.bytes();
        let mut at = skip_space(bytes, quote + 1);
        if bytes.get(at) == Some(&b',') {
            return next_name(bytes, at + 1) || bytes.get(skip_space(bytes, at + 1)) == Some(&b'}');
        }
        // What is open is closed in its order, until something goes on with its next element.
        for (depth, open) in self.open.iter().enumerate().rev() {
            let is_object = open.names.is_some();
            if bytes.get(at) != Some(if is_object { &b'}' } else { &b']' }) {
                return false;
            }
            at = skip_space(bytes, at + 1);
            let Some(outside) = depth.checked_sub(1).map(|outside| &self.open[outside]) else {
                return at == bytes.len();
            };
            if bytes.get(at) == Some(&b',') {
                return outside.names.is_none() || next_name(bytes, at + 1);
            }
        }
        false
    }
}

fn skip_space(bytes: &[u8], at: usize) -> usize {
    let space = |b: &&u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    at + bytes.get(at..).unwrap_or_default().iter().take_while(space).count()
}

/// The place after `byte`, if that is what comes at `at` but for space.
fn after(bytes: &[u8], at: usize, byte: u8) -> Option<usize> {
    let at = skip_space(bytes, at);
    (bytes.get(at) == Some(&byte)).then_some(at + 1)
}

/// Whether a field begins at `at`: a name in quotes, and a colon.
fn next_name(bytes: &[u8], at: usize) -> bool {
    let Some(inside) = after(bytes, at, b'"') else { return false };
    let length = bytes[inside..].iter().take(LONGEST_NAME + 1).take_while(|b| is_of_a_name(**b)).count();
    length > 0 && after(bytes, inside + length, b'"').is_some_and(|end| after(bytes, end, b':').is_some())
}

/// The place after the quote at `quote`, if a name in quotes ends there.
fn name_ending(bytes: &[u8], quote: usize) -> Option<usize> {
    let length = bytes[..quote].iter().rev().take(LONGEST_NAME + 1).take_while(|b| is_of_a_name(**b)).count();
    let begin = quote.checked_sub(length + 1)?;
    (length > 0 && length <= LONGEST_NAME && bytes[begin] == b'"').then_some(quote + 1)
}

fn is_of_a_name(byte: u8) -> bool {
    byte >= b' ' && !matches!(byte, b'"' | b'\\')
}

/// The quote that ends a text without damage to its quotes.
fn plain_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Whether a backslash begins no escape, so that none of them is one: Windows paths.
fn has_stray_backslash(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let escape = &rest.as_bytes()[at + 1..];
        let length = match escape.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 1,
            Some(b'u') if escape.len() > 4 && escape[1..5].iter().all(u8::is_ascii_hexdigit) => 5,
            _ => return true,
        };
        rest = &rest[at + 1 + length..];
    }
    false
}
