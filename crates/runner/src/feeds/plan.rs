//! What a feed is made of.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::{Feed, halo, poll, schedule};
use crate::catalogue::CatalogueCache;
use crate::clock::Clock;
use crate::config::{Loaded, SecretError, SourceConfig};
use crate::outbound::Outbounds;
use crate::store::Store;

/// What feeds may use beside their own configuration.
#[derive(Debug, Clone)]
pub struct Context {
    /// HaloPSA, for those that read from there.
    pub client: halopsa::Client,
    /// The names of what is there.
    pub catalogue: CatalogueCache,
    /// What was done there.
    pub store: Store,
    /// What polls are sent with.
    pub outbounds: Arc<Outbounds>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Makes a feed, at the start and after a panic.
pub(super) type Make = Arc<dyn Fn() -> Box<dyn Feed> + Send + Sync>;

/// A feed that is to run.
#[derive(Clone)]
pub struct Plan {
    /// The source.
    pub source: String,
    /// Two plans with the same identity need no new start.
    pub(super) identity: [u8; 32],
    pub(super) make: Make,
}

impl Plan {
    /// A feed of `source`. Whatever it depends on must be in `parts`, secrets too: they are hashed, not kept.
    pub fn new(
        source: &str,
        parts: &[&str],
        make: impl Fn() -> Box<dyn Feed> + Send + Sync + 'static,
    ) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        Self { source: source.to_owned(), identity: hash.finalize().into(), make: Arc::new(make) }
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("source", &self.source).finish_non_exhaustive()
    }
}

/// The feeds of a configuration, their secrets read.
pub fn plans(loaded: &Loaded, context: &Context) -> Result<Vec<Plan>, SecretError> {
    let plans = loaded.config.sources.iter().filter_map(|(source, config)| match config {
        // Tools send to it.
        SourceConfig::Webhook(_) => None,
        SourceConfig::Poll(config) => poll::plan(source, config, loaded, context).transpose(),
        SourceConfig::Halo(config) => {
            let marker = loaded.config.halo.as_ref().map(|halo| halo.marker.clone()).unwrap_or_default();
            Some(Ok(halo::plan(source, config, marker, context)))
        }
        SourceConfig::Schedule(config) => Some(Ok(schedule::plan(source, config))),
    });
    plans.collect()
}
