#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod auth;
mod budget;
mod builder;
mod client;
mod credentials;
mod date;
mod discovery;
mod error;
mod exchange;
mod http;
mod id;
mod outcome;
mod priority;
mod query;
mod retry;
mod server_clock;
mod settings;
mod site;
mod wire;

pub mod api;
pub mod filters;
pub mod models;

pub use ::http::Method;
pub use auth::TokenInfo;
pub use budget::{Budget, BudgetReport};
pub use builder::ClientBuilder;
pub use client::Client;
pub use credentials::Credentials;
pub use date::{DateTime, NotADateTime};
pub use discovery::{Discovery, Found};
pub use error::{Error, FieldProblem, Reply, RequestLine, Said, Unreachable};
pub use id::*;
pub use outcome::{Outcome, UnknownReason, UnknownWrite};
pub use priority::Priority;
pub use query::Query;
pub use site::{Site, SiteError};
