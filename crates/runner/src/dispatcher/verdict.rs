//! What an attempt came to.

use halopsa::{Error, Said};
use haloward_rules::Report;
use serde_json::{Value, json};

use super::connection::Reach;
use crate::store::{Settled, StoreError};

/// What an attempt to deliver an operation came to.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is done.
    Done { settled: Settled, reports: Vec<Report>, summary: Option<String>, adopted: bool },
    /// It was sent, or may have been, and is to be looked for.
    Unclear { problem: String, looks: u32, wait: Wait },
    /// It was certainly not carried out.
    Later { problem: String, wait: Wait },
    /// HaloPSA will never take it as it is.
    Refused { problem: String, hint: Option<String>, story: Value },
    /// There is nothing left to do it to.
    Pointless { why: String },
    /// The store failed; nothing was sent.
    Store(StoreError),
}

/// How long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// For its turn: it goes on as soon as it is the most urgent.
    Turn,
    /// Until what was written can be found.
    Settle,
    /// Until the ticket that it belongs to is there.
    Parent,
    /// Until it has passed.
    Passing,
    /// Until somebody has mended it.
    Attention,
    /// Until HaloPSA is there again; nothing else is sent either.
    Away,
}

impl Wait {
    /// What it tells about the connection that one has to wait like this.
    pub(super) fn reach(self) -> Reach {
        match self {
            Self::Turn | Self::Parent => Reach::Untold,
            // It was looked for, and HaloPSA's list did not have it; or HaloPSA said no.
            Self::Settle | Self::Attention => Reach::Reached,
            Self::Passing => Reach::Failed,
            Self::Away => Reach::Away,
        }
    }

    /// The wait an error calls for.
    pub(super) fn after(error: &Error) -> Self {
        match error {
            Error::Unreachable { .. } | Error::TokenRefused { .. } | Error::Throttled { .. } => Self::Away,
            Error::Interrupted { .. } => Self::Passing,
            error if error.is_retryable() => Self::Passing,
            _ => Self::Attention,
        }
    }
}

impl From<StoreError> for Verdict {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Verdict {
    /// A write that HaloPSA did not carry out.
    pub(super) fn of_error(error: &Error, path: &str, body: &Value) -> Self {
        let problem = error.to_string();
        if !is_final(error) {
            return Self::Later { problem, wait: Wait::after(error) };
        }
        let answer = error.reply().map_or_else(|| problem.clone(), ToString::to_string);
        let story = json!({
            "request": { "method": "POST", "path": path, "body": [body] },
            "status": error.status(),
            "answer": answer,
        });
        Self::Refused { problem, hint: error.hint(), story }
    }

    /// A write whose answer was lost: it is looked for as soon as it is its turn, with others that are.
    pub(super) fn lost(problem: String) -> Self {
        Self::Unclear { problem, looks: 0, wait: Wait::Turn }
    }

    /// A look that failed; `looks` were made before.
    pub(super) fn not_looked_for(error: &Error, looks: u32) -> Self {
        Self::Unclear { problem: format!("it can't be looked for: {error}"), looks, wait: Wait::after(error) }
    }

    /// A write that has to wait for another ticket's number.
    pub(super) fn before_parent() -> Self {
        let problem = "the ticket it belongs to is still on its way".to_owned();
        Self::Later { problem, wait: Wait::Parent }
    }

    /// A read that failed before anything was written.
    pub(super) fn of_read(error: &Error) -> Self {
        Self::Later { problem: error.to_string(), wait: Wait::after(error) }
    }
}

/// Whether the same request can never succeed. What may be a missing right (404) or HaloPSA's race for ticket numbers
/// (a refused duplicate key) is not such a case.
fn is_final(error: &Error) -> bool {
    let text = |said: &Said| match said {
        Said::Exception { messages, .. } => messages.iter().any(|message| message.contains("PRIMARY KEY")),
        Said::Text(text) => text.contains("PRIMARY KEY"),
        _ => false,
    };
    error.is_permanent()
        && error.status() != Some(404)
        && !error.reply().is_some_and(|reply| text(&reply.said))
}
