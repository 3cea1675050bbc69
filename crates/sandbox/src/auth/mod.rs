//! Who may do what: the token endpoint, the tokens it gave out, their scopes, and the agent's own rights.
//!
//! A request needs both: the scope of the token and the right of the agent behind it.

mod rights;
mod scopes;
pub(crate) mod token_endpoint;
mod tokens;

pub use rights::{Access, AgentRights};
pub(crate) use scopes::{Area, Scopes};
pub(crate) use tokens::Tokens;
