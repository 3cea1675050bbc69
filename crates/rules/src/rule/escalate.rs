//! `escalate`: what happens while a ticket stays open.

use std::time::Duration;

use super::NoticeTemplate;
use crate::fields::Fields;
use crate::finding::{Finding, Findings, SourceFile};
use crate::library::Known;
use crate::ticket::{NoteTemplate, TicketTemplate};
use crate::yaml::{Node, NodeKind};

/// What keeps an escalation from happening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unless {
    /// Somebody has worked on the ticket; that it is assigned is one of the signs.
    Touched,
}

/// One step: so long after the ticket was opened, this.
#[derive(Debug, Clone)]
pub(crate) struct Escalate {
    pub(crate) after: Duration,
    pub(crate) unless: Option<Unless>,
    pub(crate) update: Option<TicketTemplate>,
    pub(crate) note: Option<NoteTemplate>,
    pub(crate) notify: Option<NoticeTemplate>,
}

/// What keeps an escalation from happening, by name.
pub(crate) const UNLESS: [(&str, Unless); 2] = [("assigned", Unless::Touched), ("touched", Unless::Touched)];

impl Escalate {
    /// Decodes one step or a list of them; the steps in the order of their times.
    pub(crate) fn decode_all(
        file: &SourceFile,
        node: &Node,
        known: &Known<'_>,
        findings: &mut Findings,
    ) -> Vec<Self> {
        let items: Vec<&Node> = match &node.kind {
            NodeKind::List(items) => items.iter().collect(),
            _ => vec![node],
        };
        let mut steps: Vec<Self> =
            items.into_iter().filter_map(|item| Self::decode(file, item, known, findings)).collect();
        steps.sort_by_key(|step| step.after);
        steps
    }

    fn decode(file: &SourceFile, node: &Node, known: &Known<'_>, findings: &mut Findings) -> Option<Self> {
        let mut fields = Fields::of(file, node, "an escalation", findings)?;
        fields.need("after", findings);
        let after = fields.duration("after", findings);
        let unless = fields.choice("unless", &UNLESS, findings);
        let update = fields.take("update");
        let note = fields.take("note");
        let notify = fields.take("notify");
        fields.finish(findings);
        if update.is_none() && note.is_none() && notify.is_none() {
            findings.push(
                Finding::error("HW063", "an escalation asks for nothing")
                    .at(file.place(node.span))
                    .help("give it `update`, with ticket fields, `note` or `notify`"),
            );
        }
        let update = update.map(|n| TicketTemplate::decode(file, n, "`update`", known, findings));
        let note = note.and_then(|n| NoteTemplate::decode(file, n, known, findings));
        let notify = notify.and_then(|n| NoticeTemplate::decode(file, n, known, findings));
        Some(Self { after: after?, unless, update, note, notify })
    }
}
