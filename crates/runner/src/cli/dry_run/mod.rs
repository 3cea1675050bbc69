//! `haloward dry-run`: what payloads or events would lead to, and why. Sends nothing.

use std::path::PathBuf;

use haloward_rules::{Decision, Event, Explain, Simulation, Step, parse_duration};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::output::{Out, Tone, clean, print_findings};
use super::portable::Portable;
use super::{End, Ended, Failure, Global, input};
use crate::catalogue::Catalogue;
use crate::wire::{self, WireSettings};

/// Show what payloads or events would lead to; sends nothing and needs no account.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  haloward dry-run --source alertmanager examples/payloads/alertmanager/firing.json\n  \
    haloward dry-run event.json\n  cat payload.json | haloward dry-run --source ninjaone -\n\n\
    With --source a file is a payload and goes through the source's preset (a source that is not configured\n\
    uses the preset of its name, or the generic one). Without --source a file holds events, one or a list.\n\
    Several files keep their cases between them, in order."
)]
pub(super) struct Args {
    /// Files with payloads or events; `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The source that the payloads come from.
    #[arg(long)]
    source: Option<String>,
    /// The time of the first input; else now.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// How long after each other the inputs come.
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = duration)]
    every: std::time::Duration,
    /// The tenant's names and ids, as saved; without them names stay names in the requests.
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
    /// Rule files or folders; else those of the configuration.
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Show every rule with every condition.
    #[arg(long)]
    explain: bool,
}

pub(super) fn duration(text: &str) -> Result<std::time::Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    // A report brings its rules with it.
    if let [file] = args.files.as_slice()
        && let Some(report) = Portable::read(file)?
    {
        return report.show(out);
    }
    let loaded = global.load(&args.rules)?;
    if loaded.findings.has_errors() {
        print_findings(&loaded.findings);
        return Err(Failure::help(
            "the rules or the configuration have mistakes",
            "`haloward check` shows them",
        ));
    }
    let catalogue = match &args.catalogue {
        Some(path) => Some(Catalogue::load(path).map_err(|error| Failure::new(error.to_string()))?),
        None => None,
    };
    let start = args.at.unwrap_or_else(Timestamp::now);
    let mut world = World {
        catalogue: catalogue.as_ref(),
        wire: crate::app::wire_settings(&loaded.config),
        simulation: Simulation::new(&loaded.rules, Explain::Everything, start),
    };
    let mut shown: Vec<Value> = Vec::new();
    let mut first = true;
    for file in &args.files {
        if !first {
            let every = SignedDuration::try_from(args.every).unwrap_or(SignedDuration::MAX);
            let until = world.simulation.now().checked_add(every).unwrap_or(Timestamp::MAX);
            while let Some(fired) = world.simulation.pass(until) {
                show(&world, None, &fired.step, args, out, &mut shown)?;
            }
        }
        first = false;
        for event in input::events(&loaded, file, args.source.as_deref(), world.simulation.now())? {
            let step = world.simulation.event(event.clone());
            show(&world, Some(&event), &step, args, out, &mut shown)?;
        }
    }
    if out.is_json() {
        out.json(&json!({ "events": shown }))?;
    } else if shown.is_empty() {
        out.line("the payload holds no events")?;
    }
    Ok(End::Done)
}

struct World<'a> {
    catalogue: Option<&'a Catalogue>,
    wire: WireSettings,
    simulation: Simulation<'a>,
}

impl World<'_> {
    /// The requests that the effects of `rule` on `key` would make.
    fn requests(&self, step: &Step, decision: &Decision) -> Vec<wire::PlannedRequest> {
        step.effects
            .iter()
            .filter(|effect| effect.rule == decision.rule && Some(&effect.key) == decision.key.as_ref())
            .flat_map(|effect| wire::requests_for(effect, self.catalogue, &self.wire))
            .collect()
    }
}

fn show(
    world: &World<'_>,
    event: Option<&Event>,
    step: &Step,
    args: &Args,
    out: &mut Out,
    shown: &mut Vec<Value>,
) -> Result<(), Failure> {
    let decisions: Vec<(&Decision, Vec<wire::PlannedRequest>)> =
        step.decisions.iter().map(|decision| (decision, world.requests(step, decision))).collect();
    shown.push(as_json(event, step, &decisions));
    if out.is_json() { Ok(()) } else { as_text(world, event, step, &decisions, args.explain, out) }
}

fn as_json(
    event: Option<&Event>,
    step: &Step,
    decisions: &[(&Decision, Vec<wire::PlannedRequest>)],
) -> Value {
    let decisions: Vec<Value> = decisions
        .iter()
        .map(|(decision, requests)| {
            let mut value = json!(decision);
            value["requests"] = json!(requests);
            value
        })
        .collect();
    let event = step.event.as_ref().or(event);
    json!({ "event": event, "decisions": decisions, "outcome": step.outcome, "reason": step.reason })
}

fn as_text(
    world: &World<'_>,
    event: Option<&Event>,
    step: &Step,
    decisions: &[(&Decision, Vec<wire::PlannedRequest>)],
    explain: bool,
    out: &mut Out,
) -> Result<(), Failure> {
    match event {
        Some(event) => {
            let title = out.tone(Tone::Strong, &clean(event.title()));
            out.line(&format!(
                "{title}  [{} · {} · {}]",
                clean(event.source()),
                event.state(),
                event.severity()
            ))?;
        }
        None => out.line(&format!("{} (only time passed)", world.simulation.now()))?,
    }
    let (said, silent): (Vec<_>, Vec<_>) =
        decisions.iter().partition(|(d, _)| d.matched || d.outcome.is_some());
    for (decision, requests) in &said {
        one_decision(decision, out)?;
        for request in requests {
            out.line(&format!("      {} {}", request.method, request.path))?;
            let body = serde_json::to_string_pretty(&request.body).unwrap_or_default();
            out.line(&body.lines().map(|line| format!("      {line}")).collect::<Vec<_>>().join("\n"))?;
            for left in &request.unresolved {
                let note = format!("      {} `{}`: {}", left.field, clean(&left.name), left.why);
                out.line(&out.tone(Tone::Quiet, &note))?;
            }
        }
    }
    if explain || said.is_empty() {
        for (decision, _) in &silent {
            one_decision(decision, out)?;
        }
    } else if !silent.is_empty() {
        let rules = if silent.len() == 1 { "1 other rule" } else { &format!("{} other rules", silent.len()) };
        let more = format!("  {rules} did not match (--explain shows why)");
        out.line(&out.tone(Tone::Quiet, &more))?;
    }
    let reason = step.reason.as_deref().map(|r| format!(": {}", clean(r))).unwrap_or_default();
    let outcome = out.tone(Tone::Strong, step.outcome.as_str());
    out.line(&format!("  → {outcome}{reason}\n"))
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
