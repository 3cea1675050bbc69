//! Load: what drives the real binary hard, and what it shows about it.
//!
//! `generator` sends requests over many connections and costs little itself, `service` is the binary under load and
//! what can be read about it from outside. Each of the other modules is one experiment: it says what it measured,
//! never whether that is enough. `tests/load` prints them at full size (`just bench`, `just storm`, `just soak`);
//! the end-to-end tests run them small and look at counts, never at times.

pub mod accepting;
pub mod deciding;
pub mod delivering;
pub mod restarting;
pub mod soak;
pub mod storm;

mod fill;
mod generator;
mod latency;
mod machine;
mod request;
mod rules;
mod service;

pub use generator::{Sent, Traffic, send};
pub use latency::Latencies;
pub use machine::conditions;
pub use request::Request;
pub use service::{Service, Usage};
