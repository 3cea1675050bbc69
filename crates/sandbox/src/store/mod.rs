//! What the sandbox remembers: records in tables, tickets with their actions, and the requests it has seen.

mod record;
mod requests;
mod state;
mod table;
mod ticket_store;

pub(crate) use record::Record;
pub use requests::RecordedRequest;
pub(crate) use requests::RequestLog;
pub(crate) use state::State;
pub(crate) use table::Table;
pub(crate) use ticket_store::{StoredTicket, TicketStore};
