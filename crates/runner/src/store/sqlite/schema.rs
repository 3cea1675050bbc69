//! The layout of the file, version by version.
//!
//! A version, once released, never changes: what comes later is another entry of [`VERSIONS`].

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use super::{failure, message};
use crate::store::error::StoreError;

/// The statements that lead from each version to the next; the first leads from nothing to 1.
const VERSIONS: [&str; 7] = [VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6, VERSION_7];

/// Times are milliseconds since 1970; `event`, `body`, `effect` and `details` are JSON.
///
/// `journal.seq` is the event's id and grows in the order of commits, so one number says how far was decided.
/// `operations.active` says that the operation holds back later ones of its case, `head` that none holds it back, and
/// `creates` that it opens a ticket: whose turn it is must be cheap to ask however many wait.
const VERSION_1: &str = "
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    delivery TEXT,
    item INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    event TEXT NOT NULL
);
CREATE UNIQUE INDEX journal_delivery ON journal (source, delivery, item) WHERE delivery IS NOT NULL;

CREATE TABLE cases (
    key TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    ticket INTEGER,
    ended_at INTEGER,
    body TEXT NOT NULL
);
CREATE INDEX cases_state ON cases (state);
CREATE INDEX cases_ticket ON cases (ticket) WHERE ticket IS NOT NULL;

CREATE TABLE feeds (
    source TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (source, fingerprint, key)
) WITHOUT ROWID;
CREATE INDEX feeds_key ON feeds (key);

CREATE TABLE timers (
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (key, kind)
) WITHOUT ROWID;
CREATE INDEX timers_due ON timers (due);

CREATE TABLE operations (
    id INTEGER PRIMARY KEY,
    cause TEXT NOT NULL UNIQUE,
    key TEXT NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    severity INTEGER NOT NULL,
    state TEXT NOT NULL,
    active INTEGER NOT NULL,
    head INTEGER NOT NULL,
    creates INTEGER NOT NULL,
    effect TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    looks INTEGER NOT NULL DEFAULT 0,
    due INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    first_sent_at INTEGER,
    finished_at INTEGER,
    ticket INTEGER,
    action INTEGER,
    problem TEXT,
    story TEXT,
    folded_into INTEGER,
    recheck_at INTEGER
);
CREATE INDEX operations_queue ON operations (creates, severity DESC, id) WHERE head = 1;
CREATE INDEX operations_lane ON operations (key, id) WHERE active = 1;
CREATE INDEX operations_due ON operations (due) WHERE active = 1;
CREATE INDEX operations_recheck ON operations (recheck_at) WHERE recheck_at IS NOT NULL;
CREATE INDEX operations_ticket ON operations (key, number, id);
CREATE INDEX operations_state ON operations (state, id);

CREATE TABLE tickets (
    id INTEGER NOT NULL,
    key TEXT NOT NULL,
    number INTEGER NOT NULL,
    status INTEGER,
    agent INTEGER,
    changed_at INTEGER,
    opened_by INTEGER,
    PRIMARY KEY (key, number)
) WITHOUT ROWID;
CREATE INDEX tickets_id ON tickets (id);

CREATE TABLE decisions (
    id INTEGER PRIMARY KEY,
    event INTEGER,
    cause TEXT NOT NULL,
    outcome TEXT NOT NULL,
    rule TEXT,
    key TEXT,
    details TEXT NOT NULL,
    rules TEXT NOT NULL,
    decided_at INTEGER NOT NULL
);
CREATE INDEX decisions_event ON decisions (event) WHERE event IS NOT NULL;

CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
";

