//! What HaloPSA holds, beside what was answered.

use std::collections::BTreeMap;
use std::fmt;

use halopsa_sandbox::{Snapshot, Ticket};

use super::driver::Driver;

#[derive(Debug, Default)]
pub(super) struct Tally {
    answered: usize,
    unanswered: usize,
    tickets: usize,
    /// Tickets closed because they were there twice.
    mended: usize,
    writes: usize,
    failed_writes: usize,
    /// Requests that created several tickets.
    shared: usize,
    /// Answered events that HaloPSA knows nothing of.
    lost: usize,
    /// Events that opened two tickets or left two notes.
    doubled: usize,
    /// Problems with more than one open ticket.
    doubly_open: usize,
    /// Problems that are over and open, or still fire and have no open ticket.
    wrongly_left: usize,
    pub(super) stories: Vec<String>,
}

impl Tally {
    pub(super) fn of(seen: &Snapshot, driver: &Driver) -> Self {
        let mut tally = Self { tickets: seen.tickets.len(), ..Self::default() };
        for request in seen.requests.iter().filter(|request| request.method == "POST") {
            if request.path.starts_with("/api/Tickets") || request.path.starts_with("/api/Actions") {
                tally.writes += 1;
                tally.shared += usize::from(
                    request.path.starts_with("/api/Tickets") && request.query.contains("returnall"),
                );
                tally.failed_writes += usize::from(!request.faults.is_empty());
            }
        }
        let (twice, kept): (Vec<&Ticket>, Vec<&Ticket>) = seen.tickets.iter().partition(|t| was_twice(t));
        tally.mended = twice.len();
        let mut told: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for ticket in &kept {
            for number in numbers(&ticket.details) {
                told.entry(number).or_default().push(format!("ticket {}", ticket.id));
            }
            for action in &ticket.actions {
                for number in numbers(&action.note) {
                    told.entry(number).or_default().push(format!("note on {}", ticket.id));
                }
            }
        }
        tally.events(driver, &told);
        tally.problems(driver, &kept);
        tally
    }

    fn events(&mut self, driver: &Driver, told: &BTreeMap<usize, Vec<String>>) {
        for (number, sent) in driver.sent.iter().enumerate() {
            self.answered += usize::from(sent.answered);
            self.unanswered += usize::from(!sent.answered);
            match told.get(&number).map(Vec::as_slice) {
                // The end of a problem that had no ticket leaves nothing; `problems` sees whether it was one.
                None if sent.answered && sent.firing => {
                    self.lost += 1;
                    self.stories.push(format!("lost: event {number} of problem {}", sent.problem));
                }
                Some(places) if places.len() > 1 => {
                    self.doubled += 1;
                    self.stories.push(format!("doubled: event {number} as {}", places.join(", ")));
                }
                _ => {}
            }
        }
    }

    fn problems(&mut self, driver: &Driver, kept: &[&Ticket]) {
        for (problem, firing) in &driver.ends {
            let summary = format!("Problem {problem}");
            let open: Vec<i64> = kept
                .iter()
                .filter(|ticket| ticket.summary == summary && !ticket.closed && ticket.status != "Resolved")
                .map(|ticket| ticket.id)
                .collect();
            self.doubly_open += usize::from(open.len() > 1);
            self.wrongly_left += usize::from(open.is_empty() == *firing);
            if open.len() != usize::from(*firing) {
                self.stories.push(format!("problem {problem} (firing: {firing}) has open tickets {open:?}"));
            }
        }
    }

    /// Whether everything answered is there, if more than once.
    pub(super) fn is_complete(&self) -> bool {
        self.lost == 0
    }

    pub(super) fn is_clean(&self) -> bool {
        self.lost + self.doubled + self.doubly_open + self.wrongly_left == 0
    }

    /// Requests that created several tickets.
    pub(super) fn shared(&self) -> usize {
        self.shared
    }

    /// The share of writes that failed in some way, in percent.
    pub(super) fn failing_writes(&self) -> usize {
        self.failed_writes * 100 / self.writes.max(1)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} events answered, {} not; {} tickets, {} of them closed as there twice; {}% of {} writes ({} of several \
             tickets) failed in some way; lost {}, doubled {}, problems with two open tickets {}, problems left wrongly {}",
            self.answered,
            self.unanswered,
            self.tickets,
            self.mended,
            self.failing_writes(),
            self.writes,
            self.shared,
            self.lost,
            self.doubled,
            self.doubly_open,
            self.wrongly_left
        )
    }
}

fn was_twice(ticket: &Ticket) -> bool {
    ticket.closed && ticket.actions.iter().any(|action| action.note.contains("Opened twice"))
}

/// The numbers in a text: each stands as `n12.`.
fn numbers(text: &str) -> impl Iterator<Item = usize> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.')
        .filter_map(|word| word.strip_prefix('n')?.strip_suffix('.')?.parse().ok())
}
