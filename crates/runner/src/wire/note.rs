//! Notes, and the actions that resolve a ticket or open it again.

use haloward_rules::{Note, Reference};
use serde_json::Value;

use super::field::Body;
use super::{Endpoint, Rendered, WireSettings};
use crate::catalogue::Catalogue;

/// What a note is called where nobody has looked at the tenant yet; a stock install has it.
const NOTE: &str = "Internal Note";

/// The body that adds a note. `ticket` is its id, or what stands for it in a dry run.
pub fn note_body(
    ticket: impl Into<Value>,
    note: &Note,
    catalogue: Option<&Catalogue>,
    settings: &WireSettings,
) -> Rendered {
    action(ticket.into(), note, catalogue, settings).render(Endpoint::Actions)
}

/// The body that resolves a ticket: one action with the note and the new status, or the status alone.
pub fn resolve_body(
    ticket: impl Into<Value>,
    note: Option<&Note>,
    status: Option<&Reference>,
    catalogue: Option<&Catalogue>,
    settings: &WireSettings,
) -> Rendered {
    let wanted = status.or(settings.resolved_status.as_ref());
    change_status(ticket.into(), note, wanted, "Resolved", Catalogue::resolved_status, catalogue, settings)
}

/// The body that opens a ticket again.
pub fn reopen_body(
    ticket: impl Into<Value>,
    note: &Note,
    catalogue: Option<&Catalogue>,
    settings: &WireSettings,
) -> Rendered {
    let status = |catalogue: &Catalogue| catalogue.reopened_status().unwrap_or(1);
    change_status(
        ticket.into(),
        Some(note),
        settings.reopened_status.as_ref(),
        "New",
        status,
        catalogue,
        settings,
    )
}

/// A status is never left out: without it the action would not do what it is for.
fn change_status(
    ticket: Value,
    note: Option<&Note>,
    wanted: Option<&Reference>,
    usual: &str,
    default: impl Fn(&Catalogue) -> i64,
    catalogue: Option<&Catalogue>,
    settings: &WireSettings,
) -> Rendered {
    let (mut body, endpoint, wire) = if let Some(note) = note {
        (action(ticket, note, catalogue, settings), Endpoint::Actions, "new_status")
    } else {
        let mut body = Body::default();
        body.set("id", ticket);
        (body, Endpoint::Tickets, "status_id")
    };
    match (wanted, catalogue) {
        (Some(Reference::Id(id)), _) => body.set(wire, *id),
        (Some(name), Some(catalogue)) => {
            let found = catalogue.status(name).map(|status| status.id);
            if found.is_none() {
                body.miss("status", name, "there is none of that name, the usual one is taken");
            }
            body.set(wire, found.unwrap_or_else(|| default(catalogue)));
        }
        (None, Some(catalogue)) => body.set(wire, default(catalogue)),
        (wanted, None) => body.unseen("status", wire, &wanted.map_or(usual.to_owned(), ToString::to_string)),
    }
    body.render(endpoint)
}

fn action(ticket: Value, note: &Note, catalogue: Option<&Catalogue>, settings: &WireSettings) -> Body {
    let mut body = Body::default();
    body.set("ticket_id", ticket);
    body.set("note_html", note.text.html.as_str());
    body.set("hiddenfromuser", note.private);
    body.set("sendemail", false);
    if settings.dont_do_rules {
        body.set("dont_do_rules", true);
    }
    let wanted = note.outcome.as_ref().or(settings.note_outcome.as_ref());
    match (wanted, catalogue) {
        (Some(Reference::Id(id)), _) => body.set("outcome_id", *id),
        (Some(Reference::Name(name)), None) => body.set("outcome", name.as_str()),
        (Some(name), Some(catalogue)) => {
            if let Some(outcome) = catalogue.outcome(name) {
                body.set("outcome_id", outcome.id);
            } else {
                body.miss("outcome", name, "there is none of that name, the usual one is taken");
                usual_outcome(&mut body, Some(catalogue));
            }
        }
        (None, catalogue) => usual_outcome(&mut body, catalogue),
    }
    body
}

fn usual_outcome(body: &mut Body, catalogue: Option<&Catalogue>) {
    match catalogue.and_then(Catalogue::note_outcome) {
        Some(outcome) => body.set("outcome_id", outcome.id),
        None => body.set("outcome", NOTE),
    }
}
