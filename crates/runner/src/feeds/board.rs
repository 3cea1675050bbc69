//! How each feed stands, for whoever looks.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// How a source that is fetched from stands, since the service was started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedStatus {
    /// Rounds that succeeded.
    pub rounds: u64,
    /// Rounds that failed.
    pub failures: u64,
    /// Rounds that ended in a mistake of the program.
    pub panics: u64,
    /// Failures since the last success.
    pub failures_in_a_row: u32,
    /// Items that were looked at, known ones too.
    pub items_seen: u64,
    /// Events that came of them.
    pub events: u64,
    /// When the last round succeeded.
    pub last_success_at: Option<Timestamp>,
    /// When the last failure was.
    pub last_error_at: Option<Timestamp>,
    /// What it was.
    pub last_error: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// What somebody should know although the last round succeeded.
    pub warning: Option<String>,
    /// When the next round is due; nothing while one runs, or where there will be none.
    pub next_at: Option<Timestamp>,
}

/// How all feeds stand. Cloning is cheap, and all clones show the same.
#[derive(Debug, Clone)]
pub struct FeedBoard {
    feeds: Arc<watch::Sender<BTreeMap<String, FeedStatus>>>,
}

impl Default for FeedBoard {
    fn default() -> Self {
        Self { feeds: Arc::new(watch::Sender::new(BTreeMap::new())) }
    }
}

impl FeedBoard {
    /// How a source stands, if it is one that is fetched from.
    pub fn of(&self, source: &str) -> Option<FeedStatus> {
        self.feeds.borrow().get(source).cloned()
    }

    /// How all of them stand, by source.
    pub fn all(&self) -> BTreeMap<String, FeedStatus> {
        self.feeds.borrow().clone()
    }

    /// Waits until a source stands like this.
    pub async fn wait_for(&self, source: &str, stands: impl Fn(&FeedStatus) -> bool) -> FeedStatus {
        let mut changes = self.feeds.subscribe();
        // The sender is `self`, so it is there while we wait.
        let found = changes.wait_for(|feeds| feeds.get(source).is_some_and(&stands)).await;
        found.ok().and_then(|feeds| feeds.get(source).cloned()).unwrap_or_default()
    }

    /// A source is on the board from now on.
    pub(super) fn enter(&self, source: &str) {
        self.feeds.send_modify(|feeds| {
            feeds.entry(source.to_owned()).or_default();
        });
    }

    /// A source that left the board stays away from it, whatever its worker has still to tell.
    pub(super) fn update(&self, source: &str, change: impl FnOnce(&mut FeedStatus)) {
        self.feeds.send_modify(|feeds| {
            if let Some(status) = feeds.get_mut(source) {
                change(status);
            }
        });
    }

    pub(super) fn forget(&self, source: &str) {
        self.feeds.send_modify(|feeds| drop(feeds.remove(source)));
    }
}
