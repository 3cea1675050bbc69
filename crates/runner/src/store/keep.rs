//! How long things are kept.

use jiff::Timestamp;

/// Before when things may be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cutoffs {
    /// Events and decisions.
    pub events: Timestamp,
    /// Operations that are over.
    pub operations: Timestamp,
    /// Cases that are over.
    pub cases: Timestamp,
    /// The ledger's days.
    pub ledger: Timestamp,
}

/// Which part is next, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Events after this one.
    Events {
        /// Its number.
        after: i64,
    },
    /// Decisions after this one.
    Decisions {
        /// Its number.
        after: i64,
    },
    /// Operations after this one.
    Operations {
        /// Its number.
        after: i64,
    },
    /// Cases that ended from this time on.
    Cases {
        /// In milliseconds since 1970.
        after: i64,
    },
    /// The ledger.
    Ledger,
}

impl Stage {
    /// Where it begins.
    pub const FIRST: Self = Self::Events { after: 0 };
}

/// What one part came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    /// How much is gone.
    pub deleted: u64,
    /// What is next; nothing at the end.
    pub next: Option<Stage>,
}
