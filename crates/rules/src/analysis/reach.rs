//! Rules that can never act: their conditions contradict each other, or a rule before them takes every event they match.

use std::collections::HashMap;

use serde_json::Value;

use super::Placed;
use super::facts::Facts;
use crate::condition::{Condition, Operator};
use crate::finding::{Finding, Findings};
use crate::path::Path;
use crate::rule::{Active, EffectTemplate, Rule, RuleMode};

/// Rules whose conditions can never hold.
pub(super) fn never_matching(rules: &[Placed<'_>], facts: &[Facts<'_>], findings: &mut Findings) {
    for (placed, facts) in rules.iter().zip(facts) {
        let rule = placed.rule;
        let (from, until) = (rule.active.from, rule.active.until);
        if facts.are_contradictory() {
            findings.push(
                Finding::warning("HW141", format!("no event can ever match `{}`", rule.id()))
                    .at(placed.place_of_field("when"))
                    .help("its conditions contradict each other"),
            );
        } else if from.zip(until).is_some_and(|(from, until)| from >= until) {
            findings.push(
                Finding::warning("HW141", format!("no event can ever match `{}`", rule.id()))
                    .at(placed.place_of_field("active"))
                    .help("it ends before it begins"),
            );
        }
    }
}

/// Rules that see no event, because an earlier one decides about all that they match.
pub(super) fn never_reached(rules: &[Placed<'_>], facts: &[Facts<'_>], findings: &mut Findings) {
    let index = Takers::new(rules);
    let changes: Vec<(usize, Vec<Option<Path>>)> = rules
        .iter()
        .enumerate()
        .filter_map(|(number, placed)| Some((number, changes(placed.rule)?)))
        .collect();
    let mut candidates = Vec::new();
    for (number, placed) in rules.iter().enumerate() {
        let rule = placed.rule;
        if rule.mode == RuleMode::Off || facts[number].are_contradictory() {
            continue;
        }
        index.candidates(number, &facts[number], &mut candidates);
        let taker = candidates.iter().copied().find(|taker| {
            let between: Vec<Option<Path>> = changes
                .iter()
                .filter(|(at, _)| (*taker + 1..number).contains(at))
                .flat_map(|(_, paths)| paths.iter().cloned())
                .collect();
            if between.is_empty() {
                takes_all(rules[*taker].rule, &facts[number])
            } else {
                takes_all(rules[*taker].rule, &facts[number].without(&between))
            }
        });
        if let Some(taker) = taker {
            let taker = rules[taker].rule;
            findings.push(
                Finding::warning(
                    "HW140",
                    format!(
                        "`{}` is never reached: `{}` at {} takes every event that it matches",
                        rule.id(),
                        taker.id(),
                        taker.at()
                    ),
                )
                .at(placed.place("id"))
                .help(format!("put it before `{}`, or let that one `continue: true`", taker.id())),
            );
        }
    }
}

/// Whether the rule decides about events at all times and lets no later rule have them.
fn takes(rule: &Rule) -> bool {
    let passes_on = rule.goes_on || rule.only_sets() || rule.missing.is_some();
    rule.mode == RuleMode::Live && !passes_on && rule.active == Active::default()
}

/// Whether the rule matches every event of which these facts hold.
fn takes_all(rule: &Rule, facts: &Facts<'_>) -> bool {
    let opening = || Operator::In(vec!["firing".into(), "info".into()]);
    let path = |text| Path::parse(text).ok();
    let from = || Operator::In(rule.from.iter().map(|name| Value::from(name.to_lowercase())).collect());
    (rule.names_state || path("state").is_some_and(|state| facts.imply_test(&state, &opening())))
        && (rule.from.is_empty() || path("source").is_some_and(|source| facts.imply_test(&source, &from())))
        && facts.imply(&rule.when)
}

