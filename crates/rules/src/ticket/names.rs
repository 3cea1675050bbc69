//! The names in ticket fields and notes, told to whoever checks them.

use serde_json::Value;

use super::Reference;
use super::compose::{Priority, TicketTemplate};
use crate::finding::{Place, SourceFile};
use crate::library::Known;
use crate::names::{Given, NameKind, NameUse, Within};
use crate::template::TemplateTree;
use crate::yaml::{Node, NodeKind};

/// The names of one field.
pub(super) fn of_field(field: &str, file: &SourceFile, node: &Node, known: &Known<'_>) {
    let (Some(kind), Some(names)) = (NameKind::of_field(field), known.names) else { return };
    match (kind, &node.kind) {
        (NameKind::CustomField, NodeKind::Map(entries)) => {
            for (key, _) in entries {
                let name = Reference::Name(key.text.clone());
                names.push(NameUse::new(kind, name, file.place(key.span)));
            }
        }
        (NameKind::CustomField, _) => {}
        (NameKind::Priority, NodeKind::Map(entries)) => {
            for (_, node) in entries {
                one(kind, file, node, known);
            }
        }
        (NameKind::Category(_), NodeKind::List(items)) => {
            for (item, level) in items.iter().zip(1..) {
                one(NameKind::Category(level), file, item, known);
            }
        }
        _ => one(kind, file, node, known),
    }
}

/// The name at a node, if it is one before there is an event.
pub(crate) fn one(kind: NameKind, file: &SourceFile, node: &Node, known: &Known<'_>) {
    if let (Some(names), Some(name)) = (known.names, literal(node)) {
        names.push(NameUse::new(kind, name, file.place(node.span)));
    }
}

fn literal(node: &Node) -> Option<Reference> {
    let text = crate::fields::scalar_text(node)?;
    if text.contains('$') { None } else { Reference::from_value(&Value::String(text)) }
}

impl TicketTemplate {
    /// What is said about the SLA of its priorities.
    pub(crate) fn within(&self) -> Within {
        let given = |field: &str| match self.fields.iter().find(|(name, _)| *name == field) {
            None => Given::Unsaid,
            Some((_, TemplateTree::Value(value))) => {
                Reference::from_value(value).map_or(Given::Unsaid, Given::Literal)
            }
            Some(_) => Given::Computed,
        };
        Within { ticket_type: given("type"), sla: given("sla") }
    }

    /// Tells of priorities that these tickets take from `defaults`, the nearest first, and that meet another type or
    /// SLA here than where they stand.
    pub(crate) fn inherits_priorities(&self, defaults: &[&Self], at: &Place, known: &Known<'_>) {
        let Some(names) = known.names.filter(|_| self.priority.is_none()) else { return };
        let mut within = self.within();
        let Some(from) = defaults.iter().position(|defaults| defaults.priority.is_some()) else { return };
        for nearer in &defaults[..from] {
            within = within.or(&nearer.within());
        }
        if within == Within::default() {
            return;
        }
        let within = defaults[from..].iter().fold(within, |within, defaults| within.or(&defaults.within()));
        for tree in defaults[from].priority.iter().flat_map(Priority::trees) {
            if let TemplateTree::Value(value) = tree
                && let Some(name) = Reference::from_value(value)
            {
                let name = NameUse::new(NameKind::Priority, name, at.clone());
                names.push(NameUse { within: within.clone(), inherited: true, ..name });
            }
        }
    }
}

impl Priority {
    fn trees(&self) -> Vec<&TemplateTree> {
        match self {
            Self::One(tree) => vec![tree],
            Self::BySeverity { map, otherwise } => {
                map.iter().map(|(_, tree)| tree).chain(otherwise).collect()
            }
        }
    }
}
