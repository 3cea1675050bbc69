//! Lists, single records, saving and deleting for every kind that is only stored.

mod invoice_lines;
mod related;

use super::{
    Kind, Refusal, dressing,
    filter::{Advanced, Demands, found_by_search, whole},
    intake, paging, permit,
    resource::{Allows, Hides, Resource},
    returned,
};
use crate::{
    auth::AgentRights,
    moment,
    server::{Call, Query, Reply},
    shared::Shared,
    store::{Record, State},
};

/// Answers a request to `/api/{resource}/…`.
pub(super) fn answer(
    shared: &Shared,
    call: &Call,
    resource: &Resource,
    rest: &[&str],
) -> Result<Reply, Refusal> {
    permit(shared, call, resource.area)?;
    let lines = resource.kind == Kind::RecurringInvoice;
    match (call.method.as_str(), rest) {
        ("GET", []) => list(shared, call, resource),
        ("GET", ["me"]) if resource.kind == Kind::Agent => Ok(me(shared, call, resource)),
        ("GET", [id]) if resource.allows >= Allows::Writing => read(shared, call, resource, id),
        ("POST", []) if resource.allows >= Allows::Writing => save(shared, call, resource),
        ("POST", ["lines"]) if lines => invoice_lines::save(shared, call, invoice_lines::Form::New),
        ("POST", ["updatelines"]) if lines => invoice_lines::save(shared, call, invoice_lines::Form::Known),
        ("DELETE", [id]) if resource.allows >= Allows::Deleting => delete(shared, resource, id),
        ("POST", []) => Err(Refusal::MethodNotAllowed),
        ("DELETE", [_]) if resource.allows >= Allows::Writing => Err(Refusal::MethodNotAllowed),
        ("GET" | "POST" | "DELETE", _) => Err(Refusal::NotFound),
        _ => Err(Refusal::MethodNotAllowed),
    }
}

fn list(shared: &Shared, call: &Call, resource: &Resource) -> Result<Reply, Refusal> {
    let query = &call.query;
    let demands = Demands::read(resource.filters, query)?;
    let advanced = Advanced::read(resource.schema, query)?;
    let search = query.text("search").unwrap_or_default();
    let by_tag = resource.kind == Kind::Asset && query.flag("search_inventory_number_only");
    let by_phone = resource.kind == Kind::User && query.flag("search_phonenumbers");
    let searched: &[&str] = match (by_tag, by_phone) {
        (true, _) => &["inventory_number"],
        (_, true) => &["name", "id", "emailaddress", "phonenumber", "login", "mobilenumber", "homenumber"],
        _ => resource.searched,
    };
    let config = shared.config();
    let rows = shared.look(|state| {
        let related = related::to(state, resource.kind, query);
        let kept = state.table(resource.kind).rows().iter().filter(|row| {
            is_visible(&config.agent, resource, row)
                && !is_hidden(resource, row, query)
                && related.as_ref().is_none_or(|ids| row.int("id").is_some_and(|id| ids.contains(&id)))
                && demands.met_by(&related::marked(state, resource.kind, row, query))
                && advanced.met_by(row)
                && found_by_search(row, searched, search)
        });
        let mut rows: Vec<Record> = kept.map(|row| dressing::listed(state, resource, row, query)).collect();
        paging::sort(&mut rows, query);
        rows
    });
    Ok(Reply::json(
        200,
        &match resource.envelope {
            Some(key) => paging::envelope(key, &rows, query),
            None => rows.iter().map(Record::value).collect(),
        },
    ))
}

fn is_visible(agent: &AgentRights, resource: &Resource, row: &Record) -> bool {
    resource.client.is_none_or(|field| agent.sees_client(row.int(field)))
}

fn is_hidden(resource: &Resource, row: &Record, query: &Query) -> bool {
    let hidden = match resource.hides {
        Hides::Nothing => false,
        Hides::Set { flag, unless } if row.flag(flag) => !wants(query, unless),
        Hides::Unset { flag, unless } if !row.flag(flag) => !wants(query, unless),
        Hides::Set { .. } | Hides::Unset { .. } => refuses_usual(query),
    };
    let is_agent = resource.kind == Kind::Agent;
    let api_agent =
        is_agent && row.flag("isapiagent") && !query.flag("includeapiagents") && !query.flag("thisagentonly");
    let nobody = is_agent && row.int("id") == Some(dressing::NO_AGENT) && !query.flag("includeunassigned");
    hidden || api_agent || nobody
}

/// Whether a query asks for the rows that are usually left out: by their own parameter, or by the second of
/// `activeinactive`'s two values.
fn wants(query: &Query, unless: &str) -> bool {
    let both = query.text("activeinactive").and_then(|both| both.split_once(','));
    let second = both.is_some_and(|(_, second)| second.trim().eq_ignore_ascii_case("true"));
    query.flag(unless)
        || (unless == "includeinactive" && second)
        || (unless == "showall" && query.flag("showinactive"))
}

/// Whether a query does not want the rows that usually come.
fn refuses_usual(query: &Query) -> bool {
    let is_false = |text: &str| text.trim().eq_ignore_ascii_case("false");
    let first = query.text("activeinactive").and_then(|both| both.split_once(',')).map(|(first, _)| first);
    let named = ["includeactive", "includeenabled"].into_iter().filter_map(|name| query.text(name));
    first.into_iter().chain(named).any(is_false)
}

