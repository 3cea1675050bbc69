//! `haloward run`: the service.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use super::output::print_findings;
use super::{End, Ended, Failure, Global, listen, runtime};
use crate::app::App;
use crate::clock::SystemClock;
use crate::config::Loaded;
use crate::signals::Asked;
use crate::watch::{self, Places, Watch};

/// Run the service.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  haloward run --config /etc/haloward/haloward.yaml\n\n\
    Logs go to standard error; HALOWARD_LOG sets how much (warn, info, debug). Ctrl-C or SIGTERM ends it cleanly.")]
pub(super) struct Args {
    /// How logs are written.
    #[arg(long, value_enum, default_value = "text")]
    log: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

pub(super) fn run(args: &Args, global: &Global) -> Ended {
    let loaded = global.load_checked()?;
    if !loaded.findings.is_empty() {
        print_findings(&loaded.findings);
    }
    let weak = loaded.config.weak_secrets();
    if !weak.is_empty() {
        print_findings(&weak);
    }
    if weak.has_errors() {
        return Err(Failure::help(
            "a source's secret could be guessed",
            "give it one that a machine made: `openssl rand -hex 24`",
        ));
    }
    let Some(halo) = &loaded.config.halo else {
        return Err(Failure::help(
            "the configuration has no `halo`",
            "add the address and the credentials of your HaloPSA under `halo`, or try `haloward demo`",
        ));
    };
    let client = halo.client().map_err(|error| {
        Failure::help(error.to_string(), "the secrets are those that `halo` in the configuration names")
    })?;
    let host = halo.site.host();
    let path = loaded.path.clone();
    let mut places = Places::of(&loaded);
    let mut watch = Watch::since(places.look());
    start_logs(args.log);
    runtime()?.block_on(async {
        let (rules, sources) = (loaded.rules.rules().len(), loaded.config.sources.len());
        let mut signals = listen()?;
        let app = App::start(loaded, client, Arc::new(SystemClock))
            .await
            .map_err(|error| Failure::help(error.to_string(), error.hint()))?;
        let hooks_listen = app.hooks_addr().map(tracing::field::display);
        tracing::info!(listen = %app.addr(), hooks_listen, %host, rules, sources, "running");
        loop {
            tokio::select! {
                asked = signals.next() => match asked {
                    Asked::Reload => tracing::info!("asked to read the files again"),
                    Asked::End => break,
                },
                () = changed(&mut watch, &places) => tracing::info!("files have changed"),
            }
            places = reload(&app, path.as_deref()).unwrap_or(places);
        }
        tracing::info!("stopping");
        app.stop().await;
        tracing::info!("stopped");
        Ok(End::Done)
    })
}

/// Waits until files have changed, and no longer do.
async fn changed(watch: &mut Watch, places: &Places) {
    loop {
        tokio::time::sleep(watch::EVERY).await;
        let places = places.clone();
        // A look that failed is made again.
        if let Ok(look) = tokio::task::spawn_blocking(move || places.look()).await
            && watch.next(look)
        {
            return;
        }
    }
}

/// Reads the files again, and says where they are by now. One mistake, and everything stays as it was.
fn reload(app: &App, path: Option<&Path>) -> Option<Places> {
    let loaded = match Loaded::load(path, &[]) {
        Ok(loaded) => loaded,
        Err(error) => {
            app.refuse(format!("the files cannot be read: {error}"));
            tracing::error!(%error, "the files cannot be read: the rules stay as they were");
            return None;
        }
    };
    if loaded.findings.has_errors() {
        let errors = loaded.findings.errors();
        app.refuse("the files have mistakes: `haloward check` shows them");
        tracing::error!(
            errors,
            "the files have mistakes: the rules stay as they were; `haloward check` shows them"
        );
        print_findings(&loaded.findings);
        return None;
    }
    if let Err(error) = app.reload(&loaded) {
        app.refuse(format!("the files cannot be taken: {error}"));
        tracing::error!(%error, hint = error.hint(), "the files cannot be taken: the rules stay as they were");
        return None;
    }
    let (rules, version) = (loaded.rules.rules().len(), &loaded.version);
    tracing::info!(rules, version, "the rules were read again");
    Some(Places::of(&loaded))
}

fn start_logs(format: LogFormat) {
    let filter = EnvFilter::try_from_env("HALOWARD_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first one's logs.
    let _ = match format {
        LogFormat::Text => logs.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
}
