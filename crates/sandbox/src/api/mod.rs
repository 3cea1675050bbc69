//! HaloPSA's API: who is let in, and which part answers.
//!
//! `records` serves every kind that is only stored; tickets, actions, attachments and recurring invoices' lines
//! have rules of their own and their own modules.

mod actions;
mod attachments;
mod dressing;
mod filter;
mod instance;
mod intake;
mod kind;
mod paging;
mod records;
mod refusal;
mod resource;
mod resources;
mod returned;
mod tickets;

use std::{sync::Arc, time::Duration};

pub(crate) use kind::Kind;
pub(crate) use refusal::Refusal;

use crate::{
    auth::{Access, Area, token_endpoint},
    limit::RollingWindow,
    server::{Call, Reply},
    shared::Shared,
};
pub use actions::AgentAction;
pub(crate) use actions::{act_as_agent, technician};
pub(crate) use resources::by_path;
pub(crate) use tickets::{change_from_outside, detail_view, seed_ticket};

/// What a request's faults change about its handling.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Conditions {
    /// How far lists and searches are behind.
    pub(crate) lag: Duration,
    /// How long a create takes while ticket numbers are counted.
    pub(crate) create_takes: Option<Duration>,
    /// How many elements of a POST are carried out before it fails.
    pub(crate) at_most: Option<usize>,
}

/// Answers a request to `/api/…` or `/auth/…`.
pub(crate) async fn answer(shared: &Arc<Shared>, call: &Call, conditions: Conditions) -> Reply {
    let segments = call.segments();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["auth", "token"] => token_endpoint::answer(shared, call),
        ["api", "authinfo"] => instance::auth_info(shared, call),
        ["api", "instanceinfo"] => instance::info(shared, call),
        ["api", rest @ ..] if !rest.is_empty() => match authenticated(shared, call) {
            Err(reply) => reply,
            Ok(()) => route(shared, call, rest, conditions).await.unwrap_or_else(|refusal| refusal.reply()),
        },
        _ => Reply::empty(404),
    }
}

/// Lets a request in that the window has room for and that brings a good token.
fn authenticated(shared: &Shared, call: &Call) -> Result<(), Reply> {
    let config = &shared.config();
    let now = config.clock.now();
    shared.change(|state| {
        if let Some(limit) = config.rate_limit
            && !state.window.admit(limit, now)
        {
            return Err(Reply::text(429, RollingWindow::refusal(limit)));
        }
        match call.token().and_then(|token| state.tokens.scopes(token, now)) {
            Some(_) => Ok(()),
            None => Err(Reply::empty(401).with_header("www-authenticate", "Bearer error=\"invalid_token\"")),
        }
    })
}

async fn route(
    shared: &Arc<Shared>,
    call: &Call,
    parts: &[&str],
    conditions: Conditions,
) -> Result<Reply, Refusal> {
    match parts[0] {
        "tickets" => tickets::answer(shared, call, &parts[1..], conditions).await,
        "actions" => actions::answer(shared, call, &parts[1..], conditions),
        "attachment" => attachments::answer(shared, call, &parts[1..]),
        name => {
            let resource = resources::by_path(name).ok_or(Refusal::NotFound)?;
            records::answer(shared, call, resource, &parts[1..])
        }
    }
}

/// Whether the token's scopes and the agent's rights both let a request do what it wants in an area.
fn permit(shared: &Shared, call: &Call, area: Area) -> Result<(), Refusal> {
    let wanted = match call.method.as_str() {
        "GET" | "HEAD" => Access::Read,
        "POST" => Access::Modify,
        "DELETE" => Access::Delete,
        _ => return Err(Refusal::MethodNotAllowed),
    };
    let now = shared.clock.now();
    let opened = shared.look(|state| {
        call.token()
            .and_then(|token| state.tokens.scopes(token, now))
            .is_some_and(|scopes| scopes.open(area, wanted))
    });
    if !opened {
        return Err(Refusal::MissingScope);
    }
    if shared.config().agent.access(area) < wanted {
        return Err(Refusal::AgentMayNot);
    }
    Ok(())
}
