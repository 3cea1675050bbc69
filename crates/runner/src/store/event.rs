//! Events on their way into the journal and out of it.

use std::sync::Arc;

use haloward_rules::Event;
use jiff::Timestamp;

use super::id::EventId;

/// An event to be journalled.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The event. Its id and its time of receipt are set when it is read back.
    pub event: Event,
    /// The source it came from: delivery ids mean something within it only.
    pub source: Arc<str>,
    /// What the sender calls this delivery, where it says so: a second one of the same id is not journalled.
    pub delivery_id: Option<String>,
    /// When it came.
    pub received_at: Timestamp,
}

impl NewEvent {
    /// Whether it can follow another one of its delivery in one row of the journal: neither may be there already.
    pub(crate) fn shares_a_row(&self, first: &Self) -> bool {
        self.delivery_id.is_none()
            && first.delivery_id.is_none()
            && self.source == first.source
            && self.received_at == first.received_at
    }
}

/// What became of a [`NewEvent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Its id; the earlier one's if it is a duplicate.
    pub id: EventId,
    /// Its delivery had come before.
    pub duplicate: bool,
}

/// A body that came without an id of its delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenBody {
    /// What its first event is known by.
    pub delivery: String,
    /// When it came.
    pub at: Timestamp,
}

/// An event as the journal holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// Its id.
    pub id: EventId,
    /// When it came.
    pub received_at: Timestamp,
    /// The event, with its id and time of receipt.
    pub event: Event,
}
