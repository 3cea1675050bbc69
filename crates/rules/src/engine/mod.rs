//! The engine: one pure function from rules, cases, an input and the time to what is decided.
//!
//! [`step`] never fails, never waits and never looks at anything but its arguments. `run`, `dry-run`, `test` and
//! replay all call it; they differ only in where inputs come from, whose clock it is and where effects go.

mod again;
mod case;
mod decision;
mod effects;
mod escalate;
mod event;
mod group;
mod held;
mod limit;
mod missing;
mod moment;
mod report;
mod resolve;
mod silenced;
mod standing;
mod ticket;
mod timer;
mod wait;
mod work;

pub use case::{
    Case, CaseBook, CaseState, Cases, Escalation, Feed, Group, Key, Member, Storm, TicketState, Watch,
};
pub use decision::{Decision, Effect, EffectKind, Mode, Origin, Outcome};
pub use report::Report;
pub use silenced::silence_key;
pub use standing::Standing;
pub use timer::{Timer, TimerChange, TimerKind};

use jiff::Timestamp;

use crate::event::Event;
use crate::rule::{Part, RuleId};
use crate::ruleset::RuleSet;
use work::Work;

/// Something the engine decides about.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// An event came in.
    Event(Event),
    /// A timer fell due.
    Timer(Timer),
    /// HaloPSA did something.
    Report(Report),
}

/// How much of the reasoning is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Explain {
    /// Rules that matched or failed, with their conditions.
    Matches,
    /// Every rule, with every condition.
    Everything,
}

/// What was decided about one input.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The outcome for the event as a whole.
    pub outcome: Outcome,
    /// Why, where no rule's own reason says it.
    pub reason: Option<String>,
    /// What the rules said, in order.
    pub decisions: Vec<Decision>,
    /// The event as rules left it.
    pub event: Option<Event>,
    /// Cases that are new or changed.
    pub cases: Vec<Case>,
    /// Timers to set or cancel.
    pub timers: Vec<TimerChange>,
    /// What is to happen outside, in order.
    pub effects: Vec<Effect>,
    /// The parts of rules that came to bear; empty unless everything is explained.
    pub reached: Vec<(RuleId, Part)>,
    /// What somebody should know at once.
    pub warnings: Vec<String>,
}

impl Step {
    /// What became of an input that nothing could be decided about.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Error,
            reason: Some(reason.into()),
            decisions: Vec::new(),
            event: None,
            cases: Vec::new(),
            timers: Vec::new(),
            effects: Vec::new(),
            reached: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// Decides about one input.
pub fn step(rules: &RuleSet, cases: &dyn Cases, input: &Input, explain: Explain, now: Timestamp) -> Step {
    let work = Work::new(rules, cases, explain, now);
    match input {
        Input::Event(event) => event::decide(work, event.clone()),
        Input::Timer(timer) => timer::decide(work, timer),
        Input::Report(report) => report::decide(work, report),
    }
}

#[cfg(test)]
mod tests;
