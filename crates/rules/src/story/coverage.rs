//! What rule tests reached: rules, conditions and effects, each with what is missing and where it stands.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::condition::ConditionTrace;
use crate::engine::{Decision, Step};
use crate::rule::{Leaf, Part, Rule, RuleId, RuleMode};
use crate::ruleset::RuleSet;

/// What some tests reached.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    rules: BTreeMap<RuleId, Seen>,
}

#[derive(Debug, Clone, Default)]
struct Seen {
    matched: bool,
    /// For each comparison whether it held, and whether it failed.
    conditions: Vec<(bool, bool)>,
    parts: BTreeSet<Part>,
}

/// How much of something was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Share {
    /// How many of them.
    pub reached: usize,
    /// How many there are.
    pub total: usize,
    /// The share, rounded down; of nothing, all was reached.
    pub percent: usize,
}

impl Share {
    fn new(reached: usize, total: usize) -> Self {
        let percent = (reached * 100).checked_div(total).unwrap_or(100);
        Self { reached, total, percent }
    }
}

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The rule decided about nothing.
    Rule,
    /// The condition never held.
    NeverHeld,
    /// The condition always held.
    NeverFailed,
    /// Nothing met the condition at all.
    NeverMet,
    /// The effect never came to bear.
    Effect,
}

/// One thing that no test reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Where it stands: `rules/disk.yaml:7`.
    pub at: String,
    /// The rule.
    pub rule: RuleId,
    /// What is missing.
    pub missing: Missing,
    /// The condition or the effect; empty for a rule.
    pub what: String,
}

impl std::fmt::Display for Gap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { at, rule, what, .. } = self;
        match self.missing {
            Missing::Rule => write!(f, "{at} {rule}: no test reaches it"),
            Missing::NeverHeld => write!(f, "{at} {rule}: `{what}` never held"),
            Missing::NeverFailed => write!(f, "{at} {rule}: `{what}` never failed"),
            Missing::NeverMet => write!(f, "{at} {rule}: `{what}` was never asked"),
            Missing::Effect => write!(f, "{at} {rule}: `{what}` never happened"),
        }
    }
}

/// What tests reached of a set of rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoverageReport {
    /// Rules that decided something. Rules that are off are not counted anywhere here.
    pub rules: Share,
    /// Comparisons in conditions that both held and failed.
    pub conditions: Share,
    /// Effects, steps of `escalate`, and what files say about repeats, ends and reopening, that came to bear.
    pub effects: Share,
    /// What was not reached, in the order of the rules. Of a rule that was not reached, nothing more is told.
    pub gaps: Vec<Gap>,
}

impl Coverage {
    pub(super) fn see(&mut self, rules: &RuleSet, step: &Step) {
        for decision in &step.decisions {
            let Some(rule) = rules.rule(&decision.rule) else { continue };
            let seen = self.rules.entry(rule.id().clone()).or_default();
            seen.matched |= decision.matched;
            seen.conditions(rule.leaves(), decision);
        }
        for (rule, part) in &step.reached {
            self.rules.entry(rule.clone()).or_default().parts.insert(*part);
        }
    }

    /// The rules that decided something.
    pub fn rules(&self) -> impl Iterator<Item = &RuleId> {
        self.rules.iter().filter(|(_, seen)| seen.matched).map(|(rule, _)| rule)
    }

    /// Adds what other tests reached.
    pub fn merge(&mut self, other: Self) {
        for (rule, more) in other.rules {
            let seen = self.rules.entry(rule).or_default();
            seen.matched |= more.matched;
            seen.parts.extend(more.parts);
            seen.room(more.conditions.len());
            for (mine, (held, failed)) in seen.conditions.iter_mut().zip(more.conditions) {
                *mine = (mine.0 | held, mine.1 | failed);
            }
        }
    }

    /// What that is of `rules`.
    pub fn report(&self, rules: &RuleSet) -> CoverageReport {
        let nothing = Seen::default();
        let (mut reached, mut total) = ([0; 3], [0; 3]);
        let mut gaps = Vec::new();
        for rule in rules.rules().iter().filter(|rule| rule.mode != RuleMode::Off) {
            let seen = self.rules.get(rule.id()).unwrap_or(&nothing);
            let mut found = Vec::new();
            for (leaf, number) in rule.leaves().iter().zip(0..) {
                let missing = match seen.conditions.get(number).copied().unwrap_or_default() {
                    (true, true) => None,
                    (true, false) => Some(Missing::NeverFailed),
                    (false, true) => Some(Missing::NeverHeld),
                    (false, false) => Some(Missing::NeverMet),
                };
                let gap =
                    |missing| gap(rule, leaf.line, missing, &format!("{} {}", leaf.path, leaf.expected));
                count(&mut reached[1], &mut total[1], missing.map(gap), &mut found);
            }
            for part in &rule.parts {
                let missing = !seen.parts.contains(&part.part);
                let gap = missing.then(|| gap(rule, part.line, Missing::Effect, &part.name));
                count(&mut reached[2], &mut total[2], gap, &mut found);
            }
            let own =
                (!seen.matched).then(|| Gap { at: rule.at().to_owned(), ..gap(rule, 0, Missing::Rule, "") });
            if own.is_some() {
                found.clear();
            }
            count(&mut reached[0], &mut total[0], own, &mut gaps);
            gaps.append(&mut found);
        }
        let [rules, conditions, effects] = [0, 1, 2].map(|kind| Share::new(reached[kind], total[kind]));
        CoverageReport { rules, conditions, effects, gaps }
    }
}

fn count(reached: &mut usize, total: &mut usize, gap: Option<Gap>, gaps: &mut Vec<Gap>) {
    *total += 1;
    *reached += usize::from(gap.is_none());
    gaps.extend(gap);
}

fn gap(rule: &Rule, line: u32, missing: Missing, what: &str) -> Gap {
    let file = rule.at().rsplit_once(':').map_or(rule.at(), |(file, _)| file);
    Gap {
        at: format!("{file}:{line}"),
        rule: rule.id().clone(),
        missing,
        what: super::text::one_line(what, 120),
    }
}

impl Seen {
    fn room(&mut self, conditions: usize) {
        if self.conditions.len() < conditions {
            self.conditions.resize(conditions, (false, false));
        }
    }

    /// A trace has the comparisons in their order, but leaves out scripts that were not run, and has lines of its own
    /// for groups.
    fn conditions(&mut self, leaves: &[Leaf], decision: &Decision) {
        self.room(leaves.len());
        let mut next = 0;
        for trace in &decision.conditions {
            let rest = leaves.get(next..).unwrap_or_default();
            if let Some(found) = rest.iter().position(|leaf| is_of(trace, leaf)) {
                let (held, failed) = &mut self.conditions[next + found];
                *held |= trace.held;
                *failed |= !trace.held;
                next += found + 1;
            }
        }
    }
}

/// A trace says besides what was expected why an operator could not apply.
fn is_of(trace: &ConditionTrace, leaf: &Leaf) -> bool {
    trace.path == leaf.path && trace.expected.starts_with(&leaf.expected)
}
