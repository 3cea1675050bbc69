//! One poll by hand, of which nothing is kept.

use std::sync::Arc;

use haloward_rules::Event;
use jiff::Timestamp;
use thiserror::Error;

use super::{fetch, setup};
use crate::config::{Loaded, SecretError, SourceConfig};
use crate::feeds::FeedError;
use crate::outbound::Outbounds;

/// What one poll brings.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The events, as the rules would get them; those that a running service knows already are among them.
    pub events: Vec<Event>,
    /// How many requests it took, without those for tokens.
    pub requests: u64,
    /// Why it ended early, if it did: a page could not be read, or there are more than one round takes.
    pub ended_early: Option<String>,
}

/// Why there was no poll.
#[derive(Debug, Error)]
pub enum OnceError {
    /// There is no such source, or it is not polled, or its configuration has mistakes.
    #[error("`{0}` is no source that is polled")]
    NotPolled(String),
    /// A secret could not be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// It failed.
    #[error(transparent)]
    Feed(#[from] FeedError),
}

/// Polls a source of the configuration once, from the beginning: nothing is stored, and how far a running service has
/// read stays as it is.
pub async fn once(loaded: &Loaded, source: &str, now: Timestamp) -> Result<Preview, OnceError> {
    let not_polled = || OnceError::NotPolled(source.to_owned());
    let Some(SourceConfig::Poll(config)) = loaded.config.sources.get(source) else {
        return Err(not_polled());
    };
    let mut setup = setup(source, config, loaded, Arc::new(Outbounds::default()))?.ok_or_else(not_polled)?;
    let fetched = fetch::all(&mut setup, None, None, now).await?;
    let cut = fetched.how.is_cut().then(|| format!("there are more than {} pages", setup.poll.max_pages));
    Ok(Preview {
        events: fetched.events,
        requests: fetched.requests,
        ended_early: fetched.failure.map(|failure| failure.problem).or(cut),
    })
}
