//! What became of one event, as JSON and as text.

use haloward_rules::{Decision, Event, Step};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::super::Failure;
use super::super::output::{Out, Tone, clean};
use super::Planner;
use crate::wire::PlannedRequest;

/// An event, or the time that passed, with what was decided.
#[derive(Debug, Serialize)]
pub(super) struct Shown<'a> {
    event: Option<&'a Event>,
    decisions: Vec<Decided<'a>>,
    outcome: &'static str,
    reason: Option<&'a str>,
    #[serde(skip)]
    at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct Decided<'a> {
    #[serde(flatten)]
    decision: &'a Decision,
    requests: Vec<PlannedRequest>,
}

impl<'a> Shown<'a> {
    /// `timer` says when only time passed.
    pub(super) fn new(step: &'a Step, timer: Option<Timestamp>, planner: &Planner<'_>) -> Self {
        let decided = |decision| Decided { decision, requests: planner.requests(step, decision) };
        Self {
            event: step.event.as_ref(),
            decisions: step.decisions.iter().map(decided).collect(),
            outcome: step.outcome.as_str(),
            reason: step.reason.as_deref(),
            at: timer,
        }
    }

    pub(super) fn write_json(&self, out: &mut Vec<u8>) -> Result<(), Failure> {
        serde_json::to_writer(out, self).map_err(|error| Failure::Output(error.into()))
    }

    pub(super) fn print(&self, explain: bool, out: &mut Out) -> Result<(), Failure> {
        match (self.at, self.event) {
            (Some(at), _) => out.line(&format!("{at} (only time passed)"))?,
            (None, Some(event)) => {
                let title = out.tone(Tone::Strong, &clean(event.title()));
                out.line(&format!(
                    "{title}  [{} · {} · {}]",
                    clean(event.source()),
                    event.state(),
                    event.severity()
                ))?;
            }
            (None, None) => {}
        }
        let (said, silent): (Vec<_>, Vec<_>) =
            self.decisions.iter().partition(|d| d.decision.matched || d.decision.outcome.is_some());
        for decided in &said {
            one_decision(decided.decision, out)?;
            requests(&decided.requests, out)?;
        }
        if explain || said.is_empty() {
            for decided in &silent {
                one_decision(decided.decision, out)?;
            }
        } else if !silent.is_empty() {
            let rules =
                if silent.len() == 1 { "1 other rule" } else { &format!("{} other rules", silent.len()) };
            let more = format!("  {rules} did not match (--explain shows why)");
            out.line(&out.tone(Tone::Quiet, &more))?;
        }
        let reason = self.reason.map(|r| format!(": {}", clean(r))).unwrap_or_default();
        let outcome = out.tone(Tone::Strong, self.outcome);
        out.line(&format!("  → {outcome}{reason}\n"))
    }
}

fn requests(requests: &[PlannedRequest], out: &mut Out) -> Result<(), Failure> {
    for request in requests {
        out.line(&format!("      {} {}", request.method, request.path))?;
        let body = serde_json::to_string_pretty(&request.body).unwrap_or_default();
        out.line(&body.lines().map(|line| format!("      {line}")).collect::<Vec<_>>().join("\n"))?;
        for left in &request.unresolved {
            let note = format!("      {} `{}`: {}", left.field, clean(&left.name), left.why);
            out.line(&out.tone(Tone::Quiet, &note))?;
        }
    }
    Ok(())
}

/// A rule's line, and its conditions with the failing ones first.
fn one_decision(decision: &Decision, out: &mut Out) -> Result<(), Failure> {
    let mark = if decision.matched { out.tone(Tone::Good, "✓") } else { out.tone(Tone::Bad, "✗") };
    let at = out.tone(Tone::Quiet, &decision.at);
    let mode = match decision.mode {
        haloward_rules::Mode::Live => String::new(),
        haloward_rules::Mode::Shadow => " (shadow: sends nothing)".into(),
        haloward_rules::Mode::Off => " (off)".into(),
    };
    let outcome = decision.outcome.map(|o| format!(" → {o}")).unwrap_or_default();
    let reason = decision.reason.as_deref().map(|r| format!(": {}", clean(r))).unwrap_or_default();
    out.line(&format!("  {mark} {}{mode}{outcome}{reason}  {at}", decision.rule))?;
    if let Some(key) = &decision.key {
        out.line(&format!("      key {}", clean(key.as_str())))?;
    }
    let mut conditions: Vec<_> = decision.conditions.iter().collect();
    conditions.sort_by_key(|c| c.held);
    for condition in conditions {
        let mark = if condition.held { out.tone(Tone::Good, "✓") } else { out.tone(Tone::Bad, "✗") };
        let actual = match &condition.actual {
            Value::Null => "nothing".to_owned(),
            Value::String(text) => clean(text),
            other => clean(&other.to_string()),
        };
        let actual: String = actual.chars().take(120).collect();
        out.line(&format!("      {mark} {} {} (is {actual})", condition.path, clean(&condition.expected)))?;
    }
    Ok(())
}
