//! Leave to send: CloudEvents senders such as Azure Event Grid ask for it before they send, with `OPTIONS`.

use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::auth::{Shown, Step};
use super::door::Guarded;
use super::problem::Problem;

const ASKS: HeaderName = HeaderName::from_static("webhook-request-origin");
const MAY: HeaderName = HeaderName::from_static("webhook-allowed-origin");
const RATE: HeaderName = HeaderName::from_static("webhook-allowed-rate");

/// Whether a sender may send, as the source's `allow_origin` says. It proves nothing about who it is: deliveries do. Only
/// a secret that is part of the URL has to be there already.
pub(super) fn answer(known: &Guarded, parts: &Parts, shown: Shown<'_>) -> Result<Response, Problem> {
    if known.check.is_in_url() && !matches!(known.check.before_body(shown), Ok(Step::Proven(_))) {
        return Err(Problem::unauthorized());
    }
    let origin = parts.headers.get(ASKS).filter(|_| !known.allow_origin.is_empty());
    let origin = origin.ok_or_else(Problem::only_post)?;
    let text = origin.to_str().unwrap_or_default();
    if !known.allow_origin.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(text)) {
        return Err(Problem::wrong_origin());
    }
    let mut response = StatusCode::OK.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static("POST, PUT, OPTIONS"));
    headers.insert(MAY, origin.clone());
    headers.insert(RATE, known.a_minute.map_or(HeaderValue::from_static("*"), HeaderValue::from));
    Ok(response)
}
