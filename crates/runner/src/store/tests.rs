mod keeping;
mod trouble;

use haloward_rules::{
    Case, CaseBook, Effect, EffectKind, Event, Explain, Input, Key, Note, Path, RuleId, RuleSet, Settings,
    Severity, SourceFile, TicketDraft, Timer, TimerChange, TimerKind, step,
};
use jiff::Timestamp;
use serde_json::json;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_600_000 + second).unwrap()
}

fn new_event(number: i64) -> NewEvent {
    let event =
        json!({"source": "s", "fingerprint": format!("f{number}"), "title": format!("event {number}")});
    NewEvent {
        event: Event::from_json(event, Severity::Medium).unwrap(),
        source: "s".into(),
        delivery_id: None,
        received_at: at(number),
    }
}

struct Fixture {
    folder: tempfile::TempDir,
    store: Store,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("haloward.db"), Limits::default()).unwrap();
        Self { folder, store }
    }

    /// What another process finds after this one was killed: the files as they are, nothing closed.
    fn after_a_crash(&self) -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["haloward.db", "haloward.db-wal"] {
            std::fs::copy(self.folder.path().join(name), folder.path().join(name)).unwrap();
        }
        let store = Store::open(folder.path().join("haloward.db"), Limits::default()).unwrap();
        (folder, store)
    }
}

fn operation(number: i64, key: &str, severity: Severity, kind: EffectKind) -> NewOperation {
    NewOperation {
        id: OperationId::from_number(number),
        cause: format!("evt_{number}/0"),
        effect: Effect { rule: RuleId::new("r"), key: Key::new(key), ticket: 1, severity, trace: None, kind },
        created_at: at(number),
    }
}

fn open_ticket() -> EffectKind {
    EffectKind::OpenTicket { draft: Box::new(TicketDraft::default()), origin: Box::default() }
}

fn note() -> EffectKind {
    EffectKind::AddNote { id: None, note: Note::private("again") }
}

async fn enqueue(store: &Store, operations: Vec<NewOperation>) {
    let batch = DecisionBatch { operations, ..DecisionBatch::default() };
    store.commit(Change::Decided(Box::new(batch))).await.unwrap();
}

async fn ready(store: &Store, creations: bool) -> Vec<i64> {
    let both = store.read(move |reader| {
        let mut ready = reader.ready(at(1_000), false, 10)?;
        if creations {
            ready.extend(reader.ready(at(1_000), true, 10)?);
        }
        Ok(ready)
    });
    let mut ready = both.await.unwrap();
    ready.sort_by_key(|operation| (std::cmp::Reverse(operation.severity()), operation.id));
    ready.iter().map(|operation| operation.id.number()).collect()
}

#[tokio::test]
async fn events_are_read_in_the_order_they_were_committed() {
    let fixture = Fixture::new();
    let accepts = (0..200).rev().map(|number| {
        let store = fixture.store.clone();
        async move { store.accept(vec![new_event(number)]).await.unwrap()[0].id }
    });
    let mut ids = futures::future::join_all(accepts).await;
    let read: Vec<EventId> = fixture
        .store
        .read(|reader| reader.undecided(None, 1_000))
        .await
        .unwrap()
        .iter()
        .map(|entry| entry.id)
        .collect();
    ids.sort();
    assert_eq!(read, ids, "also when the later received came first");
}

#[tokio::test]
async fn what_was_accepted_is_there_after_a_crash() {
    let fixture = Fixture::new();
    let accepted = fixture.store.accept((0..50).map(new_event).collect()).await.unwrap();
    let (_folder, reopened) = fixture.after_a_crash();
    let entries = reopened.read(|reader| reader.undecided(None, 100)).await.unwrap();
    assert_eq!(entries.len(), 50);
    assert_eq!(entries[7].id, accepted[7].id);
    assert_eq!(entries[7].event.title(), "event 7");
    assert_eq!(entries[7].event.id(), accepted[7].id.to_string());
    assert_eq!(reopened.instance(), fixture.store.instance());
    let next = reopened.accept(vec![new_event(0)]).await.unwrap();
    assert!(next[0].id > accepted[49].id, "ids go on above the last, though the clock went back");
}

