//! The short way from a decision to its request: while the dispatcher has nothing to do, the one operation of a decision
//! is handed to it in memory, and the decision is committed with the mark that its request goes out. That saves a look
//! into the outbox and a commit, which is what an alert that comes alone would wait for longest.
//!
//! The entrance is open only while the dispatcher waits with nothing in flight, and it lets one through. Whoever finds
//! it closed takes the outbox, so nothing depends on it.
//!
//! ORDER: what is handed over is being committed meanwhile. It may be made ready; it leaves only once the promise that
//! came with it was kept, and a promise that is not kept is a commit that failed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::store::Operation;

/// The decider's end, and what the dispatcher opens. Clones are of the same way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shortcut {
    entrance: Arc<Mutex<Option<oneshot::Sender<Handed>>>>,
}

/// An operation on its way, as it would stand in the outbox had it not been marked as sending with its decision.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) operation: Operation,
    /// Told once the decision and the mark are durable; it ends untold where they could not be made so.
    pub(crate) committed: oneshot::Receiver<()>,
}

/// That a decision and the mark of its operation become durable. Dropped, it says that they did not.
#[derive(Debug)]
#[must_use = "the dispatcher waits for it"]
pub(crate) struct Promise(oneshot::Sender<()>);

impl Promise {
    /// They are durable.
    pub(crate) fn keep(self) {
        // A dispatcher that is gone finds the mark at the next start.
        let _ = self.0.send(());
    }
}

/// The entrance, taken. Dropped, nothing comes through.
#[derive(Debug)]
pub(crate) struct Taken(oneshot::Sender<Handed>);

impl Taken {
    /// Hands an operation over, whose mark is being committed with what decided it.
    pub(crate) fn hand_over(self, operation: Operation) -> Promise {
        let (promise, committed) = oneshot::channel();
        // A dispatcher that is gone finds the mark at the next start.
        let _ = self.0.send(Handed { operation, committed });
        Promise(promise)
    }
}

impl Shortcut {
    /// Whether something could be handed over now. It may be too late a moment later.
    pub(crate) fn is_open(&self) -> bool {
        self.entrance().as_ref().is_some_and(|entrance| !entrance.is_closed())
    }

    /// Takes the entrance, if it is open: nobody else comes through, and the dispatcher waits for what does.
    pub(crate) fn take(&self) -> Option<Taken> {
        self.entrance().take().filter(|entrance| !entrance.is_closed()).map(Taken)
    }

    /// Lets one through.
    pub(crate) fn open(&self) -> Entrance {
        let (sender, coming) = oneshot::channel();
        *self.entrance() = Some(sender);
        Entrance { shortcut: self.clone(), coming }
    }

    fn entrance(&self) -> MutexGuard<'_, Option<oneshot::Sender<Handed>>> {
        // It is put and taken whole, so it is right whoever panicked.
        self.entrance.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The dispatcher's end while the entrance is open.
#[derive(Debug)]
pub(crate) struct Entrance {
    shortcut: Shortcut,
    coming: oneshot::Receiver<Handed>,
}

impl Entrance {
    /// Waits until something is handed over. Nothing is lost when this is dropped.
    pub(crate) async fn next(&mut self) -> Option<Handed> {
        (&mut self.coming).await.ok()
    }

    /// Closes it. Answers with what was handed over before that.
    pub(crate) async fn close(self) -> Option<Handed> {
        // Bound, so that the lock is not held while waiting.
        let unused = self.shortcut.entrance().take();
        match unused {
            Some(_) => None,
            // Somebody took it, and hands over as soon as the commit is on its way.
            None => self.coming.await.ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use haloward_rules::{Effect, EffectKind, Key, RuleId, Severity};

    use super::*;
    use crate::store::{NewOperation, OperationId};

    fn operation(number: i64) -> Operation {
        let effect = Effect {
            rule: RuleId::new("disk"),
            key: Key::new("disk/a"),
            ticket: 1,
            severity: Severity::High,
            trace: None,
            kind: EffectKind::OpenTicket { draft: Box::default(), origin: Box::default() },
        };
        let created_at = "2026-01-05T09:00:00Z".parse().unwrap();
        NewOperation { id: OperationId::from_number(number), cause: "evt/0".to_owned(), effect, created_at }
            .waiting()
    }

    #[tokio::test]
    async fn one_goes_through_and_the_next_finds_it_closed() {
        let shortcut = Shortcut::default();
        assert!(!shortcut.is_open() && shortcut.take().is_none(), "nobody opened it");
        let mut entrance = shortcut.open();
        assert!(shortcut.is_open());
        shortcut.take().unwrap().hand_over(operation(1)).keep();
        assert!(!shortcut.is_open() && shortcut.take().is_none());
        let handed = entrance.next().await.unwrap();
        assert_eq!(handed.operation, operation(1));
        assert!(handed.committed.await.is_ok());
    }

    #[tokio::test]
    async fn what_was_handed_over_before_it_closed_is_not_lost() {
        let shortcut = Shortcut::default();
        let entrance = shortcut.open();
        let promise = shortcut.take().unwrap().hand_over(operation(1));
        let handed = entrance.close().await.unwrap();
        drop(promise);
        assert!(handed.committed.await.is_err(), "the commit failed");
        assert!(shortcut.open().close().await.is_none());
        assert!(shortcut.take().is_none());
    }

    #[tokio::test]
    async fn who_takes_it_and_thinks_better_of_it_holds_nobody_up() {
        let shortcut = Shortcut::default();
        let mut entrance = shortcut.open();
        drop(shortcut.take().unwrap());
        assert!(entrance.next().await.is_none());
        let entrance = shortcut.open();
        drop(shortcut.take().unwrap());
        assert!(entrance.close().await.is_none());
    }

    #[tokio::test]
    async fn a_dispatcher_that_is_gone_takes_nothing() {
        let shortcut = Shortcut::default();
        drop(shortcut.open());
        assert!(!shortcut.is_open() && shortcut.take().is_none());
    }
}
