//! Hints about tickets are looked at at once, cost one request however many there are, and are never believed.

use super::*;

/// A world with an open ticket of each of these, some time after they were opened.
async fn world(names: &[&str]) -> (World, Vec<i64>) {
    let mut world = World::new().await;
    world.events(names.iter().map(|name| ("disk", *name, "firing"))).await;
    for _ in names {
        world.until_done(OperationKind::OpenTicket).await;
    }
    world.clock.advance(Duration::from_secs(20));
    let ids = world.tickets().iter().map(|ticket| ticket.id).collect();
    (world, ids)
}

fn hints(world: &World) -> crate::tracker::Hints {
    world.runtime.as_ref().unwrap().hints()
}

/// The lists that were read for hints.
fn looks(world: &World) -> usize {
    let asked = |request: &&halopsa_sandbox::RecordedRequest| request.query.contains("ticketids=");
    world.requests("GET", "/api/Tickets").iter().filter(asked).count()
}

#[tokio::test]
async fn what_a_hint_is_about_is_read_back_at_once_without_waiting_for_the_round() {
    let (mut world, ids) = world(&["a", "b", "c"]).await;
    world.sandbox.close_ticket(ids[0]).unwrap();
    world.sandbox.delete_ticket(ids[1]).unwrap();
    for id in &ids {
        hints(&world).look_soon(*id);
    }
    let mut over = std::collections::BTreeSet::new();
    while over.len() < 2 {
        let reported = world.until(|h| matches!(h, Happening::CaseReported { .. })).await;
        let Happening::CaseReported { key, .. } = reported else { unreachable!() };
        over.insert(key.to_string());
    }
    assert_eq!(world.store.counts().await.unwrap().open_cases, 1, "what is as it was stays open");
    assert_eq!(world.clock.now(), "2026-01-05T09:00:20Z".parse().unwrap(), "no time passed");
}

#[tokio::test]
async fn hints_are_not_believed_and_those_about_others_cost_nothing() {
    let (mut world, ids) = world(&["a"]).await;
    for other in 4_711..4_911 {
        hints(&world).look_soon(other);
    }
    // Nothing became of ours, whatever the hint meant.
    for _ in 0..50 {
        hints(&world).look_soon(ids[0]);
    }
    let asked = |now: &halopsa_sandbox::Snapshot| {
        now.requests_to("GET", "/api/Tickets").any(|request| request.query.contains("ticketids="))
    };
    world.sandbox.wait_for(asked, HANGS).await.unwrap();
    assert!(!world.soon(|h| matches!(h, Happening::CaseReported { .. })).await);
    assert_eq!(looks(&world), 1);
    let request = world.requests("GET", "/api/Tickets").remove(0);
    assert!(request.query.contains(&format!("ticketids={}&", ids[0])), "{}", request.query);
}

#[tokio::test]
async fn hints_right_after_a_look_or_our_own_change_wait() {
    let (mut world, ids) = world(&["a"]).await;
    world.event("disk", "a", "firing").await;
    world.until_done(OperationKind::AddNote).await;
    // HaloPSA's webhook tells us of our own note.
    hints(&world).look_soon(ids[0]);
    assert!(!world.soon(|h| matches!(h, Happening::CaseReported { .. })).await);
    assert_eq!(looks(&world), 0);
    world.clock.advance(Duration::from_secs(11));
    world.sandbox.close_ticket(ids[0]).unwrap();
    hints(&world).look_soon(ids[0]);
    world.until(|h| matches!(h, Happening::CaseReported { .. })).await;
    assert_eq!(looks(&world), 1);
}
