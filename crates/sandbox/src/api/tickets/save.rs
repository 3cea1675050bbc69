//! `POST /api/Tickets`: creating without an id, changing with one. All elements are checked before any is written.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::Value;

use super::{check, custom_fields, rules, sent, view, visible};
use crate::{
    api::{Conditions, Kind, Refusal, dressing, returned},
    config::SandboxConfig,
    html, moment,
    server::{Call, Reply},
    shared::Shared,
    store::{Record, State},
    webhook,
};

/// The status that closes a ticket.
pub(crate) const CLOSED: i64 = 9;

// LIMIT: long enough for requests sent together to overlap on a busy machine, short enough not to slow tests.
const CREATE_TAKES: Duration = Duration::from_millis(100);

/// Saves the tickets of a body; `object` in `form` says that it was a single one.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    call: &Call,
    elements: &[Value],
    form: &str,
    conditions: Conditions,
) -> Result<Reply, Refusal> {
    let mut records = Vec::new();
    for (place, element) in elements.iter().enumerate() {
        let place = if form.is_empty() { format!("[{place}]") } else { String::new() };
        records.push(sent(&place, element)?);
    }
    let creates = records.iter().any(is_new);
    let race = conditions.create_takes.or(shared.config().numbering_race.then_some(CREATE_TAKES));
    let counted = shared.look(|state| state.tickets.next_number());
    if let (true, Some(takes)) = (creates, race) {
        shared.clock.sleep(takes).await;
    }
    let now = shared.clock.now();
    let config = shared.config();
    let (events, reply) = shared.change(|state| {
        if creates && race.is_some() && state.tickets.next_number() != counted {
            return Err(number_taken(counted));
        }
        let ready: Vec<Record> = records
            .into_iter()
            .map(|record| {
                let ticket = if is_new(&record) {
                    begun(&config, state, record, now)
                } else {
                    changed(shared, state, record, now)
                }?;
                if config.agent.sees_client(ticket.int("client_id")) {
                    Ok(ticket)
                } else {
                    Err(Refusal::AgentMayNot)
                }
            })
            .collect::<Result<_, _>>()?;
        let mut saved = Vec::new();
        let mut ids = Vec::new();
        let mut events = Vec::new();
        for record in ready.into_iter().take(conditions.at_most.unwrap_or(usize::MAX)) {
            if config.validates_only && record.flag("_validate_only") {
                saved.push(view::detail(state, shared, &record).value());
                continue;
            }
            let (id, event) = written(state, shared, record, now);
            ids.push(id);
            events.extend(event);
            let ticket = state.tickets.get(id).map(|ticket| view::detail(state, shared, &ticket.now).value());
            saved.extend(ticket);
        }
        Ok((events, returned::saved(call, saved, creates && !ids.is_empty()).about(ids)))
    })?;
    for event in events {
        webhook::announce(shared, &event);
    }
    Ok(reply)
}

fn is_new(record: &Record) -> bool {
    record.int("id").is_none_or(|id| id <= 0)
}

/// What happens to creates that overlap while numbers are counted.
fn number_taken(number: i64) -> Refusal {
    let text = format!(
        "Violation of PRIMARY KEY constraint 'PK_FAULTS'. Cannot insert duplicate key in object 'dbo.FAULTS'. The duplicate key value is ({number})."
    );
    Refusal::Database { number: 2627, text }
}

/// A new ticket with its defaults, checked but not numbered.
pub(super) fn begun(
    config: &SandboxConfig,
    state: &State,
    mut ticket: Record,
    now: Timestamp,
) -> Result<Record, Refusal> {
    ticket.remove("id");
    let fields = ticket.remove("customfields").unwrap_or(Value::Null);
    ticket.set("customfields", custom_fields::merged(state, None, &fields));
    let default_type = state.table(Kind::TicketType).rows().first().and_then(|row| row.int("id"));
    ticket.set_missing("tickettype_id", default_type);
    rules::template(state, &mut ticket);
    rules::apply(config, &mut ticket);
    defaults(state, &mut ticket);
    let written = moment::of(now);
    ticket.set_missing("dateoccurred", written.as_str());
    ticket.set("datecreated", written.as_str());
    ticket.set("created_by", "API");
    ticket.set("hasbeenclosed", false);
    ticket.set("deleted", false);
    ticket.set("inactive", false);
    ticket.set("merged_into_id", 0);
    ticket.set("timetaken", 0.0);
    ticket.set("attachment_count", 0);
    texts(state, &mut ticket);
    check::ticket(config, state, &ticket)?;
    close_or_reopen(&mut ticket, now);
    Ok(ticket)
}

