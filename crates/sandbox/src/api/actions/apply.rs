//! What an action does: it is written to its ticket, changes it, and may send the customer an e-mail.

use std::sync::Arc;

use jiff::Timestamp;

use super::{stamped, tickets};
use crate::{
    api::{Kind, Refusal},
    moment,
    shared::Shared,
    store::{Record, State},
    webhook,
};

/// Which field of the ticket each `new_…` field of an action sets.
const CHANGES: &[(&str, &str)] = &[
    ("new_status", "status_id"),
    ("new_priority", "priority_id"),
    ("new_sla_id", "sla_id"),
    ("new_agent", "agent_id"),
    ("new_team", "team"),
    ("new_tickettype", "tickettype_id"),
    ("new_parent_id", "parent_id"),
    ("new_impact", "impact"),
    ("new_urgency", "urgency"),
    ("new_source", "source"),
    ("new_supplier_id", "supplier_id"),
    ("new_supplier_ref", "supplier_reference"),
    ("new_customer_ref", "client_reference"),
    ("new_contract_id", "contract_id"),
    ("new_category1", "category_1"),
    ("new_category2", "category_2"),
    ("new_category3", "category_3"),
    ("new_category4", "category_4"),
    ("new_followupdate", "followupdate"),
    ("new_deadlinedate", "deadlinedate"),
    ("new_startdate", "startdate"),
    ("new_targetdate", "targetdate"),
    ("new_estimate", "estimate"),
];

/// Puts what an action changes onto a ticket.
pub(super) fn onto_ticket(action: &Record, ticket: &mut Record) {
    if action.flag("dont_update_fault") {
        return;
    }
    for (from, to) in CHANGES {
        // 0 and an empty text mean "as it is": the web client sends them along.
        if action.has(from)
            && let Some(value) = action.get(from)
        {
            ticket.set(to, value.clone());
        }
    }
}

/// Writes a checked action and what it changes; says what webhooks are to announce.
pub(super) fn write(
    shared: &Shared,
    state: &mut State,
    mut action: Record,
    now: Timestamp,
) -> Result<(Record, Vec<webhook::Event>), Refusal> {
    let ticket_id = action.int("ticket_id").ok_or(Refusal::NotFound)?;
    let before = state.tickets.get(ticket_id).ok_or(Refusal::NotFound)?.now.clone();
    action.set("last_updated", moment::of(now));
    if action.int("id").is_some() {
        let stored = state.tickets.get_mut(ticket_id).ok_or(Refusal::NotFound)?;
        let place = stored.actions.iter().position(|old| old.int("id") == action.int("id"));
        stored.actions[place.ok_or(Refusal::NotFound)?] = action.clone();
        touch_only(state, before, now);
        return Ok((action, Vec::new()));
    }
    let api_agent = state.table(Kind::Agent).rows().iter().find(|agent| agent.flag("isapiagent"));
    let api_agent = api_agent.and_then(|agent| agent.int("id"));
    let agent = action.int("as_agent").or(api_agent);
    action.remove("as_agent");
    let mut action = stamped(action, agent, now);
    action.set("old_status", before.int("status_id"));
    let mut ticket = before.clone();
    onto_ticket(&action, &mut ticket);
    tickets::close_or_reopen(&mut ticket, now);
    let hours =
        before.number("timetaken").unwrap_or_default() + action.number("timetaken").unwrap_or_default();
    ticket.set("timetaken", hours);
    if ticket.int("agent_id") != before.int("agent_id") {
        ticket.set("dateassigned", moment::of(now));
    }
    action.set("new_status_name", state.name(Kind::Status, ticket.int("status_id")));
    tickets::touch(&mut ticket, now);
    state.tickets.put(ticket_id, ticket.clone(), now);
    if let Some(stored) = state.tickets.get_mut(ticket_id) {
        stored.last_action_id += 1;
        action.set("id", stored.last_action_id);
        if action.flag("sendemail") {
            action.set("dateemailed", moment::of(now));
            stored.emails += 1;
        }
        stored.actions.push(action.clone());
    }
    let view = tickets::detail_view(state, shared, &ticket);
    let events = webhook::Event::of_change(Some(&before), &view, Some(&action));
    Ok((action, events))
}

fn touch_only(state: &mut State, mut ticket: Record, now: Timestamp) {
    tickets::touch(&mut ticket, now);
    if let Some(id) = ticket.int("id") {
        state.tickets.put(id, ticket, now);
    }
}

/// What a technician does to a ticket at HaloPSA's own screens.
///
/// `AgentAction::default()` is a private note by the first technician that changes nothing.
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentAction {
    /// The technician's name; without one, the first who can be assigned tickets.
    pub agent: Option<String>,
    /// The outcome's name; without one, `Internal Note`.
    pub outcome: Option<String>,
    /// The note.
    pub note: String,
    /// Whether the customer sees it.
    pub public: bool,
    /// The name of the ticket's new status.
    pub new_status: Option<String>,
    /// Hours of work.
    pub hours: f64,
}

/// Writes a technician's action; says what does not exist otherwise.
pub(crate) fn act_as_agent(shared: &Arc<Shared>, ticket: i64, act: &AgentAction) -> Result<i64, String> {
    let now = shared.clock.now();
    let (id, events) = shared.change(|state| {
        if state.tickets.get(ticket).is_none() {
            return Err(format!("ticket {ticket} does not exist"));
        }
        let mut action = Record::default();
        action.set("ticket_id", ticket);
        action.set("as_agent", technician(state, act.agent.as_deref())?);
        let outcome = act.outcome.as_deref().unwrap_or("Internal Note");
        let outcome = state.table(Kind::Outcome).named("outcome", outcome);
        let outcome = outcome.ok_or_else(|| {
            format!("outcome `{}` does not exist", act.outcome.as_deref().unwrap_or_default())
        })?;
        action.set("outcome_id", outcome.int("id"));
        action.set("outcome", outcome.text("outcome"));
        if let Some(status) = &act.new_status {
            let id = state.table(Kind::Status).named("name", status).and_then(|row| row.int("id"));
            action.set("new_status", id.ok_or_else(|| format!("status `{status}` does not exist"))?);
        }
        action.set("note", act.note.as_str());
        action.set("hiddenfromuser", !act.public);
        action.set("timetaken", act.hours);
        super::texts(&mut action);
        let written = write(shared, state, action, now);
        let (action, events) = written.map_err(|refusal| format!("{refusal:?}"))?;
        Ok((action.int("id").unwrap_or_default(), events))
    })?;
    for event in events {
        webhook::announce(shared, &event);
    }
    Ok(id)
}

/// The agent of this name, or the first who can be assigned tickets.
pub(crate) fn technician(state: &State, name: Option<&str>) -> Result<Option<i64>, String> {
    let agents = state.table(Kind::Agent);
    let found = match name {
        Some(name) => {
            Some(agents.named("name", name).ok_or_else(|| format!("agent `{name}` does not exist"))?)
        }
        None => agents.rows().iter().find(|agent| {
            agent.int("id") != Some(crate::api::dressing::NO_AGENT)
                && !agent.flag("isapiagent")
                && !agent.flag("isdisabled")
        }),
    };
    Ok(found.and_then(|agent| agent.int("id")))
}
