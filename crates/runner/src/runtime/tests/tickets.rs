//! HaloPSA's own tickets as a source: read, decided about, changed; and what we did ourselves is no news.

use halopsa::TicketId;
use halopsa::models::TicketDraft;

use super::*;
use crate::config::{HaloTickets, Told};
use crate::feeds::{Context, Feeds, halo};
use crate::wire::MarkerPlace;

const TICKET_RULES: &str = "
rules:
  - id: route
    from: halo
    when: { change.kind: created, ticket.team: { not: NOC }, ticket.summary: { contains: wifi } }
    then: { update_ticket: { team: NOC }, add_note: routed }
  - id: chase
    from: halo
    when: { ticket.status: With User }
    hold: 7d
    then: { add_note: No answer for a week }
  - id: taken
    from: halo
    when: { change.agent.to: { exists: true } }
    then: { add_note: { text: 'was ${event.change.agent.from ?? \"nobody\"}' } }
  - id: tug
    from: halo
    when: { ticket.team: Projects }
    then: { update_ticket: { priority: High } }
";

struct Tickets {
    world: World,
    feeds: Option<Feeds>,
    config: HaloTickets,
    marker: MarkerPlace,
}

impl Tickets {
    async fn new() -> Self {
        Self::with(|_| {}, SandboxConfig::default()).await
    }

    async fn with(change: impl FnOnce(&mut HaloTickets), sandbox: SandboxConfig) -> Self {
        Self::marked(MarkerPlace::default(), change, sandbox).await
    }

    async fn marked(
        marker: MarkerPlace,
        change: impl FnOnce(&mut HaloTickets),
        sandbox: SandboxConfig,
    ) -> Self {
        let wire = WireSettings { marker: marker.clone(), ..WireSettings::default() };
        let options = Options { wire, ..Options::default() };
        let world = World::with_options(sandbox, BTreeMap::new(), options).await;
        world.rules.send_replace(rules(TICKET_RULES));
        let mut config = HaloTickets {
            tickets: Told::Changed,
            every: Duration::from_mins(1),
            existing: false,
            severity: Severity::Medium,
            webhook: None,
        };
        change(&mut config);
        let mut tickets = Self { world, feeds: None, config, marker };
        tickets.read_on();
        tickets.rounds(1).await;
        tickets
    }

    /// The source is read from now on, by a reader that knows only what is durable.
    fn read_on(&mut self) {
        let world = &self.world;
        let context = Context {
            client: client(&world.sandbox),
            catalogue: world.runtime.as_ref().unwrap().catalogue().clone(),
            store: world.store.clone(),
            outbounds: Arc::default(),
            clock: Arc::new(SharedClock(world.clock.clone(), SignedDuration::ZERO)),
        };
        let plan = halo::plan("halo", &self.config, self.marker.clone(), &context);
        let clock = Arc::clone(&context.clock);
        self.feeds = Some(Feeds::start(vec![plan], context.store, clock, Metrics::default()));
    }

    /// Waits until so many rounds were made, of this reader.
    async fn rounds(&self, number: u64) {
        let board = self.feeds.as_ref().unwrap().board();
        let done = board.wait_for("halo", |status| status.rounds + status.failures >= number);
        let status = tokio::time::timeout(HANGS, done).await.expect("a round");
        assert_eq!(status.last_error, None);
    }

    /// A minute passes, and what changed is read.
    async fn minute(&self) {
        let rounds = self.feeds.as_ref().unwrap().board().of("halo").unwrap().rounds;
        self.world.clock.advance(Duration::from_mins(1));
        self.rounds(rounds + 1).await;
    }

    /// Somebody opens a ticket in HaloPSA.
    async fn opened(&self, summary: &str) -> i64 {
        let client = client(&self.world.sandbox);
        let kind = self.world.sandbox.id_of("TicketType", "Incident").unwrap();
        let draft = TicketDraft::new().summary(summary).tickettype_id(halopsa::TicketTypeId(kind));
        let opened = client.tickets().create_one(&draft).await.unwrap();
        let halopsa::Outcome::Done(ticket) = opened else { panic!("it is there") };
        ticket.id.map(|TicketId(id)| id).unwrap()
    }

    /// Nothing else is told without more time passing.
    async fn nothing_more(&mut self) {
        assert!(!self.world.soon(|h| matches!(h, Happening::EventDecided { .. })).await);
    }

