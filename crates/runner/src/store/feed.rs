//! How far a source that is fetched from was read.

use std::collections::BTreeMap;

use serde_json::Value;

/// What is known of how far a source was read, by name.
pub type FeedState = BTreeMap<String, Value>;

/// A change of how far a source was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedChange {
    /// The source.
    pub source: String,
    /// Everything known before is forgotten first.
    pub reset: bool,
    /// What is known from now on; nothing where a name is forgotten.
    pub values: Vec<(String, Option<Value>)>,
}

impl FeedChange {
    /// No change yet, of this source.
    pub fn of(source: impl Into<String>) -> Self {
        Self { source: source.into(), ..Self::default() }
    }

    /// This is known from now on.
    pub fn put(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.values.push((name.into(), Some(value.into())));
    }

    /// This is forgotten.
    pub fn forget(&mut self, name: impl Into<String>) {
        self.values.push((name.into(), None));
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        !self.reset && self.values.is_empty()
    }

    /// The state after the change.
    pub fn apply(&self, state: &mut FeedState) {
        if self.reset {
            state.clear();
        }
        for (name, value) in &self.values {
            match value {
                Some(value) => state.insert(name.clone(), value.clone()),
                None => state.remove(name),
            };
        }
    }

    /// About how much memory it takes while it waits to be written.
    pub(super) fn bytes(&self) -> usize {
        // LIMIT: the values are small and many; what matters is that many of them are not free.
        self.values.len() * 256
    }
}