/// What the decider gets in memory is what it would have read.
#[tokio::test]
async fn what_was_journalled_last_is_as_the_journal_has_it() {
    let fixture = Fixture::new();
    let first = fixture.store.accept(vec![new_event(0)]).await.unwrap()[0].id;
    fixture.store.fresh().want(true);
    let once = || vec![NewEvent { delivery_id: Some("d".to_owned()), ..new_event(1) }];
    for events in [once(), once(), vec![new_event(2), new_event(3)]] {
        fixture.store.accept(events).await.unwrap();
    }
    let read = fixture.store.read(move |reader| reader.undecided(Some(first), 100)).await.unwrap();
    assert_eq!(read.len(), 3, "one came twice");
    assert_eq!(fixture.store.fresh().take(Some(first), 100), Some(read));

    let mut long = new_event(4);
    long.event.set(&Path::parse("message").unwrap(), "long ".repeat(2_000).into()).unwrap();
    let last = fixture.store.accept(vec![new_event(5), long]).await.unwrap()[1].id;
    assert_eq!(
        fixture.store.fresh().take(Some(first), 100),
        None,
        "a long one is not held, and so none before it"
    );
    assert_eq!(fixture.store.fresh().take(Some(last), 100), Some(vec![]));

    let last = fixture.store.accept((6..16).map(new_event).collect()).await.unwrap()[9].id;
    assert_eq!(fixture.store.fresh().take(Some(first), 100), None, "many are not held");
    fixture.store.fresh().want(false);
    fixture.store.accept(vec![new_event(16)]).await.unwrap();
    assert_eq!(fixture.store.fresh().take(Some(last), 100), None, "nobody waits for them");
}

