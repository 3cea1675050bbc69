//! One call, from waiting for its turn to knowing its outcome.
//!
//! Decides what may be sent again: reads when the network or a gateway fails, anything that HaloPSA says it did not
//! carry out (401, once, with a fresh token; 429, after a wait), and nothing else.
//!
//! INVARIANT: a write is sent a second time only after a 401 or a 429. Guarded by `exchange/tests.rs`.

use std::time::Duration;

use ::http::Method;
use reqwest::{Request, header};
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::time::Instant;
use tracing::debug;

use crate::auth::Token;
use crate::budget::notice::Notice;
use crate::client::Client;
use crate::date::DateTime;
use crate::error::{Error, Reply, RequestLine};
use crate::http::{Answer, Failure, LARGEST_ANSWER, unreachable};
use crate::outcome::{Outcome, UnknownReason, UnknownWrite};
use crate::query::Query;
use crate::retry::Backoff;

/// A request to make, as often as it takes.
pub(crate) struct Call<'a, T> {
    line: RequestLine,
    query: &'a Query,
    body: Option<&'a Value>,
    /// Reads a successful answer, or says what is wrong with it.
    read: Reader<T>,
}

pub(crate) type Reader<T> = fn(&[u8]) -> Result<T, String>;

impl<'a> Call<'a, Value> {
    pub(crate) fn new(method: Method, path: &str, query: &'a Query, body: Option<&'a Value>) -> Self {
        Self { line: RequestLine::new(method, path), query, body, read: read_json }
    }
}

impl<'a> Call<'a, Vec<u8>> {
    pub(crate) fn download(path: &str, query: &'a Query) -> Self {
        Self { line: RequestLine::new(Method::GET, path), query, body: None, read: |body| Ok(body.to_vec()) }
    }
}

/// What to do after one attempt.
enum Next<T> {
    Finish(Result<Outcome<T>, Error>),
    /// Get another token than the one of this generation, once.
    RenewToken(u64, Reply),
    /// HaloPSA's limit is reached; the call was not carried out.
    Throttled(Reply),
    /// Something failed that may pass. It is safe to try again.
    Trouble(Error),
}

impl Client {
    pub(crate) async fn exchange<T>(&self, call: &Call<'_, T>) -> Result<Outcome<T>, Error> {
        let (mut throttled, mut troubled, mut newer_than) = (0, 0, 0);
        loop {
            let next = self.attempt(call, newer_than).await?;
            match next {
                Next::Finish(result) => return result,
                Next::RenewToken(generation, reply) => {
                    if newer_than > 0 {
                        return Err(Error::Refused { request: call.line.clone(), reply: Box::new(reply) });
                    }
                    newer_than = generation;
                }
                Next::Throttled(reply) => {
                    throttled += 1;
                    let Some(backoff) = Backoff::THROTTLED.after(throttled, fastrand::f64()) else {
                        return Err(Error::Throttled {
                            request: call.line.clone(),
                            tries: throttled,
                            reply: Box::new(reply),
                        });
                    };
                    // A `Retry-After: 0` would use up the tries at once.
                    let wait = reply.retry_after.unwrap_or(backoff).max(Duration::from_secs(1));
                    debug!(request = %call.line, ?wait, "HaloPSA's rate limit is reached");
                    self.shared.limiter.refused(wait, Notice::read(&reply.said.to_string()));
                }
                Next::Trouble(error) => {
                    troubled += 1;
                    let Some(backoff) = Backoff::TROUBLE.after(troubled, fastrand::f64()) else {
                        return Err(error);
                    };
                    let asked = error.reply().and_then(|reply| reply.retry_after).unwrap_or(Duration::ZERO);
                    debug!(request = %call.line, %error, "trying again");
                    tokio::time::sleep(backoff.max(asked)).await;
                }
            }
        }
    }

