//! The silences as decisions need them: compiled once, read again when the store says that they changed.

use std::sync::Arc;
use std::time::Duration;

use haloward_rules::Silences;
use jiff::Timestamp;

use crate::store::{MOST_SILENCES, Reader, StoreError};

/// LIMIT: what is decided late (timers of a process that was down) still meets the silences of its time, so far back.
const LATE: Duration = Duration::from_hours(7 * 24);

#[derive(Debug, Default)]
pub(super) struct SilenceCache {
    /// `None` until they were first read.
    version: Option<String>,
    silences: Arc<Silences>,
}

impl SilenceCache {
    /// The silences in the view of `reader`.
    pub(super) fn of(&mut self, reader: &Reader<'_>, now: Timestamp) -> Result<Arc<Silences>, StoreError> {
        let version = reader.silences_version()?;
        if self.version.as_ref() != Some(&version) {
            let since = now.checked_sub(LATE).unwrap_or(now);
            let (silences, findings) = Silences::compile(reader.silences(since, 10 * MOST_SILENCES)?);
            // They were checked when they came; only another version of the program can think otherwise.
            if findings.has_errors() {
                tracing::error!(problem = %findings.render(), "a silence can't be used and is left out");
            }
            self.silences = Arc::new(silences);
            self.version = Some(version);
        }
        Ok(Arc::clone(&self.silences))
    }
}
