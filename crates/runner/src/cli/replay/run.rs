//! One of the two runs: rules over the events, or what was decided about them at the time.

use std::collections::VecDeque;
use std::path::Path;

use haloward_rules::{CaseState, Event, Explain, Report, RuleId, RuleSet, Simulation};
use jiff::Timestamp;

use super::super::Failure;
use super::compare::Heard;
use super::recording::told;
use crate::store::{Archive, EventId, Operation, OperationId};

/// One of the two runs.
#[derive(Debug)]
pub(super) enum Run<'r> {
    /// Rules that decide again.
    Rules(Box<Simulation<'r>>),
    /// What was decided at the time.
    Recorded(Recorded),
}

/// What the store knows of decisions and of what followed.
#[derive(Debug)]
pub(super) struct Recorded {
    archive: Archive,
    /// What no event led to, but a timer or something that HaloPSA did.
    beside: VecDeque<(Timestamp, Operation)>,
    last: Option<OperationId>,
    /// Whether there may be more of those.
    more: bool,
}

// LIMIT: each page is a transaction of its own, so that a long replay never keeps the log of a running service long.
const PAGE: usize = 1_000;

impl<'r> Run<'r> {
    pub(super) fn of(rules: &'r RuleSet) -> Self {
        let run = Simulation::new(rules, Explain::Matches, Timestamp::MIN).forgetting();
        Self::Rules(Box::new(run))
    }

    /// What the store at `store` knows from `since` on.
    pub(super) fn recorded(store: &Path, since: Option<Timestamp>) -> Result<Self, Failure> {
        let archive = Archive::open(store).map_err(|error| told(&error))?;
        let last = since.map(OperationId::first_at);
        Ok(Self::Recorded(Recorded { archive, beside: VecDeque::new(), last, more: true }))
    }

    /// When something happens next without an event.
    pub(super) fn next_due(&mut self) -> Result<Option<Timestamp>, Failure> {
        match self {
            Self::Rules(run) => Ok(run.next_due()),
            Self::Recorded(run) => run.next_due(),
        }
    }

    /// Lets time pass up to the first thing that happens by `until`.
    pub(super) fn pass(&mut self, until: Timestamp) -> Result<Option<Heard>, Failure> {
        match self {
            Self::Rules(run) => Ok(run.pass(until).map(|fired| Heard::of(fired.step, fired.at))),
            Self::Recorded(run) => run.pass(until),
        }
    }

    /// What it says to an event; `None` where nobody knows.
    pub(super) fn event(&mut self, event: &Event, at: Timestamp) -> Result<Option<Heard>, Failure> {
        match self {
            Self::Rules(run) => Ok(Some(Heard::of(run.event(event.clone()), at))),
            Self::Recorded(run) => run.event(event, at),
        }
    }

    /// What it says when people did something to a ticket.
    pub(super) fn report(&mut self, report: &Report, at: Timestamp) -> Option<Heard> {
        // What was decided then is among what happened without an event.
        let Self::Rules(run) = self else { return None };
        // With other rules it may be another one of the case's tickets: what people did, they did to the open one.
        let case = run.case(report.key()).filter(|case| case.state == CaseState::Open)?;
        let (key, ticket) = (case.key.clone(), case.tickets);
        let report = match report {
            Report::TicketClosed { .. } => Report::TicketClosed { key, ticket },
            Report::TicketTouched { .. } => Report::TicketTouched { key, ticket },
            _ => return None,
        };
        Some(Heard::of(run.report(report), at))
    }
}

impl Recorded {
    fn next_due(&mut self) -> Result<Option<Timestamp>, Failure> {
        if self.beside.is_empty() && self.more {
            let last = self.last;
            let page = self.archive.read(|reader| reader.operations_beside_events(last, PAGE));
            let page = page.map_err(|error| told(&error))?;
            self.more = page.len() == PAGE;
            self.last = page.last().map(|operation| operation.id).or(self.last);
            self.beside.extend(page.into_iter().map(|operation| (happened(&operation), operation)));
        }
        Ok(self.beside.front().map(|(at, _)| *at))
    }

    fn pass(&mut self, until: Timestamp) -> Result<Option<Heard>, Failure> {
        if self.next_due()?.is_none_or(|due| due > until) {
            return Ok(None);
        }
        Ok(self.beside.pop_front().map(|(at, operation)| Heard {
            at,
            outcome: operation.effect.kind.outcome(),
            rule: None,
            reason: None,
            decisions: Vec::new(),
            event: None,
            effects: vec![operation.effect],
        }))
    }

    fn event(&self, event: &Event, at: Timestamp) -> Result<Option<Heard>, Failure> {
        let Ok(id) = event.id().parse::<EventId>() else { return Ok(None) };
        let read = self.archive.read(|reader| Ok((reader.recorded(id)?, reader.operations_from(id, PAGE)?)));
        let (decision, operations) = read.map_err(|error| told(&error))?;
        let Some(decision) = decision else { return Ok(None) };
        let Ok(outcome) = serde_json::from_value(decision.outcome.into()) else { return Ok(None) };
        let reason = decision.details["reason"].as_str().or_else(|| {
            let said = decision.details["decisions"].as_array()?;
            let said = said.iter().find(|said| said["rule"].as_str() == decision.rule.as_deref())?;
            said["reason"].as_str()
        });
        Ok(Some(Heard {
            at,
            outcome,
            reason: reason.map(str::to_owned),
            rule: decision.rule.as_deref().map(RuleId::new),
            decisions: Vec::new(),
            event: None,
            effects: operations.into_iter().map(|operation| operation.effect).collect(),
        }))
    }
}

/// When it was decided. A timer's due time is said by its cause; the service may have been down then.
fn happened(operation: &Operation) -> Timestamp {
    let due = operation.cause.strip_prefix("timer/").and_then(|rest| rest.split('/').nth(1));
    let due = due.and_then(|due| due.parse().ok()).and_then(|due| Timestamp::from_millisecond(due).ok());
    due.unwrap_or(operation.created_at)
}