/// What came together shares rows of the journal, and nobody who reads it notices.
#[tokio::test]
async fn events_that_share_a_row_are_read_one_by_one() {
    let mut random = fastrand::Rng::with_seed(7);
    let fixture = Fixture::new();
    let mut expected = Vec::new();
    for second in 0..40 {
        let of_one_delivery = (0..random.i64(1..150)).map(|number| {
            let long = if random.u8(0..20) == 0 { 30_000 } else { random.usize(0..600) };
            let title = format!("line {number}\nof {second}: {}", "word ".repeat(long / 5));
            let event = json!({"source": "s", "fingerprint": format!("f{second}/{number}"), "title": title});
            NewEvent {
                event: Event::from_json(event, Severity::Medium).unwrap(),
                received_at: at(second),
                delivery_id: (random.u8(0..30) == 0).then(|| format!("d{second}/{number}")),
                ..new_event(0)
            }
        });
        let events: Vec<NewEvent> = of_one_delivery.collect();
        let accepted = fixture.store.accept(events.clone()).await.unwrap();
        assert!(accepted.is_sorted_by(|a, b| a.id < b.id) && accepted.iter().all(|one| !one.duplicate));
        expected.extend(accepted.iter().zip(events).map(|(one, new)| (one.id, new.event.title().to_owned())));
    }
    let file = rusqlite::Connection::open(fixture.folder.path().join("haloward.db")).unwrap();
    let rows: i64 = file.query_row("SELECT count(*) FROM journal", [], |row| row.get(0)).unwrap();
    assert!(rows * 4 < expected.len() as i64, "{rows} rows for {} events", expected.len());
    let (_folder, store) = fixture.after_a_crash();
    assert_eq!(store.counts().await.unwrap().undecided, expected.len() as u64);

    // From anywhere and as many as are asked for, also from the midst of a row.
    let told = |entry: &JournalEntry| (entry.id, entry.event.title().to_owned());
    for _ in 0..40 {
        let (from, limit) = (random.usize(0..expected.len()), random.usize(1..200));
        let position = from.checked_sub(1).map(|before| expected[before].0);
        let read = store.read(move |reader| reader.undecided(position, limit)).await.unwrap();
        let wanted = &expected[from..expected.len().min(from + limit)];
        assert_eq!(read.iter().map(told).collect::<Vec<_>>(), wanted);

        let id = expected[from].0;
        let one = store.read(move |reader| reader.event(id)).await.unwrap().unwrap();
        assert_eq!(told(&one), expected[from]);
        assert_eq!(one.event.id(), id.to_string());
    }
    let last = expected.last().unwrap().0;
    for nobody in [EventId::from_number(expected[0].0.number() - 1), EventId::from_number(last.number() + 1)]
    {
        assert_eq!(store.read(move |reader| reader.event(nobody)).await.unwrap(), None);
    }

    // Newest first, page by page, down to a time.
    let since = at(11);
    let of_since = expected.iter().filter(|(id, _)| *id >= EventId::first_at(since));
    let newest_first: Vec<_> = of_since.rev().cloned().collect();
    let (mut pages, mut before) = (Vec::new(), None);
    loop {
        let filter = EventFilter { since: Some(since), ..EventFilter::default() };
        let page = store.read(move |reader| reader.events_page(&filter, before, 37)).await.unwrap();
        pages.extend(page.items.iter().map(|(entry, _)| told(entry)));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(pages, newest_first);
    let filter = EventFilter { text: Some("LINE 3\\nof 7:".into()), ..EventFilter::default() };
    let found = store.read(move |reader| reader.events_page(&filter, None, 10)).await.unwrap().items;
    assert_eq!(found.len(), 1, "one of its row, and none of its neighbours");
    assert!(found[0].0.event.title().starts_with("line 3\nof 7:"));
}

#[tokio::test]
async fn an_event_whose_text_is_lost_is_one_that_says_so() {
    let fixture = Fixture::new();
    let together = (1..4).map(|number| NewEvent { received_at: at(0), ..new_event(number) });
    fixture.store.accept(together.collect()).await.unwrap();
    let file = rusqlite::Connection::open(fixture.folder.path().join("haloward.db")).unwrap();
    let first = new_event(1).event.value().to_string();
    assert_eq!(file.execute("UPDATE journal SET event = ?1 WHERE count = 3", [first]).unwrap(), 1);
    let read = fixture.store.read(|reader| reader.undecided(None, 10)).await.unwrap();
    let unmapped: Vec<bool> = read.iter().map(|entry| entry.event.unmapped().is_some()).collect();
    assert_eq!(unmapped, [false, true, true]);
}

#[tokio::test]
async fn a_repeated_delivery_is_journalled_once() {
    let fixture = Fixture::new();
    let delivery = |id: &str, source: &str| {
        let with = |number| NewEvent {
            delivery_id: Some(id.to_owned()),
            source: source.into(),
            ..new_event(number)
        };
        vec![with(1), with(2)]
    };
    let first = fixture.store.accept(delivery("d-1", "a")).await.unwrap();
    let again = fixture.store.accept(delivery("d-1", "a")).await.unwrap();
    assert!(first.iter().all(|event| !event.duplicate));
    assert!(again.iter().all(|event| event.duplicate));
    assert_eq!(
        first.iter().map(|e| e.id).collect::<Vec<_>>(),
        again.iter().map(|e| e.id).collect::<Vec<_>>()
    );
    let other = fixture.store.accept(delivery("d-1", "b")).await.unwrap();
    assert!(other.iter().all(|event| !event.duplicate), "another source's ids are its own");
    assert_eq!(fixture.store.counts().await.unwrap().undecided, 4);
}

#[tokio::test]
async fn as_many_are_counted_as_undecided_as_the_journal_holds() {
    const DAY: i64 = 86_400;
    let Fixture { store, folder: _folder } = Fixture::new();
    // Two days, the second begun by an event that was committed before one of the first.
    for second in [0, 10, DAY, 20, DAY + 10, 2 * DAY] {
        let event = NewEvent { delivery_id: Some(format!("d-{second}")), ..new_event(second) };
        store.accept(vec![event.clone()]).await.unwrap();
        store.accept(vec![event]).await.unwrap();
    }
    for left in (0..=6).rev() {
        let waiting = store.read(|reader| reader.undecided(reader.position()?, 10)).await.unwrap();
        assert_eq!((waiting.len(), store.counts().await.unwrap().undecided), (left, left as u64));
        let Some(next) = waiting.first() else { return };
        let record = DecisionRecord {
            event: Some(next.id),
            cause: next.id.to_string(),
            outcome: haloward_rules::Outcome::Nothing,
            rule: None,
            key: None,
            details: "{}".into(),
            rules: "test".into(),
            at: at(5 * DAY),
        };
        let batch =
            DecisionBatch { position: Some(next.id), records: vec![record], ..DecisionBatch::default() };
        store.commit(Change::Decided(Box::new(batch))).await.unwrap();
    }
}

#[tokio::test]
async fn more_than_memory_should_hold_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { waiting_bytes: 1024, ..Limits::default() };
    let store = Store::open(folder.path().join("haloward.db"), limits).unwrap();
    let (first, second) = futures::join!(store.accept(vec![new_event(1)]), store.accept(vec![new_event(2)]));
    assert!(first.is_ok());
    assert_eq!(second, Err(StoreError::Busy));
    assert!(store.accept(vec![new_event(3)]).await.is_ok(), "room again");
}

