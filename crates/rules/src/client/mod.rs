//! Clients: which of the tenant's an event belongs to, and what its tickets have by default.
//!
//! What is known of the clients comes in as data. Nothing is guessed: none or several is an answer of its own.

mod book;
mod find;
mod name;

pub(crate) use book::ClientBook;
pub use find::{Candidate, ClientDirectory, ClientFacts, ClientMatch, KnownClient, mail_domain};
pub use name::{folded as folded_name, words as name_words};

#[cfg(test)]
mod tests;
