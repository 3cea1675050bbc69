use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use haloward_rules::{Event, Severity};
use serde_json::json;

use super::*;
use crate::clock::{Clock, HeldClock, later};
use crate::metrics::Metrics;
use crate::store::{Limits, Store};

/// How long a test may hang before it fails; no test waits for it.
const HANGS: Duration = Duration::from_secs(120);
const MINUTE: Duration = Duration::from_mins(1);

/// What a round does.
#[derive(Debug, Clone)]
enum Step {
    Brings(u32),
    Fails(&'static str),
    Panics,
    Hangs,
}

/// A feed that does what it was told, once a minute, and counts in its durable state.
struct Told {
    steps: Arc<Mutex<VecDeque<Step>>>,
    name: &'static str,
}

impl Feed for Told {
    fn due(&self, _: &FeedState, last: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        Some(last.map_or(now, |last| later(last, MINUTE)))
    }

    fn round<'a>(
        &'a mut self,
        state: &'a FeedState,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Harvest, FeedError>> {
        Box::pin(async move {
            let step = self.steps.lock().unwrap().pop_front();
            let count = match step {
                Some(Step::Brings(count)) => count,
                Some(Step::Fails(problem)) => return Err(FeedError::new(problem).hint("do something")),
                Some(Step::Panics) => panic!("told to"),
                Some(Step::Hangs) | None => std::future::pending().await,
            };
            let before = state.get("count").and_then(serde_json::Value::as_u64).unwrap_or(0);
            let mut change = FeedChange::default();
            change.put("count", before + u64::from(count));
            let events = (0..count).map(|n| event(&format!("{}-{}", self.name, before + u64::from(n)), now));
            Ok(Harvest { events: events.collect(), change, seen: 10, ..Harvest::default() })
        })
    }
}

fn event(fingerprint: &str, at: Timestamp) -> NewEvent {
    let event = json!({"source": "s", "fingerprint": fingerprint, "title": fingerprint});
    NewEvent {
        event: Event::from_json(event, Severity::Medium).unwrap(),
        source: "s".into(),
        delivery_id: None,
        received_at: at,
    }
}

struct Bench {
    folder: tempfile::TempDir,
    store: Store,
    clock: Arc<HeldClock>,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("haloward.db"), Limits::default()).unwrap();
        let clock = Arc::new(HeldClock::at("2026-01-05T09:00:00Z".parse().unwrap()));
        Self { folder, store, clock }
    }

    fn start(&self, plans: Vec<Plan>) -> Feeds {
        Feeds::start(plans, self.store.clone(), self.clock.clone(), Metrics::new())
    }

    async fn fingerprints(&self) -> Vec<String> {
        let events = self.store.read(|reader| reader.undecided(None, 100)).await.unwrap();
        events.iter().map(|entry| entry.event.fingerprint().to_owned()).collect()
    }

    async fn count(&self) -> u64 {
        self.store.feed_state("s").await.unwrap()["count"].as_u64().unwrap()
    }
}

fn steps(steps: impl IntoIterator<Item = Step>) -> Arc<Mutex<VecDeque<Step>>> {
    Arc::new(Mutex::new(steps.into_iter().collect()))
}

fn plan(name: &'static str, steps: &Arc<Mutex<VecDeque<Step>>>) -> Plan {
    let steps = Arc::clone(steps);
    Plan::new("s", &[name], move || Box::new(Told { steps: Arc::clone(&steps), name }))
}

async fn stands(feeds: &Feeds, like: impl Fn(&FeedStatus) -> bool) -> FeedStatus {
    let board = feeds.board().clone();
    tokio::time::timeout(HANGS, board.wait_for("s", like)).await.expect("it never stood like this")
}

#[tokio::test]
async fn what_a_round_brings_is_durable_together_with_how_far_was_read() {
    let bench = Bench::new();
    let feeds = bench.start(vec![plan("a", &steps([Step::Brings(2), Step::Brings(1)]))]);
    stands(&feeds, |status| status.rounds == 1 && status.next_at.is_some()).await;
    assert_eq!((bench.fingerprints().await, bench.count().await), (vec!["a-0".into(), "a-1".into()], 2));
    bench.clock.advance(MINUTE);
    let status = stands(&feeds, |status| status.rounds == 2 && status.next_at.is_some()).await;
    assert_eq!((status.events, status.items_seen, status.failures), (3, 20, 0));
    assert_eq!(status.last_success_at, Some(bench.clock.now()));
    assert_eq!(status.next_at, Some(later(bench.clock.now(), MINUTE)));
    assert_eq!(bench.count().await, 3);

    // What another process finds after this one was killed.
    let folder = tempfile::tempdir().unwrap();
    for name in ["haloward.db", "haloward.db-wal"] {
        std::fs::copy(bench.folder.path().join(name), folder.path().join(name)).unwrap();
    }
    let store = Store::open(folder.path().join("haloward.db"), Limits::default()).unwrap();
    assert_eq!(store.feed_state("s").await.unwrap()["count"], 3);
    assert_eq!(store.counts().await.unwrap().undecided, 3);
}

