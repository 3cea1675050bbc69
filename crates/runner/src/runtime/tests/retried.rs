//! What HaloPSA refused and a person tries again: never a second ticket for one problem.

use haloward_rules::CaseState;

use super::*;
use crate::decider::{Newer, NotRetried};
use crate::store::{Operation, OperationId};

/// Two rules of one kind: repeats are counted, or each gets a ticket.
const REPEATING: &str = "
rules:
  - id: once
    when: { check: once }
    key: once/${event.device.name}
    then: { open_ticket: { type: Incident, again: { do: note, at_most: 0s } } }
  - id: each
    when: { check: each }
    key: each/${event.device.name}
    then: { open_ticket: { type: Incident, again: { do: new, at_most: 0s } } }
";

impl World {
    async fn repeating() -> Self {
        let world = Self::new().await;
        world.rules.send_replace(rules(REPEATING));
        world
    }

    /// HaloPSA answers the next creation like this, and no other.
    fn answers_once(&self, status: u16) {
        let answer = FaultKind::ErrorBeforeCommit { status };
        self.sandbox.faults().inject(Fault::once(answer).on("POST", "/api/Tickets"));
    }

    /// HaloPSA refuses the ticket of an alert for good, and no other.
    async fn refuse_next(&mut self, check: &str) -> Operation {
        self.answers_once(400);
        self.event(check, "a", "firing").await;
        self.refused().await
    }

    async fn refused(&mut self) -> Operation {
        let failed = self.until(|h| matches!(h, Happening::OperationFailed { .. })).await;
        let Happening::OperationFailed { operation, .. } = failed else { unreachable!() };
        self.operation(operation).await
    }

    /// HaloPSA takes its time to refuse the next ticket.
    fn refuse_slowly(&self) {
        let slow = FaultKind::Latency { ms: 1_000 };
        self.sandbox.faults().inject(Fault::once(slow).on("POST", "/api/Tickets"));
        self.answers_once(400);
    }

    async fn refused_in_time(&mut self) -> Operation {
        loop {
            match self.next_soon().await {
                Some(Happening::OperationFailed { operation, .. }) => {
                    return self.operation(operation).await;
                }
                Some(_) => {}
                None => self.clock.advance(Duration::from_secs(1)),
            }
        }
    }

    async fn operation(&self, id: OperationId) -> Operation {
        self.store.read(move |reader| reader.operation(id)).await.unwrap().unwrap()
    }

    async fn state_of(&self, key: &'static str) -> CaseState {
        self.store.read(move |reader| reader.case(&Key::new(key))).await.unwrap().unwrap().state
    }

    fn controls(&self) -> Controls {
        self.runtime.as_ref().unwrap().controls().unwrap()
    }

    /// The operation that opens the newest ticket of a case.
    async fn newest(&self, key: &'static str) -> OperationId {
        let newest = self.store.read(move |reader| reader.newest_opening(&Key::new(key))).await.unwrap();
        newest.expect("one that opens a ticket").id
    }
}

