//! How soon the service takes events again after a start on a large store.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use super::generator::Connection;
use super::request::Request;
use super::service::{Service, Usage};
use super::{fill, rules};
use crate::Install;

/// How large the store is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Events in its journal.
    pub events: u64,
    /// Cases with open tickets.
    pub cases: u64,
    /// The last so many events are not decided about yet.
    pub undecided: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct Restarted {
    size: Size,
    /// The store's file, in bytes.
    pub bytes: u64,
    /// From the start of the process to the first 202, at each start.
    pub accepting: Vec<Duration>,
    /// Cases that are open once everything is decided.
    pub open_cases: u64,
    /// What the service used once everything was decided.
    pub usage: Usage,
}

/// Starts the service on such a store a few times, killed in between.
///
/// # Errors
///
/// When the service does not answer.
///
/// # Panics
///
/// When what is needed for it cannot be started.
pub async fn measure(size: Size, starts: usize) -> io::Result<Restarted> {
    let install = Install::with_rules("http://127.0.0.1:9", &rules::many(20)).track("1m");
    fill::at_size(&install.store(), size.events, size.cases, size.undecided).await.expect("a full store");
    let bytes = std::fs::metadata(install.store())?.len();
    let (mut accepting, mut usage, mut open_cases) = (Vec::new(), Usage::default(), 0);
    for start in 1..=starts {
        let began = Instant::now();
        let service = Service::start(&install).await;
        let mut connection = Connection::open(service.addr()).await?;
        let mut request = Request::alerts(service.addr(), 1, rules::alert);
        let status = connection.exchange(request.with([start as u64].into_iter())).await?;
        accepting.push(began.elapsed());
        assert_eq!(status, 202, "it takes events");
        if start == starts {
            service.decided().await;
            usage = service.usage();
            open_cases = service.figures().await.get("haloward_cases{state=\"open\"}") as u64;
        }
        service.kill().await;
    }
    Ok(Restarted { size, bytes, accepting, open_cases, usage })
}

impl fmt::Display for Restarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Size { events, cases, undecided } = self.size;
        writeln!(
            f,
            "start to first 202, {events} journalled events, {cases} open cases: {}",
            self.accepting
                .iter()
                .map(|took| format!("{:.0} ms", took.as_secs_f64() * 1000.0))
                .collect::<Vec<_>>()
                .join(", ")
        )?;
        write!(
            f,
            "    a file of {} MiB, {undecided} events undecided, killed each time; with all of them decided {}",
            self.bytes >> 20,
            self.usage
        )
    }
}
