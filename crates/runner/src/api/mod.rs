//! `/api/v1`: what the console and the commands use, with the token as bearer. `routes` is the table of everything
//! there is, from which both the router and the OpenAPI document are made; what is answered comes from `inspect`.

mod answer;
mod operate;
mod read;
mod routes;
mod silences;
mod sources;
mod state;

pub use state::{ApiState, Standing};

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::receiver::Problem;

/// All routes of the API; `/metrics`; and `/readyz`, which tells more to whoever has the token.
pub fn router(state: ApiState) -> Router {
    let state = Arc::new(state);
    let mut api = Router::new();
    for route in routes::ROUTES {
        api = api.route(route.path, (route.handler)());
    }
    let guarded = api.route_layer(middleware::from_fn_with_state(Arc::clone(&state), only_with_token));
    let open = guarded.route("/readyz", get(read::readyz)).route("/metrics", get(read::metrics));
    open.with_state(state)
}

async fn only_with_token(State(state): State<Arc<ApiState>>, request: Request, next: Next) -> Response {
    if has_token(&state, request.headers()) {
        next.run(request).await
    } else {
        Problem::no_token().into_response()
    }
}

/// Whether a request carries the token.
fn has_token(state: &ApiState, headers: &HeaderMap) -> bool {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let brought = sent
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    brought.is_some_and(|(_, token)| state.token.opens(token.trim()))
}

#[cfg(test)]
mod tests;
