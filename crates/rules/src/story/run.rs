//! Telling a story: events and time through the engine, compared with what was expected.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::coverage::Coverage;
use super::failure::{Heard, Problem, StoryFailure};
use super::{Happens, Story, StoryFile, StoryStep};
use crate::engine::{Explain, Report, Step};
use crate::event::{Event, Severity};
use crate::preset::{Delivery, Preset};
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
    /// The test file.
    pub file: String,
    /// `rules/disk_test.yaml:12`: where it failed, or where it stands.
    pub at: String,
    /// What went wrong; `None` if it passed.
    pub failure: Option<StoryFailure>,
    /// What it reached.
    pub coverage: Coverage,
}

impl StoryFile {
    /// Tells all stories of the file, in order.
    pub fn run(&self, world: &StoryWorld<'_>) -> Vec<StoryOutcome> {
        self.stories.iter().map(|story| self.tell(story, world)).collect()
    }

    /// Tells the story of that number, counted from 0.
    pub fn run_one(&self, number: usize, world: &StoryWorld<'_>) -> Option<StoryOutcome> {
        self.stories.get(number).map(|story| self.tell(story, world))
    }

    /// The names of its stories, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.stories.iter().map(|story| story.name.as_str())
    }

    fn tell(&self, story: &Story, world: &StoryWorld<'_>) -> StoryOutcome {
        let mut teller = Teller {
            world,
            path: self.path(),
            simulation: Simulation::new(world.rules, Explain::Everything, story.start),
            coverage: Coverage::default(),
        };
        let place = |line: u32| format!("{}:{line}", self.path());
        let mut failure = None;
        for (number, step) in story.steps.iter().enumerate() {
            let (problems, trace) = teller.step(step);
            if !problems.is_empty() {
                failure = Some(StoryFailure { step: number + 1, at: place(step.span.line), problems, trace });
                break;
            }
        }
        let at = failure.as_ref().map_or_else(|| place(story.span.line), |failure| failure.at.clone());
        let file = self.path().to_owned();
        StoryOutcome { name: story.name.clone(), file, at, failure, coverage: teller.coverage }
    }
}

struct Teller<'a> {
    world: &'a StoryWorld<'a>,
    path: &'a str,
    simulation: Simulation<'a>,
    coverage: Coverage,
}

/// What comes in at a step.
enum Comes {
    Event(Event),
    Report(Report),
}

impl Teller<'_> {
    /// One step; what is not as expected, and then what the rules said.
    fn step(&mut self, story: &StoryStep) -> (Vec<Problem>, Vec<Heard>) {
        let after = SignedDuration::try_from(story.after).unwrap_or(SignedDuration::MAX);
        let until = self.simulation.now().checked_add(after).unwrap_or(Timestamp::MAX);
        let mut steps: Vec<(Step, Heard)> = Vec::new();
        while let Some(fired) = self.simulation.pass(until) {
            let told = Heard::timer(&fired.timer, &fired.step);
            steps.push((fired.step, told));
        }
        if let Happens::Silence(silence) = &story.happens {
            self.simulation.silence(silence);
        }
        let inputs = match self.inputs(&story.happens) {
            Ok(inputs) => inputs,
            Err(why) => return (vec![Problem::Untold { why }], Vec::new()),
        };
        for input in inputs {
            steps.push(match input {
                Comes::Event(event) => {
                    let step = self.simulation.event(event);
                    let told = Heard::event(&step);
                    (step, told)
                }
                Comes::Report(report) => {
                    let step = self.simulation.report(report);
                    let told = Heard::report(&step);
                    (step, told)
                }
            });
        }
        for (step, _) in &steps {
            self.coverage.see(self.world.rules, step);
        }
        let Some(expectation) = &story.expect else { return (Vec::new(), Vec::new()) };
        let problems = expectation.compare(&steps.iter().map(|(step, _)| step).collect::<Vec<_>>());
        (problems, steps.into_iter().map(|(_, told)| told).collect())
    }

    fn inputs(&self, happens: &Happens) -> Result<Vec<Comes>, String> {
        let now = self.simulation.now();
        let last = || {
            let newest = self.simulation.newest_ticket().ok_or("no ticket was opened before")?;
            Ok::<_, String>((newest.0.clone(), newest.1))
        };
        Ok(match happens {
            Happens::Nothing | Happens::Silence(_) => Vec::new(),
            Happens::Event { event, .. } => vec![Comes::Event(event.clone().received("", now))],
            Happens::Payload { path, source, headers } => {
                let payload = (self.world.payload)(self.path, path)?;
                let (preset, default_severity) = (self.world.preset)(source)
                    .ok_or_else(|| format!("the source `{source}` has no preset"))?;
                let headers = Arc::new(headers.clone());
                let mapped = preset.map(Delivery {
                    source,
                    payload: payload.into(),
                    headers,
                    default_severity,
                    at: now,
                });
                mapped.events.into_iter().map(|event| Comes::Event(event.received("", now))).collect()
            }
            Happens::TechnicianWorks => {
                let (key, ticket) = last()?;
                vec![Comes::Report(Report::TicketTouched { key, ticket })]
            }
            Happens::TechnicianCloses => {
                let (key, ticket) = last()?;
                vec![Comes::Report(Report::TicketClosed { key, ticket })]
            }
        })
    }
}
