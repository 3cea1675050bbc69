//! Requests to other people's servers, at addresses that a configuration or an answer names.
//!
//! Which addresses may be reached is decided on the resolved address when the connection is made, so that no name can
//! lead to another place after it was checked. Answers are limited in size and time, also after they were unpacked;
//! redirections are followed to the same host only. What is asked and why is the caller's business.

mod reach;
#[cfg(test)]
mod tests;

pub use reach::{NotAllowed, Reach, is_public};

use std::error::Error as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Client, Method, StatusCode, Url};
use thiserror::Error;

use reach::Resolver;

/// LIMIT: a server on the same continent answers the handshake within a second.
const CONNECT: Duration = Duration::from_secs(10);
/// LIMIT: an API moves once (a slash, https); more is a circle.
const REDIRECTIONS: usize = 3;

/// Sends requests. Cloning is cheap, and all clones share their connections.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: Client,
    reach: Reach,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// What is done.
    pub method: Method,
    /// Where.
    pub url: Url,
    /// Headers; those that are secrets are marked as such.
    pub headers: HeaderMap,
    /// The body and its content type.
    pub body: Option<(&'static str, Vec<u8>)>,
}

/// How much an answer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the request to the last byte of the answer.
    pub time: Duration,
    /// Bytes of the answer, unpacked.
    pub bytes: usize,
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, unpacked.
    pub body: Vec<u8>,
}

/// Why there is no answer. Addresses are named by their host alone: the rest may hold secrets.
#[derive(Debug, Error)]
pub enum OutboundError {
    /// The address is not one that may be reached.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// It took too long.
    #[error("`{host}` did not answer within {} seconds", after.as_secs())]
    TooSlow {
        /// Whom.
        host: String,
        /// How long it was waited.
        after: Duration,
    },
    /// The answer is too large.
    #[error("the answer of `{host}` is larger than {} MiB", most >> 20)]
    TooLarge {
        /// Whose.
        host: String,
        /// How large it may be.
        most: usize,
    },
    /// The answer leads to another place.
    #[error("`{host}` leads to another place: `{to}`")]
    Elsewhere {
        /// Who leads.
        host: String,
        /// Where to.
        to: String,
    },
    /// Nobody was reached, or the connection broke.
    #[error("`{host}` was not reached: {problem}")]
    Unreachable {
        /// Whom.
        host: String,
        /// What the system said.
        problem: String,
    },
    /// Encryption can't be set up.
    #[error("encryption can't be set up: {0}")]
    Encryption(String),
}

impl OutboundError {
    /// What to do about it, starting with the verb.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotAllowed(_) => {
                Some("write `allow_private: true` if this source is meant to reach into your own network")
            }
            Self::Elsewhere { .. } => Some("write the address that it leads to, if it is the right one"),
            Self::TooLarge { .. } => Some("ask for less: only open alerts, or smaller pages"),
            _ => None,
        }
    }
}

/// One of each, made when it is first needed: the system's certificates are read once for all who send.
#[derive(Debug, Default)]
pub struct Outbounds {
    public: OnceLock<Outbound>,
    anywhere: OnceLock<Outbound>,
}

impl Outbounds {
    /// The one that reaches so far.
    pub fn of(&self, reach: Reach) -> Result<Outbound, OutboundError> {
        let kept = match reach {
            Reach::Public => &self.public,
            Reach::Anywhere => &self.anywhere,
        };
        match kept.get() {
            Some(outbound) => Ok(outbound.clone()),
            None => {
                let made = Outbound::new(reach)?;
                Ok(kept.get_or_init(|| made).clone())
            }
        }
    }
}

impl Outbound {
    /// Sends to addresses within `reach`.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Encryption`] if the system's certificates can't be read.
    pub fn new(reach: Reach) -> Result<Self, OutboundError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(rustls_platform_verifier::BuilderVerifierExt::with_platform_verifier)
            .map_err(|error| OutboundError::Encryption(error.to_string()))?
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(CONNECT)
            // Every step is checked here, see `send`.
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(Resolver { reach }))
            // A proxy would resolve names itself, beyond what is checked here.
            .no_proxy()
            .pool_max_idle_per_host(1)
            .user_agent(concat!("haloward/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| OutboundError::Encryption(error.to_string()))?;
        Ok(Self { client, reach })
    }

    /// Sends a request and reads its whole answer.
    pub async fn send(&self, request: Request, limits: Limits) -> Result<Answer, OutboundError> {
        let host = host(&request.url);
        match tokio::time::timeout(limits.time, self.follow(request, limits)).await {
            Ok(answer) => answer,
            Err(_) => Err(OutboundError::TooSlow { host, after: limits.time }),
        }
    }

    async fn follow(&self, mut request: Request, limits: Limits) -> Result<Answer, OutboundError> {
        for _ in 0..=REDIRECTIONS {
            let answer = self.exchange(&request, limits).await?;
            let Some(to) = leads_to(&request.url, &answer) else { return Ok(answer) };
            // Whoever gets the request gets its credentials: only the same host does, and no other method.
            if request.method != Method::GET || !same_place(&request.url, &to) {
                return Err(OutboundError::Elsewhere { host: host(&request.url), to: self::host(&to) });
            }
            request.url = to;
        }
        Err(OutboundError::Elsewhere { host: host(&request.url), to: host(&request.url) })
    }

    async fn exchange(&self, request: &Request, limits: Limits) -> Result<Answer, OutboundError> {
        // An address that is written as numbers is never resolved.
        self.reach.check_literal(&request.url)?;
        let mut sending = self.client.request(request.method.clone(), request.url.clone());
        sending = sending.headers(request.headers.clone());
        if let Some((content_type, body)) = &request.body {
            sending = sending.header(CONTENT_TYPE, *content_type).body(body.clone());
        }
        let failed = |error: reqwest::Error| unreachable(&request.url, error);
        let mut answer = sending.send().await.map_err(failed)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(failed)? {
            if body.len() + part.len() > limits.bytes {
                return Err(OutboundError::TooLarge { host: host(&request.url), most: limits.bytes });
            }
            body.extend_from_slice(&part);
        }
        Ok(Answer { status, headers, body })
    }
}

/// The address that an answer leads to.
fn leads_to(from: &Url, answer: &Answer) -> Option<Url> {
    let redirections = [301, 302, 303, 307, 308];
    if !redirections.contains(&answer.status.as_u16()) {
        return None;
    }
    let to = answer.headers.get(LOCATION)?.to_str().ok()?;
    from.join(to).ok()
}

/// Whether credentials for one address may go to another: the same host and port, and never without encryption where
/// there was some.
pub fn same_place(from: &Url, to: &Url) -> bool {
    let same_host = from.host_str().is_some() && from.host() == to.host();
    let same_port = from.port_or_known_default() == to.port_or_known_default();
    let encrypted_now = from.scheme() == "http" && to.scheme() == "https";
    let default_ports = from.port().is_none() && to.port().is_none();
    same_host && (from.scheme() == to.scheme() && same_port || encrypted_now && default_ports)
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// What happened, without the address: its query may hold a key.
fn unreachable(url: &Url, error: reqwest::Error) -> OutboundError {
    let error = error.without_url();
    let mut cause = error.source();
    let mut last = error.to_string();
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<NotAllowed>() {
            return OutboundError::NotAllowed(refused.clone());
        }
        last = inner.to_string();
        cause = inner.source();
    }
    OutboundError::Unreachable { host: host(url), problem: last }
}
