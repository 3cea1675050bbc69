//! A source that is HaloPSA itself: its tickets, and what changes about them.

use std::time::Duration;

use haloward_rules::{Fields, Finding, Findings, Node, Severity, SourceFile};

use super::{Beside, Reading, Webhook};

/// How often changed tickets are read where nothing is said.
const EVERY: Duration = Duration::from_mins(1);
/// LIMIT: each reading is a request of HaloPSA's window; a webhook tells of changes sooner and costs no more.
const OFTEN: Duration = Duration::from_secs(10);
/// LIMIT: what changed and changed back in between is never seen.
const SELDOM: Duration = Duration::from_hours(24);

/// The preset of what HaloPSA's webhook sends.
const WEBHOOK: &str = "halopsa";

/// Tickets of HaloPSA as events.
#[derive(Debug, Clone)]
pub struct HaloTickets {
    /// Which changes of tickets are events.
    pub tickets: Told,
    /// How often changed tickets are read.
    pub every: Duration,
    /// Tickets that were open before the source began are events as well, once.
    pub existing: bool,
    /// The severity of its events.
    pub severity: Severity,
    /// How HaloPSA's own webhook proves who it is, where it tells of changes at once.
    pub webhook: Option<Box<Webhook>>,
}

/// Which changes of tickets are events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// New tickets, and every change of one.
    Changed,
    /// New tickets alone.
    Created,
}

/// Which changes of tickets are events, by name.
pub(in crate::config) const TOLD: [(&str, Told); 2] =
    [("changed", Told::Changed), ("created", Told::Created)];

impl HaloTickets {
    /// `source` is the whole source, whose place findings about what is missing name.
    pub(super) fn decode(
        name: &str,
        file: &SourceFile,
        source: &Node,
        node: &Node,
        beside: &Beside<'_>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let mut fields = Fields::of(file, node, "`halo`", findings)?;
        fields.need("tickets", findings);
        let tickets = fields.choice("tickets", &TOLD, findings);
        let place = fields.take("every").map(|node| file.place(node.span));
        let every = fields.duration("every", findings).unwrap_or(EVERY);
        if let Some(place) = place.filter(|_| !(OFTEN..=SELDOM).contains(&every)) {
            findings.push(
                Finding::error(
                    "HW240",
                    "changed tickets are read every 10 seconds at most, and every day at least",
                )
                .at(place)
                .help("write `every: 1m`; a `webhook` of HaloPSA tells of changes at once"),
            );
        }
        let existing = fields.flag("existing", findings).unwrap_or(false);
        let severity = fields.choice("severity", &Severity::ALL, findings).unwrap_or(Severity::Medium);
        let webhook = fields.take("webhook").and_then(|node| {
            let mut fields = Fields::of(file, node, "`webhook`", findings)?;
            let reading = Reading { preset: WEBHOOK.into(), severity, ..Reading::default() };
            let webhook = Webhook::with(reading, name, file, source, &mut fields, beside, findings);
            fields.finish(findings);
            webhook.map(Box::new)
        });
        fields.finish(findings);
        Some(Self { tickets: tickets?, every, existing, severity, webhook })
    }
}
