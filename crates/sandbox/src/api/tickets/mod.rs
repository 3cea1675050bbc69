//! `/api/Tickets`: lists, single tickets, creating, changing and deleting.

mod check;
mod custom_fields;
mod list;
mod outside;
mod rules;
mod save;
mod view;

use std::sync::Arc;

pub(super) use check::picked_from_lists;
pub(crate) use outside::{change_from_outside, seed_ticket};
pub(super) use save::{close_or_reopen, touch};
pub(crate) use view::detail as detail_view;

use super::{Conditions, Refusal, intake, permit};
use crate::{
    auth::Area,
    schema,
    server::{Call, Reply},
    shared::Shared,
    store::{Record, State},
};

/// Answers a request to `/api/Tickets/…`.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    call: &Call,
    rest: &[&str],
    conditions: Conditions,
) -> Result<Reply, Refusal> {
    permit(shared, call, Area::Tickets)?;
    match (call.method.as_str(), rest) {
        ("GET", []) => list::answer(shared, call, conditions.lag),
        ("GET", [id]) => read(shared, call, id),
        ("POST", []) => {
            let elements = intake::elements(&call.body)?;
            save::answer(shared, call, &elements, "", conditions).await
        }
        ("POST", ["object"]) => {
            let element = intake::parsed(&call.body)?;
            save::answer(shared, call, &[element], "object", conditions).await
        }
        ("DELETE", [id]) => delete(shared, id),
        ("GET" | "POST" | "DELETE", _) => Err(Refusal::NotFound),
        _ => Err(Refusal::MethodNotAllowed),
    }
}

fn read(shared: &Shared, call: &Call, id: &str) -> Result<Reply, Refusal> {
    let id = id.parse().map_err(|_| Refusal::NotFound)?;
    shared.look(|state| {
        let ticket = visible(shared, state, id)?;
        if ticket.flag("deleted") && !call.query.flag("deleted") {
            return Err(Refusal::NotFound);
        }
        let mut record = view::detail(state, shared, ticket);
        if !call.query.flag("includedetails") {
            record.remove("details_html");
        }
        Ok(Reply::json(200, &record.value()).about([id]))
    })
}

fn delete(shared: &Shared, id: &str) -> Result<Reply, Refusal> {
    let id: i64 = id.parse().map_err(|_| Refusal::NotFound)?;
    let now = shared.clock.now();
    let body = shared.change(|state| {
        let mut ticket = visible(shared, state, id)?.clone();
        ticket.set("deleted", true);
        touch(&mut ticket, now);
        state.tickets.put(id, ticket.clone(), now);
        Ok(view::detail(state, shared, &ticket).value())
    })?;
    Ok(Reply::json(200, &body).about([id]))
}

/// A ticket the agent sees.
fn visible<'s>(shared: &Shared, state: &'s State, id: i64) -> Result<&'s Record, Refusal> {
    let ticket = state.tickets.get(id).map(|ticket| &ticket.now).ok_or(Refusal::NotFound)?;
    if is_visible(shared, ticket) { Ok(ticket) } else { Err(Refusal::NotFound) }
}

/// Whether the agent sees a ticket.
pub(super) fn is_visible(shared: &Shared, ticket: &Record) -> bool {
    let agent = &shared.config().agent;
    agent.sees_client(ticket.int("client_id")) && agent.sees_team(ticket.text("team"))
}

/// What a request says about a ticket.
fn sent(place: &str, element: &serde_json::Value) -> Result<Record, Refusal> {
    intake::record(&schema::TICKET, place, element)
}
