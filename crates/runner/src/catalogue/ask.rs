//! Looking one name up in HaloPSA: at most two requests for a site, a user or an asset, at most four for a mail domain.
//!
//! HaloPSA ignores filters it does not know and its search misses names that end in digits, so every row that comes is
//! checked here and a second way is tried before a name counts as missing.

use halopsa::filters::{AssetFilter, ClientFilter, SiteFilter, UserFilter};
use halopsa::{Client, ClientId, Error};
use jiff::Timestamp;

use super::Catalogue;
use super::clients::domains_of;
use super::find::same;
use super::records::{Answer, RecordEntry, RecordKind, Wanted};

/// LIMIT: a filter that lets more clients through is one that HaloPSA ignored.
const MOST_DOMAIN_ROWS: usize = 3;

/// All records that bear the name.
pub(super) async fn ask(client: &Client, wanted: &Wanted) -> Result<Vec<RecordEntry>, Error> {
    match wanted.kind {
        RecordKind::Site => sites(client, wanted).await,
        RecordKind::User => users(client, wanted).await,
        RecordKind::Asset => assets(client, wanted).await,
        RecordKind::MailDomain => domain(client, wanted).await,
    }
}

impl Catalogue {
    /// Looks one name up and keeps the answer.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; then nothing is kept.
    pub async fn look_up(&mut self, client: &Client, wanted: Wanted, now: Timestamp) -> Result<(), Error> {
        let found = ask(client, &wanted).await?;
        self.records.keep(wanted, Answer::found(found, now));
        Ok(())
    }
}

fn of_client(wanted: &Wanted, id: Option<ClientId>) -> bool {
    wanted.client.is_none() || id.is_none() || wanted.client == id.map(|id| id.0)
}

async fn sites(client: &Client, wanted: &Wanted) -> Result<Vec<RecordEntry>, Error> {
    let searched = SiteFilter::new().search(&*wanted.name).page_size(100).page_no(1);
    let all = SiteFilter::new().page_size(100).page_no(1);
    for filter in [searched, all] {
        let filter = match wanted.client {
            Some(id) => filter.client_id(ClientId(id)),
            None => filter,
        };
        let rows = client.sites().list(&filter).await?.rows;
        let found: Vec<RecordEntry> = rows
            .into_iter()
            .filter(|row| row.inactive != Some(true) && of_client(wanted, row.client_id))
            .filter(|row| row.name.as_deref().is_some_and(|name| same(name, &wanted.name)))
            .filter_map(|row| Some(RecordEntry { id: row.id?.0, name: row.name?, site: None }))
            .collect();
        if !found.is_empty() || wanted.client.is_none() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

async fn users(client: &Client, wanted: &Wanted) -> Result<Vec<RecordEntry>, Error> {
    let searched = UserFilter::new().search(&*wanted.name).page_size(100).page_no(1);
    let all = UserFilter::new().page_size(100).page_no(1);
    for filter in [searched, all] {
        let filter = match wanted.client {
            Some(id) => filter.client_id(ClientId(id)),
            None => filter,
        };
        let rows = client.users().list(&filter).await?.rows;
        let found: Vec<RecordEntry> = rows
            .into_iter()
            .filter(|row| row.inactive != Some(true) && of_client(wanted, row.client_id))
            .filter(|row| {
                let bears =
                    |text: &Option<String>| text.as_deref().is_some_and(|text| same(text, &wanted.name));
                bears(&row.emailaddress) || bears(&row.name)
            })
            .filter_map(|row| {
                Some(RecordEntry { id: row.id?.0, name: row.name?, site: row.site_id.map(|id| id.0) })
            })
            .collect();
        // A mail address is searched for reliably; only a name may have been missed.
        if !found.is_empty() || wanted.client.is_none() || wanted.name.contains('@') {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

async fn assets(client: &Client, wanted: &Wanted) -> Result<Vec<RecordEntry>, Error> {
    let exact = AssetFilter::new().inventory_number(&*wanted.name).page_size(100).page_no(1);
    let searched =
        AssetFilter::new().search(&*wanted.name).search_inventory_number_only(true).page_size(100).page_no(1);
    for filter in [exact, searched] {
        let filter = match wanted.client {
            Some(id) => filter.client_id(ClientId(id)),
            None => filter,
        };
        let rows = client.assets().list(&filter).await?.rows;
        let found: Vec<RecordEntry> = rows
            .into_iter()
            .filter(|row| row.inactive != Some(true) && of_client(wanted, row.client_id))
            .filter(|row| row.inventory_number.as_deref().is_some_and(|tag| same(tag, &wanted.name)))
            .filter_map(|row| {
                Some(RecordEntry {
                    id: row.id?.0,
                    name: row.inventory_number?,
                    site: row.site_id.map(|id| id.0),
                })
            })
            .collect();
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// The clients whose domain it is. Rows of the list do not show domains: the few that come are read one by one.
async fn domain(client: &Client, wanted: &Wanted) -> Result<Vec<RecordEntry>, Error> {
    let filter = ClientFilter::new().domain(&*wanted.name).page_size(100).page_no(1);
    let page = client.clients().list(&filter).await?;
    if page.rows.len() > MOST_DOMAIN_ROWS {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for row in page.rows {
        let Some(id) = row.id else { continue };
        let row = if row.domain.is_some() { row } else { client.clients().get(id).await? };
        if row.inactive != Some(true) && domains_of(row.domain.as_deref()).contains(&wanted.name) {
            found.push(RecordEntry { id: id.0, name: row.name.unwrap_or_default(), site: None });
        }
    }
    Ok(found)
}
