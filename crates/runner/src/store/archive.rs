//! The store of a service that may or may not be running, only to be read.

use std::path::Path;

use super::error::StoreError;
use super::sqlite::{ReadOnly, Reader};

/// A store opened for reading beside whoever writes it, or after it stopped. It takes no lock and changes nothing.
#[derive(Debug)]
pub struct Archive {
    file: ReadOnly,
}

impl Archive {
    /// Opens the store at `path`, which must exist.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self { file: ReadOnly::open(path.as_ref())? })
    }

    /// Writes a copy of it, compact and whole, to a file that does not exist yet. Whoever writes meanwhile goes on.
    pub fn copy_to(&self, target: impl AsRef<Path>) -> Result<(), StoreError> {
        self.file.copy_to(target.as_ref())
    }

    /// Runs `read` on one consistent view of what is committed.
    pub fn read<T>(&self, read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.file.read(read)
    }
}
