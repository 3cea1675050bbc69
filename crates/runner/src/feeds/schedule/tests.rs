use std::sync::Arc;

use jiff::SignedDuration;

use super::*;
use crate::clock::{Clock as _, HeldClock};
use crate::cron::Cron;
use crate::feeds::{FeedStatus, Feeds};
use crate::metrics::Metrics;
use crate::store::{Limits, Store};
use haloward_rules::Severity;

/// How long a test may hang before it fails; no test waits for it.
const HANGS: Duration = Duration::from_secs(120);

fn schedule(cron: &str, missed: Missed) -> Schedule {
    let zone = TimeZone::get("Europe/London").unwrap();
    let cron = Cron::parse(cron, zone).unwrap();
    Schedule { cron, missed, title: Some("Weekly maintenance".into()), severity: Severity::Low }
}

struct Bench {
    _folder: tempfile::TempDir,
    store: Store,
    clock: Arc<HeldClock>,
}

impl Bench {
    fn at(moment: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("haloward.db"), Limits::default()).unwrap();
        Self { _folder: folder, store, clock: Arc::new(HeldClock::at(moment.parse().unwrap())) }
    }

    fn start(&self, schedule: &Schedule) -> Feeds {
        let plans = vec![plan("mondays", schedule)];
        Feeds::start(plans, self.store.clone(), self.clock.clone(), Metrics::new())
    }

    async fn stands(&self, feeds: &Feeds, like: impl Fn(&FeedStatus) -> bool) {
        let board = feeds.board().clone();
        let stands = board.wait_for("mondays", like);
        tokio::time::timeout(HANGS, stands).await.expect("it never stood like this");
    }

    /// Lets it wait for its next run, then lets that much time pass.
    async fn pass(&self, feeds: &Feeds, time: SignedDuration) {
        let due = |status: &FeedStatus| status.next_at.is_some_and(|next| next > self.clock.now());
        self.stands(feeds, due).await;
        self.clock.advance(time.unsigned_abs());
    }

    async fn runs(&self) -> Vec<(String, u64)> {
        let entries = self.store.read(|reader| reader.undecided(None, 100)).await.unwrap();
        let run = |event: &Event| {
            let payload = &event.value()["payload"];
            (payload["local_time"].as_str().unwrap().to_owned(), payload["missed"].as_u64().unwrap())
        };
        entries.iter().map(|entry| run(&entry.event)).collect()
    }
}

#[tokio::test]
async fn each_run_is_an_event_of_its_own() {
    let bench = Bench::at("2026-01-04T12:00:00Z");
    let feeds = bench.start(&schedule("0 8 * * mon", Missed::Once));
    bench.pass(&feeds, SignedDuration::from_hours(24)).await;
    bench.stands(&feeds, |status| status.events == 1).await;
    bench.pass(&feeds, SignedDuration::from_hours(7 * 24)).await;
    bench.stands(&feeds, |status| status.events == 2).await;
    assert_eq!(bench.runs().await, [("2026-01-05T08:00:00".into(), 0), ("2026-01-12T08:00:00".into(), 0)]);
    let entries = bench.store.read(|reader| reader.undecided(None, 1)).await.unwrap();
    let event = &entries[0].event;
    assert_eq!(
        (event.state(), event.severity(), event.title(), event.fingerprint()),
        (State::Info, Severity::Low, "Weekly maintenance", "2026-01-05T08:00:00Z")
    );
}

#[tokio::test]
async fn runs_that_nobody_was_there_for_are_one_event_or_none() {
    for (missed, expected) in [(Missed::Once, 2), (Missed::None, 1)] {
        let bench = Bench::at("2026-01-05T07:59:00Z");
        let daily = schedule("0 8 * * *", missed);
        let feeds = bench.start(&daily);
        bench.pass(&feeds, SignedDuration::from_mins(1)).await;
        bench.stands(&feeds, |status| status.events == 1).await;
        feeds.stop().await;
        bench.clock.advance(Duration::from_hours(24 * 4 + 1));
        let feeds = bench.start(&daily);
        bench.stands(&feeds, |status| status.rounds == 1).await;
        let runs = bench.runs().await;
        assert_eq!(runs.len(), expected, "{missed:?}: {runs:?}");
        if missed == Missed::Once {
            assert_eq!(runs[1], ("2026-01-09T08:00:00".into(), 3));
        }
        // What comes in time is there all the same.
        bench.pass(&feeds, SignedDuration::from_hours(23)).await;
        bench.stands(&feeds, |status| status.rounds == 2).await;
        assert_eq!(bench.runs().await.last().unwrap().0, "2026-01-10T08:00:00");
    }
}

#[tokio::test]
async fn another_expression_begins_anew() {
    let bench = Bench::at("2026-01-05T09:00:00Z");
    let feeds = bench.start(&schedule("0 8 * * mon", Missed::Once));
    bench.stands(&feeds, |status| status.rounds == 1).await;
    bench.clock.advance(Duration::from_hours(24));
    feeds.run(vec![plan("mondays", &schedule("0 8 * * *", Missed::Once))]);
    bench.stands(&feeds, |status| status.rounds == 2).await;
    bench.pass(&feeds, SignedDuration::from_hours(24)).await;
    bench.stands(&feeds, |status| status.events == 1).await;
    assert_eq!(bench.runs().await, [("2026-01-07T08:00:00".into(), 0)]);
}

#[test]
fn the_next_runs_are_shown_in_their_zone() {
    let now = "2026-03-28T12:00:00Z".parse().unwrap();
    assert_eq!(
        next_runs(&schedule("30 1 * * *", Missed::Once), now, 2),
        ["Sun 2026-03-29 02:00:00 BST", "Mon 2026-03-30 01:30:00 BST"]
    );
}
