//! Looking names up one by one, each once for all who need it at the same time. Those who need different names do not
//! wait for each other.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use halopsa::{Client, Error};
use jiff::Timestamp;
use tokio::sync::watch;

use super::allowance::Allowance;
use super::ask::ask;
use super::cache::keeps_everything_away;
use super::records::{Answer, Lookup, Wanted};

/// The names that are being asked for, and how many more may be.
#[derive(Debug, Default)]
pub(super) struct Asking {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    allowance: Allowance,
    /// Who waits for a name is told when its asker is done: that it failed in passing, or nothing.
    in_flight: BTreeMap<Wanted, watch::Receiver<Option<String>>>,
}

/// What became of a question.
pub(super) enum Told {
    /// Somebody had asked before.
    Known,
    /// It was asked, and the answer is kept.
    Learned,
    /// There is no answer now; later there may be.
    Passing(String),
    /// HaloPSA is away, for the ticket itself as well.
    Away(Error),
}

/// One who asks, or waits for another who does.
enum Turn {
    Ask(watch::Sender<Option<String>>),
    Wait(watch::Receiver<Option<String>>),
}

impl Asking {
    /// Asks about a name unless it is known, or waits for whoever is asking already.
    pub(super) async fn about<'k>(
        &self,
        client: &Client,
        wanted: &Wanted,
        now: Timestamp,
        known: impl Fn() -> KnownOrNot + 'k,
        keep: impl FnOnce(Answer),
    ) -> Told {
        loop {
            let turn = {
                let mut state = self.state();
                if known() == KnownOrNot::Known {
                    return Told::Known;
                }
                if let Some(asker) = state.in_flight.get(wanted) {
                    Turn::Wait(asker.clone())
                } else if state.allowance.take(now) {
                    let (done, waiting) = watch::channel(None);
                    state.in_flight.insert(wanted.clone(), waiting);
                    Turn::Ask(done)
                } else {
                    return Told::Passing(
                        "too many names were unknown at once, it was not looked up".to_owned(),
                    );
                }
            };
            match turn {
                Turn::Wait(mut asker) => {
                    // An asker who says nothing has its answer kept, or has given up: then it is our turn.
                    if asker.changed().await.is_ok()
                        && let Some(problem) = asker.borrow().clone()
                    {
                        return Told::Passing(problem);
                    }
                }
                Turn::Ask(done) => {
                    // Whoever is dropped while he asks must not leave the others waiting for ever.
                    let _over = Over { asking: self, wanted };
                    return self.ask(client, wanted, now, &done, keep).await;
                }
            }
        }
    }

    async fn ask(
        &self,
        client: &Client,
        wanted: &Wanted,
        now: Timestamp,
        done: &watch::Sender<Option<String>>,
        keep: impl FnOnce(Answer),
    ) -> Told {
        let (kind, name) = (wanted.kind.noun(), &wanted.name);
        match ask(client, wanted).await {
            Ok(found) => {
                tracing::debug!(kind, name, found = found.len(), "looked up");
                keep(Answer::found(found, now));
                Told::Learned
            }
            Err(error) if keeps_everything_away(&error) => Told::Away(error),
            Err(error) if error.is_retryable() => {
                let problem = format!("it could not be looked up: {error}");
                done.send_replace(Some(problem.clone()));
                Told::Passing(problem)
            }
            Err(error) => {
                tracing::warn!(kind, name, %error, "could not be looked up");
                keep(Answer::problem(format!("it could not be looked up: {error}"), now));
                Told::Learned
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under the lock can leave it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a name needs asking for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KnownOrNot {
    Known,
    Unasked,
}

impl From<Lookup<'_>> for KnownOrNot {
    fn from(found: Lookup<'_>) -> Self {
        if found == Lookup::Unasked { Self::Unasked } else { Self::Known }
    }
}

/// Takes a name off those being asked for.
struct Over<'a> {
    asking: &'a Asking,
    wanted: &'a Wanted,
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.asking.state().in_flight.remove(self.wanted);
    }
}
