//! A consistent copy of the store, taken while others write.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};

use super::{ReadOnly, create_private, message, schema};
use crate::store::error::StoreError;

/// The note that says that a store is a copy of another one.
pub(super) const COPY: &str = "copied";

impl ReadOnly {
    /// Writes a copy, compact and whole, to a file that must not exist yet.
    pub(in crate::store) fn copy_to(&self, target: &Path) -> Result<(), StoreError> {
        let failed = |problem: String| StoreError::Copy { path: target.to_owned(), problem };
        let text = target.to_str().ok_or_else(|| failed("its name is not UTF-8".to_owned()))?;
        create_private(target).map_err(|error| failed(error.to_string()))?;
        let copy = || {
            // The writer goes on meanwhile: this reads one committed state from beginning to end.
            self.connection.execute("VACUUM INTO ?1", params![text])?;
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let copied = Connection::open_with_flags(target, flags)?;
            schema::set_note(&copied, COPY, "1")?;
            copied.query_row("PRAGMA quick_check", [], |row| row.get::<_, String>(0))
        };
        match copy() {
            Ok(sound) if sound == "ok" => {}
            Ok(problem) => return Err(failed(problem)),
            Err(error) => return Err(failed(message(&error))),
        }
        let synced = std::fs::File::open(target).and_then(|file| file.sync_all());
        synced.map_err(|error| failed(error.to_string()))
    }
}

/// What was waiting when the copy was made may have been sent since: it is looked for before it is written again.
pub(super) fn take_up(connection: &Connection) -> rusqlite::Result<()> {
    if connection.execute("DELETE FROM meta WHERE name = ?1", [COPY])? == 0 {
        return Ok(());
    }
    let text = "the store was restored from a copy";
    connection.execute(
        "UPDATE operations SET state = 'unclear', looks = 0, problem = ?1,
             first_sent_at = coalesce(first_sent_at, created_at)
         WHERE active = 1 AND state IN ('waiting', 'retry', 'sending')",
        [text],
    )?;
    Ok(())
}
