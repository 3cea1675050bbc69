//! What is known of an event that a rule matches, and what follows from it.

use serde_json::Value;

use crate::condition::{Condition, Operator, contradict, implied};
use crate::event::{Severity, State};
use crate::path::Path;
use crate::rule::Rule;

/// Everything that holds of each event a rule matches.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts<'r> {
    tests: Vec<(Path, Vec<Operator>)>,
    others: Vec<&'r Condition>,
}

// LIMIT: alternatives of alternatives; nobody writes deeper ones, and each level multiplies the work.
const DEPTH: usize = 2;
const ALTERNATIVES: usize = 20;

impl<'r> Facts<'r> {
    /// What holds of the events that `rule` matches.
    pub(super) fn of(rule: &'r Rule) -> Self {
        let mut facts = Self::default();
        let words = |words: &[&str]| words.iter().map(|word| Value::from(*word)).collect::<Vec<_>>();
        let severities: Vec<&str> = Severity::ALL.iter().map(|(name, _)| *name).collect();
        facts.test("severity", Operator::In(words(&severities)));
        let any_state = rule.names_state || rule.only_sets();
        let listens = rule.missing.is_some();
        let sees = |state: State| any_state || state.opens() || (listens && state == State::Resolved);
        let states = State::ALL.iter().filter(|(_, state)| sees(*state));
        facts.test("state", Operator::In(words(&states.map(|(name, _)| *name).collect::<Vec<_>>())));
        if !rule.from.is_empty() {
            facts.test("source", Operator::In(rule.from.iter().map(|s| Value::from(s.as_str())).collect()));
        }
        facts.learn(&rule.when);
        facts
    }

    /// The same, and that the event comes from `source`.
    pub(super) fn coming_from(mut self, source: &str) -> Self {
        self.test("source", Operator::Is(Value::from(source)));
        self
    }

    /// What is left once somebody may have changed the event at these paths; `None` is anywhere.
    pub(super) fn without(&self, changed: &[Option<Path>]) -> Self {
        let untouched = |path: &Path| {
            path.root() == "source"
                || !changed.iter().any(|c| c.as_ref().is_none_or(|c| c.root() == path.root()))
        };
        let mut left = Self::default();
        for (path, tests) in &self.tests {
            if untouched(path) {
                left.tests.push((path.clone(), tests.clone()));
            }
        }
        if changed.is_empty() {
            left.others.clone_from(&self.others);
        }
        left
    }

    /// What is left without anything about these roots and the vendor's own fields.
    pub(super) fn lasting(&self, changing: &[&str]) -> Self {
        let lasts = |path: &Path| path.root() != "payload" && !changing.contains(&path.root());
        Self {
            tests: self.tests.iter().filter(|(path, _)| lasts(path)).cloned().collect(),
            others: Vec::new(),
        }
    }

