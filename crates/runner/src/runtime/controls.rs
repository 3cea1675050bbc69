//! Acting on operations by hand, while the service runs.

use std::sync::Arc;

use haloward_rules::{Effect, Report};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::decider::Desk;
use crate::store::{
    Change, Exchange, OperationId, OperationKind, OperationState, Store, StoreError, Transition,
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

    /// Tries an operation again that HaloPSA had refused for good.
    pub async fn retry(&self, operation: OperationId) -> Result<(), StoreError> {
        let at = self.clock.now();
        self.change(Change::Operation(operation, Transition::Revive { at })).await
    }

    /// The same with something else to do; `exchange` tells what was corrected.
    pub async fn correct(
        &self,
        operation: OperationId,
        effect: Effect,
        exchange: Exchange,
    ) -> Result<(), StoreError> {
        let at = self.clock.now();
        let effect = Box::new(effect);
        self.change(Change::Corrected { id: operation, effect, at, exchange }).await
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
