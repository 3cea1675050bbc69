//! `/api/Actions`: notes and changes on tickets. An action's number only means something within its ticket.

mod apply;

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Conditions, Kind, Refusal, dressing,
    filter::{Demands, Filter, Test},
    intake, paging, permit, returned,
    tickets::{self, is_visible},
};
use crate::{
    auth::Area,
    html, moment, schema,
    server::{Call, Query, Reply},
    shared::Shared,
    store::{Record, State},
    webhook,
};
pub use apply::AgentAction;
pub(crate) use apply::{act_as_agent, technician};

/// Answers a request to `/api/Actions/…`.
pub(super) fn answer(
    shared: &Arc<Shared>,
    call: &Call,
    rest: &[&str],
    conditions: Conditions,
) -> Result<Reply, Refusal> {
    permit(shared, call, Area::Tickets)?;
    match (call.method.as_str(), rest) {
        ("GET", []) => list(shared, &call.query),
        ("GET", [id]) => read(shared, &call.query, id),
        ("POST", []) => save(shared, call, conditions),
        ("DELETE", [id]) => delete(shared, &call.query, id),
        ("GET" | "POST" | "DELETE", _) => Err(Refusal::NotFound),
        _ => Err(Refusal::MethodNotAllowed),
    }
}

const FILTERS: &[Filter] = &[
    ("actoutcome", Test::Named("outcome")),
    ("actoutcomenum", Test::Is("action_systemid")),
    ("importantonly", Test::Only("important")),
    ("excludeprivate", Test::Without("hiddenfromuser")),
    ("excludesys", Test::Without("action_systemid")),
    ("agentonly", Test::Only("who_agentid")),
    ("conversationonly", Test::Only("sendemail")),
    ("timeentriesonly", Test::Only("timetaken")),
    ("startdate", Test::Since("datetime")),
    ("enddate", Test::Until("datetime")),
];

fn list(shared: &Shared, query: &Query) -> Result<Reply, Refusal> {
    let demands = Demands::read(FILTERS, query)?;
    let ticket = query.int("ticket_id").filter(|id| *id > 0);
    let of_children = query.flag("ischildnotes");
    let with_html = query.flag("includehtmlnote") || query.flag("note_html");
    let rows = shared.look(|state| {
        let kept = state.tickets.all().filter(|stored| {
            let own = if of_children { "parent_id" } else { "id" };
            ticket.is_none_or(|id| stored.now.int(own) == Some(id)) && is_visible(shared, &stored.now)
        });
        let mut rows: Vec<Record> = kept
            .flat_map(|stored| stored.actions.iter().rev())
            .filter(|action| demands.met_by(action))
            .map(|action| shown(action, with_html))
            .collect();
        if query.flag("importanttop") {
            rows.sort_by_key(|action| !action.flag("important"));
        }
        paging::sort(&mut rows, query);
        rows
    });
    Ok(Reply::json(200, &paging::envelope("actions", &rows, query)).about(ticket))
}

fn read(shared: &Shared, query: &Query, id: &str) -> Result<Reply, Refusal> {
    let (ticket, id) = address(query, id)?;
    shared.look(|state| {
        let stored = state.tickets.get(ticket).filter(|stored| is_visible(shared, &stored.now));
        let action =
            stored.and_then(|stored| stored.actions.iter().find(|action| action.int("id") == Some(id)));
        let action = action.ok_or(Refusal::NotFound)?;
        Ok(Reply::json(200, &shown(action, true).value()).about([ticket]))
    })
}

fn delete(shared: &Shared, query: &Query, id: &str) -> Result<Reply, Refusal> {
    let (ticket, id) = address(query, id)?;
    shared.change(|state| {
        let stored = state.tickets.get_mut(ticket).filter(|stored| is_visible(shared, &stored.now));
        let stored = stored.ok_or(Refusal::NotFound)?;
        let place = stored.actions.iter().position(|action| action.int("id") == Some(id));
        let action = stored.actions.remove(place.ok_or(Refusal::NotFound)?);
        Ok(Reply::json(200, &shown(&action, true).value()).about([ticket]))
    })
}

/// An action is found by its ticket and its number.
fn address(query: &Query, id: &str) -> Result<(i64, i64), Refusal> {
    let ticket = query.int("ticket_id").ok_or_else(|| Refusal::sentence("A Ticket must be specified"))?;
    Ok((ticket, id.parse().map_err(|_| Refusal::NotFound)?))
}

fn shown(action: &Record, with_html: bool) -> Record {
    let mut record = dressing::shown(&schema::ACTION, action);
    if !with_html {
        record.remove("note_html");
    }
    record
}

