//! Deliveries that come again without an id of their own: the same body from the same source within a short time.
//!
//! A sender that got no answer sends the same bytes again within seconds, some also while the first delivery is still
//! on its way into the journal: the second then waits for the first. What was seen is held in memory, and after a start
//! read from the journal, where the first event of a body carries its hash. Vendors that send an id with each delivery
//! are told apart by it, in the store; those that send the same body again on purpose say so in their preset.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use haloward_rules::Preset;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio::sync::OwnedMutexGuard;

use crate::clock::later;
use crate::store::{NewEvent, SeenBody, Store, StoreError};
use crate::trace::TraceId;

// LIMIT: a few MB; of a source that sends thousands a second, the last seconds are remembered, which is when retries come.
const MOST: usize = 32_768;
/// LIMIT: the longest window a source can have; longer, and a new problem would pass for an old delivery.
pub(crate) const LONGEST: Duration = Duration::from_secs(3_600);
/// The window of a source that says nothing: longer than the retries of all known senders that give no id (Azure's last
/// comes after 45 seconds, Zabbix's after 80), shorter than the interval of a script that reports again on purpose.
pub(crate) const USUAL: Duration = Duration::from_secs(120);

/// How long the same bytes are taken for a repeat: as the source says, else as its preset wants it.
pub(crate) fn window(configured: Option<Duration>, preset: &Preset) -> Duration {
    let usual = if preset.repeats_itself() { Duration::ZERO } else { USUAL };
    configured.unwrap_or(usual)
}

/// What the first event of a delivery without an id is known by in the journal, so that it is known after a start.
const PREFIX: &str = "body:";

/// A body of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint([u8; 16]);

impl Fingerprint {
    pub(super) fn of(source: &str, body: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update((source.len() as u64).to_le_bytes());
        hash.update(source.as_bytes());
        hash.update(body);
        let mut short = [0; 16];
        short.copy_from_slice(&hash.finalize()[..16]);
        Self(short)
    }
}

/// A body that was taken: when, how many events it held, and under which trace; after a start nobody knows that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) at: Timestamp,
    pub(super) events: usize,
    pub(super) trace: Option<TraceId>,
}

type Place = Arc<tokio::sync::Mutex<Option<Taken>>>;

/// The bodies that came of late. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub(super) struct Repeats {
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    places: HashMap<Fingerprint, Place>,
    order: VecDeque<Fingerprint>,
}

impl Repeats {
    /// The place of a body, held by nobody else until it is let go.
    pub(super) async fn hold(&self, body: Fingerprint) -> OwnedMutexGuard<Option<Taken>> {
        self.place(body).lock_owned().await
    }

    fn place(&self, body: Fingerprint) -> Place {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = seen.places.get(&body) {
            return Arc::clone(place);
        }
        if seen.order.len() >= MOST
            && let Some(oldest) = seen.order.pop_front()
        {
            seen.places.remove(&oldest);
        }
        let place = Place::default();
        seen.places.insert(body, Arc::clone(&place));
        seen.order.push_back(body);
        place
    }

    /// What the journal holds of bodies that could still be repeated.
    pub(super) async fn remember(&self, store: &Store, now: Timestamp) -> Result<(), StoreError> {
        let since = now.checked_sub(LONGEST).unwrap_or(Timestamp::MIN);
        for SeenBody { delivery, at } in store.read(move |reader| reader.bodies(PREFIX, since, MOST)).await? {
            if let Some((body, events)) = parse(&delivery) {
                *self.hold(body).await = Some(Taken { at, events, trace: None });
            }
        }
        Ok(())
    }
}

/// Whether a body that was taken then is the same delivery now.
pub(super) fn is_repeat(taken: Option<Taken>, window: Duration, now: Timestamp) -> Option<Taken> {
    taken.filter(|taken| now >= taken.at && now < later(taken.at, window))
}

/// Marks the events of a body, so that it is known after a start. The time makes it another one beyond its window.
pub(super) fn mark(events: &mut [NewEvent], body: Fingerprint) {
    let count = events.len();
    if let Some(first) = events.first_mut() {
        let at = first.received_at.as_millisecond();
        first.delivery_id = Some(format!("{PREFIX}{}/{count}/{at}", hex::encode(body.0)));
    }
}

fn parse(delivery: &str) -> Option<(Fingerprint, usize)> {
    let mut parts = delivery.strip_prefix(PREFIX)?.split('/');
    let mut body = [0; 16];
    hex::decode_to_slice(parts.next()?, &mut body).ok()?;
    Some((Fingerprint(body), parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_603_600 + second).unwrap()
    }

    #[test]
    fn a_body_is_a_repeat_within_its_window_only() {
        let taken = Some(Taken { at: at(0), events: 2, trace: None });
        assert_eq!(is_repeat(taken, USUAL, at(0)), taken);
        assert_eq!(is_repeat(taken, USUAL, at(119)), taken);
        assert_eq!(is_repeat(taken, USUAL, at(120)), None);
        assert_eq!(is_repeat(taken, USUAL, at(-1)), None, "a clock that steps back makes nothing a repeat");
        assert_eq!(is_repeat(taken, Duration::ZERO, at(0)), None);
        assert_eq!(is_repeat(None, USUAL, at(0)), None);
    }

    #[test]
    fn what_was_marked_is_read_again() {
        let body = Fingerprint::of("own", b"{}");
        assert_ne!(body, Fingerprint::of("other", b"{}"));
        assert_ne!(Fingerprint::of("a", b"b{}"), Fingerprint::of("ab", b"{}"));
        assert_eq!(parse(&format!("body:{}/3/1767603600000", hex::encode(body.0))), Some((body, 3)));
        for other in ["", "body:", "body:zz/1/2", "delivery-7", "body:00/1/2"] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[tokio::test]
    async fn the_second_of_two_at_once_waits_for_the_first() {
        let repeats = Repeats::default();
        let body = Fingerprint::of("own", b"{}");
        let mut first = repeats.hold(body).await;
        let second = tokio::spawn({
            let repeats = repeats.clone();
            async move { *repeats.hold(body).await }
        });
        *first = Some(Taken { at: at(0), events: 1, trace: None });
        drop(first);
        assert_eq!(second.await.unwrap(), Some(Taken { at: at(0), events: 1, trace: None }));
    }

    #[tokio::test]
    async fn only_so_many_bodies_are_remembered() {
        let repeats = Repeats::default();
        let body = |n: usize| Fingerprint::of("own", &n.to_le_bytes());
        for n in 0..=MOST {
            *repeats.hold(body(n)).await = Some(Taken { at: at(0), events: 1, trace: None });
        }
        assert_eq!(*repeats.hold(body(0)).await, None);
        assert!(repeats.hold(body(MOST)).await.is_some());
        assert_eq!(repeats.seen.lock().unwrap().places.len(), MOST);
    }
}
