//! `haloward dry-run`: what payloads or events would lead to, and why. Sends nothing.

mod printer;
mod shown;
mod tally;
mod validate;

use std::path::PathBuf;

use haloward_rules::{Decision, Event, Explain, Simulation, Step, parse_duration, suggestion};
use jiff::{SignedDuration, Timestamp};

use super::output::{Out, print_findings, remark};
use super::portable::Portable;
use super::stream::{Content, Inputs, Kind};
use super::{End, Ended, Failure, Global, input};
use crate::catalogue::Catalogue;
use crate::config::Loaded;
use crate::wire::{self, WireSettings};
use printer::{Printer, Shape};
use validate::Validation;

/// Show what payloads or events would lead to; sends nothing and needs no account.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  haloward dry-run --source alertmanager examples/payloads/alertmanager/firing.json\n  \
    haloward dry-run event.json\n  cat payload.json | haloward dry-run --source ninjaone -\n  \
    haloward dry-run --summary yesterday.jsonl\n  haloward dry-run --lines - < events.jsonl | jq .outcome\n\n\
    With --source a file holds payloads and goes through the source's preset (a source that is not configured\n\
    uses the preset of its name, or the generic one); of one that is polled, answers of its API or single items.\n\
    Without --source a file holds events. Either is one JSON document, which may be a list of events, or one on\n\
    each line, however many. All inputs keep their cases between them, in order. Events that say when they were\n\
    received are decided at that time, unless --at is given."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub(super) struct Args {
    /// Files with payloads or events; `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The source that the payloads come from.
    #[arg(long)]
    source: Option<String>,
    /// The time of the first input; else when it says it was received, else now.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// How long after each other the inputs come.
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = duration)]
    every: std::time::Duration,
    /// The tenant's names and ids, as saved; without them names stay names in the requests.
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
    /// Look the names up in HaloPSA; only reads.
    #[arg(long, conflicts_with = "catalogue")]
    online: bool,
    /// Ask HaloPSA, only reading, what would keep these tickets from being as the rules want them; exit 1 if
    /// anything would. Implies --online.
    #[arg(long, conflicts_with = "catalogue")]
    validate: bool,
    /// Rule files or folders; else those of the configuration.
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Show every rule with every condition.
    #[arg(long)]
    explain: bool,
    /// One JSON object on a line for each event, as soon as it is decided; only rules that matched, unless --explain.
    #[arg(long, conflicts_with = "summary")]
    lines: bool,
    /// Only counts, by outcome and by rule.
    #[arg(long)]
    summary: bool,
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
    if let Some(source) = &args.source
        && let Some(doubt) = doubt(&loaded, source)
    {
        remark(&doubt);
    }
    let catalogue = match &args.catalogue {
        Some(path) => Some(Catalogue::load(path).map_err(|error| Failure::new(error.to_string()))?),
        None if args.online || args.validate => Some(super::catalogue::fetch(&loaded)?),
        None => None,
    };
    let shape = if args.summary {
        Shape::Summary(Box::default())
    } else if args.lines {
        Shape::Lines
    } else if out.is_json() {
        Shape::Document
    } else {
        Shape::Text { explain: args.explain }
    };
    // What shows every event by itself has room for why; what is for very many has not.
    let brief = args.summary || args.lines;
    let explain = if brief && !args.explain { Explain::Matches } else { Explain::Everything };
    let planner = Planner { catalogue: catalogue.as_ref(), wire: crate::app::wire_settings(&loaded.config) };
    let mut validation = args.validate.then(Validation::default);
    let mut printer = Printer::new(shape, out, planner);
    let mut clock = Clock { at: args.at, every: args.every, last: None };
    let mut simulation =
        Simulation::new(&loaded.rules, explain, args.at.unwrap_or(Timestamp::MIN)).forgetting();
    let kind = if args.source.is_some() { Kind::Payloads } else { Kind::Events };
    let mut tell = || -> Result<(), Failure> {
        for file in &args.files {
            let mut inputs = Inputs::open(file, kind);
            while let Some(content) = inputs.next() {
                let content = content?;
                let at = clock.next(&content);
                while let Some(fired) = simulation.pass(at) {
                    printer.show(&fired.step, fired.at, true)?;
                    validate(&mut validation, &fired.step, &printer);
                }
                for event in events(content, args.source.as_deref(), &loaded, at)? {
                    let step = simulation.event(event);
                    printer.show(&step, simulation.now(), false)?;
                    validate(&mut validation, &step, &printer);
                }
                if inputs.is_idle() {
                    printer.flush()?;
                }
            }
        }
        Ok(())
    };
    let told = tell();
    if told.is_err() {
        // What was decided before the mistake is not lost with it.
        printer.flush()?;
    }
    told?;
    printer.finish()?;
    match validation {
        Some(validation) => validation.finish(&loaded, catalogue.as_ref(), out),
        None => Ok(End::Done),
    }
}

