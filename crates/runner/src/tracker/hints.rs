//! Hints that a ticket may have changed, such as HaloPSA's webhooks bring. Nothing of a hint is believed but the number:
//! what became of the ticket is read from HaloPSA.

use std::collections::BTreeSet;

use tokio::sync::mpsc;

/// LIMIT: more hints than this are not kept; what they were about is seen by the next round.
const KEPT: usize = 1_024;

/// Where it is told that a ticket may have changed. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Hints {
    tickets: mpsc::Sender<i64>,
}

/// The other end: what was told and not looked at yet.
#[derive(Debug)]
pub(crate) struct Hinted {
    tickets: mpsc::Receiver<i64>,
    waiting: BTreeSet<i64>,
}

impl Hints {
    pub(crate) fn new() -> (Self, Hinted) {
        let (sender, receiver) = mpsc::channel(KEPT);
        (Self { tickets: sender }, Hinted { tickets: receiver, waiting: BTreeSet::new() })
    }

    /// Has a ticket of HaloPSA looked at soon, if it is one of ours. Never waits, and may be called for any ticket.
    pub fn look_soon(&self, ticket: i64) {
        // Nothing is lost where there is no room: each round looks at everything that changed.
        let _ = self.tickets.try_send(ticket);
    }
}

impl Hinted {
    /// Waits until there is something to look at.
    pub(super) async fn any(&mut self) {
        if self.waiting.is_empty() {
            match self.tickets.recv().await {
                Some(ticket) => drop(self.waiting.insert(ticket)),
                // Nobody is left who could tell.
                None => std::future::pending().await,
            }
        }
    }

    /// Takes at most so many of what was told by now, each once.
    pub(super) fn take(&mut self, most: usize) -> Vec<i64> {
        while let Ok(ticket) = self.tickets.try_recv() {
            self.waiting.insert(ticket);
        }
        let taken: Vec<i64> = self.waiting.iter().copied().take(most).collect();
        self.waiting.retain(|ticket| !taken.contains(ticket));
        taken
    }
}
