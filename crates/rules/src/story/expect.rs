//! What a step expects: effects with fields to compare, outcomes, the rule, or nothing at all.

use serde_json::{Value, json};

use crate::condition::{Condition, ConditionTrace, decode_expected, holds_for};
use crate::engine::{Effect, EffectKind, Outcome};
use crate::fields::{list, scalar_text, suggestion};
use crate::finding::{Finding, Findings, SourceFile};
use crate::yaml::{Node, NodeKind};

#[derive(Debug, Clone, Default)]
pub(super) struct Expectation {
    pub(super) nothing: bool,
    pub(super) rule: Option<String>,
    pub(super) key: Option<String>,
    /// Effects by the outcome they stand for; no fields means any.
    pub(super) effects: Vec<(Outcome, Vec<Condition>)>,
    /// Outcomes that no effect stands for: `waiting`, `dropped` …
    pub(super) outcomes: Vec<Outcome>,
}

/// Whether a test compares fields of such an outcome, rather than naming it alone.
pub(crate) fn has_fields(outcome: Outcome) -> bool {
    WITH_EFFECT.contains(&outcome)
}

const WITH_EFFECT: [Outcome; 6] = [
    Outcome::OpenTicket,
    Outcome::ReopenTicket,
    Outcome::ResolveTicket,
    Outcome::UpdateTicket,
    Outcome::AddNote,
    Outcome::Notify,
];

impl Expectation {
    pub(super) fn decode(file: &SourceFile, node: &Node, findings: &mut Findings) -> Self {
        let mut expectation = Self::default();
        let NodeKind::Map(entries) = &node.kind else {
            findings.push(
                Finding::error("HW010", "`expect` must be a map such as `{ open_ticket: true }`")
                    .at(file.place(node.span)),
            );
            return expectation;
        };
        for (key, value) in entries {
            match key.text.as_str() {
                "rule" => expectation.rule = scalar_text(value),
                "key" => expectation.key = scalar_text(value),
                "nothing" => expectation.nothing = true,
                name => match Outcome::ALL.iter().find(|(n, _)| *n == name) {
                    Some((_, outcome)) if WITH_EFFECT.contains(outcome) => {
                        expectation.effects.push((*outcome, decode_expected(file, value, findings)));
                    }
                    Some((_, outcome)) => expectation.outcomes.push(*outcome),
                    None => {
                        let mut names: Vec<&str> = Outcome::ALL.iter().map(|(n, _)| *n).collect();
                        names.extend(["rule", "key"]);
                        let help = suggestion(name, names.iter().copied()).map_or_else(
                            || format!("one of {}", list(&names)),
                            |n| format!("did you mean `{n}`?"),
                        );
                        findings.push(
                            Finding::error("HW072", format!("`expect` knows no `{name}`"))
                                .at(file.place(key.span))
                                .help(help),
                        );
                    }
                },
            }
        }
        expectation
    }
}

/// The fields of an effect as tests compare them.
pub(super) fn fields(effect: &Effect) -> Value {
    let mut value = match &effect.kind {
        EffectKind::OpenTicket { draft, .. } | EffectKind::UpdateTicket { draft, .. } => json!(draft),
        EffectKind::AddNote { note, .. } => json!(note),
        EffectKind::ResolveTicket { note, status, .. } => {
            json!({ "note": note.as_ref().map(|n| &n.text), "status": status })
        }
        EffectKind::Notify { channel, text } => json!({ "channel": channel, "text": text }),
        EffectKind::ReopenTicket { note } => json!({ "note": note.text }),
    };
    if let Value::Object(map) = &mut value {
        map.insert("key".into(), effect.key.as_str().into());
    }
    value
}

/// Compares an effect; the comparisons that failed.
pub(super) fn differences(effect: &Effect, wanted: &[Condition]) -> Vec<ConditionTrace> {
    holds_for(wanted, &fields(effect)).into_iter().filter(|trace| !trace.held).collect()
}
