//! `haloward clients`: the tenant's clients, and which of them the names that sources use may be.

mod organisations;
mod proposals;

use std::path::PathBuf;

use halopsa::filters::{AzureTenantFilter, ClientFilter};
use halopsa::models::ClientRecord;
use halopsa::{Client, Error};
use serde_json::{Value, json};

use organisations::Organisations;

use super::output::{Out, Tone, clean};
use super::{End, Ended, Failure, Global, runtime};
use crate::catalogue::{Catalogue, ClientDirectory, ClientMatch, Tenant, domain_to_ask};
use crate::config::{HaloConfig, Loaded};

/// List the tenant's clients, or match the names that sources use with them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  haloward clients\n  haloward clients --format json\n  haloward clients match"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Match the organisations that sources name with clients, and propose near ones for the rest.
    #[command(
        after_help = "Examples:\n  haloward clients match\n  haloward clients match --source datto-rmm alert.json\n  \
        cat events.json | haloward clients match --format json -\n\n\
        Without a file the names are those of all events in the store; nothing is changed anywhere. What is printed\n\
        can be pasted into the clients file once a person has read it: a proposal is a guess.\n\
        Exits 1 if a name has neither a client nor a proposal."
    )]
    Match(MatchArgs),
}

#[derive(Debug, clap::Args)]
struct MatchArgs {
    /// Files with payloads or events; `-` is standard input. Else the store's journal.
    files: Vec<PathBuf>,
    /// The source that the payloads in the files come from; without it the files hold events.
    #[arg(long, requires = "files")]
    source: Option<String>,
    /// The tenant's names and ids, as saved; else they are read from HaloPSA.
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
}

/// LIMIT: the largest tenants seen have a few thousand clients.
const MOST: usize = 20_000;
/// LIMIT: a look-up costs up to four requests, and the service wants some of the budget as well.
const MOST_DOMAINS: usize = 25;

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    let loaded = global.load_checked()?;
    match &args.command {
        None => list(&loaded, out),
        Some(What::Match(args)) => match_names(args, &loaded, out),
    }
}

fn list(loaded: &Loaded, out: &mut Out) -> Ended {
    let client = client(loaded.config.halo.as_ref())?;
    let (mut clients, tenants) = runtime()?.block_on(async {
        let clients = client.clients().all(ClientFilter::new().order("id"), MOST).await;
        Ok::<_, Failure>((clients.map_err(|error| failed(&error))?, tenants(&client).await?))
    })?;
    clients.retain(|row| row.inactive != Some(true));
    clients.sort_by_key(|row| row.name.as_deref().unwrap_or_default().to_lowercase());
    if out.is_json() {
        let clients: Vec<Value> = clients.iter().map(|row| as_json(row, &tenants)).collect();
        out.json(&json!({ "clients": clients }))?;
        return Ok(End::Done);
    }
    let mut rows = vec![["client", "id", "main site", "domains", "Azure tenant"].map(str::to_owned)];
    for row in &clients {
        let own: Vec<&str> = of(row, &tenants).map(|tenant| tenant.id.as_str()).collect();
        let (name, site) = (row.name.clone(), row.main_site_name.clone());
        let id = row.id.map(|id| id.0.to_string());
        let cells = [name, id, site, Some(domains(row).join(", ")), Some(own.join(", "))];
        rows.push(cells.map(|cell| clean(&cell.unwrap_or_default())));
    }
    let mut widths = [0; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let line = cells.join("  ");
        let line = line.trim_end();
        out.line(&if number == 0 { out.tone(Tone::Quiet, line) } else { line.to_owned() })?;
    }
    if clients.is_empty() {
        let help = "check the client and team restrictions of the agent that the application logs in as";
        super::output::complain(&Failure::help("no client is visible", help));
    }
    Ok(End::Done)
}

fn as_json(row: &ClientRecord, tenants: &[Tenant]) -> Value {
    let own: Vec<Value> = of(row, tenants)
        .map(|tenant| json!({ "id": tenant.id, "name": tenant.name, "domain": tenant.domain }))
        .collect();
    let site = row.main_site_id.filter(|id| id.0 > 0);
    json!({
        "id": row.id.map(|id| id.0),
        "name": row.name,
        "main_site": site.map(|id| json!({ "id": id.0, "name": row.main_site_name })),
        "domains": domains(row),
        "azure_tenants": own,
    })
}

