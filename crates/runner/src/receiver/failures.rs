//! Those who keep failing to prove who they are: answered ever more slowly, and never in the way of those who can.
//!
//! An address may be that of a proxy or of a whole office, so nobody is locked out: right credentials are taken at once,
//! wherever they come from.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::limit::Rate;
use crate::clock::later;

/// Failures of one address that are answered as they come.
pub(super) const PATIENCE: Rate = Rate { requests: 20, per: Duration::from_secs(60) };

// LIMIT: addresses that are remembered; some 50 bytes each.
const MOST_KNOWN: usize = 8_192;
// LIMIT: answers that are held back at once; each holds a connection.
const MOST_WAITING: usize = 64;
/// How long an answer is held back.
const HELD_BACK: Duration = Duration::from_secs(1);

/// Who failed lately.
#[derive(Debug)]
pub(super) struct Failures {
    /// When an address would have failed as often, had it failed evenly.
    spent_until: Mutex<HashMap<IpAddr, Timestamp>>,
    waiting: Semaphore,
}

impl Default for Failures {
    fn default() -> Self {
        Self { spent_until: Mutex::default(), waiting: Semaphore::new(MOST_WAITING) }
    }
}

impl Failures {
    /// One more. Says how long there is no patience left with the address, if so.
    pub(super) fn note(&self, who: IpAddr, now: Timestamp) -> Option<Duration> {
        let who = neighbourhood(who);
        let mut known = self.spent_until.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN && !known.contains_key(&who) {
            known.retain(|_, until| *until > now);
            if known.len() >= MOST_KNOWN {
                // So many at once are one attacker with many addresses: none of them is answered quickly.
                return Some(HELD_BACK);
            }
        }
        let share = PATIENCE.per / PATIENCE.requests;
        let until = known.entry(who).or_insert(now);
        let next = later((*until).max(now), share);
        let ahead = Duration::try_from(next.duration_since(now)).unwrap_or_default();
        match ahead.checked_sub(PATIENCE.per) {
            Some(over) if !over.is_zero() => Some(over),
            _ => {
                *until = next;
                None
            }
        }
    }

    /// Holds an answer back for a moment, while there is room to.
    pub(super) async fn hold_back(&self) {
        if let Ok(_place) = self.waiting.try_acquire() {
            tokio::time::sleep(HELD_BACK).await;
        }
    }
}

/// Who has one address of the sixth version has all of its network.
fn neighbourhood(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
        ip @ IpAddr::V4(_) => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        later("2026-01-05T09:00:00Z".parse().unwrap(), Duration::from_secs(seconds))
    }

    #[test]
    fn patience_with_an_address_ends_and_comes_back() {
        let failures = Failures::default();
        let [one, other]: [IpAddr; 2] = ["192.0.2.1", "192.0.2.2"].map(|ip| ip.parse().unwrap());
        for _ in 0..PATIENCE.requests {
            assert_eq!(failures.note(one, at(0)), None);
        }
        assert_eq!(failures.note(one, at(0)), Some(Duration::from_secs(3)));
        assert_eq!(failures.note(other, at(0)), None, "others are not blamed for it");
        assert_eq!(failures.note(one, at(3)), None);
        assert!(failures.note(one, at(3)).is_some());
    }

    #[test]
    fn addresses_of_one_network_are_one() {
        let failures = Failures::default();
        for number in 0..PATIENCE.requests {
            let ip: IpAddr = format!("2001:db8::{number:x}").parse().unwrap();
            assert_eq!(failures.note(ip, at(0)), None);
        }
        assert!(failures.note("2001:db8::ffff".parse().unwrap(), at(0)).is_some());
        assert!(failures.note("2001:db8:0:1::1".parse().unwrap(), at(0)).is_none());
    }

    #[test]
    fn what_is_remembered_has_a_bound_and_is_forgotten() {
        let failures = Failures::default();
        let ip = |number: usize| IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
        for number in 0..MOST_KNOWN {
            assert_eq!(failures.note(ip(number), at(0)), None);
        }
        assert!(failures.note(ip(MOST_KNOWN), at(0)).is_some());
        assert_eq!(failures.spent_until.lock().unwrap().len(), MOST_KNOWN);
        assert_eq!(failures.note(ip(MOST_KNOWN), at(60)), None);
        assert_eq!(failures.spent_until.lock().unwrap().len(), 1);
    }
}
