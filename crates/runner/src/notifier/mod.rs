//! The notifier: brings what `notify` asks for from the outbox to the channels, beside the dispatcher and never in its
//! way.
//!
//! Each channel has a line of its own, in order; a channel that is away holds up its own line only. A message is posted
//! at least once: one whose answer was lost is posted again, because a chat cannot be asked.

mod channel;
mod letter;
mod mail;
mod message;
mod webhook;

pub use channel::{Channel, ChannelError};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use haloward_rules::EffectKind;
use jiff::Timestamp;
use tokio::sync::{Notify, broadcast, watch};

use crate::clock::{Clock, later};
use crate::dispatcher::Backoff;
use crate::runtime::Happening;
use crate::store::{Change, Operation, OperationState, Sending, Store, StoreError, Transition};
use crate::trace::shown;
use channel::Posted;
use message::Message;

/// LIMIT: one message of each channel at a time; more channels than this take turns.
const AT_ONCE: usize = 32;
/// LIMIT: how long a message waits for the number of the ticket it is about; then it goes without.
const FOR_THE_TICKET: Duration = Duration::from_secs(30);
const TICKET_PAUSE: Duration = Duration::from_secs(1);
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Everything the notifier needs.
#[derive(Debug)]
pub(crate) struct Notifier {
    pub(crate) store: Store,
    /// By name; a new value holds for the next message.
    pub(crate) channels: watch::Receiver<BTreeMap<String, Channel>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) happenings: broadcast::Sender<Happening>,
    /// Told whenever there is something to post.
    pub(crate) notices: Arc<Notify>,
}

impl Notifier {
    /// Runs until told to stop; what is being posted then is finished first.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut failing = false;
        while !*stop.borrow() {
            let next = match self.round().await {
                Ok(next) => {
                    failing = false;
                    next
                }
                Err(StoreError::Closed) => return,
                Err(error) => {
                    if !failing {
                        tracing::error!(%error, hint = error.hint(), "nothing can be posted until the store works again");
                    }
                    failing = true;
                    Some(later(self.clock.now(), STORE_PAUSE))
                }
            };
            let due = async {
                match next {
                    Some(moment) => self.clock.wait_until(moment).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.notices.notified() => {}
                () = due => {}
                // The one who could tell us to stop is gone: then we have.
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// Posts what can be posted; answers when the next message is due.
    async fn round(&self) -> Result<Option<Timestamp>, StoreError> {
        loop {
            let now = self.clock.now();
            let (ready, next) = self
                .store
                .read(move |reader| Ok((reader.notices(now, AT_ONCE)?, reader.next_notice(now)?)))
                .await?;
            if ready.is_empty() {
                return Ok(next);
            }
            for done in futures::future::join_all(ready.iter().map(|notice| self.deliver(notice))).await {
                done?;
            }
        }
    }

    async fn deliver(&self, notice: &Operation) -> Result<(), StoreError> {
        let EffectKind::Notify { channel: name, text } = &notice.effect.kind else {
            unreachable!("the line of a channel holds messages only")
        };
        let (now, trace) = (self.clock.now(), shown(notice.trace()));
        let Some(channel) = self.channels.borrow().get(name).cloned() else {
            let problem = format!("no channel is called `{name}`");
            return self.give_up(notice, problem, "name it under `channels` in the configuration").await;
        };
        let ticket = match self.ticket(notice).await? {
            Ok(ticket) => ticket,
            Err(at) => {
                let problem = "the ticket it is about is still on its way".to_owned();
                return self
                    .store
                    .commit(Change::Operation(notice.id, Transition::Retry { at, problem }))
                    .await;
            }
        };
        self.store
            .commit(Change::Sending(vec![Sending {
                id: notice.id,
                effect: None,
                folded: Vec::new(),
                at: now,
            }]))
            .await?;
        let message = Message {
            id: notice.id,
            at: notice.created_at,
            channel: name,
            text,
            ticket,
            effect: &notice.effect,
        };
        match channel.post(&message).await {
            Posted::Done => {
                tracing::info!(operation = %notice.id, trace, channel = %name, key = %notice.key(), "posted");
                let at = self.clock.now();
                self.store.commit(Change::Operation(notice.id, Transition::Done { at })).await?;
                self.tell(Happening::Notified {
                    operation: notice.id,
                    channel: name.clone(),
                    key: notice.key().clone(),
                    rule: notice.effect.rule.clone(),
                });
                Ok(())
            }
            Posted::Later(problem) => {
                let wait = Backoff::PASSING.after(notice.attempts + 1, fastrand::f64());
                let until = later(self.clock.now(), wait);
                tracing::warn!(operation = %notice.id, trace, channel = %name, %problem, %until, "not posted: trying again");
                let retry = Transition::Retry { at: until, problem: problem.clone() };
                self.store.commit(Change::Operation(notice.id, retry)).await?;
                let (operation, kind, key) = (notice.id, notice.kind, notice.key().clone());
                self.tell(Happening::OperationDelayed { operation, kind, key, problem, until });
                Ok(())
            }
            Posted::Refused(problem) => {
                self.give_up(notice, problem, "look at the channel's address and format in the configuration")
                    .await
            }
        }
    }

    async fn give_up(&self, notice: &Operation, problem: String, hint: &str) -> Result<(), StoreError> {
        let trace = shown(notice.trace());
        tracing::error!(operation = %notice.id, trace, key = %notice.key(), %problem, hint, "a message can't be posted");
        let (at, story) = (self.clock.now(), "{}".to_owned());
        let dead = Transition::Dead { at, problem: problem.clone(), story };
        self.store.commit(Change::Operation(notice.id, dead)).await?;
        let (operation, kind, key) = (notice.id, notice.kind, notice.key().clone());
        self.tell(Happening::OperationFailed { operation, kind, key, problem, hint: Some(hint.to_owned()) });
        Ok(())
    }

    /// The number of the ticket a message is about, if it has one; or when to look again.
    async fn ticket(&self, notice: &Operation) -> Result<Result<Option<i64>, Timestamp>, StoreError> {
        let (key, number) = (notice.key().clone(), notice.number());
        let (known, coming) = self
            .store
            .read(move |reader| {
                let known = reader.ticket(&key, number)?.map(|ticket| ticket.id);
                let over = [OperationState::Done, OperationState::Dead, OperationState::Dropped];
                let opening = reader.opening(&key, number)?;
                Ok((known, opening.is_some_and(|opening| !over.contains(&opening.state))))
            })
            .await?;
        let now = self.clock.now();
        if known.is_none() && coming && now < later(notice.created_at, FOR_THE_TICKET) {
            return Ok(Err(later(now, TICKET_PAUSE)));
        }
        Ok(Ok(known))
    }

    fn tell(&self, happening: Happening) {
        // Nobody has to watch.
        let _ = self.happenings.send(happening);
    }
}
