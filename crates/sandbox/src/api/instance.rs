//! `/api/authinfo` and `/api/instanceinfo`: what a client finds out before it has a token.

use serde_json::json;

use crate::{
    server::{Call, Reply},
    shared::Shared,
};

pub(crate) fn auth_info(shared: &Shared, call: &Call) -> Reply {
    let site = site(shared, call);
    let body = json!({ "auth_url": format!("{site}/auth"), "tenant_id": shared.config().tenant });
    Reply::json(200, &body)
}

pub(crate) fn info(shared: &Shared, call: &Call) -> Reply {
    let site = site(shared, call);
    let body = json!({
        "tenant_id": shared.config().tenant,
        "api_url": format!("{site}/api"),
        "auth_url": format!("{site}/auth"),
    });
    Reply::json(200, &body)
}

/// The site as the client reached it: a sandbox that listens everywhere has no one address of its own.
fn site(shared: &Shared, call: &Call) -> String {
    call.header("host").map_or_else(|| shared.url.clone(), |host| format!("http://{host}"))
}
