//! What can go wrong, for whom, and what to do about it.
//!
//! An [`Error`] of a write always means that it did not happen; a write that may have happened is an
//! [`Outcome::Unknown`](crate::Outcome::Unknown). No error holds a token, a secret or a query.

mod hint;
mod reply;
mod request_line;

pub(crate) use hint::empty_list_hint;
pub use reply::{FieldProblem, Reply, Said};
pub use request_line::RequestLine;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The client's settings, or what it was asked to send, can't work. Nothing was sent.
    #[error("{problem}")]
    Invalid {
        /// What is wrong.
        problem: String,
    },
    /// No connection was made, so nothing was sent.
    #[error("{request}: {reason}: {problem}")]
    Unreachable {
        /// What was asked.
        request: RequestLine,
        /// At which step it failed.
        reason: Unreachable,
        /// What the network said.
        problem: String,
    },
    /// A read was sent and no whole answer came, several times over.
    #[error("{request}: no whole answer: {problem}")]
    Interrupted {
        /// What was asked.
        request: RequestLine,
        /// What the network said.
        problem: String,
    },
    /// HaloPSA answered with an error.
    #[error("{request}: {reply}")]
    Refused {
        /// What was asked.
        request: RequestLine,
        /// What HaloPSA answered.
        reply: Box<Reply>,
    },
    /// The authorisation server gave no token.
    #[error("no token from {endpoint}: {reply}")]
    TokenRefused {
        /// The token endpoint, without its query.
        endpoint: String,
        /// What it answered.
        reply: Box<Reply>,
    },
    /// HaloPSA kept answering that its rate limit was reached.
    #[error("{request}: still over the rate limit after {tries} tries: {reply}")]
    Throttled {
        /// What was asked.
        request: RequestLine,
        /// How often it was sent.
        tries: u32,
        /// What HaloPSA answered last.
        reply: Box<Reply>,
    },
    /// The answer to a read isn't what the API promises.
    #[error("{request}: the answer can't be read: {problem}")]
    Unreadable {
        /// What was asked.
        request: RequestLine,
        /// What is wrong with it, and where.
        problem: String,
    },
    /// The answer to a read is larger than the client takes.
    #[error("{request}: the answer is larger than {limit_bytes} bytes")]
    TooLarge {
        /// What was asked.
        request: RequestLine,
        /// The largest answer taken, in bytes.
        limit_bytes: usize,
    },
}

/// The step at which making a connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unreachable {
    /// The host name is unknown.
    Name,
    /// The host is known, but takes no connection there.
    Connection,
    /// The host's certificate isn't trusted, or no common encryption was found.
    Tls,
    /// No connection was made in time.
    Timeout,
}

impl std::fmt::Display for Unreachable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Name => "the host name is not found",
            Self::Connection => "the host takes no connection",
            Self::Tls => "no trusted encryption with the host",
            Self::Timeout => "the host doesn't answer",
        })
    }
}

impl Error {
    /// True if this very request can never succeed: HaloPSA found fault with what it says.
    ///
    /// Missing rights and refused credentials are not permanent in this sense: once somebody has mended them,
    /// the same request succeeds. See [`needs_attention`](Self::needs_attention).
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Refused { reply, .. } => {
                matches!(reply.status, 300..=499) && !is_access(reply.status) && !is_passing(reply.status)
            }
            Self::TooLarge { .. } => true,
            _ => false,
        }
    }

    /// True if the same request may succeed later without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { reason, .. } => *reason != Unreachable::Tls,
            Self::Interrupted { .. } | Self::Throttled { .. } | Self::Unreadable { .. } => true,
            Self::Refused { reply, .. } | Self::TokenRefused { reply, .. } => {
                reply.status >= 500 || is_passing(reply.status)
            }
            Self::Invalid { .. } | Self::TooLarge { .. } => false,
        }
    }

    /// True if somebody has to change a setting, a right or the credentials before it can succeed.
    pub fn needs_attention(&self) -> bool {
        !self.is_permanent() && !self.is_retryable()
    }

    /// True if HaloPSA certainly did not carry out the request, so that sending it again can't do it twice.
    pub fn is_safe_to_retry(&self) -> bool {
        match self {
            Self::Invalid { .. }
            | Self::Unreachable { .. }
            | Self::TokenRefused { .. }
            | Self::Throttled { .. } => true,
            Self::Refused { reply, .. } => reply.status < 500,
            Self::Interrupted { .. } | Self::Unreadable { .. } | Self::TooLarge { .. } => false,
        }
    }

    /// The HTTP status HaloPSA answered with, if it answered.
    pub fn status(&self) -> Option<u16> {
        self.reply().map(|reply| reply.status)
    }

    /// What HaloPSA answered, if it answered.
    pub fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Refused { reply, .. }
            | Self::TokenRefused { reply, .. }
            | Self::Throttled { reply, .. } => Some(reply),
            _ => None,
        }
    }

    /// The request that failed; `None` for the request for a token.
    pub fn request(&self) -> Option<&RequestLine> {
        match self {
            Self::Unreachable { request, .. }
            | Self::Interrupted { request, .. }
            | Self::Refused { request, .. }
            | Self::Throttled { request, .. }
            | Self::Unreadable { request, .. }
            | Self::TooLarge { request, .. } => Some(request),
            Self::Invalid { .. } | Self::TokenRefused { .. } => None,
        }
    }

    /// What to do about it, starting with the verb; `None` where there is nothing better than the message.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unreachable { reason, .. } => Some(hint::unreachable(*reason).to_owned()),
            Self::Refused { request, reply } => hint::refused(request, reply),
            Self::TokenRefused { reply, .. } => Some(hint::token_refused(reply)),
            Self::Throttled { .. } => Some(hint::THROTTLED.to_owned()),
            Self::Unreadable { .. } => Some(hint::UNREADABLE.to_owned()),
            Self::TooLarge { .. } => Some(hint::TOO_LARGE.to_owned()),
            Self::Invalid { .. } | Self::Interrupted { .. } => None,
        }
    }
}

/// Statuses that speak of rights, not of the request's contents.
fn is_access(status: u16) -> bool {
    matches!(status, 401 | 403 | 407)
}

/// Statuses below 500 that go away by themselves: request timeout, too early, too many requests.
fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429)
}

#[cfg(test)]
mod tests;
