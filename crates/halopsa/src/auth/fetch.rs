//! Fetching a token: OAuth's client credentials grant.

use std::time::Duration;

use ::http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::TokenInfo;
use crate::budget::limiter::Limiter;
use crate::credentials::Credentials;
use crate::discovery::{Discovery, discover};
use crate::error::{Error, Reply, RequestLine, Said};
use crate::http::{Answer, Failure, Http, unreachable};
use crate::priority::Priority;
use crate::retry::Backoff;
use crate::settings::Settings;

/// LIMIT: what a token is taken to be valid for when HaloPSA doesn't say; it usually says an hour.
const UNSAID: Duration = Duration::from_mins(10);

/// Everything that is needed to fetch a token.
pub(crate) struct TokenSource<'a> {
    pub(crate) http: &'a Http,
    pub(crate) limiter: &'a std::sync::Arc<Limiter>,
    pub(crate) settings: &'a Settings,
    pub(crate) credentials: &'a Credentials,
    pub(crate) discovery: &'a OnceCell<Discovery>,
}

pub(super) struct Fetched {
    pub(super) secret: SecretString,
    pub(super) info: TokenInfo,
    pub(super) at: Instant,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
    #[serde(default)]
    scope: Option<String>,
}

impl TokenSource<'_> {
    /// Fetches a token, trying again while the server is unreachable or unwell.
    pub(super) async fn fetch(&self) -> Result<Fetched, Error> {
        let discovery =
            self.discovery.get_or_try_init(|| discover(self.http, self.limiter, self.settings)).await?;
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match self.fetch_once(discovery).await {
                Ok(fetched) => return Ok(fetched),
                Err(error) => error,
            };
            let wait = Backoff::TROUBLE.after(tries, fastrand::f64()).filter(|_| error.is_retryable());
            let Some(wait) = wait else { return Err(error) };
            let asked = error.reply().and_then(|reply| reply.retry_after).unwrap_or_default();
            tokio::time::sleep(wait.max(asked)).await;
        }
    }

    async fn fetch_once(&self, discovery: &Discovery) -> Result<Fetched, Error> {
        let mut url = discovery.token_url.clone();
        if let Some(tenant) = &discovery.tenant {
            url.query_pairs_mut().append_pair("tenant", tenant);
        }
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.credentials.client_id),
            ("client_secret", self.credentials.client_secret.expose_secret()),
            ("scope", &self.settings.scope),
        ];
        let line = RequestLine::new(Method::POST, discovery.token_url.path());
        let request = self.http.client()?.post(url).form(&form).header("accept", "application/json").build();
        let request = request.map_err(|error| Error::Invalid { problem: error.without_url().to_string() })?;

        let mut slot = self.limiter.acquire(Priority::Urgent).await;
        slot.sending();
        let at = Instant::now();
        let answer = self.http.send(request).await.map_err(|failure| {
            if failure.was_not_sent() {
                slot.not_sent();
            }
            failed(&failure, &line)
        })?;
        drop(slot);
        self.read(answer, at, discovery, &line)
    }

    fn read(
        &self,
        answer: Answer,
        at: Instant,
        discovery: &Discovery,
        line: &RequestLine,
    ) -> Result<Fetched, Error> {
        if !answer.is_success() {
            let secret = self.credentials.client_secret.expose_secret();
            let reply = answer.into_reply();
            let reply = Reply { said: reply.said.without(secret), ..reply };
            return Err(Error::TokenRefused { endpoint: discovery.endpoint(), reply: Box::new(reply) });
        }
        let Ok(token) = serde_json::from_slice::<TokenAnswer>(&answer.body) else {
            // The body may hold a token after all, so nothing of it is shown.
            return match Said::read(&answer.body) {
                said @ Said::Page { .. } => {
                    let reply = Reply { status: answer.status, said, retry_after: None, location: None };
                    Err(Error::TokenRefused { endpoint: discovery.endpoint(), reply: Box::new(reply) })
                }
                _ => Err(Error::Unreadable {
                    request: line.clone(),
                    problem: "it holds no `access_token`".to_owned(),
                }),
            };
        };
        let seconds =
            token.expires_in.as_ref().and_then(crate::wire::integer).and_then(|s| u64::try_from(s).ok());
        let info = TokenInfo {
            scope: token.scope,
            expires_in: seconds.map_or(UNSAID, Duration::from_secs),
            endpoint: discovery.endpoint(),
        };
        Ok(Fetched { secret: SecretString::from(token.access_token), info, at })
    }
}

fn failed(failure: &Failure, line: &RequestLine) -> Error {
    unreachable(failure, line)
        .unwrap_or_else(|| Error::Interrupted { request: line.clone(), problem: failure.to_string() })
}
