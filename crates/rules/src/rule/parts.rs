//! The parts of a rule that its tests can reach or miss, and where they stand.

use crate::condition::{Condition, Operator};
use crate::duration::{format_duration, parse_duration};
use crate::fields::scalar_text;
use crate::yaml::{Node, NodeKind};

/// What a rule does, in parts that each may or may not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// An effect of its `then`, counted from 0.
    Effect(u32),
    /// A repeat while its ticket is open.
    Again,
    /// The end of its problem.
    Resolved,
    /// Its ticket is opened again.
    Reopened,
    /// A step of its `escalate`, counted from 0.
    Escalate(u32),
}

/// A part with its name and its line in the rule's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartPlace {
    pub(crate) part: Part,
    pub(crate) name: String,
    pub(crate) line: u32,
}

/// One comparison of a rule's `when`, as its trace shows it, with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) path: String,
    pub(crate) expected: String,
    pub(crate) line: u32,
}

/// The parts of a rule, in the order the engine counts them. How a ticket's life goes on is a part where the file says
/// so: what it leaves to the defaults, others have tested.
pub(super) fn parts(then: Option<&Node>, escalate: Option<&Node>) -> Vec<PartPlace> {
    const LIFE: [(&str, Part); 3] =
        [("again", Part::Again), ("resolved", Part::Resolved), ("reopen_within", Part::Reopened)];
    let mut parts: Vec<PartPlace> = Vec::new();
    let effects = then.into_iter().flat_map(each).flat_map(entries);
    for ((key, value), number) in effects.zip(0..) {
        parts.push(PartPlace { part: Part::Effect(number), name: key.text.clone(), line: key.span.line });
        for (life, value) in entries(value).iter().filter(|_| key.text == "open_ticket") {
            let Some((_, part)) = LIFE.iter().find(|(name, _)| *name == life.text) else { continue };
            if parts.iter().all(|known| known.part != *part) && value.kind != NodeKind::Null {
                let name = format!("open_ticket.{}", life.text);
                parts.push(PartPlace { part: *part, name, line: life.span.line });
            }
        }
    }
    let mut steps: Vec<_> = escalate
        .into_iter()
        .flat_map(each)
        .filter_map(|step| {
            let after = step.get("after").and_then(scalar_text)?;
            Some((parse_duration(&after).ok()?, step.span.line))
        })
        .collect();
    steps.sort_by_key(|(after, _)| *after);
    parts.extend(steps.into_iter().zip(0..).map(|((after, line), number)| PartPlace {
        part: Part::Escalate(number),
        name: format!("escalate after {}", format_duration(after)),
        line,
    }));
    parts
}

/// The lines of the comparisons of `when`, in the order that the compiled conditions have them.
pub(super) fn lines(when: Option<&Node>, conditions: &[Condition]) -> Box<[u32]> {
    let mut lines: Vec<(bool, u32)> = Vec::new();
    for (entry, condition) in when.map_or(&[][..], entries).iter().zip(conditions) {
        let later = !condition.is_plain();
        line_of(&entry.0.text, entry.0.span.line, &entry.1, condition, &mut |line| lines.push((later, line)));
    }
    // As the conditions are sorted.
    lines.sort_by_key(|(later, _)| *later);
    lines.into_iter().map(|(_, line)| line).collect()
}

fn line_of(key: &str, line: u32, value: &Node, condition: &Condition, add: &mut dyn FnMut(u32)) {
    match condition {
        Condition::All(inner) | Condition::Any(inner) | Condition::None(inner) => {
            let NodeKind::List(items) = &value.kind else { return lines_of(value, inner, add) };
            // An empty item compiles to a group of nothing, like one of several entries to a group of them.
            for (item, condition) in items.iter().zip(inner) {
                match (entries(item), condition) {
                    ([(key, value)], condition) => line_of(&key.text, key.span.line, value, condition, add),
                    (_, Condition::All(several)) => lines_of(item, several, add),
                    _ => {}
                }
            }
        }
        Condition::Case(inner) if key == "case" => lines_of(value, inner, add),
        _ => add(line),
    }
}

fn lines_of(map: &Node, conditions: &[Condition], add: &mut dyn FnMut(u32)) {
    for ((key, value), condition) in entries(map).iter().zip(conditions) {
        line_of(&key.text, key.span.line, value, condition, add);
    }
}

/// The comparisons of compiled conditions, in the order in which traces have them.
pub(super) fn leaves(when: &[Condition], lines: &[u32]) -> Box<[Leaf]> {
    let mut leaves = Vec::new();
    for condition in when {
        leaf(condition, "", &mut leaves);
    }
    for (leaf, line) in leaves.iter_mut().zip(lines) {
        leaf.line = *line;
    }
    leaves.into()
}

fn leaf(condition: &Condition, prefix: &str, leaves: &mut Vec<Leaf>) {
    let mut add = |path: String, expected: String| leaves.push(Leaf { path, expected, line: 0 });
    match condition {
        Condition::Test { path, tests, .. } => {
            let expected = tests.iter().map(Operator::describe).collect::<Vec<_>>().join(" and ");
            add(format!("{prefix}{path}"), expected);
        }
        Condition::During(name) => add("during".to_owned(), name.clone()),
        Condition::Outside(name) => add("outside".to_owned(), name.clone()),
        Condition::Script(script) => add("script".to_owned(), script.source().trim().to_owned()),
        Condition::Case(inner) => {
            for condition in inner {
                leaf(condition, "case.", leaves);
            }
        }
        Condition::All(inner) | Condition::Any(inner) | Condition::None(inner) => {
            for condition in inner {
                leaf(condition, prefix, leaves);
            }
        }
    }
}

/// The items of a list, or the one that stands without a list.
fn each(node: &Node) -> &[Node] {
    match &node.kind {
        NodeKind::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}

fn entries(node: &Node) -> &[(crate::yaml::KeyNode, Node)] {
    match &node.kind {
        NodeKind::Map(entries) => entries,
        _ => &[],
    }
}
