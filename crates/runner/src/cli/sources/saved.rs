//! What was recorded, as files and as a rule test that tells what the rules make of it now.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use haloward_rules::{Explain, Simulation, format_duration};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::cli::Failure;
use crate::cli::events::EXPECTED;
use crate::config::Loaded;
use crate::intake::Mapping;
use crate::witness::{Recording, Sample};

/// LIMIT: samples of one source in one folder; whoever has more has a journal.
const MOST: usize = 10_000;

/// A file of rule tests; its fields in the order in which people write them.
#[derive(Debug, Serialize)]
pub(super) struct TestFile {
    tests: [Story; 1],
}

#[derive(Debug, Serialize)]
struct Story {
    name: String,
    start: String,
    steps: Vec<Step>,
}

#[derive(Debug, Serialize)]
struct Step {
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    payload: String,
    source: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    headers: Map<String, Value>,
    expect: Map<String, Value>,
}

/// Samples that were saved.
pub(super) struct Samples {
    source: String,
    saved: Vec<(PathBuf, Sample)>,
}

impl Samples {
    /// Saves payloads as files of their own, replacing none.
    pub(super) fn save(recording: &Recording, folder: &Path) -> Result<Self, Failure> {
        let fail = |path: &Path, error: &std::io::Error| {
            Failure::help(
                format!("cannot write `{}`: {error}", path.display()),
                "--into names another folder",
            )
        };
        std::fs::create_dir_all(folder).map_err(|error| fail(folder, &error))?;
        let mut saved = Vec::new();
        let mut number = 1;
        for sample in &recording.payloads {
            let (path, mut file) = loop {
                let path = folder.join(format!("{}-{number}.json", recording.source));
                number += 1;
                match std::fs::File::create_new(&path) {
                    Ok(file) => break (path, file),
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && number < MOST => {}
                    Err(error) => return Err(fail(&path, &error)),
                }
            };
            let text = format!("{:#}\n", sample.payload);
            file.write_all(text.as_bytes()).map_err(|error| fail(&path, &error))?;
            saved.push((path, sample.clone()));
        }
        Ok(Self { source: recording.source.clone(), saved })
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.saved.iter().map(|(path, _)| path.as_path())
    }

    /// A rule test: the payloads one after another, and what the rules make of them now.
    pub(super) fn test(&self, loaded: &Loaded, now: Timestamp) -> Result<TestFile, Failure> {
        let (preset, severity) = loaded
            .preset_of(&self.source)
            .ok_or_else(|| Failure::new(format!("the source `{}` has no preset", self.source)))?;
        let mapping = Mapping { source: self.source.as_str().into(), preset, severity };
        let start = self.saved.first().map_or(now, |(_, sample)| sample.at);
        let start = Timestamp::from_second(start.as_second()).unwrap_or(start);
        let mut simulation = Simulation::new(&loaded.rules, Explain::Matches, start);
        let mut steps = Vec::new();
        let mut last = start;
        for (path, sample) in &self.saved {
            // Whole seconds: less than that never matters to rules, and reads badly.
            let passed = u64::try_from(sample.at.as_second() - last.as_second()).unwrap_or_default();
            if passed > 0 {
                last = Timestamp::from_second(sample.at.as_second()).unwrap_or(sample.at);
            }
            let mut outcomes = Vec::new();
            while let Some(fired) = simulation.pass(last) {
                outcomes.push(fired.step.outcome);
            }
            let headers = Value::Object(sample.headers.clone());
            for new in mapping.events(sample.payload.clone().into(), headers, last) {
                outcomes.push(simulation.event(new.event.received("", last)).outcome);
            }
            let expected =
                outcomes.iter().map(|outcome| outcome.as_str()).filter(|name| EXPECTED.contains(name));
            let mut expect: Map<String, Value> =
                expected.map(|name| (name.to_owned(), true.into())).collect();
            if expect.is_empty() {
                expect.insert("nothing".into(), true.into());
            }
            steps.push(Step {
                after: (passed > 0).then(|| format_duration(std::time::Duration::from_secs(passed))),
                payload: beside(&loaded.config.rules, path),
                source: self.source.clone(),
                headers: sample.headers.clone(),
                expect,
            });
        }
        let name = format!("{}, as recorded", self.source);
        Ok(TestFile { tests: [Story { name, start: start.to_string(), steps }] })
    }
}

/// A file's path as a test in the folder of the rules names it.
fn beside(rules: &Path, file: &Path) -> String {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (rules, file) = (absolute(rules), absolute(file));
    let Ok(relative) = file.strip_prefix(&rules) else { return file.display().to_string() };
    relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
