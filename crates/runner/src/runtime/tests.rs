//! The whole road against the sandbox HaloPSA: journal, decisions, dispatch, tracking, on a clock the test moves.

mod alone;
mod broken;
mod frugal;
mod hinted;
mod retried;
mod tickets;
mod together;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use halopsa::{Client, Credentials, Site};
use halopsa_sandbox::{AgentAction, Fault, FaultKind, Sandbox, SandboxConfig, Ticket};
use haloward_rules::{Event, Key, Outcome, RuleSet, Settings, Severity, SourceFile};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use super::*;
use crate::clock::Wait;
use crate::config::{ChannelConfig, ChannelFormat, SecretRef, WebhookConfig};
use crate::store::{Limits, NewEvent, OperationKind, OperationState};

/// How long a test may hang before it fails; no test waits for it.
const HANGS: Duration = Duration::from_secs(120);

const RULES: &str = "
rules:
  - id: disk
    when: { check: disk }
    key: disk/${event.device.name}
    then:
      open_ticket: { type: Incident, summary: \"Disk full on ${event.device.name}\", again: { do: note, at_most: 0s } }
  - id: fold
    when: { check: fold }
    key: fold/${event.device.name}
    then: { open_ticket: { type: Incident } }
  - id: held
    when: { check: held }
    key: held/${event.device.name}
    hold: 10m
    then: { open_ticket: { type: Incident } }
  - id: refused
    when: { check: refused }
    key: refused/${event.device.name}
    then: { open_ticket: { type: Incident, fields: { status_id: 4711 } } }
";

/// One clock for us and HaloPSA, ours perhaps set wrong: so much ahead of HaloPSA's, or behind.
#[derive(Debug)]
struct SharedClock(halopsa_sandbox::Clock, SignedDuration);

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.now() + self.1
    }

    fn wait_until(&self, moment: Timestamp) -> Wait<'_> {
        Box::pin(async move {
            while let Ok(left) = Duration::try_from(moment.duration_since(self.now())) {
                if left.is_zero() {
                    return;
                }
                self.0.sleep(left).await;
            }
        })
    }
}

struct World {
    sandbox: Sandbox,
    clock: halopsa_sandbox::Clock,
    folder: tempfile::TempDir,
    runtime: Option<Runtime>,
    store: Store,
    happenings: broadcast::Receiver<Happening>,
    rules: watch::Sender<LiveRules>,
    channels: watch::Sender<BTreeMap<String, Channel>>,
    options: Options,
}

/// What a test wants otherwise than usual.
#[derive(Debug, Clone, Default)]
struct Options {
    pace: Pace,
    wire: WireSettings,
    /// How far our clock is ahead of HaloPSA's.
    ahead: SignedDuration,
}

fn rules(text: &str) -> LiveRules {
    let (rules, findings) = RuleSet::load(&[SourceFile::new("rules/test.yaml", text)], Settings::default());
    assert!(!findings.has_errors(), "{findings:?}");
    LiveRules { rules, version: Arc::from("test") }
}

fn client(sandbox: &Sandbox) -> Client {
    let config = sandbox.config();
    let credentials = Credentials::new(config.client_id.as_str(), config.client_secret.as_str());
    Client::builder(Site::parse(&sandbox.url()).unwrap(), credentials)
        // What is slow in these tests waits for the sandbox's clock, which may stand for as long as a test takes.
        .timeout(HANGS)
        .build()
        .unwrap()
}

impl World {
    async fn new() -> Self {
        Self::with(SandboxConfig::default()).await
    }

    async fn with(config: SandboxConfig) -> Self {
        Self::with_channels(config, BTreeMap::new()).await
    }

    async fn with_channels(config: SandboxConfig, channels: BTreeMap<String, Channel>) -> Self {
        Self::with_options(config, channels, Options::default()).await
    }

    async fn with_clock(
        config: SandboxConfig,
        channels: BTreeMap<String, Channel>,
        ahead: SignedDuration,
    ) -> Self {
        Self::with_options(config, channels, Options { ahead, ..Options::default() }).await
    }

