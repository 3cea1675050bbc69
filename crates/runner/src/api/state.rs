//! What the API's handlers share.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::Loaded;
use crate::dispatcher::Connection;
use crate::feeds::FeedBoard;
use crate::inspect::{RulesStatus, SourceLine};
use crate::metrics::Metrics;
use crate::receiver::Door;
use crate::runtime::{Controls, LiveRules};
use crate::store::Store;
use crate::token::Token;
use crate::witness::Witness;

/// What the API's handlers share.
#[derive(Debug)]
pub struct ApiState {
    /// Who has it may come in.
    pub token: Token,
    /// The sources as the receiver knows them.
    pub door: Arc<ArcSwap<Door>>,
    /// What is looked at.
    pub store: Store,
    /// What acts on it.
    pub controls: Controls,
    /// The rules that decide.
    pub rules: watch::Receiver<LiveRules>,
    /// HaloPSA, for its budget.
    pub client: halopsa::Client,
    /// Whether HaloPSA is reached.
    pub connection: Connection,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Since when it runs.
    pub started_at: Timestamp,
    /// What is counted.
    pub metrics: Metrics,
    /// How the sources stand that are fetched from.
    pub feeds: FeedBoard,
    /// What is seen of deliveries.
    pub witness: Witness,
    /// What changes with a reload.
    pub standing: Arc<Standing>,
}

/// What is known of the files that were read, and of those that were not taken.
#[derive(Debug)]
pub struct Standing {
    /// Where the service listens.
    listen: SocketAddr,
    sources: ArcSwap<Vec<SourceLine>>,
    rules: Mutex<Read>,
}

#[derive(Debug, Clone)]
struct Read {
    loaded_at: Timestamp,
    problem: Option<(Timestamp, String)>,
}

impl Standing {
    /// Everything was read just now, by a service that listens at `addr`.
    pub fn new(loaded: &Loaded, addr: SocketAddr, now: Timestamp) -> Self {
        Self {
            sources: ArcSwap::from_pointee(SourceLine::all(loaded, addr)),
            listen: addr,
            rules: Mutex::new(Read { loaded_at: now, problem: None }),
        }
    }

    /// Newer files were taken.
    pub fn taken(&self, loaded: &Loaded, now: Timestamp) {
        self.sources.store(Arc::new(SourceLine::all(loaded, self.listen)));
        *self.read() = Read { loaded_at: now, problem: None };
    }

    /// Newer files were not taken.
    pub fn refused(&self, problem: String, now: Timestamp) {
        self.read().problem = Some((now, problem));
    }

    /// How the rules stand.
    pub fn rules(&self, live: &LiveRules) -> RulesStatus {
        let Read { loaded_at, problem } = self.read().clone();
        let (problem_since, problem) = problem.unzip();
        RulesStatus {
            version: live.version.to_string(),
            count: live.rules.rules().len(),
            loaded_at,
            problem,
            problem_since,
        }
    }

    /// The sources of the configuration.
    pub fn sources(&self) -> Arc<Vec<SourceLine>> {
        self.sources.load_full()
    }

    fn read(&self) -> std::sync::MutexGuard<'_, Read> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
