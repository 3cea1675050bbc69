//! How long it takes from an alert being sent to HaloPSA getting the request about it, two commits included.

use std::fmt;
use std::io;
use std::time::Duration;

use halopsa_sandbox::{Sandbox, SandboxConfig};
use jiff::Timestamp;

use super::generator::Connection;
use super::latency::Latencies;
use super::request::Request;
use super::rules;
use super::service::{Service, Usage};
use crate::{Install, PATIENCE};

/// What came of it.
#[derive(Debug)]
pub struct Delivered {
    rate: f64,
    /// From the alert being sent to HaloPSA's getting the request.
    pub latencies: Latencies,
    /// What the service used.
    pub usage: Usage,
}

/// Sends alerts of new problems at a rate, each of which opens a ticket at once.
///
/// # Errors
///
/// When the service does not answer.
///
/// # Panics
///
/// When what is needed for it cannot be started, or a ticket never comes.
pub async fn measure(events: u64, rate: f64, rules: usize) -> io::Result<Delivered> {
    let config = SandboxConfig { rate_limit: None, ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    let install = Install::with_rules(&sandbox.url(), &rules::many(rules))
        .budget("{ requests: 1000000, per: 5m }")
        .track("1m");
    let service = Service::start(&install).await;
    let mut request = Request::alerts(service.addr(), 1, rules::alert);
    let mut connection = Connection::open(service.addr()).await?;
    // The first has the tenant's names read; it is not counted.
    connection.exchange(request.with([0].into_iter())).await?;
    sandbox.wait_for(|seen| seen.tickets.len() == 1, PATIENCE).await.expect("the first ticket");
    let mut sent_at = vec![Timestamp::now()];
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
    for number in 1..=events {
        ticks.tick().await;
        sent_at.push(Timestamp::now());
        let status = connection.exchange(request.with([number].into_iter())).await?;
        assert_eq!(status, 202);
    }
    let wanted = events as usize + 1;
    let seen = sandbox.wait_for(|seen| seen.tickets.len() == wanted, PATIENCE).await.expect("every ticket");
    let mut latencies = Latencies::default();
    for request in seen.requests_to("POST", "/api/Tickets") {
        let number = number_in(&request.body).expect("a ticket says which alert it is of");
        let at: Timestamp = format!("{}Z", request.at).parse().expect("a time");
        if number > 0 {
            latencies.add(Duration::try_from(at.duration_since(sent_at[number])).unwrap_or_default());
        }
    }
    let usage = service.usage();
    service.stop().await;
    sandbox.stop().await;
    Ok(Delivered { rate, latencies, usage })
}

/// The number of the alert that a ticket is about: its device is called after it.
fn number_in(body: &str) -> Option<usize> {
    let after = &body[body.find(" on srv-")? + " on srv-".len()..];
    after.get(..9)?.parse().ok()
}

impl fmt::Display for Delivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "alert sent to request in HaloPSA, at {} events/s: {}", self.rate, self.latencies)?;
        write!(f, "    {} tickets; {}", self.latencies.count(), self.usage)
    }
}
