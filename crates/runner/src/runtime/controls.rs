//! Acting on operations by hand, while the service runs.

use std::sync::Arc;

use haloward_rules::{Effect, Report};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::decider::{Desk, NotRetried, Retrial, opens};
use crate::store::{
    Change, Corrected, Exchange, Operation, OperationId, OperationKind, OperationState, Store, StoreError,
    Transition,
};

/// What acts on operations by hand. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Controls {
    store: Store,
    clock: Arc<dyn Clock>,
    /// Who has work when an operation was changed: the dispatcher and the notifier.
    wake: [Arc<Notify>; 2],
    desk: Desk,
}

impl Controls {
    pub(super) fn new(store: Store, clock: Arc<dyn Clock>, wake: [Arc<Notify>; 2], desk: Desk) -> Self {
        Self { store, clock, wake, desk }
    }

    /// Tries an operation again that HaloPSA had refused for good: as it is, or with something else to do, and then
    /// `exchange` tells what was corrected.
    ///
    /// # Errors
    ///
    /// [`NotRetried`], among others where it would open a second ticket for one problem.
    pub async fn retry(
        &self,
        operation: &Operation,
        corrected: Option<(Effect, Exchange)>,
    ) -> Result<(), NotRetried> {
        let (id, at) = (operation.id, self.clock.now());
        if operation.state != OperationState::Dead {
            return Err(NotRetried::NotRefused { operation: id, state: operation.state });
        }
        let corrected = corrected.map(|(effect, exchange)| {
            let effect = Box::new(effect);
            Corrected { id, effect, at, exchange }
        });
        if opens(operation) {
            let as_it_is = Retrial::AsItIs { id, at };
            self.desk.retry(corrected.map_or(as_it_is, Retrial::Corrected)).await?;
            self.wake();
            return Ok(());
        }
        let revived = Change::Operation(id, Transition::Revive { at });
        Ok(self.change(corrected.map_or(revived, Change::Corrected)).await?)
    }

    /// Gives an operation up. A ticket that is not to be opened ends its case, so that the next alert of its key is
    /// not taken for a repeat.
    pub async fn give_up(&self, operation: OperationId, why: &str) -> Result<(), StoreError> {
        let dropped = Transition::Drop { at: self.clock.now(), problem: why.to_owned() };
        let known = self.store.read(move |reader| reader.operation(operation)).await?;
        let opening = known.filter(|known| {
            let over = [OperationState::Done, OperationState::Folded, OperationState::Dropped];
            known.kind == OperationKind::OpenTicket && !over.contains(&known.state)
        });
        match opening {
            Some(known) => {
                let report = Report::TicketGivenUp { key: known.key().clone(), ticket: known.number() };
                self.desk.give_up(operation, dropped, report, None).await?;
                self.wake();
                Ok(())
            }
            None => self.change(Change::Operation(operation, dropped)).await,
        }
    }

    async fn change(&self, change: Change) -> Result<(), StoreError> {
        self.store.commit(change).await?;
        self.wake();
        Ok(())
    }

    fn wake(&self) {
        for worker in &self.wake {
            worker.notify_one();
        }
    }
}
