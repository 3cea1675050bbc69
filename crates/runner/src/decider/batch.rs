//! One batch: a view of the store in, what is to be committed out. Nothing here waits or writes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use haloward_rules::{Cases, Event, Explain, Input, Mode, Outcome, Path, Report, Step, TimerChange, step};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::cases::BatchCases;
use super::desk::{Brought, Message};
use super::queue::{Next, Queue};
use super::remembered::Remembered;
use super::retry::{self, NotRetried, Retrial};
use super::silences::SilenceCache;
use crate::runtime::{Happening, LiveRules};
use crate::store::{
    DecisionBatch, DecisionRecord, EventId, IdSource, NewOperation, OperationId, OperationKind,
    OperationState, Reader, Store, StoreError, Transition,
};

/// LIMIT: as many timers as may fall due together in one batch; the rest comes in the next.
const BATCH_TIMERS: usize = 512;

/// What a batch leads to.
pub(super) struct Batch {
    pub(super) changes: DecisionBatch,
    pub(super) happenings: Vec<Happening>,
    /// When the events of it were received.
    pub(super) received: Vec<Timestamp>,
    /// What was decided.
    pub(super) outcomes: Vec<Outcome>,
    /// What somebody should know at once.
    pub(super) warnings: Vec<String>,
    /// The messages, by their place, whose operation is not tried again.
    pub(super) refused: Vec<(usize, NotRetried)>,
}

/// Gives operations their ids.
pub(super) struct Ids<'s> {
    source: &'s mut IdSource,
}

impl<'s> Ids<'s> {
    pub(super) fn new(source: &'s mut IdSource) -> Self {
        Self { source }
    }
}

struct Making<'r> {
    reader: &'r Reader<'r>,
    cases: BatchCases<'r>,
    batch: Batch,
    rules: &'r LiveRules,
    ids: Ids<'r>,
    /// When it is decided; what is decided about has times of its own.
    now: Timestamp,
}

impl Batch {
    pub(super) fn decide(
        (store, reader): (&Store, &Reader<'_>),
        (silences, remembered): (&mut SilenceCache, &Remembered),
        rules: impl FnOnce() -> LiveRules,
        messages: &[Message],
        events: usize,
        ids: Ids<'_>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let (mut timers, mut entries) = (Vec::new(), Vec::new());
        if events > 0 {
            timers = reader.due_timers(now, BATCH_TIMERS)?;
            // With more timers due than are looked at, some may be due before these events.
            if timers.len() < BATCH_TIMERS {
                let position = reader.position()?;
                entries = match store.fresh().take(position, events) {
                    Some(entries) => entries,
                    None => reader.undecided(position, events)?,
                };
            }
        }
        // ORDER: the rules are taken after the events were read, so that what is accepted after a reload is never
        // decided by the rules of before it.
        let rules = rules();
        let silences = silences.of(reader, now)?;
        let batch = Self {
            changes: DecisionBatch::default(),
            happenings: Vec::new(),
            received: Vec::new(),
            outcomes: Vec::new(),
            warnings: Vec::new(),
            refused: Vec::new(),
        };
        let cases = BatchCases::new(reader, remembered, silences);
        let mut making = Making { reader, cases, batch, rules: &rules, ids, now };
        for (place, message) in messages.iter().enumerate() {
            making.message(&message.brought);
            if let Some(retrial) = &message.brought.retrial
                && let Err(refusal) = making.retry(retrial)?
            {
                making.batch.refused.push((place, refusal));
            }
        }
        let mut queue = Queue::new(timers, entries, now);
        while let Some(next) = queue.next() {
            match next {
                Next::Timer(timer, due) => making.timer(timer, due, &mut queue),
                Next::Event(entry) => making.event(entry.id, entry.event, entry.received_at, &mut queue),
            }
        }
        making.cases.trouble()?;
        making.batch.changes.cases = making.cases.into_changes();
        Ok(making.batch)
    }
}

impl Making<'_> {
    /// What HaloPSA did. Its case is told now, whenever it happened.
    fn message(&mut self, message: &Brought) {
        let mut cause = "report".to_owned();
        if let Some((operation, settled)) = &message.settled {
            cause = format!("{operation}/report");
            self.batch.changes.settled.push((*operation, settled.clone()));
        }
        if let Some((operation, transition)) = &message.moved {
            cause = format!("{operation}/report");
            self.batch.changes.moved.push((*operation, transition.clone()));
        }
        for (report, number) in message.reports.iter().zip(0..) {
            self.report(report, &format!("{cause}/{number}"), message.moved.is_none());
        }
        self.batch.happenings.extend(message.happening.clone());
    }

