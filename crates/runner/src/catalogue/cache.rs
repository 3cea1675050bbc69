//! The running service's catalogue: read when first needed, and again, seldom, when a name is unknown.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use halopsa::{Client, Error, Priority};
use jiff::Timestamp;
use tokio::sync::Mutex;

use super::Catalogue;
use crate::clock::{Clock, later};

/// LIMIT: a rule that names what does not exist must not spend the budget on asking again with each alert.
const AT_MOST_EVERY: Duration = Duration::from_mins(5);
/// A saved catalogue older than this is read again at the first need.
const FRESH_FOR: Duration = Duration::from_hours(24);

/// Keeps the catalogue. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct CatalogueCache {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    client: Client,
    clock: Arc<dyn Clock>,
    file: Option<PathBuf>,
    held: RwLock<Option<Arc<Catalogue>>>,
    /// Held while it is read, so that it is read once for all who wait; says when that last began.
    reading: Mutex<Option<Timestamp>>,
}

impl CatalogueCache {
    /// A cache that begins with what `file` holds, if that is fresh.
    pub fn new(client: &Client, clock: Arc<dyn Clock>, file: Option<PathBuf>) -> Self {
        let saved = file.as_deref().and_then(|file| Catalogue::load(file).ok());
        let fresh = saved.filter(|saved| later(saved.fetched_at, FRESH_FOR) > clock.now());
        Self {
            shared: Arc::new(Shared {
                client: client.with_priority(Priority::Background),
                clock,
                file,
                held: RwLock::new(fresh.map(Arc::new)),
                reading: Mutex::new(None),
            }),
        }
    }

    /// What is held now, if anything; asks nobody.
    pub fn held(&self) -> Option<Arc<Catalogue>> {
        self.shared.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The catalogue, read from HaloPSA if none is held. The first alert waits for it, so it is asked for with that
    /// alert's priority.
    pub async fn get(&self, priority: Priority) -> Result<Arc<Catalogue>, Error> {
        if let Some(held) = self.held() {
            return Ok(held);
        }
        let mut reading = self.shared.reading.lock().await;
        if let Some(held) = self.held() {
            return Ok(held);
        }
        self.read(priority, &mut reading).await
    }

    /// A catalogue read since a name in `old` was found unknown, if one may be read so soon.
    pub async fn newer_than(&self, old: &Arc<Catalogue>, priority: Priority) -> Option<Arc<Catalogue>> {
        let mut reading = self.shared.reading.lock().await;
        if let Some(held) = self.held().filter(|held| !Arc::ptr_eq(held, old)) {
            return Some(held);
        }
        let now = self.shared.clock.now();
        let last = (*reading).max(Some(old.fetched_at));
        if last.is_some_and(|last| later(last, AT_MOST_EVERY) > now) {
            return None;
        }
        match self.read(priority, &mut reading).await {
            Ok(newer) => Some(newer),
            Err(error) => {
                tracing::warn!(%error, "could not read the catalogue again; going on with the one of before");
                None
            }
        }
    }

    async fn read(&self, priority: Priority, began: &mut Option<Timestamp>) -> Result<Arc<Catalogue>, Error> {
        let now = self.shared.clock.now();
        *began = Some(now);
        let client = self.shared.client.with_priority(priority);
        let catalogue = Arc::new(Catalogue::fetch(&client, now).await?);
        for missing in &catalogue.missing {
            tracing::warn!(list = %missing.list, problem = %missing.problem, "a list of the catalogue can't be read");
        }
        if let Some(file) = &self.shared.file
            && let Err(error) = catalogue.save(file)
        {
            tracing::warn!(%error, "could not keep the catalogue for the next start");
        }
        *self.shared.held.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&catalogue));
        Ok(catalogue)
    }
}
