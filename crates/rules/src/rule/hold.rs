//! `hold`: how long a rule waits before it acts, or until when. What that means for a case is `engine::wait`'s business.

use std::time::Duration;

use crate::fields::Fields;
use crate::finding::{Finding, Findings, SourceFile};
use crate::library::Known;
use crate::template::TemplateTree;
use crate::time::to_time;
use crate::yaml::{Node, NodeKind};

/// What a rule waits for before it acts.
#[derive(Debug, Clone)]
pub(crate) enum Hold {
    /// That so much time passes.
    For(Duration),
    /// A time that the event tells.
    Until {
        /// The time, as a template.
        time: TemplateTree,
        /// So much before it.
        early: Duration,
    },
}

impl Hold {
    /// Decodes `hold: 5m` and `hold: { until: "${…}", early: 30m }`. A hold of no time is none.
    pub(super) fn decode(
        file: &SourceFile,
        node: &Node,
        known: &Known<'_>,
        findings: &mut Findings,
    ) -> Option<Self> {
        if !matches!(node.kind, NodeKind::Map(_)) {
            let text = crate::fields::scalar_text(node).unwrap_or_default();
            let Ok(wait) = crate::duration::parse_duration(&text) else {
                let said = if text.is_empty() { node.kind_name().to_owned() } else { format!("`{text}`") };
                findings.push(
                    Finding::error(
                        "HW014",
                        format!("`hold` must be a duration such as `90s`, `5m`, `2h` or `1d`, not {said}"),
                    )
                    .at(file.place(node.span)),
                );
                return None;
            };
            return (!wait.is_zero()).then_some(Self::For(wait));
        }
        let mut fields = Fields::of(file, node, "`hold`", findings)?;
        fields.need("until", findings);
        let until = fields.take("until");
        let early = fields.duration("early", findings).unwrap_or_default();
        fields.finish(findings);
        let until = until?;
        let time = TemplateTree::at(file, until, known, findings);
        if let TemplateTree::Value(value) = &time
            && to_time(value).is_none()
        {
            findings.push(
                Finding::error("HW017", "`until` must be a time, or a template that makes one")
                    .at(file.place(until.span))
                    .help("write `until: \"${event.ticket.fix_by}\"`"),
            );
            return None;
        }
        Some(Self::Until { time, early })
    }
}
