//! Lists, single records, saving and deleting for every kind that is only stored.

use serde_json::{Value, json};

use super::{
    Kind, Refusal, dressing,
    filter::{Demands, found_by_search},
    intake, paging, permit,
    resource::{Hides, Resource},
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
    match (call.method.as_str(), rest) {
        ("GET", []) => list(shared, call, resource),
        ("GET", ["me"]) if resource.kind == Kind::Agent => Ok(me(shared, call, resource)),
        ("GET", [id]) => read(shared, call, resource, id),
        ("POST", []) => save(shared, call, resource),
        ("POST", ["lines"]) if resource.kind == Kind::RecurringInvoice => save_lines(shared, call),
        ("DELETE", [id]) => delete(shared, resource, id),
        ("GET" | "POST" | "DELETE", _) => Err(Refusal::NotFound),
        _ => Err(Refusal::MethodNotAllowed),
    }
}

fn list(shared: &Shared, call: &Call, resource: &Resource) -> Result<Reply, Refusal> {
    let demands = Demands::read(resource.filters, &call.query)?;
    let search = call.query.text("search").unwrap_or_default();
    let by_tag = resource.kind == Kind::Asset && call.query.flag("search_inventory_number_only");
    let searched = if by_tag { &["inventory_number"] } else { resource.searched };
    let rows = shared.look(|state| {
        let kept = state.table(resource.kind).rows().iter().filter(|row| {
            is_visible(&shared.config.agent, resource, row)
                && !is_hidden(resource, row, &call.query)
                && demands.met_by(row)
                && found_by_search(row, searched, search)
        });
        let mut rows: Vec<Record> =
            kept.map(|row| dressing::listed(state, resource, row, &call.query)).collect();
        paging::sort(&mut rows, &call.query);
        rows
    });
    Ok(Reply::json(
        200,
        &match resource.envelope {
            Some(key) => paging::envelope(key, &rows, &call.query),
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
        Hides::Set { flag, unless } => row.flag(flag) && !query.flag(unless),
        Hides::Unset { flag, unless } => !row.flag(flag) && !query.flag(unless),
    };
    let is_agent = resource.kind == Kind::Agent;
    let api_agent = is_agent && row.flag("isapiagent") && !query.flag("includeapiagents");
    let nobody = is_agent && row.int("id") == Some(dressing::NO_AGENT) && !query.flag("includeunassigned");
    hidden || api_agent || nobody
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
        if !is_visible(&shared.config.agent, resource, row) {
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
    let now = moment::of(shared.config.clock.now());
    shared.change(|state| {
        let mut created = false;
        let mut ready = Vec::new();
        for record in sent {
            let (record, is_new) = checked(state, resource, record)?;
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
fn checked(state: &State, resource: &Resource, sent: Record) -> Result<(Record, bool), Refusal> {
    let id = sent.id();
    let is_new = matches!(id.as_str(), "" | "0" | "null") || id.starts_with('-');
    let mut record = if is_new {
        Record::default()
    } else {
        let stored = state.table(resource.kind).get(&id);
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
    if let (Kind::User | Kind::Asset, Some(site)) = (resource.kind, record.int("site_id")) {
        let client = state.table(Kind::Site).by_id(site).and_then(|site| site.int("client_id"));
        record.set("client_id", client);
    }
    for field in ["alastupdate", "last_update", "lastmodified", "last_modified"] {
        record.set(field, now);
    }
    record
}

fn save_lines(shared: &Shared, call: &Call) -> Result<Reply, Refusal> {
    let elements = intake::elements(&call.body)?;
    let schema = &crate::schema::INVOICE_LINE;
    let sent: Vec<Record> = elements
        .iter()
        .enumerate()
        .map(|(place, element)| intake::record(schema, &format!("[{place}]"), element))
        .collect::<Result<_, _>>()?;
    shared.change(|state| {
        let mut saved = Vec::new();
        for mut line in sent {
            let owner = line.int("ihid").or_else(|| line.int("recurring_invoice_id")).unwrap_or_default();
            let invoice = state.table(Kind::RecurringInvoice).by_id(owner);
            let mut invoice =
                invoice.cloned().ok_or_else(|| Refusal::foreign_key("IHid", "INVOICEDETAIL"))?;
            let mut lines = invoice.get("lines").and_then(Value::as_array).cloned().unwrap_or_default();
            let id = line.int("id").filter(|id| *id > 0);
            let place = lines.iter().position(|other| id.is_some() && other["id"].as_i64() == id);
            if place.is_none() {
                line.set("id", owner * 1000 + i64::try_from(lines.len()).unwrap_or_default() + 1);
            }
            line.set("ihid", owner);
            match place {
                Some(place) => {
                    let mut whole = Record::of(lines[place].clone());
                    whole.merge(line.clone());
                    lines[place] = whole.value();
                }
                None => lines.push(line.value()),
            }
            invoice.set("lines", json!(lines));
            state.table_mut(Kind::RecurringInvoice).put(invoice);
            saved.push(line.value());
        }
        Ok(returned::saved(call, saved, true))
    })
}

fn delete(shared: &Shared, resource: &Resource, id: &str) -> Result<Reply, Refusal> {
    shared.change(|state| match state.table_mut(resource.kind).remove(id) {
        Some(record) => Ok(Reply::json(200, &record.value())),
        None => Err(Refusal::NotFound),
    })
}
