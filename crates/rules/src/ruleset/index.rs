//! Which rules can match at all: a rule that demands an equality is found by that value and looked at only then.

use std::collections::HashMap;

use serde_json::Value;

use crate::condition::{Condition, Operator};
use crate::path::Path;
use crate::rule::Rule;

/// Rules by the text one of their paths must equal.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_path: Vec<(Path, HashMap<String, Vec<u32>>)>,
    always: Vec<u32>,
}

impl Index {
    pub(super) fn new(rules: &[Rule]) -> Self {
        let mut by_path: Vec<(Path, HashMap<String, Vec<u32>>)> = Vec::new();
        let mut always = Vec::new();
        for (number, rule) in rules.iter().enumerate() {
            let number = number as u32;
            let Some((path, texts)) = lead(rule) else {
                always.push(number);
                continue;
            };
            let slot = by_path.iter().position(|(p, _)| *p == path).unwrap_or_else(|| {
                by_path.push((path, HashMap::new()));
                by_path.len() - 1
            });
            for text in texts {
                let numbers = by_path[slot].1.entry(text).or_default();
                if numbers.last() != Some(&number) {
                    numbers.push(number);
                }
            }
        }
        Self { by_path, always }
    }

    /// The numbers of the rules that can match `event`, in order, into `out`.
    pub(super) fn candidates(&self, event: &Value, out: &mut Vec<u32>) {
        out.clear();
        out.extend_from_slice(&self.always);
        for (path, by_text) in &self.by_path {
            if let Value::String(text) = path.first(event) {
                let found = if text.bytes().any(|b| b.is_ascii_uppercase() || !b.is_ascii()) {
                    by_text.get(&text.to_lowercase())
                } else {
                    by_text.get(text.as_str())
                };
                out.extend(found.into_iter().flatten());
            }
        }
        out.sort_unstable();
    }
}

/// The equality to find a rule by: the one with the fewest values, fields that split events finely first.
fn lead(rule: &Rule) -> Option<(Path, Vec<String>)> {
    let mut best: Option<(usize, Path, Vec<String>)> = None;
    let mut consider = |path: &Path, texts: Vec<String>| {
        let coarse = match path.as_str() {
            "state" => 1000,
            "severity" => 100,
            "source" => 10,
            _ => 0,
        };
        let cost = coarse + texts.len();
        if best.as_ref().is_none_or(|(c, _, _)| cost < *c) {
            best = Some((cost, path.clone(), texts));
        }
    };
    for condition in &rule.when {
        if let Condition::Test { path, tests } = condition
            && !path.is_many()
        {
            for texts in tests.iter().filter_map(Operator::required_texts) {
                consider(path, texts);
            }
        }
    }
    if !rule.from.is_empty()
        && let Ok(path) = Path::parse("source")
    {
        consider(&path, rule.from.iter().map(|name| name.to_lowercase()).collect());
    }
    best.map(|(_, path, texts)| (path, texts))
}
