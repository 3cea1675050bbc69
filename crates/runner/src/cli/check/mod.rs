//! `haloward check`: everything that can be known without running.

mod explain;

use std::path::PathBuf;

use haloward_rules::{Finding, Findings, Level, StoryFile};
use serde_json::{Value, json};

use super::output::{Out, Tone, counts};
use super::{End, Ended, Global};
use crate::config::Loaded;

/// Check the configuration, the rules and their tests.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  haloward check\n  haloward check rules/disk.yaml\n  haloward check --format json\n  haloward check --explain HW012"
)]
pub(super) struct Args {
    /// Rule files or folders; else those of the configuration.
    paths: Vec<PathBuf>,
    /// Print the page about a code; without one, the list of all codes.
    #[arg(long, value_name = "CODE", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["paths", "deny_warnings"])]
    explain: Option<String>,
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
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    if let Some(code) = &args.explain {
        return explain::run(code, out);
    }
    let checked = check(global.load(&args.paths)?);
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
            "findings": all,
        }))?;
    } else {
        if !findings.is_empty() {
            out.findings(findings)?;
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

fn check(loaded: Loaded) -> Checked {
    let mut findings = loaded.findings;
    let mut stories = Vec::new();
    for file in &loaded.tests {
        let (story, found) = StoryFile::load(file);
        stories.push(story);
        findings.extend(found);
    }
    Checked {
        findings: findings.sorted(),
        rules: loaded.rules.rules().len(),
        files: loaded.rule_files,
        tests: stories.iter().map(StoryFile::len).sum(),
        sources: loaded.config.sources.len(),
    }
}

#[cfg(test)]
mod tests;
