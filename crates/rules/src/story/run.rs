//! Telling a story: events and time through the engine, compared with what was expected.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::expect::{self, Expectation};
use super::{Happens, Story, StoryFile, StoryStep};
use crate::engine::{Effect, Explain, Key, Outcome, Report, Step};
use crate::event::{Event, Severity};
use crate::preset::{Delivery, Preset};
use crate::rule::RuleId;
use crate::ruleset::RuleSet;
use crate::simulation::Simulation;

/// The preset of a source and the severity of events whose vendor gives none.
type SourceOf<'a> = dyn Fn(&str) -> Option<(Arc<Preset>, Severity)> + Sync + 'a;

/// What stories are told with.
pub struct StoryWorld<'a> {
    /// The rules under test.
    pub rules: &'a RuleSet,
    /// The preset and default severity of a source.
    pub preset: &'a SourceOf<'a>,
    /// The payload at a path, relative to the test file; or why there is none.
    pub payload: &'a (dyn Fn(&str, &str) -> Result<Value, String> + Sync),
}

impl std::fmt::Debug for StoryWorld<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoryWorld").field("rules", &self.rules.rules().len()).finish_non_exhaustive()
    }
}

/// How a story ended.
#[derive(Debug, Clone)]
pub struct StoryOutcome {
    /// The test's name.
    pub name: String,
    /// `rules/disk_test.yaml:12`: where it failed, or where it stands.
    pub at: String,
    /// What went wrong, ready to print; `None` if it passed.
    pub failure: Option<String>,
    /// The rules that decided something in it.
    pub fired: BTreeSet<RuleId>,
}

impl StoryFile {
    /// Tells all stories of the file, in order.
    pub fn run(&self, world: &StoryWorld<'_>) -> Vec<StoryOutcome> {
        self.stories.iter().map(|story| self.tell(story, world)).collect()
    }

    fn tell(&self, story: &Story, world: &StoryWorld<'_>) -> StoryOutcome {
        let mut teller = Teller {
            world,
            path: self.path(),
            simulation: Simulation::new(world.rules, Explain::Everything, story.start),
            fired: BTreeSet::new(),
        };
        for (number, step) in story.steps.iter().enumerate() {
            if let Err(failure) = teller.step(step) {
                let at = format!("{}:{}", self.path(), step.span.line);
                let failure = format!("step {} at {at}: {failure}", number + 1);
                return StoryOutcome {
                    name: story.name.clone(),
                    at,
                    failure: Some(failure),
                    fired: teller.fired,
                };
            }
        }
        let at = format!("{}:{}", self.path(), story.span.line);
        StoryOutcome { name: story.name.clone(), at, failure: None, fired: teller.fired }
    }
}

struct Teller<'a> {
    world: &'a StoryWorld<'a>,
    path: &'a str,
    simulation: Simulation<'a>,
    fired: BTreeSet<RuleId>,
}

impl Teller<'_> {
    fn step(&mut self, story: &StoryStep) -> Result<(), String> {
        let after = SignedDuration::try_from(story.after).unwrap_or(SignedDuration::MAX);
        let until = self.simulation.now().checked_add(after).unwrap_or(Timestamp::MAX);
        let mut steps = Vec::new();
        while let Some(fired) = self.simulation.pass(until) {
            steps.push(fired.step);
        }
        if let Happens::Silence(silence) = &story.happens {
            self.simulation.silence(silence);
        }
        for input in self.inputs(&story.happens)? {
            steps.push(match input {
                Happening::Event(event) => self.simulation.event(event),
                Happening::Report(report) => self.simulation.report(report),
            });
        }
        for step in &steps {
            self.fired.extend(step.decisions.iter().filter(|d| d.matched).map(|d| d.rule.clone()));
        }
        match &story.expect {
            Some(expectation) => compare(expectation, &steps),
            None => Ok(()),
        }
    }

    fn inputs(&self, happens: &Happens) -> Result<Vec<Happening>, String> {
        let last = || {
            let newest = self.simulation.newest_ticket().ok_or("no ticket was opened before")?;
            Ok::<_, String>((newest.0.clone(), newest.1))
        };
        Ok(match happens {
            Happens::Nothing | Happens::Silence(_) => Vec::new(),
            Happens::Event(value) => {
                let event = Event::from_json(value.clone(), Severity::Medium).map_err(|e| e.to_string())?;
                vec![Happening::Event(event.received("", self.simulation.now()))]
            }
            Happens::Payload { path, source } => {
                let payload = (self.world.payload)(self.path, path)?;
                let (preset, default_severity) = (self.world.preset)(source)
                    .ok_or_else(|| format!("the source `{source}` has no preset"))?;
                let headers = Arc::new(Value::Object(serde_json::Map::new()));
                let mapped = preset.map(&Delivery {
                    source,
                    payload: Arc::new(payload),
                    headers,
                    default_severity,
                    at: self.simulation.now(),
                });
                mapped
                    .events
                    .into_iter()
                    .map(|event| Happening::Event(event.received("", self.simulation.now())))
                    .collect()
            }
            Happens::TechnicianWorks => {
                let (key, ticket) = last()?;
                vec![Happening::Report(Report::TicketTouched { key, ticket })]
            }
            Happens::TechnicianCloses => {
                let (key, ticket) = last()?;
                vec![Happening::Report(Report::TicketClosed { key, ticket })]
            }
        })
    }
}

