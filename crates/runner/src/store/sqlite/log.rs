//! Keeps the write-ahead log short. A thread of its own copies what is committed into the file beside whoever writes, so
//! that no sender waits for it. Only a log that grew long all the same is copied by the writer, after it has answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use super::failure;
use crate::store::error::StoreError;

/// LIMIT: a log that grew by 8 MiB is copied on: late enough that pages which change often are copied once for many
/// changes, early enough that little is left for the writer.
const STEP: usize = 2_000;
/// LIMIT: at 64 MiB whoever writes next waits until the rest is in the file, and the log begins anew.
const LONG: usize = 16_000;
/// LIMIT: copying needs no more than any other call into the database.
const STACK_BYTES: usize = 512 << 10;

/// The log of one writing connection.
#[derive(Debug)]
pub(super) struct Log {
    /// How many pages it has, as of the last commit.
    pages: Arc<AtomicUsize>,
    asked: Asked,
    /// Gone only while it ends.
    wake: Option<SyncSender<()>>,
    copier: Option<JoinHandle<()>>,
}

/// How long the log was when copying was last asked for.
#[derive(Debug, Default)]
struct Asked(usize);

impl Log {
    /// Watches the log of `writer`. `copier` copies it.
    pub(super) fn watch(writer: &mut Connection, copier: Connection) -> Result<Self, StoreError> {
        let pages = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&pages);
        // This takes the place of the database's own copying, within a commit.
        let hook = move |_: &mut rusqlite::hooks::Wal, pages| {
            seen.store(usize::try_from(pages).unwrap_or_default(), Ordering::Relaxed);
            Ok(())
        };
        writer.wal_hook(Some(hook)).map_err(|error| failure(&error))?;
        let (wake, woken) = sync_channel(1);
        let copier = std::thread::Builder::new()
            .name("log".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || woken.iter().for_each(|()| copy(&copier)))
            .map_err(|error| StoreError::Unavailable { problem: error.to_string() })?;
        Ok(Self { pages, asked: Asked::default(), wake: Some(wake), copier: Some(copier) })
    }

    /// Has it copied if it grew; to be called by the writer between commits.
    pub(super) fn tend(&mut self, writer: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages >= LONG {
            copy(writer);
        } else if self.asked.is_time(pages)
            && let Some(wake) = &self.wake
        {
            // One that is copying now has been asked again already.
            let _ = wake.try_send(());
        }
    }
}

impl Asked {
    fn is_time(&mut self, pages: usize) -> bool {
        if pages < self.0 {
            // It began anew.
            self.0 = 0;
        }
        let grew = pages >= self.0 + STEP;
        if grew {
            self.0 = pages;
        }
        grew
    }
}

/// Copies what can be copied without waiting for anybody. What could not be is copied later; a disk that is full is told
/// of by whoever writes.
fn copy(connection: &Connection) {
    if let Err(error) = connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE) {
        tracing::debug!(%error, "the store's log is copied later");
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(copier) = self.copier.take() {
            // One that broke has told so.
            let _ = copier.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_copied_whenever_it_grew_by_a_step_also_after_it_began_anew() {
        let mut asked = Asked::default();
        assert!(!asked.is_time(STEP - 1) && asked.is_time(STEP));
        assert!(!asked.is_time(STEP + 1) && asked.is_time(2 * STEP + 500));
        assert!(!asked.is_time(3 * STEP + 499));
        assert!(!asked.is_time(10) && !asked.is_time(STEP - 1) && asked.is_time(STEP));
    }
}
