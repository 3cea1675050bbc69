//! `halopsa-sandbox`: an in-memory HaloPSA on a port, until Ctrl-C.

#![forbid(unsafe_code)]

use std::{net::SocketAddr, process::ExitCode};

use clap::Parser;
use halopsa_sandbox::{Options, Sandbox, StartError};

/// An in-memory HaloPSA with faults on request, for demos and tests.
///
/// Example: halopsa-sandbox --listen 127.0.0.1:8090 --rate-limit 300
#[derive(Debug, Parser)]
#[command(name = "halopsa-sandbox", version)]
struct Arguments {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    listen: SocketAddr,
    #[command(flatten)]
    options: Options,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { listen, options } = Arguments::parse();
    let config = options.config(listen);
    let client = config.client_id.clone();
    let sandbox = match Sandbox::start(config).await {
        Ok(sandbox) => sandbox,
        Err(StartError::Listen { listen, source }) => {
            eprintln!("error: could not listen on `{listen}`: {source}");
            eprintln!("help: name another address with --listen, or port 0 for a free one");
            return ExitCode::from(2);
        }
    };
    // ORDER: whoever reads the URL may end the program at once, so it listens for that first.
    let ended = match Ending::listen() {
        Ok(ending) => {
            announce(&sandbox.url());
            eprintln!(
                "HaloPSA sandbox with client id `{client}`; tickets at {}/, Ctrl-C ends it",
                sandbox.url()
            );
            ending.wait().await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = ended {
        eprintln!("error: could not wait for a signal: {error}");
        return ExitCode::from(2);
    }
    sandbox.stop().await;
    ExitCode::SUCCESS
}

/// The URL is the program's one line of data: a reader that has gone away is no reason to end.
fn announce(line: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// What asks the program to end: Ctrl-C, and where there is one the signal a service manager sends.
struct Ending {
    #[cfg(unix)]
    terminated: tokio::signal::unix::Signal,
}

impl Ending {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminated: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
        })
    }

    #[cfg(unix)]
    async fn wait(mut self) -> std::io::Result<()> {
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = self.terminated.recv() => Ok(()),
        }
    }

    #[cfg(not(unix))]
    async fn wait(self) -> std::io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}
