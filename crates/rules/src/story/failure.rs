//! Why a test failed: expected beside actual, and what the rules said.

use std::fmt;

use serde::Serialize;

use super::text::{one_line, table, value};
use crate::engine::{Decision, Mode, Outcome, Step, Timer};
use crate::rule::RuleId;

/// Why a test failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoryFailure {
    /// The step, counted from 1.
    pub step: usize,
    /// Where it stands: `rules/disk_test.yaml:12`.
    pub at: String,
    /// What is not as it should be.
    pub problems: Vec<Problem>,
    /// What the rules said in this step.
    pub trace: Vec<Heard>,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum Problem {
    /// The step cannot be told.
    Untold {
        /// Why.
        why: String,
    },
    /// Something else happened than expected.
    Other {
        /// What was expected.
        expected: String,
        /// What happened.
        actual: String,
    },
    /// It happened, with other fields.
    Fields {
        /// What.
        what: String,
        /// The fields that differ.
        fields: Vec<Difference>,
    },
    /// Nothing expected it.
    Unexpected {
        /// What happened.
        what: String,
    },
}

/// A field that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The field.
    pub field: String,
    /// What was expected of it.
    pub expected: String,
    /// What it is.
    pub actual: String,
}

/// What the rules said about one input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Heard {
    /// The event, timer or report.
    pub input: String,
    /// The outcome.
    pub outcome: Outcome,
    /// Why, where no rule's own reason says it.
    pub reason: Option<String>,
    /// The rules that were looked at, in their order.
    pub rules: Vec<Said>,
}

/// What one rule said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The rule.
    pub rule: RuleId,
    /// Where it stands.
    pub at: String,
    /// Whether it matched.
    pub matched: bool,
    /// Its outcome and reason, or the first condition that failed.
    pub why: String,
}

impl Heard {
    pub(super) fn event(step: &Step) -> Self {
        let title = step.event.as_ref().map_or("an event", |event| event.title());
        Self::of(one_line(title, 60), step)
    }

    pub(super) fn timer(timer: &Timer, step: &Step) -> Self {
        Self::of(format!("timer {} of {}", timer.kind.as_str(), timer.key), step)
    }

    pub(super) fn report(step: &Step) -> Self {
        Self::of("a technician".to_owned(), step)
    }

    fn of(input: String, step: &Step) -> Self {
        let rules = step.decisions.iter().map(Said::of).collect();
        // Often it is a rule's own, which stands in its line.
        let of_rule =
            |reason: &String| step.decisions.iter().any(|d| d.matched && d.reason.as_ref() == Some(reason));
        let reason = step.reason.clone().filter(|reason| !of_rule(reason));
        Self { input, outcome: step.outcome, reason, rules }
    }
}

impl Said {
    fn of(decision: &Decision) -> Self {
        let failed = decision.conditions.iter().find(|condition| !condition.held);
        let mut why = match (decision.outcome, failed) {
            (None, Some(failed)) => {
                format!("{} {}, is {}", failed.path, failed.expected, value(&failed.actual))
            }
            (None, None) => String::new(),
            (Some(outcome), _) => outcome.to_string(),
        };
        if let Some(reason) =
            decision.reason.as_deref().filter(|_| decision.outcome.is_some() || failed.is_none())
        {
            let apart = if why.is_empty() { "" } else { ": " };
            why = format!("{why}{apart}{reason}");
        }
        if decision.mode == Mode::Shadow && decision.matched {
            why.push_str(" (shadow)");
        }
        let why = one_line(&why, 200);
        Self { rule: decision.rule.clone(), at: decision.at.clone(), matched: decision.matched, why }
    }
}

// LIMIT: a trace names the rules that matched and so many others; `dry-run --explain` has them all.
const SILENT: usize = 12;

impl fmt::Display for StoryFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "step {} at {}", self.step, self.at)?;
        for problem in &self.problems {
            match problem {
                Problem::Untold { why } => writeln!(f, "  {why}")?,
                Problem::Other { expected, actual } => {
                    writeln!(f, "  expected  {}", one_line(expected, 200))?;
                    writeln!(f, "  actual    {}", one_line(actual, 200))?;
                }
                Problem::Fields { what, fields } => {
                    writeln!(f, "  {}", one_line(what, 90))?;
                    let row = |field: &Difference| {
                        let line = |text: &str| one_line(text, 4_000);
                        (field.field.clone(), line(&field.expected), line(&field.actual))
                    };
                    write!(f, "{}", table(&fields.iter().map(row).collect::<Vec<_>>(), "    "))?;
                }
                Problem::Unexpected { what } => writeln!(f, "  unexpected  {}", one_line(what, 200))?,
            }
        }
        if !self.trace.is_empty() {
            writeln!(f, "  what the rules said")?;
        }
        for told in &self.trace {
            let reason = told.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
            let line = format!("{} → {}{reason}", told.input, told.outcome);
            writeln!(f, "    {}", one_line(&line, 92))?;
            let mut silent = 0;
            for said in &told.rules {
                silent += usize::from(!said.matched);
                if said.matched || silent <= SILENT {
                    let mark = if said.matched { "✓" } else { "✗" };
                    let apart = if said.why.is_empty() { "" } else { ": " };
                    let line = format!("{mark} {} ({}){apart}{}", said.rule, said.at, said.why);
                    writeln!(f, "      {}", one_line(&line, 92))?;
                }
            }
            if silent > SILENT {
                writeln!(f, "      ✗ and {} more", silent - SILENT)?;
            }
        }
        Ok(())
    }
}
