//! Reading the catalogue from HaloPSA: one request per list, clients page by page.

use halopsa::{Client, Error, filters, models};

use super::{
    AgentEntry, Catalogue, CategoryEntry, ClientEntry, Entry, Missing, OutcomeEntry, PriorityEntry,
    TicketTypeEntry,
};

/// LIMIT: the largest tenants seen have a few thousand clients; beyond this a catalogue would not fit the memory
/// an idle service may have.
const MOST_CLIENTS: usize = 20_000;

impl Catalogue {
    /// Reads every list. One that the API's agent may not read is noted as missing and costs only its names.
    ///
    /// # Errors
    ///
    /// Any error that would hit the other lists too: no connection, no token, no budget.
    pub async fn fetch(client: &Client, now: jiff::Timestamp) -> Result<Self, Error> {
        let mut missing = Vec::new();
        let mut catalogue = Self {
            fetched_at: now,
            api_agent: keep(client.agents().me().await.map(|me| vec![me]), "the API's agent", &mut missing)?
                .first()
                .and_then(|me| me.id)
                .map(|id| id.0),
            ticket_types: ticket_types(client, &mut missing).await?,
            statuses: statuses(client, &mut missing).await?,
            slas: slas(client, &mut missing).await?,
            priorities: priorities(client, &mut missing).await?,
            teams: teams(client, &mut missing).await?,
            agents: agents(client, &mut missing).await?,
            categories: categories(client, &mut missing).await?,
            outcomes: outcomes(client, &mut missing).await?,
            custom_fields: custom_fields(client, &mut missing).await?,
            clients: clients(client, &mut missing).await?,
            missing: Vec::new(),
        };
        catalogue.missing = missing;
        Ok(catalogue)
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

async fn custom_fields(client: &Client, missing: &mut Vec<Missing>) -> Result<Vec<Entry>, Error> {
    let rows = client.custom_fields().list(&filters::FieldFilter::new()).await.map(|page| page.rows);
    let entry = |row: models::Field| Some(Entry { id: row.id?.0, name: row.name? });
    Ok(keep(rows, "custom fields", missing)?.into_iter().filter_map(entry).collect())
}

async fn clients(client: &Client, missing: &mut Vec<Missing>) -> Result<Vec<ClientEntry>, Error> {
    let rows = client.clients().all(filters::ClientFilter::new().order("id"), MOST_CLIENTS).await;
    let entry = |row: models::ClientRecord| {
        (row.inactive != Some(true)).then_some(())?;
        let domains = row.domain.unwrap_or_default();
        let domains = domains.split([',', ';', ' ']).map(|d| d.trim().trim_start_matches('@').to_lowercase());
        Some(ClientEntry {
            id: row.id?.0,
            name: row.name?,
            domains: domains.filter(|domain| !domain.is_empty()).collect(),
            main_site: row.main_site_id.map(|id| id.0).filter(|id| *id > 0),
        })
    };
    Ok(keep(rows, "clients", missing)?.into_iter().filter_map(entry).collect())
}