fn defaults(state: &State, ticket: &mut Record) {
    let kind = ticket.int("tickettype_id").and_then(|id| state.table(Kind::TicketType).by_id(id));
    let of_type = |field: &str| kind.and_then(|kind| kind.int(field));
    ticket.set_missing("sla_id", of_type("default_sla").unwrap_or(1));
    ticket.set_missing("status_id", 1);
    let priority = of_type("default_priority").filter(|_| ticket.int("sla_id") == of_type("default_sla"));
    let priority = priority.or_else(|| lowest_priority(state, ticket.int("sla_id")));
    ticket.set_missing("priority_id", priority);
    ticket.set_missing("team", kind.map_or("", |kind| kind.text("default_team")));
    ticket.set_missing("agent_id", of_type("default_agent").unwrap_or(dressing::NO_AGENT));
    ticket.set_missing("source", 0);
    ticket.set_missing("impact", of_type("default_impact").unwrap_or(0));
    ticket.set_missing("urgency", 0);
    ticket.set_missing("parent_id", 0);
    ticket.set_missing("itil_requesttype_id", of_type("itilrequesttype").unwrap_or(1));
    let from_user =
        ticket.int("user_id").filter(|id| *id > 0).and_then(|id| state.table(Kind::User).by_id(id));
    if let Some(user) = from_user {
        ticket.set_missing("client_id", user.int("client_id"));
        if ticket.int("client_id") == user.int("client_id") {
            ticket.set_missing("site_id", user.int("site_id"));
        }
    }
    let from_site = ticket.int("site_id").and_then(|id| state.table(Kind::Site).by_id(id));
    ticket.set_missing("client_id", from_site.and_then(|site| site.int("client_id")).unwrap_or(1));
    let client = ticket.int("client_id").and_then(|id| state.table(Kind::Client).by_id(id));
    ticket.set_missing("site_id", client.and_then(|client| client.int("main_site_id")));
    if ticket.int("user_id").is_none_or(|id| id <= 0) {
        let site = ticket.int("site_id");
        let mut users = state.table(Kind::User).rows().iter();
        let general = users.find(|user| user.int("site_id") == site && user.flag("is_general"));
        ticket.set("user_id", general.and_then(|user| user.int("id")));
    }
}

fn lowest_priority(state: &State, sla: Option<i64>) -> Option<i64> {
    let own = state.table(Kind::Priority).rows().iter().filter(|row| row.int("slaid") == sla);
    own.filter_map(|row| row.int("priorityid")).max()
}

/// A stored ticket as a request changes it, checked.
fn changed(shared: &Shared, state: &State, mut sent: Record, now: Timestamp) -> Result<Record, Refusal> {
    let id = sent.int("id").unwrap_or_default();
    let stored =
        visible(shared, state, id).map_err(|_| Refusal::Error(format!("Ticket {id} does not exist")))?;
    if stored.flag("deleted") && !sent.flag("_recover") {
        return Err(Refusal::Error(format!("Ticket {id} has been deleted")));
    }
    let fields = sent.remove("customfields");
    let mut ticket = stored.clone();
    if sent.flag("_recover") {
        ticket.set("deleted", false);
    }
    for (sent_one, other) in [("details", "details_html"), ("details_html", "details")] {
        if sent.has(sent_one) && !sent.has(other) {
            ticket.remove(other);
        }
    }
    ticket.merge(sent);
    if ticket.int("agent_id") != stored.int("agent_id") {
        ticket.set("dateassigned", moment::of(now));
    }
    if let Some(fields) = fields {
        ticket.set("customfields", custom_fields::merged(state, stored.get("customfields"), &fields));
    }
    if ticket.int("client_id") != stored.int("client_id") && ticket.int("site_id") == stored.int("site_id") {
        // Moving a ticket to another client leaves the old site and user behind.
        ticket.remove("site_id");
        ticket.remove("user_id");
    }
    defaults(state, &mut ticket);
    texts(state, &mut ticket);
    check::ticket(&shared.config(), state, &ticket)?;
    close_or_reopen(&mut ticket, now);
    touch(&mut ticket, now);
    Ok(ticket)
}

