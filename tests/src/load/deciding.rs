//! How many journalled events are decided in a second: rules, cases, records and operations committed.

use std::fmt;
use std::time::Instant;

use super::service::{Service, Usage};
use super::{fill, rules};
use crate::Install;

/// What came of it.
#[derive(Debug)]
pub struct Decided {
    rules: usize,
    /// How many events.
    pub events: u64,
    /// How many of them in a second.
    pub rate: f64,
    /// How many operations wait in the outbox for them.
    pub operations: u64,
    /// What the service used.
    pub usage: Usage,
}

/// Starts the service on a journal of events that each open a ticket, and watches it decide.
///
/// # Panics
///
/// When what is needed for it cannot be started.
pub async fn measure(events: u64, rules: usize) -> Decided {
    // Nobody answers there: what is measured ends in the outbox.
    let install = Install::with_rules("http://127.0.0.1:9", &rules::many(rules)).track("1m");
    fill::undecided(&install.store(), events).await.expect("a full journal");
    let service = Service::start(&install).await;
    let (started, before) = (Instant::now(), service.figures().await.sum("haloward_decisions_total"));
    let all = service
        .until(|figures| figures.sum("haloward_decisions_total") >= events as f64, crate::PATIENCE * 10);
    let took = all.await.expect("they are decided").duration_since(started);
    let figures = service.figures().await;
    let usage = service.usage();
    service.kill().await;
    Decided {
        rules,
        events,
        rate: (events as f64 - before) / took.as_secs_f64(),
        operations: figures.queue("waiting"),
        usage,
    }
}

impl fmt::Display for Decided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "decided, journal to outbox, {} rules: {:.0} events/s", self.rules, self.rate)?;
        write!(
            f,
            "    {} events, each of a problem of its own; {} operations in the outbox; {:.1} µs of processor time for each; {}",
            self.events,
            self.operations,
            self.usage.cpu_micros_each(self.events),
            self.usage
        )
    }
}
