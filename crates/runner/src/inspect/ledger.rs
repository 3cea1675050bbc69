//! The ledger: for each source and day, how many events came and what became of them, so that it adds up.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::InspectError;
use crate::store::Reader;

/// Which days are wanted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LedgerQuery {
    /// So many days, today included; else 7.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u16>,
}

/// The ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// The last days, newest first, sources in order.
    pub items: Vec<LedgerLine>,
}

/// One source on one day (UTC). `received` is the sum of all that follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerLine {
    /// The day the events were received.
    pub day: Date,
    /// The source.
    pub source: String,
    /// Events that were answered 202.
    pub received: u64,
    /// Opened or reopened a ticket.
    pub opened: u64,
    /// Were counted, noted or changed something on a ticket that was open.
    pub folded: u64,
    /// Resolved a ticket.
    pub resolved: u64,
    /// Were held back: silenced, inhibited, or over a limit.
    pub suppressed: u64,
    /// Wait for a threshold or hold, or ended there.
    pub waiting: u64,
    /// Were dropped by a rule.
    pub dropped: u64,
    /// No rule matched, or there was nothing to do.
    pub left: u64,
    /// Rules failed on them, and nothing else was done.
    pub failed: u64,
    /// Are not decided yet.
    pub undecided: u64,
    /// Repeated deliveries beside those: accepted, and not processed twice.
    pub duplicates: u64,
}

const DAYS: u16 = 7;
/// LIMIT: as long as the ledger is kept.
const MOST_DAYS: u16 = 400;

/// The ledger of the last days.
pub fn ledger(reader: &Reader<'_>, query: &LedgerQuery, now: Timestamp) -> Result<Ledger, InspectError> {
    let days = query.days.unwrap_or(DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(InspectError::Question(format!(
            "`days` is {days}, and must lie between 1 and {MOST_DAYS}"
        )));
    }
    let today = now.as_second().div_euclid(86_400);
    let mut lines: BTreeMap<(i64, String), LedgerLine> = BTreeMap::new();
    for (day, source, what, count) in reader.ledger(today - i64::from(days) + 1)? {
        let line = lines.entry((-day, source.clone())).or_insert_with(|| LedgerLine::new(date(day), source));
        *line.place(&what) += count;
    }
    let mut items: Vec<LedgerLine> = lines.into_values().collect();
    for line in &mut items {
        line.undecided = line.received.saturating_sub(line.decided());
    }
    Ok(Ledger { items })
}

fn date(day: i64) -> Date {
    let second = Timestamp::from_second(day.saturating_mul(86_400)).unwrap_or(Timestamp::UNIX_EPOCH);
    second.to_zoned(TimeZone::UTC).date()
}

impl LedgerLine {
    fn new(day: Date, source: String) -> Self {
        Self {
            day,
            source,
            received: 0,
            opened: 0,
            folded: 0,
            resolved: 0,
            suppressed: 0,
            waiting: 0,
            dropped: 0,
            left: 0,
            failed: 0,
            undecided: 0,
            duplicates: 0,
        }
    }

    fn place(&mut self, what: &str) -> &mut u64 {
        match what {
            "received" => &mut self.received,
            "duplicate" => &mut self.duplicates,
            "open_ticket" | "reopen_ticket" => &mut self.opened,
            "add_note" | "update_ticket" | "counted" => &mut self.folded,
            "resolve_ticket" => &mut self.resolved,
            "silenced" | "inhibited" | "limited" => &mut self.suppressed,
            "waiting" => &mut self.waiting,
            "dropped" => &mut self.dropped,
            "error" => &mut self.failed,
            _ => &mut self.left,
        }
    }

    /// Whether everything that was received is somewhere.
    pub fn adds_up(&self) -> bool {
        self.received == self.decided() + self.undecided
    }

    fn decided(&self) -> u64 {
        self.opened
            + self.folded
            + self.resolved
            + self.suppressed
            + self.waiting
            + self.dropped
            + self.left
            + self.failed
    }
}