#[tokio::test]
async fn what_a_round_brings_has_one_trace_and_the_next_round_another() {
    let bench = Bench::new();
    let feeds = bench.start(vec![plan("a", &steps([Step::Brings(2), Step::Brings(1)]))]);
    stands(&feeds, |status| status.rounds == 1 && status.next_at.is_some()).await;
    bench.clock.advance(MINUTE);
    stands(&feeds, |status| status.rounds == 2).await;
    let events = bench.store.read(|reader| reader.undecided(None, 100)).await.unwrap();
    let traces: Vec<&str> = events.iter().map(|entry| entry.event.trace().expect("a trace")).collect();
    assert_eq!((traces.len(), traces[0]), (3, traces[1]));
    assert_ne!(traces[1], traces[2]);
}

#[tokio::test]
async fn a_failure_is_told_and_tried_again_until_it_works() {
    let bench = Bench::new();
    let feeds =
        bench.start(vec![plan("a", &steps([Step::Fails("away"), Step::Fails("away"), Step::Brings(1)]))]);
    let status = stands(&feeds, |status| status.failures == 1 && status.next_at.is_some()).await;
    assert_eq!((status.last_error.as_deref(), status.hint.as_deref()), (Some("away"), Some("do something")));
    assert!(status.next_at.unwrap() > bench.clock.now());
    assert!(status.next_at.unwrap() <= later(bench.clock.now(), Duration::from_secs(15)));
    bench.clock.advance(Duration::from_secs(15));
    stands(&feeds, |status| status.failures_in_a_row == 2 && status.next_at.is_some()).await;
    bench.clock.advance(Duration::from_secs(30));
    let status = stands(&feeds, |status| status.rounds == 1).await;
    assert_eq!((status.failures, status.failures_in_a_row), (2, 0));
    assert_eq!(bench.fingerprints().await, ["a-0"]);
}

#[tokio::test]
async fn a_feed_that_panics_is_made_anew_and_goes_on_from_what_is_durable() {
    let bench = Bench::new();
    let feeds = bench.start(vec![plan("a", &steps([Step::Brings(1), Step::Panics, Step::Brings(1)]))]);
    stands(&feeds, |status| status.rounds == 1 && status.next_at.is_some()).await;
    bench.clock.advance(MINUTE);
    let status = stands(&feeds, |status| status.panics == 1 && status.next_at.is_some()).await;
    assert_eq!(status.failures, 1);
    bench.clock.advance(Duration::from_secs(15));
    stands(&feeds, |status| status.rounds == 2).await;
    assert_eq!(bench.fingerprints().await, ["a-0", "a-1"]);
}

#[tokio::test]
async fn a_reload_starts_only_what_changed() {
    let bench = Bench::new();
    let feeds = bench.start(vec![plan("a", &steps([Step::Brings(1), Step::Hangs]))]);
    stands(&feeds, |status| status.rounds == 1).await;
    let unused = steps([Step::Brings(5)]);
    feeds.run(vec![plan("a", &unused)]);
    assert!(feeds.waker().wake("s"), "it runs");
    stands(&feeds, |status| status.rounds == 1 && status.next_at.is_none()).await;
    assert_eq!(unused.lock().unwrap().len(), 1, "the one before goes on");

    feeds.run(vec![plan("b", &steps([Step::Brings(1)]))]);
    stands(&feeds, |status| status.rounds == 2).await;
    assert_eq!(bench.fingerprints().await, ["a-0", "b-1"], "the new one knows how far the old one was");

    feeds.run(Vec::new());
    assert!(!feeds.waker().wake("s"));
    assert_eq!(feeds.board().of("s"), None);
}

#[tokio::test]
async fn a_round_that_is_wanted_now_does_not_wait_for_its_time() {
    let bench = Bench::new();
    let feeds = bench.start(vec![plan("a", &steps([Step::Brings(1), Step::Brings(1)]))]);
    stands(&feeds, |status| status.rounds == 1 && status.next_at.is_some()).await;
    feeds.waker().wake("s");
    stands(&feeds, |status| status.rounds == 2).await;
    assert_eq!(bench.fingerprints().await, ["a-0", "a-1"]);
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_round_in_flight() {
    let bench = Bench::new();
    let feeds = bench.start(vec![plan("a", &steps([Step::Hangs]))]);
    stands(&feeds, |status| status.next_at.is_none()).await;
    tokio::time::timeout(HANGS, feeds.stop()).await.expect("it stops");
    assert!(bench.fingerprints().await.is_empty());
}
