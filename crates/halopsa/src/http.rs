//! One HTTP exchange: what goes out, what comes back, and how much of it is taken.
//!
//! Knows nothing of tokens, budgets or retries. Follows no redirect, because a redirected POST becomes a GET that
//! "succeeds" without writing anything.

mod failure;
#[cfg(test)]
pub(crate) mod script;
mod tls;

use std::sync::OnceLock;
use std::time::Duration;

use futures::StreamExt;
use reqwest::{Client, Request, Response, header};

pub(crate) use failure::{Failure, unreachable};

use crate::budget::notice::retry_after;
use crate::error::{Error, Reply};
use crate::server_clock::ServerClock;

/// LIMIT: a page of 100 full tickets is about 2 MB; what is larger by far is not an answer to anything we ask.
pub(crate) const LARGEST_ANSWER: usize = 32 << 20;

/// Sends requests. The connection pool is made at the first one, so that making a client reads no files.
#[derive(Debug)]
pub(crate) struct Http {
    timeout: Duration,
    user_agent: String,
    client: OnceLock<Client>,
    /// What time it is at HaloPSA, by the answers of all requests.
    pub(crate) clock: ServerClock,
    /// Answers instead of a server, so that tests run on virtual time.
    #[cfg(test)]
    pub(crate) script: Option<script::Script>,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) retry_after: Option<String>,
    pub(crate) location: Option<String>,
}

impl Http {
    pub(crate) fn new(timeout: Duration, user_agent: String) -> Self {
        Self {
            timeout,
            user_agent,
            client: OnceLock::new(),
            clock: ServerClock::default(),
            #[cfg(test)]
            script: None,
        }
    }

    /// The connection pool, made if need be.
    pub(crate) fn client(&self) -> Result<&Client, Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let made = self.make().map_err(|problem| Error::Invalid { problem })?;
        Ok(self.client.get_or_init(|| made))
    }

    fn make(&self) -> Result<Client, String> {
        // LIMIT: shorter than the servers' own, so that a write isn't lost on a connection just being closed.
        const IDLE: Duration = Duration::from_secs(20);
        const CONNECT: Duration = Duration::from_secs(10);
        Client::builder()
            .tls_backend_preconfigured(tls::config()?)
            .user_agent(&self.user_agent)
            .timeout(self.timeout)
            .connect_timeout(CONNECT.min(self.timeout))
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            // Every attempt is counted in the budget, so none may be made unseen.
            .retry(reqwest::retry::never())
            .build()
            .map_err(|error| format!("the HTTP client can't be made: {}", failure::chain(&error)))
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, Failure> {
        #[cfg(test)]
        if let Some(script) = &self.script {
            return script.answer(&request).await;
        }
        let client = self.client().map_err(|error| Failure::NotSent { error })?;
        let response = client.execute(request).await.map_err(Failure::of)?;
        let status = response.status().as_u16();
        if let Some(date) = text_header(&response, header::DATE) {
            self.clock.told(&date, jiff::Timestamp::now());
        }
        let asked = text_header(&response, header::RETRY_AFTER);
        let location = text_header(&response, header::LOCATION).map(|location| shown_location(&location));
        match read_body(response, LARGEST_ANSWER).await {
            Ok(body) => Ok(Answer { status, body, retry_after: asked, location }),
            // An error status is worth more than its body.
            Err(_) if status >= 400 => Ok(Answer { status, body: Vec::new(), retry_after: asked, location }),
            Err(failure) => Err(failure),
        }
    }
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The answer as one that refuses.
    pub(crate) fn into_reply(self) -> Reply {
        // LIMIT: what an error has to say fits in here; the reply is kept, cloned and logged.
        const LARGEST_ERROR: usize = 64 << 10;
        let said = self.body.get(..LARGEST_ERROR).unwrap_or(&self.body);
        let mut reply = Reply::read(self.status, said);
        let asked = self.retry_after.as_deref();
        reply.retry_after = asked.and_then(|header| retry_after(header, jiff::Timestamp::now()));
        reply.location = self.location;
        reply
    }
}

async fn read_body(response: Response, largest: usize) -> Result<Vec<u8>, Failure> {
    let promised = usize::try_from(response.content_length().unwrap_or_default()).unwrap_or(usize::MAX);
    if promised > largest {
        return Err(Failure::TooLarge);
    }
    let mut body = Vec::with_capacity(promised);
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(Failure::of_body)?;
        if body.len() + chunk.len() > largest {
            return Err(Failure::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn text_header(response: &Response, name: header::HeaderName) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

/// A redirect's target without its query, which may hold a token.
fn shown_location(location: &str) -> String {
    location.split(['?', '#']).next().unwrap_or_default().chars().take(200).collect()
}
