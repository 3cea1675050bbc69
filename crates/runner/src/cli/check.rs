//! `haloward check`: everything that can be known without running.

use std::path::PathBuf;

use haloward_rules::StoryFile;
use serde_json::{Value, json};

use super::output::{Out, Tone, counts};
use super::{End, Ended, Global};

/// Check the configuration, the rules and their tests.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  haloward check\n  haloward check rules/disk.yaml\n  haloward check --format json"
)]
pub(super) struct Args {
    /// Rule files or folders; else those of the configuration.
    paths: Vec<PathBuf>,
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    let mut loaded = global.load(&args.paths)?;
    let mut stories = 0;
    for file in &loaded.tests {
        let (story, findings) = StoryFile::load(file);
        stories += story.len();
        loaded.findings.extend(findings);
    }
    let findings = &loaded.findings;
    let ok = !findings.has_errors();
    if out.is_json() {
        let all: Vec<Value> = findings.iter().map(haloward_rules::Finding::to_json).collect();
        out.json(&json!({
            "ok": ok,
            "rules": loaded.rules.rules().len(),
            "tests": stories,
            "sources": loaded.config.sources.len(),
            "findings": all,
        }))?;
    } else {
        if !findings.is_empty() {
            out.line(&findings.render())?;
        }
        let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let what = format!(
            "{} in {}, {}, {}",
            plural(loaded.rules.rules().len(), "rule"),
            plural(loaded.rule_files, "file"),
            plural(stories, "test"),
            plural(loaded.config.sources.len(), "source"),
        );
        let verdict = if ok { out.tone(Tone::Good, "ok") } else { out.tone(Tone::Bad, "not ok") };
        out.line(&format!("{verdict}: {what}: {}", counts(findings)))?;
    }
    Ok(if ok { End::Done } else { End::No })
}
