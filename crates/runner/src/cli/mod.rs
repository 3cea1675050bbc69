//! The command line: what was typed, which command it is, and what its end means.

mod api;
mod backup;
mod cases;
mod catalogue;
mod check;
mod clients;
mod connect;
mod demo;
mod dry_run;
mod events;
mod init;
mod input;
mod ledger;
mod output;
mod portable;
mod presets;
mod queue;
mod replay;
mod run;
mod sandbox;
mod schema;
pub(crate) mod service;
mod silence;
mod sources;
mod stream;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::config::{self, LoadError, Loaded};
use crate::signals::Signals;
use output::{Format, Out};

/// Alerts in, the right HaloPSA tickets out: once each, on time, and you can see why.
#[derive(Debug, Parser)]
#[command(name = "haloward", version, about, after_help = "Start with: haloward demo")]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Args)]
struct Global {
    /// The configuration; else $HALOWARD_CONFIG, else ./haloward.yaml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Text for people or JSON for scripts.
    #[arg(long, global = true, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the whole way at work: a sandbox HaloPSA, the starter rules and sample alerts.
    Demo(demo::Args),
    /// Run the service.
    Run(run::Args),
    /// Check the configuration, the rules and their tests without running anything.
    Check(check::Args),
    /// Tell the rule tests.
    Test(test::Args),
    /// Show what payloads or events would lead to; sends nothing and needs no account.
    DryRun(dry_run::Args),
    /// Run recorded events through two sets of rules and show what would have been different.
    Replay(replay::Args),
    /// Test the connection to HaloPSA.
    Connect(connect::Args),
    /// Show the tenant's names, or save them for dry runs.
    Catalogue(catalogue::Args),
    /// List the tenant's clients, or match the names that sources use with them.
    Clients(clients::Args),
    /// Look at the problems there are, and how each stands.
    Cases(cases::Args),
    /// Look at the events that came, and why each led to what it did.
    Events(events::Args),
    /// Look at what goes to HaloPSA; try again, correct or give up what it refused.
    Queue(queue::Args),
    /// List, add and end silences: alerts like these open no tickets until then.
    Silence(silence::Args),
    /// List the sources and how each stands; try payloads on one, or record what it sends.
    #[command(visible_alias = "source")]
    Sources(sources::Args),
    /// Show what became of each source's events, day by day.
    Ledger(ledger::Args),
    /// Copy the store, also while the service runs.
    Backup(backup::Args),
    /// Send any request to HaloPSA.
    Api(api::Args),
    /// List the presets, or show one with its setup steps.
    Presets(presets::Args),
    /// Write a configuration, a first rule with its test and a sample payload into a folder.
    Init(init::Args),
    /// Run an in-memory HaloPSA for tests of your own.
    Sandbox(sandbox::Args),
    /// Print the JSON Schema of rules, tests, presets or the configuration, for editors.
    Schema(schema::Args),
    /// Print completions for a shell.
    #[command(after_help = "Example:\n  haloward completions bash > /etc/bash_completion.d/haloward")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Done.
    Done,
    /// The answer is no: a check or a test failed.
    No,
}

/// Why a command could not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("{0}")]
    Message(String),
    #[error("{message}")]
    WithHelp { message: String, help: String },
    #[error("cannot write the output: {0}")]
    Output(#[from] std::io::Error),
}

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }

    fn help(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::WithHelp { message: message.into(), help: help.into() }
    }
}

type Ended = Result<End, Failure>;

/// Runs the command line; the process ends with what this gives: 0 done, 1 the answer is no, 2 could not run.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; both are printed where clap says.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let mut out = Out::new(cli.global.format);
    match dispatch(&cli, &mut out) {
        Ok(End::Done) => ExitCode::SUCCESS,
        Ok(End::No) => ExitCode::from(1),
        // Whoever reads has seen enough (`haloward check | head`).
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            ExitCode::from(2)
        }
    }
}

fn dispatch(cli: &Cli, out: &mut Out) -> Ended {
    let global = &cli.global;
    match &cli.command {
        Command::Demo(args) => demo::run(args, out),
        Command::Run(args) => run::run(args, global),
        Command::Check(args) => check::run(args, global, out),
        Command::Test(args) => test::run(args, global, out),
        Command::DryRun(args) => dry_run::run(args, global, out),
        Command::Replay(args) => replay::run(args, global, out),
        Command::Connect(args) => connect::run(args, global, out),
        Command::Catalogue(args) => catalogue::run(args, global, out),
        Command::Clients(args) => clients::run(args, global, out),
        Command::Cases(args) => cases::run(args, global, out),
        Command::Events(args) => events::run(args, global, out),
        Command::Queue(args) => queue::run(args, global, out),
        Command::Silence(args) => silence::run(args, global, out),
        Command::Sources(args) => sources::run(args, global, out),
        Command::Ledger(args) => ledger::run(args, global, out),
        Command::Backup(args) => backup::run(args, global, out),
        Command::Api(args) => api::run(args, global, out),
        Command::Presets(args) => presets::run(args, global, out),
        Command::Init(args) => init::run(args, out),
        Command::Sandbox(args) => sandbox::run(args, out),
        Command::Schema(args) => schema::run(args, out),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "haloward", &mut script);
            out.line(String::from_utf8_lossy(&script).trim_end())?;
            Ok(End::Done)
        }
    }
}

impl Global {
    /// The configuration if there is one, else the defaults, with the rules at `paths` or its own.
    fn load(&self, paths: &[PathBuf]) -> Result<Loaded, Failure> {
        Ok(Loaded::load(config::find(self.config.as_deref()).as_deref(), paths)?)
    }

    /// The configuration, which must be there, and must be right.
    fn load_checked(&self) -> Result<Loaded, Failure> {
        let path = config::find(self.config.as_deref()).ok_or(LoadError::NoConfig).map_err(|error| {
            Failure::help(error.to_string(), "`haloward init DIR` writes one; `haloward demo` needs none")
        })?;
        let loaded = Loaded::load(Some(&path), &[])?;
        if loaded.findings.has_errors() {
            output::print_findings(&loaded.findings);
            let count = loaded.findings.errors();
            let problems = if count == 1 { "1 mistake".to_owned() } else { format!("{count} mistakes") };
            return Err(Failure::help(format!("the configuration has {problems}"), "nothing was started"));
        }
        Ok(loaded)
    }
}

/// Listens for what the process is asked from outside.
fn listen() -> Result<Signals, Failure> {
    Signals::listen().map_err(|error| Failure::new(format!("cannot listen for signals: {error}")))
}

/// A runtime for the commands that talk to the network.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(1024 * 1024)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start the runtime: {error}")))
}
