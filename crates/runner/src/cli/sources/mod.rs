//! `haloward sources`: where events come from, how each source stands, and what its payloads become.

mod list;
mod polled;
mod record;
mod saved;
mod shown;
mod tested;
mod url;

use std::path::PathBuf;

use super::output::Out;
use super::service::Which;
use super::{Ended, Failure, Global};
use crate::config::{Loaded, SourceConfig};

/// List the sources and how each stands; try payloads on one, or record what it sends.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  haloward sources\n  haloward source url datto-rmm\n  \
    haloward source test datto-rmm payload.json\n  \
    haloward source test ninja --online\n  \
    curl -s https://rmm.example/alert | haloward source test datto-rmm - --header 'X-Event: alert'\n  \
    haloward source record datto-rmm --count 3 --for 10m")]
pub(super) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Print the URL to paste into the tool, with its token.
    Url {
        /// The source.
        name: String,
    },
    /// Show the events that a payload becomes, every field of them, and what was not understood.
    ///
    /// Of a source that is polled, the payload is an answer of the vendor's API, read as the poll reads it: which items it
    /// has, what is asked for next. Nothing is stored, and nothing sent but the question of --online. Exit 1 if the
    /// receiver would not take it, the poll would fail with it, or it does not fit the preset.
    #[command(after_help = "Examples:\n  haloward source test datto-rmm payload.json\n  \
        haloward source test github push.json --header 'X-GitHub-Event: ping'\n  \
        haloward source test ninja answer.json\n  \
        haloward source test ninja answer.json --header 'Link: <https://api.example/2>; rel=\"next\"'\n  \
        haloward source test ninja --online --format json | jq '.events[].event.title'")]
    Test {
        /// The source; the name of a preset where none is configured.
        name: String,
        /// The payload as the tool sends it, or as its API answers it; `-` is standard input.
        #[arg(required_unless_present = "online")]
        file: Option<PathBuf>,
        /// A header that came with it: `X-GitHub-Event: ping`.
        #[arg(long, value_name = "NAME: VALUE", value_parser = tested::header)]
        header: Vec<(String, String)>,
        /// Its content type; else what the file's name ends with says it.
        #[arg(long, value_name = "TYPE")]
        content_type: Option<String>,
        /// Ask the API of a polled source for the first page now, with the source's credentials.
        #[arg(long, conflicts_with_all = ["file", "header", "content_type"])]
        online: bool,
    },
    /// Save the next payloads of the running service, secrets removed, as samples for rule tests.
    Record(record::Args),
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    match &args.what {
        None => list::run(&args.which, global, out),
        Some(What::Url { name }) => url::run(name, global, out),
        Some(What::Test { name, file: Some(file), header, content_type, .. }) => tested::run(
            name,
            &tested::Given { file, headers: header, content_type: content_type.as_deref() },
            global,
            out,
        ),
        Some(What::Test { name, file: None, .. }) => polled::online(name, global, out),
        Some(What::Record(args)) => record::run(args, global, out),
    }
}

/// A source of the configuration; the error says which there are.
fn known<'l>(loaded: &'l Loaded, name: &str) -> Result<&'l SourceConfig, Failure> {
    let sources = &loaded.config.sources;
    sources.get(name).ok_or_else(|| unknown(name, sources.keys().map(String::as_str)))
}

/// No source is called so; `there` are the names that would do.
fn unknown<'n>(name: &str, there: impl Iterator<Item = &'n str>) -> Failure {
    let help = match haloward_rules::suggestion(name, there) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`haloward sources` lists those of the configuration".to_owned(),
    };
    Failure::help(format!("no source is called `{name}`"), help)
}