#[tokio::test]
async fn a_refused_ticket_is_not_tried_again_once_its_problem_has_another() {
    let mut world = World::repeating().await;
    let refused = world.refuse_next("once").await;
    world.clock.advance(Duration::from_hours(1));
    world.event("once", "a", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
    let why = world.controls().retry(&refused, None).await.unwrap_err();
    let (operation, ticket) = (world.newest("once/a").await, world.tickets()[0].id);
    let newer = Newer::There { ticket, operation };
    assert_eq!(why, NotRetried::Superseded { operation: refused.id, newer });
    assert_eq!(
        why.to_string(),
        format!(
            "{id} would open a second ticket for its problem: ticket {ticket} is newer ({operation}); give it up with \
             `haloward queue drop {id}`",
            id = refused.id
        )
    );
    assert_eq!(world.operation(refused.id).await.state, OperationState::Dead, "nothing of it happened");
    world.event("once", "a", "firing").await;
    world.until_done(OperationKind::AddNote).await;
    assert_eq!(world.open().len(), 1);
    // What is advised works, and leaves the newer one alone.
    world.controls().give_up(refused.id, "there is another").await.unwrap();
    assert_eq!(world.operation(refused.id).await.state, OperationState::Dropped);
    assert_eq!(world.state_of("once/a").await, CaseState::Open);
}

#[tokio::test]
async fn nor_while_the_other_is_on_its_way_was_refused_too_or_was_given_up() {
    let mut world = World::repeating().await;
    let refused = world.refuse_next("once").await;
    let retry = async |world: &World| match world.controls().retry(&refused, None).await {
        Err(NotRetried::Superseded { newer, .. }) => newer,
        other => panic!("{other:?}"),
    };
    world.clock.advance(Duration::from_hours(1));
    world.answers_once(503);
    world.event("once", "a", "firing").await;
    world.until_delayed().await;
    let newest = world.newest("once/a").await;
    assert_eq!(retry(&world).await, Newer::OnItsWay { operation: newest });

    world.answers_once(400);
    world.clock.advance(Duration::from_mins(5));
    world.refused().await;
    assert_eq!(retry(&world).await, Newer::Refused { operation: newest });

    world.controls().give_up(newest, "no need").await.unwrap();
    assert_eq!(retry(&world).await, Newer::Gone);
    assert!(world.tickets().is_empty());
}

#[tokio::test]
async fn an_alert_that_repeats_while_a_refused_ticket_is_tried_again_gets_no_second() {
    let mut world = World::repeating().await;
    let refused = world.refuse_next("once").await;
    world.answers_once(503);
    world.controls().retry(&refused, None).await.unwrap();
    world.until_delayed().await;
    assert_eq!(world.state_of("once/a").await, CaseState::Open, "its ticket is on its way");
    world.clock.advance(Duration::from_hours(1));
    world.event("once", "a", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
    world.until_done(OperationKind::AddNote).await;
    assert_eq!(world.open().len(), 1);
}

#[tokio::test]
async fn of_two_who_try_again_at_once_and_of_one_who_gives_up_before_the_first_has_it() {
    let mut world = World::repeating().await;
    let refused = world.refuse_next("once").await;
    let controls = world.controls();
    let (first, second) = tokio::join!(controls.retry(&refused, None), controls.retry(&refused, None));
    assert_eq!(first, Ok(()));
    assert!(matches!(second, Err(NotRetried::NotRefused { .. })), "{second:?}");
    world.until_done(OperationKind::OpenTicket).await;

    let refused = world.refuse_next("each").await;
    let desk = world.runtime.as_ref().unwrap().desk().unwrap();
    let dropped = crate::store::Transition::Drop { at: world.clock.now(), problem: "no need".into() };
    let report = haloward_rules::Report::TicketGivenUp { key: refused.key().clone(), ticket: 1 };
    let (given_up, retried) =
        tokio::join!(desk.give_up(refused.id, dropped, report, None), controls.retry(&refused, None));
    let (operation, state) = (refused.id, OperationState::Dropped);
    assert_eq!((given_up, &retried), (Ok(()), &Err(NotRetried::NotRefused { operation, state })));
    assert_eq!(
        retried.unwrap_err().to_string(),
        format!("{operation} is dropped: only one that HaloPSA refused for good is tried again by hand")
    );
    assert_eq!(
        world.state_of("each/a").await,
        CaseState::Resolved,
        "it waits for no ticket that never comes"
    );
}

#[tokio::test]
async fn a_rule_that_wants_a_ticket_for_each_repeat_gets_the_refused_one_too() {
    let mut world = World::repeating().await;
    world.event("each", "a", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
    // The third is decided before the second is refused, so the case goes on.
    world.refuse_slowly();
    for _ in 0..2 {
        world.event("each", "a", "firing").await;
        world.until(|h| matches!(h, Happening::EventDecided { outcome: Outcome::OpenTicket, .. })).await;
    }
    let refused = world.refused_in_time().await;
    assert_eq!(refused.number(), 2);
    world.until_done(OperationKind::OpenTicket).await;
    world.controls().retry(&refused, None).await.unwrap();
    world.until_done(OperationKind::OpenTicket).await;
    assert_eq!(world.open().len(), 3);
}

#[tokio::test]
async fn what_was_meant_for_a_refused_ticket_keeps_no_other_ticket_of_its_case_waiting() {
    let mut world = World::repeating().await;
    // The note comes while the ticket is tried again, and can no longer be a part of it.
    world.answers_once(503);
    world.event("once", "a", "firing").await;
    world.until_delayed().await;
    world.event("once", "a", "firing").await;
    world.until(|h| matches!(h, Happening::EventDecided { outcome: Outcome::AddNote, .. })).await;
    world.answers_once(400);
    world.clock.advance(Duration::from_mins(5));
    let refused = world.refused().await;

    world.clock.advance(Duration::from_hours(1));
    world.event("once", "a", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
    // With the refused ticket goes what was meant for it.
    world.controls().give_up(refused.id, "there is another").await.unwrap();
    world.event("once", "a", "firing").await;
    world.until_done(OperationKind::AddNote).await;
    let ticket = world.tickets().remove(0);
    assert_eq!((world.tickets().len(), ticket.actions.len()), (1, 1), "{:?}", ticket.actions);
    let counts = world.store.counts().await.unwrap();
    assert_eq!((counts.waiting_operations, counts.dead_operations), (0, 0));
}

#[tokio::test]
async fn a_problem_that_was_over_before_its_ticket_was_refused_gets_it_resolved() {
    let mut world = World::repeating().await;
    world.refuse_slowly();
    world.event("once", "a", "firing").await;
    world.event("once", "a", "resolved").await;
    world.until(|h| matches!(h, Happening::EventDecided { outcome: Outcome::ResolveTicket, .. })).await;
    let refused = world.refused_in_time().await;
    world.controls().retry(&refused, None).await.unwrap();
    world.until_done(OperationKind::ResolveTicket).await;
    assert_eq!(world.state_of("once/a").await, CaseState::Resolved);
    world.event("once", "a", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
    assert_eq!(world.tickets().len(), 2, "it came back, and is no repeat of what is resolved");
}

#[tokio::test]
async fn a_ticket_that_could_not_be_opened_again_is_left_once_there_is_another() {
    let mut world = World::repeating().await;
    world
        .rules
        .send_replace(rules(&REPEATING.replace("again: { do: note", "reopen_within: 1d, again: { do: note")));
    world.event("once", "a", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
    world.event("once", "a", "resolved").await;
    world.until_done(OperationKind::ResolveTicket).await;
    let refusal = FaultKind::ErrorBeforeCommit { status: 400 };
    world.sandbox.faults().inject(Fault::once(refusal).on("POST", "/api/Actions"));
    world.event("once", "a", "firing").await;
    let failed = world.until(|h| matches!(h, Happening::OperationFailed { .. })).await;
    let Happening::OperationFailed { operation, kind, .. } = failed else { unreachable!() };
    assert_eq!(kind, OperationKind::ReopenTicket);
    let refused = world.operation(operation).await;
    world.rules.send_replace(rules(REPEATING));
    let desk = world.runtime.as_ref().unwrap().desk().unwrap();
    let closed = haloward_rules::Report::TicketClosed { key: Key::new("once/a"), ticket: 1 };
    desk.report(closed).await.unwrap();
    world.event("once", "a", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
    let why = world.controls().retry(&refused, None).await.unwrap_err();
    assert!(matches!(why, NotRetried::Superseded { newer: Newer::There { .. }, .. }), "{why:?}");
}
