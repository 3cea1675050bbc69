//! How a stored record is shown: names beside ids, what belongs to it, and only fields its kind has.

use serde_json::{Value, json};

use super::{Kind, resource::Resource};
use crate::{
    schema::{FieldType, Schema},
    server::Query,
    store::{Record, State},
};

/// The agent that stands for nobody.
pub(crate) const NO_AGENT: i64 = 1;

/// A record as a row of a list.
pub(super) fn listed(state: &State, resource: &Resource, row: &Record, query: &Query) -> Record {
    let mut record = shown(resource.schema, row);
    names(state, resource.kind, &mut record, row);
    let asked =
        |field: &str| ON_REQUEST.iter().any(|(own, parameter)| *own == field && query.flag(parameter));
    for field in resource.detail_only.iter().filter(|field| !asked(field)) {
        record.remove(field);
    }
    match resource.kind {
        _ if query.flag("idonly") && !query.flag("pageinate") => record.0.retain(|field, _| field == "id"),
        Kind::Client if query.flag("includeazuretenants") => {
            let tenants = state.table(Kind::AzureTenant).rows().iter();
            let own = tenants.filter(|tenant| tenant.int("client_id") == row.int("id"));
            record.set("azure_tenants", own.map(|tenant| tenant_row(state, tenant)).collect::<Vec<Value>>());
        }
        Kind::Sla if !query.flag("showpriorities") => {
            record.remove("priorities");
        }
        Kind::Field if !query.flag("includevalues") => {
            record.remove("values");
        }
        Kind::Team if !names_team(query.text("includeagentsforteams"), row.text("name")) => {
            record.remove("agents");
        }
        _ => {}
    }
    record
}

/// Fields of single records that a list carries when a parameter asks for them.
const ON_REQUEST: &[(&str, &str)] =
    &[("notes", "includenotes"), ("lines", "includelines"), ("role_list", "includeroles")];

/// Whether a team is among those whose agents are asked for: names, separated by commas, or `true` for all.
fn names_team(asked: Option<&str>, team: &str) -> bool {
    let mut names = asked.into_iter().flat_map(|names| names.split(',')).map(str::trim);
    names.any(|name| name.eq_ignore_ascii_case("true") || name.eq_ignore_ascii_case(team))
}

/// A record on its own.
pub(super) fn single(state: &State, resource: &Resource, row: &Record, query: &Query) -> Record {
    let mut record = shown(resource.schema, row);
    names(state, resource.kind, &mut record, row);
    if resource.kind == Kind::AzureConnection
        && (query.flag("includetenants") || query.flag("includedetails"))
    {
        let tenants = state.table(Kind::AzureTenant).rows().iter();
        let own = tenants.filter(|tenant| tenant.int("details_id") == row.int("id"));
        record.set("mappings_client", own.map(|tenant| tenant_row(state, tenant)).collect::<Vec<Value>>());
    }
    record
}

/// Only the fields of the kind; what it calls a number with a fraction is written as one, ids too.
pub(super) fn shown(schema: &Schema, row: &Record) -> Record {
    let mut record = Record::default();
    for (name, value) in &row.0 {
        let Some((field, kind)) = schema.field(name) else { continue };
        match (kind, value.as_f64()) {
            (FieldType::Number, Some(number)) => record.set(field, number),
            _ => record.set(field, value.clone()),
        }
    }
    record
}

/// What a new record of a kind gets besides its id.
pub(super) fn newborn(state: &State, kind: Kind, record: &mut Record) {
    match kind {
        Kind::Client | Kind::Site | Kind::User | Kind::Asset => record.set_missing("inactive", false),
        Kind::TicketType => record.set_missing("visible", true),
        Kind::Licence => record.set_missing("is_active", true),
        Kind::Contract | Kind::Webhook => record.set_missing("active", true),
        Kind::Priority => {
            let same = state.table(Kind::Priority).rows().iter();
            let highest = same.filter_map(|row| row.int("priorityid")).max().unwrap_or_default();
            record.set_missing("priorityid", highest + 1);
        }
        _ => {}
    }
}

fn names(state: &State, kind: Kind, record: &mut Record, row: &Record) {
    match kind {
        Kind::Client => {
            record.set("main_site_name", state.name(Kind::Site, row.int("main_site_id")));
        }
        Kind::Site => {
            let client = state.name(Kind::Client, row.int("client_id"));
            record.set("clientsite_name", format!("{client}/{}", row.text("name")));
            record.set("client_name", client);
        }
        Kind::User => {
            record.set("site_id_int", row.int("site_id"));
            with_client_and_site(state, record, row);
        }
        Kind::Asset | Kind::Licence | Kind::Contract | Kind::AzureMapping => {
            with_client_and_site(state, record, row);
        }
        Kind::Invoice | Kind::RecurringInvoice | Kind::AzureTenant => {
            record.set("client_name", state.name(Kind::Client, row.int("client_id")));
        }
        Kind::Sla => {
            let own = state.table(Kind::Priority).rows().iter().filter(|p| p.int("slaid") == row.int("id"));
            let own: Vec<Value> = own.map(|p| shown(&crate::schema::PRIORITY, p).value()).collect();
            record.set("priorities", own);
        }
        Kind::Team => {
            let agents = state.table(Kind::Agent).rows().iter();
            let own =
                agents.filter(|agent| agent.text("team") == row.text("name") && !agent.flag("isapiagent"));
            let own: Vec<Value> = own.map(|a| json!({ "id": a.int("id"), "name": a.text("name") })).collect();
            record.set("agents", own);
        }
        _ => {}
    }
}

fn with_client_and_site(state: &State, record: &mut Record, row: &Record) {
    record.set("client_name", state.name(Kind::Client, row.int("client_id")));
    record.set("site_name", state.name(Kind::Site, row.int("site_id").or_else(|| row.int("siteid"))));
}

fn tenant_row(state: &State, tenant: &Record) -> Value {
    let mut record = shown(&crate::schema::AZURE_TENANT, tenant);
    names(state, Kind::AzureTenant, &mut record, tenant);
    record.value()
}
