//! The measurements of `just bench` at a size that takes seconds: what they count is right. Times are never looked at.

use std::time::Duration;

use haloward_tests::PATIENCE;
use haloward_tests::load::accepting::{self, Accepting};
use haloward_tests::load::restarting::{self, Size};
use haloward_tests::load::soak::{self, Soak};
use haloward_tests::load::storm::{self, Storm};
use haloward_tests::load::{deciding, delivering};

#[tokio::test]
async fn every_event_of_a_load_is_answered_and_decided() {
    for (connections, per_payload) in [(16, 1), (2, 50)] {
        let asked = Accepting { connections, per_payload, events: 1_000, problems: 20, rules: 5 };
        let seen = accepting::measure(asked).await.expect("it answers");
        assert_eq!(seen.sent.accepted, 1_000, "{seen}");
        let requests = 1_000 / per_payload as u64;
        assert_eq!(seen.sent.answers.into_iter().collect::<Vec<_>>(), [(202, requests)]);
        assert_eq!(seen.counted, 1_000);
    }
}

#[tokio::test]
async fn a_full_journal_is_decided_into_the_outbox() {
    let seen = deciding::measure(500, 10).await;
    assert_eq!(seen.operations, 500, "each event opens a ticket: {seen}");
}

#[tokio::test]
async fn each_alert_of_a_steady_stream_becomes_a_request() {
    let seen = delivering::measure(10, 20.0, 5).await.expect("it answers");
    assert_eq!(seen.latencies.count(), 10, "{seen}");
}

#[tokio::test]
async fn a_large_store_is_taken_up_again_after_each_kill() {
    let size = Size { events: 3_000, cases: 1_000, undecided: 200 };
    let seen = restarting::measure(size, 3).await.expect("it answers");
    assert_eq!(seen.accepting.len(), 3, "{seen}");
    // What came at each start and what was undecided before are repeats of problems that have their tickets.
    assert_eq!(seen.open_cases, 1_000, "{seen}");
}

#[tokio::test]
async fn a_storm_keeps_the_budget_and_lets_the_critical_one_through() {
    let storm = Storm {
        events: 2_000,
        problems: 60,
        over: Duration::from_secs(1),
        critical_after: 60,
        requests: 15,
        window: Duration::from_secs(3),
        patience: PATIENCE * 5,
    };
    let seen = storm::measure(storm).await.expect("it answers");
    println!("{seen}");
    assert_eq!(seen.sent.accepted, 2_000);
    assert_eq!((seen.tickets, seen.with_ticket), (61, 61), "each problem has its ticket, once");
    assert!(seen.most <= 15, "never more than the budget in any window: {seen}");
    assert_eq!(seen.refused, 0, "the budget is planned, not discovered: {seen}");
    // All low ones together take several windows; the critical one has a reserve of each.
    assert!(seen.critical_place.is_some_and(|place| place <= 60), "it does not wait for all of them: {seen}");
    assert!(seen.usage.peak < 150 << 10, "{seen}");
}

#[tokio::test]
async fn an_even_load_is_decided_and_ends_what_it_opened() {
    let soak = Soak { rate: 200.0, rows: 3, row: Duration::from_secs(1), problems: 5 };
    let rows = soak::measure(soak, |row| println!("{row}")).await.expect("it answers");
    let accepted: Vec<u64> = rows.iter().map(|row| row.accepted).collect();
    assert_eq!(
        accepted,
        [200, 405, 610],
        "each row's events, and the ends of the problems of the row before"
    );
}
