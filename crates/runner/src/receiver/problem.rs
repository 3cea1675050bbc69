//! Errors as RFC 9457 problem documents.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error a sender sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(super) status: StatusCode,
    pub(super) title: &'static str,
    pub(super) detail: String,
    /// Seconds after which it may work.
    pub(super) retry_after: Option<u64>,
}

impl Problem {
    /// What is wrong, for whoever gets no answer by HTTP.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    pub(crate) fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, title, detail: detail.into(), retry_after: None }
    }

    /// The HTTP status that the sender gets.
    pub(crate) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    pub(super) fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "The body cannot be read", detail)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "The credentials are missing or wrong",
            "this source's `auth` in the configuration says what is expected",
        )
    }

    /// The credentials are there and do not count.
    pub(super) fn not_now(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "The credentials do not count", detail)
    }

    pub(super) fn from_elsewhere() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "The source does not send from there",
            "this source's `allow_from` in the configuration names its networks; behind a proxy, `server.trusted_proxies` has to name that",
        )
    }

    pub(super) fn wrong_origin() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "The origin may not send",
            "this source's `allow_origin` in the configuration names the origins that may",
        )
    }

    pub(super) fn only_post() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Events are posted", "this source takes POST and PUT")
    }

    pub(super) fn too_often(wait: Duration) -> Self {
        let problem = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many wrong credentials",
            "this address failed too often to prove who it is; right credentials are taken at any time",
        );
        Self { retry_after: Some(seconds(wait)), ..problem }
    }

    /// Whether whoever gets this answer has not shown that it is a source.
    pub(super) fn is_of_a_stranger(&self) -> bool {
        matches!(self.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND)
    }

    pub(super) fn too_many(wait: Duration) -> Self {
        let seconds = seconds(wait);
        let detail = format!("this source's `limit` is used up; there is room again in {seconds} s");
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "The source sends too much", detail);
        Self { retry_after: Some(seconds), ..problem }
    }

    pub(crate) fn no_token() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "The token is missing or wrong",
            "send `Authorization: Bearer TOKEN`; the token is `server.token` of the configuration, or in the file beside the store",
        )
    }

    pub(super) fn unknown_source() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "There is no such source",
            "the sources are those of the configuration",
        )
    }

    pub(super) fn unknown_page() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is nothing here", "events are sent to /hooks/SOURCE")
    }

    pub(super) fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The body is too large",
            format!("at most {limit} bytes are taken"),
        )
    }

    pub(super) fn wrong_type(content_type: &str) -> Self {
        let shown: String = content_type.chars().take(80).collect();
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The content type is not understood",
            format!("`{shown}` holds no alerts that can be read; send `application/json`"),
        )
    }

    pub(super) fn wrong_encoding(encoding: &str) -> Self {
        let shown: String = encoding.chars().take(80).collect();
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The content encoding is not understood",
            format!("`{shown}` cannot be decompressed; send gzip, deflate, or the body as it is"),
        )
    }

    pub(super) fn not_durable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Nothing can be made durable now", detail)
    }
}

/// Rounded up: who comes back a moment too early is refused again.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// Seconds after which a sender that got a 503 may try again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": "about:blank",
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer, Basic realm=\"haloward\""),
            );
        }
        response
    }
}
