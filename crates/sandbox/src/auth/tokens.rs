//! The bearer tokens given out: until when they are good and what they open.

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;

use super::Scopes;
use crate::seed::Rng;

/// The tokens given out so far.
#[derive(Debug)]
pub(crate) struct Tokens {
    given: HashMap<String, Token>,
    source: Rng,
}

#[derive(Debug)]
struct Token {
    scopes: Scopes,
    expires: Timestamp,
}

impl Tokens {
    pub(crate) fn new(seed: u64) -> Self {
        Self { given: HashMap::new(), source: Rng::new(seed).fork("tokens") }
    }

    /// A new token that is good for `lifetime` from `now`.
    pub(crate) fn issue(&mut self, scopes: Scopes, lifetime: Duration, now: Timestamp) -> String {
        self.given.retain(|_, token| token.expires > now);
        let text = format!("sandbox.{:016x}{:016x}", self.source.next(), self.source.next());
        let expires = now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        self.given.insert(text.clone(), Token { scopes, expires });
        text
    }

    /// What a token opens, if it is good now.
    pub(crate) fn scopes(&self, token: &str, now: Timestamp) -> Option<&Scopes> {
        self.given.get(token).filter(|token| token.expires > now).map(|token| &token.scopes)
    }

    pub(crate) fn revoke(&mut self, token: &str) {
        self.given.remove(token);
    }

    pub(crate) fn revoke_all(&mut self) {
        self.given.clear();
    }
}
