//! `haloward events`: what came, and why each event led to what it did.

mod as_test;

pub(super) use as_test::EXPECTED;

use std::path::{Path, PathBuf};

use haloward_rules::Outcome;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::output::{Out, Tone, clean, columns, time};
use super::portable::Portable;
use super::service::{Page, Service, Which};
use super::{End, Ended, Failure, Global};
use crate::inspect::{self, EventLine, EventReport, EventStory, EventsQuery, List};
use crate::trace::TraceId;

/// Look at the events that came, and why each led to what it did.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  haloward events list --since 1h --outcome unmatched\n  \
    haloward events show evt_0cm3k9v2x8r4t\n  \
    haloward events show evt_0cm3k9v2x8r4t --as-test > rules/disk_test.yaml\n  \
    haloward events list --trace 4bf92f3577b34da6a3ce929d0e0e4736\n\n\
    Without a running service its store is read.")]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// The events, newest first.
    List {
        /// Of this source.
        #[arg(long)]
        source: Option<String>,
        /// With this outcome: open_ticket, unmatched, silenced …
        #[arg(long, value_parser = outcome)]
        outcome: Option<Outcome>,
        /// With this text anywhere in them.
        #[arg(long)]
        text: Option<String>,
        /// Of the delivery with this trace id, however far back.
        #[arg(long, value_name = "ID")]
        trace: Option<TraceId>,
        /// Not older than this: `30m`, `7d`.
        #[arg(long, value_name = "DURATION", value_parser = super::dry_run::duration)]
        since: Option<std::time::Duration>,
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        which: Which,
    },
    /// One event: what was decided, why, and what it led to in HaloPSA.
    Show {
        /// Its id, or the trace id of its delivery.
        event: String,
        /// Print it as a rule test, with what came before it in its case.
        #[arg(long)]
        as_test: bool,
        /// Write it into a file that comes to the same decision elsewhere: `haloward dry-run FILE`.
        #[arg(long, value_name = "FILE", conflicts_with = "as_test")]
        report: Option<PathBuf>,
        #[command(flatten)]
        which: Which,
    },
}

fn outcome(text: &str) -> Result<Outcome, String> {
    let found = Outcome::ALL.iter().find(|(name, _)| *name == text).map(|(_, outcome)| *outcome);
    found.ok_or_else(|| {
        let names: Vec<&str> = Outcome::ALL.iter().map(|(name, _)| *name).collect();
        format!("one of {}", names.join(", "))
    })
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    match &args.what {
        What::List { source, outcome, text, trace, since, page, which } => {
            let since =
                since.and_then(|age| Timestamp::now().checked_sub(SignedDuration::try_from(age).ok()?).ok());
            let query = EventsQuery {
                source: source.clone(),
                outcome: outcome.map(|outcome| outcome.to_string()),
                text: text.clone(),
                trace: trace.map(|trace| trace.to_string()),
                since,
                before: page.before.clone(),
                limit: Some(page.limit),
            };
            list(&Service::find(which, global)?, &query, out)
        }
        What::Show { event, as_test, report, which } => {
            let service = Service::find(which, global)?;
            let event = meant(&service, event)?;
            match report {
                Some(file) => write_report(&service, &event, file, global, out),
                None if *as_test => test(&service, &event, out),
                None => show(&service, &event, out),
            }
        }
    }
}

/// The id of the event that is meant, where its trace may be given instead.
fn meant(service: &Service, text: &str) -> Result<String, Failure> {
    let Ok(trace) = text.parse::<TraceId>() else { return Ok(text.to_owned()) };
    let query = EventsQuery { trace: Some(trace.to_string()), limit: Some(2), ..EventsQuery::default() };
    match page(service, &query)?.items.as_slice() {
        [] => Err(Failure::new(format!("there is no event of the trace `{trace}`"))),
        [event] => Ok(event.id.to_string()),
        _ => Err(Failure::help(
            format!("several events have the trace `{trace}`"),
            format!("`haloward events list --trace {trace}` shows them"),
        )),
    }
}

/// A page of events. One page looks at so many events and no more, and what has a trace may lie far back: it is looked
/// for until something is found or nothing is left.
fn page(service: &Service, query: &EventsQuery) -> Result<List<EventLine>, Failure> {
    let mut query = query.clone();
    loop {
        let found: List<EventLine> =
            service.ask("/api/v1/events", &query, |reader, _| inspect::events(reader, &query))?;
        if query.trace.is_none() || !found.items.is_empty() || found.next.is_none() {
            return Ok(found);
        }
        query.before = found.next;
    }
}

fn list(service: &Service, query: &EventsQuery, out: &mut Out) -> Ended {
    let found = page(service, query)?;
    service.note();
    if out.is_json() {
        out.json(&json!(found))?;
        return Ok(End::Done);
    }
    if found.items.is_empty() {
        out.line("no such events")?;
    } else {
        let mut rows = vec![
            ["ID", "RECEIVED", "SOURCE", "STATE", "SEVERITY", "OUTCOME", "TITLE"].map(str::to_owned).to_vec(),
        ];
        rows.extend(found.items.iter().map(|event| {
            vec![
                event.id.to_string(),
                time(event.received_at),
                clean(&event.source),
                event.state.clone(),
                event.severity.clone(),
                event.outcome.clone().unwrap_or_else(|| "(waits)".to_owned()),
                clean(&event.title),
            ]
        }));
        for line in columns(&rows) {
            out.line(&line)?;
        }
    }
    super::service::more(found.next.as_deref(), out)
}

