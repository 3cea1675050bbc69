//! `haloward catalogue`: the tenant's names, to read or to keep for work without a connection.

use std::path::PathBuf;

use serde_json::json;

use super::output::{Out, clean};
use super::{End, Ended, Failure, Global, runtime};
use crate::catalogue::Catalogue;
use crate::config::{CATALOGUE_FILE, Loaded};

/// Show the tenant's names, or save them for `check`, `test` and `dry-run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  haloward catalogue\n  haloward catalogue save\n  \
    haloward dry-run --catalogue catalogue.json --source datto-rmm alert.json")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Save the names and ids into a file.
    Save {
        /// The file; else `catalogue.json` beside the configuration, where other commands find it.
        file: Option<PathBuf>,
    },
}

/// The tenant's names as they are now; only reads.
pub(super) fn fetch(loaded: &Loaded) -> Result<Catalogue, Failure> {
    let Some(halo) = loaded.config.halo.as_ref() else {
        return Err(Failure::help("the configuration has no `halo`", "the names are those of your HaloPSA"));
    };
    let client = halo.client().map_err(|error| Failure::new(error.to_string()))?;
    let reading = Catalogue::fetch(&client, jiff::Timestamp::now());
    runtime()?.block_on(reading).map_err(|error| match error.hint() {
        Some(hint) => Failure::help(error.to_string(), hint),
        None => Failure::help(error.to_string(), "`haloward connect` says more"),
    })
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    let loaded = global.load_checked()?;
    let catalogue = fetch(&loaded)?;
    if let Some(What::Save { file }) = &args.command {
        let file = file.clone().unwrap_or_else(|| loaded.config.dir.join(CATALOGUE_FILE));
        catalogue.save(&file).map_err(|error| Failure::new(error.to_string()))?;
        if !out.is_json() {
            let host = loaded.config.halo.as_ref().map(|halo| halo.site.host()).unwrap_or_default();
            out.line(&format!("saved the names of {host} to {}", file.display()))?;
        }
        return Ok(End::Done);
    }
    if out.is_json() {
        out.json(&json!(catalogue))?;
        return Ok(End::Done);
    }
    let names = |names: Vec<&str>| clean(&names.join(", "));
    out.line(&format!(
        "types       {}",
        names(catalogue.ticket_types.iter().map(|e| e.name.as_str()).collect())
    ))?;
    out.line(&format!(
        "statuses    {}",
        names(catalogue.statuses.iter().map(|e| e.name.as_str()).collect())
    ))?;
    for sla in &catalogue.slas {
        let of_sla =
            catalogue.priorities.iter().filter(|p| p.sla == Some(sla.id)).map(|p| p.name.as_str()).collect();
        out.line(&format!("priorities  {} (SLA {})", names(of_sla), clean(&sla.name)))?;
    }
    out.line(&format!("teams       {}", names(catalogue.teams.iter().map(|e| e.name.as_str()).collect())))?;
    out.line(&format!("agents      {}", names(catalogue.agents.iter().map(|e| e.name.as_str()).collect())))?;
    out.line(&format!(
        "outcomes    {}",
        names(catalogue.outcomes.iter().map(|e| e.name.as_str()).collect())
    ))?;
    out.line(&format!("clients     {}", names(catalogue.clients.iter().map(|e| e.name.as_str()).collect())))?;
    for missing in &catalogue.missing {
        out.line(&format!("not read    {}: {}", missing.list, clean(&missing.problem)))?;
    }
    Ok(End::Done)
}
