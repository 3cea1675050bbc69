//! The service under load, seen from outside: its metrics, its memory, the size of its store.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use super::machine;
use crate::{Install, PATIENCE, Process, client};

/// A running service and what can be asked about it.
#[derive(Debug)]
pub struct Service {
    process: Process,
    http: reqwest::Client,
}

/// What it uses.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Memory now, in KiB.
    pub resident: u64,
    /// The most it ever was, in KiB.
    pub peak: u64,
    /// Processor time so far, user and system.
    pub cpu: Duration,
}

impl Usage {
    /// Processor time for each of so many events, in microseconds: what stays comparable on a busy machine.
    pub fn cpu_micros_each(&self, events: u64) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / (events.max(1) as f64)
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |kib: u64| kib as f64 / 1024.0;
        write!(f, "memory {:.1} MiB, at most {:.1} MiB", mib(self.resident), mib(self.peak))
    }
}

/// The metrics, each with its labels as they are written.
#[derive(Debug, Clone, Default)]
pub struct Figures(BTreeMap<String, f64>);

impl Figures {
    /// One figure; 0 where it was never counted.
    pub fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// How long a queue is.
    pub fn queue(&self, name: &str) -> u64 {
        self.get(&format!("haloward_queue_length{{queue=\"{name}\"}}")) as u64
    }

    /// All figures of a name, whatever their labels.
    pub fn sum(&self, name: &str) -> f64 {
        let of_name =
            |key: &str| key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('{'));
        self.0.iter().filter(|(key, _)| of_name(key)).map(|(_, value)| value).sum()
    }
}

impl Service {
    /// Starts the service, which logs little.
    pub async fn start(install: &Install) -> Self {
        Self { process: Process::start_quietly(install).await, http: client() }
    }

    /// Host and port of its receiver.
    pub fn addr(&self) -> &str {
        self.process.url.trim_start_matches("http://")
    }

    /// What it counts.
    pub async fn figures(&self) -> Figures {
        let asking =
            async { self.http.get(format!("{}/metrics", self.process.url)).send().await?.text().await };
        let text: String = asking.await.unwrap_or_default();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Figures(
            lines
                .filter_map(|line| line.rsplit_once(' '))
                .filter_map(|(k, v)| Some((k.into(), v.parse().ok()?)))
                .collect(),
        )
    }

    /// Asks until its figures are as wanted, a few times in a second, and says when that was first seen.
    pub async fn until(&self, wanted: impl Fn(&Figures) -> bool, within: Duration) -> Option<Instant> {
        let asking = async {
            while !wanted(&self.figures().await) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Instant::now()
        };
        tokio::time::timeout(within, asking).await.ok()
    }

    /// Waits until everything that was accepted is decided.
    ///
    /// # Panics
    ///
    /// If that takes longer than anything may.
    pub async fn decided(&self) {
        let done = self.until(|figures| figures.queue("undecided") == 0, PATIENCE * 10);
        assert!(done.await.is_some(), "everything is decided in the end");
    }

    /// What it uses.
    pub fn usage(&self) -> Usage {
        let kib = |name| machine::status_kib(self.process.pid(), name).unwrap_or_default();
        Usage {
            resident: kib("VmRSS"),
            peak: kib("VmHWM"),
            cpu: machine::cpu(self.process.pid()).unwrap_or_default(),
        }
    }

    /// Ends it as it should end.
    ///
    /// # Panics
    ///
    /// If it does not end well.
    pub async fn stop(self) {
        let (code, log) = self.process.stop().await;
        assert_eq!(code, Some(0), "{log}");
    }

    /// Ends it at once.
    pub async fn kill(self) {
        self.process.kill().await;
    }
}
