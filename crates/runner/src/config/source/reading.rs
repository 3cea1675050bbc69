//! How a source's payloads become events.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use haloward_rules::{
    Fields, Finding, Findings, Node, NodeKind, Preset, PresetSet, Severity, SourceClient, SourceFile,
    SourceSettings, VendorAuth,
};
use jiff::tz::TimeZone;

use super::Beside;
use crate::config::files::read;

/// How a source's payloads become events.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Its preset's name; the generic one where neither preset nor map is given.
    pub preset: String,
    /// A preset written in the configuration itself.
    pub map: Option<Arc<Preset>>,
    /// The severity of events that have none.
    pub severity: Severity,
    /// What the source says beyond its preset.
    pub settings: Option<Box<SourceSettings>>,
}

/// The preset for payloads nobody described.
pub(crate) const GENERIC: &str = "generic";

impl Default for Reading {
    fn default() -> Self {
        Self { preset: GENERIC.into(), map: None, severity: Severity::Medium, settings: None }
    }
}

impl Reading {
    /// What its preset knows of the vendor's ways to prove who it is. Mistakes in a preset are found where it is read
    /// with the rules.
    pub(super) fn vendor(&self, beside: &Beside<'_>) -> VendorAuth {
        let own = own_preset(beside.rules, &self.preset).and_then(|path| read(&path).ok());
        let (presets, _) =
            PresetSet::load(&own.into_iter().collect::<Vec<_>>(), Some(std::slice::from_ref(&self.preset)));
        presets.get(&self.preset).map(|preset| preset.auth().clone()).unwrap_or_default()
    }

    /// Takes `preset`, `map`, `severity`, `timezone` and `client` of the source `name` out of its fields.
    pub(super) fn take(
        name: &str,
        file: &SourceFile,
        fields: &mut Fields<'_>,
        beside: &Beside<'_>,
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
            && own_preset(beside.rules, preset_name).is_none()
        {
            findings.push(PresetSet::unknown(preset_name).at(file.place(node.span)));
        }
        Self {
            severity: fields.choice("severity", &Severity::ALL, findings).unwrap_or(Severity::Medium),
            map: map.and_then(|node| Preset::inline(name, file, node, findings)).map(Arc::new),
            preset: preset_name.unwrap_or_else(|| GENERIC.into()),
            settings: settings(file, fields, findings),
        }
    }
}

/// What a source says of its clock and of whose its alerts are.
fn settings(
    file: &SourceFile,
    fields: &mut Fields<'_>,
    findings: &mut Findings,
) -> Option<Box<SourceSettings>> {
    let (zone, client) = (fields.take("timezone"), fields.take("client"));
    if zone.is_none() && client.is_none() {
        return None;
    }
    let zone = zone.and_then(|node| {
        let name = node.as_text().unwrap_or_default();
        let zone = TimeZone::get(name).ok();
        if zone.is_none() {
            findings.push(
                Finding::error("HW031", format!("unknown time zone `{name}`"))
                    .at(file.place(node.span))
                    .help("a name such as `Europe/London`"),
            );
        }
        zone
    });
    let client = client.and_then(|node| client_of(file, node, findings));
    Some(Box::new(SourceSettings { zone: zone.unwrap_or(TimeZone::UTC), client }))
}

/// `client: Northwind`, or `client: { label: customer, else: Northwind }`.
fn client_of(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<SourceClient> {
    if !matches!(node.kind, NodeKind::Map(_)) {
        let name = crate::config::decode::scalar(node).filter(|name| !name.trim().is_empty());
        if name.is_none() {
            findings.push(
                Finding::error("HW200", "a source's `client` is a name, or the label that names it")
                    .at(file.place(node.span))
                    .help("write `client: Northwind`, or `client: { label: customer, else: Northwind }`"),
            );
        }
        return name.map(SourceClient::Always);
    }
    let mut fields = Fields::of(file, node, "`client`", findings)?;
    fields.need("label", findings);
    let label = fields.text("label", findings);
    let otherwise = fields.text("else", findings);
    fields.finish(findings);
    Some(SourceClient::Label { label: label?, otherwise })
}

/// The file of the installation's own preset of that name.
fn own_preset(rules: &Path, name: &str) -> Option<PathBuf> {
    let path = rules.join("presets").join(format!("{name}.yaml"));
    (!name.contains(['/', '\\', '.']) && path.is_file()).then_some(path)
}
