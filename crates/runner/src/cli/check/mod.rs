//! `haloward check`: everything that can be known without running.

mod explain;
mod names;
mod samples;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use haloward_rules::{Finding, Findings, Level, Preset, RuleId, StoryFile, Surroundings, analyse};
use serde_json::{Value, json};

use super::output::{Out, Tone, counts};
use super::{End, Ended, Global};
use crate::config::{Loaded, SourceConfig};
use crate::feeds::next_runs;
use names::Names;
use samples::Samples;

/// Check the configuration, the rules and their tests.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  haloward check\n  haloward check rules/disk.yaml\n  haloward check --online\n  haloward check --format json\n  haloward check --explain HW012"
)]
pub(super) struct Args {
    /// Rule files or folders; else those of the configuration.
    paths: Vec<PathBuf>,
    /// Print the page about a code; without one, the list of all codes.
    #[arg(long, value_name = "CODE", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["paths", "deny_warnings"])]
    explain: Option<String>,
    /// Check names against this catalogue; else against `catalogue.json` beside the configuration, if it is there.
    #[arg(long, value_name = "FILE", conflicts_with = "online")]
    catalogue: Option<PathBuf>,
    /// Check names against HaloPSA itself; only reads.
    #[arg(long)]
    online: bool,
    /// Let the answer be no for warnings too.
    #[arg(long)]
    deny_warnings: bool,
}

/// What a check found, and in how much.
struct Checked {
    findings: Findings,
    rules: usize,
    files: usize,
    tests: usize,
    sources: usize,
    names: Names,
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    if let Some(code) = &args.explain {
        return explain::run(code, out);
    }
    let mut loaded = global.load(&args.paths)?;
    names::take(&mut loaded, args.catalogue.as_deref(), args.online)?;
    let checked = check(&loaded);
    let findings = &checked.findings;
    let warned = findings.iter().any(|finding| finding.level == Level::Warning);
    let refused = findings.has_errors() || (args.deny_warnings && warned);
    let ok = !refused;
    if out.is_json() {
        let all: Vec<Value> = findings.iter().map(Finding::to_json).collect();
        out.json(&json!({
            "ok": ok,
            "rules": checked.rules,
            "tests": checked.tests,
            "sources": checked.sources,
            "names": checked.names.as_json(),
            "schedules": schedules(&loaded, jiff::Timestamp::now()),
            "findings": all,
        }))?;
    } else {
        if !findings.is_empty() {
            out.findings(findings)?;
        }
        if let Some(line) = checked.names.line(jiff::Timestamp::now()) {
            out.line(&out.tone(Tone::Quiet, &line))?;
        }
        for (name, runs) in schedules(&loaded, jiff::Timestamp::now()) {
            out.line(&out.tone(Tone::Quiet, &format!("`{name}` runs next: {}", runs.join(", "))))?;
        }
        let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let what = format!(
            "{} in {}, {}, {}",
            plural(checked.rules, "rule"),
            plural(checked.files, "file"),
            plural(checked.tests, "test"),
            plural(checked.sources, "source"),
        );
        let verdict = if ok { out.tone(Tone::Good, "ok") } else { out.tone(Tone::Bad, "not ok") };
        out.line(&format!("{verdict}: {what}: {}", counts(findings)))?;
    }
    Ok(if ok { End::Done } else { End::No })
}

/// When each schedule runs next: whoever reads that sees whether the expression says what was meant.
fn schedules(loaded: &Loaded, now: jiff::Timestamp) -> BTreeMap<&str, Vec<String>> {
    let schedules = loaded.config.sources.iter().filter_map(|(name, source)| match source {
        SourceConfig::Schedule(schedule) => Some((name.as_str(), next_runs(schedule, now, 3))),
        SourceConfig::Webhook(_) | SourceConfig::Poll(_) | SourceConfig::Halo(_) => None,
    });
    schedules.collect()
}

fn check(loaded: &Loaded) -> Checked {
    let mut names = names::check(loaded);
    let mut findings = loaded.findings.clone();
    findings.extend(loaded.config.weak_secrets());
    let mut stories = Vec::new();
    for file in &loaded.tests {
        let (story, found) = StoryFile::load(file);
        stories.push(story);
        findings.extend(found);
    }
    findings.extend(analysis(loaded, &stories, !findings.has_errors()));
    findings.extend(std::mem::take(&mut names.findings));
    Checked {
        findings: findings.sorted(),
        rules: loaded.rules.rules().len(),
        files: loaded.rule_files.len(),
        tests: stories.iter().map(StoryFile::len).sum(),
        sources: loaded.config.sources.len(),
        names,
    }
}

/// What can be known beyond the syntax. `complete` says that nothing is missing because of a mistake.
fn analysis(loaded: &Loaded, stories: &[StoryFile], complete: bool) -> Findings {
    let tested = complete && stories.iter().any(|story| !story.is_empty());
    // Which rules a test reaches is known by telling it; what is wrong with it is for `haloward test` to say.
    let outcomes = if tested { super::test::tell(loaded, stories) } else { Vec::new() };
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    // A story that ends early does not reach what it was written for.
    let reached: Option<BTreeSet<RuleId>> =
        (tested && failed == 0).then(|| outcomes.iter().flat_map(|o| o.coverage.rules().cloned()).collect());
    let samples = Samples::of(loaded, stories);
    let maps = loaded.config.sources.values().filter_map(|source| source.reading()?.map.clone());
    let presets: Vec<Arc<Preset>> = loaded.presets.iter().cloned().chain(maps).collect();
    let surroundings = Surroundings {
        files: &loaded.rule_files,
        presets: &presets,
        sources: &loaded.config.source_places,
        samples: &|source| samples.of_source(source),
        every_sample: &|| samples.all(),
        told: samples.told(),
        reached: reached.as_ref(),
    };
    let mut findings = analyse(&loaded.rules, &surroundings, complete);
    if failed > 0 {
        let tests = if failed == 1 { "1 test fails".to_owned() } else { format!("{failed} tests fail") };
        findings.push(
            Finding::warning("HW150", tests).help("`haloward test` shows what was expected and what came"),
        );
    }
    if complete && !tested && !loaded.rules.rules().is_empty() {
        findings.push(Finding::warning("HW147", "no rule has a test").help(
            "tell in a `*_test.yaml` file beside the rules what they are for; `haloward init` writes one",
        ));
    }
    findings
}

#[cfg(test)]
mod tests;