/// Details are kept both as text and as HTML, categories both by id and by name.
fn texts(state: &State, ticket: &mut Record) {
    for level in 1..=4 {
        let (by_id, by_name) = (format!("categoryid_{level}"), format!("category_{level}"));
        let categories = state.table(Kind::Category);
        if let Some(category) = ticket.int(&by_id).and_then(|id| categories.by_id(id)) {
            let name = category.text("value").to_owned();
            ticket.set(&by_name, name);
        } else if let Some(category) = categories.named("value", ticket.text(&by_name)) {
            let id = category.int("id");
            ticket.set(&by_id, id);
        }
    }
    if ticket.has("details_html") && !ticket.has("details") {
        let plain = html::plain_text(ticket.text("details_html"));
        ticket.set("details", plain);
    } else if ticket.has("details") && !ticket.has("details_html") {
        let html = html::as_html(ticket.text("details"));
        ticket.set("details_html", html);
    }
}

/// Numbers a new ticket and writes it; says what webhooks are to announce.
fn written(
    state: &mut State,
    shared: &Shared,
    mut ticket: Record,
    now: Timestamp,
) -> (i64, Vec<webhook::Event>) {
    let is_new = is_new(&ticket);
    let id = if is_new { state.tickets.next_number() } else { ticket.int("id").unwrap_or_default() };
    let before = state.tickets.get(id).map(|before| before.now.clone());
    ticket.set("id", id);
    touch(&mut ticket, now);
    let emails = is_new && acknowledges(state, &ticket);
    state.tickets.put(id, ticket.clone(), now);
    if emails && let Some(stored) = state.tickets.get_mut(id) {
        stored.emails += 1;
    }
    let view = view::detail(state, shared, &ticket);
    (id, webhook::Event::of_change(before.as_ref(), &view, None))
}

/// Whether the customer gets an acknowledgement: the ticket says so, or its type does and the ticket is silent,
/// and there is an address to send it to.
fn acknowledges(state: &State, ticket: &Record) -> bool {
    let kind = ticket.int("tickettype_id").and_then(|id| state.table(Kind::TicketType).by_id(id));
    let wanted = match ticket.get("sendack").and_then(Value::as_bool) {
        Some(said) => said,
        None => kind.and_then(|kind| kind.int("default_sendack")) == Some(1),
    };
    let user = ticket.int("user_id").and_then(|id| state.table(Kind::User).by_id(id));
    let client = ticket.int("client_id").and_then(|id| state.table(Kind::Client).by_id(id));
    wanted
        && (user.is_some_and(|user| user.has("emailaddress"))
            || client.is_some_and(|c| c.has("accountsemailaddress")))
}

/// Sets what follows from the status: closed, or open again.
pub(crate) fn close_or_reopen(ticket: &mut Record, now: Timestamp) {
    let closed = ticket.int("status_id") == Some(CLOSED);
    if closed && !ticket.flag("hasbeenclosed") {
        ticket.set("dateclosed", moment::of(now));
    }
    if !closed {
        ticket.remove("dateclosed");
    }
    ticket.set("hasbeenclosed", closed);
}

/// Notes that a ticket has changed.
pub(crate) fn touch(ticket: &mut Record, now: Timestamp) {
    ticket.set("last_update", moment::of(now));
    ticket.set("lastactiondate", moment::of(now));
}
