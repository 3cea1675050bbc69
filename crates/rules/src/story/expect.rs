//! What a step expects: effects and outcomes with fields to compare, the rule, the key, or nothing at all.

use serde_json::{Value, json};

use super::failure::{Difference, Problem};
use super::text::value;
use crate::condition::{Condition, ConditionTrace, decode_expected, holds_for};
use crate::engine::{Effect, EffectKind, Mode, Outcome, Step};
use crate::fields::{list, scalar_text, suggestion};
use crate::finding::{Finding, Findings, SourceFile};
use crate::yaml::{Node, NodeKind};

#[derive(Debug, Clone, Default)]
pub(super) struct Expectation {
    nothing: bool,
    rule: Option<String>,
    key: Option<String>,
    /// Effects by the outcome they stand for, and outcomes that no effect stands for; no fields means any.
    outcomes: Vec<(Outcome, Vec<Condition>)>,
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
                "rule" => expectation.rule = text(file, "rule", value, findings),
                "key" => expectation.key = text(file, "key", value, findings),
                "nothing" if value.kind == NodeKind::Bool(true) => expectation.nothing = true,
                "nothing" => findings.push(
                    Finding::error("HW160", "`nothing` can only be `true`")
                        .at(file.place(value.span))
                        .help("name the effects that are expected instead"),
                ),
                name => match Outcome::ALL.iter().find(|(n, _)| *n == name) {
                    Some((_, outcome)) => expectation.outcome(file, *outcome, value, findings),
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
        let effects = || expectation.outcomes.iter().find(|(outcome, _)| WITH_EFFECT.contains(outcome));
        if let Some((outcome, _)) = effects().filter(|_| expectation.nothing) {
            findings.push(
                Finding::error("HW160", format!("`nothing` and `{outcome}` cannot both be expected"))
                    .at(file.place(node.span)),
            );
        }
        expectation
    }

    /// One, or a list of several of its kind.
    fn outcome(&mut self, file: &SourceFile, outcome: Outcome, value: &Node, findings: &mut Findings) {
        let several = match &value.kind {
            NodeKind::List(items) => items,
            _ => std::slice::from_ref(value),
        };
        for value in several {
            self.outcomes.push((outcome, decode_expected(file, value, findings)));
        }
    }

    /// What is not as expected in these steps.
    pub(super) fn compare(&self, steps: &[&Step]) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut unexpected: Vec<&Effect> = steps.iter().flat_map(|step| &step.effects).collect();
        if self.nothing && !unexpected.is_empty() {
            let actual = names(&unexpected);
            problems.push(Problem::Other { expected: "nothing".to_owned(), actual });
        }
        for (outcome, wanted) in &self.outcomes {
            if WITH_EFFECT.contains(outcome) {
                problems.extend(effect(*outcome, wanted, &mut unexpected, steps));
            } else {
                problems.extend(without_effect(*outcome, wanted, steps));
            }
        }
        // What happened instead of something else is told with it.
        let told = problems.iter().any(|problem| matches!(problem, Problem::Other { .. }));
        if !told && !unexpected.is_empty() {
            problems.push(Problem::Unexpected { what: names(&unexpected) });
        }
        let decided = || steps.iter().flat_map(|step| &step.decisions).filter(|decision| decision.matched);
        if let Some(rule) = &self.rule {
            let rules: Vec<&str> = decided().map(|decision| decision.rule.as_str()).collect();
            problems.extend(named("rule", rule, rules));
        }
        if let Some(key) = &self.key {
            let keys: Vec<&str> = decided().filter_map(|d| d.key.as_ref().map(|key| key.as_str())).collect();
            problems.extend(named("key", key, keys));
        }
        problems
    }
}

fn text(file: &SourceFile, what: &str, node: &Node, findings: &mut Findings) -> Option<String> {
    let text = scalar_text(node);
    if text.is_none() {
        let message = format!("`{what}` must be text, not {}", node.kind_name());
        findings.push(Finding::error("HW160", message).at(file.place(node.span)));
    }
    text
}

