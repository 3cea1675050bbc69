//! `haloward sandbox`: an in-memory HaloPSA for anybody's tests.

use std::net::SocketAddr;

use halopsa_sandbox::{Options, Sandbox, SandboxConfig};

use super::output::Out;
use super::{End, Ended, Failure, listen, runtime};

/// Run an in-memory HaloPSA for tests of your own.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  haloward sandbox --listen 127.0.0.1:8090\n\n\
    Its application has the client id `sandbox-client` and the secret `sandbox-secret`. Open its URL in a\n\
    browser to see the tickets and the requests that made them.")]
pub(super) struct Args {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    #[command(flatten)]
    options: Options,
}

pub(super) fn run(args: &Args, out: &mut Out) -> Ended {
    let config = args.options.clone().config(args.listen);
    let id = config.client_id.clone();
    let usual = config.client_secret == SandboxConfig::default().client_secret;
    let secret = if usual { format!("`{}`", config.client_secret) } else { "as given".to_owned() };
    runtime()?.block_on(async {
        let mut signals = listen()?;
        let sandbox = Sandbox::start(config).await.map_err(|error| {
            Failure::help(error.to_string(), "name another address with --listen, or port 0 for a free one")
        })?;
        out.line(&format!("A HaloPSA in memory at {}", sandbox.url()))?;
        out.line(&format!("client id `{id}`, secret {secret}; ends with Ctrl-C"))?;
        signals.end().await;
        sandbox.stop().await;
        Ok(End::Done)
    })
}
