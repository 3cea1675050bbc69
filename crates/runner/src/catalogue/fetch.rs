//! Reading the catalogue from HaloPSA: one request per list, clients page by page.

use std::collections::HashMap;
use std::time::Duration;

use halopsa::{Client, Error, filters, models};

use super::clients::domains_of;
use super::find::same;
use super::{
    AgentEntry, Catalogue, CategoryEntry, ClientEntry, Entry, Missing, OutcomeEntry, PriorityEntry,
    TicketTypeEntry,
};
use crate::halo_time::by_halo;

/// LIMIT: the largest tenants seen have a few thousand clients; beyond this a catalogue would not fit the memory
/// an idle service may have.
const MOST_CLIENTS: usize = 20_000;

/// LIMIT: clients changed since the last reading are few; more than this means that HaloPSA ignored the filter.
const MOST_CHANGED: usize = 300;
/// LIMIT: how far HaloPSA's clock may be behind ours, when it is asked for what changed.
const CLOCKS: Duration = Duration::from_mins(10);

/// One list of the catalogue: each costs one request, the clients one for every hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum List {
    ApiAgent,
    TicketTypes,
    Statuses,
    Slas,
    Priorities,
    Teams,
    Agents,
    Categories,
    Outcomes,
    Fields,
    AzureTenants,
    Clients,
}

impl List {
    /// All of them. ORDER: the tenants come before the clients, who are given them.
    pub const ALL: [Self; 12] = [
        Self::ApiAgent,
        Self::TicketTypes,
        Self::Statuses,
        Self::Slas,
        Self::Priorities,
        Self::Teams,
        Self::Agents,
        Self::Categories,
        Self::Outcomes,
        Self::Fields,
        Self::AzureTenants,
        Self::Clients,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::ApiAgent => "the API's agent",
            Self::TicketTypes => "ticket types",
            Self::Statuses => "statuses",
            Self::Slas => "SLAs",
            Self::Priorities => "priorities",
            Self::Teams => "teams",
            Self::Agents => "agents",
            Self::Categories => "categories",
            Self::Outcomes => "outcomes",
            Self::Fields => "custom fields",
            Self::AzureTenants => "Azure tenants",
            Self::Clients => "clients",
        }
    }

    /// The lists in which the name of a ticket's field is looked up.
    pub(crate) fn of_field(field: &str) -> &'static [Self] {
        match field {
            "type" => &[Self::TicketTypes],
            "status" => &[Self::Statuses],
            "sla" => &[Self::Slas],
            "priority" => &[Self::Slas, Self::Priorities],
            "team" => &[Self::Teams],
            "agent" => &[Self::Agents],
            "category" => &[Self::Categories],
            "outcome" => &[Self::Outcomes],
            "custom field" | "impact" | "urgency" => &[Self::Fields],
            "client" => &[Self::Clients],
            _ => &[],
        }
    }
}

impl Catalogue {
    /// Reads every list. One that the API's agent may not read is noted as missing and costs only its names.
    ///
    /// # Errors
    ///
    /// Any error that would hit the other lists too: no connection, no token, no budget.
    pub async fn fetch(client: &Client, now: jiff::Timestamp) -> Result<Self, Error> {
        let mut catalogue = Self { fetched_at: now, site: client.site().to_string(), ..Self::default() };
        for list in List::ALL {
            catalogue.read(client, list, None).await?;
        }
        Ok(catalogue)
    }

    /// Reads one list again. Of the clients only those that changed since `since`, if that is given.
    ///
    /// # Errors
    ///
    /// Those of [`fetch`](Self::fetch). The list is as it was then.
    pub(super) async fn read(
        &mut self,
        client: &Client,
        list: List,
        since: Option<jiff::Timestamp>,
    ) -> Result<(), Error> {
        let mut missing: Vec<Missing> = Vec::new();
        match list {
            List::ApiAgent => {
                let me = client.agents().me().await.map(|me| vec![me]);
                let me = keep(me, list.name(), &mut missing)?;
                self.api_agent = me.first().and_then(|me| me.id).map(|id| id.0);
            }
            List::TicketTypes => self.ticket_types = ticket_types(client, &mut missing).await?,
            List::Statuses => self.statuses = statuses(client, &mut missing).await?,
            List::Slas => self.slas = slas(client, &mut missing).await?,
            List::Priorities => self.priorities = priorities(client, &mut missing).await?,
            List::Teams => self.teams = teams(client, &mut missing).await?,
            List::Agents => self.agents = agents(client, &mut missing).await?,
            List::Categories => self.categories = categories(client, &mut missing).await?,
            List::Outcomes => self.outcomes = outcomes(client, &mut missing).await?,
            List::Fields => self.read_fields(client, &mut missing).await?,
            List::AzureTenants => {
                let rows = client.azure_tenants().list(&filters::AzureTenantFilter::new()).await;
                let rows = keep(rows.map(|page| page.rows), list.name(), &mut missing)?;
                self.azure_tenants = rows
                    .into_iter()
                    .filter_map(|row| Some((row.client_id?.0, row.azure_tenant_id?.to_lowercase())))
                    .collect();
            }
            List::Clients => match since {
                None => self.clients = clients(client, &self.azure_tenants, &mut missing).await?,
                Some(since) => {
                    let changed = changed_clients(client, &self.azure_tenants, since).await?;
                    self.merge(changed);
                }
            },
        }
        self.missing.retain(|known| known.list != list.name());
        self.missing.extend(missing);
        Ok(())
    }

