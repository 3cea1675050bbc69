//! A long even load: whether anything grows or slows down that should not.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use halopsa_sandbox::{Sandbox, SandboxConfig};

use super::generator::{Connection, Traffic, send};
use super::latency::Latencies;
use super::request::Request;
use super::rules;
use super::service::{Service, Usage};
use crate::Install;

/// How long and how much.
#[derive(Debug, Clone, Copy)]
pub struct Soak {
    /// Events in a second.
    pub rate: f64,
    /// Rows of the table.
    pub rows: u64,
    /// How long each of them takes.
    pub row: Duration,
    /// New problems in each row; those of the row before are resolved then.
    pub problems: u64,
}

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    /// Which one, from 1.
    pub number: u64,
    /// Events answered 202 so far.
    pub accepted: u64,
    /// How long the answers of this row took.
    pub latencies: Latencies,
    /// Events that wait for their decision at its end.
    pub undecided: u64,
    /// Operations that wait for HaloPSA.
    pub waiting: u64,
    /// Cases that are open.
    pub open: u64,
    /// The store's files, in bytes.
    pub bytes: u64,
    /// What the service used so far.
    pub usage: Usage,
}

/// Runs it; each row is told when it is complete.
///
/// # Errors
///
/// When the service does not answer.
///
/// # Panics
///
/// When what is needed for it cannot be started.
pub async fn measure(soak: Soak, mut tell: impl FnMut(&Row)) -> io::Result<Vec<Row>> {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::with_rules(&sandbox.url(), rules::STORM).track("1m");
    let service = Service::start(&install).await;
    let mut over = Request::alerts(service.addr(), 1, |n| {
        let mut alert = rules::of_severity(n, "high");
        alert["status"] = "resolved".into();
        alert
    });
    let (mut rows, mut accepted): (Vec<Row>, u64) = (Vec::new(), 0);
    for number in 1..=soak.rows {
        let traffic = Traffic {
            request: Request::alerts(service.addr(), 1, |n| rules::of_severity(n, "high")),
            connections: 4,
            events: (soak.rate * soak.row.as_secs_f64()) as u64,
            first: number * soak.problems,
            problems: soak.problems,
            rate: Some(soak.rate),
        };
        let sent = send(service.addr(), &traffic).await?;
        accepted += sent.accepted;
        if number > 1 {
            let mut connection = Connection::open(service.addr()).await?;
            for problem in 0..soak.problems {
                let ended = (number - 1) * soak.problems + problem;
                accepted += u64::from(connection.exchange(over.with([ended].into_iter())).await? == 202);
            }
        }
        let figures = service.figures().await;
        let row = Row {
            number,
            accepted,
            latencies: sent.latencies,
            undecided: figures.queue("undecided"),
            waiting: figures.queue("waiting"),
            open: figures.get("haloward_cases{state=\"open\"}") as u64,
            bytes: bytes(&install.store()),
            usage: service.usage(),
        };
        tell(&row);
        rows.push(row);
    }
    service.decided().await;
    service.stop().await;
    sandbox.stop().await;
    Ok(rows)
}

fn bytes(store: &Path) -> u64 {
    let log = store.with_extension("db-wal");
    [store, &log].iter().filter_map(|path| std::fs::metadata(path).ok()).map(|file| file.len()).sum()
}

/// What stands above the rows.
pub const HEAD: &str = "  row    events    p50 ms    p99 ms   most ms  undecided  waiting  open cases  memory MiB  store MiB  bytes/event";

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |percent| self.latencies.percentile(percent).unwrap_or_default().as_secs_f64() * 1000.0;
        write!(
            f,
            "{:5} {:9} {:9.2} {:9.2} {:9.1} {:10} {:8} {:11} {:11.1} {:10.1} {:12}",
            self.number,
            self.accepted,
            ms(50.0),
            ms(99.0),
            ms(100.0),
            self.undecided,
            self.waiting,
            self.open,
            self.usage.resident as f64 / 1024.0,
            self.bytes as f64 / f64::from(1 << 20),
            self.bytes / self.accepted.max(1)
        )
    }
}