fn save(shared: &Arc<Shared>, call: &Call, conditions: Conditions) -> Result<Reply, Refusal> {
    let elements = intake::elements(&call.body)?;
    let mut sent = Vec::new();
    for (place, element) in elements.iter().enumerate() {
        sent.push(intake::record(&schema::ACTION, &format!("[{place}]"), element)?);
    }
    let now = shared.clock.now();
    let (events, reply) = shared.change(|state| {
        let mut ready = Vec::new();
        for record in sent {
            ready.push(checked(shared, state, record)?);
        }
        let mut saved = Vec::new();
        let mut about = Vec::new();
        let mut events = Vec::new();
        let mut created = false;
        for action in ready.into_iter().take(conditions.at_most.unwrap_or(usize::MAX)) {
            created |= action.int("id").is_none();
            about.extend(action.int("ticket_id"));
            let (action, event) = apply::write(shared, state, action, now)?;
            events.extend(event);
            saved.push(shown(&action, true).value());
        }
        about.dedup();
        Ok((events, returned::saved(call, saved, created).about(about)))
    })?;
    for event in events {
        webhook::announce(shared, &event);
    }
    Ok(reply)
}

/// The whole action a request leads to: its ticket and outcome exist and what it changes would be valid.
fn checked(shared: &Shared, state: &State, mut sent: Record) -> Result<Record, Refusal> {
    let ticket = sent.int("ticket_id").ok_or_else(|| Refusal::sentence("A Ticket must be specified"))?;
    let stored = state.tickets.get(ticket).filter(|stored| is_visible(shared, &stored.now));
    let stored = stored.ok_or_else(|| Refusal::foreign_key("Faultid", "ACTIONS"))?;
    if stored.now.flag("deleted") {
        return Err(Refusal::Error(format!("Ticket {ticket} has been deleted")));
    }
    if let Some(id) = sent.int("id").filter(|id| *id > 0) {
        let old = stored.actions.iter().find(|action| action.int("id") == Some(id));
        let mut action = old.cloned().ok_or_else(|| Refusal::Error(format!("Action {id} does not exist")))?;
        for (sent_one, other) in [("note", "note_html"), ("note_html", "note")] {
            if sent.has(sent_one) && !sent.has(other) {
                action.remove(other);
            }
        }
        action.merge(sent);
        texts(&mut action);
        return Ok(action);
    }
    sent.remove("id");
    let outcomes = state.table(Kind::Outcome);
    let by_id = sent.int("outcome_id").filter(|id| *id != 0).map(|id| outcomes.by_id(id));
    let outcome = by_id.unwrap_or_else(|| outcomes.named("outcome", sent.text("outcome")));
    let outcome = outcome.ok_or_else(|| Refusal::sentence("An Outcome must be entered for this Action"))?;
    let only_for = outcome.int("requesttype").filter(|kind| *kind > 0);
    if only_for.is_some_and(|kind| stored.now.int("tickettype_id") != Some(kind)) {
        return Err(Refusal::sentence("You do not have access to this Action at the moment"));
    }
    sent.set("outcome_id", outcome.int("id"));
    sent.set("outcome", outcome.text("outcome"));
    sent.set("action_systemid", outcome.int("systemid").unwrap_or(0));
    if let Some(status) = outcome.int("newstatus").filter(|status| *status > 0) {
        sent.set_missing("new_status", status);
    }
    sent.set_missing("hiddenfromuser", outcome.flag("hidefromuser"));
    texts(&mut sent);
    if outcome.flag("mustaddnote") && !sent.has("note") {
        return Err(Refusal::sentence("A Note must be entered for this Action"));
    }
    let mut ticket = stored.now.clone();
    apply::onto_ticket(&sent, &mut ticket);
    tickets::picked_from_lists(state, &ticket)?;
    Ok(sent)
}

/// Notes are kept both as text and as HTML.
fn texts(action: &mut Record) {
    if action.has("note_html") && !action.has("note") {
        let plain = html::plain_text(action.text("note_html"));
        action.set("note", plain);
    } else if action.has("note") && !action.has("note_html") {
        let html = html::as_html(action.text("note"));
        action.set("note_html", html);
    }
}

/// What every new action carries besides what was sent.
fn stamped(mut action: Record, agent: Option<i64>, now: jiff::Timestamp) -> Record {
    action.set_missing("datetime", moment::of(now));
    action.set("actiondatecreated", moment::of(now));
    action.set("who_type", 1);
    action.set("who_agentid", agent);
    action.set("actionby_agent_id", agent);
    action.set_missing("timetaken", 0.0);
    action.set_missing("important", false);
    action.set_missing("attachment_count", 0);
    action.set_missing("customfields", json!([]));
    action.set_missing("note", Value::from(""));
    action
}
