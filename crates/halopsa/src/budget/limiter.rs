//! Lets tasks wait for their turn in the window, the most urgent first, first come first served within a class.
//!
//! One waiting task at a time, the leader, watches the clock for all; the others only wait to be called. So ten
//! thousand waiting requests cost one timer, and no background task has to be started or stopped.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::notice::Notice;
use super::window::{Turn, Window};
use super::{Budget, BudgetReport};
use crate::priority::Priority;

#[derive(Debug)]
pub(crate) struct Limiter {
    start: Instant,
    state: Mutex<State>,
    /// Held by the leader.
    baton: tokio::sync::Mutex<()>,
    /// Tells the leader that an answer came or a request was given back.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    window: Window,
    /// One queue per class, in the order of [`Priority::ALL`].
    queues: [VecDeque<oneshot::Sender<Slot>>; 3],
}

/// The right to send one request. Dropping it says that the request is over.
#[derive(Debug)]
pub(crate) struct Slot {
    limiter: Arc<Limiter>,
    /// False until the request is on its way: whoever stops waiting gives the right back.
    sent: bool,
}

impl Limiter {
    pub(crate) fn new(budget: Budget, fixed: bool, already_used: u32) -> Self {
        let mut window = Window::new(budget, fixed);
        window.already_used(already_used, Duration::ZERO);
        Self {
            start: Instant::now(),
            state: Mutex::new(State { window, queues: Default::default() }),
            baton: tokio::sync::Mutex::new(()),
            changed: Notify::new(),
        }
    }

    /// Waits until a request of this priority may be sent. Dropping the future leaves the queue.
    pub(crate) async fn acquire(self: &Arc<Self>, priority: Priority) -> Slot {
        let class = Priority::ALL.iter().position(|each| *each == priority).unwrap_or_default();
        loop {
            let (call, mut called) = oneshot::channel();
            self.state().queues[class].push_back(call);
            let slot = tokio::select! {
                biased;
                slot = &mut called => slot,
                _leading = self.baton.lock() => self.lead(&mut called).await,
            };
            if let Ok(slot) = slot {
                return slot;
            }
        }
    }

    /// Lets requests go as the window allows, until it is this task's own turn.
    async fn lead(
        self: &Arc<Self>,
        called: &mut oneshot::Receiver<Slot>,
    ) -> Result<Slot, oneshot::error::RecvError> {
        loop {
            let next = self.let_go();
            tokio::select! {
                biased;
                slot = &mut *called => return slot,
                () = self.changed.notified() => {}
                () = sleep_until(next.map(|moment| self.start + moment)) => {}
            }
        }
    }

    /// Calls every request whose turn it is; answers when to look again.
    fn let_go(self: &Arc<Self>) -> Option<Duration> {
        // ORDER: declared before the lock, so that a slot nobody took is dropped after it is released.
        let mut untaken = Vec::new();
        let mut state = self.state();
        let State { window, queues } = &mut *state;
        for (priority, queue) in Priority::ALL.into_iter().zip(queues) {
            while let Some(call) = queue.pop_front() {
                if call.is_closed() {
                    continue;
                }
                match window.take(priority, self.now()) {
                    Turn::Now => untaken.extend(call.send(Slot { limiter: self.clone(), sent: false }).err()),
                    turn => {
                        queue.push_front(call);
                        return match turn {
                            Turn::NotBefore(moment) => Some(moment),
                            _ => None,
                        };
                    }
                }
            }
        }
        None
    }

    /// HaloPSA refused a request because its limit is reached.
    pub(crate) fn refused(&self, wait: Duration, notice: Option<Notice>) {
        let until = self.now() + wait;
        let mut state = self.state();
        if let Some(notice) = notice {
            state.window.learn(notice.requests, notice.per);
        }
        state.window.refused(until);
    }

    /// HaloPSA took a request.
    pub(crate) fn accepted(&self) {
        self.state().window.accepted();
        self.changed.notify_one();
    }

    pub(crate) fn report(&self) -> BudgetReport {
        let mut state = self.state();
        let waiting = state.queues.iter().flatten().filter(|call| !call.is_closed()).count();
        state.window.report(u32::try_from(waiting).unwrap_or(u32::MAX), self.now())
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under the lock can leave it half changed, so a panic elsewhere must not stop every request.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// The request is about to be sent: from here on it counts, whatever becomes of it.
    pub(crate) fn sending(&mut self) {
        self.sent = true;
    }

    /// The request never went out: it doesn't count after all.
    pub(crate) fn not_sent(&mut self) {
        self.sent = false;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let now = self.limiter.now();
        let mut state = self.limiter.state();
        if self.sent {
            state.window.answered(now);
        } else {
            state.window.give_back();
        }
        drop(state);
        self.limiter.changed.notify_one();
    }
}

async fn sleep_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
