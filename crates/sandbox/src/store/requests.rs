//! The requests the sandbox has seen, for tests to look at and for the page.

use std::collections::VecDeque;

use serde::Serialize;

/// One request as it arrived and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordedRequest {
    /// Its number, from 1, in the order of arrival.
    pub number: u64,
    /// When it arrived, UTC, to the microsecond.
    pub at: String,
    /// The HTTP method.
    pub method: String,
    /// The path as it was sent.
    pub path: String,
    /// The query as it was sent, without the question mark.
    pub query: String,
    /// The body as text; a client secret is blanked, and what is longer than 256 KiB is cut.
    pub body: String,
    /// The answer's status; `None` while it is being handled and when the connection was cut instead.
    pub status: Option<u16>,
    /// The faults it went through.
    pub faults: Vec<String>,
    /// The tickets it read, made or changed; for lists, none.
    pub tickets: Vec<i64>,
}

impl RecordedRequest {
    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_str(&self.body).ok()
    }
}

/// The latest requests.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    kept: VecDeque<RecordedRequest>,
    seen: u64,
}

impl RequestLog {
    // LIMIT: a day of a busy test; older ones are forgotten so that a long-running sandbox does not grow.
    const KEPT: usize = 20_000;

    /// Notes a request down and gives it its number.
    pub(crate) fn begin(&mut self, mut request: RecordedRequest) -> u64 {
        self.seen += 1;
        request.number = self.seen;
        if self.kept.len() == Self::KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(request);
        self.seen
    }

    /// The request with this number, unless it has been forgotten.
    pub(crate) fn entry(&mut self, number: u64) -> Option<&mut RecordedRequest> {
        let first = self.kept.front()?.number;
        self.kept.get_mut(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &RecordedRequest> {
        self.kept.iter()
    }

    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }
}
