//! The running product from the journal on: decider, dispatcher and tracker, started and stopped together.

mod controls;
mod happening;
mod pruner;
#[cfg(test)]
mod tests;

pub use controls::Controls;
pub use happening::Happening;
#[cfg(test)]
pub(crate) use pruner::prune;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use haloward_rules::RuleSet;
use tokio::sync::{Notify, broadcast, watch};
use tokio::task::JoinHandle;

use crate::catalogue::CatalogueCache;
use crate::clock::{Clock, SystemClock};
use crate::config::Retention;
use crate::decider::{Decider, Desk, Ways};
use crate::dispatcher::{Connection, Dispatcher, Pace, Shortcut};
use crate::metrics::Metrics;
use crate::notifier::{Channel, Notifier};
use crate::store::{Store, StoreError};
use crate::tracker::{Hints, Tracker};
use crate::wire::WireSettings;

/// LIMIT: whoever watches and falls behind by more than this misses some; nothing durable depends on watching.
const WATCHED: usize = 1_024;

/// How often the tenant's names are read again, where the configuration does not say.
pub const CATALOGUE_EVERY: Duration = Duration::from_hours(6);

/// The rules that decide now, and which version they are.
#[derive(Debug, Clone)]
pub struct LiveRules {
    /// The rules.
    pub rules: RuleSet,
    /// A short hash of the files they were read from: every decision records it.
    pub version: Arc<str>,
}

/// What a runtime needs.
#[derive(Debug)]
pub struct RuntimeConfig {
    /// The store.
    pub store: Store,
    /// The rules; a new value is taken whole, between two batches.
    pub rules: watch::Receiver<LiveRules>,
    /// HaloPSA.
    pub client: halopsa::Client,
    /// What the configuration says about what goes out; a new value holds for the next request.
    pub wire: watch::Receiver<Arc<WireSettings>>,
    /// How long things are kept; a new value holds for the next look.
    pub retention: watch::Receiver<Retention>,
    /// Where it is counted.
    pub metrics: Metrics,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How fast and how patiently it dispatches.
    pub pace: Pace,
    /// How often changed tickets are read back.
    pub track: Duration,
    /// The tenant's names, where somebody else asks for them too; one kept nowhere else where there is none.
    pub catalogue: Option<CatalogueCache>,
    /// The channels that messages go to, by name; a new value holds for the next message.
    pub channels: watch::Receiver<BTreeMap<String, Channel>>,
}

impl RuntimeConfig {
    /// The defaults for everything that has one.
    pub fn new(store: Store, rules: watch::Receiver<LiveRules>, client: halopsa::Client) -> Self {
        Self {
            store,
            rules,
            client,
            wire: watch::channel(Arc::default()).1,
            retention: watch::channel(Retention::default()).1,
            metrics: Metrics::default(),
            clock: Arc::new(SystemClock),
            pace: Pace::default(),
            track: Duration::from_mins(1),
            catalogue: None,
            channels: watch::channel(BTreeMap::new()).1,
        }
    }
}

/// A running decider, dispatcher and tracker. Dropping it stops them where they are, as a crash would.
#[derive(Debug)]
pub struct Runtime {
    store: Store,
    clock: Arc<dyn Clock>,
    catalogue: CatalogueCache,
    hints: Hints,
    connection: Connection,
    happenings: broadcast::Sender<Happening>,
    stop: watch::Sender<bool>,
    outbox: Arc<Notify>,
    notices: Arc<Notify>,
    decider: Option<Decider>,
    dispatcher: Option<JoinHandle<()>>,
    tracker: Option<JoinHandle<()>>,
    notifier: Option<JoinHandle<()>>,
    pruner: Option<JoinHandle<()>>,
    /// Keeps the catalogue fresh.
    librarian: Option<JoinHandle<()>>,
}

/// How a runtime came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Everything in flight was finished.
    Finished,
    /// The limit came first. What was in flight is looked for at the next start.
    CutShort,
}