    async fn with_options(
        config: SandboxConfig,
        channels: BTreeMap<String, Channel>,
        options: Options,
    ) -> Self {
        let clock = halopsa_sandbox::Clock::manual("2026-01-05T09:00:00Z".parse().unwrap());
        let config = SandboxConfig {
            clock: clock.clone(),
            rate_limit: None,
            token_lifetime: Duration::from_secs(1 << 30),
            ..config
        };
        let sandbox = Sandbox::start(config).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("haloward.db"), Limits::default()).unwrap();
        let (rules, live) = watch::channel(rules(RULES));
        let (channels, open) = watch::channel(channels);
        let (runtime, happenings) = start(&sandbox, &clock, store.clone(), live, open, options.clone());
        Self { sandbox, clock, folder, runtime: Some(runtime), store, happenings, rules, channels, options }
    }

    async fn event(&self, check: &str, device: &str, state: &str) {
        self.events([(check, device, state)]).await;
    }

    async fn events<'e>(&self, events: impl IntoIterator<Item = (&'e str, &'e str, &'e str)>) {
        let events = events.into_iter().map(|(check, device, state)| {
            let value = json!({
                "source": "test", "check": check, "device": {"name": device}, "state": state,
                "fingerprint": format!("{check}/{device}"), "title": format!("{check} on {device}"),
            });
            NewEvent {
                event: Event::from_json(value, Severity::High).unwrap(),
                source: "test".into(),
                delivery_id: None,
                received_at: self.clock.now() + self.options.ahead,
            }
        });
        self.store.accept(events.collect()).await.unwrap();
    }

    /// The requests of a method to a path so far.
    fn requests(&self, method: &str, path: &str) -> Vec<halopsa_sandbox::RecordedRequest> {
        self.sandbox.snapshot().requests_to(method, path).cloned().collect()
    }

    /// Waits until something happens.
    async fn until(&mut self, wanted: impl Fn(&Happening) -> bool) -> Happening {
        let mut seen = Vec::new();
        let waiting = tokio::time::timeout(HANGS, async {
            loop {
                let happening = self.happenings.recv().await.unwrap();
                if wanted(&happening) {
                    return happening;
                }
                seen.push(happening);
            }
        });
        let found = waiting.await.ok();
        found.unwrap_or_else(|| {
            panic!("it did not happen; instead: {seen:#?}\n{:#?}", self.sandbox.requests())
        })
    }

    /// What happens next without more time passing; none once everything waits for time.
    async fn next_soon(&mut self) -> Option<Happening> {
        const LOOK_EVERY: Duration = Duration::from_millis(5);
        let (mut idle, mut requests) = (0, 0);
        for _ in 0..LOOKS {
            match tokio::time::timeout(LOOK_EVERY, self.happenings.recv()).await {
                Ok(Ok(happening)) => return Some(happening),
                Ok(Err(RecvError::Closed)) => return None,
                Ok(Err(RecvError::Lagged(_))) => continue,
                Err(_) if idle == IDLE_LOOKS => return None,
                Err(_) => {}
            }
            let before = std::mem::replace(&mut requests, self.sandbox.requests().len());
            idle = if requests == before && other_threads_wait() { idle + 1 } else { 0 };
        }
        None
    }

    /// Whether something happens without more time passing.
    async fn soon(&mut self, wanted: impl Fn(&Happening) -> bool) -> bool {
        while let Some(happening) = self.next_soon().await {
            if wanted(&happening) {
                return true;
            }
        }
        false
    }

    async fn until_done(&mut self, kind: OperationKind) -> Happening {
        self.until(|h| matches!(h, Happening::OperationDone { kind: done, .. } if *done == kind)).await
    }

    async fn until_delayed(&mut self) {
        self.until(|h| matches!(h, Happening::OperationDelayed { .. })).await;
    }

    fn tickets(&self) -> Vec<Ticket> {
        self.sandbox.tickets()
    }

    fn open(&self) -> Vec<Ticket> {
        self.tickets().into_iter().filter(|ticket| !ticket.closed && !ticket.deleted).collect()
    }

    /// The process is killed: what it had not written is gone, and another starts with its files.
    fn crash(&mut self) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["haloward.db", "haloward.db-wal"] {
            std::fs::copy(self.folder.path().join(name), folder.path().join(name)).unwrap();
        }
        drop(self.runtime.take());
        self.store = Store::open(folder.path().join("haloward.db"), Limits::default()).unwrap();
        self.folder = folder;
        let live = self.rules.subscribe();
        let (channels, options) = (self.channels.subscribe(), self.options.clone());
        let (runtime, happenings) =
            start(&self.sandbox, &self.clock, self.store.clone(), live, channels, options);
        (self.runtime, self.happenings) = (Some(runtime), happenings);
    }
}

/// How often in a row nothing may be seen to move until everything is taken to wait for time.
const IDLE_LOOKS: u32 = 10;

/// How often it is looked at most: where tests share a process, another's threads may never rest.
const LOOKS: u32 = 400;

/// Whether all threads of this process but this one wait for something. The tasks of a test share its thread, so that
/// none of them is at work while it looks; the store and the decider have threads of their own, which on a busy
/// machine or a slow disk take as long as they take. Where this cannot be known it is taken to be so.
fn other_threads_wait() -> bool {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return true };
    let this = std::fs::read_link("/proc/thread-self").unwrap_or_default();
    threads.flatten().filter(|thread| Some(thread.file_name().as_os_str()) != this.file_name()).all(
        |thread| {
            let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            // The name, in brackets, may hold anything; the state is the letter after it.
            stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('S'))
        },
    )
}

fn start(
    sandbox: &Sandbox,
    clock: &halopsa_sandbox::Clock,
    store: Store,
    rules: watch::Receiver<LiveRules>,
    channels: watch::Receiver<BTreeMap<String, Channel>>,
    options: Options,
) -> (Runtime, broadcast::Receiver<Happening>) {
    let config = RuntimeConfig {
        clock: Arc::new(SharedClock(clock.clone(), options.ahead)),
        channels,
        pace: options.pace,
        wire: watch::channel(Arc::new(options.wire)).1,
        ..RuntimeConfig::new(store, rules, client(sandbox))
    };
    let runtime = Runtime::start(config).unwrap();
    let happenings = runtime.subscribe();
    (runtime, happenings)
}

