//! All presets there are: those shipped with the binary and those of the installation.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use include_dir::{Dir, File, include_dir};

use super::Preset;
use crate::fields::suggestion;
use crate::finding::{Finding, Findings, SourceFile};
use crate::yaml::read;

static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/presets");

/// Those shipped with the binary never change: each is compiled when it is first asked for, and then kept.
static COMPILED: LazyLock<BTreeMap<&'static str, Shipped>> = LazyLock::new(|| {
    let shipped = |file: &'static File<'static>| {
        let name = file.path().file_stem()?.to_str()?;
        Some((name, Shipped { file, compiled: OnceLock::new() }))
    };
    SHIPPED.files().filter_map(shipped).collect()
});

struct Shipped {
    file: &'static File<'static>,
    compiled: OnceLock<(Option<Arc<Preset>>, Findings)>,
}

impl Shipped {
    fn get(&self) -> &(Option<Arc<Preset>>, Findings) {
        self.compiled.get_or_init(|| {
            let mut findings = Findings::default();
            let path = format!("presets/{}", self.file.path().display());
            let text = self.file.contents_utf8().unwrap_or_default();
            (compile(&SourceFile::new(path, text), &mut findings), findings)
        })
    }
}

fn compile(file: &SourceFile, findings: &mut Findings) -> Option<Arc<Preset>> {
    match read(file) {
        Err(finding) => {
            findings.push(finding);
            None
        }
        Ok(node) => Preset::decode(file, &node, findings).map(Arc::new),
    }
}

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
        for (name, shipped) in COMPILED.iter().filter(|(name, _)| is_wanted(name)) {
            let (preset, found) = shipped.get();
            set.by_name.extend(preset.clone().map(|preset| ((*name).to_owned(), preset)));
            findings.extend(found.clone());
        }
        for file in files {
            set.add(file, &mut findings);
        }
        (set, findings)
    }

    fn add(&mut self, file: &SourceFile, findings: &mut Findings) {
        if let Some(preset) = compile(file, findings) {
            self.by_name.insert(preset.name().to_owned(), preset);
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