    async fn read_fields(&mut self, client: &Client, missing: &mut Vec<Missing>) -> Result<(), Error> {
        let filter = filters::FieldFilter::new().includevalues(true);
        let rows = client.custom_fields().list(&filter).await.map(|page| page.rows);
        let mut rows = keep(rows, List::Fields.name(), missing)?;
        let mut values_of = |name: &str| {
            let field = rows.iter_mut().find(|row| row.name.as_deref().is_some_and(|n| same(n, name)));
            let values = field.and_then(|row| row.values.take()).unwrap_or_default();
            values.into_iter().filter_map(|value| Some(Entry { id: value.id?, name: value.name? })).collect()
        };
        (self.impacts, self.urgencies) = (values_of("impact"), values_of("urgency"));
        // A ticket's own fields have fields of their own in rules.
        rows.retain(|row| row.custom != Some(0));
        let entry = |row: models::Field| Some(Entry { id: row.id?.0, name: row.name? });
        self.custom_fields = rows.into_iter().filter_map(entry).collect();
        Ok(())
    }

    /// Takes over what changed: clients that are new or have another name; those no longer in use go.
    fn merge(&mut self, changed: Vec<(i64, Option<ClientEntry>)>) {
        for (id, client) in changed {
            let place = self.clients.iter().position(|known| known.id == id);
            match (place, client) {
                (Some(place), Some(client)) => self.clients[place] = client,
                (Some(place), None) => drop(self.clients.remove(place)),
                (None, Some(client)) => self.clients.push(client),
                (None, None) => {}
            }
        }
    }
}

