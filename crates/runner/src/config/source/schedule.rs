//! A source that is nothing but time.

use haloward_rules::{Fields, Findings, Node, Severity, SourceFile};

use crate::cron::{self, Cron};

/// A source whose events come at set times.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// When.
    pub cron: Cron,
    /// What becomes of runs that nobody was there for.
    pub missed: Missed,
    /// What its events are called; the source's name where it is not said.
    pub title: Option<String>,
    /// The severity of its events.
    pub severity: Severity,
}

/// What becomes of runs that fell due while the service did not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missed {
    /// However many they were, there is one event at the next start.
    #[default]
    Once,
    /// They are left out.
    None,
}

/// What becomes of missed runs, by name.
pub(in crate::config) const MISSED: [(&str, Missed); 2] = [("once", Missed::Once), ("none", Missed::None)];

impl Schedule {
    pub(super) fn decode(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<Self> {
        let mut fields = Fields::of(file, node, "`schedule`", findings)?;
        fields.need("cron", findings);
        let cron = cron::take(&mut fields, findings);
        let missed = fields.choice("missed", &MISSED, findings).unwrap_or_default();
        let title = fields.text("title", findings);
        let severity = fields.choice("severity", &Severity::ALL, findings).unwrap_or(Severity::Medium);
        fields.finish(findings);
        Some(Self { cron: cron?, missed, title, severity })
    }
}
