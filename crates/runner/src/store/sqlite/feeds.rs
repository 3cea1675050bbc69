//! How far sources that are fetched from were read.

use rusqlite::{Connection, params};

use super::{Reader, failure};
use crate::store::error::StoreError;
use crate::store::feed::{FeedChange, FeedState};

pub(super) fn change(connection: &Connection, change: &FeedChange) -> rusqlite::Result<()> {
    let FeedChange { source, reset, values } = change;
    if *reset {
        connection.prepare_cached("DELETE FROM feed_state WHERE source = ?1")?.execute([source])?;
    }
    let mut put = connection.prepare_cached(
        "INSERT INTO feed_state VALUES (?1, ?2, ?3)
         ON CONFLICT (source, name) DO UPDATE SET value = excluded.value",
    )?;
    let mut forget = connection.prepare_cached("DELETE FROM feed_state WHERE source = ?1 AND name = ?2")?;
    for (name, value) in values {
        match value {
            Some(value) => put.execute(params![source, name, value.to_string()])?,
            None => forget.execute(params![source, name])?,
        };
    }
    Ok(())
}

impl Reader<'_> {
    /// How far a source was read.
    pub fn feed_state(&self, source: &str) -> Result<FeedState, StoreError> {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let ask = || {
            self.connection()
                .prepare_cached("SELECT name, value FROM feed_state WHERE source = ?1")?
                .query_map([source], read)?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        let rows = ask().map_err(|error| failure(&error))?;
        rows.into_iter()
            .map(|(name, text)| match serde_json::from_str(&text) {
                Ok(value) => Ok((name, value)),
                Err(error) => Err(StoreError::Damaged {
                    problem: format!("how far the source `{source}` was read: {error}"),
                }),
            })
            .collect()
    }
}
