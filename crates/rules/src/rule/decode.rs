//! A rule from its file.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;

use super::{
    Active, EffectTemplate, Escalate, GroupTemplate, Hold, Limit, Rule, RuleId, RuleMode, Threshold, parts,
};
use crate::condition::{Condition, Operator, decode_when};
use crate::event::State;
use crate::fields::Fields;
use crate::finding::{Finding, Findings, Place, SourceFile};
use crate::library::Known;
use crate::names::Names;
use crate::template::Template;
use crate::ticket::TicketTemplate;
use crate::ticket_event;
use crate::yaml::{Node, NodeKind};

/// What a rule may refer to outside its file.
pub(crate) struct RuleContext<'a> {
    pub(crate) sources: Option<&'a BTreeSet<String>>,
    /// What its expressions may use.
    pub(crate) known: Known<'a>,
    pub(crate) defaults: Arc<TicketTemplate>,
    /// The configuration's own ticket defaults.
    pub(crate) ticket_defaults: &'a TicketTemplate,
}

impl RuleContext<'_> {
    /// Tells the names of a rule since `start` what type and SLA its tickets have.
    fn names(&self, effects: &[EffectTemplate], start: usize, at: impl Fn() -> Place) {
        let Some(names) = self.known.names else { return };
        let defaults = [&*self.defaults, self.ticket_defaults];
        let opened = effects.iter().find_map(|effect| match effect {
            EffectTemplate::OpenTicket { ticket, .. } => Some(ticket),
            _ => None,
        });
        if let Some(ticket) = opened {
            ticket.inherits_priorities(&defaults, &at(), &self.known);
        }
        let own = opened.map(TicketTemplate::within).unwrap_or_default();
        names.complete(start, &defaults.iter().fold(own, |within, defaults| within.or(&defaults.within())));
    }
}

