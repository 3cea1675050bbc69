//! Finding the configuration, and loading it together with the rules and presets it names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use haloward_rules::{Finding, Findings, Preset, PresetSet, RuleSet, Severity, SourceFile};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::Config;
use super::source::GENERIC;

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
    /// How many rule files were read.
    pub rule_files: usize,
    /// A short hash of the files of rules, presets, tables and modules: two decisions with the same version were made by the same rules.
    pub version: String,
    /// All findings.
    pub findings: Findings,
}

// LIMIT: more files than any installation has; a wrong `rules:` must not walk a whole disk.
const MAX_FILES: usize = 10_000;
const MAX_DEPTH: usize = 12;

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
        let config = match path {
            None => Config::defaults(PathBuf::new()),
            Some(path) => {
                let file = read(path)?;
                let dir = path.parent().map(Path::to_owned).unwrap_or_default();
                Config::decode(&file, dir.clone(), &mut findings).unwrap_or_else(|| Config::defaults(dir))
            }
        };
        let roots: Vec<PathBuf> = if rules.is_empty() { vec![config.rules.clone()] } else { rules.to_vec() };
        let mut files = Files::default();
        for root in &roots {
            if root.is_dir() {
                walk(root, 0, &mut files)?;
            } else if root.exists() {
                files.sort(read(root)?);
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
        let rule_files = files.rules.len();
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
            findings,
        })
    }

    /// The preset and default severity of a source: its own, the preset of its name, or the generic one.
    pub fn preset_of(&self, source: &str) -> Option<(Arc<Preset>, Severity)> {
        match self.config.sources.get(source) {
            Some(config) => {
                let preset = config.map.clone().or_else(|| self.presets.get(&config.preset).cloned());
                preset.map(|preset| (preset, config.severity))
            }
            None => {
                let preset = self.presets.get(source).or_else(|| self.presets.get(GENERIC));
                preset.map(|preset| (preset.clone(), Severity::Medium))
            }
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

#[derive(Default)]
struct Files {
    rules: Vec<SourceFile>,
    presets: Vec<SourceFile>,
    tests: Vec<SourceFile>,
    /// Tables and modules by path.
    data: BTreeMap<Arc<str>, SourceFile>,
}

impl Files {
    fn sort(&mut self, file: SourceFile) {
        let path = Path::new(&*file.path);
        let stands_in = |folder| path.parent().is_some_and(|parent| parent.ends_with(folder));
        let in_presets = stands_in("presets");
        if stands_in("tables") || path.extension().is_some_and(|ext| ext == "rhai") {
            self.data.insert(file.path.clone(), file);
        } else if path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("_test")) {
            self.tests.push(file);
        } else if in_presets {
            self.presets.push(file);
        } else {
            self.rules.push(file);
        }
    }

    fn len(&self) -> usize {
        self.rules.len() + self.presets.len() + self.tests.len() + self.data.len()
    }

    /// The tables and modules that a file named alone may use: those of the rules folder it stands in, or else those
    /// beside it.
    fn beside(&mut self, file: &Path, rules: &Path) -> Result<(), LoadError> {
        let same = |folder: &Path| {
            let real = |path: &Path| path.canonicalize().ok();
            real(folder).is_some_and(|folder| Some(folder) == real(rules))
        };
        let folders =
            || file.ancestors().skip(1).map(|dir| if dir == Path::new("") { Path::new(".") } else { dir });
        let Some(folder) = folders().find(|dir| same(dir)).or_else(|| folders().next()) else {
            return Ok(());
        };
        let mut around = Self::default();
        walk(folder, 0, &mut around)?;
        self.data.extend(around.data);
        Ok(())
    }
}

fn walk(dir: &Path, depth: usize, files: &mut Files) -> Result<(), LoadError> {
    let error = |source| LoadError::Read { path: dir.to_owned(), source };
    let mut entries: Vec<PathBuf> = std::fs::read_dir(dir)
        .map_err(error)?
        .map(|e| e.map(|e| e.path()))
        .collect::<Result<_, _>>()
        .map_err(error)?;
    entries.sort();
    for path in entries {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden || files.len() >= MAX_FILES {
            continue;
        }
        if path.is_dir() {
            if depth < MAX_DEPTH {
                walk(&path, depth + 1, files)?;
            }
        } else if path.extension().is_some_and(|ext| {
            ext == "yaml" || ext == "yml" || ext == "rhai" || (ext == "csv" && dir.ends_with("tables"))
        }) {
            files.sort(read(&path)?);
        }
    }
    Ok(())
}

/// Reads a text file; bytes that are no UTF-8 are an error that says so.
pub(super) fn read(path: &Path) -> Result<SourceFile, LoadError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
    Ok(SourceFile::new(shown(path), text.strip_prefix('\u{feff}').unwrap_or(&text)))
}

/// A path as people write it, with `/` everywhere and without a leading `./`.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    text.strip_prefix("./").unwrap_or(&text).to_owned()
}