#[tokio::test]
async fn an_alert_becomes_a_ticket_its_repeat_a_note_and_its_end_a_resolution() {
    let mut world = World::new().await;
    world.event("disk", "srv-01", "firing").await;
    world.until(|h| matches!(h, Happening::EventDecided { outcome: Outcome::OpenTicket, .. })).await;
    world.until_done(OperationKind::OpenTicket).await;
    assert_eq!(world.tickets().len(), 1);
    let ticket = world.tickets().remove(0);
    assert_eq!(ticket.summary, "Disk full on srv-01");
    assert_eq!(ticket.emails, 0, "no acknowledgement at 3 a.m.");

    world.clock.advance(Duration::from_mins(1));
    world.event("disk", "srv-01", "firing").await;
    world.until_done(OperationKind::AddNote).await;
    let actions = world.sandbox.actions(ticket.id);
    assert_eq!(actions.len(), 1);
    assert!(actions[0].hidden_from_user && actions[0].note.contains("Fires again"), "{actions:?}");

    world.clock.advance(Duration::from_mins(1));
    world.event("disk", "srv-01", "resolved").await;
    world.until_done(OperationKind::ResolveTicket).await;
    let ticket = world.sandbox.ticket(ticket.id).unwrap();
    assert!(ticket.closed || ticket.status == "Resolved", "{}", ticket.status);
    assert_eq!(ticket.actions.len(), 2);
    assert_eq!(world.tickets().len(), 1);
}

