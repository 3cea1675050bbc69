//! The clients file: which of the names that tools use is which client.

use std::collections::BTreeMap;
use std::path::Path;

use haloward_rules::{Fields, Finding, Findings, Node, SourceFile, read_yaml};

use super::decode::scalar;
use crate::catalogue::ClientDirectory;

/// Reads the clients file that the configuration names at `node`.
pub(super) fn read(file: &SourceFile, node: &Node, dir: &Path, findings: &mut Findings) -> ClientDirectory {
    let path = dir.join(scalar(node).unwrap_or_default());
    let clients = match super::files::read(&path) {
        Ok(clients) => clients,
        Err(error) => {
            findings.push(Finding::error("HW092", error.to_string()).at(file.place(node.span)));
            return ClientDirectory::default();
        }
    };
    match read_yaml(&clients) {
        Ok(root) => decode(&clients, &root, findings),
        Err(finding) => {
            findings.push(finding);
            ClientDirectory::default()
        }
    }
}

fn decode(file: &SourceFile, node: &Node, findings: &mut Findings) -> ClientDirectory {
    let mut directory = ClientDirectory::default();
    let Some(mut fields) = Fields::of(file, node, "the clients file", findings) else { return directory };
    if let Some(node) = fields.take("aliases") {
        directory.aliases = names(file, node, "`aliases`", findings);
    }
    if let Some(node) = fields.take("sources")
        && let Some(sources) = Fields::of(file, node, "`sources`", findings)
    {
        for (source, node) in sources.entries() {
            directory.sources.insert(source.text.clone(), names(file, node, "a source's clients", findings));
        }
    }
    fields.finish(findings);
    directory
}

/// A map of a tool's name or id to the client's name or id in HaloPSA.
fn names(file: &SourceFile, node: &Node, what: &str, findings: &mut Findings) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let Some(fields) = Fields::of(file, node, what, findings) else { return names };
    for (name, client) in fields.entries() {
        match scalar(client) {
            Some(client) => {
                names.insert(name.text.clone(), client);
            }
            None => findings.push(
                Finding::error("HW093", format!("`{}` must name a client", name.text))
                    .at(file.place(client.span)),
            ),
        }
    }
    names
}
