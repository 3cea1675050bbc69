//! Several tickets in one request: who goes with whom, and what becomes of each when the request does not go well.

use super::*;
use crate::wire::MarkerPlace::{CustomField, Details, SupplierReference, ThirdPartyId};

/// A world that creates several tickets by one request; it has been quiet since before the first.
async fn world() -> World {
    world_with(SandboxConfig::default()).await
}

async fn world_with(config: SandboxConfig) -> World {
    let options = Options { pace: Pace { batch: 10, ..Pace::default() }, ..Options::default() };
    World::with_options(config, BTreeMap::new(), options).await
}

/// How many tickets each request was to create.
fn sizes(world: &World) -> Vec<usize> {
    let elements = |request: &halopsa_sandbox::RecordedRequest| {
        let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
        body.as_array().map_or(0, Vec::len)
    };
    world.requests("POST", "/api/Tickets").iter().map(elements).collect()
}

/// Opens these tickets, in one request: all are decided in one go, and so committed together.
async fn open(world: &World, names: &[&str]) {
    world.events(names.iter().map(|name| ("disk", *name, "firing"))).await;
    // The tenant's names are read first; no time may pass meanwhile, or those that go along would be cut short.
    let sent = |now: &halopsa_sandbox::Snapshot| now.requests_to("POST", "/api/Tickets").count() > 0;
    world.sandbox.wait_for(sent, HANGS).await.unwrap();
}

/// Lets time pass until so many tickets are open and nothing is left to do.
async fn until_settled(world: &mut World, open: usize) {
    settle(world).await;
    let summaries: std::collections::BTreeSet<String> = world.open().into_iter().map(|t| t.summary).collect();
    assert_eq!((world.open().len(), summaries.len()), (open, open), "{:#?}", world.open());
    let tickets = world.store.read(|reader| reader.operations(OperationState::Done, 100)).await.unwrap();
    let known: std::collections::BTreeSet<i64> = tickets.iter().filter_map(|done| done.ticket).collect();
    let there: std::collections::BTreeSet<i64> = world.open().iter().map(|ticket| ticket.id).collect();
    assert_eq!(known, there, "each operation knows its own ticket");
    for done in &tickets {
        let summary = world.sandbox.ticket(done.ticket.unwrap()).unwrap().summary;
        assert!(
            summary.ends_with(done.key().as_str().trim_start_matches("disk/")),
            "{summary}: {}",
            done.key()
        );
    }
}

#[tokio::test]
async fn tickets_decided_together_are_created_by_one_request() {
    let mut world = world_with(SandboxConfig { numbering_race: true, ..SandboxConfig::default() }).await;
    open(&world, &["a", "b", "c", "d"]).await;
    until_settled(&mut world, 4).await;
    assert_eq!(sizes(&world), [4]);
    let request = world.requests("POST", "/api/Tickets").remove(0);
    assert_eq!(request.query, "returnall=true");
}

#[tokio::test]
async fn a_lost_answer_to_several_is_looked_for_once_and_settled_one_by_one() {
    for fault in [
        FaultKind::CutAfterCommit,
        FaultKind::CutBeforeCommit,
        FaultKind::CommitAfterCut { seconds: 25 },
        FaultKind::ErrorAfterCommit { status: 500 },
        FaultKind::ErrorAfterPart { elements: 2, status: 500 },
        FaultKind::TruncatedJson,
        FaultKind::HtmlBadGateway { after_commit: true },
        FaultKind::TokenRevoked,
    ] {
        let mut world = world().await;
        world.sandbox.faults().inject(Fault::once(fault.clone()).on("POST", "/api/Tickets"));
        open(&world, &["a", "b", "c"]).await;
        until_settled(&mut world, 3).await;
        assert_eq!(sizes(&world)[0], 3, "{fault:?}");
    }
}

#[tokio::test]
async fn a_batch_refused_after_a_part_was_written_doubles_nothing() {
    let mut world = world().await;
    let part = FaultKind::ErrorAfterPart { elements: 2, status: 400 };
    world.sandbox.faults().inject(Fault::once(part).on("POST", "/api/Tickets"));
    open(&world, &["a", "b", "c"]).await;
    until_settled(&mut world, 3).await;
    assert_eq!(sizes(&world), [3, 1], "only the third was written again");
    assert_eq!(world.tickets().len(), 3);
}

#[tokio::test]
async fn one_that_is_refused_costs_the_others_no_ticket() {
    let mut world = world().await;
    let events =
        [("disk", "a"), ("refused", "b"), ("disk", "c")].map(|(check, name)| (check, name, "firing"));
    world.events(events).await;
    let sent = |now: &halopsa_sandbox::Snapshot| now.requests_to("POST", "/api/Tickets").count() > 0;
    world.sandbox.wait_for(sent, HANGS).await.unwrap();
    let mut open = 0;
    let mut dead = 0;
    while (open, dead) != (2, 1) {
        match world.next_soon().await {
            Some(Happening::OperationDone { .. }) => open += 1,
            Some(Happening::OperationFailed { problem, .. }) => {
                assert!(problem.contains("FOREIGN KEY"), "{problem}");
                dead += 1;
            }
            Some(_) => {}
            None => world.clock.advance(Duration::from_secs(5)),
        }
    }
    assert_eq!(world.tickets().len(), 2);
    assert_eq!(sizes(&world), [3, 1, 1, 1]);
    let (dead, story) = world.store.dead_letters(10).await.unwrap().remove(0);
    assert_eq!(dead.key().as_str(), "refused/b");
    assert!(story.contains("4711"), "{story}");
}

