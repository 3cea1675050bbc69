//! Finding the configuration, and loading it together with the rules and presets it names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use haloward_rules::{Finding, Findings, Preset, PresetSet, RuleSet, Severity, SourceFile, SourceSettings};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::files::{Files, read};
use super::source::GENERIC;
use super::{Config, SourceConfig};
use crate::catalogue::Catalogue;

/// Why there is nothing to load.
#[derive(Debug, Error)]
pub enum LoadError {
    /// There is no configuration.
    #[error("there is no configuration: neither `--config`, nor HALOWARD_CONFIG, nor ./haloward.yaml")]
    NoConfig,
    /// A file could not be read.
    #[error("cannot read `{path}`: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Everything there is to know without running.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration, or the defaults where there is none.
    pub config: Config,
    /// The configuration's path, where there is one.
    pub path: Option<PathBuf>,
    /// The compiled rules.
    pub rules: RuleSet,
    /// The presets.
    pub presets: PresetSet,
    /// The rule tests.
    pub tests: Vec<SourceFile>,
    /// The rule files.
    pub rule_files: Vec<SourceFile>,
    /// A short hash of the files of rules, presets, tables and modules: two decisions with the same version were made by the same rules.
    pub version: String,
    /// The catalogue that was saved beside the configuration.
    pub saved: Option<SavedCatalogue>,
    /// All findings.
    pub findings: Findings,
}

/// A catalogue from a file.
#[derive(Debug, Clone)]
pub struct SavedCatalogue {
    /// The file.
    pub path: PathBuf,
    /// What it holds.
    pub catalogue: Catalogue,
}

/// The name of the file, beside the configuration, that `haloward catalogue save` writes.
pub const CATALOGUE_FILE: &str = "catalogue.json";

/// The configuration's path: `--config`, `$HALOWARD_CONFIG`, `./haloward.yaml`.
pub fn find(given: Option<&Path>) -> Option<PathBuf> {
    if let Some(path) = given {
        return Some(path.to_owned());
    }
    if let Some(path) = std::env::var_os("HALOWARD_CONFIG").filter(|p| !p.is_empty()) {
        return Some(path.into());
    }
    Some(PathBuf::from("haloward.yaml")).filter(|path| path.is_file())
}

impl Loaded {
    /// Loads the configuration at `path` (the defaults where there is none) and the rules in `rules`, or in the
    /// configuration's own folder. Mistakes in files are findings; only an unreadable file is an error.
    pub fn load(path: Option<&Path>, rules: &[PathBuf]) -> Result<Self, LoadError> {
        let mut findings = Findings::default();
        let mut config = match path {
            None => Config::defaults(PathBuf::new()),
            Some(path) => {
                let file = read(path)?;
                let dir = path.parent().map(Path::to_owned).unwrap_or_default();
                Config::decode(&file, dir.clone(), &mut findings).unwrap_or_else(|| Config::defaults(dir))
            }
        };
        let saved = saved(&config.dir, &mut findings);
        if let Some(saved) = &saved {
            config.settings.known_clients = saved.catalogue.client_facts();
        }
        let roots: Vec<PathBuf> = if rules.is_empty() { vec![config.rules.clone()] } else { rules.to_vec() };
        let mut files = Files::default();
        for root in &roots {
            if root.is_dir() {
                files.walk(root)?;
            } else if root.exists() {
                files.take(root)?;
                files.beside(root, &config.rules)?;
            } else {
                let finding = Finding::error("HW091", format!("there are no rules at `{}`", root.display()));
                findings.push(
                    finding.help("name the folder of your rule files under `rules` in the configuration"),
                );
            }
        }
        let (presets, found) = PresetSet::load(&files.presets, None);
        findings.extend(found);
        let dir = config.dir.clone();
        for (name, source) in &mut config.sources {
            if let SourceConfig::Poll(poll) = source {
                poll.complete(name, &presets, &dir, &mut findings);
            }
        }
        let rule_files = files.rules.clone();
        let data = std::mem::take(&mut files.data);
        files.rules.extend(data.into_values());
        let (rules, found) = RuleSet::load(&files.rules, config.settings.clone());
        findings.extend(found);
        files.tests.sort_by(|a, b| a.path.cmp(&b.path));
        let version = version(files.rules.iter().chain(&files.presets));
        Ok(Self {
            config,
            path: path.map(Path::to_owned),
            rules,
            presets,
            tests: files.tests,
            rule_files,
            version,
            saved,
            findings,
        })
    }

    /// The preset and default severity of a source: its own, the preset of its name, or the generic one.
    pub fn preset_of(&self, source: &str) -> Option<(Arc<Preset>, Severity)> {
        match self.config.sources.get(source) {
            Some(config) => {
                let reading = config.reading()?;
                let preset = reading.map.clone().or_else(|| self.presets.get(&reading.preset).cloned());
                let as_read_here = |preset: Arc<Preset>| match &reading.settings {
                    Some(settings) => Arc::new(preset.with(SourceSettings::clone(settings))),
                    None => preset,
                };
                preset.map(|preset| (as_read_here(preset), reading.severity))
            }
            None => {
                let preset = self.presets.get(source).or_else(|| self.presets.get(GENERIC));
                preset.map(|preset| (preset.clone(), Severity::Medium))
            }
        }
    }
}

/// The catalogue beside the configuration. One that cannot be read costs what it is for, nothing else.
fn saved(dir: &Path, findings: &mut Findings) -> Option<SavedCatalogue> {
    let path = dir.join(CATALOGUE_FILE);
    if !path.is_file() {
        return None;
    }
    match Catalogue::load(&path) {
        Ok(catalogue) => Some(SavedCatalogue { path, catalogue }),
        Err(error) => {
            let finding = Finding::warning("HW132", error.to_string());
            findings.push(finding.help("`haloward catalogue save` writes it again"));
            None
        }
    }
}

/// A short hash of what files say, whatever order they were read in.
pub(crate) fn version<'a>(files: impl Iterator<Item = &'a SourceFile>) -> String {
    let mut files: Vec<&SourceFile> = files.collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut hash = Sha256::new();
    for file in files {
        hash.update((file.path.len() as u64).to_le_bytes());
        hash.update(file.path.as_bytes());
        hash.update((file.text.len() as u64).to_le_bytes());
        hash.update(file.text.as_bytes());
    }
    hex::encode(&hash.finalize()[..6])
}
