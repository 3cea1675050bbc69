//! What is forgotten, what never is, and copies.

use std::time::Duration;

use haloward_rules::{Outcome, Path};

use super::*;
use crate::config::Retention;
use crate::runtime::prune;

const DAY: i64 = 86_400;

fn keep() -> Retention {
    Retention {
        events: Duration::from_hours(48),
        operations: Duration::from_hours(48),
        cases: Duration::from_hours(48),
        ledger: Duration::from_hours(48),
        max_size: 1 << 40,
    }
}

async fn forget(store: &Store, keep: &Retention, day: i64) -> u64 {
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    prune(store, keep, at(day * DAY), &stopped).await.unwrap()
}

fn record(event: EventId, outcome: Outcome) -> DecisionRecord {
    DecisionRecord {
        event: Some(event),
        cause: event.to_string(),
        outcome,
        rule: None,
        key: None,
        details: "{}".into(),
        rules: "v".into(),
        at: at(0),
    }
}

/// Accepts an event, decides it, and puts an operation of `key` into the outbox for it.
async fn event_with_operation(store: &Store, second: i64, number: i64, key: &str) -> EventId {
    let id = store.accept(vec![new_event(second)]).await.unwrap()[0].id;
    let operation =
        NewOperation { cause: format!("{id}/0"), ..operation(number, key, Severity::High, open_ticket()) };
    let batch = DecisionBatch {
        position: Some(id),
        records: vec![record(id, Outcome::OpenTicket)],
        operations: vec![operation],
        ..DecisionBatch::default()
    };
    store.commit(Change::Decided(Box::new(batch))).await.unwrap();
    id
}

async fn settle(store: &Store, number: i64) {
    let settled = vec![(OperationId::from_number(number), Settled { ticket: number, ..Settled::default() })];
    let batch = DecisionBatch { settled, ..DecisionBatch::default() };
    store.commit(Change::Decided(Box::new(batch))).await.unwrap();
}

async fn is_there(store: &Store, id: EventId) -> bool {
    store.read(move |reader| reader.event(id)).await.unwrap().is_some()
}

#[tokio::test]
async fn what_is_old_is_forgotten_with_what_was_said_about_it() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let old = event_with_operation(store, 0, 1, "a").await;
    settle(store, 1).await;
    let young = event_with_operation(store, 3 * DAY, 2, "b").await;
    settle(store, 2).await;
    assert_eq!(forget(store, &keep(), 1).await, 0, "nothing is old yet");
    let gone = forget(store, &keep(), 4).await;
    assert!(gone >= 3, "event, decision and operation: {gone}");
    assert!(!is_there(store, old).await && is_there(store, young).await);
    let (decided, operation) = store
        .read(move |reader| Ok((reader.recorded(old)?, reader.operation(OperationId::from_number(1))?)))
        .await
        .unwrap();
    assert_eq!((decided, operation), (None, None));
    assert_eq!(forget(store, &keep(), 4).await, 0, "once is enough");
}

#[tokio::test]
async fn what_is_still_needed_is_never_pruned() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    // Never sent.
    let waiting = event_with_operation(store, 0, 1, "waiting").await;
    // Refused for good, and nobody has looked yet.
    let dead = event_with_operation(store, 1, 2, "dead").await;
    let refusal = Transition::Dead { at: at(1), problem: "no".into(), story: "{}".into() };
    store.commit(Change::Operation(OperationId::from_number(2), refusal)).await.unwrap();
    // Delivered, and its ticket is open.
    let cases = vec![CaseChange { case: a_case("open", &["f2"]), known_feeds: 0 }];
    let batch = DecisionBatch { cases, ..DecisionBatch::default() };
    store.commit(Change::Decided(Box::new(batch))).await.unwrap();
    event_with_operation(store, 2, 3, "open").await;
    settle(store, 3).await;
    // Not decided.
    let undecided = store.accept(vec![new_event(3)]).await.unwrap()[0].id;

    let tiny = Retention { max_size: 1, ..keep() };
    for day in [4, 400] {
        forget(store, &tiny, day).await;
        for (what, id) in [("waiting", waiting), ("dead", dead), ("undecided", undecided)] {
            assert!(is_there(store, id).await, "{what} after {day} days");
        }
        let kept = store
            .read(|reader| {
                Ok((
                    reader.operation(OperationId::from_number(1))?.is_some(),
                    reader.operation(OperationId::from_number(2))?.is_some(),
                    reader.opening(&Key::new("open"), 1)?.is_some(),
                    reader.ticket(&Key::new("open"), 1)?.map(|ticket| ticket.id),
                    reader.case(&Key::new("open"))?.is_some(),
                ))
            })
            .await
            .unwrap();
        assert_eq!(kept, (true, true, true, Some(3), true), "after {day} days");
    }
}

