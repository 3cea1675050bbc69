//! The clients file: which of the names that tools use is which client, and what its tickets have by default.

use std::collections::BTreeMap;
use std::path::Path;

use haloward_rules::{Fields, Finding, Findings, NameKind, NameUse, Node, Reference, SourceFile, read_yaml};
use serde_json::Value;

use super::Config;
use super::decode::scalar;
use crate::catalogue::ClientDirectory;

/// Reads the clients file that the configuration names at `node`.
pub(super) fn read(file: &SourceFile, node: &Node, dir: &Path, config: &mut Config, findings: &mut Findings) {
    let path = dir.join(scalar(node).unwrap_or_default());
    let clients = match super::files::read(&path) {
        Ok(clients) => clients,
        Err(error) => {
            findings.push(Finding::error("HW092", error.to_string()).at(file.place(node.span)));
            return;
        }
    };
    match read_yaml(&clients) {
        Ok(root) => decode(&clients, &root, config, findings),
        Err(finding) => findings.push(finding),
    }
}

pub(super) fn decode(file: &SourceFile, node: &Node, config: &mut Config, findings: &mut Findings) {
    let mut directory = ClientDirectory::default();
    let used = &mut config.names;
    let Some(mut fields) = Fields::of(file, node, "the clients file", findings) else { return };
    if let Some(node) = fields.take("aliases") {
        directory.aliases = names(file, node, "`aliases`", used, findings);
    }
    if let Some(node) = fields.take("sources")
        && let Some(sources) = Fields::of(file, node, "`sources`", findings)
    {
        for (source, node) in sources.entries() {
            directory
                .sources
                .insert(source.text.clone(), names(file, node, "a source's clients", used, findings));
        }
    }
    if let Some(node) = fields.take("ticket_defaults") {
        config.settings.client_defaults(file, node);
    }
    fields.finish(findings);
    config.settings.clients = directory.clone();
    config.clients = directory;
}

/// A map of a tool's name or id to the client's name or id in HaloPSA.
fn names(
    file: &SourceFile,
    node: &Node,
    what: &str,
    used: &mut Vec<NameUse>,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let Some(fields) = Fields::of(file, node, what, findings) else { return names };
    for (name, client) in fields.entries() {
        match scalar(client) {
            Some(text) => {
                let target = Reference::from_value(&Value::from(text.as_str()));
                let at = file.place(client.span);
                used.extend(target.map(|target| NameUse::new(NameKind::OwnClient, target, at)));
                names.insert(name.text.clone(), text);
            }
            None => findings.push(
                Finding::error("HW093", format!("`{}` must name a client", name.text))
                    .at(file.place(client.span)),
            ),
        }
    }
    names
}
