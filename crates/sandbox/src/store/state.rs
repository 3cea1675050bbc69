//! Everything that changes while a sandbox runs, behind one lock.

use std::collections::HashMap;

use super::{RequestLog, Table, TicketStore};
use crate::{
    api::Kind, auth::Tokens, config::SandboxConfig, fault::FaultQueue, limit::RollingWindow, seed, webhook,
};

/// The sandbox's whole memory.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) tables: HashMap<Kind, Table>,
    pub(crate) tickets: TicketStore,
    pub(crate) tokens: Tokens,
    pub(crate) window: RollingWindow,
    pub(crate) requests: RequestLog,
    pub(crate) faults: FaultQueue,
    pub(crate) last_guid: u64,
    pub(crate) deliveries: webhook::Waiting,
}

impl State {
    /// A tenant as the seed makes it, with nothing having happened yet.
    pub(crate) fn new(config: &SandboxConfig) -> Self {
        let mut state = Self {
            tables: HashMap::new(),
            // The first ticket gets a number that looks like a tenant some years old.
            tickets: TicketStore::numbered_from(20_000),
            tokens: Tokens::new(config.seed),
            window: RollingWindow::default(),
            requests: RequestLog::default(),
            faults: FaultQueue::default(),
            last_guid: 0,
            deliveries: webhook::Waiting::default(),
        };
        seed::fill(&mut state, config);
        state
    }

    /// The records of one kind; none if there are none.
    pub(crate) fn table(&self, kind: Kind) -> &Table {
        static EMPTY: std::sync::OnceLock<Table> = std::sync::OnceLock::new();
        self.tables.get(&kind).unwrap_or_else(|| EMPTY.get_or_init(Table::default))
    }

    pub(crate) fn table_mut(&mut self, kind: Kind) -> &mut Table {
        self.tables.entry(kind).or_default()
    }

    /// The name of a record, empty if there is none with this id.
    pub(crate) fn name(&self, kind: Kind, id: Option<i64>) -> &str {
        id.and_then(|id| self.table(kind).by_id(id)).map_or("", |row| row.text(kind.name_field()))
    }

    /// A new GUID-shaped id; the same in every run.
    pub(crate) fn next_guid(&mut self) -> String {
        self.last_guid += 1;
        format!("5a4db0c5-0000-4000-8000-{:012x}", self.last_guid)
    }
}
