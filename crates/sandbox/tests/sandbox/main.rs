//! The sandbox as its users meet it: over HTTP, through the library and as a program.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail the test")]

mod actions;
mod auth;
mod contract;
mod control;
mod fault_matrix;
mod faults;
mod filters;
mod halo;
mod lists;
mod pages;
mod program;
mod records;
mod rights;
mod settings;
mod tickets;
mod webhooks;
