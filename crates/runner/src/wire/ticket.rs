//! Tickets: one line per field of the rule language.

use std::fmt::Write;

use haloward_rules::{Origin, Parent, Reference, TicketDraft};
use serde_json::{Value, json};

use super::field::{Body, escape};
use super::{Endpoint, Rendered, WireSettings, client, record};
use crate::catalogue::{Catalogue, Entry, same};

/// The body that creates a ticket. Names that can't be found never cost the ticket: they are left out, and a line at
/// the end of its details says so.
pub fn ticket_body(
    draft: &TicketDraft,
    origin: &Origin,
    catalogue: Option<&Catalogue>,
    settings: &WireSettings,
) -> Rendered {
    let mut body = Body::default();
    // Alerts come at 3 a.m.: nobody's customer gets a mail about them unless a rule says so.
    body.set("sendack", false);
    if settings.dont_do_rules {
        body.set("dont_do_rules", true);
    }
    if let Some(source) = settings.source {
        body.set("source", source);
    }
    client::put(&mut body, draft, origin, catalogue, settings);
    fields(&mut body, draft, catalogue);
    let mut details = draft.details.as_ref().map(|details| details.html.clone()).unwrap_or_default();
    if catalogue.is_some() {
        for missing in &body.unresolved {
            let (field, name, why) = (&missing.field, escape(&missing.name), escape(&missing.why));
            // Writing to a text does not fail.
            let _ = writeln!(details, "<p>Haloward could not find {field} <code>{name}</code>: {why}.</p>");
        }
    }
    if !details.is_empty() {
        body.set("details_html", details);
    }
    verbatim(&mut body, draft);
    body.render(Endpoint::Tickets)
}

/// The body that changes a ticket: only what the draft sets. `ticket` is its id, or what stands for it in a dry run.
pub fn update_body(
    ticket: impl Into<Value>,
    draft: &TicketDraft,
    catalogue: Option<&Catalogue>,
    settings: &WireSettings,
) -> Rendered {
    let mut body = Body::default();
    body.set("id", ticket);
    if settings.dont_do_rules {
        body.set("dont_do_rules", true);
    }
    if let Some(reference) = &draft.client {
        client::change(&mut body, reference, catalogue, settings);
    }
    fields(&mut body, draft, catalogue);
    if let Some(details) = &draft.details {
        body.set("details_html", details.html.clone());
    }
    verbatim(&mut body, draft);
    body.render(Endpoint::Tickets)
}

/// Any other property of the API, as it is: it wins over ours.
fn verbatim(body: &mut Body, draft: &TicketDraft) {
    for (name, value) in &draft.fields {
        body.set(name, value.clone());
    }
}

fn fields(body: &mut Body, draft: &TicketDraft, catalogue: Option<&Catalogue>) {
    if let Some(summary) = &draft.summary {
        body.set("summary", summary.as_str());
    }
    let known = catalogue;
    look_up(body, "type", "tickettype_id", draft.ticket_type.as_ref(), known, |c, r| {
        c.ticket_type(r).map(|e| e.id)
    });
    look_up(body, "status", "status_id", draft.status.as_ref(), known, |c, r| c.status(r).map(|e| e.id));
    look_up(body, "sla", "sla_id", draft.sla.as_ref(), known, |c, r| c.sla(r).map(|e| e.id));
    look_up(body, "agent", "agent_id", draft.agent.as_ref(), known, |c, r| c.agent(r).map(|e| e.id));
    priority(body, draft, catalogue);
    team(body, draft, catalogue);
    level(body, "impact", draft.impact.as_ref(), known.map(|c| &*c.impacts));
    level(body, "urgency", draft.urgency.as_ref(), known.map(|c| &*c.urgencies));
    record::put(body, draft, catalogue);
    for (name, level) in draft.category.iter().zip(1..=4) {
        let wire = format!("category_{level}");
        match catalogue.filter(|c| !c.categories.is_empty()).map(|c| c.category(name, level)) {
            None => body.set(&wire, name.as_str()),
            Some(Some(spelling)) => body.set(&wire, spelling),
            Some(None) => body.miss("category", name, "there is none of that name at this level"),
        }
    }
    custom_fields(body, draft, catalogue);
    if !draft.tags.is_empty() {
        let tags: Vec<Value> = draft.tags.iter().map(|tag| json!({ "text": tag })).collect();
        body.set("tags", tags);
    }
    match &draft.parent {
        Some(Parent::Id(id)) => body.set("parent_id", *id),
        Some(Parent::Case(key)) => body.miss("parent", key, "that case has no ticket yet"),
        // Which number that is HaloPSA alone can say; what goes out has it.
        Some(Parent::Ticket { case, .. }) => body.set("parent_id", format!("the ticket of {case}")),
        None => {}
    }
}

