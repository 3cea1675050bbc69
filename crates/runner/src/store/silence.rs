//! Silences on their way into the store.

use haloward_rules::{Findings, Silence};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::StoreError;
use super::id::digits;

/// LIMIT: each match of a rule looks at every standing silence; more than this is a rule that should be off.
pub(crate) const MOST_SILENCES: usize = 500;

/// A silence that somebody wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSilence {
    /// Conditions on the event, as a rule's `when`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub when: Map<String, Value>,
    /// The key of the case, with `*` for any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The rule's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// From then on.
    pub from: Timestamp,
    /// Until then.
    pub until: Timestamp,
    /// Why.
    #[serde(default)]
    pub comment: String,
    /// Who wants it.
    #[serde(default)]
    pub by: String,
}

impl NewSilence {
    pub(super) fn with_id(self, id: SilenceId) -> Silence {
        let Self { when, key, rule, from, until, comment, by } = self;
        Silence { id: id.0, when, key, rule, from, until, comment, by }
    }
}

/// Why a silence was not kept.
#[derive(Debug, Error)]
pub enum SilenceError {
    /// It cannot be used as it is.
    #[error("the silence cannot be used:\n{}", .0.render())]
    Wrong(Findings),
    /// Its time is over.
    #[error("the silence would be over already: it ends at {until}")]
    Over {
        /// When it ends.
        until: Timestamp,
    },
    /// There are as many as decisions can look at.
    #[error("there are {most} silences already: end some of them first")]
    TooMany {
        /// How many there can be.
        most: usize,
    },
    /// The store could not keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The id of a silence: `sil_0cm3k9v2x8r4t`. They are made by anybody at any time, so chance keeps two apart.
#[derive(Debug)]
pub(super) struct SilenceId(String);

impl SilenceId {
    pub(super) fn new() -> Self {
        Self(format!("sil_{}", digits(fastrand::i64(0..))))
    }
}
