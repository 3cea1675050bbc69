//! Walking a map of a file: known keys are taken, unknown ones become findings with a suggestion.

use crate::duration::parse_duration;
use crate::finding::{Finding, Findings, SourceFile};
use crate::yaml::{KeyNode, Node, NodeKind};
use std::time::Duration;

/// The one of `known` that `wrong` was probably meant to be.
pub fn suggestion<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // LIMIT: no name of ours is longer, and comparing costs the product of both lengths.
    if wrong.len() > 100 {
        return None;
    }
    let wrong = wrong.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&wrong, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// A map being decoded.
#[derive(Debug)]
pub struct Fields<'a> {
    file: &'a SourceFile,
    node: &'a Node,
    what: &'a str,
    entries: &'a [(KeyNode, Node)],
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Starts on `node`; anything but a map (or nothing) is a finding. `what` names the map in messages: `a rule`.
    pub fn of(file: &'a SourceFile, node: &'a Node, what: &'a str, findings: &mut Findings) -> Option<Self> {
        match &node.kind {
            NodeKind::Map(entries) => Some(Self { file, node, what, entries, asked: Vec::new() }),
            NodeKind::Null => Some(Self { file, node, what, entries: &[], asked: Vec::new() }),
            _ => {
                findings.push(
                    Finding::error("HW010", format!("{what} must be a map, not {}", node.kind_name()))
                        .at(file.place(node.span)),
                );
                None
            }
        }
    }

    /// The file the map stands in.
    pub fn file(&self) -> &'a SourceFile {
        self.file
    }

    /// The value under `key`, if there; the key counts as known.
    pub fn take(&mut self, key: &'static str) -> Option<&'a Node> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.entries.iter().find(|(k, _)| k.text == key).map(|(_, v)| v).filter(|v| v.kind != NodeKind::Null)
    }

    /// The value under `key`; a finding if it is not there.
    pub fn need(&mut self, key: &'static str, findings: &mut Findings) -> Option<&'a Node> {
        let node = self.take(key);
        if node.is_none() {
            findings.push(
                Finding::error("HW011", format!("{} needs `{key}`", self.what))
                    .at(self.file.place(self.node.span)),
            );
        }
        node
    }

    /// Text under `key`; numbers and booleans count as their text.
    pub fn text(&mut self, key: &'static str, findings: &mut Findings) -> Option<String> {
        let node = self.take(key)?;
        scalar_text(node).or_else(|| self.wrong(key, node, "text", findings))
    }

    /// A boolean under `key`.
    pub fn flag(&mut self, key: &'static str, findings: &mut Findings) -> Option<bool> {
        let node = self.take(key)?;
        match node.kind {
            NodeKind::Bool(b) => Some(b),
            _ => self.wrong(key, node, "`true` or `false`", findings),
        }
    }

    /// A whole number from 0 under `key`.
    pub fn count(&mut self, key: &'static str, findings: &mut Findings) -> Option<u64> {
        let node = self.take(key)?;
        match &node.kind {
            NodeKind::Number(n) if n.as_u64().is_some() => n.as_u64(),
            _ => self.wrong(key, node, "a whole number", findings),
        }
    }

    /// A duration such as `5m` under `key`.
    pub fn duration(&mut self, key: &'static str, findings: &mut Findings) -> Option<Duration> {
        let node = self.take(key)?;
        match scalar_text(node).as_deref().map(parse_duration) {
            Some(Ok(duration)) => Some(duration),
            _ => self.wrong(key, node, "a duration such as `90s`, `5m`, `2h` or `1d`", findings),
        }
    }

    /// One text or a list of texts under `key`, with their nodes.
    pub fn texts(&mut self, key: &'static str, findings: &mut Findings) -> Vec<(String, &'a Node)> {
        let Some(node) = self.take(key) else { return Vec::new() };
        let items: Vec<&Node> = match &node.kind {
            NodeKind::List(items) => items.iter().collect(),
            _ => vec![node],
        };
        let mut texts = Vec::new();
        for item in items {
            match scalar_text(item) {
                Some(text) => texts.push((text, item)),
                None => {
                    self.wrong::<()>(key, item, "text or a list of texts", findings);
                }
            }
        }
        texts
    }

    /// One of `choices` under `key`.
    pub fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&'static str, T)],
        findings: &mut Findings,
    ) -> Option<T> {
        let node = self.take(key)?;
        let text = scalar_text(node).unwrap_or_default();
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text) {
            return Some(*value);
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let help = match suggestion(&text, names.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("one of {}", list(&names)),
        };
        findings.push(
            Finding::error("HW013", format!("`{key}` cannot be `{text}`"))
                .at(self.file.place(node.span))
                .help(help),
        );
        None
    }

    /// A key that is described and not built yet: named as such, so that nobody waits for it to work.
    pub fn not_yet(&mut self, key: &'static str, findings: &mut Findings) {
        if let Some(node) = self.take(key) {
            findings.push(
                Finding::error("HW019", format!("`{key}` is not available in this version"))
                    .at(self.file.place(node.span)),
            );
        }
    }

    /// The map's entries, for maps whose keys are free.
    pub fn entries(&self) -> &'a [(KeyNode, Node)] {
        self.entries
    }

    /// Reports the keys nobody asked for.
    pub fn finish(self, findings: &mut Findings) {
        for (key, _) in self.entries {
            if self.asked.contains(&key.text.as_str()) {
                continue;
            }
            let help = match suggestion(&key.text, self.asked.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("{} knows {}", self.what, list(&self.asked)),
            };
            findings.push(
                Finding::error("HW012", format!("unknown field `{}`", key.text))
                    .at(self.file.place(key.span))
                    .help(help),
            );
        }
    }

    fn wrong<T>(&self, key: &str, node: &Node, expected: &str, findings: &mut Findings) -> Option<T> {
        findings.push(
            Finding::error("HW014", format!("`{key}` must be {expected}, not {}", shown(node)))
                .at(self.file.place(node.span)),
        );
        None
    }
}

