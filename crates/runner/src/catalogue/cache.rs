//! The running service's catalogue: read once, kept in a file between starts, read again on a schedule, and completed
//! by what alerts ask for. Every way to spend requests here is bounded.
//!
//! ORDER: `reading` is taken before `learning`, never the other way round; `learning` is never held over a whole
//! reading, because tickets wait for it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use halopsa::{Client, Error, Priority};
use jiff::Timestamp;
use tokio::sync::{Mutex, watch};

use super::Catalogue;
use super::allowance::Allowance;
use super::ask::ask;
use super::fetch::List;
use super::records::{Answer, Lookup, Wanted};
use crate::clock::{Clock, later};

/// LIMIT: a rule that names what does not exist must not spend the budget on asking again with each alert.
const LIST_AT_MOST_EVERY: Duration = Duration::from_mins(5);
/// How often what was learned is written to the file, and what is too old is forgotten.
const TIDY_EVERY: Duration = Duration::from_mins(1);
/// How long to wait after a reading that failed, doubled each time up to an hour.
const FAILED_WAIT: Duration = Duration::from_mins(1);

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
    every: Duration,
    held: RwLock<Option<Arc<Catalogue>>>,
    /// Held while everything is read, so that it is read once for all who wait.
    reading: Mutex<()>,
    learning: Mutex<Learning>,
}

/// What was asked for lately.
#[derive(Debug, Default)]
struct Learning {
    lists: HashMap<List, Timestamp>,
    allowance: Allowance,
    /// Whether something was learned that is not in the file.
    unsaved: bool,
}

/// What a body could not be made complete with.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Unknown<'a> {
    /// Names that were looked for in lists, by field.
    pub(crate) fields: &'a [&'a str],
    /// Names that nobody has asked for.
    pub(crate) wanted: &'a [Wanted],
}

