//! The webhook receiver: who may send, what a body means, and an answer only once the events are durable.

mod auth;
pub(crate) mod body;
mod limit;
mod problem;
mod raw;
pub(crate) mod repeat;
mod routes;

pub use limit::Rate;
pub(crate) use problem::Problem;
pub use raw::{Refused, events_of};
pub use routes::{Door, DoorState, router};

#[cfg(test)]
mod tests;