fn of<'t>(row: &ClientRecord, tenants: &'t [Tenant]) -> impl Iterator<Item = &'t Tenant> {
    let id = row.id.map(|id| id.0);
    tenants.iter().filter(move |tenant| Some(tenant.client) == id)
}

fn domains(row: &ClientRecord) -> Vec<&str> {
    let text = row.domain.as_deref().unwrap_or_default();
    text.split([',', ';', ' ']).map(str::trim).filter(|domain| !domain.is_empty()).collect()
}

fn match_names(args: &MatchArgs, loaded: &Loaded, out: &mut Out) -> Ended {
    let runtime = runtime()?;
    let named = if args.files.is_empty() {
        organisations::of_journal(&loaded.config.store)?
    } else {
        organisations::of_files(loaded, &args.files, args.source.as_deref())?
    };
    let (catalogue, tenants) = match &args.catalogue {
        Some(file) => (Catalogue::load(file).map_err(|error| Failure::new(error.to_string()))?, Vec::new()),
        None => {
            let client = client(loaded.config.halo.as_ref())?;
            runtime.block_on(async {
                let mut catalogue = Catalogue::fetch(&client, jiff::Timestamp::now())
                    .await
                    .map_err(|error| failed(&error))?;
                ask_domains(&client, &named, &loaded.config.clients, &mut catalogue).await?;
                Ok::<_, Failure>((catalogue, tenants(&client).await?))
            })?
        }
    };
    if let Some(missing) = catalogue.missing.iter().find(|missing| missing.list == "clients") {
        return Err(Failure::help(
            format!("the clients cannot be read: {}", clean(&missing.problem)),
            "give the agent the right to read clients; `haloward connect` says more",
        ));
    }
    proposals::report(&named, &catalogue, &tenants, &loaded.config.clients, out)
}

/// Lists of clients do not show mail domains: those that may still tell whose an organisation is are asked for.
async fn ask_domains(
    client: &Client,
    named: &Organisations,
    directory: &ClientDirectory,
    catalogue: &mut Catalogue,
) -> Result<(), Failure> {
    let mut asked = 0;
    for (organisation, naming) in named {
        let candidate = proposals::candidate(organisation, naming);
        let Some(wanted) = domain_to_ask(catalogue, candidate) else { continue };
        let found = catalogue.client(directory, candidate);
        if !matches!(found, ClientMatch::None | ClientMatch::Unnamed) {
            continue;
        }
        if asked == MOST_DOMAINS {
            let what = format!("only {MOST_DOMAINS} mail domains were looked up");
            super::output::complain(&Failure::help(what, "accept what is proposed, then match again"));
            break;
        }
        asked += 1;
        catalogue.look_up(client, wanted, jiff::Timestamp::now()).await.map_err(|error| failed(&error))?;
    }
    Ok(())
}

fn client(halo: Option<&HaloConfig>) -> Result<Client, Failure> {
    let Some(halo) = halo else {
        return Err(Failure::help(
            "the configuration has no `halo`",
            "the clients are those of your HaloPSA",
        ));
    };
    halo.client().map_err(|error| Failure::new(error.to_string()))
}

/// The clients' Azure tenants; none where the agent may not see them, since nothing else needs them.
async fn tenants(client: &Client) -> Result<Vec<Tenant>, Failure> {
    let rows = match client.azure_tenants().all(AzureTenantFilter::new(), MOST).await {
        Ok(rows) => rows,
        Err(error @ (Error::Refused { .. } | Error::Unreadable { .. })) => {
            let said = clean(&error.to_string());
            super::output::complain(&Failure::help(
                format!("the Azure tenants cannot be read: {said}"),
                "going on without them",
            ));
            return Ok(Vec::new());
        }
        Err(error) => return Err(failed(&error)),
    };
    let tenant = |row: halopsa::models::AzureTenant| {
        Some(Tenant {
            client: row.client_id?.0,
            id: row.azure_tenant_id.unwrap_or_default(),
            name: row.azure_tenant_name.unwrap_or_default(),
            domain: row.azure_tenant_domain.unwrap_or_default(),
        })
    };
    Ok(rows.into_iter().filter_map(tenant).collect())
}

fn failed(error: &Error) -> Failure {
    let said = clean(&error.to_string());
    match error.hint() {
        Some(hint) => Failure::help(said, hint),
        None => Failure::help(said, "`haloward connect` says more"),
    }
}
