//! `POST /auth/token`: client credentials for a bearer token, with OAuth's error answers.

use serde_json::json;

use super::Scopes;
use crate::{
    server::{Call, Reply},
    shared::Shared,
};

/// Answers a token request.
pub(crate) fn answer(shared: &Shared, call: &Call) -> Reply {
    if call.method != "POST" {
        return Reply::empty(405);
    }
    match grant(shared, call) {
        Ok(reply) => reply,
        Err((status, error, description)) => {
            Reply::json(status, &json!({ "error": error, "error_description": description }))
        }
    }
}

type Denied = (u16, &'static str, &'static str);

fn grant(shared: &Shared, call: &Call) -> Result<Reply, Denied> {
    let config = &shared.config();
    let form_type = call.header("content-type").unwrap_or_default();
    if !form_type.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return Err((400, "invalid_request", "The 'Content-Type' header must be a form."));
    }
    let form = call.form();
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    match call.query.text("tenant") {
        Some(tenant) if !tenant.eq_ignore_ascii_case(&config.tenant) => {
            return Err((400, "invalid_request", "The specified tenant does not exist."));
        }
        None if config.tenant_required => {
            return Err((400, "invalid_request", "A tenant must be specified."));
        }
        _ => {}
    }
    match field("grant_type") {
        None => return Err((400, "invalid_request", "The mandatory 'grant_type' parameter is missing.")),
        Some("client_credentials") => {}
        Some(_) => {
            return Err((400, "unsupported_grant_type", "The specified 'grant_type' is not supported."));
        }
    }
    match field("client_id") {
        None => return Err((400, "invalid_request", "The mandatory 'client_id' parameter is missing.")),
        Some(id) if id != config.client_id => {
            return Err((400, "invalid_client", "The specified 'client_id' is invalid."));
        }
        Some(_) => {}
    }
    if field("client_secret") != Some(config.client_secret.as_str()) {
        return Err((401, "invalid_client", "The specified client credentials are invalid."));
    }
    if !config.agent_approved {
        return Err((400, "access_denied", "The application is waiting for the agent's approval."));
    }
    let asked = field("scope").filter(|scope| !scope.trim().is_empty()).unwrap_or("all");
    let scopes = Scopes::grant(&config.scopes, asked);
    if scopes.is_empty() {
        return Err((400, "invalid_scope", "The specified 'scope' is not allowed for this application."));
    }
    let scope = scopes.text();
    let token = shared.change(|state| state.tokens.issue(scopes, config.token_lifetime, config.clock.now()));
    let body = json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": config.token_lifetime.as_secs(),
        "scope": scope,
    });
    Ok(Reply::json(200, &body).with_header("cache-control", "no-store"))
}