    async fn attempt<T>(&self, call: &Call<'_, T>, newer_than: u64) -> Result<Next<T>, Error> {
        let shared = &*self.shared;
        let (token, mut slot) = loop {
            let token = shared.tokens.newer_than(newer_than, &shared.token_source()).await?;
            let slot = shared.limiter.acquire(self.priority).await;
            // The wait for a turn can outlast the token. The turn is given back first: fetching needs one too.
            if !token.is_stale() {
                break (token, slot);
            }
        };
        let request = self.build(call, &token)?;
        let (sent_at, started) = (self.sending_at(), Instant::now());
        slot.sending();
        let result = shared.http.send(request).await;
        let next = match result {
            Ok(answer) => {
                debug!(request = %call.line, status = answer.status, elapsed = ?started.elapsed(), "answered");
                if answer.status != 429 {
                    shared.limiter.accepted();
                }
                call.judge(answer, sent_at, token.generation)
            }
            Err(failure) => {
                debug!(request = %call.line, %failure, elapsed = ?started.elapsed(), "not answered");
                if failure.was_not_sent() {
                    slot.not_sent();
                }
                call.judge_failure(&failure, sent_at)
            }
        };
        Ok(next)
    }

    fn build<T>(&self, call: &Call<'_, T>, token: &Token) -> Result<Request, Error> {
        let mut url =
            self.shared.settings.url(&call.line.path).map_err(|problem| Error::Invalid { problem })?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query.iter());
        }
        let mut request = self
            .shared
            .http
            .client()?
            .request(call.line.method.clone(), url)
            .bearer_auth(token.secret.expose_secret())
            .header(header::ACCEPT, "application/json");
        if let Some(body) = call.body {
            request = request.json(body);
        }
        request.build().map_err(|error| Error::Invalid { problem: error.without_url().to_string() })
    }
}

impl<'a, T> Call<'a, T> {
    pub(crate) fn post(path: &str, query: &'a Query, body: &'a Value, read: Reader<T>) -> Self {
        Self { line: RequestLine::new(Method::POST, path), query, body: Some(body), read }
    }

    /// What an answer means.
    fn judge(&self, answer: Answer, sent_at: DateTime, generation: u64) -> Next<T> {
        if answer.is_success() {
            return Next::Finish(match (self.read)(&answer.body) {
                Ok(value) => Ok(Outcome::Done(value)),
                Err(problem) if self.line.is_read() => {
                    Err(Error::Unreadable { request: self.line.clone(), problem })
                }
                Err(problem) => Ok(self.unknown(sent_at, UnknownReason::UnreadableAnswer { problem })),
            });
        }
        let reply = answer.into_reply();
        match reply.status {
            401 => Next::RenewToken(generation, reply),
            429 => Next::Throttled(reply),
            500.. if !self.line.is_read() => {
                Next::Finish(Ok(self.unknown(sent_at, UnknownReason::ServerFailed(Box::new(reply)))))
            }
            502..=504 => Next::Trouble(self.refused(reply)),
            _ => Next::Finish(Err(self.refused(reply))),
        }
    }

    /// What the lack of an answer means.
    fn judge_failure(&self, failure: &Failure, sent_at: DateTime) -> Next<T> {
        if let Some(error) = unreachable(failure, &self.line) {
            return if error.is_retryable() && self.line.is_read() {
                Next::Trouble(error)
            } else {
                Next::Finish(Err(error))
            };
        }
        if self.line.is_read() {
            let request = self.line.clone();
            return match failure {
                Failure::TooLarge => {
                    Next::Finish(Err(Error::TooLarge { request, limit_bytes: LARGEST_ANSWER }))
                }
                failure => Next::Trouble(Error::Interrupted { request, problem: failure.to_string() }),
            };
        }
        let reason = match failure {
            Failure::TimedOut => UnknownReason::TimedOut,
            Failure::Lost { problem } => UnknownReason::ConnectionLost { problem: problem.clone() },
            failure => UnknownReason::UnreadableAnswer { problem: failure.to_string() },
        };
        Next::Finish(Ok(self.unknown(sent_at, reason)))
    }

    fn refused(&self, reply: Reply) -> Error {
        Error::Refused { request: self.line.clone(), reply: Box::new(reply) }
    }

    fn unknown(&self, sent_at: DateTime, reason: UnknownReason) -> Outcome<T> {
        Outcome::Unknown(UnknownWrite { request: self.line.clone(), sent_at, reason })
    }
}

/// Reads a successful answer; an empty one is `null`.
pub(crate) fn read_json(body: &[u8]) -> Result<Value, String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body).map_err(|problem| match body.first() {
        Some(b'<') => format!("it is {}", crate::error::Said::read(body)),
        _ => problem.to_string(),
    })
}

#[cfg(test)]
mod tests;
