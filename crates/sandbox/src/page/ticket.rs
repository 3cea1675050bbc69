//! One ticket: its fields, its details in a closed frame, its actions, and the requests that touched it.

use serde_json::Value;

use super::frame;
use crate::{
    html::{escape, shown},
    shared::Shared,
    view::{Action, Ticket},
};

/// The page of a ticket, if there is one with this number.
pub(super) fn render(shared: &Shared, id: i64) -> Option<String> {
    let (ticket, requests) = shared.look(|state| {
        let ticket = Ticket::of(state, shared, state.tickets.get(id)?);
        let touching = state.requests.all().rev().filter(|request| request.tickets.contains(&id));
        Some((ticket, touching.cloned().collect::<Vec<_>>()))
    })?;
    let actions: String = ticket.actions.iter().map(note).collect();
    let actions = if actions.is_empty() {
        "<p class=\"empty\">No action on this ticket yet.</p>".to_owned()
    } else {
        actions
    };
    let body = format!(
        "<section><div class=\"head\"><h2>{id} · {summary}</h2>{pill}</div><dl>{facts}</dl></section>\
         <section><div class=\"head\"><h2>Details</h2></div>{details}</section>\
         <section><div class=\"head\"><h2>Actions</h2><small>{count}</small></div>{actions}</section>\
         <section><div class=\"head\"><h2>Requests that touched it</h2><small>latest first</small></div>{requests}</section>\
         <section><div class=\"head\"><details><summary>All fields as the API answers them</summary><pre>{fields}</pre></details></div></section>",
        summary = shown(&ticket.summary),
        pill = frame::status_pill(&ticket.status, ticket.closed, ticket.deleted),
        facts = facts(&ticket),
        details = details(&ticket),
        count = ticket.actions.len(),
        requests = frame::request_table(&frame::request_rows(requests.iter(), true)),
        fields = shown(&serde_json::to_string_pretty(&ticket.fields).unwrap_or_default()),
    );
    Some(frame::page(shared, &format!("Ticket {id}"), false, &body))
}

fn facts(ticket: &Ticket) -> String {
    let field = |name: &str| match ticket.field(name) {
        Value::String(text) => shown(text),
        Value::Null => String::new(),
        other => shown(&other.to_string()),
    };
    let time_of = |name: &str| ticket.field(name).as_str().map(frame::time).unwrap_or_default();
    let mut facts = vec![
        ("Client", shown(&ticket.client)),
        ("Site", field("site_name")),
        ("User", field("user_name")),
        ("Type", shown(&ticket.ticket_type)),
        ("Priority", frame::priority(&ticket.priority)),
        ("SLA", field("sla_name")),
        ("Team", shown(&ticket.team)),
        ("Agent", shown(&ticket.agent)),
        ("Category", field("category_1")),
        ("Created", frame::time(&ticket.created)),
        ("Last update", time_of("last_update")),
        ("Closed", time_of("dateclosed")),
        ("Supplier reference", field("supplier_reference")),
        ("Third party id", field("third_party_id_string")),
        ("E-mails to the customer", ticket.emails.to_string()),
    ];
    let merged = ticket.field("merged_into_id").as_i64().unwrap_or_default();
    if merged > 0 {
        facts.push(("Merged into", format!("<a href=\"/tickets/{merged}\">{merged}</a>")));
    }
    for custom in ticket.field("customfields").as_array().into_iter().flatten() {
        if let (Some(label), Some(value)) = (custom["label"].as_str(), custom["display"].as_str())
            && !value.is_empty()
        {
            facts.push((label, shown(value)));
        }
    }
    let filled = facts.iter().filter(|(_, value)| !value.is_empty());
    let facts = filled.map(|(name, value)| format!("<div><dt>{}</dt><dd>{value}</dd></div>", shown(name)));
    facts.collect::<Vec<String>>().concat()
}

/// Foreign HTML in a frame with every right taken away.
fn details(ticket: &Ticket) -> String {
    let html = ticket.field("details_html").as_str().unwrap_or_default();
    if html.trim().is_empty() {
        return "<p class=\"empty\">No details.</p>".to_owned();
    }
    let document = format!(
        "<meta charset=\"utf-8\"><style>body{{font:15px/1.5 system-ui,sans-serif;margin:1rem;color:#1b2530;background:#fff;overflow-wrap:anywhere}}</style>{html}"
    );
    format!("<iframe sandbox title=\"Details of the ticket\" srcdoc=\"{}\"></iframe>", escape(&document))
}

fn note(action: &Action) -> String {
    let class = if action.hidden_from_user { "note private" } else { "note" };
    let seen = if action.hidden_from_user { "private" } else { "the customer sees it" };
    let status = action.fields["new_status_name"].as_str().unwrap_or_default();
    let changed = action.fields["new_status"].as_i64().unwrap_or_default() > 0;
    let status = if changed { format!(" · status {}", shown(status)) } else { String::new() };
    format!(
        "<div class=\"{class}\"><b>{outcome}</b> <small>{at} · {seen}{status}</small><p>{note}</p></div>",
        outcome = shown(&action.outcome),
        at = frame::time(&action.at),
        note = shown(&action.note),
    )
}
