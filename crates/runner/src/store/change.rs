//! Changes of the store, each a whole: what stands in one is committed together.

use haloward_rules::{Case, Effect, Key, Outcome, RuleId, Silence, TimerChange};
use jiff::Timestamp;
use serde::Serialize;

use super::browse::Exchange;
use super::error::StoreError;
use super::id::{EventId, OperationId};
use super::operation::{NewOperation, Settled};
use super::sqlite::Packed;

/// A change to be committed.
#[derive(Debug, Clone)]
pub enum Change {
    /// The decider decided a batch.
    Decided(Box<DecisionBatch>),
    /// A request is about to go out for these operations: it goes for all of them or not at all.
    Sending(Vec<Sending>),
    /// An operation stands otherwise.
    Operation(OperationId, Transition),
    /// Silences stand otherwise.
    Silence(SilenceChange),
    /// An operation stands otherwise after something was said about it to HaloPSA.
    Attempted {
        /// The operation.
        id: OperationId,
        /// How it stands.
        transition: Transition,
        /// What was said.
        exchanges: Vec<Exchange>,
    },
    /// Something was said about an operation to HaloPSA.
    Said {
        /// The operation.
        id: OperationId,
        /// What was said.
        exchanges: Vec<Exchange>,
    },
    /// What an operation is to do was corrected by hand; it is tried again from the start.
    Corrected(Corrected),
    /// A fact that must survive a restart, such as how far changes were read back.
    Note {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
    },
}

/// A dead operation that is to do something else, and is tried again.
#[derive(Debug, Clone)]
pub struct Corrected {
    /// The operation.
    pub id: OperationId,
    /// What it is to do now.
    pub effect: Box<Effect>,
    /// When.
    pub at: Timestamp,
    /// What was corrected, for its story.
    pub exchange: Exchange,
}

/// A change of silences. The cases they hold back learn of it with the next decision.
#[derive(Debug, Clone, PartialEq)]
pub enum SilenceChange {
    /// A new one, or another version of the one with its id.
    Put(Silence),
    /// One is over before its time.
    End {
        /// Its id.
        id: String,
        /// When it ends.
        at: Timestamp,
    },
}

/// What was decided about a batch of inputs: all of it, or nothing.
#[derive(Debug, Clone, Default)]
pub struct DecisionBatch {
    /// The last event decided.
    pub position: Option<EventId>,
    /// New and changed cases.
    pub cases: Vec<CaseChange>,
    /// Timers set and cancelled, in order.
    pub timers: Vec<TimerChange>,
    /// Operations for the outbox, in order.
    pub operations: Vec<NewOperation>,
    /// Those of the operations whose requests go out as soon as this is durable.
    pub sending: Vec<Sending>,
    /// What is recorded about each input.
    pub records: Vec<DecisionRecord>,
    /// Operations that are done, with what they left.
    pub settled: Vec<(OperationId, Settled)>,
    /// Operations that stand otherwise, which their cases know from now on.
    pub moved: Vec<(OperationId, Transition)>,
    /// Dead operations that are tried again otherwise, which their cases know from now on.
    pub corrected: Vec<Corrected>,
}

impl DecisionBatch {
    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.position.is_none()
            && self.cases.is_empty()
            && self.timers.is_empty()
            && self.operations.is_empty()
            && self.records.is_empty()
            && self.settled.is_empty()
            && self.moved.is_empty()
            && self.corrected.is_empty()
    }
}

/// A case to be kept.
#[derive(Debug, Clone)]
pub struct CaseChange {
    /// The case.
    pub case: Case,
    /// How many of its feeds the store knows already: feeds are only ever added while a case lives.
    pub known_feeds: usize,
}

/// What is recorded about one input.
#[derive(Debug, Clone)]
pub struct DecisionRecord {
    /// The event, if it was one.
    pub event: Option<EventId>,
    /// What was decided about: the event's id, or a timer.
    pub cause: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The rule that decided.
    pub rule: Option<RuleId>,
    /// The case.
    pub key: Option<Key>,
    /// Every rule's say, as JSON.
    pub details: String,
    /// The version of the rules.
    pub rules: String,
    /// When.
    pub at: Timestamp,
}

/// The last thing made durable before a request goes out.
#[derive(Debug, Clone)]
pub struct Sending {
    /// The operation.
    pub id: OperationId,
    /// What it is to do, if later ones were folded into it.
    pub effect: Option<Effect>,
    /// The operations folded into it.
    pub folded: Vec<OperationId>,
    /// When.
    pub at: Timestamp,
}

/// How an operation's state changes without a case changing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transition {
    /// Its request went out and nobody knows: it is looked for at `at`, having been looked for `looks` times.
    Unclear {
        /// When to look.
        at: Timestamp,
        /// How often it was looked for.
        looks: u32,
        /// What happened.
        problem: String,
    },
    /// It was certainly not carried out: again at `at`.
    Retry {
        /// When.
        at: Timestamp,
        /// What happened.
        problem: String,
    },
    /// It is done, and left nothing to remember: a message was posted.
    Done {
        /// When.
        at: Timestamp,
    },
    /// HaloPSA refused it for good.
    Dead {
        /// When.
        at: Timestamp,
        /// What happened.
        problem: String,
        /// The request and the answer, as JSON.
        story: String,
    },
    /// It seems to have been carried out twice: it is looked at once more.
    Recheck {
        /// When.
        at: Timestamp,
    },
    /// It was looked at once more. Changes nothing where another look was asked for meanwhile.
    Rechecked {
        /// The look that was due.
        due: Timestamp,
        /// The next look, unless it is certain that it was carried out once.
        again_at: Option<Timestamp>,
    },
    /// A dead one is tried again.
    Revive {
        /// When.
        at: Timestamp,
    },
    /// It is given up.
    Drop {
        /// When.
        at: Timestamp,
        /// Why.
        problem: String,
    },
}

/// The long texts of a change, made and packed by whoever brings it: the one thread that writes has less to do.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    /// One for each case of a batch.
    pub(super) cases: Vec<Packed>,
    /// One for each of its operations.
    pub(super) effects: Vec<String>,
}

impl Bodies {
    pub(super) fn of(change: &Change) -> Result<Self, StoreError> {
        let Change::Decided(batch) = change else { return Ok(Self::default()) };
        let cases = batch.cases.iter().map(|change| packed(&change.case, &change.case.key));
        let effects = batch.operations.iter().map(|new| json(&new.effect, &new.effect.key));
        Ok(Self { cases: cases.collect::<Result<_, _>>()?, effects: effects.collect::<Result<_, _>>()? })
    }
}

fn json(value: &impl Serialize, key: &Key) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| unwritable(key, &error))
}

fn packed(value: &impl Serialize, key: &Key) -> Result<Packed, StoreError> {
    Packed::written(|out| serde_json::to_writer(out, value)).map_err(|error| unwritable(key, &error))
}

fn unwritable(key: &Key, error: &serde_json::Error) -> StoreError {
    StoreError::Damaged { problem: format!("what is kept about `{key}`: {error}") }
}