/// What comes in at a step.
enum Happening {
    Event(Event),
    Report(Report),
}

fn compare(expectation: &Expectation, steps: &[Step]) -> Result<(), String> {
    let effects: Vec<&Effect> = steps.iter().flat_map(|s| &s.effects).collect();
    let outcomes: Vec<Outcome> = steps.iter().map(|s| s.outcome).collect();
    let mut problems = Vec::new();
    if expectation.nothing && !effects.is_empty() {
        problems.push(format!("expected nothing, got {}", names(&effects)));
    }
    let mut unexpected: Vec<&Effect> = effects.clone();
    for (outcome, wanted) in &expectation.effects {
        let of_kind: Vec<&Effect> =
            effects.iter().copied().filter(|e| e.kind.outcome() == *outcome).collect();
        if let Some(found) = of_kind.iter().find(|e| expect::differences(e, wanted).is_empty()) {
            unexpected.retain(|e| !std::ptr::eq(*e, *found));
            continue;
        }
        match of_kind.first() {
            None => problems.push(format!("expected {outcome}, got {}", or_outcomes(&effects, &outcomes))),
            Some(effect) => {
                unexpected.retain(|e| !std::ptr::eq(*e, *effect));
                for trace in expect::differences(effect, wanted) {
                    problems.push(format!(
                        "{outcome}.{}\n    expected  {}\n    actual    {}",
                        trace.path,
                        trace.expected,
                        crate::value::to_text(&trace.actual)
                    ));
                }
            }
        }
    }
    if !expectation.nothing && !unexpected.is_empty() {
        problems.push(format!("unexpected {}", names(&unexpected)));
    }
    for outcome in &expectation.outcomes {
        if !outcomes.contains(outcome) {
            problems.push(format!("expected {outcome}, got {}", or_outcomes(&effects, &outcomes)));
        }
    }
    let decided = |test: &dyn Fn(&crate::engine::Decision) -> bool| {
        steps.iter().flat_map(|s| &s.decisions).any(|d| d.matched && test(d))
    };
    if let Some(rule) = &expectation.rule
        && !decided(&|d| d.rule.as_str() == rule)
    {
        problems.push(format!("expected rule `{rule}`, got {}", rules(steps)));
    }
    if let Some(key) = &expectation.key
        && !decided(&|d| d.key.as_ref().is_some_and(|k| k.as_str() == key))
    {
        let keys: Vec<&str> =
            steps.iter().flat_map(|s| &s.decisions).filter_map(|d| d.key.as_ref().map(Key::as_str)).collect();
        problems.push(format!(
            "expected key `{key}`, got {}",
            if keys.is_empty() { "none".into() } else { keys.join(", ") }
        ));
    }
    if problems.is_empty() { Ok(()) } else { Err(format!("{}\n{}", problems.join("\n  "), trace(steps))) }
}

fn names(effects: &[&Effect]) -> String {
    effects.iter().map(|e| format!("{} ({})", e.kind.outcome(), e.key)).collect::<Vec<_>>().join(", ")
}

fn or_outcomes(effects: &[&Effect], outcomes: &[Outcome]) -> String {
    if !effects.is_empty() {
        return names(effects);
    }
    if outcomes.is_empty() {
        return "nothing: no event came and no timer fell due".into();
    }
    outcomes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn rules(steps: &[Step]) -> String {
    let fired: BTreeSet<&str> =
        steps.iter().flat_map(|s| &s.decisions).filter(|d| d.matched).map(|d| d.rule.as_str()).collect();
    if fired.is_empty() {
        "none".into()
    } else {
        fired.into_iter().map(|r| format!("`{r}`")).collect::<Vec<_>>().join(", ")
    }
}

/// What the rules said, the failing condition first.
fn trace(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        let reason = step.reason.as_deref().map(|r| format!(": {r}")).unwrap_or_default();
        let _ = writeln!(out, "  decided {}{reason}", step.outcome);
        for decision in &step.decisions {
            let why = decision
                .conditions
                .iter()
                .find(|c| !c.held)
                .map(|c| format!("{} {} (was {})", c.path, c.expected, crate::value::to_text(&c.actual)))
                .or_else(|| decision.reason.clone())
                .unwrap_or_default();
            let mark = if decision.matched { "✓" } else { "✗" };
            let _ = writeln!(out, "    {mark} {} {why}", decision.rule);
        }
    }
    out.trim_end().to_owned()
}
