//! How many requests things cost, and what waits when HaloPSA is away.

use super::*;

const REPEATED: &str = "
rules:
  - id: storm
    key: storm/${event.device.name}
    then: { open_ticket: { type: Incident } }
";

/// Lets time pass until every event is decided and delivered.
async fn delivered(world: &mut World) {
    loop {
        let counts = world.store.counts().await.unwrap();
        if counts.undecided + counts.waiting_operations + counts.unclear_operations == 0 {
            return;
        }
        world.soon(|_| false).await;
        world.clock.advance(Duration::from_secs(1));
    }
}

/// A storm at a smaller scale: so many problems, each seen a hundred times, while HaloPSA is too slow to take them.
async fn storm(problems: usize, batch: usize) -> World {
    let options = Options { pace: Pace { batch, ..Pace::default() }, ..Options::default() };
    let mut world = World::with_options(SandboxConfig::default(), BTreeMap::new(), options).await;
    world.rules.send_replace(rules(REPEATED));
    let slow = Fault::once(FaultKind::Latency { ms: 2_000 }).on("POST", "/api/Tickets").always();
    world.sandbox.faults().inject(slow);
    let names: Vec<String> = (0..problems).map(|number| format!("srv-{number}")).collect();
    for _ in 0..100 {
        world.events(names.iter().map(|name| ("any", name.as_str(), "firing"))).await;
    }
    while world.store.counts().await.unwrap().undecided > 0 {
        world.soon(|_| false).await;
    }
    delivered(&mut world).await;
    // What was left untold is told an hour later.
    world.clock.advance(Duration::from_secs(3_601));
    while world.store.counts().await.unwrap().timers > 0 {
        world.soon(|_| false).await;
    }
    delivered(&mut world).await;
    assert_eq!(world.tickets().len(), problems);
    world
}

#[tokio::test]
async fn a_storm_costs_a_ticket_and_at_most_a_note_for_each_problem() {
    // A creation and a later count for each; those that were on their way before their first repeat came need a note
    // of their own for that.
    for (batch, most) in [(1, 20 + 20 + 1), (10, 2 + 2 + 20 + 10)] {
        let world = storm(20, batch).await;
        let writes =
            world.requests("POST", "/api/Tickets").len() + world.requests("POST", "/api/Actions").len();
        assert!(writes <= most, "{writes} writes for 20 problems seen 2,000 times, batch {batch}");
        for ticket in world.tickets() {
            let text = ticket.actions.iter().map(|action| action.note.as_str()).collect::<String>();
            assert_eq!(text.matches("seen 100 times").count(), 1, "{ticket:#?}");
        }
        let all = world.sandbox.requests().len();
        // 0.025 for each event, and the tenant's names once.
        assert!(all <= 2_000 / 40 + 20, "{all} requests in all, batch {batch}");
    }
}

#[tokio::test]
async fn a_halopsa_that_is_away_is_asked_by_one_request_at_a_time_and_everything_goes_out_when_it_is_back() {
    let mut world = World::new().await;
    let down = Fault::once(FaultKind::CutBeforeCommit).on("POST", "/auth/token").always();
    world.sandbox.faults().inject(down);
    let names: Vec<String> = (0..20).map(|number| format!("srv-{number}")).collect();
    world.events(names.iter().map(|name| ("disk", name.as_str(), "firing"))).await;
    world.until_delayed().await;
    let connection = world.runtime.as_ref().unwrap().connection().clone();
    while connection.status().reached {
        world.soon(|_| false).await;
    }
    for _ in 0..10 {
        world.clock.advance(Duration::from_secs(61));
        world.soon(|h| matches!(h, Happening::OperationDelayed { .. })).await;
    }
    let status = connection.status();
    assert_eq!((status.reached, status.away_since.is_some()), (false, true));
    assert!(status.problem.is_some(), "{status:?}");
    let tried = world.requests("POST", "/auth/token").len();
    assert!(tried <= 4 * 12, "{tried} tries in ten minutes for 20 operations");
    world.sandbox.faults().clear();
    let mut done = 0;
    while done < 20 {
        if world.soon(|h| matches!(h, Happening::OperationDone { .. })).await {
            done += 1;
        } else {
            world.clock.advance(Duration::from_secs(61));
        }
    }
    assert!(connection.status().reached);
    assert_eq!(world.tickets().len(), 20);
}
