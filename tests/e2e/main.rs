//! The real binary against the sandbox: one test binary for the whole product.

mod alertmanager;
mod api;
mod check;
mod commands;
mod connect;
mod contract;
mod crash;
mod delivery;
mod doors;
mod dry_run;
mod load;
mod lookups;
mod operate;
mod polling;
mod presets;
mod refusals;
mod replay;
mod sources;
mod testing;
mod tickets;
