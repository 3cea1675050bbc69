//! `use` in a rule file: the modules that all of its templates and scripts may call.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::finding::{Finding, Findings, SourceFile};
use crate::library::Library;
use crate::yaml::{KeyNode, Node, NodeKind};

/// A module that a rule file names under `use`, for all of its templates and scripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Use {
    /// The name its functions are called by: `names` in `names::short(x)`.
    pub(crate) alias: String,
    /// Its path, relative to the rule file.
    pub(crate) path: String,
}

impl Use {
    /// Decodes `use`: a map of names to modules.
    pub(crate) fn decode_all(
        file: &SourceFile,
        node: &Node,
        library: &Library,
        findings: &mut Findings,
    ) -> Vec<Self> {
        let NodeKind::Map(entries) = &node.kind else {
            findings.push(
                Finding::error(
                    "HW124",
                    format!("`use` must be a map of names to modules, not {}", node.kind_name()),
                )
                .at(file.place(node.span))
                .help("write `use: { names: lib/names }`, then `${names::short(event.title)}`"),
            );
            return Vec::new();
        };
        entries
            .iter()
            .filter_map(|(alias, path)| Self::decode(file, alias, path, library, findings))
            .collect()
    }

    fn decode(
        file: &SourceFile,
        alias: &KeyNode,
        path: &Node,
        library: &Library,
        findings: &mut Findings,
    ) -> Option<Self> {
        let mut chars = alias.text.chars();
        let is_name = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            findings.push(
                Finding::error("HW124", format!("`{}` is no name that a script could use", alias.text))
                    .at(file.place(alias.span))
                    .help("use letters, digits and `_`"),
            );
            return None;
        }
        let text = path.as_text().unwrap_or_default();
        if let Err(error) = library.modules.resolve(&file.path, text) {
            let finding = Finding::error(error.code, error.message).at(file.place(path.span));
            findings.push(finding.help(error.help.unwrap_or_default()));
            return None;
        }
        Some(Self { alias: alias.text.clone(), path: text.to_owned() })
    }
}

/// The aliases of `uses` that `source` calls, as `import` statements on one line before it.
pub(super) fn imports_for(source: &str, uses: &[Use]) -> String {
    let mut called = BTreeSet::new();
    let mut line = String::new();
    for used in uses.iter().filter(|used| source.contains(&format!("{}::", used.alias))) {
        if called.insert(&used.alias) {
            // Writing to a text does not fail.
            let _ = write!(line, "import {:?} as {}; ", used.path, used.alias);
        }
    }
    if !line.is_empty() {
        line.push('\n');
    }
    line
}
