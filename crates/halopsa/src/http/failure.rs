//! What the network did to a request: never sent, or sent and never answered.
//!
//! The difference decides whether a write may be sent again, so doubt always counts as sent.

use std::error::Error as StdError;
use std::io;

use crate::error::{Error, RequestLine, Unreachable};

/// Why there is no whole answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The client itself can't send anything.
    NotSent { error: Error },
    /// No connection was made, so nothing was sent.
    Unreachable { reason: Unreachable, problem: String },
    /// It was sent, and no answer came in time.
    TimedOut,
    /// It was sent, perhaps in part, and the connection was lost.
    Lost { problem: String },
    /// The answer began and was cut off.
    CutOff { problem: String },
    /// The answer is larger than is taken.
    TooLarge,
}

impl Failure {
    /// True if nothing went out, so that HaloPSA can't have counted it either.
    pub(crate) fn was_not_sent(&self) -> bool {
        matches!(self, Self::NotSent { .. } | Self::Unreachable { .. })
    }

    /// Sorts a failure before the answer's headers.
    pub(super) fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_connect() {
            return Self::Unreachable { reason: reason(&error), problem: innermost(&error) };
        }
        if error.is_builder() {
            return Self::NotSent { error: Error::Invalid { problem: chain(&error) } };
        }
        if error.is_timeout() {
            return Self::TimedOut;
        }
        Self::Lost { problem: chain(&error) }
    }

    /// Sorts a failure while the body comes in.
    pub(super) fn of_body(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_timeout() { Self::TimedOut } else { Self::CutOff { problem: chain(&error) } }
    }
}

/// The error for a request that was never sent; `None` if it was.
pub(crate) fn unreachable(failure: &Failure, request: &RequestLine) -> Option<Error> {
    match failure {
        Failure::NotSent { error } => Some(error.clone()),
        Failure::Unreachable { reason, problem } => {
            Some(Error::Unreachable { request: request.clone(), reason: *reason, problem: problem.clone() })
        }
        _ => None,
    }
}

fn reason(error: &reqwest::Error) -> Unreachable {
    if error.is_timeout() {
        return Unreachable::Timeout;
    }
    for cause in causes(error) {
        if is_tls(cause) {
            return Unreachable::Tls;
        }
        // The resolver's error has no public type.
        if cause.to_string().starts_with("dns error")
            || cause.to_string().contains("failed to lookup address")
        {
            return Unreachable::Name;
        }
    }
    Unreachable::Connection
}

/// rustls hands its errors over inside an IO error, whose `source` skips them.
fn is_tls(cause: &(dyn StdError + 'static)) -> bool {
    cause.is::<rustls::Error>()
        || cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref).is_some_and(|inner| {
            inner.is::<rustls::Error>()
                || inner.downcast_ref::<io::Error>().is_some_and(|nested| is_tls(nested))
        })
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |cause: &&'a (dyn StdError + 'static)| (*cause).source())
}

/// The cause that says most: the last of the chain.
fn innermost(error: &reqwest::Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// Every cause, the outermost first, without repetitions.
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        if parts.last().is_none_or(|last| !last.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ")
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotSent { error } => error.fmt(f),
            Self::Unreachable { reason, problem } => write!(f, "{reason}: {problem}"),
            Self::TimedOut => f.write_str("no answer came in time"),
            Self::Lost { problem } => write!(f, "the connection was lost: {problem}"),
            Self::CutOff { problem } => write!(f, "the answer was cut off: {problem}"),
            Self::TooLarge => write!(f, "it is larger than {} bytes", super::LARGEST_ANSWER),
        }
    }
}
