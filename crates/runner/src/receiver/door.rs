//! Who may send: the sources with their checks, swapped whole when the configuration changes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::auth::{Aws, Check};
use super::failures::Failures;
use super::limit::Limit;
use super::repeat::{self, Repeats};
use super::tidings::Tidings;
use crate::clock::Clock;
use crate::config::{Loaded, Networks, Proxies, SecretError, SourceConfig};
use crate::intake::Mapping;
use crate::metrics::Metrics;
use crate::store::{Store, StoreError};
use crate::witness::Witness;

/// A source as the receiver needs it.
pub(super) struct Guarded {
    pub(super) check: Check,
    pub(super) mapping: Mapping,
    /// What it sends only says that there is something to read.
    pub(super) only_tells: bool,
    pub(super) limit: Option<Limit>,
    /// How long the same body counts as the same delivery.
    pub(super) repeated_within: Duration,
    /// Where it may send from; everywhere if empty.
    pub(super) allow_from: Networks,
    /// The origins that may ask for leave to send.
    pub(super) allow_origin: Vec<String>,
    /// How many deliveries it may make a minute, as those are told who ask for leave.
    pub(super) a_minute: Option<u32>,
    pub(super) used: Arc<Used>,
}

/// When each of a source's secrets was last used, so that it can be seen when an old one is no longer needed.
#[derive(Debug)]
pub(super) struct Used(Vec<AtomicI64>);

const NEVER: i64 = i64::MIN;

impl Used {
    fn of(secrets: usize) -> Self {
        Self((0..secrets).map(|_| AtomicI64::new(NEVER)).collect())
    }

    pub(super) fn note(&self, number: usize, now: Timestamp) {
        if let Some(used) = self.0.get(number) {
            used.store(now.as_millisecond(), Ordering::Relaxed);
        }
    }

    fn times(&self) -> Vec<Option<Timestamp>> {
        let time = |used: &AtomicI64| match used.load(Ordering::Relaxed) {
            NEVER => None,
            at => Timestamp::from_millisecond(at).ok(),
        };
        self.0.iter().map(time).collect()
    }
}

/// The sources that may send, and how. Swapped whole when the configuration changes.
pub struct Door {
    pub(super) sources: HashMap<String, Guarded>,
    pub(super) max_body: usize,
    pub(super) proxies: Proxies,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("sources", &self.sources.len()).finish_non_exhaustive()
    }
}

impl Door {
    /// The sources of a configuration, their secrets read. `before` is the door that this one takes the place of.
    pub fn new(loaded: &Loaded, before: Option<&Self>) -> Result<Self, SecretError> {
        let mut sources = HashMap::new();
        for (name, config) in &loaded.config.sources {
            let Some(webhook) = config.webhook() else { continue };
            let Some((preset, severity)) = loaded.preset_of(name) else { continue };
            let secrets = webhook.auth.secrets().len();
            let known = before.and_then(|door| door.sources.get(name)).map(|known| &known.used);
            let used = known.filter(|used| used.0.len() == secrets).cloned();
            let guarded = Guarded {
                repeated_within: repeat::window(webhook.repeated_within, &preset),
                check: Check::new(name, &webhook.auth)?,
                mapping: Mapping { source: name.as_str().into(), preset, severity },
                only_tells: matches!(config, SourceConfig::Halo(_)),
                limit: webhook.limit.map(Limit::new),
                allow_from: webhook.allow_from.clone(),
                allow_origin: webhook.allow_origin.clone(),
                a_minute: webhook.limit.map(|rate| rate.a_minute()),
                used: used.unwrap_or_else(|| Arc::new(Used::of(secrets))),
            };
            sources.insert(name.clone(), guarded);
        }
        Ok(Self { sources, max_body: loaded.config.max_body, proxies: loaded.config.proxies.clone() })
    }

    /// When each of a source's secrets was last used, in the order of the configuration.
    pub fn secrets_used(&self, source: &str) -> Vec<Option<Timestamp>> {
        self.sources.get(source).map(|known| known.used.times()).unwrap_or_default()
    }
}

/// What the receiver's handlers share.
#[derive(Debug, Clone)]
pub struct DoorState {
    /// The sources.
    pub door: Arc<ArcSwap<Door>>,
    /// Where events become durable.
    pub store: Store,
    /// The time of receipt.
    pub clock: Arc<dyn Clock>,
    /// Deliveries in the making at once.
    pub busy: Arc<Semaphore>,
    /// Of those, deliveries whose sender is known only once their body was read.
    pub strangers: Arc<Semaphore>,
    /// Where deliveries are counted.
    pub metrics: Metrics,
    /// Who failed to prove who they are.
    pub(super) failures: Arc<Failures>,
    /// What signs messages of SNS.
    pub(super) aws: Arc<Aws>,
    /// The bodies that came of late.
    pub(super) repeats: Repeats,
    /// What people see of deliveries.
    pub witness: Witness,
    /// Where it is told that tickets of HaloPSA may have changed; nobody listens where there is none.
    pub tidings: Option<Tidings>,
}

// LIMIT: this many bodies are held in memory at once; with the default body limit that is 256 MiB at worst.
const MOST_AT_ONCE: usize = 256;
// LIMIT: whoever signs bodies, or only says so, must leave room for those whose header says who they are.
const MOST_STRANGERS: usize = 96;

impl DoorState {
    /// The state for a store and its door.
    pub fn new(door: Door, store: Store, clock: Arc<dyn Clock>, metrics: Metrics) -> Self {
        Self {
            door: Arc::new(ArcSwap::from_pointee(door)),
            store,
            clock,
            busy: Arc::new(Semaphore::new(MOST_AT_ONCE)),
            strangers: Arc::new(Semaphore::new(MOST_STRANGERS)),
            metrics,
            failures: Arc::default(),
            aws: Arc::default(),
            repeats: Repeats::default(),
            witness: Witness::default(),
            tidings: None,
        }
    }

    /// Reads from the journal which deliveries came before the start.
    pub async fn remember(&self) -> Result<(), StoreError> {
        self.repeats.remember(&self.store, self.clock.now()).await
    }
}
