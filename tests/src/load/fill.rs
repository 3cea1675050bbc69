//! Stores made full before the service starts on them: what it would have written itself, in a fraction of the time.

use std::path::Path;
use std::sync::Arc;

use haloward::clock::{Clock as _, SystemClock};
use haloward::store::{
    CaseChange, Change, DecisionBatch, DecisionRecord, EventId, Limits, NewEvent, NewOperation, OperationId,
    Settled, Store, StoreError,
};
use haloward_rules::{
    Case, CaseBook, Delivery, Event, Explain, Input, Preset, PresetSet, Report, RuleSet, Settings, Severity,
    SourceFile, Step, step,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::rules;

/// LIMIT: so many events are made and committed at once.
const AT_ONCE: u64 = 1_000;

/// Journals events that nobody has decided about, each of a problem of its own.
pub(super) async fn undecided(path: &Path, events: u64) -> Result<(), StoreError> {
    let (store, maker) = (Store::open(path, Limits::default())?, Maker::new());
    for first in (0..events).step_by(AT_ONCE as usize) {
        let all = first..(first + AT_ONCE).min(events);
        store.accept(all.map(|n| maker.new_event(n)).collect()).await?;
    }
    Ok(())
}

/// Journals so many events of which all but the last `undecided` are decided, with so many cases whose tickets are
/// open in HaloPSA: the first event of each opened its ticket, the others were repeats.
pub(super) async fn at_size(path: &Path, events: u64, cases: u64, undecided: u64) -> Result<(), StoreError> {
    let (store, maker) = (Store::open(path, Limits::default())?, Maker::new());
    for first in (0..events).step_by(AT_ONCE as usize) {
        let all = first..(first + AT_ONCE).min(events);
        let accepted = store.accept(all.clone().map(|n| maker.new_event(n % cases)).collect()).await?;
        let mut batch = DecisionBatch::default();
        for (n, accepted) in all.zip(accepted) {
            if n >= events - undecided {
                break;
            }
            maker.decide(n, accepted.id, n < cases, &mut batch);
        }
        if !batch.is_empty() {
            store.commit(Change::Decided(Box::new(batch))).await?;
        }
    }
    Ok(())
}

/// Makes events and decisions as the service does.
struct Maker {
    rules: RuleSet,
    preset: Arc<Preset>,
    now: Timestamp,
}

impl Maker {
    fn new() -> Self {
        let file = SourceFile::new("rules/rules.yaml", rules::many(1));
        let (rules, findings) = RuleSet::load(&[file], Settings::default());
        assert!(!findings.has_errors(), "{}", findings.render());
        let (presets, _) = PresetSet::load(&[], Some(&["alertmanager".to_owned()]));
        let preset = presets.get("alertmanager").expect("a preset of that name");
        Self { rules, preset: Arc::clone(preset), now: SystemClock.now() }
    }

    fn event(&self, problem: u64) -> Event {
        let payload = json!({ "alerts": [rules::alert(&format!("{problem:09}"))] });
        let delivery = Delivery {
            source: "prom",
            payload: payload.into(),
            headers: Arc::new(Value::Null),
            default_severity: Severity::Medium,
            at: self.now,
        };
        self.preset.map(delivery).events.remove(0)
    }

    fn new_event(&self, problem: u64) -> NewEvent {
        NewEvent {
            event: self.event(problem),
            source: "prom".into(),
            delivery_id: None,
            received_at: self.now,
        }
    }

    /// What is committed about event `n`: the first of a problem opens its ticket, which HaloPSA has made already.
    fn decide(&self, n: u64, id: EventId, first: bool, batch: &mut DecisionBatch) {
        batch.position = Some(id);
        let outcome = if first { self.open(n, id, batch) } else { haloward_rules::Outcome::Counted };
        batch.records.push(DecisionRecord {
            event: Some(id),
            cause: id.to_string(),
            outcome,
            rule: None,
            key: None,
            details: json!({ "outcome": outcome, "decisions": [] }).to_string(),
            rules: "0123456789ab".into(),
            at: self.now,
        });
    }

    fn open(&self, n: u64, id: EventId, batch: &mut DecisionBatch) -> haloward_rules::Outcome {
        let mut book = CaseBook::default();
        let input = Input::Event(self.event(n).received(&id.to_string(), self.now));
        let opened = self.step(&book, &input);
        book.put(opened.cases.iter().cloned());
        let key = opened
            .cases
            .first()
            .map(|case| case.key.clone())
            .expect("an alert of the first rule opens a case");
        let ticket = 1_000 + n as i64;
        let told = self.step(&book, &Input::Report(Report::TicketOpened { key, ticket: 1, id: ticket }));
        let case: Case = told.cases.into_iter().chain(opened.cases).next().expect("a case");
        batch.cases.push(CaseChange { case, known_feeds: 0 });
        batch.timers.extend(opened.timers.into_iter().chain(told.timers));
        for effect in opened.effects {
            let operation: OperationId = format!("op_{n:013}").parse().expect("an id");
            batch.operations.push(NewOperation {
                id: operation,
                cause: format!("{id}/0"),
                effect,
                created_at: self.now,
            });
            let settled = Settled { ticket, changed_at: Some(self.now), ..Settled::default() };
            batch.settled.push((operation, settled));
        }
        opened.outcome
    }

    fn step(&self, book: &CaseBook, input: &Input) -> Step {
        step(&self.rules, book, input, Explain::Matches, self.now)
    }
}