    /// Waits for the next decision about a ticket; its outcome and what the event said had changed.
    async fn decided(&mut self) -> (Outcome, serde_json::Value) {
        let decided = self.world.until(|h| matches!(h, Happening::EventDecided { .. })).await;
        let Happening::EventDecided { event, outcome, .. } = decided else { unreachable!() };
        let entry = self.world.store.read(move |reader| reader.event(event)).await.unwrap().unwrap();
        (outcome, entry.event.value()["change"].clone())
    }

    fn ticket(&self, id: i64) -> Ticket {
        self.world.sandbox.ticket(id).unwrap()
    }

    async fn operations(&self) -> usize {
        let counts = self.world.store.counts().await.unwrap();
        (counts.done_operations + counts.waiting_operations + counts.unclear_operations) as usize
    }
}

#[tokio::test]
async fn a_rule_works_on_a_ticket_that_somebody_opened_and_hears_nothing_of_its_own_doing() {
    let mut tickets = Tickets::new().await;
    let id = tickets.opened("The wifi is slow").await;
    tickets.minute().await;
    let (outcome, change) = tickets.decided().await;
    assert_eq!((outcome, &change), (Outcome::UpdateTicket, &json!({"kind": "created"})));
    tickets.world.until_done(OperationKind::AddNote).await;
    assert_eq!(tickets.ticket(id).team, "NOC");
    tickets.minute().await;
    let (outcome, change) = tickets.decided().await;
    assert_eq!((outcome, change), (Outcome::Unmatched, json!({"kind": "changed", "ours": true})));
    assert_eq!(tickets.operations().await, 2, "nothing more is done");
    tickets.minute().await;
    tickets.nothing_more().await;
}

#[tokio::test]
async fn a_change_says_from_what_to_what_also_of_a_ticket_that_was_there_before() {
    let sandbox = SandboxConfig { past_tickets: 30, ..SandboxConfig::default() };
    let mut tickets = Tickets::with(|_| {}, sandbox).await;
    let ticket = tickets.world.open().remove(0);
    let (id, before) = (ticket.id, ticket.agent);
    let agent = if before == "Rita Solberg" { "Dev Chandra" } else { "Rita Solberg" };
    tickets.world.sandbox.assign(id, agent).unwrap();
    tickets.minute().await;
    let (outcome, change) = tickets.decided().await;
    assert_eq!(outcome, Outcome::AddNote, "{change}");
    assert_eq!(
        (&change["kind"], &change["agent"]),
        (&json!("changed"), &json!({"from": before, "to": agent}))
    );
    tickets.world.until_done(OperationKind::AddNote).await;
    let noted = tickets.world.sandbox.actions(id);
    assert!(noted.iter().any(|action| action.note.contains(&format!("was {before}"))), "{noted:?}");
}

#[tokio::test]
async fn a_ticket_that_waits_for_its_user_for_a_week_is_chased_once() {
    let mut tickets = Tickets::new().await;
    let id = tickets.opened("Printer").await;
    tickets.minute().await;
    tickets.decided().await;
    tickets.world.sandbox.set_status(id, "With User").unwrap();
    tickets.minute().await;
    assert_eq!(tickets.decided().await.0, Outcome::Waiting);
    tickets.world.clock.advance(Duration::from_hours(7 * 24));
    tickets.world.until_done(OperationKind::AddNote).await;
    let chased = || tickets.world.sandbox.actions(id).iter().filter(|a| a.note.contains("No answer")).count();
    assert_eq!(chased(), 1);
}

#[tokio::test]
async fn a_reader_that_was_stopped_goes_on_where_it_was_and_tells_nothing_twice() {
    let mut tickets = Tickets::new().await;
    tickets.opened("one").await;
    tickets.minute().await;
    tickets.decided().await;
    tickets.feeds.take().unwrap().stop().await;
    // A weekend passes; what happened then is read in parts.
    tickets.world.clock.advance(Duration::from_hours(30));
    tickets.opened("two").await;
    tickets.world.clock.advance(Duration::from_hours(20));
    tickets.opened("three").await;
    tickets.read_on();
    for _ in 0..2 {
        assert_eq!(tickets.decided().await.1, json!({"kind": "created"}));
    }
    tickets.minute().await;
    tickets.nothing_more().await;
}