fn show(service: &Service, id: &str, out: &mut Out) -> Ended {
    let path = format!("/api/v1/events/{}", super::service::segment(id));
    let story: EventStory =
        service.ask(&path, &(), |reader, loaded| inspect::event(reader, id, Some(&loaded.rules)))?;
    service.note();
    if out.is_json() {
        out.json(&json!(story))?;
        return Ok(End::Done);
    }
    let text = |name: &str| clean(story.event[name].as_str().unwrap_or_default());
    let tags = format!("[{} · {} · {}]", text("source"), text("state"), text("severity"));
    out.line(&format!("{}  {tags}", out.tone(Tone::Strong, &text("title"))))?;
    out.line(&format!("  {} received {}", story.id, time(story.received_at)))?;
    if let Some(trace) = &story.trace {
        out.line(&format!("  trace {}", clean(trace)))?;
    }
    if let Some(why) = story.event["unmapped"].as_str() {
        out.line(&out.tone(Tone::Bad, &format!("  it does not fit its preset: {}", clean(why))))?;
    }
    match &story.decision {
        None => out.line("  → waits to be decided")?,
        Some(decision) => {
            decisions(&decision.details["decisions"], false, out)?;
            let reason = decision.details["reason"].as_str().map(|reason| format!(": {}", clean(reason)));
            let outcome = out.tone(Tone::Strong, &decision.outcome);
            out.line(&format!(
                "  → {outcome}{}  (rules {}, {})",
                reason.unwrap_or_default(),
                decision.rules,
                time(decision.at)
            ))?;
        }
    }
    if let Some(considered) = &story.considered
        && considered["decisions"].as_array().is_some_and(|all| all.iter().any(|d| d["matched"] != true))
    {
        out.line("  rules that do not match it, as they are now")?;
        decisions(&considered["decisions"], true, out)?;
    }
    super::queue::lines_of(&story.operations, out)?;
    Ok(End::Done)
}

/// The rules that matched, or those that did not with what failed.
pub(super) fn decisions(said: &Value, failed: bool, out: &mut Out) -> Result<(), Failure> {
    let said = said.as_array().map(Vec::as_slice).unwrap_or_default();
    for decision in said.iter().filter(|decision| (decision["matched"] != true) == failed) {
        let text = |name: &str| clean(decision[name].as_str().unwrap_or_default());
        let mark = if failed { out.tone(Tone::Bad, "✗") } else { out.tone(Tone::Good, "✓") };
        let outcome = decision["outcome"].as_str().map(|outcome| format!(" → {outcome}")).unwrap_or_default();
        let reason =
            decision["reason"].as_str().map(|reason| format!(": {}", clean(reason))).unwrap_or_default();
        let shadow = if decision["mode"] == "shadow" { " (shadow)" } else { "" };
        out.line(&format!(
            "  {mark} {}{shadow}{outcome}{reason}  {}",
            text("rule"),
            out.tone(Tone::Quiet, &text("at"))
        ))?;
        let conditions = decision["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
        for condition in conditions.iter().filter(|condition| condition["held"] == !failed) {
            let actual = match &condition["actual"] {
                Value::Null => "nothing".to_owned(),
                Value::String(text) => clean(text),
                other => clean(&other.to_string()),
            };
            let actual: String = actual.chars().take(120).collect();
            let text = |name: &str| clean(condition[name].as_str().unwrap_or_default());
            out.line(&format!("      {} {} (is {actual})", text("path"), text("expected")))?;
            if failed {
                break;
            }
        }
    }
    Ok(())
}

fn fetch_report(service: &Service, id: &str) -> Result<EventReport, Failure> {
    let path = format!("/api/v1/events/{}/report", super::service::segment(id));
    let report = service.ask(&path, &(), |reader, _| inspect::report(reader, id))?;
    service.note();
    Ok(report)
}

fn write_report(service: &Service, id: &str, file: &Path, global: &Global, out: &mut Out) -> Ended {
    let report = fetch_report(service, id)?;
    let loaded = global.load(&[])?;
    let decided_by = report.decision.as_ref().map(|decision| decision.rules.clone());
    let portable = Portable::pack(report, &loaded)?;
    if decided_by.is_some_and(|version| version != loaded.version) {
        super::output::remark("the rules have changed since it was decided: the report holds those of now");
    }
    if !portable.is_faithful()? {
        super::output::remark("with what the report holds, the decision is another one than was recorded");
    }
    let text = serde_json::to_string_pretty(&portable).map_err(|error| Failure::new(error.to_string()))?;
    let failed = |error: std::io::Error| Failure::new(format!("cannot write `{}`: {error}", file.display()));
    std::fs::write(file, text).map_err(failed)?;
    if out.is_json() {
        out.json(&json!({ "file": file }))?;
    } else {
        out.line(&format!("written to {}; look at it before you send it", file.display()))?;
    }
    Ok(End::Done)
}

fn test(service: &Service, id: &str, out: &mut Out) -> Ended {
    let report = fetch_report(service, id)?;
    let test = as_test::test(&report);
    if out.is_json() {
        out.json(&test)?;
    } else {
        let text =
            as_test::yaml(&test).map_err(|error| Failure::new(format!("it cannot be written: {error}")))?;
        out.line(text.trim_end())?;
    }
    Ok(End::Done)
}