fn me(shared: &Shared, call: &Call, resource: &Resource) -> Reply {
    let body = shared.look(|state| {
        let own = state.table(Kind::Agent).rows().iter().find(|row| row.flag("isapiagent"));
        own.map(|row| dressing::single(state, resource, row, &call.query).value())
    });
    body.map_or_else(|| Reply::empty(404), |body| Reply::json(200, &body))
}

fn read(shared: &Shared, call: &Call, resource: &Resource, id: &str) -> Result<Reply, Refusal> {
    shared.look(|state| {
        let row = state.table(resource.kind).get(id).ok_or(Refusal::NotFound)?;
        if !is_visible(&shared.config().agent, resource, row) {
            return Err(Refusal::NotFound);
        }
        Ok(Reply::json(200, &dressing::single(state, resource, row, &call.query).value()))
    })
}

fn save(shared: &Shared, call: &Call, resource: &Resource) -> Result<Reply, Refusal> {
    let elements = intake::elements(&call.body)?;
    let sent: Vec<Record> = elements
        .iter()
        .enumerate()
        .map(|(place, element)| intake::record(resource.schema, &format!("[{place}]"), element))
        .collect::<Result<_, _>>()?;
    let now = moment::of(shared.clock.now());
    let config = shared.config();
    shared.change(|state| {
        let mut created = false;
        let mut ready = Vec::new();
        for record in sent {
            let (record, is_new) = checked(&config.agent, state, resource, record)?;
            created |= is_new;
            ready.push(record);
        }
        let saved = ready.into_iter().map(|record| {
            let record = completed(state, resource, record, &now);
            let table = state.table_mut(resource.kind);
            table.put(record.clone());
            dressing::single(state, resource, &record, &call.query).value()
        });
        let saved = saved.collect();
        Ok(returned::saved(call, saved, created))
    })
}

/// The whole record a request leads to, and whether it is new; nothing is written yet.
fn checked(
    agent: &AgentRights,
    state: &State,
    resource: &Resource,
    sent: Record,
) -> Result<(Record, bool), Refusal> {
    let id = sent.id();
    let is_new = matches!(id.as_str(), "" | "0" | "null") || id.starts_with('-');
    let mut record = if is_new {
        Record::default()
    } else {
        let stored = state.table(resource.kind).get(&id).filter(|row| is_visible(agent, resource, row));
        stored.cloned().ok_or_else(|| Refusal::Error(format!("No {} with id {id} exists", resource.path)))?
    };
    record.merge(sent);
    if is_new {
        record.remove("id");
    }
    for (field, complaint) in resource.required {
        if !record.has(field) {
            return Err(Refusal::sentence(*complaint));
        }
    }
    for (field, parent) in resource.parents {
        let Some(id) = record.int(field).filter(|id| *id > 0) else { continue };
        if state.table(*parent).by_id(id).is_none() {
            return Err(Refusal::foreign_key(field, resource.schema.contract));
        }
    }
    if !is_visible(agent, resource, &with_its_client(state, resource.kind, record.clone())) {
        return Err(Refusal::AgentMayNot);
    }
    Ok((record, is_new))
}

/// A checked record with what HaloPSA fills in by itself.
fn completed(state: &mut State, resource: &Resource, mut record: Record, now: &str) -> Record {
    if record.get("id").is_none() {
        match resource.kind {
            Kind::Webhook | Kind::WebhookEvent | Kind::Priority => {
                let guid = state.next_guid();
                record.set("id", guid);
            }
            _ => record.set("id", state.table(resource.kind).next_id()),
        }
        record.set("datecreated", now);
        dressing::newborn(state, resource.kind, &mut record);
    }
    let mut record = with_its_client(state, resource.kind, record);
    if resource.kind == Kind::Webhook {
        // Whoever saves it has seen to it: failures are counted anew.
        record.remove("failures");
    }
    if resource.kind == Kind::AzureConnection
        && let Some(mappings) = record.remove("mappings_client")
    {
        related::map_tenants(state, record.int("id"), &mappings);
    }
    for field in ["alastupdate", "last_update", "lastmodified", "last_modified"] {
        record.set(field, now);
    }
    record
}

/// End users and assets belong to the client of their site.
fn with_its_client(state: &State, kind: Kind, mut record: Record) -> Record {
    if let (Kind::User | Kind::Asset, Some(site)) =
        (kind, record.int("site_id").or_else(|| whole(&record, "site_id")))
    {
        let client = state.table(Kind::Site).by_id(site).and_then(|site| whole(site, "client_id"));
        record.set("client_id", client);
    }
    record
}

fn delete(shared: &Shared, resource: &Resource, id: &str) -> Result<Reply, Refusal> {
    shared.change(|state| {
        let stored = state.table(resource.kind).get(id);
        stored.filter(|row| is_visible(&shared.config().agent, resource, row)).ok_or(Refusal::NotFound)?;
        let record = state.table_mut(resource.kind).remove(id).ok_or(Refusal::NotFound)?;
        Ok(Reply::json(200, &dressing::shown(resource.schema, &record).value()))
    })
}
