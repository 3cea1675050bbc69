//! A preset from its file, or from a source's `map`.

use std::sync::Arc;

use super::auth::removed;
use super::{Arrival, PRESET_VARS, Preset, SourceSettings, Table, VendorAuth};
use crate::event::{ROOTS, Severity, State, is_for_presets};
use crate::fields::{Fields, list, scalar_text, suggestion};
use crate::finding::{Finding, Findings, SourceFile};
use crate::library::Known;
use crate::path::Path;
use crate::poll::RawPoll;
use crate::template::{Template, TemplateTree};
use crate::yaml::{Node, NodeKind};

impl Preset {
    /// Decodes a preset file.
    pub fn decode(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<Self> {
        let mut fields = Fields::of(file, node, "a preset", findings)?;
        fields.need("preset", findings);
        let name = fields.text("preset", findings).unwrap_or_default();
        let mut preset = Self::body(&name, &mut fields, findings);
        if let Some(node) = fields.take("auth") {
            let auth = VendorAuth::decode(file, node, findings);
            preset = preset.map(|preset| Self { auth, ..preset });
        }
        let poll = fields.take("poll").and_then(|node| RawPoll::of_preset(file, node, findings));
        fields.finish(findings);
        preset.map(|preset| Self { poll, ..preset })
    }

    /// Decodes the `map` of a source: a preset without a name of its own.
    pub fn inline(source: &str, file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<Self> {
        let mut fields = Fields::of(file, node, "`map`", findings)?;
        let preset = Self::body(source, &mut fields, findings);
        fields.finish(findings);
        preset
    }

    fn body(name: &str, fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Self> {
        let before = findings.errors();
        let file = fields.file();
        let title = fields.text("title", findings).unwrap_or_else(|| name.to_owned());
        let description = fields.text("description", findings);
        let setup = fields.texts("setup", findings).into_iter().map(|(text, _)| text).collect();
        let caveats = fields.texts("caveats", findings).into_iter().map(|(text, _)| text).collect();
        let arrival = fields.choice("arrives", &Arrival::ALL, findings).unwrap_or_default();
        let samples = fields.texts("samples", findings).into_iter().map(|(text, _)| text).collect();
        let events =
            fields.take("events").and_then(|n| Template::at(file, n, &Known::vars(&PRESET_VARS), findings));
        let item =
            fields.take("item").and_then(|n| Template::at(file, n, &Known::vars(&PRESET_VARS), findings));
        let mut event_fields = Vec::new();
        if let Some(node) = fields.need("event", findings) {
            event(file, node, "", &mut event_fields, findings);
        }
        let state_names: Vec<_> = State::ALL.to_vec();
        let states = fields.take("states").map(|n| table(file, n, "states", &state_names, findings));
        let severities =
            fields.take("severities").map(|n| table(file, n, "severities", &Severity::ALL, findings));
        let delivery_id = fields
            .take("delivery_id")
            .and_then(|n| Template::at(file, n, &Known::vars(&PRESET_VARS), findings));
        let repeats_itself = fields.flag("repeats_itself", findings);
        let remove = removed(fields, findings);
        (findings.errors() == before).then(|| Self {
            name: Arc::from(name),
            title,
            description,
            setup,
            samples,
            caveats,
            arrival,
            events,
            item,
            fields: event_fields,
            states,
            severities,
            delivery_id,
            settings: SourceSettings::default(),
            repeats_itself: repeats_itself.unwrap_or_default(),
            auth: VendorAuth::default(),
            remove,
            poll: None,
        })
    }
}

/// The `event` map: canonical fields, nested (`client: { name: … }`) or dotted (`client.name: …`).
fn event(
    file: &SourceFile,
    node: &Node,
    prefix: &str,
    out: &mut Vec<(Path, TemplateTree)>,
    findings: &mut Findings,
) {
    let NodeKind::Map(entries) = &node.kind else {
        findings
            .push(Finding::error("HW010", "`event` must be a map of event fields").at(file.place(node.span)));
        return;
    };
    for (key, value) in entries {
        let text = format!("{prefix}{}", key.text);
        let root = text.split(['.', '[']).next().unwrap_or_default();
        if !ROOTS.contains(&root) || !is_for_presets(root) {
            let help = suggestion(root, ROOTS.into_iter().filter(|root| is_for_presets(root))).map_or_else(
                || "fields of your own go under `labels.`".to_owned(),
                |name| format!("did you mean `{name}`?"),
            );
            findings.push(
                Finding::error("HW022", format!("a preset cannot set `{text}`"))
                    .at(file.place(key.span))
                    .help(help),
            );
            continue;
        }
        if matches!(value.kind, NodeKind::Map(_))
            && matches!(text.as_str(), "client" | "site" | "device" | "user")
        {
            event(file, value, &format!("{text}."), out, findings);
            continue;
        }
        match Path::parse(&text) {
            Ok(path) if !path.is_many() => {
                out.push((path, TemplateTree::at(file, value, &Known::vars(&PRESET_VARS), findings)));
            }
            Ok(path) => findings.push(
                Finding::error("HW101", format!("`{path}` stands for many values")).at(file.place(key.span)),
            ),
            Err(error) => findings.push(Finding::error("HW101", error.to_string()).at(file.place(key.span))),
        }
    }
}

fn table<T: Copy>(
    file: &SourceFile,
    node: &Node,
    what: &'static str,
    names: &[(&'static str, T)],
    findings: &mut Findings,
) -> Table<T> {
    let mut table = Table { by_word: std::collections::BTreeMap::new(), otherwise: None };
    let NodeKind::Map(entries) = &node.kind else {
        findings.push(Finding::error("HW010", format!("`{what}` must be a map")).at(file.place(node.span)));
        return table;
    };
    for (key, value) in entries {
        let text = scalar_text(value).unwrap_or_default();
        let Some((_, ours)) = names.iter().find(|(name, _)| *name == text) else {
            let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
            let help = suggestion(&text, known.iter().copied())
                .map_or_else(|| format!("one of {}", list(&known)), |name| format!("did you mean `{name}`?"));
            findings.push(
                Finding::error("HW107", format!("`{what}` cannot map to `{text}`"))
                    .at(file.place(value.span))
                    .help(help),
            );
            continue;
        };
        if key.text == "else" {
            table.otherwise = Some(*ours);
        } else {
            table.by_word.insert(key.text.to_lowercase(), *ours);
        }
    }
    table
}