/// The rows, or none with a note of why.
fn keep<R>(answer: Result<Vec<R>, Error>, list: &str, missing: &mut Vec<Missing>) -> Result<Vec<R>, Error> {
    match answer {
        Ok(rows) => Ok(rows),
        Err(error @ (Error::Refused { .. } | Error::Unreadable { .. } | Error::TooLarge { .. }))
            if !error.is_retryable() =>
        {
            missing.push(Missing { list: list.to_owned(), problem: error.to_string() });
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

async fn ticket_types(client: &Client, missing: &mut Vec<Missing>) -> Result<Vec<TicketTypeEntry>, Error> {
    let filter = filters::TicketTypeFilter::new().showall(true);
    let rows = client.ticket_types().list(&filter).await.map(|page| page.rows);
    let entry = |row: models::TicketType| {
        Some(TicketTypeEntry {
            id: row.id?.0,
            name: row.name?,
            default_sla: row.default_sla.map(|id| id.0).filter(|id| *id > 0),
            initial_status: row.initial_status.map(|id| id.0).filter(|id| *id > 0),
        })
    };
    Ok(keep(rows, "ticket types", missing)?.into_iter().filter_map(entry).collect())
}

async fn statuses(client: &Client, missing: &mut Vec<Missing>) -> Result<Vec<Entry>, Error> {
    let rows =
        client.statuses().list(&filters::StatusFilter::new().showall(true)).await.map(|page| page.rows);
    let entry = |row: models::TicketStatus| Some(Entry { id: row.id?.0, name: row.name? });
    Ok(keep(rows, "statuses", missing)?.into_iter().filter_map(entry).collect())
}

async fn slas(client: &Client, missing: &mut Vec<Missing>) -> Result<Vec<Entry>, Error> {
    let rows = client.slas().list(&filters::SlaFilter::new()).await.map(|page| page.rows);
    let entry = |row: models::Sla| Some(Entry { id: row.id?.0, name: row.name? });
    Ok(keep(rows, "SLAs", missing)?.into_iter().filter_map(entry).collect())
}

async fn priorities(client: &Client, missing: &mut Vec<Missing>) -> Result<Vec<PriorityEntry>, Error> {
    let rows = client.priorities().list(&filters::PriorityFilter::new()).await.map(|page| page.rows);
    let entry = |row: models::TicketPriority| {
        // The id is in `priorityid`, or in `id` on older installs.
        let id = row.priorityid.map(|id| id.0).or_else(|| row.id.as_deref()?.parse().ok())?;
        Some(PriorityEntry { id, name: row.name?, sla: row.slaid.map(|id| id.0).filter(|id| *id > 0) })
    };
    Ok(keep(rows, "priorities", missing)?.into_iter().filter_map(entry).collect())
}

async fn teams(client: &Client, missing: &mut Vec<Missing>) -> Result<Vec<Entry>, Error> {
    let rows = client.teams().list(&filters::TeamFilter::new().showall(true)).await.map(|page| page.rows);
    let entry = |row: models::Team| {
        (row.inactive != Some(true)).then_some(())?;
        Some(Entry { id: row.id?.0, name: row.name? })
    };
    Ok(keep(rows, "teams", missing)?.into_iter().filter_map(entry).collect())
}

async fn agents(client: &Client, missing: &mut Vec<Missing>) -> Result<Vec<AgentEntry>, Error> {
    let filter = filters::AgentFilter::new().showall(true).includeapiagents(true);
    let rows = client.agents().list(&filter).await.map(|page| page.rows);
    let entry = |row: models::Agent| {
        let unassignable = row.isapiagent == Some(true) || row.isdisabled == Some(true);
        Some(AgentEntry {
            id: row.id?.0,
            name: row.name?,
            email: row.email.filter(|e| !e.is_empty()),
            unassignable,
        })
    };
    Ok(keep(rows, "agents", missing)?.into_iter().filter_map(entry).collect())
}

async fn categories(client: &Client, missing: &mut Vec<Missing>) -> Result<Vec<CategoryEntry>, Error> {
    let rows = client.categories().list(&filters::CategoryFilter::new()).await.map(|page| page.rows);
    let entry = |row: models::Category| {
        Some(CategoryEntry { name: row.value.or(row.category_name)?, level: row.type_id })
    };
    Ok(keep(rows, "categories", missing)?.into_iter().filter_map(entry).collect())
}

async fn outcomes(client: &Client, missing: &mut Vec<Missing>) -> Result<Vec<OutcomeEntry>, Error> {
    let rows =
        client.outcomes().list(&filters::OutcomeFilter::new().showhidden(true)).await.map(|page| page.rows);
    let entry = |row: models::ActionOutcome| {
        let private = row.hidefromuser == Some(true);
        Some(OutcomeEntry { id: row.id?.0, name: row.outcome.or(row.buttonname)?, private })
    };
    Ok(keep(rows, "outcomes", missing)?.into_iter().filter_map(entry).collect())
}

type Tenants = Vec<(i64, String)>;

async fn clients(
    client: &Client,
    tenants: &Tenants,
    missing: &mut Vec<Missing>,
) -> Result<Vec<ClientEntry>, Error> {
    let rows = client.clients().all(filters::ClientFilter::new().order("id"), MOST_CLIENTS).await;
    let mut own: HashMap<i64, Vec<String>> = HashMap::new();
    for (id, tenant) in tenants {
        own.entry(*id).or_default().push(tenant.clone());
    }
    let rows = keep(rows, List::Clients.name(), missing)?.into_iter();
    Ok(rows.filter(|row| row.inactive != Some(true)).filter_map(|row| client_entry(row, &mut own)).collect())
}

/// The clients that changed; `None` for those no longer in use.
async fn changed_clients(
    client: &Client,
    tenants: &Tenants,
    since: jiff::Timestamp,
) -> Result<Vec<(i64, Option<ClientEntry>)>, Error> {
    let since = by_halo(client, since).await?;
    let since = since.checked_sub(CLOCKS).unwrap_or(since);
    let filter = filters::ClientFilter::new().changed_since(since).includeinactive(true).order("id");
    let rows = client.clients().all(filter, MOST_CHANGED).await?;
    let mut own: HashMap<i64, Vec<String>> = HashMap::new();
    for (id, tenant) in tenants {
        own.entry(*id).or_default().push(tenant.clone());
    }
    let entry = |row: models::ClientRecord| {
        let id = row.id?.0;
        let gone = row.inactive == Some(true);
        Some((id, if gone { None } else { client_entry(row, &mut own) }))
    };
    Ok(rows.into_iter().filter_map(entry).collect())
}

fn client_entry(row: models::ClientRecord, tenants: &mut HashMap<i64, Vec<String>>) -> Option<ClientEntry> {
    let id = row.id?.0;
    Some(ClientEntry {
        id,
        name: row.name?,
        domains: domains_of(row.domain.as_deref()),
        azure_tenants: tenants.remove(&id).unwrap_or_default(),
        main_site: row.main_site_id.map(|id| id.0).filter(|id| *id > 0),
    })
}
