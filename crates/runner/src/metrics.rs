//! What is counted and timed, for Prometheus. Everything happens in the places that know: each tells [`Metrics`] with
//! one call, and what can be read from the store is read when somebody asks.
//!
//! The names are a promise to dashboards: `docs/operation.md` lists them, and a test compares.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::dispatcher::ConnectionStatus;
use crate::inspect::{BudgetStatus, StoreStatus};

/// Where Prometheus knows how to read it.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// LIMIT: from one commit to HaloPSA's slowest answer; deliveries also wait for their turn.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 300.0, 3600.0];

/// Counters and timers. Cloning is cheap, and all clones count together.
#[derive(Debug, Clone)]
pub struct Metrics {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    registry: Registry,
    accepted: Family<OfSource, Counter>,
    duplicates: Family<Prevented, Counter>,
    refused: Family<Refused, Counter>,
    decisions: Family<OfOutcome, Counter>,
    operations: Family<OfOperation, Counter>,
    reloads: Family<OfReload, Counter>,
    loops: Counter,
    fetches: Family<OfFetch, Counter>,
    accept: Histogram,
    decide: Histogram,
    deliver: Histogram,
    queue: Family<OfQueue, Gauge>,
    oldest: Family<OfQueue, Gauge<f64, AtomicU64>>,
    cases: Family<OfState, Gauge>,
    timers: Gauge,
    budget: Family<OfBudget, Gauge>,
    away: Gauge,
    store_bytes: Gauge,
    rules_stale: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSource {
    source: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    status: u16,
    /// Empty where no source of that name is configured.
    source: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOutcome {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOperation {
    kind: &'static str,
    result: Result,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfQueue {
    queue: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfState {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfBudget {
    requests: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfReload {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfFetch {
    source: String,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Prevented {
    how: Duplicate,
}

/// A duplicate that did not come to be, or did not stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Duplicate {
    /// A delivery came again and was not journalled twice.
    Delivery,
    /// A write whose answer was lost was found in HaloPSA instead of being repeated.
    Adopted,
    /// A ticket or note that came to be twice was closed or deleted.
    Removed,
}

/// What an attempt to deliver an operation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Result {
    /// HaloPSA confirmed it.
    Done,
    /// It was not carried out and is tried again.
    Delayed,
    /// Nobody knows yet.
    Unclear,
    /// HaloPSA refused it for good.
    Refused,
    /// There was nothing left to do it to.
    Dropped,
}

macro_rules! label {
    ($name:ident { $($variant:ident => $text:literal),* }) => {
        impl EncodeLabelValue for $name {
            fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::result::Result<(), std::fmt::Error> {
                let text = match self { $(Self::$variant => $text),* };
                text.encode(encoder)
            }
        }
    };
}

label!(Duplicate { Delivery => "delivery", Adopted => "adopted", Removed => "removed" });
label!(Result {
    Done => "done", Delayed => "delayed", Unclear => "unclear", Refused => "refused", Dropped => "dropped"
});

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// Registers a metric under its name and keeps it.
fn put<M: prometheus_client::registry::Metric + Clone>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    metric: &M,
) {
    registry.register(name, help, metric.clone());
}

/// The same for what is measured in seconds or bytes, which the name says at its end.
fn put_in<M: prometheus_client::registry::Metric + Clone>(
    registry: &mut Registry,
    (name, unit): (&str, Unit),
    help: &str,
    metric: &M,
) {
    registry.register_with_unit(name, help, unit, metric.clone());
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("haloward");
        let inner = Inner {
            accepted: Family::default(),
            duplicates: Family::default(),
            refused: Family::default(),
            decisions: Family::default(),
            operations: Family::default(),
            reloads: Family::default(),
            loops: Counter::default(),
            fetches: Family::default(),
            accept: seconds(),
            decide: seconds(),
            deliver: seconds(),
            queue: Family::default(),
            oldest: Family::default(),
            cases: Family::default(),
            timers: Gauge::default(),
            budget: Family::default(),
            away: Gauge::default(),
            store_bytes: Gauge::default(),
            rules_stale: Gauge::default(),
            registry: Registry::default(),
        };
        let r = &mut registry;
        put(r, "events_accepted", "Events that became durable, by source", &inner.accepted);
        put(
            r,
            "duplicates_prevented",
            "Deliveries, tickets and notes that did not come to be twice, by how",
            &inner.duplicates,
        );
        put(r, "deliveries_refused", "Deliveries not taken, by HTTP status", &inner.refused);
        put(r, "decisions", "Decisions about events and timers, by outcome", &inner.decisions);
        put(
            r,
            "operations",
            "Attempts to deliver operations to HaloPSA, by kind and result",
            &inner.operations,
        );
        put(r, "fetches", "Rounds of sources that are fetched from, by source and result", &inner.fetches);
        put(
            r,
            "loops_stopped",
            "Changes of tickets that a rule was kept from, because it went round in a circle",
            &inner.loops,
        );
        put(r, "reloads", "Readings of changed files, by result", &inner.reloads);
        put_in(r, ("accept", Unit::Seconds), "From a delivery's arrival to its answer", &inner.accept);
        put_in(r, ("decide", Unit::Seconds), "From an event's receipt to its decision", &inner.decide);
        put_in(r, ("deliver", Unit::Seconds), "From a decision to HaloPSA's confirmation", &inner.deliver);
        put(r, "queue_length", "What waits, by queue", &inner.queue);
        put_in(
            r,
            ("queue_oldest", Unit::Seconds),
            "How long the oldest of each queue has been waiting",
            &inner.oldest,
        );
        put(r, "cases", "Cases by state", &inner.cases);
        put(r, "timers", "Timers that are set", &inner.timers);
        put(r, "budget_requests", "Requests to HaloPSA in the rolling window", &inner.budget);
        put(r, "halopsa_away", "1 while HaloPSA can't be reached and everything for it waits", &inner.away);
        put_in(r, ("store", Unit::Bytes), "What the store holds", &inner.store_bytes);
        put(
            r,
            "rules_stale",
            "1 while newer files have mistakes and the last good ones decide",
            &inner.rules_stale,
        );
        Self { inner: Arc::new(Inner { registry, ..inner }) }
    }

    /// Deliveries were answered 202.
    pub fn accepted(&self, source: &str, events: usize, duplicates: usize, took: Duration) {
        self.inner.accept.observe(took.as_secs_f64());
        self.journalled(source, events, duplicates);
    }

    /// A round of a source that is fetched from brought events, or none.
    pub fn fetched(&self, source: &str, events: usize, duplicates: usize, whole: bool) {
        if whole {
            let label = OfFetch { source: source.to_owned(), result: "done" };
            self.inner.fetches.get_or_create(&label).inc();
        }
        self.journalled(source, events, duplicates);
    }

    /// A round of a source that is fetched from failed.
    pub fn fetch_failed(&self, source: &str) {
        let label = OfFetch { source: source.to_owned(), result: "failed" };
        self.inner.fetches.get_or_create(&label).inc();
    }

    fn journalled(&self, source: &str, events: usize, duplicates: usize) {
        if events > 0 {
            let label = OfSource { source: source.to_owned() };
            self.inner.accepted.get_or_create(&label).inc_by(events as u64);
        }
        if duplicates > 0 {
            self.prevented(Duplicate::Delivery, duplicates);
        }
    }

    /// A delivery was not taken. The source is told only if there is one of that name.
    pub fn refused(&self, status: u16, source: Option<&str>) {
        let source = source.unwrap_or_default().to_owned();
        self.inner.refused.get_or_create(&Refused { status, source }).inc();
    }

    /// Duplicates did not come to be, or did not stay.
    pub fn prevented(&self, how: Duplicate, count: usize) {
        self.inner.duplicates.get_or_create(&Prevented { how }).inc_by(count as u64);
    }

    /// Something was decided, and it is durable.
    pub fn decided(&self, outcome: haloward_rules::Outcome) {
        self.inner.decisions.get_or_create(&OfOutcome { outcome: outcome.as_str() }).inc();
    }

    /// A rule that changes one ticket again and again was kept from doing so once more.
    pub fn loop_stopped(&self) {
        self.inner.loops.inc();
    }

    /// An event's decision became durable so long after its receipt.
    pub fn event_decided(&self, received_at: Timestamp, now: Timestamp) {
        self.inner.decide.observe(between(received_at, now));
    }

    /// An attempt to deliver an operation ended.
    pub fn attempted(&self, kind: &'static str, result: Result) {
        self.inner.operations.get_or_create(&OfOperation { kind, result }).inc();
    }

    /// HaloPSA confirmed an operation so long after it was decided.
    pub fn delivered(&self, created_at: Timestamp, now: Timestamp) {
        self.inner.deliver.observe(between(created_at, now));
    }

    /// Changed files were read, and taken or not.
    pub fn reloaded(&self, taken: bool) {
        self.inner.rules_stale.set(i64::from(!taken));
        let result = if taken { "taken" } else { "refused" };
        self.inner.reloads.get_or_create(&OfReload { result }).inc();
    }

    /// Everything as Prometheus reads it, with what the store and the budget say now.
    pub fn text(
        &self,
        store: &StoreStatus,
        budget: &BudgetStatus,
        connection: &ConnectionStatus,
        now: Timestamp,
    ) -> String {
        let inner = &self.inner;
        let (counts, oldest) = (&store.counts, &store.oldest);
        for (queue, length, since) in [
            ("undecided", counts.undecided, oldest.undecided),
            ("waiting", counts.waiting_operations, oldest.waiting),
            ("unclear", counts.unclear_operations, oldest.unclear),
            ("dead", counts.dead_operations, oldest.dead),
        ] {
            inner.queue.get_or_create(&OfQueue { queue }).set(whole(length));
            let age = since.map_or(0.0, |since| between(since, now));
            inner.oldest.get_or_create(&OfQueue { queue }).set(age);
        }
        for (state, count) in [("waiting", counts.waiting_cases), ("open", counts.open_cases)] {
            inner.cases.get_or_create(&OfState { state }).set(whole(count));
        }
        inner.timers.set(whole(counts.timers));
        for (requests, count) in [
            ("limit", budget.limit),
            ("used", budget.used),
            ("available", budget.available),
            ("available_urgent", budget.available_urgent),
            ("waiting", budget.waiting),
        ] {
            inner.budget.get_or_create(&OfBudget { requests }).set(i64::from(count));
        }
        inner.away.set(i64::from(!connection.reached));
        inner.store_bytes.set(whole(store.bytes));
        self.registered()
    }

    /// Everything as it was last counted.
    pub(crate) fn registered(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode_registry(&mut text, &self.inner.registry).and_then(|()| encode_eof(&mut text));
        text
    }
}

fn between(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