/// A row of several events goes when none of them is needed, and what was decided about them with it.
#[tokio::test]
async fn events_that_share_a_row_are_forgotten_together() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let accept = async || -> Vec<EventId> {
        let events = (0..10).map(|number| NewEvent { received_at: at(0), ..new_event(number) });
        store.accept(events.collect()).await.unwrap().iter().map(|accepted| accepted.id).collect()
    };
    let (first, second) = (accept().await, accept().await);
    let ids: Vec<EventId> = first.iter().chain(&second).copied().collect();
    let operation = NewOperation {
        cause: format!("{}/0", first[4]),
        ..operation(1, "waiting", Severity::High, open_ticket())
    };
    let decided = |ids: &[EventId], operations| DecisionBatch {
        position: ids.last().copied(),
        records: ids.iter().map(|id| record(*id, Outcome::Unmatched)).collect(),
        operations,
        ..DecisionBatch::default()
    };
    let there = async || {
        let mut there = Vec::new();
        for id in &ids {
            let id = *id;
            let recorded = store.read(move |reader| Ok(reader.recorded(id)?.is_some())).await.unwrap();
            there.push((is_there(store, id).await, recorded));
        }
        there
    };
    store.commit(Change::Decided(Box::new(decided(&ids[..15], vec![operation])))).await.unwrap();
    forget(store, &keep(), 9).await;
    let waiting = [vec![(true, true); 15], vec![(true, false); 5]].concat();
    assert_eq!(there().await, waiting, "one is undelivered, and of the others some are undecided");
    store.commit(Change::Decided(Box::new(decided(&ids[15..], Vec::new())))).await.unwrap();
    assert_eq!(store.counts().await.unwrap().undecided, 0);
    forget(store, &keep(), 9).await;
    assert_eq!(there().await, [vec![(true, true); 10], vec![(false, false); 10]].concat());
    settle(store, 1).await;
    let gone = forget(store, &keep(), 9).await;
    assert_eq!(there().await, vec![(false, false); 20]);
    assert_eq!(gone, 21, "ten events, their decisions and an operation");
}

#[tokio::test]
async fn a_store_that_is_too_large_forgets_its_oldest_events_down_to_a_day() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let mut ids = Vec::new();
    for hour in 0..48 {
        let events = (0..20).map(|number| NewEvent { received_at: at(hour * 3_600), ..new_event(number) });
        ids.extend(store.accept(events.collect()).await.unwrap());
    }
    let records = ids.iter().map(|accepted| record(accepted.id, Outcome::Unmatched)).collect();
    let batch =
        DecisionBatch { position: ids.last().map(|last| last.id), records, ..DecisionBatch::default() };
    store.commit(Change::Decided(Box::new(batch))).await.unwrap();
    let large = Retention { max_size: 1, events: Duration::from_hours(24 * 365), ..keep() };
    forget(store, &large, 2).await;
    let left = store.read(|reader| reader.undecided(None, 10_000)).await.unwrap();
    assert_eq!(left.len(), 24 * 20, "those of the last day");
    assert_eq!(left[0].id, ids[24 * 20].id);
    let roomy = Retention { max_size: 1 << 40, ..large };
    assert_eq!(forget(store, &roomy, 2).await, 0);
}