#[tokio::test]
async fn what_halopsa_could_not_read_goes_alone_at_once() {
    let mut world = world().await;
    let unreadable = "
rules:
  - id: unreadable
    key: ${event.device.name}
    then:
      open_ticket:
        type: Incident
        fields: { status_id: \"${if event.device.name == \\\"bad\\\" { \\\"x\\\" } else { 1 }}\" }
";
    world.rules.send_replace(rules(unreadable));
    world.events(["a", "bad", "c"].map(|name| ("disk", name, "firing"))).await;
    let (mut done, mut failed) = (0, 0);
    while (done, failed) != (2, 1) {
        match world.until(|h| !matches!(h, Happening::EventDecided { .. })).await {
            Happening::OperationDone { .. } => done += 1,
            Happening::OperationFailed { .. } => failed += 1,
            Happening::CaseReported { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sizes(&world), [3, 1, 1, 1], "and no time had to pass");
    assert!(world.requests("GET", "/api/Tickets").is_empty(), "nothing had to be looked for");
}

#[tokio::test]
async fn a_crash_in_the_midst_of_several_leaves_one_ticket_each() {
    for seconds in [0, 5, 60] {
        let mut world = world().await;
        world
            .sandbox
            .faults()
            .inject(Fault::once(FaultKind::CommitAfterCut { seconds }).on("POST", "/api/Tickets"));
        let slow = FaultKind::Latency { ms: 60_000 };
        world.sandbox.faults().inject(Fault::once(slow).on("POST", "/api/Tickets"));
        open(&world, &["a", "b", "c"]).await;
        let mut sending = Vec::new();
        while sending.is_empty() {
            tokio::task::yield_now().await;
            sending = world.store.operations(OperationState::Sending, 10).await.unwrap();
        }
        assert_eq!(sending.len(), 3, "marked together or not at all");
        world.crash();
        until_settled(&mut world, 3).await;
    }
}

#[tokio::test]
async fn they_gather_after_a_request_and_not_before() {
    let mut world = world().await;
    open(&world, &["a"]).await;
    world.until_done(OperationKind::OpenTicket).await;
    assert_eq!(sizes(&world), [1], "the first goes at once");
    world.events([("disk", "b", "firing")]).await;
    world.events([("disk", "c", "firing")]).await;
    assert!(!world.soon(|h| matches!(h, Happening::OperationDone { .. })).await, "they wait for more");
    world.clock.advance(Duration::from_millis(500));
    world.until_done(OperationKind::OpenTicket).await;
    world.until_done(OperationKind::OpenTicket).await;
    assert_eq!(sizes(&world), [1, 2]);
}

#[tokio::test]
async fn thirty_lost_answers_are_found_by_one_list() {
    let mut world = World::new().await;
    let names: Vec<String> = (0..30).map(|number| format!("srv-{number}")).collect();
    // None can be found yet when it is first looked for: all wait for the same moment.
    world
        .sandbox
        .faults()
        .inject(Fault::once(FaultKind::CutAfterCommit).on("POST", "/api/Tickets").times(30));
    world
        .sandbox
        .faults()
        .inject(Fault::once(FaultKind::Lag { seconds: 5 }).on("GET", "/api/Tickets").always());
    world.events(names.iter().map(|name| ("disk", name.as_str(), "firing"))).await;
    for _ in 0..30 {
        world.until_delayed().await;
    }
    let before = world.requests("GET", "/api/Tickets").len();
    world.clock.advance(Duration::from_secs(10));
    for _ in 0..30 {
        let done = world.until_done(OperationKind::OpenTicket).await;
        assert!(matches!(done, Happening::OperationDone { adopted: true, .. }));
    }
    assert_eq!(world.requests("GET", "/api/Tickets").len() - before, 1);
    assert_eq!(world.tickets().len(), 30);
}

#[tokio::test]
async fn wherever_the_marker_stands_lost_answers_are_found_by_it() {
    let custom = CustomField("CFAlertKey".to_owned());
    for marker in [ThirdPartyId, SupplierReference, custom, Details] {
        for batch in [1, 10] {
            let wire = WireSettings { marker: marker.clone(), ..WireSettings::default() };
            let options = Options { pace: Pace { batch, ..Pace::default() }, wire, ..Options::default() };
            let mut world = World::with_options(SandboxConfig::default(), BTreeMap::new(), options).await;
            world.sandbox.faults().inject(Fault::once(FaultKind::CutAfterCommit).on("POST", "/api/Tickets"));
            open(&world, &["a", "b"]).await;
            until_settled(&mut world, 2).await;
            assert_eq!(world.tickets().len(), 2, "{marker:?}: found, not written again");
            // Those it was told of by the answer, and those it found.
            open(&world, &["c", "d"]).await;
            until_settled(&mut world, 4).await;
            assert_eq!(world.tickets().len(), 4, "{marker:?}");
            let lost = world.requests("GET", "/api/Tickets").len();
            assert!(lost >= 1, "{marker:?}");
        }
    }
}