#[tokio::test]
async fn nothing_is_accepted_while_the_disk_is_full_and_again_after() {
    let fixture = Fixture::new();
    let path = fixture.folder.path().join("haloward.db");
    let meddler = rusqlite::Connection::open(&path).unwrap();
    // A full disk and a locked file look the same from here: no commit.
    meddler.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = fixture.store.accept(vec![new_event(1)]).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Unavailable { .. }), "{refused}");
    assert!(refused.is_passing());
    meddler.execute_batch("ROLLBACK").unwrap();
    assert!(fixture.store.accept(vec![new_event(1)]).await.is_ok());
    assert_eq!(fixture.store.counts().await.unwrap().undecided, 1);
}

#[tokio::test]
async fn a_second_process_is_told_that_the_store_is_in_use() {
    let fixture = Fixture::new();
    let path = fixture.folder.path().join("haloward.db");
    let error = Store::open(&path, Limits::default()).unwrap_err();
    assert_eq!(error, StoreError::InUse { path: path.clone() });
    drop(fixture.store);
    assert!(Store::open(&path, Limits::default()).is_ok(), "closing gives it back");
}

#[tokio::test]
async fn a_store_of_a_later_version_is_left_alone() {
    let fixture = Fixture::new();
    let path = fixture.folder.path().join("haloward.db");
    drop(fixture.store);
    rusqlite::Connection::open(&path).unwrap().execute_batch("INSERT INTO layout VALUES (99)").unwrap();
    let error = Store::open(&path, Limits::default()).unwrap_err();
    assert!(matches!(error, StoreError::TooNew { found: 99, .. }), "{error}");
}

