//! Agents, and who the API itself is.

use super::Resource;
use crate::error::Error;
use crate::models::Agent;
use crate::query::Query;

impl Resource<Agent> {
    /// Reads the agent that the application logs in as. Its role and the application's scopes both limit the API.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub async fn me(&self) -> Result<Agent, Error> {
        self.get_at("/Agent/me", &Query::new()).await
    }
}
