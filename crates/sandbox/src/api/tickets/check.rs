//! What HaloPSA demands of a ticket, one complaint at a time.

use crate::{
    api::{Kind, Refusal, dressing},
    config::SandboxConfig,
    store::{Record, State},
};

/// Checks a whole ticket before it is written.
pub(super) fn ticket(config: &SandboxConfig, state: &State, ticket: &Record) -> Result<(), Refusal> {
    picked_from_lists(state, ticket)?;
    if !ticket.has("summary") {
        return Err(Refusal::sentence("Summary must be entered"));
    }
    parties(state, ticket)?;
    parent(state, ticket)?;
    if !ticket.flag("_novalidate") {
        mandatory(config, state, ticket)?;
    }
    Ok(())
}

/// Every id must exist, and a priority only means something within its service level agreement.
pub(crate) fn picked_from_lists(state: &State, ticket: &Record) -> Result<(), Refusal> {
    for (field, kind, column) in [
        ("tickettype_id", Kind::TicketType, "RequestTypeNew"),
        ("status_id", Kind::Status, "Status"),
        ("sla_id", Kind::Sla, "Slaid"),
        ("client_id", Kind::Client, "Areaint"),
    ] {
        if ticket.int(field).is_some_and(|id| state.table(kind).by_id(id).is_none()) {
            return Err(Refusal::foreign_key(column, "FAULTS"));
        }
    }
    let (sla, priority) = (ticket.int("sla_id"), ticket.int("priority_id"));
    let mut priorities = state.table(Kind::Priority).rows().iter();
    if !priorities.any(|row| row.int("slaid") == sla && row.int("priorityid") == priority) {
        return Err(Refusal::sentence("The Priority is not valid for the SLA of this Ticket"));
    }
    if ticket.has("team") && state.table(Kind::Team).named("name", ticket.text("team")).is_none() {
        return Err(Refusal::Error(format!("Team '{}' does not exist", ticket.text("team"))));
    }
    match ticket.int("agent_id").map(|id| state.table(Kind::Agent).by_id(id)) {
        Some(None) => Err(Refusal::foreign_key("Assignedtoint", "FAULTS")),
        Some(Some(agent)) if agent.flag("isapiagent") => {
            Err(Refusal::Message("API-only Agents cannot be assigned to Tickets".to_owned()))
        }
        Some(Some(agent)) if agent.flag("isdisabled") && agent.int("id") != Some(dressing::NO_AGENT) => {
            Err(Refusal::Message("The Agent is disabled".to_owned()))
        }
        _ => Ok(()),
    }
}

/// The site must be the client's and the user the site's.
fn parties(state: &State, ticket: &Record) -> Result<(), Refusal> {
    let site = ticket.int("site_id").and_then(|id| state.table(Kind::Site).by_id(id));
    let Some(site) = site.filter(|site| site.int("client_id") == ticket.int("client_id")) else {
        return Err(Refusal::sentence("A Site must be selected"));
    };
    let user = ticket.int("user_id").and_then(|id| state.table(Kind::User).by_id(id));
    if user.is_none_or(|user| user.int("site_id") != site.int("id")) {
        return Err(Refusal::sentence("Username must be entered"));
    }
    Ok(())
}

fn parent(state: &State, ticket: &Record) -> Result<(), Refusal> {
    match ticket.int("parent_id").filter(|id| *id > 0) {
        Some(id) if Some(id) == ticket.int("id") => {
            Err(Refusal::sentence("A Ticket cannot be its own parent"))
        }
        Some(id) if state.tickets.get(id).is_none() => {
            Err(Refusal::Error(format!("Ticket {id} does not exist")))
        }
        _ => Ok(()),
    }
}

/// The fields the ticket's type demands, the seeded ones first.
fn mandatory(config: &SandboxConfig, state: &State, ticket: &Record) -> Result<(), Refusal> {
    let Some(kind) = ticket.int("tickettype_id").and_then(|id| state.table(Kind::TicketType).by_id(id))
    else {
        return Ok(());
    };
    let seeded = kind.text("mandatory").split_whitespace();
    let configured = config.mandatory.iter().filter(|(name, _)| name.eq_ignore_ascii_case(kind.text("name")));
    let configured = configured.flat_map(|(_, fields)| fields.iter().map(String::as_str));
    for field in seeded.chain(configured) {
        if !is_given(ticket, field) {
            return Err(Refusal::sentence(format!("{} must be entered", label(field))));
        }
    }
    Ok(())
}

fn is_given(ticket: &Record, field: &str) -> bool {
    match field {
        "category_1" => ticket.has("category_1") || ticket.has("categoryid_1"),
        "details" => ticket.has("details") || ticket.has("details_html"),
        "user_id" => ticket.int("user_id").is_some(),
        _ => ticket.has(field),
    }
}

/// What the form calls a field.
fn label(field: &str) -> String {
    match field {
        "category_1" => "Category".to_owned(),
        "agent_id" => "Agent".to_owned(),
        other => {
            let mut letters = other.trim_end_matches("_id").replace('_', " ");
            if let Some(first) = letters.get_mut(0..1) {
                first.make_ascii_uppercase();
            }
            letters
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_name_fields_as_the_form_does() {
        assert_eq!(label("category_1"), "Category");
        assert_eq!(label("impact"), "Impact");
        assert_eq!(label("inventory_number"), "Inventory number");
        assert_eq!(label(""), "");
    }
}
