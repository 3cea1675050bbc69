//! `haloward ledger`: for each source and day, how many events came and what became of them.

use serde_json::json;

use super::output::{Out, clean, columns};
use super::service::{Service, Which};
use super::{End, Ended, Global};
use crate::inspect::{self, Ledger, LedgerLine, LedgerQuery};

/// Show what became of each source's events, day by day.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  haloward ledger --days 30\n\n\
    Every event that was answered 202 is in exactly one column, on the day it was received (UTC):\n\
    received = opened + folded + resolved + suppressed + waiting + dropped + left + failed + undecided.\n\
    Exit 1 if it does not add up, or rules failed on events.")]
pub(super) struct Args {
    /// So many days, today included.
    #[arg(long, value_name = "DAYS", default_value = "7")]
    days: u16,
    #[command(flatten)]
    which: Which,
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    let service = Service::find(&args.which, global)?;
    let query = LedgerQuery { days: Some(args.days) };
    let ledger: Ledger = service
        .ask("/api/v1/ledger", &query, |reader, _| inspect::ledger(reader, &query, jiff::Timestamp::now()))?;
    service.note();
    if out.is_json() {
        out.json(&json!(ledger))?;
    } else if ledger.items.is_empty() {
        out.line("no events in these days")?;
    } else {
        for line in columns(&rows(&ledger.items)) {
            out.line(&line)?;
        }
    }
    let wrong = |line: &LedgerLine| line.failed > 0 || !line.adds_up();
    Ok(if ledger.items.iter().any(wrong) { End::No } else { End::Done })
}

const HEAD: [&str; 13] = [
    "DAY",
    "SOURCE",
    "RECEIVED",
    "OPENED",
    "FOLDED",
    "RESOLVED",
    "SUPPRESSED",
    "WAITING",
    "DROPPED",
    "LEFT",
    "FAILED",
    "UNDECIDED",
    "DUPLICATES",
];

fn rows(lines: &[LedgerLine]) -> Vec<Vec<String>> {
    let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
    for line in lines {
        let numbers = [
            line.received,
            line.opened,
            line.folded,
            line.resolved,
            line.suppressed,
            line.waiting,
            line.dropped,
            line.left,
            line.failed,
            line.undecided,
            line.duplicates,
        ];
        let mut row = vec![line.day.to_string(), clean(&line.source)];
        row.extend(numbers.map(|number| number.to_string()));
        rows.push(row);
    }
    rows
}
