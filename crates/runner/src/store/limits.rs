//! How much the store may hold in memory and write at once.

/// Bounds of the store's memory. The defaults suit a service that must stay under 30 MB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests that may wait to be written; beyond, the store is busy.
    pub waiting_requests: usize,
    /// Bytes of events that may wait to be written; beyond, the store is busy.
    pub waiting_bytes: usize,
    /// Requests written in one transaction.
    pub group: usize,
    /// Connections for reading.
    pub readers: usize,
    /// Cache of the writing connection, in KiB; a reading one has a quarter of it.
    pub cache_kib: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { waiting_requests: 4_096, waiting_bytes: 16 << 20, group: 512, readers: 2, cache_kib: 4_096 }
    }
}
