//! How hard senders press: the deliveries that were read and are not durable yet. Under pressure the writer commits more at
//! once, and the decider stands back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// LIMIT: so many at once are a rush; an ordinary storm has a few.
const RUSH: usize = 16;

/// The deliveries on their way into the journal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Crowd(Arc<AtomicUsize>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Coming(Crowd);

impl Crowd {
    pub(crate) fn enter(&self) -> Coming {
        self.0.fetch_add(1, Ordering::Relaxed);
        Coming(self.clone())
    }

    /// Whether senders press.
    pub(crate) fn is_rush(&self) -> bool {
        self.count() >= RUSH
    }

    /// Whether so many of a rush are worth a commit, which costs the same for one as for many: three in four. The
    /// others go on meanwhile.
    pub(crate) fn is_worth_a_commit(&self, ready: usize) -> bool {
        let count = self.count();
        count < RUSH || ready.saturating_mul(4) >= count.saturating_mul(3)
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_at_once_are_a_rush_until_they_are_through() {
        let crowd = Crowd::default();
        let mut coming: Vec<Coming> = (1..RUSH).map(|_| crowd.enter()).collect();
        assert!(!crowd.is_rush() && crowd.is_worth_a_commit(1));
        coming.push(crowd.enter());
        assert!(crowd.is_rush());
        assert!(!crowd.is_worth_a_commit(RUSH * 3 / 4 - 1) && crowd.is_worth_a_commit(RUSH * 3 / 4));
        coming.pop();
        assert!(!crowd.is_rush());
        drop(coming);
        assert_eq!(crowd.count(), 0);
    }
}
