//! Ticket fields and notes from a file.

use super::compose::{NoteTemplate, Priority, TicketTemplate};
use super::{Reference, names};
use crate::event::Severity;
use crate::fields::Fields;
use crate::finding::{Finding, Findings, SourceFile};
use crate::library::Known;
use crate::names::{NameKind, Names};
use crate::template::{Template, TemplateTree};
use crate::yaml::{Node, NodeKind};

impl TicketTemplate {
    /// Takes the ticket fields of a map that may have others beside them.
    pub(crate) fn take(fields: &mut Fields<'_>, known: &Known<'_>, findings: &mut Findings) -> Self {
        let file = fields.file();
        let start = known.names.map_or(0, Names::len);
        if let Some(node) = fields.take("priority") {
            names::of_field("priority", file, node, known);
        }
        let mut template = Self {
            details: fields.take("details").and_then(|node| Template::at(file, node, known, findings)),
            priority: fields.take("priority").map(|node| priority(file, node, known, findings)),
            fields: Vec::new(),
        };
        for name in
            super::compose::TICKET_FIELDS.into_iter().filter(|n| !matches!(*n, "details" | "priority"))
        {
            let Some(node) = fields.take(name) else { continue };
            if let Some(problem) = misfit(name, node) {
                findings.push(Finding::error("HW050", problem).at(file.place(node.span)));
                continue;
            }
            names::of_field(name, file, node, known);
            template.fields.push((name, TemplateTree::at(file, node, known, findings)));
        }
        if let Some(names) = known.names {
            names.complete(start, &template.within());
        }
        template
    }

    /// Decodes a map that holds ticket fields only.
    pub(crate) fn decode(
        file: &SourceFile,
        node: &Node,
        what: &str,
        known: &Known<'_>,
        findings: &mut Findings,
    ) -> Self {
        let Some(mut fields) = Fields::of(file, node, what, findings) else { return Self::default() };
        let template = Self::take(&mut fields, known, findings);
        fields.finish(findings);
        template
    }
}

fn misfit(name: &str, node: &Node) -> Option<String> {
    let fits = match name {
        "custom_fields" | "fields" => matches!(node.kind, NodeKind::Map(_) | NodeKind::Text(_)),
        "category" | "tags" => !matches!(node.kind, NodeKind::Map(_)),
        "parent" => !matches!(node.kind, NodeKind::List(_)),
        _ => !matches!(node.kind, NodeKind::Map(_) | NodeKind::List(_)),
    };
    if name == "category"
        && let NodeKind::List(items) = &node.kind
        && items.len() > 4
    {
        return Some("`category` has at most four levels".into());
    }
    (!fits).then(|| format!("`{name}` cannot be {}", node.kind_name()))
}

fn priority(file: &SourceFile, node: &Node, known: &Known<'_>, findings: &mut Findings) -> Priority {
    let NodeKind::Map(entries) = &node.kind else {
        return Priority::One(TemplateTree::at(file, node, known, findings));
    };
    let mut map = Vec::new();
    let mut otherwise = None;
    for (key, value) in entries {
        let tree = TemplateTree::at(file, value, known, findings);
        match Severity::parse(&key.text) {
            Some(severity) => map.push((severity, tree)),
            None if key.text == "else" => otherwise = Some(tree),
            None => findings.push(
                Finding::error("HW107", format!("there is no severity `{}`", key.text))
                    .at(file.place(key.span))
                    .help(
                        crate::fields::suggestion(
                            &key.text,
                            ["critical", "high", "medium", "low", "info", "else"],
                        )
                        .map_or_else(
                            || "one of `critical`, `high`, `medium`, `low`, `info`, `else`".to_owned(),
                            |n| format!("did you mean `{n}`?"),
                        ),
                    ),
            ),
        }
    }
    Priority::BySeverity { map, otherwise }
}

impl NoteTemplate {
    /// Decodes a note: its text alone, or a map with `text`, `private` and `outcome`.
    pub(crate) fn decode(
        file: &SourceFile,
        node: &Node,
        known: &Known<'_>,
        findings: &mut Findings,
    ) -> Option<Self> {
        if matches!(node.kind, NodeKind::Text(_)) {
            let text = Template::at(file, node, known, findings)?;
            return Some(Self { text, private: true, outcome: None });
        }
        let mut fields = Fields::of(file, node, "a note", findings)?;
        let text = fields.need("text", findings).and_then(|node| Template::at(file, node, known, findings));
        let private = fields.flag("private", findings).unwrap_or(true);
        let outcome = fields.take("outcome").and_then(|node| {
            names::one(NameKind::Outcome, file, node, known);
            Reference::from_value(&node.to_value())
        });
        fields.finish(findings);
        Some(Self { text: text?, private, outcome })
    }
}