#[tokio::test]
async fn repeats_are_one_note_that_is_rewritten() {
    let mut world = World::new().await;
    world.event("fold", "a", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
    for _ in 0..3 {
        world.event("fold", "a", "firing").await;
    }
    world.until_done(OperationKind::AddNote).await;
    world.clock.advance(Duration::from_secs(3_601));
    world.until(|h| matches!(h, Happening::TimerFired { .. })).await;
    world.until_done(OperationKind::AddNote).await;
    let actions = world.sandbox.actions(world.tickets()[0].id);
    assert_eq!(actions.len(), 1, "{actions:?}");
    assert!(actions[0].note.contains("seen 4 times"), "{}", actions[0].note);
}

#[tokio::test]
async fn every_operation_has_the_trace_of_the_event_that_it_follows_from() {
    let mut world = World::new().await;
    for (trace, state, kind) in [
        ("4bf92f3577b34da6a3ce929d0e0e4736", "firing", OperationKind::OpenTicket),
        ("0af7651916cd43dd8448eb211c80319c", "firing", OperationKind::AddNote),
        ("b7ad6b7169203331b7ad6b7169203331", "resolved", OperationKind::ResolveTicket),
    ] {
        let event = json!({"source": "test", "check": "disk", "device": {"name": "a"}, "state": state, "fingerprint": "f"});
        let event = Event::from_json(event, Severity::High).unwrap().traced(trace);
        let received_at = world.clock.now();
        let new = NewEvent { event, source: "test".into(), delivery_id: None, received_at };
        world.store.accept(vec![new]).await.unwrap();
        let decided = world.until(|h| matches!(h, Happening::EventDecided { .. })).await;
        assert!(
            matches!(&decided, Happening::EventDecided { trace: Some(t), .. } if t == trace),
            "{decided:?}"
        );
        let done = world.until_done(kind).await;
        let Happening::OperationDone { operation, .. } = done else { unreachable!() };
        let kept = world.store.read(move |reader| reader.operation(operation)).await.unwrap().unwrap();
        assert_eq!(kept.trace(), Some(trace));
    }
}

/// What may go wrong with a write, and the tickets there must be in the end.
async fn check_creation(fault: Fault) {
    let label = format!("{fault:?}");
    let mut world = World::new().await;
    world.sandbox.faults().inject(fault);
    world.event("disk", "srv-01", "firing").await;
    let done = world
        .until(|h| matches!(h, Happening::OperationDone { .. } | Happening::OperationDelayed { .. }))
        .await;
    if matches!(done, Happening::OperationDelayed { .. }) {
        world.clock.advance(Duration::from_secs(301));
        world.until_done(OperationKind::OpenTicket).await;
    }
    world.event("disk", "srv-01", "resolved").await;
    world.until_done(OperationKind::ResolveTicket).await;
    assert_eq!(world.tickets().len(), 1, "{label}");
}

#[tokio::test]
async fn an_answer_that_is_lost_costs_no_ticket_and_makes_no_second() {
    let post = |kind| Fault::once(kind).on("POST", "/api/Tickets");
    check_creation(post(FaultKind::ErrorAfterCommit { status: 500 })).await;
    check_creation(post(FaultKind::ErrorBeforeCommit { status: 503 })).await;
    check_creation(post(FaultKind::CutAfterCommit)).await;
    check_creation(post(FaultKind::CutBeforeCommit)).await;
    check_creation(post(FaultKind::HtmlBadGateway { after_commit: true })).await;
    check_creation(post(FaultKind::TruncatedJson)).await;
    check_creation(post(FaultKind::TokenRevoked)).await;
}

#[tokio::test]
async fn a_ticket_that_is_committed_late_is_found_before_it_is_written_again() {
    let mut world = World::new().await;
    let late = FaultKind::CommitAfterCut { seconds: 5 };
    world.sandbox.faults().inject(Fault::once(late).on("POST", "/api/Tickets"));
    world.event("disk", "srv-01", "firing").await;
    world.until_delayed().await;
    assert!(world.tickets().is_empty());
    world.clock.advance(Duration::from_secs(5));
    world.sandbox.wait_for(|now| now.tickets.len() == 1, HANGS).await.unwrap();
    world.clock.advance(Duration::from_secs(5));
    let done = world.until_done(OperationKind::OpenTicket).await;
    assert!(matches!(done, Happening::OperationDone { adopted: true, .. }), "{done:?}");
    assert_eq!(world.tickets().len(), 1);
}

#[tokio::test]
async fn a_ticket_that_is_committed_too_late_is_closed_and_leads_to_the_first() {
    let mut world = World::new().await;
    let late = FaultKind::CommitAfterCut { seconds: 15 };
    world.sandbox.faults().inject(Fault::once(late).on("POST", "/api/Tickets"));
    world.event("disk", "srv-01", "firing").await;
    world.until_delayed().await;
    world.clock.advance(Duration::from_secs(10));
    world.until_done(OperationKind::OpenTicket).await;
    let first = world.tickets().remove(0);
    world.clock.advance(Duration::from_secs(5));
    world.sandbox.wait_for(|now| now.tickets.len() == 2, HANGS).await.unwrap();
    world.clock.advance(Duration::from_secs(5));
    world.until(|h| matches!(h, Happening::DuplicateClosed { .. })).await;
    assert_eq!(world.open().iter().map(|ticket| ticket.id).collect::<Vec<_>>(), [first.id]);
    let duplicate = world.tickets().into_iter().find(|ticket| ticket.id != first.id).unwrap();
    assert!(duplicate.actions[0].note.contains(&first.id.to_string()), "{:?}", duplicate.actions);
}

#[tokio::test]
async fn a_clock_of_ours_that_is_minutes_wrong_hides_no_ticket_and_no_change() {
    for minutes in [-20, 20] {
        let ahead = SignedDuration::from_mins(minutes);
        let mut world = World::with_clock(SandboxConfig::default(), BTreeMap::new(), ahead).await;
        world.sandbox.faults().inject(Fault::once(FaultKind::CutAfterCommit).on("POST", "/api/Tickets"));
        world.event("disk", "srv-01", "firing").await;
        let done = world.until_done(OperationKind::OpenTicket).await;
        assert!(matches!(done, Happening::OperationDone { adopted: true, .. }), "{minutes}: {done:?}");
        assert_eq!(world.tickets().len(), 1, "{minutes}");

        world.clock.advance(Duration::from_secs(10));
        world.sandbox.close_ticket(world.tickets()[0].id).unwrap();
        world.clock.advance(Duration::from_mins(1));
        world
            .until(
                |h| matches!(h, Happening::CaseReported { reason: Some(why), .. } if why.contains("closed")),
            )
            .await;
    }
}

#[tokio::test]
async fn a_note_whose_answer_is_lost_is_there_once() {
    let mut world = World::new().await;
    world.event("disk", "srv-01", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
    let ticket = world.tickets()[0].id;
    for fault in [FaultKind::CutAfterCommit, FaultKind::CutBeforeCommit] {
        world.sandbox.faults().inject(Fault::once(fault).on("POST", "/api/Actions"));
        world.event("disk", "srv-01", "firing").await;
        let happened = world
            .until(|h| matches!(h, Happening::OperationDone { .. } | Happening::OperationDelayed { .. }))
            .await;
        if matches!(happened, Happening::OperationDelayed { .. }) {
            world.clock.advance(Duration::from_secs(10));
            world.until_done(OperationKind::AddNote).await;
        }
    }
    assert_eq!(world.sandbox.actions(ticket).len(), 2);
}

#[tokio::test]
async fn a_note_that_is_committed_too_late_is_deleted_again() {
    let mut world = World::new().await;
    world.event("disk", "srv-01", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
    let ticket = world.tickets()[0].id;
    let late = FaultKind::CommitAfterCut { seconds: 60 };
    world.sandbox.faults().inject(Fault::once(late).on("POST", "/api/Actions"));
    world.event("disk", "srv-01", "firing").await;
    world.until_delayed().await;
    world.clock.advance(Duration::from_secs(10));
    world.until_done(OperationKind::AddNote).await;
    // Looked for at once, again before it was written again, and once more after that: one note so far.
    world.clock.advance(Duration::from_secs(10));
    let looks = |now: &halopsa_sandbox::Snapshot| {
        now.requests.iter().filter(|r| r.method == "GET" && r.path.starts_with("/api/Actions")).count()
    };
    world.sandbox.wait_for(|now| looks(now) == 3, HANGS).await.unwrap();
    let notes = |now: &halopsa_sandbox::Snapshot| now.tickets[0].actions.len();
    assert_eq!(world.sandbox.actions(ticket).len(), 1);
    world.clock.advance(Duration::from_secs(40));
    world.sandbox.wait_for(|now| notes(now) == 2, HANGS).await.unwrap();
    world.clock.advance(Duration::from_mins(4));
    world.sandbox.wait_for(|now| notes(now) == 1, HANGS).await.unwrap();
}

#[tokio::test]
async fn a_crash_while_a_ticket_is_written_leaves_one_ticket() {
    // The process dies before the request is carried out, and when it was and the answer is on its way.
    for (fault, carried_out) in
        [(FaultKind::Latency { ms: 60_000 }, false), (FaultKind::SlowBody { ms: 60_000 }, true)]
    {
        let mut world = World::new().await;
        world.sandbox.faults().inject(Fault::once(fault).on("POST", "/api/Tickets"));
        world.event("disk", "srv-01", "firing").await;
        let there = |now: &halopsa_sandbox::Snapshot| {
            now.requests_to("POST", "/api/Tickets").any(|r| !carried_out || r.status.is_some())
        };
        world.sandbox.wait_for(there, HANGS).await.unwrap();
        let sending = world.store.operations(OperationState::Sending, 10).await.unwrap();
        assert_eq!(sending.len(), 1, "marked before its request");
        world.crash();
        let opened = loop {
            let done = |h: &Happening| {
                matches!(h, Happening::OperationDone { .. } | Happening::OperationDelayed { .. })
            };
            match world.until(done).await {
                Happening::OperationDone { adopted, .. } => break adopted,
                _ => world.clock.advance(Duration::from_mins(1)),
            }
        };
        assert_eq!(opened, carried_out, "found, or written once more");
        assert_eq!(world.tickets().len(), 1);
        world.event("disk", "srv-01", "resolved").await;
        world.until_done(OperationKind::ResolveTicket).await;
        let tickets = world.tickets();
        assert_eq!((tickets.len(), tickets[0].status.as_str()), (1, "Resolved"));
    }
}

#[tokio::test]
async fn what_was_answered_is_decided_after_a_crash_once() {
    let mut world = World::new().await;
    drop(world.runtime.take());
    let names: Vec<String> = (0..20).map(|number| format!("srv-{number}")).collect();
    world.events(names.iter().map(|name| ("disk", name.as_str(), "firing"))).await;
    world.crash();
    for _ in 0..20 {
        world.until_done(OperationKind::OpenTicket).await;
    }
    world.crash();
    world.event("disk", "srv-0", "firing").await;
    world.until_done(OperationKind::AddNote).await;
    let mut by_summary: HashMap<String, u32> = HashMap::new();
    for ticket in world.tickets() {
        *by_summary.entry(ticket.summary).or_default() += 1;
    }
    assert_eq!(by_summary.len(), 20);
    assert!(by_summary.values().all(|count| *count == 1), "{by_summary:?}");
}

#[tokio::test]
async fn operations_wait_while_halopsa_is_away_and_nothing_is_lost() {
    let mut world = World::new().await;
    world
        .sandbox
        .faults()
        .inject(Fault::once(FaultKind::CutBeforeCommit).on("POST", "/auth/token").times(100));
    world.events([("disk", "a", "firing"), ("disk", "b", "firing")]).await;
    world.until_delayed().await;
    world.sandbox.faults().clear();
    let mut done = 0;
    while done < 2 {
        world.clock.advance(Duration::from_secs(61));
        let happened = world
            .until(|h| matches!(h, Happening::OperationDone { .. } | Happening::OperationDelayed { .. }))
            .await;
        done += u32::from(matches!(happened, Happening::OperationDone { .. }));
    }
    assert_eq!(world.tickets().len(), 2);
}

#[tokio::test]
async fn what_halopsa_refuses_is_kept_with_its_story_and_blocks_nobody() {
    let mut world = World::new().await;
    world.event("refused", "a", "firing").await;
    let failed = world.until(|h| matches!(h, Happening::OperationFailed { .. })).await;
    let Happening::OperationFailed { operation, problem, .. } = failed else { unreachable!() };
    assert!(problem.contains("FOREIGN KEY"), "{problem}");
    world.event("disk", "b", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
    let (dead, story) = world.store.dead_letters(10).await.unwrap().remove(0);
    assert_eq!(dead.id, operation);
    let story: serde_json::Value = serde_json::from_str(&story).unwrap();
    assert_eq!(story["request"]["body"][0]["status_id"], 4711);
    assert_eq!(story["status"], 400);
    let controls = world.runtime.as_ref().unwrap().controls().unwrap();
    controls.retry(&dead, None).await.unwrap();
    world.until(|h| matches!(h, Happening::OperationFailed { .. })).await;
    controls.give_up(dead.id, "the rule was wrong").await.unwrap();
    assert_eq!(world.store.counts().await.unwrap().dead_operations, 0);
    let case = world.store.read(|reader| reader.case(&Key::new("refused/a"))).await.unwrap().unwrap();
    assert!(!case.is_alive(), "the next alert is no repeat of a ticket that never was");
}

#[tokio::test]
async fn a_ticket_somebody_works_on_is_not_closed() {
    let mut world = World::new().await;
    world.event("disk", "srv-01", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
    let ticket = world.tickets()[0].id;
    world.clock.advance(Duration::from_secs(5));
    world
        .sandbox
        .add_agent_action(ticket, &AgentAction { note: "looking".into(), ..AgentAction::default() })
        .unwrap();
    world.event("disk", "srv-01", "resolved").await;
    world.until_done(OperationKind::ResolveTicket).await;
    let after = world.sandbox.ticket(ticket).unwrap();
    assert!(!after.closed && after.status != "Resolved", "{}", after.status);
    assert_eq!(after.actions.len(), 2, "the technician's and our note");
    let case = world.store.read(|reader| reader.case(&Key::new("disk/srv-01"))).await.unwrap().unwrap();
    assert!(case.ticket.touched && case.is_alive());
}

#[tokio::test]
async fn a_ticket_closed_in_halopsa_closes_its_case() {
    let mut world = World::new().await;
    world.event("disk", "srv-01", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
    let ticket = world.tickets()[0].id;
    world.clock.advance(Duration::from_secs(5));
    world.sandbox.close_ticket(ticket).unwrap();
    world.clock.advance(Duration::from_mins(1));
    world
        .until(|h| matches!(h, Happening::CaseReported { reason: Some(why), .. } if why.contains("closed")))
        .await;
    world.event("disk", "srv-01", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
    assert_eq!(world.tickets().len(), 2, "the problem came back after somebody had closed its ticket");
}

#[tokio::test]
async fn an_assigned_ticket_is_known_to_be_worked_on() {
    let mut world = World::new().await;
    world.event("disk", "srv-01", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
    world.clock.advance(Duration::from_secs(5));
    world.sandbox.assign(world.tickets()[0].id, "Rita Solberg").unwrap();
    world.clock.advance(Duration::from_mins(1));
    world
        .until(
            |h| matches!(h, Happening::CaseReported { reason: Some(why), .. } if why.contains("worked on")),
        )
        .await;
}

#[tokio::test]
async fn timers_that_fell_due_while_down_fire_once() {
    let mut world = World::new().await;
    world.event("held", "a", "firing").await;
    world.until(|h| matches!(h, Happening::EventDecided { outcome: Outcome::Waiting, .. })).await;
    drop(world.runtime.take());
    world.clock.advance(Duration::from_hours(1));
    world.crash();
    world.until(|h| matches!(h, Happening::TimerFired { outcome: Outcome::OpenTicket, .. })).await;
    world.until_done(OperationKind::OpenTicket).await;
    assert_eq!(world.store.counts().await.unwrap().timers, 0);
    assert_eq!(world.tickets().len(), 1);
}

#[tokio::test]
async fn new_rules_decide_from_the_next_event_on() {
    let mut world = World::new().await;
    world.event("other", "a", "firing").await;
    world.until(|h| matches!(h, Happening::EventDecided { outcome: Outcome::Unmatched, .. })).await;
    world.rules.send_replace(rules("rules: [{ id: all, then: { open_ticket: { type: Incident } } }]"));
    world.event("other", "a", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
}

#[tokio::test]
async fn creations_go_one_at_a_time() {
    let mut world = World::with(SandboxConfig { numbering_race: true, ..SandboxConfig::default() }).await;
    world.events([("disk", "a", "firing"), ("disk", "b", "firing"), ("disk", "c", "firing")]).await;
    let mut done = 0;
    while done < 3 {
        tokio::select! {
            happened = world.happenings.recv() => done += u32::from(matches!(happened.unwrap(), Happening::OperationDone { .. })),
            () = tokio::task::yield_now() => world.clock.advance(Duration::from_millis(1)),
        }
    }
    assert_eq!(world.tickets().len(), 3);
    let refused = world.sandbox.requests().iter().filter(|request| request.status == Some(400)).count();
    assert_eq!(refused, 0, "none raced with another for its number");
}

#[tokio::test]
async fn stopping_finishes_what_is_in_flight() {
    let mut world = World::new().await;
    world.event("disk", "a", "firing").await;
    world.until(|h| matches!(h, Happening::EventDecided { .. })).await;
    let stopped = world.runtime.take().unwrap().stop(HANGS).await;
    assert_eq!(stopped, Stopped::Finished);
    let counts = world.store.counts().await.unwrap();
    assert_eq!(counts.unclear_operations, 0, "nothing is left half-way");
    assert_eq!(counts.waiting_operations + counts.done_operations, 1);
}

#[tokio::test]
async fn merged_and_deleted_tickets_close_their_cases() {
    let mut world = World::new().await;
    world.events([("disk", "a", "firing"), ("disk", "b", "firing"), ("disk", "c", "firing")]).await;
    for _ in 0..3 {
        world.until_done(OperationKind::OpenTicket).await;
    }
    let ids: Vec<i64> = world.tickets().iter().map(|ticket| ticket.id).collect();
    world.clock.advance(Duration::from_secs(5));
    world.sandbox.merge_ticket(ids[0], ids[2]).unwrap();
    world.sandbox.delete_ticket(ids[1]).unwrap();
    let mut closed = 0;
    while closed < 2 {
        world.clock.advance(Duration::from_secs(30));
        let report = |h: &Happening| matches!(h, Happening::CaseReported { .. });
        closed += u32::from(world.soon(report).await);
    }
    world.event("disk", "c", "resolved").await;
    world.until_done(OperationKind::ResolveTicket).await;
    assert_eq!(world.store.counts().await.unwrap().open_cases, 0);
}

/// Writes that fail in every way, and a process that is killed again and again: nothing lost, nothing twice.
#[tokio::test]
async fn random_faults_and_crashes_lose_nothing_and_double_nothing() {
    for seed in 0..6 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut world = World::new().await;
        let devices: Vec<String> = (0..6).map(|number| format!("srv-{number}")).collect();
        let mut notes = HashMap::new();
        for round in 0..4 {
            for device in &devices {
                if random.u8(0..100) < 60 {
                    world.sandbox.faults().inject(random_fault(&mut random));
                }
                world.event("disk", device, "firing").await;
                if round > 0 {
                    *notes.entry(device.clone()).or_insert(0_usize) += 1;
                }
            }
            if random.bool() {
                world.crash();
            }
            world.clock.advance(Duration::from_secs(random.u64(0..30)));
            if random.bool() {
                world.crash();
            }
        }
        world.sandbox.faults().clear();
        settle(&mut world).await;
        let open = world.open();
        let context = format!("seed {seed}: {open:#?}");
        assert_eq!(open.len(), devices.len(), "{context}");
        for device in &devices {
            let ticket =
                open.iter().find(|ticket| ticket.summary.ends_with(device.as_str())).expect(&context);
            let text: String = ticket.actions.iter().map(|action| action.note.as_str()).collect();
            let told: std::collections::BTreeSet<&str> =
                text.split("seen ").skip(1).filter_map(|t| t.split(' ').next()).collect();
            assert_eq!(text.matches("Fires again").count(), notes[device], "notes of {device}, {context}");
            assert_eq!(told.len(), notes[device], "each repeat once, {context}");
        }
    }
}

fn random_fault(random: &mut fastrand::Rng) -> Fault {
    let kind = match random.u8(0..9) {
        0 => FaultKind::ErrorAfterCommit { status: 500 },
        1 => FaultKind::ErrorBeforeCommit { status: 502 },
        2 => FaultKind::CutAfterCommit,
        3 => FaultKind::CutBeforeCommit,
        4 => FaultKind::CommitAfterCut { seconds: 25 },
        5 => FaultKind::HtmlBadGateway { after_commit: true },
        6 => FaultKind::TruncatedJson,
        7 => FaultKind::Lag { seconds: 5 },
        _ => FaultKind::TokenRevoked,
    };
    let path = if random.bool() { "/api/Tickets" } else { "/api/Actions" };
    Fault::once(kind).on(if random.u8(0..4) == 0 { "GET" } else { "POST" }, path)
}

/// Lets time pass until nothing is left to do, and then long enough that the tracker has seen everything.
async fn settle(world: &mut World) {
    let mut quiet = 0;
    while quiet < 6 {
        world.clock.advance(Duration::from_secs(31));
        world.soon(|_| true).await;
        let now = world.clock.now();
        let (counts, next_due) =
            world.store.read(move |reader| Ok((reader.counts()?, reader.next_due(now)?))).await.unwrap();
        let left = counts.undecided + counts.waiting_operations + counts.unclear_operations;
        quiet = if left == 0 && next_due.is_none() { quiet + 1 } else { 0 };
        assert_eq!(counts.dead_operations, 0, "{:?}", world.store.dead_letters(10).await);
    }
}

#[tokio::test]
async fn a_silence_holds_back_until_somebody_ends_it() {
    let mut world = World::new().await;
    let now = world.clock.now();
    let until = crate::clock::later(now, Duration::from_hours(4));
    let wanted = json!({"key": "disk/*", "from": now, "until": until, "comment": "patching", "by": "Ana"});
    let wanted = serde_json::from_value(wanted).unwrap();
    let silence = world.store.add_silence(wanted, now).await.unwrap();
    world.event("disk", "srv-01", "firing").await;
    let silenced = |h: &Happening| matches!(h, Happening::EventDecided { outcome: Outcome::Silenced, .. });
    world.until(silenced).await;
    world.crash();
    world.event("disk", "srv-02", "firing").await;
    world.until(silenced).await;
    assert!(world.tickets().is_empty());
    let ended = world.store.end_silence(&silence.id, world.clock.now()).await.unwrap();
    assert_eq!(ended, Some(silence.clone()));
    let over = haloward_rules::silence_key(&silence.id);
    world.until(|h| matches!(h, Happening::TimerFired { key, .. } if *key == over)).await;
    world.clock.advance(Duration::from_secs(61));
    for _ in 0..2 {
        world.until_done(OperationKind::OpenTicket).await;
    }
    assert_eq!(world.store.end_silence(&silence.id, world.clock.now()).await.unwrap(), None, "it is over");
    assert!(world.store.silences(world.clock.now()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_case_whose_ticket_was_refused_does_not_wait_for_it() {
    let mut world = World::new().await;
    world.event("refused", "a", "firing").await;
    let failed = world.until(|h| matches!(h, Happening::OperationFailed { .. })).await;
    let Happening::OperationFailed { operation, .. } = failed else { unreachable!() };
    let case = world.store.read(|reader| reader.case(&Key::new("refused/a"))).await.unwrap().unwrap();
    assert_eq!((case.state, case.ticket.given_up), (haloward_rules::CaseState::Resolved, true));
    world.event("refused", "a", "firing").await;
    world.until(|h| matches!(h, Happening::EventDecided { outcome: Outcome::Counted, .. })).await;
    world.clock.advance(Duration::from_hours(1));
    world.event("refused", "a", "firing").await;
    world.until(|h| matches!(h, Happening::OperationFailed { .. })).await;
    assert_eq!(world.store.counts().await.unwrap().dead_operations, 2);
    world
        .runtime
        .as_ref()
        .unwrap()
        .controls()
        .unwrap()
        .give_up(operation, "the rule was wrong")
        .await
        .unwrap();
    assert_eq!(world.store.counts().await.unwrap().dead_operations, 1);
}

const GROUPED: &str = "
rules:
  - id: grouped
    key: ${event.check}/${event.device.name}
    group: { by: '${event.device.name}', within: 5m, at_least: 3, ticket: { summary: 'Many on ${event.device.name}' } }
    then: { open_ticket: { type: Incident } }
";

#[tokio::test]
async fn tickets_that_belong_together_become_children_of_one() {
    let mut world = World::new().await;
    world.rules.send_replace(rules(GROUPED));
    world.events(["cpu", "disk", "ram", "swap"].map(|check| (check, "srv-01", "firing"))).await;
    let (mut opened, mut joined) = (0, 0);
    while (opened, joined) != (5, 2) {
        match world.next_soon().await {
            Some(Happening::OperationDone { kind: OperationKind::OpenTicket, .. }) => opened += 1,
            Some(Happening::OperationDone { kind: OperationKind::UpdateTicket, .. }) => joined += 1,
            Some(_) => {}
            // Those that belong to a ticket on its way look for it again after a second.
            None => world.clock.advance(Duration::from_secs(1)),
        }
        assert!(opened <= 5 && joined <= 2, "{opened} and {joined}: {:#?}", world.sandbox.requests());
    }
    let tickets = world.tickets();
    let parent = tickets.iter().find(|ticket| ticket.summary == "Many on srv-01").expect("the parent");
    let children = tickets.iter().filter(|ticket| ticket.fields["parent_id"] == parent.id);
    assert_eq!(children.count(), 4, "{tickets:#?}");
}

/// A chat: it answers with these statuses, then with 200, and keeps what it was told.
#[derive(Debug, Clone, Default)]
struct Chat {
    answers: Arc<std::sync::Mutex<Vec<u16>>>,
    told: Arc<std::sync::Mutex<Vec<serde_json::Value>>>,
}

impl Chat {
    async fn start(answers: &[u16]) -> (Self, Channel) {
        let chat = Self { answers: Arc::new(answers.to_vec().into()), ..Self::default() };
        let (answers, told) = (Arc::clone(&chat.answers), Arc::clone(&chat.told));
        let post = move |axum::Json(body): axum::Json<serde_json::Value>| async move {
            told.lock().unwrap().push(body);
            let mut answers = answers.lock().unwrap();
            let status = if answers.is_empty() { 200 } else { answers.remove(0) };
            axum::http::StatusCode::from_u16(status).unwrap()
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook/secret", listener.local_addr().unwrap());
        let app = axum::Router::new().route("/hook/secret", axum::routing::post(post));
        tokio::spawn(async move { axum::serve(listener, app).await });
        (chat, Channel::new("ops", &webhook(&url)).unwrap())
    }

    fn told(&self) -> Vec<serde_json::Value> {
        self.told.lock().unwrap().clone()
    }
}

fn webhook(url: &str) -> ChannelConfig {
    let url = SecretRef::Literal(url.to_owned().into());
    ChannelConfig::Webhook(WebhookConfig { url, format: ChannelFormat::Generic })
}

const TELLING: &str = "
rules:
  - id: told
    key: told/${event.device.name}
    then:
      - open_ticket: { type: Incident }
      - notify: { channel: ops, text: \"${event.title}\" }
";

#[tokio::test]
async fn a_channel_is_told_with_the_number_of_the_ticket_and_again_until_it_listens() {
    let (chat, ops) = Chat::start(&[503]).await;
    let mut world = World::with_channels(SandboxConfig::default(), [("ops".to_owned(), ops)].into()).await;
    world.rules.send_replace(rules(TELLING));
    world.event("disk", "srv-01", "firing").await;
    // ORDER: no time passes before the ticket is there, or the message would go without its number.
    world.until_done(OperationKind::OpenTicket).await;
    let mut told = false;
    while !told {
        match world.next_soon().await {
            Some(happening) => told = matches!(happening, Happening::Notified { .. }),
            // It looks for the ticket's number every second, and waits after the refusal.
            None => world.clock.advance(Duration::from_secs(1)),
        }
    }
    let ticket = world.tickets().remove(0).id;
    let said = chat.told();
    assert_eq!(said.len(), 2, "once more after the 503: {said:?}");
    assert_eq!(said[0], said[1]);
    assert_eq!(
        said[0],
        json!({"channel": "ops", "text": "disk on srv-01", "rule": "told", "key": "told/srv-01", "severity": "high", "ticket": ticket})
    );
    world.crash();
    world.event("disk", "srv-02", "firing").await;
    world.until_done(OperationKind::OpenTicket).await;
}

#[tokio::test]
async fn a_channel_that_refuses_or_is_gone_holds_up_no_ticket() {
    let (chat, ops) = Chat::start(&[404]).await;
    let mut world = World::with_channels(SandboxConfig::default(), [("ops".to_owned(), ops)].into()).await;
    let text = TELLING.replace("      - notify", "      - notify: { channel: gone }\n      - notify");
    world.rules.send_replace(rules(&text));
    world.event("disk", "srv-01", "firing").await;
    let (mut failed, mut opened) = (Vec::new(), false);
    while failed.len() < 2 || !opened {
        match world.next_soon().await {
            Some(Happening::OperationFailed { problem, kind, .. }) => failed.push((kind, problem)),
            Some(Happening::OperationDone { kind, .. }) => opened |= kind == OperationKind::OpenTicket,
            Some(_) => {}
            None => world.clock.advance(Duration::from_secs(1)),
        }
    }
    failed.sort_by(|a, b| a.1.cmp(&b.1));
    assert_eq!(failed[0], (OperationKind::Notify, "no channel is called `gone`".to_owned()));
    assert_eq!(failed[1], (OperationKind::Notify, "the channel answered 404 Not Found".to_owned()));
    assert_eq!((chat.told().len(), world.tickets().len()), (1, 1));
    let (dead, _) = world.store.dead_letters(10).await.unwrap().remove(1);
    let controls = world.runtime.as_ref().unwrap().controls().unwrap();
    controls.retry(&dead, None).await.unwrap();
    world.until(|h| matches!(h, Happening::Notified { .. })).await;
    assert_eq!(chat.told().len(), 2, "tried again by hand");
    // A channel that the configuration has by now is there for what waited for it.
    let (other, gone) = Chat::start(&[]).await;
    world.channels.send_modify(|channels| drop(channels.insert("gone".to_owned(), gone)));
    let (dead, _) = world.store.dead_letters(10).await.unwrap().remove(0);
    controls.retry(&dead, None).await.unwrap();
    world.until(|h| matches!(h, Happening::Notified { .. })).await;
    assert_eq!((chat.told().len(), other.told().len()), (2, 1));
}

#[test]
fn a_channels_address_is_https_or_on_this_machine() {
    let channel = |url: &str| Channel::new("ops", &webhook(url));
    for url in ["https://chat.example/x", "http://127.0.0.1:1/x", "http://localhost/x"] {
        assert!(channel(url).is_ok(), "{url}");
    }
    for url in ["http://chat.example/x", "chat.example", "file:///etc/passwd"] {
        let error = channel(url).unwrap_err().to_string();
        assert_eq!(error, "the webhook of the channel `ops` is no address beginning with https://");
    }
}
