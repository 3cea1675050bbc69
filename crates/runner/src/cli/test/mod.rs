//! `haloward test`: the stories of the rules, told in parallel on a virtual clock.

mod junit;
mod least;
mod telling;

use std::path::PathBuf;

use haloward_rules::{Coverage, CoverageReport, Share, StoryFile, StoryOutcome};
use serde_json::{Value, json};

use super::output::{Out, Tone, clean, print_findings};
use super::{End, Ended, Failure, Global};
use crate::config::Loaded;
use least::{Least, Of};
pub(super) use telling::payload;

/// Tell the rule tests (`*_test.yaml` beside the rules).
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  haloward test\n  haloward test rules/disk_test.yaml\n  haloward test --filter 'backup' \n  \
    haloward test rules --coverage --fail-under 100\n  \
    haloward test --junit tests.xml --fail-under rules=100,conditions=80,effects=90"
)]
pub(super) struct Args {
    /// Rule folders, else that of the configuration; and test files, if only they are to be told.
    paths: Vec<PathBuf>,
    /// Only tests with this in their name.
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// Show what no test reached: rules, conditions that never held or never failed, effects.
    #[arg(long)]
    coverage: bool,
    /// The share of rules that tests must reach, in percent; also of conditions and effects:
    /// `rules=100,conditions=80,effects=90`.
    #[arg(long, value_name = "PERCENT", value_delimiter = ',', conflicts_with = "filter")]
    fail_under: Vec<Least>,
    /// Write the results as JUnit XML too.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    let loaded = load(args, global)?;
    let mut files = Vec::new();
    for file in &loaded.tests {
        let (stories, findings) = StoryFile::load(file);
        if findings.has_errors() {
            print_findings(&findings);
            return Err(Failure::new(format!("the tests in `{}` have mistakes", file.path)));
        }
        files.push(stories);
    }
    let wanted = |name: &str| {
        args.filter.is_empty()
            || args.filter.iter().any(|text| name.to_lowercase().contains(&text.to_lowercase()))
    };
    let mut outcomes = telling::tell(&loaded, &files, &wanted);
    if outcomes.is_empty() && !args.filter.is_empty() {
        return Err(Failure::help(
            format!("no test has `{}` in its name", args.filter.join("` or `")),
            "`haloward test --format json` names them all",
        ));
    }
    let mut coverage = Coverage::default();
    for outcome in &mut outcomes {
        coverage.merge(std::mem::take(&mut outcome.coverage));
    }
    let coverage = coverage.report(&loaded.rules);
    if let Some(path) = &args.junit {
        junit::write(path, &outcomes)?;
    }
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    let too_little: Vec<&Least> = args.fail_under.iter().filter(|least| !least.is_met(&coverage)).collect();
    if out.is_json() {
        as_json(&outcomes, failed, &coverage, out)?;
    } else {
        as_text(args, &outcomes, failed, &coverage, &too_little, out)?;
    }
    Ok(if failed == 0 && too_little.is_empty() { End::Done } else { End::No })
}

/// The rules, and the tests that are to be told.
fn load(args: &Args, global: &Global) -> Result<Loaded, Failure> {
    let is_test =
        |path: &&PathBuf| path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("_test"));
    let (tests, rules): (Vec<&PathBuf>, Vec<&PathBuf>) = args.paths.iter().partition(is_test);
    let mut loaded = global.load(&rules.into_iter().cloned().collect::<Vec<_>>())?;
    if loaded.findings.has_errors() {
        print_findings(&loaded.findings);
        return Err(Failure::help(
            "the rules have mistakes",
            "`haloward check` shows them; no test was told",
        ));
    }
    if !tests.is_empty() {
        loaded.tests.clear();
        for path in tests {
            loaded.tests.push(crate::config::read(path)?);
        }
    }
    Ok(loaded)
}

fn as_json(
    outcomes: &[StoryOutcome],
    failed: usize,
    coverage: &CoverageReport,
    out: &mut Out,
) -> Result<(), Failure> {
    let tests: Vec<Value> = outcomes
        .iter()
        .map(|o| {
            let passed = o.failure.is_none();
            json!({ "name": o.name, "file": o.file, "at": o.at, "passed": passed, "failure": o.failure })
        })
        .collect();
    let passed = outcomes.len() - failed;
    out.json(&json!({ "passed": passed, "failed": failed, "tests": tests, "coverage": coverage }))
}

fn as_text(
    args: &Args,
    outcomes: &[StoryOutcome],
    failed: usize,
    coverage: &CoverageReport,
    too_little: &[&Least],
    out: &mut Out,
) -> Result<(), Failure> {
    for outcome in outcomes {
        let Some(failure) = &outcome.failure else { continue };
        let mark = out.tone(Tone::Bad, "FAILED");
        let name = out.tone(Tone::Strong, &clean(&outcome.name));
        let text = failure.to_string();
        let text: Vec<String> = text.lines().map(|line| format!("  {line}")).collect();
        out.line(&format!("{mark} {name}\n{}\n", text.join("\n")))?;
    }
    if args.coverage {
        for gap in &coverage.gaps {
            out.line(&clean(&gap.to_string()))?;
        }
        for of in Of::ALL {
            let Share { reached, total, percent } = of.share(coverage);
            out.line(&format!("{:<10}  {reached} of {total} ({percent}%)", of.name()))?;
        }
    }
    for least in too_little {
        let percent = least.of.share(coverage).percent;
        let line =
            format!("only {percent}% of the {} are reached, less than {}%", least.of.name(), least.percent);
        out.line(&out.tone(Tone::Bad, &line))?;
    }
    let tone = if failed == 0 { Tone::Good } else { Tone::Bad };
    let verdict = out.tone(tone, &format!("{} passed, {failed} failed", outcomes.len() - failed));
    let Share { total, percent, .. } = coverage.rules;
    if args.filter.is_empty() {
        out.line(&format!("{verdict}; {percent}% of {total} rules reached"))
    } else {
        out.line(&verdict)
    }
}

/// Tells all stories of the files.
pub(super) fn tell(loaded: &Loaded, files: &[StoryFile]) -> Vec<StoryOutcome> {
    telling::tell(loaded, files, &|_| true)
}
