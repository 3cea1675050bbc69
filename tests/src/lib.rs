//! What the end-to-end tests share: the real binary as a process, a sandbox HaloPSA, and payloads.
//!
//! Nothing here sleeps: the binary says on its log where it listens, and the sandbox tells when its state changes.

#![expect(clippy::missing_panics_doc, reason = "a test's helper panics to fail the test")]

mod alerts_api;
mod binary;
mod elsewhere;
mod install;
pub mod load;
mod scrub;
mod send;

pub use alerts_api::AlertsApi;
pub use binary::{Ended, Process, haloward, run, run_with_input};
pub use elsewhere::{answering, self_signed};
pub use install::{Install, TOKEN};
pub use scrub::scrub;
pub use send::{Answer, alert, alertmanager, client, post};

use std::path::PathBuf;
use std::time::Duration;

/// How long anything may take before a test gives up. Never a measure of speed: only an end for what hangs.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// The repository's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
