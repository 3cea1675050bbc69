//! How the whole stands.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::InspectError;
use crate::config::SecretRef;
use crate::dispatcher::ConnectionStatus;
use crate::feeds::FeedStatus;
use crate::store::{Counts, QueueAge, Reader};
use crate::witness::Traffic;

/// How the service stands, as far as only a running one can tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// Its version.
    pub version: String,
    /// Since when it runs.
    pub started_at: Timestamp,
    /// The rules that decide.
    pub rules: RulesStatus,
    /// Whether HaloPSA is reached.
    pub connection: ConnectionStatus,
    /// What may be sent to HaloPSA now.
    pub budget: BudgetStatus,
    /// What is in the store.
    pub store: StoreStatus,
}

/// The rules that decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RulesStatus {
    /// A short hash of their files.
    pub version: String,
    /// How many there are.
    pub count: usize,
    /// When they were read.
    pub loaded_at: Timestamp,
    /// Why newer files were not taken, if so: the last good ones decide.
    pub problem: Option<String>,
    /// Since when.
    pub problem_since: Option<Timestamp>,
}

/// The request budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetStatus {
    /// The most requests in any window.
    pub limit: u32,
    /// The window's length in seconds.
    pub window_seconds: u64,
    /// Requests of the last window.
    pub used: u32,
    /// Requests an ordinary operation may still send.
    pub available: u32,
    /// Requests an urgent one may still send: the reserve is for those.
    pub available_urgent: u32,
    /// Requests waiting for their turn.
    pub waiting: u32,
    /// For how many seconds nothing is sent, because HaloPSA reported its limit as reached.
    pub paused_seconds: Option<u64>,
}

impl From<halopsa::BudgetReport> for BudgetStatus {
    fn from(report: halopsa::BudgetReport) -> Self {
        Self {
            limit: report.limit,
            window_seconds: report.window.as_secs(),
            used: report.used,
            available: report.available,
            available_urgent: report.available_urgent,
            waiting: report.waiting,
            paused_seconds: report.paused_for.map(|pause| pause.as_secs()),
        }
    }
}

/// What is in the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoreStatus {
    /// How much of what.
    pub counts: Counts,
    /// Since when the oldest of each queue waits.
    pub oldest: QueueAge,
    /// Bytes of the file that hold something.
    pub bytes: u64,
}

/// A source of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceLine {
    /// Its name.
    pub name: String,
    /// How events come from it.
    pub kind: String,
    /// Its preset; empty where no payloads come from it.
    pub preset: String,
    /// How it proves who it is; empty where nobody sends.
    pub auth: String,
    /// Its secrets, each of which is taken, in the order of the configuration.
    #[serde(default)]
    pub secrets: Vec<SecretLine>,
    /// The severity of events that have none.
    pub severity: String,
    /// When its last event came.
    pub last_event_at: Option<Timestamp>,
    /// Where tools send to, with `TOKEN` for its token; nothing where nobody sends to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Events received today (UTC).
    #[serde(default)]
    pub events_today: u64,
    /// What it sent lately, where the service runs and saw any of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
    /// How fetching from it goes, where it is fetched from and the service runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<FeedStatus>,
}

/// One of a source's secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretLine {
    /// Where it is kept: `env:NAME`, `file:PATH`, or `[secret]` where it stands in the configuration itself.
    pub kept: String,
    /// When it was last used since the service was started; an old one that is not needed any more has none.
    pub last_used_at: Option<Timestamp>,
}

impl SecretLine {
    /// A secret that nobody used yet.
    pub fn of(secret: &SecretRef) -> Self {
        Self { kept: format!("{secret:?}"), last_used_at: None }
    }
}

/// What is in the store.
pub fn store_status(reader: &Reader<'_>) -> Result<StoreStatus, InspectError> {
    Ok(StoreStatus { counts: reader.counts()?, oldest: reader.oldest()?, bytes: reader.bytes()? })
}
