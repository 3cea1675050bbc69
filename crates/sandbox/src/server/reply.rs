//! One answer: status, body, headers, and how its body reaches the client.

use std::{convert::Infallible, fmt, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, channel::Channel, combinators::BoxBody};
use hyper::{
    Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue},
};
use serde_json::Value;

use crate::{Clock, moment};

/// The connection ends without an answer, or within one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sandbox cut the connection on request")
    }
}

impl std::error::Error for Cut {}

/// What hyper sends.
pub(crate) type Body = BoxBody<Bytes, Cut>;

/// How a body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    AtOnce,
    /// In pieces, so that the whole takes this long.
    Over(Duration),
    /// Half of it, then the connection ends.
    CutHalfWay,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    content_type: &'static str,
    headers: Vec<(&'static str, String)>,
    /// The tickets the request was about, for the request list.
    pub(crate) tickets: Vec<i64>,
}

impl Reply {
    fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status, body: body.into(), content_type, headers: Vec::new(), tickets: Vec::new() }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", body.to_string())
    }

    pub(crate) fn text(status: u16, body: impl Into<String>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body.into())
    }

    pub(crate) fn html(status: u16, body: impl Into<String>) -> Self {
        Self::new(status, "text/html; charset=utf-8", body.into())
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self::new(status, "", Bytes::new())
    }

    /// An answer with one more header; one that is no legal header value is left out.
    #[must_use]
    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    #[must_use]
    pub(crate) fn about(mut self, tickets: impl IntoIterator<Item = i64>) -> Self {
        self.tickets.extend(tickets);
        self
    }

    /// The answer with half its body, as complete HTTP.
    #[must_use]
    pub(crate) fn truncated(mut self) -> Self {
        self.body.truncate(self.body.len() / 2);
        self
    }

    /// The answer for hyper to send.
    pub(crate) fn into_response(self, pace: Pace, clock: &Clock) -> Response<Body> {
        let length = self.body.len();
        let body = match pace {
            Pace::AtOnce => Full::new(self.body).map_err(|never: Infallible| match never {}).boxed(),
            Pace::Over(span) => slowly(self.body, span, clock.clone()),
            Pace::CutHalfWay => half(self.body),
        };
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if !self.content_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        if let Ok(date) = HeaderValue::from_str(&moment::of_header(clock.now())) {
            headers.insert(DATE, date);
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

fn slowly(body: Bytes, span: Duration, clock: Clock) -> Body {
    const PIECES: usize = 8;
    let (mut sender, channel) = Channel::<Bytes, Cut>::new(1);
    tokio::spawn(async move {
        for piece in body.chunks(body.len().div_ceil(PIECES).max(1)) {
            clock.sleep(span / PIECES as u32).await;
            if sender.send_data(Bytes::copy_from_slice(piece)).await.is_err() {
                return;
            }
        }
    });
    channel.boxed()
}

fn half(body: Bytes) -> Body {
    let (mut sender, channel) = Channel::<Bytes, Cut>::new(1);
    tokio::spawn(async move {
        // Nobody left to send to is as good as a cut.
        let _ = sender.send_data(body.slice(..body.len() / 2)).await;
        sender.abort(Cut);
    });
    channel.boxed()
}
