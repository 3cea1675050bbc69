//! How a ticket is shown: whole, or as a row of a list.

use serde_json::{Value, json};

use crate::{
    api::{Kind, dressing},
    schema,
    server::Query,
    shared::Shared,
    store::{Record, State},
};

use super::custom_fields;

/// Fields only a single ticket carries.
const DETAIL_ONLY: &[&str] = &[
    "matched_rule_id",
    "createdfrom_id",
    "asset_number",
    "asset_site",
    "service_id",
    "template_id",
    "mailboxid",
    "chargerate",
    "contract_id",
    "usertype",
    "risklevel",
    "ninja_device_id",
    "atera_alert_id",
    "syncro_alert_id",
    "domotz_alertid",
    "domotz_deviceid",
    "backup_radar_id",
    "datto_alert_state",
    "connectwise_id",
    "autotask_id",
    "causedby",
    "utcoffset",
    "details_html",
    "client_reference",
    "matching_value",
    "phonenumber",
    "alerttype",
    "gfialerttype",
    "ninja_alert_id",
    "ninja_alert_type",
    "pagerdutyid",
    "servicenow_id",
    "sentinel_id",
    "auvik_id",
    "azuremonitor_id",
    "splunkoncall_id",
    "ncentral_ticketid",
    "form_id",
    "reference",
    "matched_rule_name",
    "closure_note",
    "meraki_device",
    "meraki_alert_type",
    "device_name",
    "unotes",
    "notepad",
    "takenby",
    "smemo",
    "bigpanda_id",
    "sendack",
    "deleted",
    "showforusers",
    "createacknowledgement",
    "close_unassigned",
    "datecreated",
    "assets",
    "attachments",
    "matched_rules",
    "external_links",
    "tags",
];

/// What a create or update says about its own handling; never shown.
const INSTRUCTIONS: &[&str] = &[
    "dont_do_rules",
    "apply_rules",
    "dont_do_databaselookups",
    "donotapplytemplateintheapi",
    "return_this",
    "_forcereassign",
    "_novalidate",
    "_isalert",
    "_isimport",
    "_recover",
    "_validate_only",
    "_dont_fire_automations",
    "_force",
];

/// Names a row carries only when a parameter asks for them.
const ON_REQUEST: &[(&str, &str)] = &[
    ("status_name", "includestatus"),
    ("tickettype_name", "includetickettype"),
    ("agent_name", "includeagent"),
    ("parent_subject", "includeparentsubject"),
    ("child_ticket_ids", "includechildids"),
    ("lastnote", "includelastnote"),
];

/// What is left of a row when only ids are asked for.
const ID_ONLY: &[&str] = &["id", "sla_id", "status_id", "client_id", "client_name"];

/// A ticket with everything that belongs to it.
pub(crate) fn detail(state: &State, shared: &Shared, ticket: &Record) -> Record {
    let mut record = dressing::shown(&schema::TICKET, &with_marks(state, shared, ticket));
    for field in INSTRUCTIONS {
        record.remove(field);
    }
    record
}

/// A ticket with names, children and the marks filters go by.
pub(super) fn with_marks(state: &State, shared: &Shared, ticket: &Record) -> Record {
    let mut record = ticket.clone();
    let id = ticket.int("id").unwrap_or_default();
    for (field, kind, by) in [
        ("client_name", Kind::Client, "client_id"),
        ("site_name", Kind::Site, "site_id"),
        ("user_name", Kind::User, "user_id"),
        ("agent_name", Kind::Agent, "agent_id"),
        ("status_name", Kind::Status, "status_id"),
        ("tickettype_name", Kind::TicketType, "tickettype_id"),
        ("sla_name", Kind::Sla, "sla_id"),
    ] {
        record.set(field, state.name(kind, ticket.int(by)));
    }
    let priorities = state.table(Kind::Priority).rows().iter();
    let same = |row: &&Record| {
        row.int("slaid") == ticket.int("sla_id") && row.int("priorityid") == ticket.int("priority_id")
    };
    record.set("priority_name", priorities.clone().find(same).map_or("", |row| row.text("name")));
    let team = state.table(Kind::Team).named("name", ticket.text("team")).and_then(|team| team.int("id"));
    record.set("team_id", team);
    let client = ticket.int("client_id").and_then(|id| state.table(Kind::Client).by_id(id));
    record.set("toplevel_id", client.and_then(|client| client.int("toplevel_id")));
    let kind = ticket.int("tickettype_id").and_then(|id| state.table(Kind::TicketType).by_id(id));
    record.set("tickettype_group_id", kind.and_then(|kind| kind.int("group_id")));
    let agent = ticket.int("agent_id").and_then(|id| state.table(Kind::Agent).by_id(id));
    record.set("is_mine", agent.is_some_and(|agent| agent.flag("isapiagent")));
    let children = state.tickets.children(id);
    record.set("child_count", children.len());
    record.set("child_count_open", children.iter().filter(|child| !child.flag("hasbeenclosed")).count());
    record.set("child_ticket_ids", children.iter().filter_map(|child| child.int("id")).collect::<Vec<_>>());
    let parent = ticket.int("parent_id").filter(|parent| *parent > 0);
    record.set("has_parent", parent.is_some());
    // As `includechildren` counts: neither, has children, is a child.
    record.set("kinship", if parent.is_some() { 2 } else { i64::from(!children.is_empty()) });
    let parent = parent.and_then(|parent| state.tickets.get(parent));
    record.set("parent_subject", parent.map_or("", |parent| parent.now.text("summary")));
    record.set("has_attachments", ticket.int("attachment_count").unwrap_or_default() > 0);
    let last_note =
        state.tickets.get(id).and_then(|stored| stored.actions.last()).map(|action| action.text("note"));
    record.set("lastnote", last_note.unwrap_or_default());
    record.set("web_url", format!("{}/tickets/{id}", shared.url));
    let shown: Vec<Value> = custom_fields::shown(state, ticket);
    record.set("customfields", json!(shown));
    record
}

/// A ticket as a row of a list.
pub(super) fn row(whole: &Record, query: &Query) -> Record {
    let mut record = dressing::shown(&schema::TICKET, whole);
    for field in DETAIL_ONLY.iter().chain(INSTRUCTIONS) {
        record.remove(field);
    }
    for (field, parameter) in ON_REQUEST {
        if !query.flag(parameter) {
            record.remove(field);
        }
    }
    if query.flag("ticketidonly") {
        record.0.retain(|field, _| ID_ONLY.contains(&field.as_str()));
    }
    record
}