/// An effect that was expected: the first of its kind that fits and that nothing else expected.
fn effect(
    outcome: Outcome,
    wanted: &[Condition],
    unexpected: &mut Vec<&Effect>,
    steps: &[&Step],
) -> Option<Problem> {
    let of_kind: Vec<(usize, Vec<ConditionTrace>)> = unexpected
        .iter()
        .enumerate()
        .filter(|(_, effect)| effect.kind.outcome() == outcome)
        .map(|(place, effect)| (place, differences(&fields(effect), wanted)))
        .collect();
    // Of several that do not fit, the nearest is the one that was meant.
    let Some((place, differing)) = of_kind.into_iter().min_by_key(|(_, differing)| differing.len()) else {
        return Some(Problem::Other { expected: outcome.to_string(), actual: actual(steps) });
    };
    let effect = unexpected.remove(place);
    problem(format!("{outcome} ({})", effect.key), differing)
}

/// An outcome that no effect stands for, of a step or of one of its rules.
fn without_effect(outcome: Outcome, wanted: &[Condition], steps: &[&Step]) -> Option<Problem> {
    let mut nearest: Option<Vec<ConditionTrace>> = None;
    for step in steps {
        let decisions = step.decisions.iter().filter(|d| d.matched && d.outcome == Some(outcome));
        let mut said: Vec<Value> = decisions
            .filter(|decision| decision.mode == Mode::Live)
            .map(|d| json!({ "rule": d.rule, "key": d.key, "reason": d.reason.as_ref().or(step.reason.as_ref()) }))
            .collect();
        if said.is_empty() && step.outcome == outcome {
            said.push(json!({ "reason": step.reason }));
        }
        for said in said {
            let differing = differences(&said, wanted);
            if nearest.as_ref().is_none_or(|nearest| differing.len() < nearest.len()) {
                nearest = Some(differing);
            }
        }
    }
    match nearest {
        Some(differing) => problem(outcome.to_string(), differing),
        None => Some(Problem::Other { expected: outcome.to_string(), actual: actual(steps) }),
    }
}

fn problem(what: String, differing: Vec<ConditionTrace>) -> Option<Problem> {
    let difference = |trace: ConditionTrace| Difference {
        field: trace.path,
        // `is` goes without saying where values stand beside each other.
        expected: trace.expected.strip_prefix("is ").map_or(trace.expected.clone(), str::to_owned),
        actual: value(&trace.actual),
    };
    let fields: Vec<Difference> = differing.into_iter().map(difference).collect();
    (!fields.is_empty()).then_some(Problem::Fields { what, fields })
}

fn named(what: &str, wanted: &str, mut got: Vec<&str>) -> Option<Problem> {
    if got.contains(&wanted) {
        return None;
    }
    got.dedup();
    let actual =
        if got.is_empty() { "no rule matched".to_owned() } else { format!("{what} {}", got.join(", ")) };
    Some(Problem::Other { expected: format!("{what} {wanted}"), actual })
}

/// The fields of an effect as tests compare them.
fn fields(effect: &Effect) -> Value {
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
        if let Some(id) = effect.kind.ticket() {
            map.insert("ticket".into(), id.into());
        }
        map.insert("key".into(), effect.key.as_str().into());
        map.insert("rule".into(), effect.rule.as_str().into());
    }
    value
}

/// The comparisons that failed.
fn differences(actual: &Value, wanted: &[Condition]) -> Vec<ConditionTrace> {
    holds_for(wanted, actual).into_iter().filter(|trace| !trace.held).collect()
}

fn names(effects: &[&Effect]) -> String {
    effects.iter().map(|e| format!("{} ({})", e.kind.outcome(), e.key)).collect::<Vec<_>>().join(", ")
}

/// What happened instead.
fn actual(steps: &[&Step]) -> String {
    let effects: Vec<&Effect> = steps.iter().flat_map(|step| &step.effects).collect();
    if !effects.is_empty() {
        return names(&effects);
    }
    if steps.is_empty() {
        return "nothing: no event came and no timer fell due".into();
    }
    let said = |step: &&Step| {
        let live = step.decisions.iter().find(|d| d.matched && d.outcome == Some(step.outcome));
        let reason = step.reason.as_ref().or_else(|| live.and_then(|decision| decision.reason.as_ref()));
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{}{reason}", step.outcome)
    };
    steps.iter().map(said).collect::<Vec<_>>().join("; ")
}