#[tokio::test]
async fn ids_go_on_after_everything_was_forgotten() {
    let fixture = Fixture::new();
    let id = event_with_operation(&fixture.store, 0, 1, "a").await;
    settle(&fixture.store, 1).await;
    forget(&fixture.store, &keep(), 30).await;
    assert!(!is_there(&fixture.store, id).await);
    let (_folder, reopened) = fixture.after_a_crash();
    let next = reopened.accept(vec![new_event(-1_000)]).await.unwrap()[0].id;
    assert!(next > id, "though the clock went back: {next} after {id}");
    let undecided = reopened.read(|reader| reader.undecided(reader.position()?, 10)).await.unwrap();
    assert_eq!(undecided.len(), 1, "and it is decided");
}

#[tokio::test]
async fn what_waited_when_a_copy_was_made_is_looked_for_before_it_is_sent() {
    let fixture = Fixture::new();
    event_with_operation(&fixture.store, 0, 1, "waiting").await;
    event_with_operation(&fixture.store, 1, 2, "done").await;
    settle(&fixture.store, 2).await;
    let copy = fixture.folder.path().join("copy.db");
    let original = fixture.folder.path().join("haloward.db");
    Archive::open(&original).unwrap().copy_to(&copy).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // The original goes on as if nothing had been.
    assert_eq!(ready(&fixture.store, true).await, [1]);
    assert_eq!(fixture.store.counts().await.unwrap().waiting_operations, 1);

    let restored = Store::open(&copy, Limits::default()).unwrap();
    assert_eq!(restored.instance(), fixture.store.instance(), "its markers are found");
    let states = |id: i64| {
        restored.read(move |reader| {
            Ok(reader.operation(OperationId::from_number(id))?.map(|o| (o.state, o.looks)))
        })
    };
    assert_eq!(states(1).await.unwrap(), Some((OperationState::Unclear, 0)));
    assert_eq!(states(2).await.unwrap(), Some((OperationState::Done, 0)));
    drop(restored);
    // Once: what comes later is sent as usual.
    let again = Store::open(&copy, Limits::default()).unwrap();
    event_with_operation(&again, 5, 9, "later").await;
    drop(again);
    let again = Store::open(&copy, Limits::default()).unwrap();
    let later = again.read(|reader| reader.operation(OperationId::from_number(9))).await.unwrap().unwrap();
    assert_eq!(later.state, OperationState::Waiting);
}

#[tokio::test]
async fn a_store_is_read_beside_whoever_writes_it() {
    let fixture = Fixture::new();
    let id = fixture.store.accept(vec![new_event(1)]).await.unwrap()[0].id;
    let path = fixture.folder.path().join("haloward.db");
    let archive = Archive::open(&path).unwrap();
    assert!(archive.read(|reader| reader.event(id)).unwrap().is_some());
    let later = fixture.store.accept(vec![new_event(2)]).await.unwrap()[0].id;
    assert!(archive.read(|reader| reader.event(later)).unwrap().is_some(), "what is committed later, too");
    let missing = fixture.folder.path().join("nowhere.db");
    assert_eq!(Archive::open(&missing).unwrap_err(), StoreError::Missing { path: missing });
}

#[tokio::test]
async fn the_log_is_copied_into_the_file_however_much_is_written() {
    let fixture = Fixture::new();
    let mut random = fastrand::Rng::with_seed(1);
    // Nothing that packing would make shorter.
    let text: String = (0..1 << 20).map(|_| random.alphanumeric()).collect();
    for number in 0..120 {
        let mut new = new_event(number);
        new.event.set(&Path::parse("message").unwrap(), text.as_str().into()).unwrap();
        fixture.store.accept(vec![new]).await.unwrap();
    }
    let size = |name: &str| std::fs::metadata(fixture.folder.path().join(name)).unwrap().len() >> 20;
    let (file, log) = (size("haloward.db"), size("haloward.db-wal"));
    assert!(log < 72, "a log of {log} MiB beside a file of {file} MiB");
    assert!(file > 40, "a log of {log} MiB beside a file of {file} MiB");
}