#[tokio::test]
async fn what_was_kept_before_texts_were_packed_is_read_and_found_beside_what_is_packed() {
    let fixture = Fixture::new();
    let path = fixture.folder.path().join("haloward.db");
    let long = |title: &str| json!({"source": "s", "title": title, "message": "a long text ".repeat(40)});
    drop(fixture.store);
    let file = rusqlite::Connection::open(&path).unwrap();
    let plain = long("Needle of before").to_string();
    // As the file was when each event had a row for itself.
    file.execute_batch("ALTER TABLE journal DROP COLUMN count; DELETE FROM layout WHERE version > 6")
        .unwrap();
    file.execute("INSERT INTO journal VALUES (7, 's', NULL, 0, 1767600000000, ?1)", [&plain]).unwrap();
    let store = Store::open(&path, Limits::default()).unwrap();
    let event = Event::from_json(long("needle of now"), Severity::Medium).unwrap();
    store.accept(vec![NewEvent { event, ..new_event(0) }]).await.unwrap();
    store.accept(vec![new_event(1)]).await.unwrap();
    let kept: (String, String) = file
        .query_row(
            "SELECT typeof(min(event)), typeof(max(event)) FROM journal WHERE length(event) > 100",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!(kept, ("text".to_owned(), "blob".to_owned()), "both kinds are there");
    let filter = EventFilter { text: Some("NEEDLE".into()), ..EventFilter::default() };
    let found = store.read(move |reader| reader.events_page(&filter, None, 10)).await.unwrap();
    let titles: Vec<&str> = found.items.iter().map(|(entry, _)| entry.event.title()).collect();
    assert_eq!(titles, ["needle of now", "Needle of before"]);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_reads_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    fixture.store.accept(vec![new_event(1)]).await.unwrap();
    for name in ["haloward.db", "haloward.db-wal"] {
        let mode = std::fs::metadata(fixture.folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn an_operation_is_enqueued_once_whatever_is_decided_again() {
    let fixture = Fixture::new();
    let first = operation(1, "k", Severity::High, open_ticket());
    let again = NewOperation { id: OperationId::from_number(2), ..first.clone() };
    enqueue(&fixture.store, vec![first]).await;
    enqueue(&fixture.store, vec![again]).await;
    assert_eq!(ready(&fixture.store, true).await, [1]);
}

#[tokio::test]
async fn the_first_of_a_case_is_known_until_something_of_it_is_to_be_done_or_was_enqueued() {
    let fixture = Fixture::new();
    let first = |key: &'static str, cause: &'static str| {
        fixture.store.read(move |reader| reader.is_first(&Key::new(key), cause))
    };
    assert!(first("k", "evt_1/0").await.unwrap());
    enqueue(&fixture.store, vec![operation(1, "k", Severity::High, open_ticket())]).await;
    assert!(!first("k", "evt_2/0").await.unwrap(), "one of its case is to be done");
    assert!(!first("other", "evt_1/0").await.unwrap(), "it was enqueued");
    let settled = vec![(OperationId::from_number(1), Settled { ticket: 2001, ..Settled::default() })];
    let batch = DecisionBatch { settled, ..DecisionBatch::default() };
    fixture.store.commit(Change::Decided(Box::new(batch))).await.unwrap();
    assert!(first("k", "evt_2/0").await.unwrap() && !first("k", "evt_1/0").await.unwrap());
}

#[tokio::test]
async fn a_cases_operations_go_in_order_and_urgent_cases_first() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    enqueue(
        store,
        vec![
            operation(1, "low", Severity::Low, open_ticket()),
            operation(2, "low", Severity::Critical, note()),
            operation(3, "high", Severity::High, open_ticket()),
            operation(4, "other", Severity::Low, note()),
        ],
    )
    .await;
    assert_eq!(ready(store, true).await, [3, 1, 4], "the note waits for its ticket");
    assert_eq!(ready(store, false).await, [4], "no second creation beside one");
    let send = |id| {
        Change::Sending(vec![Sending {
            id: OperationId::from_number(id),
            effect: None,
            folded: vec![],
            at: at(5),
        }])
    };
    store.commit(send(1)).await.unwrap();
    assert_eq!(ready(store, true).await, [3, 4], "what is being sent holds back its case");
    let settled = vec![(OperationId::from_number(1), Settled { ticket: 2001, ..Settled::default() })];
    store
        .commit(Change::Decided(Box::new(DecisionBatch { settled, ..DecisionBatch::default() })))
        .await
        .unwrap();
    assert_eq!(ready(store, true).await, [2, 3, 4]);
    let ticket = store.read(|reader| reader.ticket(&Key::new("low"), 1)).await.unwrap();
    assert_eq!(ticket.map(|ticket| ticket.id), Some(2001));
}

#[tokio::test]
async fn a_refused_ticket_holds_back_its_notes_and_no_others() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    enqueue(
        store,
        vec![
            operation(1, "bad", Severity::Low, open_ticket()),
            operation(2, "bad", Severity::Low, note()),
            operation(3, "good", Severity::Low, open_ticket()),
        ],
    )
    .await;
    let id = OperationId::from_number(1);
    let dead = Transition::Dead { at: at(9), problem: "Category must be entered".into(), story: "{}".into() };
    store.commit(Change::Operation(id, dead)).await.unwrap();
    assert_eq!(ready(store, true).await, [3]);
    assert_eq!(
        store.dead_letters(10).await.unwrap()[0].0.problem.as_deref(),
        Some("Category must be entered")
    );
    store.commit(Change::Operation(id, Transition::Revive { at: at(10) })).await.unwrap();
    assert_eq!(ready(store, true).await, [1, 3]);
    store
        .commit(Change::Operation(id, Transition::Drop { at: at(10), problem: "not needed".into() }))
        .await
        .unwrap();
    assert_eq!(ready(store, true).await, [2, 3]);
}

#[tokio::test]
async fn what_waits_for_a_refused_ticket_holds_back_no_other_ticket_of_its_case() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let of_ticket = |number, ticket, kind| {
        let mut new = operation(number, "k", Severity::Low, kind);
        new.effect.ticket = ticket;
        new
    };
    enqueue(store, vec![of_ticket(1, 1, open_ticket()), of_ticket(2, 1, note())]).await;
    let id = OperationId::from_number(1);
    let dead = Transition::Dead { at: at(9), problem: "refused".into(), story: "{}".into() };
    store.commit(Change::Operation(id, dead)).await.unwrap();
    enqueue(store, vec![of_ticket(3, 2, open_ticket()), of_ticket(4, 2, note())]).await;
    assert_eq!(ready(store, true).await, [3], "in order for each ticket");
    // Tried again, it has its turn before the other like anything that is older.
    store.commit(Change::Operation(id, Transition::Revive { at: at(10) })).await.unwrap();
    assert_eq!(ready(store, true).await, [1]);
    let dead = Transition::Dead { at: at(11), problem: "refused".into(), story: "{}".into() };
    store.commit(Change::Operation(id, dead)).await.unwrap();
    assert_eq!(ready(store, true).await, [3]);
    let newest = store.read(|reader| reader.newest_opening(&Key::new("k"))).await.unwrap();
    assert_eq!(newest.map(|newest| newest.id.number()), Some(3));
}

#[tokio::test]
async fn a_trace_is_found_however_little_it_is_a_column() {
    let fixture = Fixture::new();
    let (one, other) = (crate::trace::TraceId::fresh(), crate::trace::TraceId::fresh());
    let with = |number, trace: crate::trace::TraceId, payload: &str| {
        let mut new = new_event(number);
        let value = json!({"source": "s", "payload": {"trace": payload}});
        new.event = Event::from_json(value, Severity::Medium).unwrap().traced(&trace.to_string());
        new
    };
    let events = vec![with(1, one, ""), with(2, one, ""), new_event(3)];
    let ids: Vec<EventId> = fixture.store.accept(events).await.unwrap().iter().map(|one| one.id).collect();
    fixture.store.accept(vec![with(4, other, &one.to_string())]).await.unwrap();
    rusqlite::Connection::open(fixture.folder.path().join("haloward.db"))
        .unwrap()
        .execute("UPDATE journal SET event = 'broken ' || event WHERE seq = ?1", [ids[0].number()])
        .unwrap();
    let found = async |trace| {
        let filter = EventFilter { trace: Some(trace), ..EventFilter::default() };
        let page = fixture.store.read(move |reader| reader.events_page(&filter, None, 10)).await.unwrap();
        page.items.into_iter().map(|(entry, _)| entry.id).collect::<Vec<_>>()
    };
    assert_eq!(found(one).await, [ids[1]], "neither what only speaks of it nor what nobody can read");
    assert_eq!(found(other).await.len(), 1);
    assert!(found(crate::trace::TraceId::fresh()).await.is_empty());
}

#[tokio::test]
async fn a_look_for_duplicates_that_was_asked_for_during_another_is_not_lost() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    enqueue(store, vec![operation(1, "k", Severity::Low, open_ticket())]).await;
    let id = OperationId::from_number(1);
    let change = async |transition| store.commit(Change::Operation(id, transition)).await.unwrap();
    let due = async || store.read(move |reader| reader.operation(id)).await.unwrap().unwrap().recheck_at;

    change(Transition::Recheck { at: at(5) }).await;
    let first = due().await.expect("a look is due");
    // While that look is made, another duplicate turns up in the same millisecond.
    change(Transition::Recheck { at: at(5) }).await;
    change(Transition::Rechecked { due: first, again_at: None }).await;
    let second = due().await.expect("the second look is still due");
    change(Transition::Rechecked { due: second, again_at: Some(at(9)) }).await;
    assert_eq!(due().await, Some(at(9)));
    change(Transition::Rechecked { due: at(9), again_at: None }).await;
    assert_eq!(due().await, None);
}

