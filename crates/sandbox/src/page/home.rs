//! All tickets, newest first, and the latest requests.

use super::frame;
use crate::{
    html::{escape, shortened},
    server::Call,
    shared::Shared,
    view::Ticket,
};

// LIMIT: a page a person can still scroll; the JSON has everything.
const MOST_TICKETS: usize = 200;
const MOST_REQUESTS: usize = 40;

pub(super) fn render(shared: &Shared, call: &Call) -> String {
    let (tickets, total, open, requests, seen, refused) = shared.look(|state| {
        let newest = state.tickets.all().rev().take(MOST_TICKETS);
        let tickets: Vec<Ticket> = newest.map(|stored| Ticket::of(state, shared, stored)).collect();
        let all = || state.tickets.all().filter(|stored| !stored.now.flag("deleted"));
        let open = all().filter(|stored| !stored.now.flag("hasbeenclosed")).count();
        let requests: Vec<_> = state.requests.all().rev().take(MOST_REQUESTS).cloned().collect();
        let refused = state.requests.all().filter(|request| request.status.is_none_or(|s| s >= 400)).count();
        (tickets, all().count(), open, requests, state.requests.all().count(), refused)
    });
    let notes: usize = tickets.iter().map(|ticket| ticket.actions.len()).sum();
    let counts = [
        (open, "open tickets"),
        (total, "tickets in all"),
        (notes, "actions on them"),
        (seen, "requests"),
        (refused, "refused or unanswered"),
    ]
    .map(|(number, name)| format!("<div><b>{number}</b><span>{name}</span></div>"))
    .concat();
    let body = format!(
        "<div class=\"counts\">{counts}</div>\
         <section><div class=\"head\"><h2>Tickets</h2><small>newest first</small></div>{}</section>\
         <section><div class=\"head\"><h2>Requests</h2><small>latest {MOST_REQUESTS}</small></div>{}</section>",
        ticket_table(&tickets),
        frame::request_table(&frame::request_rows(requests.iter(), false)),
    );
    frame::page(shared, "Tickets", !call.query.flag("still"), &body)
}

fn ticket_table(tickets: &[Ticket]) -> String {
    if tickets.is_empty() {
        return "<p class=\"empty\">No ticket yet. Whatever is created through the API appears here.</p>"
            .to_owned();
    }
    let rows: String = tickets.iter().map(row).collect();
    format!(
        "<table><thead><tr><th>Ticket</th><th>Summary</th><th>Client</th><th>Status</th><th>Priority</th><th>Type</th>\
         <th>Team</th><th class=\"num\">Notes</th><th>Created, UTC</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

fn row(ticket: &Ticket) -> String {
    let class = if ticket.closed || ticket.deleted { " class=\"closed\"" } else { "" };
    format!(
        "<tr{class}><td class=\"num\"><a href=\"/tickets/{id}\">{id}</a></td>\
         <td class=\"wide\"><a href=\"/tickets/{id}\">{summary}</a></td><td class=\"wide name\">{client}</td>\
         <td>{status}</td><td class=\"short\">{priority}</td><td class=\"short\" data-name=\"Type\">{kind}</td>\
         <td class=\"short\" data-name=\"Team\">{team}</td>\
         <td class=\"num\" data-name=\"Notes\">{notes}</td><td>{created}</td></tr>",
        id = ticket.id,
        summary = escape(&shortened(&ticket.summary, 140)),
        client = escape(&ticket.client),
        status = frame::status_pill(&ticket.status, ticket.closed, ticket.deleted),
        priority = frame::priority(&ticket.priority),
        kind = escape(&ticket.ticket_type),
        team = escape(&ticket.team),
        notes = ticket.actions.len(),
        created = frame::time(&ticket.created),
    )
}
