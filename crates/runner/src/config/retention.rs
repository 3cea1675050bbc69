//! How long things are kept.

use std::time::Duration;

use haloward_rules::{Fields, Finding, Findings, Node, SourceFile, parse_duration};

/// How long things are kept, and how large the store may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Events and what was decided about them.
    pub events: Duration,
    /// Operations that are over.
    pub operations: Duration,
    /// Cases that are over.
    pub cases: Duration,
    /// The ledger.
    pub ledger: Duration,
    /// Bytes that the store may hold; beyond, the oldest events go first.
    pub max_size: u64,
}

const DAY: Duration = Duration::from_hours(24);

impl Default for Retention {
    fn default() -> Self {
        Self { events: DAY * 30, operations: DAY * 90, cases: DAY * 90, ledger: DAY * 400, max_size: 4 << 30 }
    }
}

impl Retention {
    pub(super) fn decode(file: &SourceFile, node: &Node, findings: &mut Findings) -> Self {
        let mut keep = Self::default();
        let Some(mut fields) = Fields::of(file, node, "`retention`", findings) else { return keep };
        for (name, place) in [
            ("events", &mut keep.events),
            ("operations", &mut keep.operations),
            ("cases", &mut keep.cases),
            ("ledger", &mut keep.ledger),
        ] {
            let Some(node) = fields.take(name) else { continue };
            match super::decode::scalar(node).and_then(|text| parse_duration(&text).ok()) {
                Some(age) if age >= DAY => *place = age,
                _ => findings.push(
                    Finding::error("HW180", format!("`{name}` must be at least a day, such as `30d`"))
                        .at(file.place(node.span))
                        .help(
                            "repeated deliveries are recognized, and closed cases reopened, by what is kept",
                        ),
                ),
            }
        }
        if let Some(node) = fields.take("max_size") {
            match super::decode::scalar(node).as_deref().and_then(super::decode::bytes) {
                Some(bytes) if bytes >= 16 << 20 => keep.max_size = bytes,
                _ => findings.push(
                    Finding::error("HW181", "`max_size` must be a size of at least `16MiB`, such as `4GiB`")
                        .at(file.place(node.span)),
                ),
            }
        }
        fields.finish(findings);
        keep
    }
}