    /// What its case makes of a report; `recorded` says whether that is for its story.
    fn report(&mut self, report: &Report, cause: &str, recorded: bool) {
        let step = self.step(&Input::Report(report.clone()), self.now);
        // What we did ourselves is told as an operation that is done.
        if !matches!(report, Report::TicketOpened { .. } | Report::FoldNoteAdded { .. }) {
            let (key, reason) = (report.key().clone(), step.reason.clone());
            self.batch.happenings.push(Happening::CaseReported { key, reason });
        }
        if recorded && !step.cases.is_empty() {
            self.record_report(report, &step, cause);
        }
        self.keep(step, cause, None);
    }

    /// Tries a dead operation again, and tells its case, or says why not.
    fn retry(&mut self, retrial: &Retrial) -> Result<Result<(), NotRetried>, StoreError> {
        let id = retrial.id();
        let Some(mut known) = self.reader.operation(id)? else {
            return Ok(Err(NotRetried::Unknown { operation: id }));
        };
        let changes = &self.batch.changes;
        let moved = changes.moved.iter().rev().find(|(moved, _)| *moved == id);
        let corrected = changes.corrected.iter().any(|corrected| corrected.id == id);
        if corrected || moved.is_some() {
            // Somebody else was faster, in this very batch.
            let dropped = matches!(moved, Some((_, Transition::Drop { .. })));
            known.state = if dropped { OperationState::Dropped } else { OperationState::Retry };
        }
        let (case, newest) = (self.cases.case(known.key()), self.reader.newest_opening(known.key())?);
        if let Some(refusal) = retry::refusal(&known, case.as_ref(), newest.as_ref()) {
            return Ok(Err(refusal));
        }
        retrial.put(&mut self.batch.changes);
        if known.kind == OperationKind::OpenTicket {
            let report = Report::TicketRetried { key: known.key().clone(), ticket: known.number() };
            self.report(&report, &format!("{id}/retry"), false);
        }
        Ok(Ok(()))
    }

    fn timer(&mut self, timer: haloward_rules::Timer, due: Timestamp, queue: &mut Queue) {
        let cause = format!("timer/{}/{}/{}", timer.kind.as_str(), due.as_millisecond(), timer.key);
        // It has fired; its step may set it again.
        let fired = TimerChange::Cancel { key: timer.key.clone(), kind: timer.kind };
        self.batch.changes.timers.push(fired);
        let key = timer.key.clone();
        let step = self.step(&Input::Timer(timer), due);
        self.record(&step, None, &cause);
        if !step.decisions.is_empty() {
            let trace = step.event.as_ref().and_then(Event::trace).map(str::to_owned);
            self.batch.happenings.push(Happening::TimerFired {
                key,
                trace,
                outcome: step.outcome,
                reason: step.reason.clone(),
            });
        }
        self.keep(step, &cause, Some(queue));
    }

    fn event(&mut self, id: EventId, event: Event, received_at: Timestamp, queue: &mut Queue) {
        let (source, title) = (event.source().to_owned(), event.title().to_owned());
        let trace = event.trace().map(str::to_owned);
        let step = self.step(&Input::Event(event), received_at);
        self.record(&step, Some(id), &id.to_string());
        let said = deciding(&step);
        self.batch.happenings.push(Happening::EventDecided {
            event: id,
            source,
            title,
            trace,
            outcome: step.outcome,
            rule: said.map(|decision| decision.rule.clone()),
            reason: step.reason.clone().or_else(|| said.and_then(|decision| decision.reason.clone())),
            key: said.and_then(|decision| decision.key.clone()),
        });
        self.keep(step, &id.to_string(), Some(queue));
        self.batch.received.push(received_at);
        self.batch.changes.position = Some(id);
    }

