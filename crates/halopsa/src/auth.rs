//! The access token: fetched once, shared by all, renewed before it expires.
//!
//! One task fetches while the others wait for its result, good or bad, so a thousand requests after an expiry cost
//! one token. Where the token comes from is found by [`crate::discovery`].

mod fetch;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::Mutex;
use tokio::time::Instant;

pub(crate) use fetch::TokenSource;

use crate::error::Error;

/// LIMIT: how long before its expiry a token is renewed, so that none expires on its way.
const EARLY: Duration = Duration::from_mins(1);

/// An access token, as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenInfo {
    /// The scopes HaloPSA granted, if it said so: separated by blanks.
    pub scope: Option<String>,
    /// How long the token is valid from when it was fetched.
    pub expires_in: Duration,
    /// Where it came from: the token endpoint, without its query.
    pub endpoint: String,
}

impl TokenInfo {
    /// The granted scopes one by one; empty if HaloPSA didn't name them.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.as_deref().unwrap_or_default().split_whitespace()
    }
}

/// A token in use.
pub(crate) struct Token {
    pub(crate) secret: SecretString,
    pub(crate) info: TokenInfo,
    /// Which fetch it came from, from 1.
    pub(crate) generation: u64,
    renew_at: Instant,
}

impl Token {
    pub(crate) fn is_stale(&self) -> bool {
        Instant::now() >= self.renew_at
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// The shared token.
#[derive(Debug, Default)]
pub(crate) struct TokenCache {
    held: Mutex<Held>,
    /// Fetches ended so far, well or not.
    ended: AtomicU64,
}

#[derive(Debug, Default)]
struct Held {
    token: Option<Arc<Token>>,
    /// Fetches begun so far.
    fetches: u64,
    /// Why the last fetch failed, if it did.
    failure: Option<Error>,
}

impl TokenCache {
    /// A token that is valid for a while.
    pub(crate) async fn token(&self, source: &TokenSource<'_>) -> Result<Arc<Token>, Error> {
        self.newer_than(0, source).await
    }

    /// A token from a later fetch than `generation`, which HaloPSA refused.
    pub(crate) async fn newer_than(
        &self,
        generation: u64,
        source: &TokenSource<'_>,
    ) -> Result<Arc<Token>, Error> {
        let ended_before = self.ended.load(Ordering::Acquire);
        let mut held = self.held.lock().await;
        if let Some(token) =
            held.token.as_ref().filter(|token| token.generation > generation && !token.is_stale())
        {
            return Ok(token.clone());
        }
        // Whoever waited while another task's fetch failed gets that failure, not a turn to fail itself.
        if let Some(failure) = &held.failure
            && self.ended.load(Ordering::Acquire) > ended_before
        {
            return Err(failure.clone());
        }
        held.fetches += 1;
        let generation = held.fetches;
        let result = source.fetch().await.map(|fetched| {
            let early = EARLY.min(fetched.info.expires_in / 4);
            let renew_at = fetched.at + fetched.info.expires_in.saturating_sub(early);
            Arc::new(Token { secret: fetched.secret, info: fetched.info, generation, renew_at })
        });
        self.ended.fetch_add(1, Ordering::Release);
        match &result {
            Ok(token) => (held.token, held.failure) = (Some(token.clone()), None),
            Err(failure) => (held.token, held.failure) = (None, Some(failure.clone())),
        }
        result
    }
}

#[cfg(test)]
mod tests;
