//! Rule tests: stories on a virtual clock, told through the same engine that runs live.

mod coverage;
mod decode;
mod expect;
mod failure;
mod run;
mod text;

pub use coverage::{Coverage, CoverageReport, Gap, Missing, Share};
pub(crate) use decode::TECHNICIAN;
pub(crate) use expect::has_fields;
pub use failure::{Difference, Heard, Problem, Said, StoryFailure};
pub use run::{StoryOutcome, StoryWorld};

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::event::Event;
use crate::finding::SourceFile;
use crate::silence::Silence;
use crate::yaml::Span;
use expect::Expectation;

/// The stories of one file.
#[derive(Debug, Clone)]
pub struct StoryFile {
    file: SourceFile,
    stories: Vec<Story>,
}

impl StoryFile {
    /// The file's path.
    pub fn path(&self) -> &str {
        &self.file.path
    }

    /// How many stories it tells.
    pub fn len(&self) -> usize {
        self.stories.len()
    }

    /// Whether it tells none.
    pub fn is_empty(&self) -> bool {
        self.stories.is_empty()
    }

    /// What comes in from sources in the stories.
    pub fn told(&self) -> impl Iterator<Item = Told<'_>> {
        let steps = self.stories.iter().flat_map(|story| &story.steps);
        steps.filter_map(|step| match &step.happens {
            Happens::Event { written, .. } => Some(Told::Event(written)),
            Happens::Payload { path, source, .. } => Some(Told::Payload { path, source }),
            _ => None,
        })
    }
}

/// Something that comes in from a source in a story.
#[derive(Debug, Clone, Copy)]
pub enum Told<'a> {
    /// An event as its author wrote it.
    Event(&'a Value),
    /// A payload, at a path relative to the test file.
    Payload {
        /// Its path.
        path: &'a str,
        /// Where it comes from.
        source: &'a str,
    },
}

#[derive(Debug, Clone)]
struct Story {
    name: String,
    span: Span,
    start: Timestamp,
    steps: Vec<StoryStep>,
}

#[derive(Debug, Clone)]
struct StoryStep {
    span: Span,
    after: Duration,
    happens: Happens,
    expect: Option<Expectation>,
}

/// What happens in a step, after its time has passed.
#[derive(Debug, Clone)]
enum Happens {
    /// Only time passes.
    Nothing,
    /// An event comes in; and as its author wrote it.
    Event { event: Event, written: Value },
    /// A payload comes in from a source, through its preset.
    Payload { path: String, source: String, headers: Value },
    /// A silence begins.
    Silence(Box<Silence>),
    /// Somebody works on the newest ticket.
    TechnicianWorks,
    /// Somebody closes the newest ticket.
    TechnicianCloses,
}

#[cfg(test)]
mod tests;
