//! What the agent the application logs in as may do and see.

use serde::{Deserialize, Serialize};

use super::Area;

/// How far an agent may go in one part of HaloPSA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Neither see nor change.
    None,
    /// See.
    Read,
    /// See and change.
    Modify,
    /// See, change and delete.
    Delete,
}

/// The rights of the agent the application logs in as.
///
/// By default it may do everything except configure the system and sees every client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentRights {
    /// Tickets, actions and attachments.
    pub tickets: Access,
    /// Clients, sites and Azure tenants.
    pub customers: Access,
    /// End users.
    pub users: Access,
    /// Assets.
    pub assets: Access,
    /// Items.
    pub items: Access,
    /// Invoices and recurring invoices.
    pub invoices: Access,
    /// Software licences.
    pub software_licences: Access,
    /// Contracts.
    pub contracts: Access,
    /// Ticket types, statuses, teams, webhooks and the other settings. Reading them needs no more than `Read`.
    pub configuration: Access,
    /// The clients it sees, by id; `None` is all. What it does not see is missing from every answer.
    pub visible_clients: Option<Vec<i64>>,
    /// The teams whose tickets it sees, by name; `None` is all.
    pub visible_teams: Option<Vec<String>>,
}

impl Default for AgentRights {
    fn default() -> Self {
        Self {
            tickets: Access::Delete,
            customers: Access::Delete,
            users: Access::Delete,
            assets: Access::Delete,
            items: Access::Delete,
            invoices: Access::Delete,
            software_licences: Access::Delete,
            contracts: Access::Delete,
            configuration: Access::Delete,
            visible_clients: None,
            visible_teams: None,
        }
    }
}

impl AgentRights {
    pub(crate) fn access(&self, area: Area) -> Access {
        match area {
            Area::Tickets => self.tickets,
            Area::Customers => self.customers,
            Area::Users => self.users,
            Area::Assets => self.assets,
            Area::Items => self.items,
            Area::Invoices => self.invoices,
            Area::SoftwareLicences => self.software_licences,
            Area::Contracts => self.contracts,
            Area::Teams | Area::Settings | Area::Webhooks | Area::Azure => self.configuration,
        }
    }

    pub(crate) fn sees_client(&self, client: Option<i64>) -> bool {
        match (&self.visible_clients, client) {
            (Some(visible), Some(client)) => visible.contains(&client),
            _ => true,
        }
    }

    pub(crate) fn sees_team(&self, team: &str) -> bool {
        self.visible_teams.as_ref().is_none_or(|visible| visible.iter().any(|v| v.eq_ignore_ascii_case(team)))
    }
}