impl Rule {
    pub(crate) fn decode(
        file: &SourceFile,
        node: &Node,
        context: &RuleContext<'_>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let before = findings.errors();
        let mut fields = Fields::of(file, node, "a rule", findings)?;
        let id = match fields.need("id", findings) {
            Some(node) => rule_id(file, node, findings),
            None => None,
        };
        let from = fields.texts("from", findings);
        if let Some(sources) = context.sources {
            for (name, node) in from.iter().filter(|(name, _)| !sources.contains(name)) {
                let finding = Finding::warning("HW020", format!("no source is called `{name}`"))
                    .at(file.place(node.span));
                findings.push(match crate::fields::suggestion(name, sources.iter().map(String::as_str)) {
                    Some(near) => finding.help(format!("did you mean `{near}`?")),
                    None => finding.help("add it under `sources` in the configuration"),
                });
            }
        }
        let known = &context.known;
        let when_node = fields.take("when");
        let mut when = when_node.map(|n| decode_when(file, n, known, findings)).unwrap_or_default();
        let condition_lines = parts::lines(when_node, &when);
        // A stable sort: a key or script that fails must not matter where a plain condition does not hold, whichever
        // stands first in the file.
        when.sort_by_key(|condition| !condition.is_plain());
        let key = fields.take("key").and_then(|n| Template::at(file, n, known, findings));
        let threshold = fields.take("threshold").and_then(|n| threshold(file, n, findings));
        let hold = fields.take("hold").and_then(|n| Hold::decode(file, n, known, findings));
        let unless_open = fields
            .texts("unless_open", findings)
            .into_iter()
            .filter_map(|(_, n)| Template::at(file, n, known, findings))
            .collect();
        let limit = fields.take("limit").and_then(|n| Limit::decode(file, n, "`limit`", findings));
        let escalate = fields.take("escalate");
        let active = fields.take("active").map(|n| active(file, n, context, findings)).unwrap_or_default();
        let mode = fields.take("mode").map_or(RuleMode::Live, |n| mode(file, n, findings));
        let goes_on = fields.flag("continue", findings).unwrap_or(false);
        let description = fields.text("description", findings);
        fields.text("owner", findings);
        let missing = fields.take("missing").and_then(|n| missing(file, n, findings));
        if missing.is_some() {
            for (name, there) in [("threshold", threshold.is_some()), ("hold", hold.is_some())] {
                if there {
                    findings.push(
                        Finding::error("HW113", format!("`{name}` means nothing beside `missing`"))
                            .at(file.place(node.span))
                            .help("take it out; to wait longer, make `missing: { for: … }` longer"),
                    );
                }
            }
        }
        let group = fields.take("group");
        let start = known.names.map_or(0, Names::len);
        let then = fields.need("then", findings);
        let effects = then.map(|n| EffectTemplate::decode_all(file, n, known, findings)).unwrap_or_default();
        fields.finish(findings);

        let opens = effects
            .iter()
            .any(|e| matches!(e, EffectTemplate::OpenTicket { .. } | EffectTemplate::Script(_)));
        if let Some(node) = escalate.filter(|_| !opens && !effects.is_empty()) {
            findings.push(
                Finding::error("HW064", "the rule opens no ticket that could escalate")
                    .at(file.place(node.span))
                    .help("`escalate` belongs to the rule whose `then` opens the ticket"),
            );
        }
        if let Some(node) = group.filter(|_| !opens && !effects.is_empty()) {
            findings.push(
                Finding::error("HW114", "the rule opens no ticket that could belong to a group")
                    .at(file.place(node.span))
                    .help("`group` belongs to the rule whose `then` opens the tickets"),
            );
        }
        let group = group.and_then(|n| GroupTemplate::decode(file, n, known, findings));
        let parts = parts::parts(then, escalate);
        let escalate = escalate.map(|n| Escalate::decode_all(file, n, known, findings)).unwrap_or_default();
        let opens_untyped = effects.iter().any(|effect| match effect {
            EffectTemplate::OpenTicket { ticket, .. } => !ticket.has_type(),
            EffectTemplate::Script(script) => script.opens_untyped(),
            _ => false,
        });
        if opens_untyped && !context.ticket_defaults.has_type() && !context.defaults.has_type() {
            findings.push(
                Finding::error("HW051", "the ticket has no type")
                    .at(file.place(node.span))
                    .help("add `type:` here, under `defaults.ticket` in this file, or under `ticket_defaults` in the configuration"),
            );
        }
        context.names(&effects, start, || file.place(node.span));
        let id = id?;
        let plain = when.iter().filter(|condition| condition.is_plain()).count();
        let (names_state, wants_opening) = named_states(&when);
        let names = |asked: &dyn Fn(&str) -> bool| {
            let mut named = false;
            for condition in &when {
                condition.wanted(&mut |path, _| named |= asked(path.as_str()));
            }
            named
        };
        let names_ours = names(&|path| path == "change.ours");
        let names_ticket = names(&|path| path.starts_with("ticket.") || path.starts_with("change."));
        let asks_case = when.iter().any(Condition::asks_case);
        let at: Arc<str> = Arc::from(format!("{}:{}", file.path, node.span.line));
        let rule = Self {
            view: Arc::new(serde_json::json!({ "id": id, "at": &*at, "description": description })),
            asks_case,
            id,
            at,
            description,
            from: from.into_iter().map(|(name, _)| name).collect(),
            when,
            plain,
            names_state,
            names_ticket,
            names_ours,
            wants_opening,
            key,
            threshold,
            hold,
            unless_open,
            limit,
            group,
            missing,
            escalate,
            active,
            mode,
            goes_on,
            effects,
            defaults: context.defaults.clone(),
            parts,
            condition_lines,
            leaves: OnceLock::new(),
        };
        (findings.errors() == before).then_some(rule)
    }
}

/// Whether the conditions name a state they want, and whether one that opens tickets is among them. What they
/// exclude (`not: test`) is no state they name; that a ticket was closed is one.
fn named_states(when: &[Condition]) -> (bool, bool) {
    let (mut named, mut opening) = (false, false);
    for condition in when {
        condition.wanted(&mut |path, tests| {
            let asks_for = |value: serde_json::Value| {
                tests.iter().any(Operator::demands)
                    && tests.iter().all(|test| test.holds(&value, Timestamp::UNIX_EPOCH))
            };
            named |= match path.as_str() {
                "ticket.closed" => asks_for(true.into()),
                "change.kind" => ticket_event::OVER.iter().any(|kind| asks_for((*kind).into())),
                _ => false,
            };
            if path.as_str() == "state" && tests.iter().any(Operator::demands) {
                named = true;
                opening |= State::ALL.iter().filter(|(_, state)| state.opens()).any(|(name, _)| {
                    let name = serde_json::Value::from(*name);
                    tests.iter().all(|test| test.holds(&name, Timestamp::UNIX_EPOCH))
                });
            }
        });
    }
    (named, opening)
}

