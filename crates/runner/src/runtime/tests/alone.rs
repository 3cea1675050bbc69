//! What comes alone takes the short way: decided and marked by one commit, and sent without a look into the outbox.

use halopsa::{Budget, Query};

use super::*;
use crate::decider::Ways;
use crate::dispatcher::{Dispatcher, Shortcut};
use crate::store::Operation;

const HELD: &str = "
rules:
  - id: held
    when: { check: held }
    key: held/${event.device.name}
    hold: 10m
    then: { open_ticket: { type: Incident } }
  - id: child
    when: { check: child }
    key: child/${event.device.name}
    then: { open_ticket: { type: Incident, parent: 4711 } }
  - id: any
    key: any/${event.device.name}
    then: { open_ticket: { type: Incident, again: { do: note, at_most: 0s } } }
";

/// A decider without a dispatcher, or with one.
struct Half {
    world: World,
    shortcut: Shortcut,
    outbox: Arc<Notify>,
    happenings: broadcast::Receiver<Happening>,
    decider: Decider,
    stop: watch::Sender<bool>,
}

impl Half {
    async fn new() -> Self {
        let mut world = World::new().await;
        drop(world.runtime.take());
        world.folder = tempfile::tempdir().unwrap();
        world.store = Store::open(world.folder.path().join("haloward.db"), Limits::default()).unwrap();
        world.rules.send_replace(rules(HELD));
        let (stop, stopped) = watch::channel(false);
        let (sender, happenings) = broadcast::channel(100);
        let (shortcut, outbox) = (Shortcut::default(), Arc::new(Notify::new()));
        let ways = Ways {
            outbox: Arc::clone(&outbox),
            notices: Arc::new(Notify::new()),
            shortcut: shortcut.clone(),
        };
        let decider = Decider::start(
            world.store.clone(),
            world.rules.subscribe(),
            Arc::new(SharedClock(world.clock.clone(), SignedDuration::ZERO)),
            sender,
            ways,
            stopped,
            Metrics::default(),
        )
        .unwrap();
        Self { world, shortcut, outbox, happenings, decider, stop }
    }

    async fn decided(&mut self, events: usize) {
        for _ in 0..events {
            let next = tokio::time::timeout(HANGS, self.happenings.recv());
            assert!(matches!(next.await.unwrap().unwrap(), Happening::EventDecided { .. }));
        }
    }

    async fn operations(&self, state: OperationState) -> Vec<Operation> {
        self.world.store.operations(state, 100).await.unwrap()
    }

    /// Lets time pass until an operation stands so.
    async fn until(&self, state: OperationState) {
        let stands = tokio::time::timeout(HANGS, async {
            while self.operations(state).await.is_empty() {
                self.world.clock.advance(Duration::from_millis(100));
                tokio::task::yield_now().await;
            }
        });
        stands.await.unwrap();
    }

    async fn opened(&self) {
        let opened = tokio::time::timeout(HANGS, async {
            while !self.shortcut.is_open() {
                tokio::task::yield_now().await;
            }
        });
        opened.await.unwrap();
    }

    async fn stop(&self, dispatcher: JoinHandle<()>) {
        self.stop.send_replace(true);
        tokio::time::timeout(HANGS, dispatcher).await.unwrap().unwrap();
    }

    fn dispatch(&self, client: Client) -> JoinHandle<()> {
        let clock: Arc<dyn Clock> = Arc::new(SharedClock(self.world.clock.clone(), SignedDuration::ZERO));
        let dispatcher = Dispatcher {
            store: self.world.store.clone(),
            catalogue: CatalogueCache::new(&client, Arc::clone(&clock), None, CATALOGUE_EVERY),
            client,
            wire: watch::channel(Arc::default()).1,
            clock,
            desk: self.decider.desk(),
            happenings: broadcast::channel(100).0,
            outbox: Arc::clone(&self.outbox),
            shortcut: self.shortcut.clone(),
            pace: Pace::default(),
            metrics: Metrics::default(),
            connection: Connection::default(),
        };
        tokio::spawn(dispatcher.run(self.stop.subscribe()))
    }
}