fn look_up(
    body: &mut Body,
    field: &str,
    wire: &str,
    reference: Option<&Reference>,
    catalogue: Option<&Catalogue>,
    find: impl Fn(&Catalogue, &Reference) -> Option<i64>,
) {
    match (reference, catalogue) {
        (None, _) => {}
        (Some(Reference::Id(id)), _) => body.set(wire, *id),
        (Some(name), None) => body.unseen(field, wire, name),
        (Some(name), Some(catalogue)) => match find(catalogue, name) {
            Some(id) => body.set(wire, id),
            None => body.miss(field, name, "there is none of that name"),
        },
    }
}

/// A priority means something within its SLA only: the draft's, or the ticket type's.
fn priority(body: &mut Body, draft: &TicketDraft, catalogue: Option<&Catalogue>) {
    let name = match &draft.priority {
        None => return,
        Some(Reference::Id(id)) => return body.set("priority_id", *id),
        Some(Reference::Name(name)) => name,
    };
    let Some(catalogue) = catalogue else { return body.unseen("priority", "priority_id", name) };
    let sla = body.fields.get("sla_id").and_then(Value::as_i64).or_else(|| {
        let kind = draft.ticket_type.as_ref().and_then(|kind| catalogue.ticket_type(kind));
        kind.and_then(|kind| kind.default_sla)
    });
    match catalogue.priority(name, sla) {
        Some(id) => body.set("priority_id", id),
        None if sla.is_some() => {
            body.miss("priority", name, "there is none of that name in the ticket's SLA");
        }
        None => body.miss("priority", name, "there is none of that name, or its SLA is not known"),
    }
}

/// HaloPSA takes a team by its name.
fn team(body: &mut Body, draft: &TicketDraft, catalogue: Option<&Catalogue>) {
    let Some(reference) = &draft.team else { return };
    match catalogue.map(|catalogue| catalogue.team(reference)) {
        Some(Some(team)) => body.set("team", team.name.as_str()),
        Some(None) => body.miss("team", reference, "there is none of that name"),
        None => body.unseen("team", "team", reference),
    }
}

/// An impact or an urgency. Not every HaloPSA tells what its numbers are called.
fn level(body: &mut Body, field: &str, reference: Option<&Reference>, known: Option<&[Entry]>) {
    let name = match reference {
        None => return,
        Some(Reference::Id(id)) => return body.set(field, *id),
        Some(Reference::Name(name)) => name,
    };
    let Some(known) = known else { return body.unseen(field, field, name) };
    match known.iter().find(|entry| same(&entry.name, name)) {
        Some(entry) => body.set(field, entry.id),
        None if known.is_empty() => {
            body.miss(field, name, "this HaloPSA does not tell what its numbers are called: use the number");
        }
        None => body.miss(field, name, "there is none of that name"),
    }
}

fn custom_fields(body: &mut Body, draft: &TicketDraft, catalogue: Option<&Catalogue>) {
    let mut sent = Vec::new();
    for (name, value) in &draft.custom_fields {
        // An install that does not list its fields to the API's agent may still take them by name.
        match catalogue.filter(|c| !c.custom_fields.is_empty()).map(|c| c.custom_field(name)) {
            None => sent.push(json!({ "name": name, "value": value })),
            Some(Some(field)) => sent.push(json!({ "id": field.id, "name": field.name, "value": value })),
            Some(None) => body.miss("custom field", name, "there is none of that name"),
        }
    }
    if !sent.is_empty() {
        body.set("customfields", sent);
    }
}
