//! What a list is filtered by that is not in its rows: records that others name, and marks that follow from others.

use std::borrow::Cow;

use serde_json::Value;

use crate::{
    api::{Kind, filter::whole, intake},
    schema::AZURE_TENANT,
    server::Query,
    store::{Record, State},
};

/// The parameters that go by a mark.
const BY_MARK: &[&str] =
    &["toplevel_id", "azureclients", "memberonly", "myteamsonly", "team_id", "withemail"];

/// The ids a list is limited to because another record names them; `None` without such a parameter.
pub(super) fn to(state: &State, kind: Kind, query: &Query) -> Option<Vec<i64>> {
    let named = |parameter: &str| query.int(parameter).filter(|id| *id > 0);
    let links = |row: Option<&Record>, field: &str| -> Vec<i64> {
        let list = row.and_then(|row| row.get(field)).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(|link| link.as_i64().or_else(|| link["id"].as_i64())).collect()
    };
    match kind {
        Kind::Asset => {
            let ticket = named("ticket_id")?;
            Some(links(state.tickets.get(ticket).map(|stored| &stored.now), "assets"))
        }
        Kind::User => {
            let asset = named("asset_id")?;
            Some(links(state.table(Kind::Asset).by_id(asset), "users"))
        }
        _ => None,
    }
}

/// A row with the marks that a query's parameters go by.
pub(super) fn marked<'r>(state: &State, kind: Kind, row: &'r Record, query: &Query) -> Cow<'r, Record> {
    if BY_MARK.iter().all(|name| query.text(name).is_none()) {
        return Cow::Borrowed(row);
    }
    let mut marked = row.clone();
    match kind {
        Kind::Client => {
            let mut tenants = state.table(Kind::AzureTenant).rows().iter();
            marked.set("is_azure", tenants.any(|tenant| tenant.int("client_id") == row.int("id")));
        }
        Kind::Site | Kind::User => {
            let client = whole(row, "client_id").and_then(|id| state.table(Kind::Client).by_id(id));
            marked.set("toplevel_id", client.and_then(|client| client.int("toplevel_id")));
        }
        Kind::Team => {
            let mut agents = state.table(Kind::Agent).rows().iter();
            let own = agents.find(|agent| agent.flag("isapiagent")).map_or("", |agent| agent.text("team"));
            marked.set("is_own", row.text("name") == own);
        }
        Kind::Agent => {
            let team =
                state.table(Kind::Team).named("name", row.text("team")).and_then(|team| team.int("id"));
            marked.set("team_id", team);
            marked.set("has_email", row.has("email"));
        }
        _ => {}
    }
    Cow::Owned(marked)
}

/// Writes which Azure tenants of a connection are which clients': those named are added or changed, others stay.
pub(super) fn map_tenants(state: &mut State, connection: Option<i64>, mappings: &Value) {
    for mapping in mappings.as_array().into_iter().flatten() {
        let Ok(sent) = intake::record(&AZURE_TENANT, "mappings_client", mapping) else { continue };
        let tenants = state.table(Kind::AzureTenant);
        let known = sent.int("id").filter(|id| *id > 0).and_then(|id| tenants.by_id(id)).cloned();
        let mut tenant = known.unwrap_or_default();
        tenant.merge(sent);
        if tenant.int("id").is_none_or(|id| id <= 0) {
            tenant.set("id", tenants.next_id());
        }
        tenant.set("details_id", connection);
        state.table_mut(Kind::AzureTenant).put(tenant);
    }
}
