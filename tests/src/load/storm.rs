//! A storm: far more events than HaloPSA's budget allows requests, with something critical in the midst of it.
//!
//! Sandbox and service share a budget of so many requests in a window. Its length can be scaled: what must never be
//! more than the budget in any window is the same question whether the window takes five minutes or two seconds.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use halopsa_sandbox::{RateLimit, RecordedRequest, Sandbox, SandboxConfig};
use jiff::Timestamp;

use super::generator::{Connection, Sent, Traffic, send};
use super::request::Request;
use super::rules;
use super::service::{Service, Usage};
use crate::Install;

/// What comes.
#[derive(Debug, Clone, Copy)]
pub struct Storm {
    /// Low events in all.
    pub events: u64,
    /// Problems they are of.
    pub problems: u64,
    /// How long it takes until all of them were sent.
    pub over: Duration,
    /// The critical event comes after so many low ones.
    pub critical_after: u64,
    /// HaloPSA's budget: requests in any window.
    pub requests: u32,
    /// The window.
    pub window: Duration,
    /// How long delivering all of it may take.
    pub patience: Duration,
}

/// What came of it.
#[derive(Debug)]
pub struct Weathered {
    storm: Storm,
    /// The answers to the low events.
    pub sent: Sent,
    /// The critical event's number among the tickets, from 1; nothing if it never came.
    pub critical_place: Option<usize>,
    /// From the critical event being sent to HaloPSA's getting its ticket.
    pub critical: Duration,
    /// Tickets in the end.
    pub tickets: usize,
    /// Different problems that have one.
    pub with_ticket: usize,
    /// Requests in all, whatever for.
    pub total: usize,
    /// The most requests in any window.
    pub most: usize,
    /// Requests that HaloPSA refused because of its limit.
    pub refused: usize,
    /// From the first event to nothing waiting any more.
    pub delivered: Duration,
    /// What the service used.
    pub usage: Usage,
}

impl Weathered {
    /// Requests for each event.
    pub fn per_event(&self) -> f64 {
        self.total as f64 / (self.storm.events.max(1) as f64)
    }
}

/// Lets it come, and waits until it is over.
///
/// # Errors
///
/// When the service does not answer.
///
/// # Panics
///
/// When what is needed for it cannot be started, or it is not over in time.
pub async fn measure(storm: Storm) -> io::Result<Weathered> {
    let limit = RateLimit { requests: storm.requests, per: storm.window };
    let config = SandboxConfig { rate_limit: Some(limit), ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    let budget = format!("{{ requests: {}, per: {}s }}", storm.requests, storm.window.as_secs());
    let install = Install::with_rules(&sandbox.url(), rules::STORM).budget(&budget).track("1m");
    let service = Service::start(&install).await;
    let traffic = Traffic {
        request: Request::alerts(service.addr(), 1, |n| rules::of_severity(n, "low")),
        connections: 8,
        events: storm.critical_after,
        first: 0,
        problems: storm.problems,
        rate: Some(storm.events as f64 / storm.over.as_secs_f64()),
    };
    let began = Instant::now();
    let first = send(service.addr(), &traffic).await?;
    let mut connection = Connection::open(service.addr()).await?;
    let mut critical = Request::alerts(service.addr(), 1, |n| rules::of_severity(n, "critical"));
    let asked_at = Timestamp::now();
    connection.exchange(critical.with([CRITICAL].into_iter())).await?;
    let rest = Traffic { events: storm.events - storm.critical_after, first: 0, ..traffic };
    let mut sent = send(service.addr(), &rest).await?;
    sent.append(first);
    sent.took = began.elapsed();
    let nothing_waits = service
        .until(
            |figures| ["undecided", "waiting", "unclear"].iter().all(|queue| figures.queue(queue) == 0),
            storm.patience,
        )
        .await;
    let delivered = nothing_waits.expect("it is over in time").duration_since(began);
    let usage = service.usage();
    let seen = sandbox.snapshot();
    let posts: Vec<&RecordedRequest> = seen.requests_to("POST", "/api/Tickets").collect();
    let critical_place = posts.iter().position(|post| post.body.contains(&format!("srv-{CRITICAL:09}")));
    let critical_at = critical_place.map(|place| at(posts[place]));
    let critical = critical_at.map(|at| Duration::try_from(at.duration_since(asked_at)).unwrap_or_default());
    service.stop().await;
    sandbox.stop().await;
    Ok(Weathered {
        storm,
        sent,
        critical_place: critical_place.map(|place| place + 1),
        critical: critical.unwrap_or(Duration::MAX),
        tickets: seen.tickets.len(),
        with_ticket: seen.tickets.iter().map(|ticket| &ticket.summary).collect::<BTreeSet<_>>().len(),
        total: seen.requests.len(),
        most: most_in_any(storm.window, seen.requests.iter().map(at)),
        refused: seen.requests.iter().filter(|request| request.status == Some(429)).count(),
        delivered,
        usage,
    })
}

/// The number of the critical event.
const CRITICAL: u64 = 999_999_999;

fn at(request: &RecordedRequest) -> Timestamp {
    format!("{}Z", request.at).parse().expect("a request has a time")
}

/// The most of these in any window. They come in order.
fn most_in_any(window: Duration, times: impl Iterator<Item = Timestamp>) -> usize {
    let times: Vec<Timestamp> = times.collect();
    let within = |first: Timestamp, later: Timestamp| {
        Duration::try_from(later.duration_since(first)).is_ok_and(|apart| apart < window)
    };
    let from = |first: usize| times[first..].iter().take_while(|later| within(times[first], **later)).count();
    (0..times.len()).map(from).max().unwrap_or_default()
}

impl fmt::Display for Weathered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Storm { events, problems, requests, window, critical_after, .. } = self.storm;
        writeln!(
            f,
            "storm: {events} events of {problems} problems in {:.0} s, answers {:?}; {}",
            self.sent.took.as_secs_f64(),
            self.sent.answers,
            self.sent.latencies
        )?;
        writeln!(
            f,
            "    {} tickets about {} problems; critical after {critical_after} low ones: ticket number {}, {:.0} ms after it was sent",
            self.tickets,
            self.with_ticket,
            self.critical_place.unwrap_or_default(),
            self.critical.as_secs_f64() * 1000.0
        )?;
        writeln!(
            f,
            "    {} requests ({:.4} for each event), at most {} in any {:?} of {requests} allowed, {} refused; all delivered after {:.0} s",
            self.total,
            self.per_event(),
            self.most,
            window,
            self.refused,
            self.delivered.as_secs_f64()
        )?;
        write!(f, "    {}", self.usage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_in_any_window_is_found_wherever_the_window_begins() {
        let times = [0, 50, 90, 100, 140, 149, 151].map(|second| Timestamp::from_second(second).unwrap());
        assert_eq!(most_in_any(Duration::from_secs(100), times.into_iter()), 5, "from 50, before 150");
        assert_eq!(most_in_any(Duration::from_secs(100), std::iter::empty()), 0);
    }
}
