//! What can be seen of the store.

use serde::{Deserialize, Serialize};

pub use super::sqlite::Reader;

/// How much of what there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Events journalled and not decided.
    pub undecided: u64,
    /// Cases waiting for their threshold or hold.
    pub waiting_cases: u64,
    /// Cases with an open ticket.
    pub open_cases: u64,
    /// Timers that are set.
    pub timers: u64,
    /// Operations not sent yet, or to be sent again.
    pub waiting_operations: u64,
    /// Operations whose outcome nobody knows yet.
    pub unclear_operations: u64,
    /// Operations HaloPSA confirmed.
    pub done_operations: u64,
    /// Operations HaloPSA refused for good.
    pub dead_operations: u64,
}
