//! `group`: many problems of one thing get one ticket.

use std::time::Duration;

use crate::fields::Fields;
use crate::finding::{Finding, Findings, SourceFile};
use crate::library::Known;
use crate::template::Template;
use crate::ticket::TicketTemplate;
use crate::yaml::Node;

/// When problems belong together, and what becomes of their tickets.
#[derive(Debug, Clone)]
pub(crate) struct GroupTemplate {
    /// What they have in common.
    pub(crate) by: Template,
    pub(crate) within: Duration,
    pub(crate) at_least: u32,
    /// Members after the first are notes on the parent's ticket instead of its children.
    pub(crate) notes: bool,
    /// The parent's ticket; the first of the members' where `None`.
    pub(crate) ticket: Option<TicketTemplate>,
}

/// What becomes of the members, by name.
pub(crate) const MEMBERS: [(&str, bool); 2] = [("children", false), ("notes", true)];

impl GroupTemplate {
    pub(super) fn decode(
        file: &SourceFile,
        node: &Node,
        known: &Known<'_>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let mut fields = Fields::of(file, node, "`group`", findings)?;
        let by = fields.need("by", findings).and_then(|n| Template::at(file, n, known, findings));
        fields.need("within", findings);
        let within = fields.duration("within", findings);
        let at_least = fields.count("at_least", findings).unwrap_or(2);
        let notes = fields.choice("members", &MEMBERS, findings).unwrap_or(false);
        let ticket = fields.take("ticket");
        fields.finish(findings);
        let ticket = ticket.map(|n| TicketTemplate::decode(file, n, "`group.ticket`", known, findings));
        // LIMIT: as many are remembered for each group that has no parent yet.
        if !(2..=1000).contains(&at_least) {
            findings
                .push(Finding::error("HW016", "`at_least` must be from 2 to 1000").at(file.place(node.span)));
            return None;
        }
        Some(Self { by: by?, within: within?, at_least: at_least as u32, notes, ticket })
    }
}
