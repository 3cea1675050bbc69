//! An in-memory HaloPSA that behaves like the real one, with faults on request.
//!
//! For demos and for tests of anything that talks to HaloPSA: tokens expire, scopes and agent rights are enforced,
//! lists are cut at 100 rows, the rate limit rolls, and errors come in HaloPSA's several shapes. A test starts one
//! on a free port, drives its clock, injects faults and looks at tickets and requests afterwards:
//!
//! ```
//! use halopsa_sandbox::{Fault, FaultKind, Sandbox, SandboxConfig};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::start(SandboxConfig::default()).await?;
//! sandbox.faults().inject(Fault::once(FaultKind::CutAfterCommit).on("POST", "/api/Tickets"));
//! // … point a client at sandbox.url() …
//! assert!(sandbox.tickets().is_empty());
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! `api` answers HaloPSA's paths, `server` carries requests there through their faults, `control` answers
//! `/sandbox/…`, `page` shows it all to people, `seed` invents the data and `schema` knows the fields.

#![forbid(unsafe_code)]

mod api;
mod auth;
mod clock;
mod config;
mod control;
mod fault;
mod html;
mod limit;
mod moment;
mod options;
mod outside;
mod page;
mod sandbox;
mod schema;
mod seed;
mod server;
mod shared;
mod store;
mod view;
mod webhook;

/// The README's example, kept compiling.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use api::AgentAction;
pub use auth::{Access, AgentRights};
pub use clock::Clock;
pub use config::{BatchOf, RateLimit, SandboxConfig, TicketRule, WebhookBatches};
pub use fault::{Fault, FaultKind};
pub use options::Options;
pub use sandbox::{Faults, NotThere, Sandbox, StartError, TimedOut};
pub use store::RecordedRequest;
pub use view::{Action, Snapshot, Ticket};