#[tokio::test]
async fn deleted_and_merged_tickets_are_over() {
    let mut tickets = Tickets::new().await;
    let (first, second) = (tickets.opened("one").await, tickets.opened("two").await);
    tickets.minute().await;
    for _ in 0..2 {
        tickets.decided().await;
    }
    tickets.world.sandbox.merge_ticket(first, second).unwrap();
    tickets.minute().await;
    assert_eq!(tickets.decided().await.1["kind"], "merged");
    tickets.world.sandbox.delete_ticket(second).unwrap();
    for _ in 0..10 {
        tickets.minute().await;
    }
    assert_eq!(tickets.decided().await.1["kind"], "deleted");
}

#[tokio::test]
async fn what_is_deleted_while_nobody_reads_is_told_afterwards() {
    let mut tickets = Tickets::new().await;
    let id = tickets.opened("one").await;
    tickets.minute().await;
    tickets.decided().await;
    tickets.feeds.take().unwrap().stop().await;
    tickets.world.sandbox.delete_ticket(id).unwrap();
    tickets.world.clock.advance(Duration::from_hours(30));
    tickets.read_on();
    assert_eq!(tickets.decided().await.1["kind"], "deleted");
}

#[tokio::test]
async fn a_ticket_of_ours_is_known_by_its_marker_wherever_that_stands() {
    for place in [MarkerPlace::ThirdPartyId, MarkerPlace::SupplierReference, MarkerPlace::Details] {
        let mut tickets = Tickets::marked(place, |_| {}, SandboxConfig::default()).await;
        let long = "word ".repeat(1_500);
        tickets.world.rules.send_replace(rules(&format!(
            "rules: [{{ id: alert, from: test, then: {{ open_ticket: {{ type: Incident, details: \"{long}\" }} }} }}]"
        )));
        tickets.world.event("disk", "srv", "firing").await;
        tickets.world.until_done(OperationKind::OpenTicket).await;
        tickets.minute().await;
        assert_eq!(tickets.decided().await.1, json!({"kind": "created", "ours": true}));
    }
}

#[tokio::test]
async fn what_was_open_before_is_told_once_where_the_source_says_so() {
    let sandbox = SandboxConfig { past_tickets: 30, ..SandboxConfig::default() };
    let mut tickets = Tickets::with(|config| config.existing = true, sandbox).await;
    let open = tickets.world.open().len();
    assert!(open > 1, "some are open");
    for _ in 0..open {
        assert_eq!(tickets.decided().await.1, json!({"kind": "seen"}));
    }
    tickets.minute().await;
    tickets.nothing_more().await;
}

#[tokio::test]
async fn a_source_of_new_tickets_tells_nothing_of_their_changes() {
    let mut tickets = Tickets::with(|config| config.tickets = Told::Created, SandboxConfig::default()).await;
    let id = tickets.opened("Printer").await;
    tickets.minute().await;
    assert_eq!(tickets.decided().await.1["kind"], "created");
    tickets.world.sandbox.set_status(id, "With User").unwrap();
    tickets.minute().await;
    tickets.nothing_more().await;
}

#[tokio::test]
async fn who_answers_each_of_our_changes_with_one_of_its_own_is_not_answered_for_ever() {
    let mut tickets = Tickets::new().await;
    let id = tickets.opened("Printer").await;
    tickets.world.sandbox.set_field(id, "team", "Projects").unwrap();
    for _ in 0..10 {
        tickets.minute().await;
        assert_eq!(tickets.decided().await.0, Outcome::UpdateTicket);
        tickets.world.until_done(OperationKind::UpdateTicket).await;
        // HaloPSA's own rule sets it back, before our change is read.
        let low = tickets.world.sandbox.id_of("Priority", "Low").unwrap();
        tickets.world.sandbox.set_field(id, "priority_id", low).unwrap();
        tickets
            .world
            .sandbox
            .set_field(id, "summary", format!("Printer {}", tickets.operations().await))
            .unwrap();
    }
    tickets.minute().await;
    assert_eq!(tickets.decided().await.0, Outcome::Limited);
    assert_eq!(tickets.operations().await, 10);
}

#[tokio::test]
async fn a_webhook_that_tells_of_a_change_has_it_read_at_once_but_never_more_often_than_every_ten_seconds() {
    let mut tickets = Tickets::new().await;
    let waker = tickets.feeds.as_ref().unwrap().waker();
    tickets.world.clock.advance(Duration::from_secs(20));
    tickets.opened("one").await;
    waker.wake("halo");
    assert_eq!(tickets.decided().await.1["kind"], "created");
    tickets.opened("two").await;
    waker.wake("halo");
    tickets.nothing_more().await;
    tickets.world.clock.advance(Duration::from_secs(10));
    assert_eq!(tickets.decided().await.1["kind"], "created");
}
