//! Proving who asks: fixed credentials, or a token that is asked for, kept and renewed.
//!
//! OAuth's client credentials grant is one form and one answer; a crate for all of OAuth would bring more than it saves.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::FeedError;
use super::fetch::{refused, unreached};
use crate::clock::later;
use crate::config::{OAuth2, PollAuth, SecretError, SecretRef};
use crate::outbound::{Limits, Outbound, Request};

/// LIMIT: what a token is taken to be good for where its server does not say.
const UNSAID: Duration = Duration::from_mins(10);
/// LIMIT: a token is renewed so long before its end, for clocks that differ.
const EARLY: Duration = Duration::from_secs(60);
/// LIMIT: a token's answer is a few hundred bytes; some hold a token of several KiB.
const MOST_BYTES: usize = 256 << 10;

/// How it is proved who asks, its secrets read.
#[derive(Debug, Clone)]
pub(super) enum Proof {
    None,
    Header { name: String, value: SecretString },
    Query { name: String, value: SecretString },
    OAuth2(Box<Tokens>),
}

/// Tokens of one client.
#[derive(Debug, Clone)]
pub(super) struct Tokens {
    url: String,
    client: Option<(SecretString, SecretString)>,
    user: Option<(SecretString, SecretString)>,
    scope: Option<String>,
    audience: Option<String>,
    in_header: bool,
    kept: Option<(SecretString, Timestamp)>,
}

impl Proof {
    pub(super) fn new(auth: &PollAuth) -> Result<Self, SecretError> {
        let authorization =
            |value: String| Self::Header { name: "authorization".into(), value: value.into() };
        Ok(match auth {
            PollAuth::None => Self::None,
            PollAuth::Bearer(token) => authorization(format!("Bearer {}", token.read()?.expose_secret())),
            PollAuth::Basic { user, password } => authorization(basic(&user.read()?, &password.read()?)),
            PollAuth::Header { name, prefix, value } => Self::Header {
                name: name.clone(),
                value: format!("{prefix}{}", value.read()?.expose_secret()).into(),
            },
            PollAuth::Query { name, value } => Self::Query { name: name.clone(), value: value.read()? },
            PollAuth::OAuth2(oauth2) => Self::OAuth2(Box::new(Tokens::new(oauth2)?)),
        })
    }

    /// All it is made of, to be hashed: a changed secret is another proof.
    pub(super) fn identity(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Header { name, value } | Self::Query { name, value } => {
                format!("{name}\0{}", value.expose_secret())
            }
            Self::OAuth2(tokens) => {
                let client = tokens.client.as_ref();
                let client = client.map(|(id, secret)| [id.expose_secret(), secret.expose_secret()]);
                format!("{}\0{}\0{client:?}\0{:?}", tokens.url, tokens.in_header, tokens.form())
            }
        }
    }

    /// Adds what proves it to a request.
    pub(super) async fn prove(
        &mut self,
        outbound: &Outbound,
        request: &mut Request,
        limits: Limits,
        now: Timestamp,
    ) -> Result<(), FeedError> {
        match self {
            Self::None => {}
            Self::Header { name, value } => put(&mut request.headers, name, value)?,
            Self::Query { name, value } => {
                request.url.query_pairs_mut().append_pair(name, value.expose_secret());
            }
            Self::OAuth2(tokens) => {
                let token = tokens.token(outbound, limits, now).await?;
                let value = format!("Bearer {}", token.expose_secret()).into();
                put(&mut request.headers, "authorization", &value)?;
            }
        }
        Ok(())
    }

    /// Forgets a token that was refused. Says whether another one can be asked for.
    pub(super) fn forget_token(&mut self) -> bool {
        match self {
            Self::OAuth2(tokens) => tokens.kept.take().is_some(),
            _ => false,
        }
    }
}

