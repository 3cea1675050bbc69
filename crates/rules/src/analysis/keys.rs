//! Keys: two rules of one key that would open different tickets, and keys that are another one each time.

use std::collections::HashMap;

use serde_json::Value;

use super::Placed;
use super::facts::Facts;
use crate::finding::{Finding, Findings};
use crate::path::Path;
use crate::rule::{EffectTemplate, RuleMode};
use crate::template::TemplateTree;
use crate::ticket::TicketTemplate;

/// Fields that say what a ticket is and whose: two tickets that differ in them are not the same ticket.
const IDENTITY: [&str; 5] = ["type", "client", "site", "user", "asset"];

/// What a problem can change about itself while it lasts; two rules that differ in these alone share its key.
const CHANGING: [&str; 6] = ["severity", "severity_raw", "state", "title", "message", "labels"];

// LIMIT: rules of one key are few; a generated file of thousands is compared with the first of them.
const OF_ONE_KEY: usize = 50;

/// Rules that share a key and would open tickets that differ in what they are or whose.
pub(super) fn different_tickets(
    rules: &[Placed<'_>],
    facts: &[Facts<'_>],
    defaults: &TicketTemplate,
    findings: &mut Findings,
) {
    let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
    for (number, placed) in rules.iter().enumerate() {
        let opens =
            ticket(placed).is_some() && matches!(placed.rule.mode, RuleMode::Live | RuleMode::LiveFor(_));
        if let Some(key) = placed.text("key").filter(|_| opens) {
            by_key.entry(key.trim().to_owned()).or_default().push(number);
        }
    }
    for (number, placed) in rules.iter().enumerate() {
        let Some(key) = placed.text("key") else { continue };
        let Some(same) = by_key.get(key.trim()) else { continue };
        let Some(ours) = ticket(placed).filter(|_| same.contains(&number)) else { continue };
        for earlier in same.iter().copied().take_while(|other| *other < number).take(OF_ONE_KEY) {
            let other = &rules[earlier];
            let Some(theirs) = ticket(other) else { continue };
            let differing = IDENTITY.into_iter().find_map(|field| {
                let value = |ticket: &'_ TicketTemplate, placed: &Placed<'_>| {
                    literal(field, ticket)
                        .or_else(|| literal(field, &placed.rule.defaults))
                        .or_else(|| literal(field, defaults))
                };
                let (a, b) = (value(theirs, other)?, value(ours, placed)?);
                differ(&a, &b).then(|| (field, crate::value::to_text(&a).into_owned()))
            });
            let Some((field, value)) = differing else { continue };
            if apart(&facts[earlier], &facts[number]) {
                continue;
            }
            findings.push(
                Finding::warning(
                    "HW142",
                    format!(
                        "`{}` and `{}` have the same key and open tickets of different {field}",
                        other.rule.id(),
                        placed.rule.id()
                    ),
                )
                .at(placed.place("key"))
                .help(format!(
                    "the first to come decides: while its ticket is open ({field} `{value}` at {}), the other opens none; give this rule a key of its own",
                    other.rule.at()
                )),
            );
            break;
        }
    }
}

/// Whether no problem can be for both rules: what never changes about it is demanded differently.
fn apart(a: &Facts<'_>, b: &Facts<'_>) -> bool {
    a.lasting(&CHANGING).and(&b.lasting(&CHANGING)).are_contradictory()
}

fn ticket<'r>(placed: &Placed<'r>) -> Option<&'r TicketTemplate> {
    placed.rule.effects.iter().find_map(|effect| match effect {
        EffectTemplate::OpenTicket { ticket, .. } => Some(ticket),
        _ => None,
    })
}

/// A field's value where it is the same for all events.
fn literal(field: &str, ticket: &TicketTemplate) -> Option<Value> {
    ticket.fields.iter().find(|(name, _)| *name == field).and_then(|(_, tree)| match tree {
        TemplateTree::Value(value) if !value.is_null() => Some(value.clone()),
        _ => None,
    })
}

/// Whether two literals cannot mean the same; a name and a number may.
fn differ(a: &Value, b: &Value) -> bool {
    let number = |value: &Value| crate::value::to_number(value).is_some();
    number(a) == number(b) && !crate::value::equal(a, b)
}

/// Times and ids that no two events share.
const MOMENTS: [&str; 6] =
    ["now", "event.occurred_at", "event.received_at", "event.ended_at", "event.id", "event.trace"];

/// Keys that name a time or a counter, and so a new problem each time.
pub(super) fn changing(rules: &[Placed<'_>], findings: &mut Findings) {
    for placed in rules {
        let Some(template) = &placed.rule.key else { continue };
        for path in template.plain_paths() {
            let why = if MOMENTS.contains(&path.as_str()) {
                "each event would be a problem of its own: no repeat is counted, and nothing is resolved"
            } else if Path::parse(&path).is_ok_and(|path| path.root() == "case") {
                "the case is found by its key, so there is none yet"
            } else {
                continue;
            };
            findings.push(
                Finding::warning("HW148", format!("the key of `{}` names `{path}`", placed.rule.id()))
                    .at(placed
                        .node
                        .get("key")
                        .map_or_else(|| placed.place("key"), |node| placed.mention(node, &path)))
                    .help(why),
            );
        }
    }
}