impl CatalogueCache {
    /// A cache that begins with what `file` holds, however old, if it is of the same site; it is read again `every`
    /// so often by `tend`.
    pub fn new(client: &Client, clock: Arc<dyn Clock>, file: Option<PathBuf>, every: Duration) -> Self {
        let saved = file.as_deref().and_then(|file| Catalogue::load(file).ok());
        let site = client.site().to_string();
        let held = saved.filter(|saved| saved.site == site).map(Arc::new);
        Self {
            shared: Arc::new(Shared {
                client: client.clone(),
                clock,
                file,
                every,
                held: RwLock::new(held),
                reading: Mutex::new(()),
                learning: Mutex::new(Learning::default()),
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
        let _reading = self.shared.reading.lock().await;
        match self.held() {
            Some(held) => Ok(held),
            None => self.read(priority).await,
        }
    }

    /// Finds out what `old` does not know: lists are read again, each at most every five minutes, and names are looked
    /// up, at most thirty in five minutes. `None` where there is nothing more to know.
    ///
    /// Every wanted name has an answer in what comes back, if only that it could not be looked up now.
    ///
    /// # Errors
    ///
    /// Only what would keep the ticket itself from HaloPSA: no connection, no token, no budget.
    pub(crate) async fn learn(
        &self,
        old: &Arc<Catalogue>,
        unknown: Unknown<'_>,
        priority: Priority,
    ) -> Result<Option<Arc<Catalogue>>, Error> {
        if unknown.fields.is_empty() && unknown.wanted.is_empty() {
            return Ok(None);
        }
        let client = self.shared.client.with_priority(priority);
        let mut learning = self.shared.learning.lock().await;
        // Whoever was here before may have learned the same.
        let held = self.held().unwrap_or_else(|| Arc::clone(old));
        let mut newer = (*held).clone();
        let mut learned = false;
        let now = self.shared.clock.now();
        for list in lists_of(unknown.fields) {
            let last = learning.lists.get(&list).copied().max(Some(newer.fetched_at));
            if last.is_some_and(|last| later(last, LIST_AT_MOST_EVERY) > now) {
                continue;
            }
            let since = (list == List::Clients && !newer.clients.is_empty()).then(|| last.unwrap_or(now));
            match newer.read(&client, list, since).await {
                Ok(()) => learned = true,
                Err(error) if keeps_everything_away(&error) => return Err(error),
                Err(error) => tracing::warn!(list = list.name(), %error, "could not be read again"),
            }
            learning.lists.insert(list, now);
        }
        let mut passing = Vec::new();
        for wanted in unknown.wanted {
            if newer.records.find(wanted) != Lookup::Unasked {
                continue;
            }
            if !learning.allowance.take(now) {
                passing
                    .push((wanted, "too many names were unknown at once, it was not looked up".to_owned()));
                continue;
            }
            match ask(&client, wanted).await {
                Ok(found) => {
                    tracing::debug!(
                        kind = wanted.kind.noun(),
                        name = wanted.name,
                        found = found.len(),
                        "looked up"
                    );
                    newer.records.keep(wanted.clone(), Answer::found(found, now));
                    learned = true;
                }
                Err(error) if keeps_everything_away(&error) => return Err(error),
                Err(error) if error.is_retryable() => {
                    passing.push((wanted, format!("it could not be looked up: {error}")));
                }
                Err(error) => {
                    let problem = format!("it could not be looked up: {error}");
                    tracing::warn!(kind = wanted.kind.noun(), name = wanted.name, %error, "could not be looked up");
                    newer.records.keep(wanted.clone(), Answer::problem(problem, now));
                    learned = true;
                }
            }
        }
        learning.unsaved |= learned;
        let mut newer = Arc::new(newer);
        if learned {
            self.hold(&newer);
        }
        // What passes by itself is said in this ticket, and asked for again with the next.
        if !passing.is_empty() {
            let own = Arc::make_mut(&mut newer);
            for (wanted, problem) in passing {
                own.records.keep(wanted.clone(), Answer::problem(problem, now));
            }
        } else if !learned && Arc::ptr_eq(&held, old) {
            return Ok(None);
        }
        Ok(Some(newer))
    }

    /// Keeps the catalogue fresh until told to stop: reads it at the start, then so often as configured.
    pub(crate) async fn tend(self, mut stop: watch::Receiver<bool>) {
        let clock = Arc::clone(&self.shared.clock);
        let mut failures = 0;
        let mut not_before = Timestamp::MIN;
        loop {
            let now = clock.now();
            let due =
                self.held().map_or(now, |held| later(held.fetched_at, self.shared.every)).max(not_before);
            tokio::select! {
                () = clock.wait_until(due.min(later(now, TIDY_EVERY))) => {}
                // The one who could tell us to stop is gone: then we have.
                _ = stop.wait_for(|stop| *stop) => break,
            }
            if clock.now() >= due {
                let refreshed = tokio::select! {
                    refreshed = self.refresh() => refreshed,
                    _ = stop.wait_for(|stop| *stop) => break,
                };
                match refreshed {
                    Ok(()) => failures = 0,
                    Err(error) => {
                        failures += 1;
                        not_before = later(clock.now(), wait_after(failures));
                        if failures == 1 {
                            tracing::warn!(%error, "the catalogue could not be read; going on with what is known");
                        }
                    }
                }
            }
            self.tidy().await;
        }
        self.tidy().await;
    }

    /// Reads everything again, without haste.
    async fn refresh(&self) -> Result<(), Error> {
        let _reading = self.shared.reading.lock().await;
        let due =
            |held: &Arc<Catalogue>| later(held.fetched_at, self.shared.every) <= self.shared.clock.now();
        // The first alert may have come first.
        if self.held().is_none_or(|held| due(&held)) {
            self.read(Priority::Background).await?;
        }
        Ok(())
    }

    /// Reads everything. Names that were looked up stay.
    async fn read(&self, priority: Priority) -> Result<Arc<Catalogue>, Error> {
        let client = self.shared.client.with_priority(priority);
        let mut catalogue = Catalogue::fetch(&client, self.shared.clock.now()).await?;
        for missing in &catalogue.missing {
            tracing::warn!(list = %missing.list, problem = %missing.problem, "a list of the catalogue can't be read");
        }
        let mut learning = self.shared.learning.lock().await;
        if let Some(held) = self.held() {
            catalogue.records = held.records.clone();
        }
        let catalogue = Arc::new(catalogue);
        self.hold(&catalogue);
        learning.unsaved = true;
        drop(learning);
        self.save().await;
        Ok(catalogue)
    }

    fn hold(&self, catalogue: &Arc<Catalogue>) {
        *self.shared.held.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(catalogue));
    }

    /// Forgets what is too old to rely on and keeps what was learned for the next start.
    async fn tidy(&self) {
        let mut learning = self.shared.learning.lock().await;
        if let Some(held) = self.held() {
            let mut records = held.records.clone();
            records.forget(self.shared.clock.now());
            if records.len() < held.records.len() {
                self.hold(&Arc::new(Catalogue { records, ..(*held).clone() }));
                learning.unsaved = true;
            }
        }
        let unsaved = learning.unsaved;
        drop(learning);
        if unsaved {
            self.save().await;
        }
    }

    async fn save(&self) {
        let (Some(file), Some(held)) = (self.shared.file.clone(), self.held()) else { return };
        self.shared.learning.lock().await.unsaved = false;
        let saved = tokio::task::spawn_blocking(move || held.save(&file)).await;
        match saved {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "could not keep the catalogue for the next start"),
            Err(error) => tracing::error!(%error, "keeping the catalogue failed badly: please report it"),
        }
    }
}

fn lists_of(fields: &[&str]) -> Vec<List> {
    let mut lists: Vec<List> = fields.iter().flat_map(|field| List::of_field(field)).copied().collect();
    lists.sort_unstable();
    lists.dedup();
    lists
}

/// Whether an error would hit the ticket's own request as well: then the ticket waits, and loses nothing.
fn keeps_everything_away(error: &Error) -> bool {
    matches!(error, Error::Unreachable { .. } | Error::TokenRefused { .. } | Error::Throttled { .. })
}

fn wait_after(failures: u32) -> Duration {
    FAILED_WAIT.saturating_mul(1 << (failures - 1).min(6)).min(Duration::from_hours(1))
}
