//! `/sandbox/…`: what the library does, over HTTP, for tests that only start the program.
//!
//! It needs no token and is not recorded, limited or hit by faults.

mod settings;

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    api::{self, AgentAction},
    fault::Fault,
    moment,
    sandbox::NotThere,
    server::{Call, Reply},
    shared::Shared,
    view::{Snapshot, Ticket},
};

/// Answers a request to `/sandbox/…`.
pub(crate) async fn answer(shared: &Arc<Shared>, call: &Call) -> Reply {
    let segments = call.segments();
    let parts: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
    let answered = match (call.method.as_str(), parts.as_slice()) {
        ("GET", []) => Ok(overview(shared)),
        ("GET", ["tickets"]) => Ok(tickets(shared, call).await),
        ("GET", ["tickets", id]) => ticket(shared, id),
        ("POST", ["tickets", id]) => act(shared, id, &call.body),
        ("GET", ["requests"]) => Ok(requests(shared, call).await),
        ("GET", ["faults"]) => Ok(json!({ "faults": shared.look(|state| state.faults.waiting().to_vec()) })),
        ("POST", ["faults"]) => inject(shared, &call.body),
        ("DELETE", ["faults"]) => {
            shared.change(|state| state.faults.clear());
            Ok(json!({ "faults": [] }))
        }
        ("GET", ["settings"]) => Ok(settings::shown(&shared.config())),
        ("POST", ["settings"]) => settings::change(shared, &call.body),
        ("GET", ["clock"]) => Ok(clock(shared)),
        ("POST", ["clock"]) => advance(shared, &call.body),
        ("POST", ["reset"]) => {
            shared.reset();
            Ok(json!({ "reset": true }))
        }
        ("DELETE", ["requests"]) => {
            shared.change(|state| state.requests.clear());
            Ok(json!({ "requests": [] }))
        }
        ("DELETE", ["tokens"]) => {
            shared.change(|state| state.tokens.revoke_all());
            Ok(json!({ "tokens": [] }))
        }
        _ => Err((404, format!("the control API has no {} {}", call.method, call.path))),
    };
    match answered {
        Ok(body) => Reply::json(200, &body),
        Err((status, error)) => Reply::json(status, &json!({ "error": error })),
    }
}

type Answered = Result<Value, (u16, String)>;

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, (u16, String)> {
    serde_json::from_slice(body).map_err(|error| (400, error.to_string()))
}

fn overview(shared: &Shared) -> Value {
    let config = &shared.config();
    let (tickets, requests) =
        shared.look(|state| (state.tickets.all().count(), state.requests.all().count()));
    json!({
        "url": shared.url,
        "client_id": config.client_id,
        "tenant": config.tenant,
        "scopes": config.scopes,
        "seed": config.seed,
        "now": moment::of(config.clock.now()),
        "tickets": tickets,
        "requests": requests,
    })
}

fn clock(shared: &Shared) -> Value {
    json!({ "now": moment::of(shared.clock.now()) })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: f64,
}

fn advance(shared: &Shared, body: &[u8]) -> Answered {
    let Advance { advance_seconds } = parsed(body)?;
    let by = Duration::try_from_secs_f64(advance_seconds).map_err(|error| (400, error.to_string()))?;
    shared.clock.advance(by);
    Ok(clock(shared))
}

/// One fault or a list of them.
fn inject(shared: &Shared, body: &[u8]) -> Answered {
    let value: Value = parsed(body)?;
    let value = if value.is_array() { value } else { json!([value]) };
    let faults: Vec<Fault> = serde_json::from_value(value).map_err(|error| (400, error.to_string()))?;
    shared.change(|state| {
        for fault in faults {
            state.faults.inject(fault);
        }
        Ok(json!({ "faults": state.faults.waiting() }))
    })
}

/// Tickets, at once or with `?wait=SECONDS` as soon as there are `?min=N` of them that meet the other parameters:
/// `open=true`, `status=NAME`, `summary=TEXT`.
async fn tickets(shared: &Shared, call: &Call) -> Value {
    let query = &call.query;
    let lower = |name: &str| query.text(name).map(str::to_lowercase);
    let (status, summary, open) = (lower("status"), lower("summary"), query.flag("open"));
    let snapshot = waited(shared, call, |snapshot| {
        let mut tickets = snapshot.tickets;
        tickets.retain(|ticket| {
            !(open && (ticket.closed || ticket.deleted))
                && status.as_ref().is_none_or(|status| ticket.status.to_lowercase() == *status)
                && summary.as_ref().is_none_or(|text| ticket.summary.to_lowercase().contains(text))
        });
        tickets
    });
    json!({ "tickets": snapshot.await })
}

/// Requests, at once or with `?wait=SECONDS` as soon as there are `?min=N` of them that meet the other parameters:
/// `method=POST`, `path=/api/Tickets`.
async fn requests(shared: &Shared, call: &Call) -> Value {
    let (method, path) = (call.query.text("method"), call.query.text("path"));
    let snapshot = waited(shared, call, |snapshot| {
        let mut requests = snapshot.requests;
        requests.retain(|request| {
            method.is_none_or(|method| request.method.eq_ignore_ascii_case(method))
                && path.is_none_or(|path| request.path.eq_ignore_ascii_case(path))
        });
        requests
    });
    json!({ "requests": snapshot.await })
}

/// What `pick` finds, looked for again after every change until there is enough or the wait is over.
async fn waited<T>(shared: &Shared, call: &Call, pick: impl Fn(Snapshot) -> Vec<T>) -> Vec<T> {
    // LIMIT: a forgotten test must not hold a connection for ever.
    const LONGEST_SECONDS: i64 = 300;
    let enough = call.query.int("min").and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
    let wait = call.query.int("wait").unwrap_or_default().clamp(0, LONGEST_SECONDS).unsigned_abs();
    let over = tokio::time::sleep(Duration::from_secs(wait));
    tokio::pin!(over);
    let mut changes = shared.changes();
    loop {
        changes.mark_unchanged();
        let found = pick(Snapshot::take(shared));
        if found.len() >= enough || wait == 0 {
            return found;
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return found },
            () = &mut over => return found,
            () = shared.stopped() => return found,
        }
    }
}

fn ticket(shared: &Shared, id: &str) -> Answered {
    let id: i64 = id.parse().map_err(|_| (404, format!("`{id}` is no ticket number")))?;
    Ticket::find(shared, id)
        .map(|ticket| json!(ticket))
        .ok_or_else(|| (404, format!("ticket {id} does not exist")))
}

/// What a person at HaloPSA's own screens does to a ticket.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Act {
    Close,
    Delete,
    Status(String),
    Assign(String),
    MergeInto(i64),
    Action(AgentAction),
    Set(serde_json::Map<String, Value>),
}

fn act(shared: &Arc<Shared>, id: &str, body: &[u8]) -> Answered {
    let number: i64 = id.parse().map_err(|_| (404, format!("`{id}` is no ticket number")))?;
    let outside = shared.outside();
    let done = match parsed(body)? {
        Act::Close => outside.set_status(number, "Closed"),
        Act::Delete => outside.delete(number),
        Act::Status(status) => outside.set_status(number, &status),
        Act::Assign(agent) => outside.assign(number, &agent),
        Act::MergeInto(into) => outside.merge(number, into),
        Act::Action(action) => api::act_as_agent(shared, number, &action).map(|_| ()).map_err(NotThere),
        Act::Set(fields) => {
            fields.into_iter().try_for_each(|(field, value)| outside.set_field(number, &field, value))
        }
    };
    done.map_err(|error| (404, error.to_string()))?;
    ticket(shared, id)
}