fn a_case(key: &str, fingerprints: &[&str]) -> Case {
    let rules = format!("rules: [{{ id: r, key: {key}, then: {{ open_ticket: {{ type: Alert }} }} }}]");
    let (rules, _) = RuleSet::load(&[SourceFile::new("r.yaml", &rules)], Settings::default());
    let mut book = CaseBook::default();
    for fingerprint in fingerprints {
        let event =
            Event::from_json(json!({"source": "s", "fingerprint": fingerprint}), Severity::Medium).unwrap();
        book.put(step(&rules, &book.clone(), &Input::Event(event), Explain::Matches, at(0)).cases);
    }
    book.iter().next().unwrap().clone()
}

#[tokio::test]
async fn a_living_case_is_found_by_what_feeds_it() {
    let fixture = Fixture::new();
    let keep = async |case: Case, known_feeds| {
        let batch =
            DecisionBatch { cases: vec![CaseChange { case, known_feeds }], ..DecisionBatch::default() };
        fixture.store.commit(Change::Decided(Box::new(batch))).await.unwrap();
    };
    let fed = async |fingerprint: &'static str| {
        fixture.store.read(move |reader| reader.fed_keys("s", fingerprint)).await.unwrap()
    };
    keep(a_case("k", &["one"]), 0).await;
    let mut case = a_case("k", &["one", "two"]);
    keep(case.clone(), 1).await;
    assert_eq!(fed("one").await, [Key::new("k")]);
    assert_eq!(fed("two").await, [Key::new("k")]);
    assert_eq!(fixture.store.read(|reader| reader.case(&Key::new("k"))).await.unwrap(), Some(case.clone()));
    case.state = haloward_rules::CaseState::Resolved;
    keep(case, 2).await;
    assert!(fed("one").await.is_empty() && fed("two").await.is_empty());
}

