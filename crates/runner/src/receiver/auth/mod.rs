//! Checking who sends. Comparisons take the same time whatever differs.
//!
//! Some ways are decided before the body is read, some need its bytes, and some what it says: [`Check`] has a step for
//! each, and says at which it is done.

mod client_cert;
mod credential;
mod hmac;
mod sns;

pub(super) use sns::Aws;

use std::time::Duration;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use haloward_rules::{Path, Payload};
use jiff::Timestamp;

use crate::config::{Auth, ClientCert, SecretError};
use credential::Credentials;
use hmac::Signature;
use sns::Sns;

/// A source's way to prove who it is, its secrets read.
#[derive(Debug, Clone)]
pub(super) enum Check {
    Open,
    UrlToken(Credentials),
    Bearer { tokens: Credentials, query: Option<String> },
    Header { name: String, values: Credentials },
    Query { name: String, values: Credentials },
    Basic(Credentials),
    Hmac(Signature),
    Body { path: Path, secrets: Credentials },
    Sns(Sns),
    ClientCert(ClientCert),
}

/// What a request shows before its body is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) headers: &'a HeaderMap,
    /// The last part of the URL, where it has one more than the source's name.
    pub(super) token: Option<&'a str>,
    /// The parameters of the URL.
    pub(super) query: Option<&'a str>,
    /// Whether a trusted proxy brings it.
    pub(super) proxied: bool,
}

/// How far a check has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It is the source. Which of its secrets said so, where it has any.
    Proven(Option<usize>),
    /// More of the request is needed.
    GoOn,
}

/// Why a sender is not taken for the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused {
    /// The credentials are missing or wrong.
    Wrong,
    /// Signed as it should be, but so long ago.
    Late(Duration),
    /// Signed as it should be, but so far in the future.
    Early(Duration),
    /// A message of SNS without a signature.
    Unsigned,
    /// A message of a topic that the source does not name.
    Topic,
    /// Whether it is the source cannot be said now.
    Unclear(String),
}

impl Check {
    /// `name` is the source's, for whoever has to mend its secret.
    pub(super) fn new(name: &str, auth: &Auth) -> Result<Self, SecretError> {
        Ok(match auth {
            Auth::None => Self::Open,
            Auth::UrlToken(secrets) => Self::UrlToken(Credentials::read(secrets)?),
            Auth::Bearer { tokens, query } => {
                Self::Bearer { tokens: Credentials::read(tokens)?, query: query.clone() }
            }
            Auth::Header { name, values } => {
                Self::Header { name: name.to_lowercase(), values: Credentials::read(values)? }
            }
            Auth::Query { name, values } => {
                Self::Query { name: name.clone(), values: Credentials::read(values)? }
            }
            Auth::Basic { user, passwords } => Self::Basic(Credentials::of_user(user, passwords)?),
            Auth::Hmac { scheme, secrets } => Self::Hmac(Signature::new(name, scheme, secrets)?),
            Auth::Body { path, secrets } => {
                Self::Body { path: path.clone(), secrets: Credentials::read(secrets)? }
            }
            Auth::Sns { topics } => Self::Sns(Sns::new(topics)),
            Auth::ClientCert(cert) => Self::ClientCert(cert.clone()),
        })
    }

    /// What is known before the body is read.
    pub(super) fn before_body(&self, shown: Shown<'_>) -> Result<Step, Refused> {
        let found = match self {
            Self::Open => return Ok(Step::Proven(None)),
            Self::UrlToken(tokens) => shown.token.and_then(|token| tokens.which(token.as_bytes())),
            Self::Bearer { tokens, query } => {
                let sent = scheme(shown.headers, "bearer").map(str::to_owned);
                let sent = sent.or_else(|| parameter(shown.query, query.as_deref()?));
                sent.and_then(|token| tokens.which(token.as_bytes()))
            }
            Self::Header { name, values } => {
                shown.headers.get(name).and_then(|sent| values.which(sent.as_bytes()))
            }
            Self::Query { name, values } => {
                parameter(shown.query, name).and_then(|sent| values.which(sent.as_bytes()))
            }
            Self::Basic(users) => scheme(shown.headers, "basic")
                .and_then(|sent| STANDARD.decode(sent).ok())
                .and_then(|sent| users.which(&sent)),
            // An unsigned request is not worth reading.
            Self::Hmac(signature) if !shown.headers.contains_key(signature.header()) => None,
            Self::Hmac(_) | Self::Body { .. } | Self::Sns(_) => return Ok(Step::GoOn),
            Self::ClientCert(cert) if shown.proxied && client_cert::proven(cert, shown.headers) => {
                return Ok(Step::Proven(None));
            }
            Self::ClientCert(_) => None,
        };
        found.map(|number| Step::Proven(Some(number))).ok_or(Refused::Wrong)
    }

    /// What is known with the bytes of the body.
    pub(super) fn with_body(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Step, Refused> {
        match self {
            Self::Hmac(signature) => signature.which(headers, body, now).map(|n| Step::Proven(Some(n))),
            _ => Ok(Step::GoOn),
        }
    }

    /// What is known with what the body says. Secrets in it are removed, so that nothing keeps them.
    pub(super) async fn with_payload(
        &self,
        payload: &mut Payload,
        aws: &Aws,
        now: Timestamp,
    ) -> Result<Step, Refused> {
        match self {
            Self::Body { path, secrets } => {
                let payload = payload.edit();
                let sent = path.first(payload);
                let found = sent.as_str().and_then(|sent| secrets.which(sent.as_bytes()));
                path.remove(payload);
                found.map(|number| Step::Proven(Some(number))).ok_or(Refused::Wrong)
            }
            Self::Sns(sns) => sns.verify(payload.edit(), aws, now).await.map(|()| Step::Proven(None)),
            _ => Ok(Step::GoOn),
        }
    }

    /// Whether the secret is part of the URL, which whoever asks for leave to send uses as well.
    pub(super) fn is_in_url(&self) -> bool {
        matches!(self, Self::UrlToken(_) | Self::Query { .. })
    }

    /// The header that carries the secret and must go no further.
    pub(super) fn secret_header(&self) -> Option<&str> {
        match self {
            Self::Header { name, .. } => Some(name),
            Self::Hmac(signature) => Some(signature.header()),
            _ => None,
        }
    }
}

/// What stands after the scheme in `Authorization`; schemes have no case.
fn scheme<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let sent = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = sent.trim_start().split_once(' ')?;
    scheme.eq_ignore_ascii_case(wanted).then_some(rest.trim())
}

/// The first parameter of that name.
fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query?.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests;