    /// Asks the engine. It does not panic; if it does all the same, that costs no alert and does not stop the rest.
    fn step(&self, input: &Input, now: Timestamp) -> Step {
        let ask = |input: &Input| {
            let cases: &dyn Cases = &self.cases;
            catch_unwind(AssertUnwindSafe(|| step(&self.rules.rules, cases, input, Explain::Matches, now)))
        };
        if let Ok(step) = ask(input) {
            return step;
        }
        tracing::error!(?input, "the rule engine failed on an input: please report it");
        let plain = match input {
            Input::Event(event) => unmapped(event.clone()).and_then(|input| ask(&input).ok()),
            _ => None,
        };
        plain.unwrap_or_else(|| Step::failed("the rule engine failed on it"))
    }

    fn record(&mut self, step: &Step, event: Option<EventId>, cause: &str) {
        let said = deciding(step);
        self.batch.outcomes.push(step.outcome);
        let details =
            Details { decisions: &step.decisions, outcome: step.outcome, reason: step.reason.as_deref() };
        self.batch.changes.records.push(DecisionRecord {
            event,
            cause: cause.to_owned(),
            outcome: step.outcome,
            rule: said.map(|decision| decision.rule.clone()),
            key: said.and_then(|decision| decision.key.clone()),
            details: details.to_json(),
            rules: self.rules.version.to_string(),
            at: self.now,
        });
    }

    /// What people did to a ticket belongs to its case's story, and a replay needs it.
    fn record_report(&mut self, report: &Report, step: &Step, cause: &str) {
        if !matches!(report, Report::TicketTouched { .. } | Report::TicketClosed { .. }) {
            return;
        }
        let details = json!({ "outcome": step.outcome, "reason": step.reason, "report": report });
        self.batch.changes.records.push(DecisionRecord {
            event: None,
            cause: cause.to_owned(),
            outcome: step.outcome,
            rule: None,
            key: Some(report.key().clone()),
            details: details.to_string(),
            rules: self.rules.version.to_string(),
            at: self.now,
        });
    }

    fn keep(&mut self, step: Step, cause: &str, queue: Option<&mut Queue>) {
        for case in step.cases {
            self.cases.put(case);
        }
        if let Some(queue) = queue {
            queue.changed(&step.timers);
        }
        self.batch.changes.timers.extend(step.timers);
        self.batch.warnings.extend(step.warnings);
        for (effect, number) in step.effects.into_iter().zip(0..) {
            self.batch.changes.operations.push(NewOperation {
                id: OperationId::from_number(self.ids.source.next(self.now)),
                cause: format!("{cause}/{number}"),
                effect,
                created_at: self.now,
            });
        }
    }
}

/// What is recorded about an input.
#[derive(Serialize)]
struct Details<'s> {
    decisions: &'s [haloward_rules::Decision],
    outcome: Outcome,
    reason: Option<&'s str>,
}

impl Details<'_> {
    fn to_json(&self) -> String {
        match serde_json::to_string(self) {
            Ok(text) => text,
            Err(error) => unreachable!("texts, numbers and lists of them are JSON: {error}"),
        }
    }
}

/// The decision that made the outcome: the first live rule that matched.
fn deciding(step: &Step) -> Option<&haloward_rules::Decision> {
    let live = |decision: &&haloward_rules::Decision| decision.mode == Mode::Live && decision.matched;
    step.decisions.iter().filter(live).find(|decision| decision.outcome == Some(step.outcome))
}

/// The event as one that no rule can be asked about: it becomes a ticket from the defaults.
fn unmapped(mut event: Event) -> Option<Input> {
    let path = Path::parse("unmapped").ok()?;
    event.set(&path, "the rules failed on it".into()).ok()?;
    Some(Input::Event(event))
}
