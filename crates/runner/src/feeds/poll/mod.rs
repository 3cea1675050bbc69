//! A source whose API is asked again and again.
//!
//! `fetch` asks for all pages of a list, `proof` proves who asks, `page` reads an answer, `known` compares what came with
//! what came before: what is new, what changed, and what is gone. The poll itself (`haloward_rules::Poll`) says what is
//! asked and how an answer is read. `preview` reads one answer of which nothing is kept.

mod fetch;
mod known;
mod page;
mod preview;
mod proof;
#[cfg(test)]
mod tests;

pub use preview::{Preview, PreviewError, asked, listed, saved};

use std::sync::Arc;

use futures::future::BoxFuture;
use haloward_rules::{Mark, Poll};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Context, Feed, FeedError, Harvest, Plan};
use crate::clock::later;
use crate::config::{Loaded, PollConfig, SecretError};
use crate::cron::Cron;
use crate::intake::Mapping;
use crate::outbound::{Outbounds, Reach};
use crate::store::{FeedChange, FeedState, NewEvent};
use fetch::Fetched;
use proof::Proof;

/// The names of what is kept beside the items that are known.
const LIST: &str = "list";
const MARK: &str = "mark";
const VALIDATORS: &str = "validators";

/// Everything that a poller is made of.
#[derive(Debug, Clone)]
struct Setup {
    mapping: Mapping,
    poll: Poll,
    cron: Option<Cron>,
    reach: Reach,
    proof: Proof,
    outbounds: Arc<Outbounds>,
}

/// Asks one source's API.
struct Poller {
    setup: Setup,
    /// Tells this list from another that the source was configured to ask for before.
    list: String,
}

/// The feed of a polled source. Nothing, where its configuration has mistakes.
pub(super) fn plan(
    name: &str,
    config: &PollConfig,
    loaded: &Loaded,
    context: &Context,
) -> Result<Option<Plan>, SecretError> {
    let Some(setup) = setup(name, config, loaded, Arc::clone(&context.outbounds))? else { return Ok(None) };
    let parts = [
        format!("{:?}/{:?}/{:?}", setup.poll, setup.cron, setup.reach),
        format!("{:?}/{:?}", setup.mapping.preset, setup.mapping.severity),
        setup.proof.identity(),
    ];
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    Ok(Some(Plan::new(name, &parts, move || Box::new(Poller::new(setup.clone())))))
}

fn setup(
    name: &str,
    config: &PollConfig,
    loaded: &Loaded,
    outbounds: Arc<Outbounds>,
) -> Result<Option<Setup>, SecretError> {
    let Some((whole, (preset, severity))) = config.whole.as_ref().zip(loaded.preset_of(name)) else {
        return Ok(None);
    };
    Ok(Some(Setup {
        mapping: Mapping { source: name.into(), preset, severity },
        poll: whole.poll.clone(),
        cron: config.cron.clone(),
        reach: if config.allow_private { Reach::Anywhere } else { Reach::Public },
        proof: Proof::new(&whole.auth)?,
        outbounds,
    }))
}

impl Poller {
    fn new(setup: Setup) -> Self {
        let list = Sha256::digest(setup.poll.list_id() + setup.mapping.preset.name());
        Self { list: hex::encode(&list[..16]), setup }
    }

    async fn poll(&mut self, state: &FeedState, now: Timestamp) -> Result<Harvest, FeedError> {
        let source = self.setup.mapping.source.as_ref().to_owned();
        let mut change = FeedChange::of(&source);
        let nothing = FeedState::new();
        let same = state.get(LIST).and_then(Value::as_str) == Some(self.list.as_str());
        let mut warning = None;
        let state = if same { state } else { &nothing };
        if !same {
            change.reset = true;
            change.put(LIST, self.list.as_str());
        }
        let mark = state.get(MARK).and_then(Mark::from_value);
        let fetched = fetch::all(&mut self.setup, mark, state.get(VALIDATORS), now).await?;
        let Fetched { events, how, validators, failure } = fetched;
        let marks = events.iter().filter_map(|event| self.setup.poll.mark(&event.value()["payload"], now));
        let newest = marks.reduce(Mark::max).map(|newest| newest.until(now));
        let seen = if how.is_unchanged() { known::count(state) } else { events.len() as u64 };
        let reckoned = known::reckon(state, events, how, self.setup.poll.gone_after, now);
        change.values.extend(reckoned.change);
        let whole = how.is_whole() && !reckoned.more;
        let mut moved = false;
        if whole || self.setup.poll.is_ascending() && !reckoned.more {
            let next = newest.map(|newest| mark.map_or(newest, |mark| mark.max(newest)));
            moved = next.is_some() && next != mark;
            if let Some(next) = next.filter(|_| moved) {
                change.put(MARK, next.to_value());
            }
        }
        match validators.filter(|_| whole && !how.is_unchanged()) {
            Some(new) if state.get(VALIDATORS) != Some(&new) => change.put(VALIDATORS, new),
            None if !how.is_unchanged() && state.contains_key(VALIDATORS) => change.forget(VALIDATORS),
            _ => {}
        }
        let more = reckoned.more || how.is_cut() && self.setup.poll.is_ascending() && moved;
        if how.is_cut() && !more {
            warning = Some(format!(
                "the list goes on after {} pages: what is further behind is not read, and nothing is resolved; ask \
                 for less, or raise `max_pages`",
                self.setup.poll.max_pages
            ));
        }
        let new =
            |event| NewEvent { source: source.as_str().into(), delivery_id: None, event, received_at: now };
        let events = reckoned.events.into_iter().map(new).collect();
        Ok(Harvest { events, change, seen, warning, more, failure })
    }
}

impl Feed for Poller {
    fn due(&self, _: &FeedState, last: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        match &self.setup.cron {
            Some(cron) => cron.next_after(last.unwrap_or(now)),
            None => Some(last.map_or(now, |last| later(last, self.setup.poll.every))),
        }
    }

    fn round<'a>(
        &'a mut self,
        state: &'a FeedState,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Harvest, FeedError>> {
        Box::pin(self.poll(state, now))
    }
}
