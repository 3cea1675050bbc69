//! How many events are made durable in a second, and how long each sender waits for its answer.

use std::fmt;
use std::io;
use std::time::Instant;

use halopsa_sandbox::{Sandbox, SandboxConfig};

use super::generator::{Sent, Traffic, send};
use super::request::Request;
use super::rules;
use super::service::{Service, Usage};
use crate::Install;

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct Accepting {
    /// Senders at once.
    pub connections: usize,
    /// Events in each payload.
    pub per_payload: usize,
    /// Events in all.
    pub events: u64,
    /// Problems they are of.
    pub problems: u64,
    /// Rules that decide about them meanwhile.
    pub rules: usize,
}

/// What came of it.
#[derive(Debug)]
pub struct Accepted {
    asked: Accepting,
    /// The answers.
    pub sent: Sent,
    /// How long the last of the events waited for its decision after the last answer, in seconds.
    pub behind: f64,
    /// How many events the service counted as accepted.
    pub counted: u64,
    /// What the service used.
    pub usage: Usage,
}

/// Sends it all, and waits until it is decided.
///
/// # Errors
///
/// When the service does not answer.
///
/// # Panics
///
/// When what is needed for it cannot be started.
pub async fn measure(asked: Accepting) -> io::Result<Accepted> {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::with_rules(&sandbox.url(), &rules::many(asked.rules)).track("1m");
    let service = Service::start(&install).await;
    let traffic = Traffic {
        request: Request::alerts(service.addr(), asked.per_payload, rules::alert),
        connections: asked.connections,
        events: asked.events,
        first: 0,
        problems: asked.problems,
        rate: None,
    };
    let sent = send(service.addr(), &traffic).await?;
    let answered = Instant::now();
    service.decided().await;
    let behind = answered.elapsed().as_secs_f64();
    let figures = service.figures().await;
    let usage = service.usage();
    service.kill().await;
    sandbox.stop().await;
    Ok(Accepted { asked, sent, behind, counted: figures.sum("haloward_events_accepted_total") as u64, usage })
}

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Accepting { connections, per_payload, events, problems, rules } = self.asked;
        writeln!(
            f,
            "durable accepts, payloads of {per_payload} over {connections} connections: {:.0} events/s; {}",
            self.sent.rate(),
            self.sent.latencies
        )?;
        write!(
            f,
            "    {events} events of {problems} problems, {rules} rules deciding meanwhile ({:.1} s behind at the end); answers {:?}; {:.1} µs of processor time for each, accepted and decided; {}",
            self.behind,
            self.sent.answers,
            self.usage.cpu_micros_each(events),
            self.usage
        )
    }
}
