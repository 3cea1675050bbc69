//! What a preset cannot know of a poll, and a source has to say: the host, or something of its own under `vars`.

use std::collections::BTreeMap;

use super::{Poll, RawPoll};
use crate::fields::{Fields, scalar_text};
use crate::finding::{Finding, Findings, Place, SourceFile};
use crate::yaml::{Node, NodeKind, Span};

/// What a source has to say, and what that looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// What it is, in the words of whoever sets the source up.
    pub what: String,
    /// What somebody else's looks like, where that helps.
    pub example: Option<String>,
}

impl Need {
    fn decode(file: &SourceFile, name: &str, node: &Node, findings: &mut Findings) -> Option<Self> {
        if let Some(what) = scalar_text(node) {
            return Some(Self { what, example: None });
        }
        if !matches!(node.kind, NodeKind::Map(_)) {
            findings.push(
                Finding::error("HW014", format!("`{name}` must be text, not {}", node.kind_name()))
                    .at(file.place(node.span))
                    .help("write what it is, or `{ what: …, example: … }`"),
            );
            return None;
        }
        let mut fields = Fields::of(file, node, "an entry of `needs`", findings)?;
        fields.need("what", findings);
        let need = Self {
            what: fields.text("what", findings).unwrap_or_default(),
            example: fields.text("example", findings),
        };
        fields.finish(findings);
        Some(need)
    }

    pub(super) fn all(
        file: &SourceFile,
        nodes: Vec<(String, &Node)>,
        findings: &mut Findings,
    ) -> BTreeMap<String, Self> {
        let need = |(name, node): (String, &Node)| {
            let need = Self::decode(file, &name, node, findings)?;
            Some((name, need))
        };
        nodes.into_iter().filter_map(need).collect()
    }

    /// The finding about a source that does not say it.
    pub(super) fn missing(&self, source: &str, name: &str, at: &Place) -> Finding {
        let such = self.example.as_ref().map(|example| format!(", such as `{example}`")).unwrap_or_default();
        let written = match name {
            "host" => "`host: …`".to_owned(),
            name => format!("`vars: {{ {name}: … }}`"),
        };
        Finding::error("HW206", format!("the poll of `{source}` does not say {}{such}", self.what))
            .at(at.clone())
            .help(format!("add {written}"))
    }
}

impl RawPoll {
    /// What a source has to say, by name: `host`, or what goes under `vars`.
    pub fn needs(&self) -> &BTreeMap<String, Need> {
        &self.needs
    }

    /// The poll as if `source` had said what is needed in the preset's own examples: enough to read answers by, though
    /// there is nobody to ask.
    pub fn by_example(mut self, source: &str) -> Option<Poll> {
        for (name, need) in &self.needs {
            let example = need.example.clone().unwrap_or_else(|| name.clone());
            if name == "host" {
                self.host.get_or_insert(example);
            } else {
                self.vars.entry(name.clone()).or_insert(example);
            }
        }
        let nowhere = SourceFile::new("", "").place(Span::default());
        self.finish(source, &nowhere, &mut Findings::default())
    }
}