/// The paths a rule may change before later rules see the event; `None` stands for any. Nothing where later rules see
/// the event as it was.
fn changes(rule: &Rule) -> Option<Vec<Option<Path>>> {
    if rule.mode == RuleMode::Off || rule.mode == RuleMode::Shadow || !(rule.goes_on || rule.only_sets()) {
        return None;
    }
    let mut paths = Vec::new();
    for effect in &rule.effects {
        match effect {
            EffectTemplate::Set(sets) => paths.extend(sets.iter().map(|(path, _)| Some(path.clone()))),
            EffectTemplate::Script(_) => paths.push(None),
            _ => {}
        }
    }
    (!paths.is_empty()).then_some(paths)
}

// LIMIT: rules that look for parts of texts cannot be found by a value. With thousands of them on one path, a rule is
// compared with this many of the first and of the nearest: those are where a rule that takes everything stands.
const NEAR: usize = 200;

/// The rules that take events, found by what they demand.
struct Takers {
    /// By a text that a path must have.
    by_text: HashMap<(String, String), Vec<usize>>,
    /// By a path they look at otherwise.
    by_path: HashMap<String, Vec<usize>>,
    /// Those that look at nothing such.
    always: Vec<usize>,
}

impl Takers {
    fn new(rules: &[Placed<'_>]) -> Self {
        let mut takers = Self { by_text: HashMap::new(), by_path: HashMap::new(), always: Vec::new() };
        let demands: Vec<Vec<(String, Vec<String>)>> =
            rules.iter().map(|placed| demanded(placed.rule)).collect();
        let mut seen: HashMap<(&str, &str), usize> = HashMap::new();
        for (path, text) in
            demands.iter().flatten().flat_map(|(path, texts)| texts.iter().map(move |t| (path, t)))
        {
            *seen.entry((path, text)).or_default() += 1;
        }
        for (number, placed) in rules.iter().enumerate().filter(|(_, placed)| takes(placed.rule)) {
            // The demand that fewest rules share finds it with the least to look through.
            let crowd = |(path, texts): &&(String, Vec<String>)| {
                texts
                    .iter()
                    .map(|text| seen.get(&(path.as_str(), text.as_str())).copied().unwrap_or(0))
                    .sum::<usize>()
            };
            if let Some((path, texts)) = demands[number].iter().min_by_key(crowd) {
                for text in texts {
                    takers.by_text.entry((path.clone(), text.clone())).or_default().push(number);
                }
                continue;
            }
            let looked = placed.rule.when.iter().find_map(|condition| match condition {
                Condition::Test { path, .. } => Some(path.as_str().to_owned()),
                _ => None,
            });
            match looked {
                Some(path) => takers.by_path.entry(path).or_default().push(number),
                None => takers.always.push(number),
            }
        }
        takers
    }

    /// The rules before `number` that may take all it matches, in order.
    fn candidates(&self, number: usize, facts: &Facts<'_>, out: &mut Vec<usize>) {
        out.clear();
        let mut add = |found: &[usize]| {
            let before = &found[..found.partition_point(|other| *other < number)];
            if before.len() <= 2 * NEAR {
                out.extend_from_slice(before);
            } else {
                out.extend_from_slice(&before[..NEAR]);
                out.extend_from_slice(&before[before.len() - NEAR..]);
            }
        };
        add(&self.always);
        facts.tests(&mut |path, tests| {
            if let Some(found) = self.by_path.get(path.as_str()) {
                add(found);
            }
            // A rule that demands one of several texts here stands under each of them: the first is enough.
            if let Some(text) =
                tests.iter().find_map(Operator::required_texts).and_then(|texts| texts.into_iter().next())
                && let Some(found) = self.by_text.get(&(path.as_str().to_owned(), text))
            {
                add(found);
            }
        });
        out.sort_unstable();
        out.dedup();
    }
}

/// The texts that single paths must have for the rule to match.
fn demanded(rule: &Rule) -> Vec<(String, Vec<String>)> {
    let mut demands: Vec<(String, Vec<String>)> = rule
        .when
        .iter()
        .filter_map(|condition| match condition {
            Condition::Test { path, tests } if !path.is_many() => {
                Some((path.as_str().to_owned(), tests.iter().find_map(Operator::required_texts)?))
            }
            _ => None,
        })
        .collect();
    if !rule.from.is_empty() {
        demands.push(("source".into(), rule.from.iter().map(|name| name.to_lowercase()).collect()));
    }
    demands
}
