//! `haloward replay`: recorded events through two sets of rules, and what would have been different.
//!
//! A run begins without any case and goes on the virtual clock of the events; where no second set of rules is given,
//! what was decided at the time takes the place of one. `recording` brings the events, `run` decides about them or
//! looks up what was decided, `compare` pairs the tickets of the two runs, `ticket` says how two differ, `shown` shows
//! it.

mod compare;
mod export;
mod recording;
mod run;
mod shown;
mod ticket;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use haloward_rules::{Event, Report, parse_duration};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp};

use super::output::{Out, print_findings};
use super::{End, Ended, Failure, Global};
use crate::config::Loaded;
use compare::{Comparison, Side};
use recording::{Recorded, Recording};
use run::Run;

/// Run recorded events through changed rules and show what would have been different.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  haloward replay --since 7d --against new-rules\n  \
    haloward replay --since 7d\n  \
    haloward replay --since 30d --export events.jsonl\n  \
    haloward replay --events events.jsonl --against rules --rules main/rules --fail-on-difference\n\n\
    The configured rules (or those of --rules) are before, those of --against after. Both begin without any case and\n\
    see each event at the time it was received; timers fire on the way, and the journal knows when people worked on\n\
    tickets or closed them. Without --against, what was decided at the time is before, and the configured rules are\n\
    after; cases that were open before the first event are not known to them, so go back far enough.\n\
    Works while the service runs, and changes nothing.")]
pub(super) struct Args {
    /// The changed rules: files or a folder. Without them, what was decided at the time is compared.
    #[arg(long, value_name = "PATH")]
    against: Vec<PathBuf>,
    /// The rules to compare with; else those of the configuration.
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// How far back to go; else as far as the journal does.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    since: Option<Duration>,
    /// Take the events from a file of JSON lines, or from standard input as `-`, not from the journal.
    #[arg(long, value_name = "FILE", conflicts_with = "since", requires = "against")]
    events: Option<PathBuf>,
    /// Write the journal's events into a file as JSON lines (`-` is standard output), and do nothing else.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["against", "events", "rules"])]
    export: Option<PathBuf>,
    /// Exit 1 if any ticket would be different.
    #[arg(long)]
    fail_on_difference: bool,
    /// How many tickets of each kind to show.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    let configured = load(global, &args.rules)?;
    let since =
        args.since.and_then(|ago| Timestamp::now().checked_sub(SignedDuration::try_from(ago).ok()?).ok());
    let mut recording = match &args.events {
        Some(path) => Recording::lines(path),
        None => Recording::journal(&configured.config.store, since)?,
    };
    if let Some(path) = &args.export {
        return export::write(path, &mut recording, out);
    }
    let changed = if args.against.is_empty() { None } else { Some(load(global, &args.against)?) };
    let progress = Progress::new();
    let runs = match &changed {
        Some(changed) => [Run::of(&configured.rules), Run::of(&changed.rules)],
        None => [Run::recorded(&configured.config.store, since)?, Run::of(&configured.rules)],
    };
    let mut replay = Replay::new(runs, args.limit);
    while let Some((recorded, at)) = recording.next()? {
        match recorded {
            Recorded::Event(event) => replay.event(&event, at)?,
            Recorded::Report(report) => replay.report(&report, at)?,
        }
        progress.at(replay.comparison.events, at);
    }
    let (comparison, span) = replay.finish();
    progress.done();
    if out.is_json() {
        out.json(&shown::to_json(&comparison, span))?;
    } else {
        shown::print(&comparison, span, out)?;
    }
    let differs = comparison.more + comparison.fewer + comparison.changed > 0;
    Ok(if differs && args.fail_on_difference { End::No } else { End::Done })
}

fn load(global: &Global, rules: &[PathBuf]) -> Result<Loaded, Failure> {
    let loaded = global.load(rules)?;
    if loaded.findings.has_errors() {
        print_findings(&loaded.findings);
        let which = rules.first().map_or("configured".to_owned(), |path| format!("`{}`", path.display()));
        return Err(Failure::help(
            format!("the rules ({which}) have mistakes"),
            "`haloward check` shows them",
        ));
    }
    Ok(loaded)
}

/// Two runs of the same events.
struct Replay<'r> {
    runs: [Run<'r>; 2],
    comparison: Comparison,
    first: Option<Timestamp>,
    now: Timestamp,
}

impl<'r> Replay<'r> {
    fn new(runs: [Run<'r>; 2], keep: usize) -> Self {
        Self { runs, comparison: Comparison::new(keep), first: None, now: Timestamp::MIN }
    }

    fn event(&mut self, event: &Event, at: Timestamp) -> Result<(), Failure> {
        let at = self.pass(at)?;
        let [before, after] = &mut self.runs;
        // What is not decided yet, or so old that its decision was forgotten, can't be compared with one.
        let Some(before) = before.event(event, at)? else { return Ok(()) };
        let Some(after) = after.event(event, at)? else { return Ok(()) };
        self.first.get_or_insert(at);
        self.comparison.event(event, &before, &after);
        Ok(())
    }

    /// What people did to a ticket.
    fn report(&mut self, report: &Report, at: Timestamp) -> Result<(), Failure> {
        let at = self.pass(at)?;
        for side in [Side::Before, Side::After] {
            if let Some(heard) = self.runs[side as usize].report(report, at) {
                self.comparison.timer(side, &heard);
            }
        }
        Ok(())
    }

    /// Timers of both runs in the order of their times, so that tickets that are open together are seen together.
    /// What was recorded out of order is decided in the order it was taken: gives the time it is then.
    fn pass(&mut self, at: Timestamp) -> Result<Timestamp, Failure> {
        let until = at.max(self.now);
        loop {
            let [before, after] = &mut self.runs;
            let due = [before.next_due()?, after.next_due()?];
            let side = match due {
                [Some(before), Some(after)] if after < before => Side::After,
                [None, Some(_)] => Side::After,
                _ => Side::Before,
            };
            let Some(due) = due[side as usize].filter(|due| *due <= until) else { break };
            if let Some(heard) = self.runs[side as usize].pass(due)? {
                self.comparison.timer(side, &heard);
            }
        }
        for run in &mut self.runs {
            // Nothing is due any more: only the clock moves.
            let _ = run.pass(until)?;
        }
        self.now = until;
        Ok(until)
    }

    fn finish(mut self) -> (Comparison, Option<(Timestamp, Timestamp)>) {
        self.comparison.finish();
        (self.comparison, self.first.map(|first| (first, self.now)))
    }
}

/// How far a long replay is, on a terminal only.
struct Progress {
    bar: ProgressBar,
}

impl Progress {
    fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { bar: ProgressBar::hidden() };
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} events, {per_sec}, at {msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    fn at(&self, events: u64, at: Timestamp) {
        // LIMIT: people read a few changes a second; drawing each event would cost more than deciding it.
        if events.is_multiple_of(1_024) && !self.bar.is_hidden() {
            self.bar.set_position(events);
            self.bar.set_message(at.to_string());
        }
    }

    fn done(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests;
