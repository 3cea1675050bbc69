//! HaloPSA's own ticket rules and the ticket types' templates, which change what a create asked for.

use serde_json::{Value, json};

use crate::{
    api::Kind,
    config::SandboxConfig,
    store::{Record, State},
};

/// Lets the type's template overwrite the ticket, unless the request says `donotapplytemplateintheapi`.
pub(super) fn template(state: &State, ticket: &mut Record) {
    if ticket.flag("donotapplytemplateintheapi") {
        return;
    }
    let kind = ticket.int("tickettype_id").and_then(|id| state.table(Kind::TicketType).by_id(id));
    if let Some(Value::Object(fields)) = kind.and_then(|kind| kind.get("template")) {
        ticket.0.extend(fields.clone());
    }
}

/// Applies the matching rules in their order, unless the request says `dont_do_rules`.
pub(super) fn apply(config: &SandboxConfig, ticket: &mut Record) {
    if ticket.flag("dont_do_rules") {
        return;
    }
    let summary = ticket.text("summary").to_lowercase();
    let mut matched = Vec::new();
    for rule in &config.ticket_rules {
        if !summary.contains(&rule.summary_contains.to_lowercase()) {
            continue;
        }
        ticket.0.extend(rule.set.clone());
        matched.push(json!({ "rule_id": rule.id, "rule_sequence": matched.len() + 1 }));
        ticket.set("matched_rule_id", rule.id);
        ticket.set("matched_rule_name", rule.name.as_str());
    }
    ticket.set("matched_rules", matched);
}
