//! `haloward test`: the stories of the rules, told in parallel on a virtual clock.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use haloward_rules::{RuleId, StoryFile, StoryOutcome, StoryWorld};
use serde_json::{Value, json};

use super::output::{Out, Tone, print_findings};
use super::{End, Ended, Failure, Global};
use crate::config::Loaded;

/// Tell the rule tests (`*_test.yaml` beside the rules).
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  haloward test\n  haloward test rules\n  haloward test rules --coverage --fail-under 100"
)]
pub(super) struct Args {
    /// Rule folders; else that of the configuration.
    paths: Vec<PathBuf>,
    /// Name the rules that no test reached.
    #[arg(long)]
    coverage: bool,
    /// The share of rules that tests must reach, in percent.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    fail_under: Option<u8>,
}

// LIMIT: a sample payload of the receiver's largest body, and some room.
const MAX_PAYLOAD: u64 = 33 * 1024 * 1024;

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    let loaded = global.load(&args.paths)?;
    if loaded.findings.has_errors() {
        print_findings(&loaded.findings);
        return Err(Failure::help(
            "the rules have mistakes",
            "`haloward check` shows them; no test was told",
        ));
    }
    let mut files = Vec::new();
    for file in &loaded.tests {
        let (stories, findings) = StoryFile::load(file);
        if findings.has_errors() {
            print_findings(&findings);
            return Err(Failure::new(format!("the tests in `{}` have mistakes", file.path)));
        }
        files.push(stories);
    }
    let outcomes = tell(&loaded, &files);
    let failed = outcomes.iter().filter(|o| o.failure.is_some()).count();
    let reached: BTreeSet<&RuleId> = outcomes.iter().flat_map(|o| &o.fired).collect();
    let rules = loaded.rules.rules();
    let missed: Vec<_> = rules.iter().filter(|rule| !reached.contains(rule.id())).collect();
    let percent = if rules.is_empty() { 100 } else { (rules.len() - missed.len()) * 100 / rules.len() };
    if out.is_json() {
        let tests: Vec<Value> = outcomes
            .iter()
            .map(|o| json!({ "name": o.name, "at": o.at, "passed": o.failure.is_none(), "failure": o.failure }))
            .collect();
        let unreached: Vec<&str> = missed.iter().map(|rule| rule.id().as_str()).collect();
        out.json(&json!({
            "passed": outcomes.len() - failed, "failed": failed, "tests": tests,
            "coverage": { "rules": percent, "unreached": unreached },
        }))?;
    } else {
        for outcome in outcomes.iter().filter(|o| o.failure.is_some()) {
            let mark = out.tone(Tone::Bad, "FAILED");
            out.line(&format!(
                "{mark} {}\n  {}\n",
                outcome.name,
                outcome.failure.as_deref().unwrap_or_default()
            ))?;
        }
        if args.coverage {
            for rule in &missed {
                out.line(&format!("not reached: {} ({})", rule.id(), rule.at()))?;
            }
        }
        let tone = if failed == 0 { Tone::Good } else { Tone::Bad };
        let verdict = out.tone(tone, &format!("{} passed, {failed} failed", outcomes.len() - failed));
        out.line(&format!("{verdict}; {percent}% of {} rules reached", rules.len()))?;
    }
    let enough = args.fail_under.is_none_or(|least| percent >= usize::from(least));
    Ok(if failed == 0 && enough { End::Done } else { End::No })
}

/// All files, shared among the machine's cores; the order of the results is that of the files.
pub(super) fn tell(loaded: &Loaded, files: &[StoryFile]) -> Vec<StoryOutcome> {
    let world = StoryWorld {
        rules: &loaded.rules,
        preset: &|source| loaded.preset_of(source),
        payload: &|test, path| payload(Path::new(test), path),
    };
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(files.len().max(1));
    let mut told: Vec<(usize, Vec<StoryOutcome>)> = std::thread::scope(|scope| {
        let worker = || {
            let mut mine = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(file) = files.get(number) else { return mine };
                mine.push((number, file.run(&world)));
            }
        };
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        // A worker that panicked is a bug of ours; it must not look like a passed test.
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    told.sort_by_key(|(number, _)| *number);
    told.into_iter().flat_map(|(_, outcomes)| outcomes).collect()
}

/// A payload at a path relative to the test file.
pub(super) fn payload(test: &Path, path: &str) -> Result<Value, String> {
    let full = test.parent().unwrap_or(Path::new("")).join(path);
    let error = |why: String| format!("cannot read the payload `{}`: {why}", full.display());
    let size = std::fs::metadata(&full).map_err(|e| error(e.to_string()))?.len();
    if size > MAX_PAYLOAD {
        return Err(error(format!("it has {size} bytes")));
    }
    let bytes = std::fs::read(&full).map_err(|e| error(e.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|e| error(format!("it is not JSON: {e}")))
}
