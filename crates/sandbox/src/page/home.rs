//! The tickets, newest first, page by page, and the latest requests.

use super::frame::{self, Part};
use crate::{
    RecordedRequest,
    api::Kind,
    html::{shortened, shown},
    server::Call,
    shared::Shared,
    store::{State, StoredTicket},
    view::Ticket,
};

// LIMIT: a page a person can still scroll; the JSON has everything.
const ON_A_PAGE: usize = 100;
const LATEST_REQUESTS: usize = 20;

/// How much there is.
struct Counts {
    open: usize,
    tickets: usize,
    actions: usize,
    requests: usize,
    refused: usize,
}

impl Counts {
    fn of(state: &State) -> Self {
        let all = || state.tickets.all().filter(|stored| !stored.now.flag("deleted"));
        let refused = |request: &&RecordedRequest| request.status.is_none_or(|status| status >= 400);
        Self {
            open: all().filter(|stored| !stored.now.flag("hasbeenclosed")).count(),
            tickets: all().count(),
            actions: all().map(|stored| stored.actions.len()).sum(),
            requests: state.requests.all().count(),
            refused: state.requests.all().filter(refused).count(),
        }
    }

    fn as_html(&self) -> String {
        let counts = [
            (self.open, "open tickets"),
            (self.tickets, "tickets in all"),
            (self.actions, "actions on them"),
            (self.requests, "requests"),
            (self.refused, "refused or unanswered"),
        ];
        let counts = counts.map(|(number, name)| format!("<div><b>{number}</b><span>{name}</span></div>"));
        format!("<div class=\"counts\">{}</div>", counts.concat())
    }
}

pub(super) fn render(shared: &Shared, call: &Call) -> String {
    let query = &call.query;
    let part = Part::asked(query, ON_A_PAGE);
    let (wanted, open) = (query.text("q").unwrap_or_default().trim(), query.flag("open"));
    let narrowed = open || !wanted.is_empty();
    let (counts, tickets, total, requests) = shared.look(|state| {
        let lower = wanted.to_lowercase();
        let fits = |stored: &&StoredTicket| {
            let closed = stored.now.flag("hasbeenclosed") || stored.now.flag("deleted");
            let client = state.name(Kind::Client, stored.now.int("client_id")).to_lowercase();
            (!open || !closed)
                && (stored.now.text("summary").to_lowercase().contains(&lower)
                    || client.contains(&lower)
                    || stored.now.id() == lower)
        };
        let fitting: Vec<&StoredTicket> = state.tickets.all().rev().filter(fits).collect();
        let page = fitting.iter().skip(part.skipped()).take(part.size());
        let tickets: Vec<Ticket> = page.map(|stored| Ticket::of(state, shared, stored)).collect();
        let requests: Vec<_> = state.requests.all().rev().take(LATEST_REQUESTS).cloned().collect();
        (Counts::of(state), tickets, fitting.len(), requests)
    });
    let table = if tickets.is_empty() && narrowed {
        "<p class=\"empty\">No ticket fits. <a href=\"/\">All tickets</a></p>".to_owned()
    } else if tickets.is_empty() && total == 0 {
        connect(shared)
    } else {
        ticket_table(&tickets)
    };
    let rest = frame::and(&[("q", wanted), ("open", if open { "true" } else { "" })]);
    let form = if counts.tickets > 0 || narrowed { form(wanted, open) } else { String::new() };
    let body = format!(
        "{counts}<section><div class=\"head\"><h2>Tickets</h2><small>{range}</small></div>{form}{table}{links}</section>\
         <section><div class=\"head\"><h2>Latest requests</h2><small><a href=\"/requests\">all of them, with their bodies</a></small></div>{requests}</section>",
        counts = counts.as_html(),
        range = part.range(total),
        links = part.links("/", &rest, total),
        requests = frame::request_table(&frame::request_rows(requests.iter(), false)),
    );
    // Nobody wants a page to change under a search or while reading old ones.
    let refreshes = !query.flag("still") && !narrowed && part.skipped() == 0;
    frame::page(shared, "Tickets", refreshes, &body)
}

fn form(wanted: &str, open: bool) -> String {
    format!(
        "<form action=\"/\"><input type=\"search\" name=\"q\" value=\"{}\" placeholder=\"summary, client or number\" aria-label=\"Search tickets\">\
         <label><input type=\"checkbox\" name=\"open\" value=\"true\"{}> open ones</label><button>Show</button></form>",
        shown(wanted),
        if open { " checked" } else { "" },
    )
}

/// What an empty sandbox tells whoever opens it: how to connect.
fn connect(shared: &Shared) -> String {
    format!(
        "<p class=\"empty\">No ticket yet. Whatever is created through the API appears here.<br>\
         Connect with the address <code>{}</code> and the client id <code>{}</code>.</p>",
        shown(&shared.url),
        shown(&shared.config().client_id),
    )
}

fn ticket_table(tickets: &[Ticket]) -> String {
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
        summary = shown(&shortened(&ticket.summary, 140)),
        client = shown(&ticket.client),
        status = frame::status_pill(&ticket.status, ticket.closed, ticket.deleted),
        priority = frame::priority(&ticket.priority),
        kind = shown(&ticket.ticket_type),
        team = shown(&ticket.team),
        notes = ticket.actions.len(),
        created = frame::time(&ticket.created),
    )
}
