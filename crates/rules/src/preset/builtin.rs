//! All presets there are: those shipped with the binary and those of the installation.

use std::collections::BTreeMap;
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use super::Preset;
use crate::fields::suggestion;
use crate::finding::{Finding, Findings, SourceFile};
use crate::yaml::read;

static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/presets");

/// Presets by name.
#[derive(Debug, Clone, Default)]
pub struct PresetSet {
    by_name: BTreeMap<String, Arc<Preset>>,
}

impl PresetSet {
    /// The presets shipped with the binary and those in `files`; one of the installation's own replaces a shipped
    /// one of its name. `wanted` limits what is compiled to these names; `None` compiles all.
    pub fn load(files: &[SourceFile], wanted: Option<&[String]>) -> (Self, Findings) {
        let mut set = Self::default();
        let mut findings = Findings::default();
        let is_wanted = |name: &str| wanted.is_none_or(|names| names.iter().any(|n| n == name));
        for shipped in SHIPPED.files() {
            let path = shipped.path();
            let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
            let Some(text) = shipped.contents_utf8().filter(|_| is_wanted(stem)) else { continue };
            set.add(&SourceFile::new(format!("presets/{}", path.display()), text), &mut findings);
        }
        for file in files {
            set.add(file, &mut findings);
        }
        (set, findings)
    }

    fn add(&mut self, file: &SourceFile, findings: &mut Findings) {
        match read(file) {
            Err(finding) => findings.push(finding),
            Ok(node) => {
                if let Some(preset) = Preset::decode(file, &node, findings) {
                    self.by_name.insert(preset.name().to_owned(), Arc::new(preset));
                }
            }
        }
    }

    /// The names of the presets shipped with the binary.
    pub fn shipped() -> Vec<String> {
        SHIPPED.files().filter_map(|f| f.path().file_stem()?.to_str().map(str::to_owned)).collect()
    }

    /// The preset of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<Preset>> {
        self.by_name.get(name)
    }

    /// All presets by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Preset>> {
        self.by_name.values()
    }

    /// A finding for a name no preset has.
    pub fn unknown(name: &str) -> Finding {
        let shipped = Self::shipped();
        let finding = Finding::error("HW021", format!("there is no preset `{name}`"));
        match suggestion(name, shipped.iter().map(String::as_str)) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help("leave it out to let Haloward find the usual fields, or write a `map`"),
        }
    }
}