fn rule_id(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<RuleId> {
    let text = crate::fields::scalar_text(node)?;
    let kebab = !text.is_empty()
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !text.starts_with('-')
        && !text.ends_with('-');
    if !kebab {
        let fixed: String = text
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect::<String>()
            .split('-')
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("-");
        findings.push(
            Finding::error("HW015", format!("the id `{text}` is not in kebab-case"))
                .at(file.place(node.span))
                .help(format!("write `{fixed}`")),
        );
        return None;
    }
    Some(RuleId::new(&text))
}

fn threshold(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<Threshold> {
    let mut fields = Fields::of(file, node, "`threshold`", findings)?;
    fields.need("count", findings)?;
    let count = fields.count("count", findings);
    fields.need("within", findings)?;
    let within = fields.duration("within", findings);
    fields.finish(findings);
    let count = count?;
    // LIMIT: the times of this many events are kept per waiting case.
    if !(1..=1000).contains(&count) {
        findings.push(Finding::error("HW016", "`count` must be from 1 to 1000").at(file.place(node.span)));
        return None;
    }
    Some(Threshold { count: count as u32, within: within? })
}

pub(super) fn limit(file: &SourceFile, node: &Node, what: &str, findings: &mut Findings) -> Option<Limit> {
    let mut fields = Fields::of(file, node, what, findings)?;
    fields.need("tickets", findings);
    let tickets = fields.count("tickets", findings);
    fields.need("per", findings);
    let per = fields.duration("per", findings);
    fields.finish(findings);
    let tickets = tickets?;
    // LIMIT: the times of this many openings are kept in the rule's storm case.
    if !(1..=1000).contains(&tickets) {
        findings.push(Finding::error("HW016", "`tickets` must be from 1 to 1000").at(file.place(node.span)));
        return None;
    }
    Some(Limit { tickets: tickets as u32, per: per? })
}

fn missing(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<Duration> {
    let mut fields = Fields::of(file, node, "`missing`", findings)?;
    fields.need("for", findings);
    let lasts = fields.duration("for", findings);
    fields.finish(findings);
    if lasts.is_some_and(|lasts| lasts.is_zero()) {
        let finding = Finding::error("HW016", "`for` must be longer than nothing");
        findings.push(finding.at(file.place(node.span)));
    }
    lasts.filter(|lasts| !lasts.is_zero())
}

fn active(file: &SourceFile, node: &Node, context: &RuleContext<'_>, findings: &mut Findings) -> Active {
    let Some(mut fields) = Fields::of(file, node, "`active`", findings) else { return Active::default() };
    let mut time = |key: &'static str, findings: &mut Findings| {
        let node = fields.take(key)?;
        let parsed = crate::fields::scalar_text(node).as_deref().and_then(crate::time::parse);
        if parsed.is_none() {
            findings.push(
                Finding::error(
                    "HW017",
                    format!("`{key}` must be a date or time such as `2026-01-05` or `2026-01-05T09:00:00Z`"),
                )
                .at(file.place(node.span)),
            );
        }
        parsed
    };
    let (from, until) = (time("from", findings), time("until", findings));
    let mut calendar = |key: &'static str, findings: &mut Findings| {
        let node = fields.take(key)?;
        let name = crate::fields::scalar_text(node)?;
        if !context.known.library.calendars.contains_key(&name) {
            findings.push(
                Finding::error("HW105", format!("there is no calendar `{name}`")).at(file.place(node.span)),
            );
        }
        Some(name)
    };
    let (during, outside) = (calendar("during", findings), calendar("outside", findings));
    fields.finish(findings);
    Active { from, until, during, outside }
}

fn mode(file: &SourceFile, node: &Node, findings: &mut Findings) -> RuleMode {
    match &node.kind {
        NodeKind::Text(text) if text == "live" => RuleMode::Live,
        NodeKind::Text(text) if text == "shadow" => RuleMode::Shadow,
        NodeKind::Text(text) if text == "off" => RuleMode::Off,
        NodeKind::Map(_) => {
            let Some(mut fields) = Fields::of(file, node, "`mode`", findings) else { return RuleMode::Live };
            let clients = fields.texts("live_for", findings).into_iter().map(|(name, _)| name).collect();
            fields.finish(findings);
            RuleMode::LiveFor(clients)
        }
        _ => {
            findings.push(
                Finding::error(
                    "HW013",
                    "`mode` must be `live`, `shadow`, `off` or `{ live_for: [clients] }`",
                )
                .at(file.place(node.span)),
            );
            RuleMode::Live
        }
    }
}