    /// Both together.
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.tests.extend(other.tests.iter().cloned());
        self.others.extend(&other.others);
        self
    }

    fn test(&mut self, path: &str, operator: Operator) {
        if let Ok(path) = Path::parse(path) {
            self.tests.push((path, vec![operator]));
        }
    }

    fn learn(&mut self, conditions: &'r [Condition]) {
        for condition in conditions {
            match condition {
                Condition::Test { path, tests } => self.tests.push((path.clone(), tests.clone())),
                Condition::All(inner) => self.learn(inner),
                other => self.others.push(other),
            }
        }
    }

    fn with(&self, condition: &'r Condition) -> Self {
        let mut more = self.clone();
        more.learn(std::slice::from_ref(condition));
        more
    }

    /// Calls `visit` with everything that is or may be known of values: what an index can find rules by.
    pub(super) fn tests(&self, visit: &mut dyn FnMut(&Path, &[Operator])) {
        for (path, tests) in &self.tests {
            visit(path, tests);
        }
        for alternative in &self.others {
            if matches!(alternative, Condition::Any(_)) {
                alternative.wanted(visit);
            }
        }
    }

    /// All that is known of the value at a path that stands for one value.
    fn known(&self, path: &Path) -> Vec<&Operator> {
        self.tests.iter().filter(|(p, _)| p == path).flat_map(|(_, tests)| tests).collect()
    }

    /// Whether all of these conditions hold of each such event.
    pub(super) fn imply(&self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| self.implies(condition, DEPTH))
    }

    /// Whether the value at `path` always satisfies the operator.
    pub(super) fn imply_test(&self, path: &Path, want: &Operator) -> bool {
        implied(want, &self.known(path), is_text(path))
    }

    fn implies(&self, condition: &Condition, depth: usize) -> bool {
        let at_once = match condition {
            Condition::Test { path, tests } if path.is_many() => {
                self.tests.iter().any(|(known, operators)| {
                    let operators: Vec<&Operator> = operators.iter().collect();
                    known == path && tests.iter().all(|want| implied(want, &operators, false))
                })
            }
            Condition::Test { path, tests } => tests.iter().all(|want| self.imply_test(path, want)),
            Condition::All(inner) => inner.iter().all(|c| self.implies(c, depth)),
            Condition::Any(inner) => inner.iter().any(|c| self.implies(c, depth)),
            Condition::None(inner) => inner.iter().all(|c| self.refutes(c, depth)),
            Condition::During(name) => {
                self.others.iter().any(|o| matches!(o, Condition::During(n) if n == name))
            }
            Condition::Outside(name) => {
                self.others.iter().any(|o| matches!(o, Condition::Outside(n) if n == name))
            }
            // The case is that of the other rule's key, and what a script does is not known.
            Condition::Case(_) | Condition::Script(_) => false,
        };
        at_once || self.in_each_alternative(depth, |facts, depth| facts.implies(condition, depth))
    }

    /// Whether the condition holds of no such event.
    fn refutes(&self, condition: &Condition, depth: usize) -> bool {
        match condition {
            Condition::Test { path, tests } if !path.is_many() => {
                let mut all = self.known(path);
                all.extend(tests);
                contradict(&all, is_text(path))
            }
            Condition::Any(inner) => inner.iter().all(|c| self.refutes(c, depth)),
            Condition::All(inner) => inner.iter().any(|c| self.refutes(c, depth)),
            Condition::None(inner) => inner.iter().any(|c| self.implies(c, depth)),
            Condition::During(name) => {
                self.others.iter().any(|o| matches!(o, Condition::Outside(n) if n == name))
            }
            Condition::Outside(name) => {
                self.others.iter().any(|o| matches!(o, Condition::During(n) if n == name))
            }
            Condition::Test { .. } | Condition::Case(_) | Condition::Script(_) => false,
        }
    }

    /// Whether there can be no such event at all.
    pub(super) fn are_contradictory(&self) -> bool {
        self.contradict(DEPTH)
    }

    fn contradict(&self, depth: usize) -> bool {
        let alone = self.tests.iter().any(|(path, tests)| {
            let all = if path.is_many() { tests.iter().collect() } else { self.known(path) };
            contradict(&all, is_text(path))
        });
        alone
            || self.others.iter().any(|other| match other {
                Condition::Any(_) => false,
                other => self.refutes(other, depth),
            })
            || self.in_each_alternative(depth, Self::contradict_at)
    }

    fn contradict_at(&self, depth: usize) -> bool {
        self.contradict(depth)
    }

    /// Whether `holds` in whichever alternative of some `any` is the case.
    fn in_each_alternative(&self, depth: usize, holds: impl Fn(&Self, usize) -> bool) -> bool {
        if depth == 0 {
            return false;
        }
        self.others.iter().enumerate().any(|(number, other)| {
            let Condition::Any(inner) = other else { return false };
            if inner.len() > ALTERNATIVES {
                return false;
            }
            let mut rest = self.clone();
            rest.others.remove(number);
            inner.iter().all(|alternative| holds(&rest.with(alternative), depth - 1))
        })
    }
}

/// Fields that hold text if they hold anything: so the contract of events says.
fn is_text(path: &Path) -> bool {
    matches!(
        path.as_str(),
        "source"
            | "state"
            | "severity"
            | "severity_raw"
            | "title"
            | "message"
            | "check"
            | "fingerprint"
            | "url"
            | "client.name"
            | "site.name"
            | "device.name"
            | "device.type"
            | "device.os"
            | "user.name"
            | "user.email"
    )
}
