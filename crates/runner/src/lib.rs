//! Haloward: alerts in, the right HaloPSA tickets out.
//!
//! The binary is a thin shell around this library, so that tests start the whole product in their own process.
//! An event's way: a source is received, the `store` journals it, the `decider` asks the rules, the `dispatcher`
//! brings what was decided to HaloPSA, and the `tracker` reads back what people did there.

// What fuzzing shares with the tests names this crate as others do.
#[cfg(test)]
extern crate self as haloward;

pub mod address;
pub mod api;
pub mod app;
pub mod catalogue;
pub mod cli;
pub mod clock;
pub mod config;
pub mod cron;
pub mod decider;
pub mod dispatcher;
pub mod feeds;
mod halo_time;
pub mod inspect;
pub mod intake;
pub mod metrics;
pub mod notifier;
pub mod outbound;
pub mod receiver;
pub mod runtime;
pub mod server;
pub mod signals;
pub mod store;
pub mod token;
pub mod trace;
pub mod tracker;
pub mod watch;
pub mod wire;
pub mod witness;
