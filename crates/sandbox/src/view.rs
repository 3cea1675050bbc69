//! What tests and the control API see of a ticket: names beside ids, its actions, its e-mails.

use serde::Serialize;
use serde_json::Value;

use crate::{
    RecordedRequest, api,
    shared::Shared,
    store::{Record, State, StoredTicket},
};

/// One ticket with its actions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ticket {
    /// Its number.
    pub id: i64,
    /// The summary.
    pub summary: String,
    /// The details as text.
    pub details: String,
    /// The client's name.
    pub client: String,
    /// The ticket type's name.
    pub ticket_type: String,
    /// The status's name.
    pub status: String,
    /// The priority's name within the ticket's SLA.
    pub priority: String,
    /// The team's name.
    pub team: String,
    /// The agent's name; `Unassigned` if nobody has it.
    pub agent: String,
    /// When it was created, UTC without a zone.
    pub created: String,
    /// Whether it is closed.
    pub closed: bool,
    /// Whether it has been deleted.
    pub deleted: bool,
    /// How many e-mails the customer would have got.
    pub emails: u32,
    /// Its actions, oldest first.
    pub actions: Vec<Action>,
    /// Every field as `GET /api/Tickets/{id}?includedetails=true` answers it.
    pub fields: Value,
}

/// One action on a ticket.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Action {
    /// Its number within the ticket.
    pub id: i64,
    /// The outcome's name.
    pub outcome: String,
    /// The note as text.
    pub note: String,
    /// The note as HTML.
    pub note_html: String,
    /// Whether the customer does not see it.
    pub hidden_from_user: bool,
    /// The id of the agent who did it.
    pub agent_id: Option<i64>,
    /// When it was done, UTC without a zone.
    pub at: String,
    /// Every field as HaloPSA stores it.
    pub fields: Value,
}

impl Ticket {
    pub(crate) fn of(state: &State, shared: &Shared, stored: &StoredTicket) -> Self {
        let whole = api::detail_view(state, shared, &stored.now);
        let text = |field: &str| whole.text(field).to_owned();
        Self {
            id: whole.int("id").unwrap_or_default(),
            summary: text("summary"),
            details: text("details"),
            client: text("client_name"),
            ticket_type: text("tickettype_name"),
            status: text("status_name"),
            priority: text("priority_name"),
            team: text("team"),
            agent: text("agent_name"),
            created: text("datecreated"),
            closed: whole.flag("hasbeenclosed"),
            deleted: whole.flag("deleted"),
            emails: stored.emails,
            actions: stored.actions.iter().map(Action::of).collect(),
            fields: whole.value(),
        }
    }

    /// The ticket with this number, if there is one.
    pub(crate) fn find(shared: &Shared, id: i64) -> Option<Self> {
        shared.look(|state| state.tickets.get(id).map(|stored| Self::of(state, shared, stored)))
    }

    /// One of its fields as HaloPSA's API names it; `Value::Null` if it has none.
    pub fn field(&self, name: &str) -> &Value {
        &self.fields[name]
    }
}

impl Action {
    fn of(action: &Record) -> Self {
        Self {
            id: action.int("id").unwrap_or_default(),
            outcome: action.text("outcome").to_owned(),
            note: action.text("note").to_owned(),
            note_html: action.text("note_html").to_owned(),
            hidden_from_user: action.flag("hiddenfromuser"),
            agent_id: action.int("who_agentid"),
            at: action.text("datetime").to_owned(),
            fields: action.value(),
        }
    }
}

/// What the sandbox holds at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    /// Every ticket, in the order of their numbers.
    pub tickets: Vec<Ticket>,
    /// Every request to HaloPSA's paths, oldest first.
    pub requests: Vec<RecordedRequest>,
}

impl Snapshot {
    pub(crate) fn take(shared: &Shared) -> Self {
        shared.look(|state| Self {
            tickets: state.tickets.all().map(|stored| Ticket::of(state, shared, stored)).collect(),
            requests: state.requests.all().cloned().collect(),
        })
    }

    /// The tickets that are neither closed nor deleted.
    pub fn open_tickets(&self) -> impl Iterator<Item = &Ticket> {
        self.tickets.iter().filter(|ticket| !ticket.closed && !ticket.deleted)
    }

    /// The requests with this method and path, the path in any case.
    pub fn requests_to(&self, method: &str, path: &str) -> impl Iterator<Item = &RecordedRequest> {
        self.requests
            .iter()
            .filter(move |request| request.method == method && request.path.eq_ignore_ascii_case(path))
    }
}