/// The text of a scalar node.
pub(crate) fn scalar_text(node: &Node) -> Option<String> {
    match &node.kind {
        NodeKind::Text(text) => Some(text.clone()),
        NodeKind::Number(n) => Some(n.to_string()),
        NodeKind::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// `a`, `b` or `c`, in backticks.
pub(crate) fn list(names: &[&str]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

fn shown(node: &Node) -> String {
    scalar_text(node).map_or_else(|| node.kind_name().to_owned(), |text| format!("`{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::read;

    #[test]
    fn unknown_fields_are_findings_with_a_suggestion() {
        let file = SourceFile::new("r.yaml", "id: a\nwhenn: {}\nwait: 5 minutes\n");
        let node = read(&file).expect("reads");
        let mut findings = Findings::default();
        let mut fields = Fields::of(&file, &node, "a rule", &mut findings).expect("a map");
        assert_eq!(fields.text("id", &mut findings).as_deref(), Some("a"));
        fields.take("when");
        assert_eq!(fields.duration("wait", &mut findings), None);
        fields.finish(&mut findings);
        let text = findings.render();
        assert!(text.contains("unknown field `whenn`") && text.contains("did you mean `when`?"), "{text}");
        assert!(
            text.contains("`wait` must be a duration such as `90s`, `5m`, `2h` or `1d`, not `5 minutes`"),
            "{text}"
        );
    }

    #[test]
    fn a_suggestion_is_near_or_absent() {
        assert_eq!(suggestion("bellow", ["below", "above"]), Some("below"));
        assert_eq!(suggestion("Hihg", ["High", "Low"]), Some("High"));
        assert_eq!(suggestion("zzz", ["below", "above"]), None);
    }
}
