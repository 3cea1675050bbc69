//! The sandbox as a library: start it, look into it, and act in it as HaloPSA's people would.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use serde_json::Value;
use thiserror::Error;

use crate::{
    Clock, RecordedRequest, SandboxConfig,
    api::{self, AgentAction},
    fault::Fault,
    server,
    shared::Shared,
    view::{Action, Snapshot, Ticket},
};

/// A running in-memory HaloPSA. It stops when dropped.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    addr: SocketAddr,
    server: Option<tokio::task::JoinHandle<()>>,
}

/// Why a sandbox did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address could not be listened on.
    #[error("could not listen on `{listen}`")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Something a test asked the sandbox to do to what is not there.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct NotThere(pub(crate) String);

/// A condition was not met in time.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "the sandbox did not come to the expected state within {within:?}: {tickets} tickets, {requests} requests"
)]
pub struct TimedOut {
    /// How long was waited.
    pub within: Duration,
    /// How many tickets there were in the end.
    pub tickets: usize,
    /// How many requests had been seen in the end.
    pub requests: usize,
}

impl Sandbox {
    /// Listens and serves until stopped or dropped. Needs a tokio runtime.
    pub async fn start(config: SandboxConfig) -> Result<Self, StartError> {
        let listen = config.listen;
        let listener = server::bind(listen).await.map_err(|source| StartError::Listen { listen, source })?;
        let addr = listener.local_addr().map_err(|source| StartError::Listen { listen, source })?;
        let shared = Arc::new(Shared::new(config, format!("http://{addr}")));
        let server = tokio::spawn(server::serve(listener, Arc::clone(&shared)));
        Ok(Self { shared, addr, server: Some(server) })
    }

    /// The site's URL, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        self.shared.url.clone()
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The settings it runs with.
    pub fn config(&self) -> Arc<SandboxConfig> {
        self.shared.config()
    }

    /// Changes what it runs with from the next request on: rights, limits, habits.
    ///
    /// How much data there is changes with the next [`reset`](Self::reset); the clock and the address never do.
    pub fn configure(&self, change: impl FnOnce(&mut SandboxConfig)) {
        self.shared.configure(change);
    }

    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Ends every connection and frees the port.
    pub async fn stop(mut self) {
        self.shared.stop();
        if let Some(server) = self.server.take() {
            // It only fails by panicking, which the test sees on its own.
            let _ = server.await;
        }
    }

    /// Every ticket, deleted and merged ones too, in the order of their numbers.
    pub fn tickets(&self) -> Vec<Ticket> {
        self.shared
            .look(|state| state.tickets.all().map(|stored| Ticket::of(state, &self.shared, stored)).collect())
    }

    /// One ticket.
    pub fn ticket(&self, id: i64) -> Option<Ticket> {
        Ticket::find(&self.shared, id)
    }

    /// The actions on a ticket, oldest first; none if there is no such ticket.
    pub fn actions(&self, ticket: i64) -> Vec<Action> {
        self.ticket(ticket).map(|ticket| ticket.actions).unwrap_or_default()
    }

    /// The requests to HaloPSA's paths, oldest first. The control API and the page are not among them.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.look(|state| state.requests.all().cloned().collect())
    }

    /// Tickets and requests at one moment.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::take(&self.shared)
    }

    /// What can be made to go wrong.
    pub fn faults(&self) -> Faults<'_> {
        Faults { shared: &self.shared }
    }

    /// The id of a record by the contract's path and its name, such as `("Status", "Resolved")`.
    pub fn id_of(&self, path: &str, name: &str) -> Option<i64> {
        let resource = api::by_path(&path.to_ascii_lowercase())?;
        self.shared.look(|state| {
            let row = state.table(resource.kind).named(resource.kind.name_field(), name)?;
            row.int("id").or_else(|| row.int("priorityid"))
        })
    }

    /// Closes a ticket as a technician does.
    pub fn close_ticket(&self, id: i64) -> Result<(), NotThere> {
        self.set_status(id, "Closed")
    }

    /// Gives a ticket the status of this name, as a technician does.
    pub fn set_status(&self, id: i64, status: &str) -> Result<(), NotThere> {
        self.shared.outside().set_status(id, status)
    }

    /// Assigns a ticket to the agent of this name.
    pub fn assign(&self, id: i64, agent: &str) -> Result<(), NotThere> {
        self.shared.outside().assign(id, agent)
    }

    /// Adds an action by a technician and says its number.
    pub fn add_agent_action(&self, id: i64, action: &AgentAction) -> Result<i64, NotThere> {
        api::act_as_agent(&self.shared, id, action).map_err(NotThere)
    }

    /// Sets any field of a ticket, as HaloPSA's own rules or screens might.
    pub fn set_field(&self, id: i64, field: &str, value: impl Into<Value>) -> Result<(), NotThere> {
        self.shared.outside().set_field(id, field, value.into())
    }

    /// Merges a ticket into another: it is closed and points to the other.
    pub fn merge_ticket(&self, id: i64, into: i64) -> Result<(), NotThere> {
        self.shared.outside().merge(id, into)
    }

    /// Deletes a ticket; it can still be read with `deleted=true`.
    pub fn delete_ticket(&self, id: i64) -> Result<(), NotThere> {
        self.shared.outside().delete(id)
    }

    /// Makes every token given out so far worthless.
    pub fn revoke_tokens(&self) {
        self.shared.change(|state| state.tokens.revoke_all());
    }

    /// Forgets everything that happened and starts again from the seed. The clock goes on.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Waits until a condition on what the sandbox holds is met; looks again only when something changed.
    ///
    /// `within` is real time whatever the sandbox's clock says: it is how long a test may hang.
    pub async fn wait_for(
        &self,
        condition: impl Fn(&Snapshot) -> bool,
        within: Duration,
    ) -> Result<Snapshot, TimedOut> {
        let mut changes = self.shared.changes();
        let waited = tokio::time::timeout(within, async {
            loop {
                changes.mark_unchanged();
                let snapshot = self.snapshot();
                if condition(&snapshot) || changes.changed().await.is_err() {
                    return snapshot;
                }
            }
        });
        waited.await.map_err(|_| {
            let last = self.snapshot();
            TimedOut { within, tickets: last.tickets.len(), requests: last.requests.len() }
        })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

/// The faults waiting for their requests.
#[derive(Debug)]
pub struct Faults<'s> {
    shared: &'s Shared,
}

impl Faults<'_> {
    /// Adds a fault after those already waiting.
    pub fn inject(&self, fault: Fault) {
        self.shared.change(|state| state.faults.inject(fault));
    }

    /// Those that have not been used up.
    pub fn waiting(&self) -> Vec<Fault> {
        self.shared.look(|state| state.faults.waiting().to_vec())
    }

    /// Takes all of them back.
    pub fn clear(&self) {
        self.shared.change(|state| state.faults.clear());
    }
}