#[tokio::test]
async fn timers_fall_due_in_order_and_can_be_moved() {
    let fixture = Fixture::new();
    let set = |key: &str, due| TimerChange::Set { key: Key::new(key), kind: TimerKind::Hold, due: at(due) };
    let timers = vec![
        set("late", 30),
        set("early", 10),
        set("moved", 5),
        set("moved", 20),
        set("gone", 1),
        TimerChange::Cancel { key: Key::new("gone"), kind: TimerKind::Hold },
    ];
    let batch = DecisionBatch { timers, ..DecisionBatch::default() };
    fixture.store.commit(Change::Decided(Box::new(batch))).await.unwrap();
    let (_folder, reopened) = fixture.after_a_crash();
    let due = reopened.read(|reader| reader.due_timers(at(25), 10)).await.unwrap();
    let timer = |key: &str| Timer { key: Key::new(key), kind: TimerKind::Hold };
    assert_eq!(due, [(timer("early"), at(10)), (timer("moved"), at(20))]);
    let next = reopened.read(|reader| Ok(reader.next_timer()?.map(Timestamp::as_second))).await.unwrap();
    assert_eq!(next, Some(at(10).as_second()));
}

/// Whatever a group is made of and wherever it ends: what was answered is there, and nothing is there twice.
#[tokio::test]
async fn answered_and_kept_are_the_same_for_many_random_loads() {
    for seed in 0..8 {
        let mut random = fastrand::Rng::with_seed(seed);
        let fixture = Fixture::new();
        let mut deliveries = Vec::new();
        for number in 0..60 {
            let delivery = random.bool().then(|| format!("d{}", random.u8(0..20)));
            let events = (0..random.i64(1..4))
                .map(|item| NewEvent { delivery_id: delivery.clone(), ..new_event(number * 10 + item) });
            deliveries.push(events.collect::<Vec<_>>());
        }
        let answers = deliveries.into_iter().map(|events| fixture.store.accept(events));
        let answered: Vec<Accepted> =
            futures::future::join_all(answers).await.into_iter().flat_map(Result::unwrap).collect();
        let mut kept: Vec<EventId> =
            answered.iter().filter(|event| !event.duplicate).map(|event| event.id).collect();
        kept.sort();
        let (_folder, reopened) = fixture.after_a_crash();
        let entries = reopened.read(|reader| reader.undecided(None, 1_000)).await.unwrap();
        let found: Vec<EventId> = entries.iter().map(|entry| entry.id).collect();
        assert_eq!(found, kept, "seed {seed}");
        assert!(
            answered.iter().all(|event| found.contains(&event.id)),
            "seed {seed}: a duplicate points to its first"
        );
    }
}

