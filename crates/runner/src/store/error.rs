//! What can go wrong with the store, for whoever relies on it.

use std::path::PathBuf;

use thiserror::Error;

/// Why the store did not do what was asked. Nothing of it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// More is waiting to be written than memory should hold.
    #[error("too much is waiting to be stored")]
    Busy,
    /// Nothing can be made durable now: the disk is full or failing, or the file is locked.
    #[error("nothing can be stored now: {problem}")]
    Unavailable {
        /// What the system said.
        problem: String,
    },
    /// The store could not be opened.
    #[error("could not open the store `{path}`: {problem}")]
    Open {
        /// Its file.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// Another process has it open.
    #[error("the store `{path}` is in use by another haloward")]
    InUse {
        /// Its file.
        path: PathBuf,
    },
    /// A newer version wrote it.
    #[error("the store `{path}` has layout {found}, and this version knows layouts up to {known}")]
    TooNew {
        /// Its file.
        path: PathBuf,
        /// The layout it has.
        found: i64,
        /// The newest layout this version knows.
        known: i64,
    },
    /// There is none yet.
    #[error("there is no store at `{path}`")]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// An older version wrote it, and it is only to be read.
    #[error("the store `{path}` has layout {found}, and this version reads layout {known}")]
    TooOld {
        /// Its file.
        path: PathBuf,
        /// The layout it has.
        found: i64,
        /// The layout this version reads.
        known: i64,
    },
    /// It could not be copied.
    #[error("could not copy the store to `{path}`: {problem}")]
    Copy {
        /// Where to.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// Somebody gave the operation up while it was about to be sent.
    #[error("the operation was given up meanwhile")]
    GivenUp,
    /// What it holds can't be read.
    #[error("the store holds something unreadable: {problem}")]
    Damaged {
        /// What is wrong.
        problem: String,
    },
    /// It has been closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Whether the same request may succeed later by itself.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable { .. })
    }

    /// What to do about it, starting with the verb.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Busy => Some("send again in a moment"),
            Self::Unavailable { .. } => Some("look at the disk's free space and the file's permissions"),
            Self::Open { .. } => Some("check that the folder exists and may be written to"),
            Self::InUse { .. } => Some("stop the other one, or give this one a store of its own"),
            Self::TooNew { .. } => Some("run the version that wrote it, or a later one"),
            Self::Copy { .. } => Some("check that its folder exists and has room"),
            Self::Missing { .. } => Some("`haloward run` makes it at its first start"),
            Self::TooOld { .. } => {
                Some("start the service with this version once: it brings the store up to date")
            }
            Self::Damaged { .. } => Some("restore it from a backup"),
            Self::Closed | Self::GivenUp => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_happened_and_what_to_do() {
        let path = PathBuf::from("haloward.db");
        let cases = [
            (StoreError::Busy, "too much is waiting to be stored"),
            (
                StoreError::Unavailable { problem: "database or disk is full".into() },
                "nothing can be stored now: database or disk is full",
            ),
            (
                StoreError::InUse { path: path.clone() },
                "the store `haloward.db` is in use by another haloward",
            ),
            (
                StoreError::TooNew { path, found: 9, known: 1 },
                "the store `haloward.db` has layout 9, and this version knows layouts up to 1",
            ),
        ];
        for (error, text) in cases {
            assert_eq!(error.to_string(), text);
            assert!(error.hint().is_some(), "{error}");
        }
    }
}
