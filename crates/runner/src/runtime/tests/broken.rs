//! A delivery that panics: its operation goes on later, and nothing is done twice.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, Ordering};

use super::*;

/// Shows the time, and panics when one of the tasks that began after it was armed asks for the n-th time.
#[derive(Debug)]
struct Bomb {
    clock: SharedClock,
    known: Mutex<BTreeSet<String>>,
    left: AtomicI32,
}

const DISARMED: i32 = i32::MAX;

impl Clock for Bomb {
    fn now(&self) -> Timestamp {
        let Some(task) = tokio::task::try_id().map(|id| id.to_string()) else { return self.clock.now() };
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if self.left.load(Ordering::SeqCst) == DISARMED {
            known.insert(task);
        } else if !known.contains(&task) && self.left.fetch_sub(1, Ordering::SeqCst) == 0 {
            self.left.store(DISARMED, Ordering::SeqCst);
            drop(known);
            panic!("a bug in delivering");
        }
        self.clock.now()
    }

    fn wait_until(&self, moment: Timestamp) -> Wait<'_> {
        self.clock.wait_until(moment)
    }
}

/// Delivers one ticket whose delivery panics after asking for the time `after` times.
async fn delivered_after_a_panic(after: i32) -> World {
    let mut world = World::new().await;
    drop(world.runtime.take());
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("haloward.db"), Limits::default()).unwrap();
    let clock = Arc::new(Bomb {
        clock: SharedClock(world.clock.clone(), world.options.ahead),
        known: Mutex::default(),
        left: AtomicI32::new(DISARMED),
    });
    let config = RuntimeConfig {
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        ..RuntimeConfig::new(store.clone(), world.rules.subscribe(), client(&world.sandbox))
    };
    let runtime = Runtime::start(config).unwrap();
    (world.happenings, world.runtime) = (runtime.subscribe(), Some(runtime));
    (world.folder, world.store) = (folder, store);
    // One that goes well, so that every task that stays has asked for the time.
    world.event("disk", "first", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
    clock.left.store(after, Ordering::SeqCst);
    world.event("disk", "second", "firing").await;
    let mut waited = 0;
    while world.open().len() < 2 || world.store.counts().await.unwrap().done_operations < 2 {
        waited += 1;
        assert!(waited < 600, "its slot was never given back: {:?}", world.store.counts().await);
        if clock.left.load(Ordering::SeqCst) == DISARMED {
            world.clock.advance(Duration::from_secs(10));
        }
        world.soon(|h| matches!(h, Happening::OperationDone { .. })).await;
    }
    assert_eq!(clock.left.load(Ordering::SeqCst), DISARMED, "it did panic");
    world
}

#[tokio::test]
async fn a_delivery_that_panics_before_it_sent_is_made_later() {
    let world = delivered_after_a_panic(0).await;
    assert_eq!(world.tickets().len(), 2);
}

#[tokio::test]
async fn a_delivery_that_panics_after_it_sent_is_looked_for() {
    let world = delivered_after_a_panic(1).await;
    assert_eq!(world.tickets().len(), 2, "found by its marker, not opened again");
}
