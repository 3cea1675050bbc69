//! A report to take along: an event with those before it in its case, and the rules, redacted, in one file that comes to
//! the same decision elsewhere. `events show --report` writes it, `dry-run` reads it.
//!
//! No credentials, addresses, clients file or token are in it: of the configuration only what rules depend on.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use haloward_rules::{Event, Explain, Severity, Simulation, SourceFile, Step, read_yaml};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::output::{Out, Tone, clean};
use super::{End, Ended, Failure};
use crate::config::Loaded;
use crate::inspect::EventReport;

/// LIMIT: a report is sent by mail; rules are kilobytes.
const MOST_BYTES: usize = 8 << 20;
const DEEPEST: usize = 12;

/// What of the configuration decides.
const DECIDING: [&str; 5] = ["ticket_defaults", "unmatched_client", "on_rule_error", "calendars", "brake"];

/// The file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Portable {
    /// The version of this form.
    haloward_report: u32,
    /// The version of Haloward that wrote it.
    version: String,
    /// The version of the rules in it.
    rules: String,
    /// The event, those before it, and what was decided.
    report: EventReport,
    /// Files by their path: the configuration, as far as it decides, rules, tables and modules.
    files: BTreeMap<String, String>,
}

const FORM: u32 = 1;

impl Portable {
    /// Packs a report with the rules of a configuration.
    pub(super) fn pack(report: EventReport, loaded: &Loaded) -> Result<Self, Failure> {
        let mut files = BTreeMap::new();
        let config = configuration(loaded, &report)?;
        files.insert("haloward.yaml".to_owned(), serde_json::to_string_pretty(&config).unwrap_or_default());
        let mut left = MOST_BYTES;
        collect(&loaded.config.rules, Path::new("rules"), 0, &mut files, &mut left)?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Ok(Self { haloward_report: FORM, version, rules: loaded.version.clone(), report, files })
    }

    /// Reads a file if it is a report; nothing if it is something else.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, Failure> {
        if path == Path::new("-") || path.extension().is_none_or(|extension| extension != "json") {
            return Ok(None);
        }
        // A report has its rules and one case; what is much larger are events.
        if std::fs::metadata(path).is_ok_and(|file| file.len() > 2 * MOST_BYTES as u64) {
            return Ok(None);
        }
        let Ok(text) = std::fs::read_to_string(path) else { return Ok(None) };
        // Most files are something else; those need not be understood twice.
        if !text.contains("\"haloward_report\"") {
            return Ok(None);
        }
        let read: Self = serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("`{}` is no whole report: {error}", path.display())))?;
        match read.haloward_report {
            FORM => Ok(Some(read)),
            other => Err(Failure::help(
                format!(
                    "`{}` is a report of form {other}, and this version reads form {FORM}",
                    path.display()
                ),
                "use the version that wrote it, or a later one",
            )),
        }
    }

    /// Decides again and prints it; the answer is no if that is not what was recorded.
    pub(super) fn show(&self, out: &mut Out) -> Ended {
        let folder = tempfile::tempdir().map_err(|error| unpacked(&error))?;
        let step = self.decide_again(folder.path())?;
        self.tell(&step, folder.path(), out)
    }

    /// Whether deciding again comes to what was recorded.
    pub(super) fn is_faithful(&self) -> Result<bool, Failure> {
        let folder = tempfile::tempdir().map_err(|error| unpacked(&error))?;
        Ok(self.is_as_recorded(&self.decide_again(folder.path())?))
    }

    fn is_as_recorded(&self, step: &Step) -> bool {
        let recorded = self.report.decision.as_ref();
        recorded.is_none_or(|recorded| recorded.outcome == step.outcome.as_str())
    }

    fn decide_again(&self, folder: &Path) -> Result<Step, Failure> {
        for (name, text) in &self.files {
            let path = folder.join(name);
            let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
            let Some(parent) = path.parent().filter(|_| inside) else {
                let problem = format!("the report holds a file outside of its folder: `{}`", clean(name));
                return Err(Failure::new(problem));
            };
            let write = || std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, text));
            write().map_err(|error| unpacked(&error))?;
        }
        let loaded = Loaded::load(Some(&folder.join("haloward.yaml")), &[])?;
        if loaded.findings.has_errors() {
            super::output::print_findings(&loaded.findings);
            return Err(Failure::new("the rules in the report have mistakes"));
        }
        let nothing = || Failure::new("the report holds no event");
        let start = self.report.events.first().ok_or_else(nothing)?.at;
        let mut simulation = Simulation::new(&loaded.rules, Explain::Everything, start);
        let mut last = None;
        for reported in &self.report.events {
            while simulation.pass(reported.at).is_some() {}
            let event = Event::from_json(reported.event.clone(), Severity::Medium)
                .map_err(|error| Failure::new(format!("the report holds no event: {error}")))?;
            last = Some(simulation.event(event.received("", reported.at)));
        }
        last.ok_or_else(nothing)
    }

    fn tell(&self, step: &Step, folder: &Path, out: &mut Out) -> Ended {
        let recorded = self.report.decision.as_ref().map(|decision| decision.outcome.clone());
        let same = self.is_as_recorded(step);
        let mut said = json!({ "outcome": step.outcome, "reason": step.reason, "decisions": step.decisions });
        unfold(&mut said, &format!("{}/", folder.display()));
        let event = self.report.events.last().map(|last| &last.event);
        if out.is_json() {
            out.json(&json!({ "event": event, "said": said, "recorded": recorded, "same": same }))?;
        } else {
            let title = event.and_then(|event| event["title"].as_str()).unwrap_or_default();
            out.line(&out.tone(Tone::Strong, &clean(title)))?;
            super::events::decisions(&said["decisions"], false, out)?;
            super::events::decisions(&said["decisions"], true, out)?;
            let reason =
                step.reason.as_deref().map(|reason| format!(": {}", clean(reason))).unwrap_or_default();
            out.line(&format!("  → {}{reason}", out.tone(Tone::Strong, step.outcome.as_str())))?;
            let verdict = match (&recorded, same) {
                (None, _) => "it had not been decided yet".to_owned(),
                (Some(_), true) => "as was recorded".to_owned(),
                (Some(recorded), false) => format!("recorded was {recorded}"),
            };
            out.line(&format!("  {verdict}"))?;
        }
        Ok(if same { End::Done } else { End::No })
    }
}

