//! The store in one file on this machine: a write-ahead log, every commit forced to the disk.
//!
//! `writer` is the one thread that changes anything, `reader` answers questions beside it, `schema` knows the
//! layout and its versions. The rest of `store` sees [`Sqlite`], [`Writer`] and [`Reader`] only.

mod backup;
mod browse;
mod feeds;
mod journal;
mod ledger;
mod log;
mod outbox;
mod packed;
mod prune;
mod reader;
mod rows;
mod schema;
mod silences;
mod state;
mod writer;

pub(super) use journal::Prepared;
pub(super) use packed::Packed;
pub use reader::Reader;
pub(super) use writer::{Request, Writer};

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::StoreError;
use super::limits::Limits;

/// LIMIT: how long another process (a backup, somebody's shell) may hold the file before we call it unavailable.
const PATIENCE: Duration = Duration::from_secs(2);

/// The reading side: a few connections, each used by one reader at a time.
#[derive(Debug)]
pub(super) struct Sqlite {
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
    _lock: File,
}

impl Sqlite {
    pub(super) fn open(path: &Path, limits: Limits) -> Result<(Self, Writer), StoreError> {
        let lock = lock(path)?;
        let open_error = |problem: String| StoreError::Open { path: path.to_owned(), problem };
        create_private(path).map_err(|error| open_error(error.to_string()))?;
        let connection =
            connect(path, limits.cache_kib, false).map_err(|error| open_error(message(&error)))?;
        schema::migrate(&connection, path)?;
        backup::take_up(&connection).map_err(|error| open_error(message(&error)))?;
        let copier =
            connect(path, limits.cache_kib / 4, false).map_err(|error| open_error(message(&error)))?;
        let writer = Writer::new(connection, copier)?;
        let mut idle = Vec::new();
        for _ in 0..limits.readers.max(1) {
            let reader =
                connect(path, limits.cache_kib / 4, true).map_err(|error| open_error(message(&error)))?;
            idle.push(reader);
        }
        Ok((Self { idle: Mutex::new(idle), returned: Condvar::new(), _lock: lock }, writer))
    }

    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connection = Lent { pool: self, connection: Some(self.borrow()) };
        let Some(connection) = &connection.connection else { return Err(StoreError::Closed) };
        // A deferred transaction: everything `read` asks is answered from the same committed state.
        let view = connection.unchecked_transaction().map_err(|error| failure(&error))?;
        read(&Reader::new(&view))
    }

    fn borrow(&self) -> Connection {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(connection) = idle.pop() {
                return connection;
            }
            idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// One connection that only reads, beside whoever writes.
#[derive(Debug)]
pub(super) struct ReadOnly {
    connection: Connection,
}

impl ReadOnly {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let open_error = |problem: String| StoreError::Open { path: path.to_owned(), problem };
        if !path.is_file() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        let connection = connect(path, Limits::default().cache_kib / 4, true)
            .map_err(|error| open_error(message(&error)))?;
        schema::expect_newest(&connection, path)?;
        Ok(Self { connection })
    }

    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let view = self.connection.unchecked_transaction().map_err(|error| failure(&error))?;
        read(&Reader::new(&view))
    }
}

/// A connection that goes back to its pool, also when its reader panics.
struct Lent<'p> {
    pool: &'p Sqlite,
    connection: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            self.pool.returned.notify_one();
        }
    }
}

/// Two processes deciding from one store would do everything twice: the second is told so.
fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let open = private(OpenOptions::new().create(true).truncate(false).write(true)).open(&name);
    let file =
        open.map_err(|error| StoreError::Open { path: path.to_owned(), problem: error.to_string() })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => {
            Err(StoreError::Open { path: path.to_owned(), problem: error.to_string() })
        }
    }
}

/// The file holds customers' data: nobody but its owner reads it. Its log files get the same mode from it.
fn create_private(path: &Path) -> std::io::Result<()> {
    let file = private(OpenOptions::new().create(true).truncate(false).write(true)).open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    drop(file);
    Ok(())
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

fn connect(path: &Path, cache_kib: u32, reading: bool) -> rusqlite::Result<Connection> {
    let access = if reading { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(48);
    // Else the planner looks at the values of a statement, and makes its plan anew whenever another value is bound for a
    // `LIMIT`: that took longer than the reading (`a_statement_is_planned_once`).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", -i64::from(cache_kib.max(64)))?;
    if !reading {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // LIMIT: what the log keeps of the disk once it was copied into the file.
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    }
    Ok(connection)
}

/// What an error of the database means to whoever asked.
fn failure(error: &rusqlite::Error) -> StoreError {
    let problem = message(error);
    match error {
        rusqlite::Error::SqliteFailure(code, _) => match code.code {
            ErrorCode::DiskFull
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::SystemIoFailure
            | ErrorCode::ReadOnly
            | ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OutOfMemory => StoreError::Unavailable { problem },
            _ => StoreError::Damaged { problem },
        },
        _ => StoreError::Damaged { problem },
    }
}

fn message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(text)) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_planned_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("haloward.db");
        create_private(&path).unwrap();
        let connection = connect(&path, 64, false).unwrap();
        schema::migrate(&connection, &path).unwrap();
        let mut statement =
            connection.prepare("SELECT seq FROM journal WHERE seq > ?1 ORDER BY seq LIMIT ?2").unwrap();
        for limit in 1..5 {
            assert!(!statement.exists([limit, limit]).unwrap());
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
