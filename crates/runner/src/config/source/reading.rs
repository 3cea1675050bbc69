//! How a source's payloads become events.

use std::path::Path;
use std::sync::Arc;

use haloward_rules::{Fields, Finding, Findings, Preset, PresetSet, Severity, SourceFile};

/// How a source's payloads become events.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Its preset's name; the generic one where neither preset nor map is given.
    pub preset: String,
    /// A preset written in the configuration itself.
    pub map: Option<Arc<Preset>>,
    /// The severity of events that have none.
    pub severity: Severity,
}

/// The preset for payloads nobody described.
pub(crate) const GENERIC: &str = "generic";

impl Default for Reading {
    fn default() -> Self {
        Self { preset: GENERIC.into(), map: None, severity: Severity::Medium }
    }
}

impl Reading {
    /// Takes `preset`, `map` and `severity` of the source `name` out of its fields.
    pub(super) fn take(
        name: &str,
        file: &SourceFile,
        fields: &mut Fields<'_>,
        dir: &Path,
        findings: &mut Findings,
    ) -> Self {
        let preset = fields.take("preset");
        let map = fields.take("map");
        if let (Some(_), Some(map)) = (preset, map) {
            findings.push(
                Finding::error("HW085", "a source has a `preset` or a `map`, not both")
                    .at(file.place(map.span)),
            );
        }
        let preset_name = preset.and_then(crate::config::decode::scalar);
        if let (Some(node), Some(preset_name)) = (preset, &preset_name)
            && !PresetSet::shipped().contains(preset_name)
            && !own_preset(dir, preset_name)
        {
            findings.push(PresetSet::unknown(preset_name).at(file.place(node.span)));
        }
        Self {
            severity: fields.choice("severity", &Severity::ALL, findings).unwrap_or(Severity::Medium),
            map: map.and_then(|node| Preset::inline(name, file, node, findings)).map(Arc::new),
            preset: preset_name.unwrap_or_else(|| GENERIC.into()),
        }
    }
}

/// Whether the installation has a preset file of that name of its own.
fn own_preset(dir: &Path, name: &str) -> bool {
    !name.contains(['/', '\\', '.']) && dir.join("rules/presets").join(format!("{name}.yaml")).is_file()
}