fn unpacked(error: &std::io::Error) -> Failure {
    Failure::new(format!("the report cannot be unpacked: {error}"))
}

fn unread(path: &Path) -> impl Fn(std::io::Error) -> Failure {
    move |error| Failure::new(format!("cannot read `{}`: {error}", path.display()))
}

/// Places without the folder the report was unpacked into.
fn unfold(value: &mut Value, folder: &str) {
    match value {
        Value::String(text) if text.contains(folder) => *text = text.replace(folder, ""),
        Value::Array(items) => items.iter_mut().for_each(|item| unfold(item, folder)),
        Value::Object(map) => map.values_mut().for_each(|item| unfold(item, folder)),
        _ => {}
    }
}

/// What of the configuration decides, and the names of its sources.
fn configuration(loaded: &Loaded, report: &EventReport) -> Result<Value, Failure> {
    let mut config = Map::new();
    if let Some(path) = &loaded.path {
        let text = std::fs::read_to_string(path).map_err(unread(path))?;
        let file = SourceFile::new(path.to_string_lossy(), text);
        let root = read_yaml(&file).map_err(|_| Failure::new("the configuration has mistakes"))?;
        for name in DECIDING {
            config.extend(root.get(name).map(|node| (name.to_owned(), node.to_value())));
        }
    }
    // Nobody sends to a report: what rules know of a source is its name.
    let nobody = || json!({ "webhook": { "auth": "none" } });
    let mut sources: Map<String, Value> =
        loaded.config.sources.keys().map(|name| (name.clone(), nobody())).collect();
    for reported in &report.events {
        if let Some(name) = reported.event["source"].as_str() {
            sources.entry(name.to_owned()).or_insert_with(nobody);
        }
    }
    config.insert("rules".to_owned(), "rules".into());
    config.insert("sources".to_owned(), sources.into());
    Ok(Value::Object(config))
}

/// The files that decide: everything in the rules' folder but tests and presets, which the event has behind it.
fn collect(
    folder: &Path,
    name: &Path,
    depth: usize,
    files: &mut BTreeMap<String, String>,
    left: &mut usize,
) -> Result<(), Failure> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(unread(folder))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    for path in paths {
        let Some(own) = path.file_name().map(|own| own.to_string_lossy().into_owned()) else { continue };
        let is_test = own.ends_with("_test.yaml") || own.ends_with("_test.yml");
        if own.starts_with('.') || is_test || own == "presets" && path.is_dir() {
            continue;
        }
        if path.is_dir() {
            if depth < DEEPEST {
                collect(&path, &name.join(&own), depth + 1, files, left)?;
            }
            continue;
        }
        // What is no text decides nothing.
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        *left = left.checked_sub(text.len()).ok_or_else(|| {
            Failure::new(format!(
                "the rules are larger than {} MiB: too large for a report",
                MOST_BYTES >> 20
            ))
        })?;
        files.insert(name.join(own).to_string_lossy().replace('\\', "/"), text);
    }
    Ok(())
}
