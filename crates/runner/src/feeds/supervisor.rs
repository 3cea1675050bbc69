//! All feeds that run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::board::FeedBoard;
use super::plan::Plan;
use super::worker::Worker;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::store::Store;

/// All feeds that run. Dropping it stops them where they are, as a crash would.
#[derive(Debug)]
pub struct Feeds {
    store: Store,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    board: FeedBoard,
    running: Arc<Mutex<BTreeMap<String, Running>>>,
}

/// Has sources make a round out of turn. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Waker {
    running: Arc<Mutex<BTreeMap<String, Running>>>,
}

impl Waker {
    /// Has a source make its next round now, whenever it was due. Says whether there is such a source.
    pub fn wake(&self, source: &str) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let feed = running.get(source);
        if let Some(feed) = feed {
            feed.wake.notify_one();
        }
        feed.is_some()
    }
}

#[derive(Debug)]
struct Running {
    identity: [u8; 32],
    stop: watch::Sender<bool>,
    wake: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Feeds {
    /// Starts them. Must be called within a tokio runtime.
    pub fn start(plans: Vec<Plan>, store: Store, clock: Arc<dyn Clock>, metrics: Metrics) -> Self {
        let feeds = Self { store, clock, metrics, board: FeedBoard::default(), running: Arc::default() };
        feeds.run(plans);
        feeds
    }

    /// How they stand.
    pub fn board(&self) -> &FeedBoard {
        &self.board
    }

    /// Runs these from now on: those that run already and did not change go on, the others end.
    pub fn run(&self, plans: Vec<Plan>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *running);
        for plan in plans {
            let source = plan.source.clone();
            let feed = match before.remove(&source) {
                Some(same) if same.identity == plan.identity && !same.task.is_finished() => same,
                other => self.spawn(plan, other),
            };
            running.insert(source, feed);
        }
        for (source, gone) in before {
            gone.stop.send_replace(true);
            self.board.forget(&source);
        }
    }

    /// What has sources make a round out of turn.
    pub fn waker(&self) -> Waker {
        Waker { running: Arc::clone(&self.running) }
    }

    /// Stops all of them: what they fetched and did not make durable yet is fetched again at the next start.
    pub async fn stop(self) {
        let running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        for feed in running.values() {
            feed.stop.send_replace(true);
        }
        for (source, feed) in running {
            if let Err(error) = feed.task.await {
                tracing::error!(source, %error, "a feed ended badly");
            }
        }
    }

    fn spawn(&self, plan: Plan, before: Option<Running>) -> Running {
        let (stop, stopped) = watch::channel(false);
        let wake = Arc::new(Notify::new());
        self.board.enter(&plan.source);
        let worker = Worker {
            source: plan.source,
            make: plan.make,
            store: self.store.clone(),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
            board: self.board.clone(),
            wake: Arc::clone(&wake),
        };
        let before = before.map(|before| {
            before.stop.send_replace(true);
            before.task
        });
        let task = tokio::spawn(async move {
            // ORDER: one at a time for each source, also while it is being replaced.
            if let Some(before) = before {
                let _ = before.await;
            }
            worker.run(stopped).await;
        });
        Running { identity: plan.identity, stop, wake, task }
    }
}

impl Drop for Feeds {
    fn drop(&mut self) {
        for feed in self.running.lock().unwrap_or_else(PoisonError::into_inner).values() {
            feed.task.abort();
        }
    }
}