impl Tokens {
    fn new(oauth2: &OAuth2) -> Result<Self, SecretError> {
        let both = |pair: &(SecretRef, SecretRef)| Ok((pair.0.read()?, pair.1.read()?));
        Ok(Self {
            url: oauth2.token_url.clone(),
            client: oauth2.client.as_ref().map(both).transpose()?,
            user: oauth2.user.as_ref().map(both).transpose()?,
            scope: oauth2.scope.clone(),
            audience: oauth2.audience.clone(),
            in_header: oauth2.in_header,
            kept: None,
        })
    }

    async fn token(
        &mut self,
        outbound: &Outbound,
        limits: Limits,
        now: Timestamp,
    ) -> Result<SecretString, FeedError> {
        if let Some((token, until)) = &self.kept
            && now < *until
        {
            return Ok(token.clone());
        }
        let (token, lasts) = self.ask(outbound, limits, now).await?;
        let lasts = lasts.saturating_sub(EARLY).max(lasts / 2);
        self.kept = Some((token.clone(), later(now, lasts)));
        Ok(token)
    }

    async fn ask(
        &self,
        outbound: &Outbound,
        limits: Limits,
        now: Timestamp,
    ) -> Result<(SecretString, Duration), FeedError> {
        let url = Url::parse(&self.url).map_err(|_| FeedError::new("`token_url` is no address"))?;
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.form()).finish();
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some((id, secret)) = self.client.as_ref().filter(|_| self.in_header) {
            let value = basic(id, secret).into();
            put(&mut headers, AUTHORIZATION.as_str(), &value)?;
        }
        let body = Some(("application/x-www-form-urlencoded", form.into_bytes()));
        let request = Request { method: reqwest::Method::POST, url, headers, body };
        let limits = Limits { bytes: MOST_BYTES, ..limits };
        let about = |error: FeedError| FeedError {
            problem: format!("no token was given: {}", error.problem),
            hint: error.hint.or_else(|| Some("check `auth: oauth2` of the source".to_owned())),
            ..error
        };
        let answer = outbound.send(request, limits).await.map_err(|error| about(unreached(&error)))?;
        if !answer.status.is_success() {
            let mut error = about(refused(&answer, now));
            if answer.status.as_u16() == 400 {
                error.hint = Some("check client id and secret, and the scope, under `auth: oauth2`".into());
            }
            return Err(error);
        }
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let Some(token) = said["access_token"].as_str().filter(|token| !token.is_empty()) else {
            return Err(about(FeedError::new("the answer has no `access_token`")));
        };
        let lasts = match &said["expires_in"] {
            Value::Number(seconds) => seconds.as_u64(),
            Value::String(seconds) => seconds.trim().parse().ok(),
            _ => None,
        };
        Ok((SecretString::from(token), lasts.map_or(UNSAID, Duration::from_secs)))
    }

    /// What is asked with.
    fn form(&self) -> Vec<(&'static str, String)> {
        let mut form = Vec::new();
        match &self.user {
            None => form.push(("grant_type", "client_credentials".to_owned())),
            Some((user, password)) => {
                form.push(("grant_type", "password".to_owned()));
                form.push(("username", user.expose_secret().to_owned()));
                form.push(("password", password.expose_secret().to_owned()));
            }
        }
        if let Some((id, secret)) = self.client.as_ref().filter(|_| !self.in_header) {
            form.push(("client_id", id.expose_secret().to_owned()));
            form.push(("client_secret", secret.expose_secret().to_owned()));
        }
        form.extend(self.scope.clone().map(|scope| ("scope", scope)));
        form.extend(self.audience.clone().map(|audience| ("audience", audience)));
        form
    }
}

fn basic(user: &SecretString, password: &SecretString) -> String {
    let pair = format!("{}:{}", user.expose_secret(), password.expose_secret());
    format!("Basic {}", STANDARD.encode(pair))
}

fn put(headers: &mut HeaderMap, name: &str, value: &SecretString) -> Result<(), FeedError> {
    let pair = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value.expose_secret()).ok());
    let Some((header, mut value)) = pair else {
        return Err(FeedError::new(format!("the secret for `{name}` has signs that no header may have"))
            .hint("check the secret: it may hold a line break"));
    };
    value.set_sensitive(true);
    headers.insert(header, value);
    Ok(())
}
