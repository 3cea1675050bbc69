//! Making durable what an attempt came to, and telling it.

use std::time::Duration;

use haloward_rules::Report;
use serde_json::Value;

use super::connection::Reach;
use super::delivery::Delivery;
use super::pace::Backoff;
use super::verdict::{Verdict, Wait};
use crate::clock::later;
use crate::metrics::{self, Duplicate};
use crate::runtime::Happening;
use crate::store::{Change, Exchange, Operation, OperationKind, OperationState, StoreError, Transition};
use crate::trace::shown;

/// How soon a ticket that is on its way is looked for again by those that belong to it.
const PARENT_PAUSE: Duration = Duration::from_secs(1);

impl Delivery {
    /// Makes a verdict durable. Says what it tells about the connection.
    pub(super) async fn conclude(
        &self,
        operation: &Operation,
        verdict: Verdict,
    ) -> Result<Reach, StoreError> {
        let (id, kind, key) = (operation.id, operation.kind, operation.key().clone());
        let trace = shown(operation.trace());
        let exchanges = self.stories.take(id);
        match verdict {
            Verdict::Store(error) => Err(error),
            Verdict::Done { mut settled, reports, summary, adopted } => {
                settled.exchanges = exchanges;
                self.metrics.attempted(kind.as_str(), metrics::Result::Done);
                self.metrics.delivered(operation.created_at, self.clock.now());
                if adopted {
                    self.metrics.prevented(Duplicate::Adopted, 1);
                }
                let ticket = settled.ticket;
                tracing::info!(operation = %id, trace, %kind, ticket, %key, adopted, "done in HaloPSA");
                let rule = operation.effect.rule.clone();
                let done =
                    Happening::OperationDone { operation: id, kind, ticket, key, rule, summary, adopted };
                self.desk.settle(id, settled, reports, done).await?;
                Ok(Reach::Reached)
            }
            Verdict::Unclear { problem, looks, wait: Wait::Turn } => {
                // It is looked for at once, and what that comes to is told.
                tracing::debug!(operation = %id, trace, %kind, %key, %problem, "its outcome is not known: looking for it at once");
                self.connection.went_wrong(&problem);
                self.metrics.attempted(kind.as_str(), metrics::Result::Unclear);
                let transition = Transition::Unclear { at: self.clock.now(), looks, problem };
                self.store.commit(Change::Attempted { id, transition, exchanges }).await?;
                Ok(Reach::Failed)
            }
            Verdict::Unclear { problem, looks, wait } => {
                self.connection.went_wrong(&problem);
                self.metrics.attempted(kind.as_str(), metrics::Result::Unclear);
                let at = self.after(operation, wait);
                tracing::warn!(operation = %id, trace, %kind, %key, %problem, until = %at, "its outcome is not known: looking for it");
                self.delay(
                    operation,
                    Transition::Unclear { at, looks, problem: problem.clone() },
                    exchanges,
                    (problem, at),
                )
                .await?;
                Ok(wait.reach())
            }
            Verdict::Later { problem, wait: Wait::Parent } => {
                // Nothing is wrong, so nobody is told.
                tracing::debug!(operation = %id, trace, %kind, %key, %problem, "waits");
                let at = self.after(operation, Wait::Parent);
                self.store.commit(Change::Operation(id, Transition::Retry { at, problem })).await?;
                Ok(Reach::Untold)
            }
            Verdict::Later { problem, wait: Wait::Turn } => {
                self.metrics.attempted(kind.as_str(), metrics::Result::Delayed);
                tracing::info!(operation = %id, trace, %kind, %key, %problem, "goes out when it is its turn");
                let transition = Transition::Retry { at: self.clock.now(), problem };
                self.store.commit(Change::Attempted { id, transition, exchanges }).await?;
                Ok(Reach::Untold)
            }
            Verdict::Later { problem, wait } => {
                self.connection.went_wrong(&problem);
                self.metrics.attempted(kind.as_str(), metrics::Result::Delayed);
                let at = self.after(operation, wait);
                tracing::warn!(operation = %id, trace, %kind, %key, %problem, until = %at, "not carried out: trying again");
                let retry = Transition::Retry { at, problem: problem.clone() };
                self.delay(operation, retry, exchanges, (problem, at)).await?;
                Ok(wait.reach())
            }
            Verdict::Refused { problem, hint, story } => {
                self.metrics.attempted(kind.as_str(), metrics::Result::Refused);
                self.refused(operation, problem, hint, &story, exchanges).await?;
                Ok(Reach::Reached)
            }
            Verdict::Pointless { why } => {
                self.metrics.attempted(kind.as_str(), metrics::Result::Dropped);
                tracing::warn!(operation = %id, trace, %kind, %key, %why, "given up");
                let transition = Transition::Drop { at: self.clock.now(), problem: why };
                self.store.commit(Change::Attempted { id, transition, exchanges }).await?;
                Ok(Reach::Untold)
            }
        }
    }