fn new_silence(value: &serde_json::Value) -> NewSilence {
    let mut full = json!({"from": at(0), "until": at(600)});
    full.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
    serde_json::from_value(full).unwrap()
}

#[tokio::test]
async fn silences_are_kept_listed_by_their_end_and_ended() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let long = store.add_silence(new_silence(&json!({"rule": "a", "until": at(900)})), at(0)).await.unwrap();
    let short = store.add_silence(new_silence(&json!({"key": "disk/*", "by": "Ana"})), at(0)).await.unwrap();
    assert_ne!(long.id, short.id);
    assert_eq!(store.silences(at(1)).await.unwrap(), [short.clone(), long.clone()]);
    assert_eq!(store.silences(at(700)).await.unwrap(), std::slice::from_ref(&long), "the other is over");
    let version = |store: &Store| store.read_blocking(|reader| reader.silences_version()).unwrap();
    let before = version(store);
    let timers = vec![TimerChange::Set {
        key: haloward_rules::silence_key(&long.id),
        kind: TimerKind::Recheck,
        due: at(900),
    }];
    let batch = DecisionBatch { timers, ..DecisionBatch::default() };
    store.commit(Change::Decided(Box::new(batch))).await.unwrap();
    assert_eq!(version(store), before, "what is decided does not change silences");
    assert_eq!(store.end_silence(&long.id, at(60)).await.unwrap(), Some(long.clone()));
    assert_ne!(version(store), before);
    let due = store.read(|reader| reader.next_timer()).await.unwrap();
    assert_eq!(due, Some(at(60)), "what it held back is let go now");
    assert_eq!(store.end_silence(&long.id, at(61)).await.unwrap(), None);
    assert_eq!(store.end_silence("sil_0", at(61)).await.unwrap(), None);
    let (_folder, reopened) = fixture.after_a_crash();
    assert_eq!(reopened.silences(at(61)).await.unwrap(), [short]);
}

#[tokio::test]
async fn a_silence_that_cannot_be_used_is_refused_with_the_reason() {
    let fixture = Fixture::new();
    let wrong = fixture.store.add_silence(new_silence(&json!({"when": {"devise": 1}})), at(0)).await;
    assert!(wrong.unwrap_err().to_string().contains("did you mean `device`?"));
    let over = fixture.store.add_silence(new_silence(&json!({"rule": "x"})), at(600)).await.unwrap_err();
    assert_eq!(over.to_string(), "the silence would be over already: it ends at 2026-01-05T08:10:00Z");
    for number in 0..MOST_SILENCES {
        let silence = new_silence(&json!({"rule": format!("r{number}")}));
        fixture.store.add_silence(silence, at(0)).await.unwrap();
    }
    let error = fixture.store.add_silence(new_silence(&json!({"rule": "x"})), at(1)).await.unwrap_err();
    assert_eq!(error.to_string(), "there are 500 silences already: end some of them first");
}
