//! What is known after a write.
//!
//! HaloPSA has no idempotency key, so a write that may have happened must never be sent again blindly. The
//! type says so: whoever writes has to look at [`Outcome::Unknown`] before going on.

use std::fmt;

use crate::date::DateTime;
use crate::error::{Reply, RequestLine};

/// The result of a write that wasn't refused.
///
/// A caller that drops the future of a write before it ends knows no more than with [`Outcome::Unknown`]: better let
/// it end, which the client's timeout sees to.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a write whose outcome is unknown has to be looked for before it is sent again"]
pub enum Outcome<T> {
    /// HaloPSA confirmed it.
    Done(T),
    /// It may or may not have happened.
    Unknown(UnknownWrite),
}

impl<T> Outcome<T> {
    /// The confirmed result, if there is one.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// True if it may or may not have happened.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// Changes the confirmed result.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Done(value) => Outcome::Done(change(value)),
            Self::Unknown(unknown) => Outcome::Unknown(unknown),
        }
    }

    /// The confirmed result, or what is known about the write that was not confirmed.
    ///
    /// # Errors
    ///
    /// The [`UnknownWrite`], for callers that treat it as a failure to be handled further up.
    pub fn into_result(self) -> Result<T, UnknownWrite> {
        match self {
            Self::Done(value) => Ok(value),
            Self::Unknown(unknown) => Err(unknown),
        }
    }
}

/// A write that was sent and never confirmed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UnknownWrite {
    /// What was asked.
    pub request: RequestLine,
    /// The time just before it was sent, by HaloPSA's clock if it had answered before, else by this machine's: a look for
    /// it can start here, less a minute to be sure.
    pub sent_at: DateTime,
    /// Why it is not known.
    pub reason: UnknownReason,
}

impl UnknownWrite {
    /// What to do about it, starting with the verb.
    pub fn hint(&self) -> String {
        let look = format!("look for it before writing it again: list what changed since {}", self.sent_at);
        match &self.reason {
            UnknownReason::ServerFailed(reply) if reply.status == 504 => {
                format!(
                    "{look}; if it isn't there, send a smaller body: long HTML makes HaloPSA take too long"
                )
            }
            _ => look,
        }
    }
}

impl fmt::Display for UnknownWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} may or may not have happened: {}", self.request, self.reason)
    }
}

impl std::error::Error for UnknownWrite {}

/// Why nobody knows whether a write happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum UnknownReason {
    /// No answer came in time.
    TimedOut,
    /// The connection was lost after the request had been sent.
    ConnectionLost {
        /// What the network said.
        problem: String,
    },
    /// HaloPSA, or something in front of it, failed with a 5xx status.
    ServerFailed(Box<Reply>),
    /// HaloPSA reported success, but its answer was cut off or can't be read.
    UnreadableAnswer {
        /// What is wrong with the answer.
        problem: String,
    },
    /// HaloPSA refused a batch in a way that doesn't exclude that it had written some of its elements.
    BatchRefused(Box<Reply>),
    /// HaloPSA confirmed a batch without an answer for this element.
    NotInAnswer,
}

impl fmt::Display for UnknownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("no answer came in time"),
            Self::ConnectionLost { problem } => write!(f, "the connection was lost after sending: {problem}"),
            Self::ServerFailed(reply) => write!(f, "the server failed: {reply}"),
            Self::UnreadableAnswer { problem } => write!(f, "the answer can't be read: {problem}"),
            Self::BatchRefused(reply) => {
                write!(f, "the batch was refused, perhaps after writing part of it: {reply}")
            }
            Self::NotInAnswer => f.write_str("the batch was confirmed without an answer for this element"),
        }
    }
}
