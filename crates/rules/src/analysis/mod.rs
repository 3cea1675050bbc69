//! What can be known of loaded rules beyond their syntax: rules that never act, keys that cannot work, fields that are
//! never there, sources nobody listens to, rules that no test reaches. Only what can be proven is said, or the words say
//! how sure it is. Nothing here decides about events.

mod facts;
mod keys;
mod paths;
mod reach;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::fields::scalar_text;
use crate::finding::{Finding, Findings, Place, SourceFile};
use crate::library::{Known, Library};
use crate::preset::Preset;
use crate::rule::{RULE_VARS, Rule, RuleId, RuleMode};
use crate::ruleset::RuleSet;
use crate::script::Use;
use crate::yaml::{Node, NodeKind, Span, read};

use facts::Facts;

/// What is known besides the rules themselves.
pub struct Surroundings<'a> {
    /// The rules' files.
    pub files: &'a [SourceFile],
    /// All presets, and the maps of sources.
    pub presets: &'a [Arc<Preset>],
    /// The configured sources, and where each stands.
    pub sources: &'a BTreeMap<String, Place>,
    /// Events as a source sends them, where there are samples of its payloads.
    pub samples: &'a dyn Fn(&str) -> Option<Vec<Value>>,
    /// Samples of all presets there are.
    pub every_sample: &'a dyn Fn() -> Vec<Value>,
    /// Events that rule tests tell of.
    pub told: &'a [Value],
    /// The rules that a test reaches; `None` where there are no tests to ask.
    pub reached: Option<&'a BTreeSet<RuleId>>,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

/// A rule and where it stands.
struct Placed<'a> {
    rule: &'a Rule,
    file: &'a SourceFile,
    node: &'a Node,
    /// What its expressions may use.
    known: Known<'a>,
}

/// A rule file read once more, with the modules its expressions call.
struct Tree<'a> {
    file: &'a SourceFile,
    node: Node,
    uses: Vec<Use>,
}

impl<'a> Tree<'a> {
    /// What is wrong with the file was said when its rules were loaded.
    fn read(file: &'a SourceFile, library: &Library) -> Option<Self> {
        let node = read(file).ok()?;
        let mut said = Findings::default();
        let uses = node.get("use").map(|uses| Use::decode_all(file, uses, library, &mut said));
        Some(Self { file, node, uses: uses.unwrap_or_default() })
    }
}

/// Analyses the rules. `complete` says that all rules of the files could be loaded: what depends on a rule that is
/// missing is said only then.
pub fn analyse(rules: &RuleSet, surroundings: &Surroundings<'_>, complete: bool) -> Findings {
    let mut findings = Findings::default();
    let trees: Vec<Tree<'_>> =
        surroundings.files.iter().filter_map(|file| Tree::read(file, rules.library())).collect();
    let placed = place(rules, &trees);
    let facts: Vec<Facts<'_>> = placed.iter().map(|placed| Facts::of(placed.rule)).collect();
    reach::never_matching(&placed, &facts, &mut findings);
    reach::never_reached(&placed, &facts, &mut findings);
    keys::different_tickets(&placed, &facts, rules.ticket_defaults(), &mut findings);
    keys::changing(&placed, &mut findings);
    if complete {
        paths::absent(&placed, &facts, surroundings, &mut findings);
        unheard(&placed, &facts, surroundings, &mut findings);
        untested(&placed, surroundings, &mut findings);
    }
    findings
}

/// The rules with the nodes they were read from, in the order they are tried.
fn place<'a>(rules: &'a RuleSet, trees: &'a [Tree<'a>]) -> Vec<Placed<'a>> {
    let mut placed: Vec<(usize, Placed<'a>)> = Vec::new();
    for Tree { file, node, uses } in trees {
        let Some(NodeKind::List(items)) = node.get("rules").map(|node| &node.kind) else { continue };
        let known = Known { vars: &RULE_VARS, library: rules.library(), uses, names: None, file: &file.path };
        for node in items {
            let id = node.get("id").and_then(scalar_text).map(|text| RuleId::new(&text));
            let Some((number, rule)) = id.and_then(|id| rules.numbered(&id)) else { continue };
            if rule.at() == format!("{}:{}", file.path, node.span.line) {
                placed.push((number, Placed { rule, file, node, known }));
            }
        }
    }
    placed.sort_by_key(|(number, _)| *number);
    placed.into_iter().map(|(_, placed)| placed).collect()
}

/// Sources whose events no rule can match.
fn unheard(
    rules: &[Placed<'_>],
    facts: &[Facts<'_>],
    surroundings: &Surroundings<'_>,
    findings: &mut Findings,
) {
    if rules.is_empty() {
        return;
    }
    for (source, place) in surroundings.sources {
        let hears = |(placed, facts): (&Placed<'_>, &Facts<'_>)| {
            placed.rule.mode != RuleMode::Off
                && !placed.rule.only_sets()
                && may_come_from(placed.rule, facts, source)
        };
        if !rules.iter().zip(facts).any(hears) {
            findings.push(
                Finding::warning("HW145", format!("no rule can match an event of the source `{source}`"))
                    .at(place.clone())
                    .help("name it under `from` of a rule, or add a rule for all that is left over"),
            );
        }
    }
}

/// Whether the rule can match events of the source.
fn may_come_from(rule: &Rule, facts: &Facts<'_>, source: &str) -> bool {
    (rule.from.is_empty() || rule.from.iter().any(|name| crate::value::text_equal(name, source)))
        && !facts.clone().coming_from(source).are_contradictory()
}

/// Rules that no test reaches.
fn untested(rules: &[Placed<'_>], surroundings: &Surroundings<'_>, findings: &mut Findings) {
    let Some(reached) = surroundings.reached else { return };
    for placed in rules.iter().filter(|placed| placed.rule.mode != RuleMode::Off) {
        if !reached.contains(placed.rule.id()) {
            findings.push(
                Finding::warning("HW146", format!("no test reaches `{}`", placed.rule.id()))
                    .at(placed.place("id"))
                    .help("tell in a `*_test.yaml` file what it is for"),
            );
        }
    }
}

impl Placed<'_> {
    /// The value of one of the rule's fields, or the rule itself.
    fn place(&self, field: &str) -> Place {
        let span = self.node.get(field).map_or(self.node.span, |node| node.span);
        self.file.place(span)
    }

    /// The name of one of the rule's fields.
    fn place_of_field(&self, field: &str) -> Place {
        let NodeKind::Map(entries) = &self.node.kind else { return self.place(field) };
        let span =
            entries.iter().find(|(key, _)| key.text == field).map_or(self.node.span, |(key, _)| key.span);
        self.file.place(span)
    }

    /// One of the rule's fields as text.
    fn text(&self, field: &str) -> Option<String> {
        self.node.get(field).and_then(scalar_text)
    }

    /// Where a text of the rule's file mentions a path.
    fn mention(&self, node: &Node, path: &str) -> Place {
        self.file.place(mentioned(self.file, node, path).unwrap_or(node.span))
    }
}

/// Where in the node's text `path` stands.
fn mentioned(file: &SourceFile, node: &Node, path: &str) -> Option<Span> {
    let text = node.as_text()?;
    let at = text.find(path)?;
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    Some(file.within(node.span, line, column, path.chars().count()))
}

#[cfg(test)]
mod tests;
