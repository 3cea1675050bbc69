//! A silence's matchers compiled, with a finding for every mistake.

use serde_json::{Value, json};

use super::Silence;
use crate::condition::{Condition, decode_expected, decode_when};
use crate::duration::format_duration;
use crate::fields::Fields;
use crate::finding::{Finding, Findings, SourceFile};
use crate::library::Known;
use crate::yaml::{Node, NodeKind, read};

/// The conditions on the event, and those on the key; `None` with findings where the silence cannot be used.
pub(super) fn compile(
    silence: &Silence,
    findings: &mut Findings,
) -> Option<(Vec<Condition>, Vec<Condition>)> {
    let before = findings.errors();
    if silence.when.is_empty() && silence.key.is_none() && silence.rule.is_none() {
        findings.push(nothing_covered());
    }
    if silence.until <= silence.from {
        findings.push(over_at_once());
    }
    let when = conditions(&format!("silence {}", silence.id), &Value::Object(silence.when.clone()), findings);
    let key = silence.key.as_ref().map(|key| json!({ "key": { "like": key } }));
    let key = key.and_then(|key| {
        let file = SourceFile::new("silence", key.to_string());
        let node = read(&file).map_err(|finding| findings.push(finding)).ok()?;
        Some(decode_expected(&file, &node, findings))
    });
    (findings.errors() == before).then(|| (when, key.unwrap_or_default()))
}

fn conditions(name: &str, when: &Value, findings: &mut Findings) -> Vec<Condition> {
    // JSON is YAML: the same reader, the same messages.
    let file = SourceFile::new(name, when.to_string());
    match read(&file) {
        Ok(node) => event_conditions(&file, &node, findings),
        Err(finding) => {
            findings.push(finding);
            Vec::new()
        }
    }
}

/// Decodes `when`, and refuses what asks for more than the event.
fn event_conditions(file: &SourceFile, node: &Node, findings: &mut Findings) -> Vec<Condition> {
    if let Some(asks) = asks_more(node) {
        findings.push(
            Finding::error("HW112", format!("a silence looks at the event alone, not at `{asks}`"))
                .at(file.place(node.span))
                .help("compare fields of the event; for hours of the day, give the rule `active: { outside: … }`"),
        );
        return Vec::new();
    }
    decode_when(file, node, &Known::vars(&[]), findings)
}

/// The first condition that is not about the event.
fn asks_more(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Map(entries) => entries.iter().find_map(|(key, value)| match key.text.as_str() {
            asks @ ("script" | "case" | "during" | "outside") => Some(asks),
            "all" | "any" | "none" => asks_more(value),
            _ => None,
        }),
        NodeKind::List(items) => items.iter().find_map(asks_more),
        _ => None,
    }
}

fn over_at_once() -> Finding {
    Finding::error("HW111", "the silence ends before it begins").help("let it last longer than nothing")
}

fn nothing_covered() -> Finding {
    Finding::error("HW110", "the silence does not say what it covers")
        .help("give it conditions under `when`, a `key` (with `*` for any text) or a `rule`")
}

impl Silence {
    /// Decodes a story's `silence: { when, key, rule, for, comment, by }`: it begins when its step comes, so `from` and
    /// `until` are moved there by who tells the story.
    pub(crate) fn of_story(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<Self> {
        let before = findings.errors();
        let mut fields = Fields::of(file, node, "`silence`", findings)?;
        let when = fields.take("when");
        let key = fields.text("key", findings);
        let rule = fields.text("rule", findings);
        fields.need("for", findings);
        let lasts = fields.duration("for", findings);
        let comment = fields.text("comment", findings).unwrap_or_default();
        let by = fields.text("by", findings).unwrap_or_default();
        fields.finish(findings);
        if when.is_none() && key.is_none() && rule.is_none() {
            findings.push(nothing_covered().at(file.place(node.span)));
        }
        // For its findings at their places; the story compiles it again from its values.
        let map = when.map(|node| {
            event_conditions(file, node, findings);
            node.to_value()
        });
        let from = jiff::Timestamp::UNIX_EPOCH;
        let lasts = lasts?;
        if lasts.is_zero() {
            findings.push(over_at_once().at(file.place(node.span)));
        }
        let until = jiff::SignedDuration::try_from(lasts).ok().and_then(|d| from.checked_add(d).ok())?;
        let silence = Self {
            id: format!("line {} for {}", node.span.line, format_duration(lasts)),
            when: map.and_then(|map| map.as_object().cloned()).unwrap_or_default(),
            key,
            rule,
            from,
            until,
            comment,
            by,
        };
        (findings.errors() == before).then_some(silence)
    }
}

/// What a silence is called where people read it.
pub(crate) fn named(silence: &Silence) -> String {
    let by = if silence.by.is_empty() { String::new() } else { format!(" by {}", silence.by) };
    let why = if silence.comment.is_empty() { String::new() } else { format!(": {}", silence.comment) };
    format!("silence {}{by}{why}", silence.id)
}