/// `body` is the silence as JSON; `until` stands beside it for who asks which may still stand.
const VERSION_2: &str = "
CREATE TABLE silences (
    id TEXT PRIMARY KEY,
    until INTEGER NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX silences_until ON silences (until);
";

/// For people who look: what was said to HaloPSA, what became of each source's events by day, decisions by case.
const VERSION_3: &str = "
CREATE TABLE exchanges (
    id INTEGER PRIMARY KEY,
    operation INTEGER NOT NULL,
    at INTEGER NOT NULL,
    said TEXT NOT NULL
);
CREATE INDEX exchanges_operation ON exchanges (operation, id);

CREATE TABLE ledger (
    day INTEGER NOT NULL,
    source TEXT NOT NULL,
    what TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (day, source, what)
) WITHOUT ROWID;

CREATE TABLE sources_seen (source TEXT PRIMARY KEY, last_at INTEGER NOT NULL) WITHOUT ROWID;

CREATE INDEX cases_ended ON cases (ended_at) WHERE state = 'resolved';
CREATE INDEX decisions_key ON decisions (key, id) WHERE key IS NOT NULL;
";

/// How far sources that are fetched from were read: `value` is JSON, its meaning the feed's own business.
const VERSION_4: &str = "
CREATE TABLE feed_state (
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (source, name)
) WITHOUT ROWID;
";

/// What was done to a ticket is asked for whenever HaloPSA tells that it changed.
const VERSION_5: &str = "
CREATE INDEX operations_done_to ON operations (ticket) WHERE ticket IS NOT NULL;
";

/// From here on long texts (`event` of the journal, `body` of cases) may be packed: a blob that `packed` knows to read. What
/// is there stays as it is; only who does not know that must not open the file any more.
const VERSION_6: &str = "";

/// A row of the journal holds as many events as `count` says, a line of `event` each. `seq` is the id of the last one, so
/// that the first row from an id on holds the event, and whatever lies behind a position has a greater `seq` than it.
const VERSION_7: &str = "ALTER TABLE journal ADD COLUMN count INTEGER NOT NULL DEFAULT 1;";

/// The file must have the newest layout, because nobody may change it now.
pub(super) fn expect_newest(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found: i64 = connection
        .query_row("SELECT max(version) FROM layout", [], |row| row.get(0))
        .map_err(|error| StoreError::Open { path: path.to_owned(), problem: message(&error) })?;
    let known = i64::try_from(VERSIONS.len()).unwrap_or(i64::MAX);
    match found.cmp(&known) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Less => Err(StoreError::TooOld { path: path.to_owned(), found, known }),
        std::cmp::Ordering::Greater => Err(StoreError::TooNew { path: path.to_owned(), found, known }),
    }
}

/// Brings the file to the newest layout.
pub(super) fn migrate(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let open_error =
        |error: rusqlite::Error| StoreError::Open { path: path.to_owned(), problem: message(&error) };
    connection
        .execute_batch("CREATE TABLE IF NOT EXISTS layout (version INTEGER PRIMARY KEY) WITHOUT ROWID")
        .map_err(open_error)?;
    let found: i64 = connection
        .query_row("SELECT coalesce(max(version), 0) FROM layout", [], |row| row.get(0))
        .map_err(open_error)?;
    let known = (0..).zip(VERSIONS).fold(0, |_, (version, _)| version + 1);
    if found > known {
        return Err(StoreError::TooNew { path: path.to_owned(), found, known });
    }
    for (version, statements) in (1..).zip(VERSIONS).skip_while(|(version, _)| *version <= found) {
        // One version, one transaction: a crash in between leaves a layout that is known.
        let step = format!("BEGIN IMMEDIATE; {statements}; INSERT INTO layout VALUES ({version}); COMMIT");
        connection.execute_batch(&step).map_err(open_error)?;
    }
    Ok(())
}

/// A note of `meta`.
pub(super) fn note(connection: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT value FROM meta WHERE name = ?1").map_err(|e| failure(&e))?;
    statement.query_row([name], |row| row.get(0)).optional().map_err(|error| failure(&error))
}

/// Sets a note of `meta`.
pub(super) fn set_note(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![name, value])?;
    Ok(())
}
