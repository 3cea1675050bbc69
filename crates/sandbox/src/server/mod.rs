//! HTTP: connections, one exchange of request and answer, and the faults in between.

mod call;
mod exchange;
mod listener;
mod query;
mod reply;

pub(crate) use call::Call;
pub(crate) use listener::{bind, serve};
pub(crate) use query::Query;
pub(crate) use reply::{Body, Cut, Pace, Reply};
