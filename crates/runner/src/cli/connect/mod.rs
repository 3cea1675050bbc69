//! `haloward connect`: is this tenant reachable, and may we do there what the rules need? Every failure says what to
//! change, and where.
//!
//! Nothing is changed in HaloPSA. `reach` goes as far as the agent, `rights` tries what the rules need, `visible` looks
//! at what can be seen, `webhooks` at the way back.

mod reach;
mod report;
mod rights;
mod visible;
mod webhooks;

use std::time::Duration;

use halopsa::{Client, Error, Priority};

use super::output::{self, Out};
use super::{End, Ended, Failure, Global, runtime};
use crate::config::{self, HaloConfig, LoadError, Loaded};
use report::Report;

/// Test the connection to HaloPSA.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  haloward connect\n  haloward connect --format json\n\n\
    Nothing is changed in HaloPSA: whether it may be written to is tried with empty lists.\n\
    Exits 1 if anything that the rules need is missing.")]
pub(super) struct Args {
    /// How long to wait for each answer.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    timeout: Duration,
}

fn duration(text: &str) -> Result<Duration, String> {
    haloward_rules::parse_duration(text).map_err(|error| error.to_string())
}

/// What every step needs.
struct Connection<'a> {
    client: Client,
    halo: &'a HaloConfig,
    loaded: &'a Loaded,
    limit: Duration,
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    let loaded = load(global)?;
    let Some(halo) = &loaded.config.halo else {
        output::print_findings(&loaded.findings);
        return Err(Failure::help(
            "the configuration has no usable `halo`",
            "give the address and the credentials of your HaloPSA under `halo`",
        ));
    };
    let client = halo.client().map_err(|error| {
        Failure::help(error.to_string(), "the secrets are those that `halo` in the configuration names")
    })?;
    let connection = Connection {
        client: client.with_priority(Priority::Urgent),
        halo,
        loaded: &loaded,
        limit: args.timeout,
    };
    let mut report = Report::new(out, halo.site.host());
    runtime()?.block_on(examine(&connection, &mut report))?;
    report.finish()
}

/// The configuration, mistakes elsewhere than in `halo` notwithstanding: they are no reason not to connect.
fn load(global: &Global) -> Result<Loaded, Failure> {
    let path = config::find(global.config.as_deref()).ok_or(LoadError::NoConfig).map_err(|error| {
        Failure::help(error.to_string(), "`haloward init DIR` writes one; `haloward demo` needs none")
    })?;
    Ok(Loaded::load(Some(&path), &[])?)
}

/// Step after step; those that cannot work after a failure are not tried.
async fn examine(connection: &Connection<'_>, report: &mut Report<'_>) -> Result<(), Failure> {
    if !reach::examine(connection, report).await? {
        return Ok(());
    }
    if connection.loaded.findings.has_errors() {
        let errors = connection.loaded.findings.errors();
        let many = if errors == 1 { "a mistake" } else { "mistakes" };
        report.warn(
            "rules",
            format!("the configuration or the rules have {many}: what they need is known in part only"),
            Some("`haloward check` shows every mistake".into()),
        )?;
    }
    rights::examine(connection, report).await?;
    visible::examine(connection, report).await?;
    webhooks::examine(connection, report).await
}

impl Connection<'_> {
    /// An answer within the time there is for one.
    async fn within<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Trouble> {
        match tokio::time::timeout(self.limit, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                Err(Trouble { text: error.to_string(), help: error.hint(), error: Some(error) })
            }
            Err(_) => Err(Trouble {
                text: format!("no answer within {}", haloward_rules::format_duration(self.limit)),
                help: Some(
                    "check that a firewall or proxy lets this machine through; --timeout waits longer".into(),
                ),
                error: None,
            }),
        }
    }
}

/// Why a step failed.
struct Trouble {
    text: String,
    help: Option<String>,
    error: Option<Error>,
}

impl Trouble {
    fn is_forbidden(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.status() == Some(403))
    }
}

impl Report<'_> {
    /// A step that failed.
    fn trouble(&mut self, step: impl Into<String>, trouble: &Trouble) -> Result<(), Failure> {
        self.bad(step, trouble.text.clone(), trouble.help.clone())
    }
}

/// What a finished command means.
impl From<bool> for End {
    fn from(good: bool) -> Self {
        if good { Self::Done } else { Self::No }
    }
}
