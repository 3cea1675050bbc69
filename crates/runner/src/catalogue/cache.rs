//! The running service's catalogue: read once, kept in a file between starts, read again on a schedule, and completed
//! by what alerts ask for. Every way to spend requests here is bounded.
//!
//! Tickets wait here, so nobody waits for what he did not ask for: a name is looked up by whoever needs it first, and only
//! those who need the same one wait for its answer (`asking`).
//!
//! ORDER: `reading` is taken before `lists`, never the other way round; `lists` is never held over a whole reading. What
//! is held changes under its own lock only, from what is held then, so that nothing learned meanwhile is lost.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use halopsa::{Client, Error, Priority};
use jiff::Timestamp;
use tokio::sync::{Mutex, watch};

use super::Catalogue;
use super::asking::{Asking, KnownOrNot, Told};
use super::fetch::List;
use super::records::{Answer, Wanted};
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
    /// When each list was read again, because a name in it was unknown. Held while one is.
    lists: Mutex<HashMap<List, Timestamp>>,
    asking: Asking,
    /// Whether something was learned that is not in the file.
    unsaved: AtomicBool,
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
                lists: Mutex::default(),
                asking: Asking::default(),
                unsaved: AtomicBool::new(false),
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
        let mut learned = self.read_again(&client, old, unknown.fields).await?;
        let mut passing = Vec::new();
        for wanted in unknown.wanted {
            let now = self.shared.clock.now();
            let known =
                || KnownOrNot::from(self.held().unwrap_or_else(|| Arc::clone(old)).records.find(wanted));
            let keep = |answer| self.change(old, |held| held.records.keep(wanted.clone(), answer));
            match self.shared.asking.about(&client, wanted, now, known, keep).await {
                Told::Known => {}
                Told::Learned => learned = true,
                Told::Passing(problem) => passing.push((wanted, problem)),
                Told::Away(error) => return Err(error),
            }
        }
        if learned {
            self.shared.unsaved.store(true, Ordering::Relaxed);
        }
        let mut newer = self.held().unwrap_or_else(|| Arc::clone(old));
        // What passes by itself is said in this ticket, and asked for again with the next.
        if !passing.is_empty() {
            let own = Arc::make_mut(&mut newer);
            for (wanted, problem) in passing {
                own.records.keep(wanted.clone(), Answer::problem(problem, self.shared.clock.now()));
            }
        } else if !learned && Arc::ptr_eq(&newer, old) {
            return Ok(None);
        }
        Ok(Some(newer))
    }

    /// Reads the lists again in which fields are looked up, each at most every five minutes; says whether one was.
    async fn read_again(
        &self,
        client: &Client,
        old: &Arc<Catalogue>,
        fields: &[&str],
    ) -> Result<bool, Error> {
        let wanted = lists_of(fields);
        if wanted.is_empty() {
            return Ok(false);
        }
        let mut lists = self.shared.lists.lock().await;
        // Whoever was here before may have learned the same.
        let mut newer = (*self.held().unwrap_or_else(|| Arc::clone(old))).clone();
        let (now, mut learned) = (self.shared.clock.now(), false);
        for list in wanted {
            let last = lists.get(&list).copied().max(Some(newer.fetched_at));
            if last.is_some_and(|last| later(last, LIST_AT_MOST_EVERY) > now) {
                continue;
            }
            let since = (list == List::Clients && !newer.clients.is_empty()).then(|| last.unwrap_or(now));
            match newer.read(client, list, since).await {
                Ok(()) => learned = true,
                Err(error) if keeps_everything_away(&error) => return Err(error),
                Err(error) => tracing::warn!(list = list.name(), %error, "could not be read again"),
            }
            lists.insert(list, now);
        }
        if learned {
            self.replace(newer);
        }
        Ok(learned)
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
        let catalogue = Catalogue::fetch(&client, self.shared.clock.now()).await?;
        for missing in &catalogue.missing {
            tracing::warn!(list = %missing.list, problem = %missing.problem, "a list of the catalogue can't be read");
        }
        let lists = self.shared.lists.lock().await;
        let catalogue = self.replace(catalogue);
        drop(lists);
        self.shared.unsaved.store(true, Ordering::Relaxed);
        self.save().await;
        Ok(catalogue)
    }

    /// Holds another reading. Names that were looked up stay: some perhaps while it was read.
    fn replace(&self, mut catalogue: Catalogue) -> Arc<Catalogue> {
        let mut held = self.shared.held.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = held.as_ref() {
            catalogue.records = held.records.clone();
        }
        let catalogue = Arc::new(catalogue);
        *held = Some(Arc::clone(&catalogue));
        catalogue
    }

    /// Changes what is held, or `old` if nothing is.
    fn change(&self, old: &Arc<Catalogue>, change: impl FnOnce(&mut Catalogue)) {
        let mut held = self.shared.held.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = held.as_deref().unwrap_or(old).clone();
        change(&mut changed);
        *held = Some(Arc::new(changed));
    }

    /// Forgets what is too old to rely on and keeps what was learned for the next start.
    async fn tidy(&self) {
        let now = self.shared.clock.now();
        if let Some(held) = self.held() {
            let mut kept = held.records.clone();
            kept.forget(now);
            if kept.len() < held.records.len() {
                self.change(&held, |held| held.records.forget(now));
                self.shared.unsaved.store(true, Ordering::Relaxed);
            }
        }
        if self.shared.unsaved.load(Ordering::Relaxed) {
            self.save().await;
        }
    }

    async fn save(&self) {
        let Some(file) = self.shared.file.clone() else { return };
        // ORDER: first the mark, then the look: what is learned after the look is saved next time.
        self.shared.unsaved.store(false, Ordering::Relaxed);
        let Some(held) = self.held() else { return };
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
pub(super) fn keeps_everything_away(error: &Error) -> bool {
    matches!(error, Error::Unreachable { .. } | Error::TokenRefused { .. } | Error::Throttled { .. })
}

fn wait_after(failures: u32) -> Duration {
    FAILED_WAIT.saturating_mul(1 << (failures - 1).min(6)).min(Duration::from_hours(1))
}