impl Runtime {
    /// Starts. Must be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]: what is in the store has to be known before anything is decided.
    pub fn start(config: RuntimeConfig) -> Result<Self, StoreError> {
        let RuntimeConfig {
            store,
            rules,
            client,
            wire,
            retention,
            metrics,
            clock,
            pace,
            track,
            catalogue,
            channels,
        } = config;
        let (happenings, _) = broadcast::channel(WATCHED);
        let (stop, stopped) = watch::channel(false);
        let (outbox, notices) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let shortcut = Shortcut::default();
        let own = || CatalogueCache::new(&client, Arc::clone(&clock), None, CATALOGUE_EVERY);
        let catalogue = catalogue.unwrap_or_else(own);
        let decider = Decider::start(
            store.clone(),
            rules,
            Arc::clone(&clock),
            happenings.clone(),
            Ways { outbox: Arc::clone(&outbox), notices: Arc::clone(&notices), shortcut: shortcut.clone() },
            stopped.clone(),
            metrics.clone(),
        )?;
        let desk = decider.desk();
        let connection = Connection::default();
        let dispatcher = Dispatcher {
            store: store.clone(),
            client: client.clone(),
            catalogue: catalogue.clone(),
            wire: wire.clone(),
            clock: Arc::clone(&clock),
            desk: desk.clone(),
            happenings: happenings.clone(),
            outbox: Arc::clone(&outbox),
            shortcut,
            pace,
            metrics,
            connection: connection.clone(),
        };
        let (hints, hinted) = Hints::new();
        let tracker = Tracker {
            hinted,
            store: store.clone(),
            client,
            catalogue: catalogue.clone(),
            wire,
            clock: Arc::clone(&clock),
            desk,
            outbox: Arc::clone(&outbox),
            every: track,
        };
        let notifier = Notifier {
            store: store.clone(),
            channels,
            clock: Arc::clone(&clock),
            happenings: happenings.clone(),
            notices: Arc::clone(&notices),
        };
        let pruner = pruner::run(store.clone(), Arc::clone(&clock), retention, stopped.clone());
        Ok(Self {
            pruner: Some(tokio::spawn(pruner)),
            dispatcher: Some(tokio::spawn(dispatcher.run(stopped.clone()))),
            notifier: Some(tokio::spawn(notifier.run(stopped.clone()))),
            tracker: Some(tokio::spawn(tracker.run(stopped.clone()))),
            librarian: Some(tokio::spawn(catalogue.clone().tend(stopped))),
            decider: Some(decider),
            store,
            clock,
            catalogue,
            hints,
            connection,
            happenings,
            stop,
            outbox,
            notices,
        })
    }

    /// What happens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Happening> {
        self.happenings.subscribe()
    }

    /// The tenant's names, as far as they are known.
    pub fn catalogue(&self) -> &CatalogueCache {
        &self.catalogue
    }

    /// Where it is told that tickets may have changed, such as HaloPSA's own webhooks do.
    pub fn hints(&self) -> Hints {
        self.hints.clone()
    }

    /// How HaloPSA is reached.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Where reports about tickets go.
    pub fn desk(&self) -> Option<Desk> {
        self.decider.as_ref().map(Decider::desk)
    }

    /// What acts on operations by hand. It must be dropped before [`Runtime::stop`], which waits for it.
    pub fn controls(&self) -> Option<Controls> {
        let desk = self.desk()?;
        let wake = [Arc::clone(&self.outbox), Arc::clone(&self.notices)];
        Some(Controls::new(self.store.clone(), Arc::clone(&self.clock), wake, desk))
    }

    /// Stops taking work up and finishes what is in flight, at most until `limit` is over.
    ///
    /// Whatever is not finished by then is in the store, and is taken up at the next start.
    pub async fn stop(mut self, limit: Duration) -> Stopped {
        self.stop.send_replace(true);
        let tasks = [
            self.dispatcher.take(),
            self.tracker.take(),
            self.librarian.take(),
            self.notifier.take(),
            self.pruner.take(),
        ];
        let decider = self.decider.take();
        let finish = async move {
            // ORDER: the dispatcher settles what it has in flight with the decider, so the decider ends last.
            for task in tasks.into_iter().flatten() {
                if let Err(error) = task.await {
                    tracing::error!(%error, "a part of the service ended badly");
                }
            }
            if let Some(decider) = decider {
                decider.join().await;
            }
        };
        match tokio::time::timeout(limit, finish).await {
            Ok(()) => Stopped::Finished,
            Err(_) => Stopped::CutShort,
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for task in [&self.dispatcher, &self.tracker, &self.librarian, &self.notifier, &self.pruner]
            .into_iter()
            .flatten()
        {
            task.abort();
        }
    }
}