#[tokio::test]
async fn one_alert_is_decided_and_marked_as_going_out_by_one_commit() {
    let mut half = Half::new().await;
    let mut entrance = half.shortcut.open();
    half.world.event("any", "a", "firing").await;
    let handed = tokio::time::timeout(HANGS, entrance.next()).await.unwrap().unwrap();
    handed.committed.await.expect("it became durable");
    let counts = half.world.store.counts().await.unwrap();
    assert_eq!((counts.undecided, counts.waiting_operations), (0, 0));
    let sending = half.operations(OperationState::Sending).await;
    let [marked] = sending.as_slice() else { panic!("{sending:?}") };
    assert_eq!((marked.attempts, marked.first_sent_at), (1, Some(half.world.clock.now())));
    let before =
        Operation { state: OperationState::Waiting, attempts: 0, first_sent_at: None, ..marked.clone() };
    assert_eq!(handed.operation, before, "as the outbox would have given it out");
    half.decided(1).await;

    // Its repeat waits for it, and its note goes no way that could pass it.
    let entrance = half.shortcut.open();
    half.world.event("any", "a", "firing").await;
    half.decided(1).await;
    assert!(half.shortcut.is_open());
    assert_eq!(half.operations(OperationState::Waiting).await.len(), 1);
    drop(entrance);
}

#[tokio::test]
async fn several_at_once_and_what_belongs_to_another_ticket_take_the_outbox() {
    let mut half = Half::new().await;
    let entrance = half.shortcut.open();
    half.world.events([("any", "a", "firing"), ("any", "b", "firing")]).await;
    half.decided(2).await;
    half.world.event("child", "c", "firing").await;
    half.decided(1).await;
    assert!(half.shortcut.is_open());
    assert_eq!(half.operations(OperationState::Waiting).await.len(), 3);
    assert!(half.operations(OperationState::Sending).await.is_empty());
    drop(entrance);
}

#[tokio::test]
async fn what_could_not_be_committed_is_not_promised_and_decided_again() {
    let mut half = Half::new().await;
    half.world.event("held", "a", "firing").await;
    half.decided(1).await;
    let mut entrance = half.shortcut.open();
    let other = rusqlite::Connection::open(half.world.folder.path().join("haloward.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    half.world.clock.advance(Duration::from_mins(10));
    let handed = tokio::time::timeout(HANGS, entrance.next()).await.unwrap().unwrap();
    handed.committed.await.expect_err("the store is locked");
    other.execute_batch("ROLLBACK").unwrap();
    // The decider waits a moment after trouble.
    half.until(OperationState::Waiting).await;
    assert!(half.operations(OperationState::Sending).await.is_empty());
}

#[tokio::test]
async fn nothing_is_sent_of_what_was_not_committed_and_the_next_goes_on() {
    let half = Half::new().await;
    let dispatcher = half.dispatch(client(&half.world.sandbox));
    half.opened().await;
    let never = {
        let spare = Half::new().await;
        let mut entrance = spare.shortcut.open();
        spare.world.event("any", "never", "firing").await;
        entrance.next().await.unwrap().operation
    };
    drop(half.shortcut.take().expect("it is open").hand_over(never));
    half.world.event("any", "a", "firing").await;
    half.until(OperationState::Done).await;
    assert_eq!(half.world.tickets().len(), 1);
    assert!(half.world.requests("POST", "/api/Tickets")[0].body.contains("any on a"));
    half.stop(dispatcher).await;
}

#[tokio::test]
async fn what_others_left_no_room_for_waits_for_its_turn() {
    let half = Half::new().await;
    let config = half.world.sandbox.config();
    let credentials = Credentials::new(config.client_id.as_str(), config.client_secret.as_str());
    let client = Client::builder(Site::parse(&half.world.sandbox.url()).unwrap(), credentials)
        .budget(Budget { requests: 60, ..Budget::default() })
        .build()
        .unwrap();
    let dispatcher = half.dispatch(client.clone());
    half.opened().await;
    half.world.event("any", "first", "firing").await;
    half.until(OperationState::Done).await;
    half.opened().await;
    while client.budget().available > 0 {
        client.get("/Status", &Query::new()).await.unwrap();
    }
    half.world.event("any", "second", "firing").await;
    half.until(OperationState::Retry).await;
    let waits = half.operations(OperationState::Retry).await;
    assert_eq!(waits[0].problem.as_deref(), Some("the budget has no room left"));
    assert_eq!(half.world.requests("POST", "/api/Tickets").len(), 1);
    half.stop(dispatcher).await;
}
