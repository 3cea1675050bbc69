//! Silences as rows, and what their end means to the timer that lets go of what they held back.

use haloward_rules::{Silence, silence_key};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{failure, rows, schema};
use crate::store::change::SilenceChange;
use crate::store::error::StoreError;

/// The note that is another one whenever silences have changed.
pub(super) const VERSION: &str = "silences";

pub(super) fn change(connection: &Connection, change: &SilenceChange) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| failure(&error);
    match change {
        SilenceChange::Put(silence) => put(connection, silence)?,
        SilenceChange::End { id, at } => {
            let known: Option<Silence> = connection
                .prepare_cached("SELECT body FROM silences WHERE id = ?1")
                .and_then(|mut s| s.query_row([id], |row| rows::json(row, 0)).optional())
                .map_err(failed)?;
            let Some(mut silence) = known.filter(|known| known.until > *at) else { return Ok(()) };
            silence.until = *at;
            put(connection, &silence)?;
            // What it held back is let go by the timer of its case, which is due now instead of at its end.
            connection
                .prepare_cached("UPDATE timers SET due = ?2 WHERE key = ?1 AND kind = 'recheck' AND due > ?2")
                .and_then(|mut s| s.execute(params![silence_key(id).as_str(), at.as_millisecond()]))
                .map_err(failed)?;
        }
    }
    let version = schema::note(connection, VERSION)?.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    schema::set_note(connection, VERSION, &(version + 1).to_string()).map_err(failed)
}

fn put(connection: &Connection, silence: &Silence) -> Result<(), StoreError> {
    let body = serde_json::to_string(silence)
        .map_err(|error| StoreError::Damaged { problem: format!("silence `{}`: {error}", silence.id) })?;
    connection
        .prepare_cached(
            "INSERT INTO silences VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET until = excluded.until, body = excluded.body",
        )
        .and_then(|mut s| s.execute(params![silence.id, silence.until.as_millisecond(), body]))
        .map(drop)
        .map_err(|error| failure(&error))
}
