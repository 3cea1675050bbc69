//! `--summary`: counts by outcome and rule.

use std::collections::HashMap;
use std::fmt::Write as _;

use haloward_rules::{Mode, Outcome, RuleId, Step};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// What was decided, counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    events: u64,
    timers: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    outcomes: HashMap<Outcome, u64>,
    effects: HashMap<Outcome, u64>,
    rules: HashMap<RuleId, OfRule>,
}

#[derive(Debug, Default)]
struct OfRule {
    events: u64,
    tickets: u64,
    outcomes: HashMap<Outcome, u64>,
}

impl Tally {
    /// Counts what an event, or the time that passed, led to.
    pub(super) fn count(&mut self, step: &Step, is_event: bool, at: Timestamp) {
        if is_event {
            self.events += 1;
            self.first.get_or_insert(at);
            self.last = Some(at);
            *self.outcomes.entry(step.outcome).or_default() += 1;
        } else {
            self.timers += 1;
        }
        for effect in &step.effects {
            *self.effects.entry(effect.kind.outcome()).or_default() += 1;
            if effect.kind.outcome() == Outcome::OpenTicket {
                of(&mut self.rules, &effect.rule).tickets += 1;
            }
        }
        for decision in step.decisions.iter().filter(|d| d.matched && d.mode == Mode::Live) {
            let rule = of(&mut self.rules, &decision.rule);
            rule.events += u64::from(is_event);
            if let Some(outcome) = decision.outcome {
                *rule.outcomes.entry(outcome).or_default() += 1;
            }
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let rules: Map<String, Value> = self
            .by_events()
            .into_iter()
            .map(|(id, rule)| {
                let outcomes = named(&rule.outcomes);
                (
                    id.to_string(),
                    json!({ "events": rule.events, "tickets": rule.tickets, "outcomes": outcomes }),
                )
            })
            .collect();
        json!({
            "events": self.events, "timers": self.timers, "from": self.first, "until": self.last,
            "outcomes": named(&self.outcomes), "effects": named(&self.effects), "rules": rules,
        })
    }

    pub(super) fn to_text(&self) -> String {
        let mut out = format!("{} events", self.events);
        if let (Some(first), Some(last)) = (self.first, self.last) {
            // Writing to a text does not fail.
            let _ = write!(out, ", {first} to {last}");
        }
        if self.timers > 0 {
            let _ = write!(out, "; {} timers fell due", self.timers);
        }
        let shares = |counts: &HashMap<Outcome, u64>| {
            let all = Outcome::ALL.iter().filter_map(|(name, outcome)| Some((*name, *counts.get(outcome)?)));
            all.collect::<Vec<_>>()
        };
        for (title, counts) in
            [("what became of them", &self.outcomes), ("what would be sent", &self.effects)]
        {
            let _ = write!(out, "\n\n{title}");
            for (name, count) in shares(counts) {
                let _ = write!(out, "\n  {name:<15} {count:>10}");
            }
            if counts.is_empty() {
                let _ = write!(out, "\n  nothing");
            }
        }
        let rules = self.by_events();
        let wide = rules.iter().map(|(id, _)| id.as_str().chars().count()).max().unwrap_or(0).max(4);
        if !rules.is_empty() {
            let _ = write!(out, "\n\n{:wide$}  {:>10} {:>10}", "rule", "events", "tickets");
        }
        for (id, rule) in rules {
            let _ = write!(out, "\n{:wide$}  {:>10} {:>10}", id.as_str(), rule.events, rule.tickets);
        }
        out
    }

    /// The rules that said something, the busiest first.
    fn by_events(&self) -> Vec<(&RuleId, &OfRule)> {
        let mut rules: Vec<_> = self.rules.iter().collect();
        rules.sort_by(|(a, x), (b, y)| y.events.cmp(&x.events).then_with(|| a.cmp(b)));
        rules
    }
}

fn of<'r>(rules: &'r mut HashMap<RuleId, OfRule>, id: &RuleId) -> &'r mut OfRule {
    // Ids are cheap to clone, but this is once for each event.
    if !rules.contains_key(id) {
        rules.insert(id.clone(), OfRule::default());
    }
    rules.entry(id.clone()).or_default()
}

fn named(counts: &HashMap<Outcome, u64>) -> Map<String, Value> {
    let name = |(name, outcome): &(&str, Outcome)| Some(((*name).to_owned(), json!(counts.get(outcome)?)));
    Outcome::ALL.iter().filter_map(name).collect()
}
