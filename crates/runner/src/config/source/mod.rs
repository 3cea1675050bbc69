//! One source of the configuration: what kind it is, and what that kind needs.

mod halo;
mod poll;
mod poll_auth;
mod reading;
mod schedule;
mod webhook;

use std::path::Path;

use haloward_rules::{Fields, Finding, Findings, Node, SourceFile};

pub(in crate::config) use halo::TOLD;
pub use halo::{HaloTickets, Told};
pub use poll::{PollConfig, WholePoll};
pub use poll_auth::{OAuth2, PollAuth};
pub(crate) use reading::GENERIC;
pub use reading::Reading;
pub(in crate::config) use schedule::MISSED;
pub use schedule::{Missed, Schedule};
pub use webhook::Webhook;

/// A named place that events come from.
#[derive(Debug, Clone)]
pub enum SourceConfig {
    /// Tools send to it.
    Webhook(Box<Webhook>),
    /// Its API is asked again and again.
    Poll(Box<PollConfig>),
    /// HaloPSA's own tickets.
    Halo(Box<HaloTickets>),
    /// It is nothing but time.
    Schedule(Box<Schedule>),
}

/// What a source is decoded beside.
pub(super) struct Beside<'a> {
    /// The folder of the configuration.
    pub dir: &'a Path,
    /// The folder of the rules.
    pub rules: &'a Path,
}

/// The kinds there are.
const KINDS: [&str; 4] = ["webhook", "poll", "halo", "schedule"];

impl SourceConfig {
    pub(super) fn decode(
        name: &str,
        file: &SourceFile,
        node: &Node,
        beside: &Beside<'_>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let mut fields = Fields::of(file, node, "a source", findings)?;
        let kinds = KINDS.map(|kind| fields.take(kind).map(|node| (kind, node)));
        let kinds: Vec<(&str, &Node)> = kinds.into_iter().flatten().collect();
        fields.finish(findings);
        let [(kind, inner)] = kinds[..] else {
            let said = if kinds.is_empty() { "says no" } else { "says more than one" };
            findings.push(
                Finding::error("HW011", format!("the source `{name}` {said} kind"))
                    .at(file.place(node.span))
                    .help("a source has one of `webhook`, `poll`, `halo`, `schedule`"),
            );
            return None;
        };
        match kind {
            "poll" => {
                let poll = PollConfig::decode(name, file, node, inner, beside, findings);
                poll.map(Box::new).map(Self::Poll)
            }
            "halo" => {
                let halo = HaloTickets::decode(name, file, node, inner, beside, findings);
                halo.map(Box::new).map(Self::Halo)
            }
            "schedule" => Schedule::decode(file, inner, findings).map(Box::new).map(Self::Schedule),
            _ => Webhook::decode(name, file, node, inner, beside, findings).map(Box::new).map(Self::Webhook),
        }
    }

    /// Its kind, as the configuration calls it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Poll(_) => "poll",
            Self::Halo(_) => "halo",
            Self::Schedule(_) => "schedule",
        }
    }

    /// How its payloads are read, where payloads are what it has.
    pub fn reading(&self) -> Option<&Reading> {
        match self {
            Self::Webhook(webhook) => Some(&webhook.reading),
            Self::Poll(poll) => Some(&poll.reading),
            Self::Halo(halo) => halo.webhook.as_ref().map(|webhook| &webhook.reading),
            Self::Schedule(_) => None,
        }
    }
}
