//! The pruner: has the store forget what nobody needs any more, a little at a time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::clock::{Clock, later};
use crate::config::Retention;
use crate::store::{Cutoffs, Stage, Store, StoreError};

/// How often it looks what has become old.
const EVERY: Duration = Duration::from_mins(10);
/// LIMIT: between two parts, so that whoever accepts events never waits for more than one.
const BREATH: Duration = Duration::from_millis(20);
/// LIMIT: a delivery that comes again within a day is recognized, however large the store is.
const LEAST: SignedDuration = SignedDuration::from_hours(24);

/// Looks after the store's size until told to stop.
pub(super) async fn run(
    store: Store,
    clock: std::sync::Arc<dyn Clock>,
    retention: watch::Receiver<Retention>,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        let keep = *retention.borrow();
        match prune(&store, &keep, clock.now(), &stop).await {
            Ok(0) => {}
            Ok(deleted) => tracing::info!(deleted, "forgot what is older than it has to be kept"),
            Err(StoreError::Closed) => return,
            Err(error) => tracing::warn!(%error, "could not forget what is old: trying again later"),
        }
        tokio::select! {
            () = clock.wait_until(later(clock.now(), EVERY)) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

/// Forgets everything that is too old, and the oldest events where the store is too large. Says how much.
pub(crate) async fn prune(
    store: &Store,
    keep: &Retention,
    now: Timestamp,
    stop: &watch::Receiver<bool>,
) -> Result<u64, StoreError> {
    let before = |age: Duration| now.checked_sub(age).unwrap_or(Timestamp::MIN);
    let cutoffs = Cutoffs {
        events: before(keep.events),
        operations: before(keep.operations),
        cases: before(keep.cases),
        ledger: before(keep.ledger),
    };
    let mut deleted = all(store, cutoffs, stop, || async { Ok(false) }).await?;
    let size = bytes(store).await?;
    if size > keep.max_size {
        let newest = now.checked_sub(LEAST).unwrap_or(Timestamp::MIN);
        tracing::warn!(
            size,
            max_size = keep.max_size,
            "the store is too large: its oldest events are forgotten"
        );
        // A little below, so that it does not begin anew with the next event.
        let enough = keep.max_size / 20 * 19;
        let small = || async { Ok(bytes(store).await? <= enough) };
        deleted += all(store, Cutoffs { events: newest, ..cutoffs }, stop, small).await?;
    }
    Ok(deleted)
}

async fn all<F: Future<Output = Result<bool, StoreError>>>(
    store: &Store,
    cutoffs: Cutoffs,
    stop: &watch::Receiver<bool>,
    enough: impl Fn() -> F,
) -> Result<u64, StoreError> {
    let (mut stage, mut deleted) = (Some(Stage::FIRST), 0);
    while let Some(next) = stage
        && !*stop.borrow()
    {
        let pruned = store.prune(cutoffs, next).await?;
        deleted += pruned.deleted;
        stage = pruned.next;
        if matches!(next, Stage::Events { .. }) && enough().await? {
            // What went with the events that are gone goes all the same.
            stage = Some(Stage::Decisions { after: 0 });
        }
        if pruned.deleted > 0 {
            tokio::time::sleep(BREATH).await;
        }
    }
    Ok(deleted)
}

#[allow(
    clippy::redundant_closure_for_method_calls,
    reason = "the method is of one lifetime, the closure of any"
)]
async fn bytes(store: &Store) -> Result<u64, StoreError> {
    store.read(|reader| reader.bytes()).await
}