/// What to know about a source that nobody configured: its name may be a typing mistake.
fn doubt(loaded: &Loaded, source: &str) -> Option<String> {
    if loaded.config.sources.contains_key(source) || loaded.presets.get(source).is_some() {
        return None;
    }
    let sources = loaded.config.sources.keys().map(String::as_str);
    let near = suggestion(source, sources.chain(loaded.presets.iter().map(|preset| preset.name())));
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Some(format!(
        "no source or preset is called `{source}`: its payloads are read by the usual names of fields{near}"
    ))
}

fn validate(validation: &mut Option<Validation>, step: &Step, printer: &Printer<'_, '_>) {
    if let Some(validation) = validation {
        validation.step(step, &printer.planner);
    }
}

/// When inputs come.
struct Clock {
    at: Option<Timestamp>,
    every: std::time::Duration,
    last: Option<Timestamp>,
}

impl Clock {
    fn next(&mut self, content: &Content) -> Timestamp {
        let received = match content {
            Content::Events(events) if self.at.is_none() => events.iter().find_map(Event::received_at),
            _ => None,
        };
        let every = SignedDuration::try_from(self.every).unwrap_or(SignedDuration::MAX);
        let in_turn = match self.last {
            Some(last) => last.checked_add(every).unwrap_or(Timestamp::MAX),
            None => self.at.unwrap_or_else(Timestamp::now),
        };
        let at = received.unwrap_or(in_turn);
        // What was recorded out of order is decided in the order it stands in.
        let at = self.last.map_or(at, |last| at.max(last));
        self.last = Some(at);
        at
    }
}

/// The events of an input: of its payload through the source's preset, or as they stand in it.
fn events(
    content: Content,
    source: Option<&str>,
    loaded: &Loaded,
    at: Timestamp,
) -> Result<Vec<Event>, Failure> {
    let received = |event: Event| {
        let id = event.id().to_owned();
        event.received(&id, at)
    };
    match (content, source) {
        (Content::Events(events), _) => Ok(events.into_iter().map(received).collect()),
        (Content::Payload(_), None) => Ok(Vec::new()),
        (Content::Payload(payload), Some(source)) => {
            let events = input::of_payload(loaded, source, payload, source, at)?;
            Ok(events.into_iter().map(received).collect())
        }
    }
}

/// Makes the requests that effects would lead to.
struct Planner<'a> {
    catalogue: Option<&'a Catalogue>,
    wire: WireSettings,
}

impl Planner<'_> {
    /// The requests that the effects of `decision`'s rule on its key would make.
    fn requests(&self, step: &Step, decision: &Decision) -> Vec<wire::PlannedRequest> {
        step.effects
            .iter()
            .filter(|effect| effect.rule == decision.rule && Some(&effect.key) == decision.key.as_ref())
            .flat_map(|effect| wire::requests_for(effect, self.catalogue, &self.wire))
            .collect()
    }
}
