//! A rule as it runs: compiled once, never changed.

mod decode;
mod effect;
mod escalate;
mod group;
mod hold;
mod lifecycle;
mod notice;
mod parts;

pub(crate) use decode::RuleContext;
pub(crate) use effect::{EFFECTS, EffectTemplate, Target};
pub(crate) use escalate::{Escalate, UNLESS, Unless};
pub(crate) use group::{GroupTemplate, MEMBERS};
pub(crate) use hold::Hold;
pub(crate) use lifecycle::{AGAIN, AgainDo, Lifecycle, RESOLVED, ResolvedDo};
pub(crate) use notice::{NoticeTemplate, scripted_notice};
pub use parts::Part;
pub(crate) use parts::{Leaf, PartPlace};

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::finding::{Findings, SourceFile};
use crate::template::Template;
use crate::ticket::TicketTemplate;
use crate::yaml::Node;

/// The variables that conditions, templates and scripts of rules see.
pub(crate) const RULE_VARS: [&str; 5] = ["event", "case", "vars", "now", "rule"];

/// A rule's id: unique, kebab-case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(Arc<str>);

impl RuleId {
    /// The id of that text.
    pub fn new(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a rule acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RuleMode {
    Live,
    Shadow,
    Off,
    /// Live for these clients, in shadow for the rest.
    LiveFor(Vec<String>),
}

/// Act on the count-th firing event of a key within a sliding window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Threshold {
    pub(crate) count: u32,
    pub(crate) within: Duration,
}

/// No more than so many tickets within a sliding window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub tickets: u32,
    /// Within how long.
    pub per: Duration,
}

impl Limit {
    /// Decodes `{ tickets, per }`. `what` names the map in messages.
    pub fn decode(file: &SourceFile, node: &Node, what: &str, findings: &mut Findings) -> Option<Self> {
        decode::limit(file, node, what, findings)
    }
}

/// When a rule is active.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Active {
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) during: Option<String>,
    pub(crate) outside: Option<String>,
}

/// A compiled rule.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about a rule, each asked at one place")]
pub struct Rule {
    pub(crate) id: RuleId,
    pub(crate) at: Arc<str>,
    pub(crate) description: Option<String>,
    pub(crate) from: Vec<String>,
    /// Its conditions, those that look at the event alone first.
    pub(crate) when: Vec<Condition>,
    /// How many conditions look at the event alone; the others need the case or run a script.
    pub(crate) plain: usize,
    /// Its `when` names a state it wants; a rule that names none only sees states that open tickets.
    pub(crate) names_state: bool,
    /// Its `when` speaks of a ticket of HaloPSA, so it hears of them whatever its `from` says.
    pub(crate) names_ticket: bool,
    /// Its `when` names `change.ours`, so it hears of what we did to a ticket ourselves.
    pub(crate) names_ours: bool,
    /// The states it names include one that opens tickets by itself.
    pub(crate) wants_opening: bool,
    pub(crate) key: Option<Template>,
    pub(crate) threshold: Option<Threshold>,
    /// What it waits for before it acts.
    pub(crate) hold: Option<Hold>,
    /// Keys of cases that hold this rule's back.
    pub(crate) unless_open: Vec<Template>,
    pub(crate) limit: Option<Limit>,
    /// When its problems get one ticket together.
    pub(crate) group: Option<GroupTemplate>,
    /// It acts when no event that it matches has come for this long, and only listens otherwise.
    pub(crate) missing: Option<Duration>,
    /// What happens while its ticket stays open, in the order of time.
    pub(crate) escalate: Vec<Escalate>,
    pub(crate) active: Active,
    pub(crate) mode: RuleMode,
    pub(crate) goes_on: bool,
    pub(crate) effects: Vec<EffectTemplate>,
    pub(crate) defaults: Arc<TicketTemplate>,
    /// What scripts see as `rule`.
    pub(crate) view: Arc<serde_json::Value>,
    /// Its conditions look at the case, so the key is needed before them.
    pub(crate) asks_case: bool,
    /// What its tests can reach or miss.
    pub(crate) parts: Vec<PartPlace>,
    condition_lines: Box<[u32]>,
    leaves: OnceLock<Box<[Leaf]>>,
}

impl Rule {
    /// Its id.
    pub fn id(&self) -> &RuleId {
        &self.id
    }

    /// Where it stands: `rules/disk.yaml:2`.
    pub fn at(&self) -> &str {
        &self.at
    }

    /// What its author says about it.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The sources it listens to; empty for any.
    pub fn from(&self) -> &[String] {
        &self.from
    }

    /// Whether it only changes events and so never decides.
    pub(crate) fn only_sets(&self) -> bool {
        self.effects.iter().all(|effect| matches!(effect, EffectTemplate::Set(_)))
    }

    /// The comparisons of its `when`, in the order in which traces have them.
    pub(crate) fn leaves(&self) -> &[Leaf] {
        self.leaves.get_or_init(|| parts::leaves(&self.when, &self.condition_lines))
    }

    /// The lifecycle of the ticket it opens, if an effect says so.
    pub(crate) fn lifecycle(&self) -> Option<&Lifecycle> {
        self.effects.iter().find_map(|effect| match effect {
            EffectTemplate::OpenTicket { lifecycle, .. } => Some(&**lifecycle),
            _ => None,
        })
    }

    /// How long after its end a ticket of this rule may be opened again; `None` where a script says it.
    pub(crate) fn longest_reopening(&self) -> Option<Duration> {
        let scripted = |effect: &EffectTemplate| matches!(effect, EffectTemplate::Script(script) if script.source().contains("reopen_within") || script.source().contains("import"));
        if self.effects.iter().any(scripted) {
            return None;
        }
        let lifecycles = self.effects.iter().filter_map(|effect| match effect {
            EffectTemplate::OpenTicket { lifecycle, .. } => lifecycle.reopen_within,
            _ => None,
        });
        Some(lifecycles.max().unwrap_or_default())
    }
}
