//! The report: a line for each step as it is done, or all of them as JSON at the end.

use serde_json::{Value, json};

use crate::cli::output::{Out, Tone, clean};
use crate::cli::{Ended, Failure};

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Good,
    /// Something the rules do not need, or that is only suspicious.
    Warning,
    Bad,
    /// Said, not judged.
    Note,
}

struct Line {
    step: String,
    mark: Mark,
    detail: String,
    help: Option<String>,
}

pub(super) struct Report<'o> {
    out: &'o mut Out,
    host: String,
    lines: Vec<Line>,
}

impl<'o> Report<'o> {
    pub(super) fn new(out: &'o mut Out, host: String) -> Self {
        Self { out, host, lines: Vec::new() }
    }

    pub(super) fn good(&mut self, step: impl Into<String>, detail: impl Into<String>) -> Result<(), Failure> {
        self.add(Line { step: step.into(), mark: Mark::Good, detail: detail.into(), help: None })
    }

    pub(super) fn note(
        &mut self,
        step: impl Into<String>,
        detail: impl Into<String>,
        help: Option<String>,
    ) -> Result<(), Failure> {
        self.add(Line { step: step.into(), mark: Mark::Note, detail: detail.into(), help })
    }

    pub(super) fn warn(
        &mut self,
        step: impl Into<String>,
        detail: impl Into<String>,
        help: Option<String>,
    ) -> Result<(), Failure> {
        self.add(Line { step: step.into(), mark: Mark::Warning, detail: detail.into(), help })
    }

    pub(super) fn bad(
        &mut self,
        step: impl Into<String>,
        detail: impl Into<String>,
        help: Option<String>,
    ) -> Result<(), Failure> {
        self.add(Line { step: step.into(), mark: Mark::Bad, detail: detail.into(), help })
    }

    fn add(&mut self, line: Line) -> Result<(), Failure> {
        if !self.out.is_json() {
            let mark = match line.mark {
                Mark::Good => self.out.tone(Tone::Good, "✓"),
                Mark::Bad => self.out.tone(Tone::Bad, "✗"),
                Mark::Warning => "!".to_owned(),
                Mark::Note => self.out.tone(Tone::Quiet, "·"),
            };
            self.out.line(&format!("{mark} {}: {}", line.step, clean(&line.detail)))?;
            if let Some(help) = &line.help {
                self.out.line(&format!("    {}", clean(help)))?;
            }
        }
        self.lines.push(line);
        Ok(())
    }

    pub(super) fn finish(self) -> Ended {
        let host = &self.host;
        let missing = self.lines.iter().filter(|line| line.mark == Mark::Bad).count();
        let reached = self.lines.iter().any(|line| line.step == "token" && line.mark == Mark::Good);
        if self.out.is_json() {
            let steps: Vec<Value> = self.lines.iter().map(Line::as_json).collect();
            let connected = reached && missing == 0;
            self.out.json(&json!({ "connected": connected, "host": host, "steps": steps }))?;
        } else if missing == 0 {
            self.out.line(&self.out.tone(Tone::Good, &format!("Connected to {host}")))?;
        } else if reached {
            let what = if missing == 1 { "1 thing is" } else { &format!("{missing} things are") };
            let text = format!("Connected to {host}, but {what} missing that the rules need");
            self.out.line(&self.out.tone(Tone::Bad, &text))?;
        } else {
            self.out.line(&self.out.tone(Tone::Bad, &format!("Not connected to {host}")))?;
        }
        Ok((missing == 0).into())
    }
}

impl Line {
    fn as_json(&self) -> Value {
        let result = match self.mark {
            Mark::Good => "ok",
            Mark::Warning => "warning",
            Mark::Bad => "failed",
            Mark::Note => "note",
        };
        json!({ "step": self.step, "result": result, "detail": self.detail, "help": self.help })
    }
}