    /// Delivering them failed in a way that nobody foresaw. They go on later, and are looked for first if their request
    /// may have gone out.
    pub(super) async fn broke(
        &self,
        operations: &[Operation],
        is_recheck: bool,
    ) -> Result<Reach, StoreError> {
        for operation in operations {
            let id = operation.id;
            let (kind, key, trace) = (operation.kind, operation.key(), shown(operation.trace()));
            tracing::error!(operation = %id, trace, %kind, %key, "delivering it failed badly: please report it");
            let exchanges = self.stories.take(id);
            let at = self.after(operation, Wait::Attention);
            let now = self.store.read(move |reader| reader.operation(id)).await?;
            let problem = "delivering it failed badly".to_owned();
            let transition = match now.map(|now| now.state) {
                _ if is_recheck => {
                    let due = operation.recheck_at.unwrap_or(at);
                    Transition::Rechecked { due, again_at: Some(at) }
                }
                Some(OperationState::Sending | OperationState::Unclear) => {
                    Transition::Unclear { at, looks: 0, problem }
                }
                Some(OperationState::Waiting | OperationState::Retry) => Transition::Retry { at, problem },
                // It came to its end before it broke.
                _ => continue,
            };
            self.store.commit(Change::Attempted { id, transition, exchanges }).await?;
        }
        Ok(Reach::Untold)
    }

    async fn delay(
        &self,
        operation: &Operation,
        transition: Transition,
        exchanges: Vec<Exchange>,
        (problem, until): (String, jiff::Timestamp),
    ) -> Result<(), StoreError> {
        let change = Change::Attempted { id: operation.id, transition, exchanges };
        self.store.commit(change).await?;
        let (id, kind, key) = (operation.id, operation.kind, operation.key().clone());
        self.tell(Happening::OperationDelayed { operation: id, kind, key, problem, until });
        Ok(())
    }

    async fn refused(
        &self,
        operation: &Operation,
        problem: String,
        hint: Option<String>,
        story: &Value,
        exchanges: Vec<Exchange>,
    ) -> Result<(), StoreError> {
        let (id, kind, key) = (operation.id, operation.kind, operation.key().clone());
        let trace = shown(operation.trace());
        tracing::error!(operation = %id, trace, %kind, %key, %problem, hint, "HaloPSA refused it for good");
        let dead =
            Transition::Dead { at: self.clock.now(), problem: problem.clone(), story: story.to_string() };
        let failed = Happening::OperationFailed { operation: id, kind, key: key.clone(), problem, hint };
        if kind == OperationKind::OpenTicket {
            self.store.commit(Change::Said { id, exchanges }).await?;
            let report = Report::TicketGivenUp { key, ticket: operation.number() };
            return self.desk.give_up(id, dead, report, Some(failed)).await;
        }
        self.store.commit(Change::Attempted { id, transition: dead, exchanges }).await?;
        self.tell(failed);
        Ok(())
    }

    pub(super) fn tell(&self, happening: Happening) {
        // Nobody has to watch.
        let _ = self.happenings.send(happening);
    }

    fn after(&self, operation: &Operation, wait: Wait) -> jiff::Timestamp {
        let (failures, random) = (operation.attempts + 1, fastrand::f64());
        let wait = match wait {
            Wait::Turn => Duration::ZERO,
            Wait::Settle => self.pace.settle,
            Wait::Parent => PARENT_PAUSE,
            Wait::Passing => Backoff::PASSING.after(failures, random),
            Wait::Attention => Backoff::ATTENTION.after(failures, random),
            Wait::Away => Backoff::AWAY.after(failures, random),
        };
        later(self.clock.now(), wait)
    }
}
