//! `haloward source url`: what to paste into the tool.

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::known;
use crate::address::{Address, reachable};
use crate::cli::output::{Out, remark};
use crate::cli::service::segment;
use crate::cli::{End, Ended, Failure, Global};
use crate::config::{Auth, SourceConfig};
use crate::inspect::base;

pub(super) fn run(name: &str, global: &Global, out: &mut Out) -> Ended {
    let loaded = global.load(&[])?;
    let source = known(&loaded, name)?;
    let Some(webhook) = source.webhook() else {
        let message = format!("nobody sends to `{name}`: it is of the kind `{}`", source.kind());
        let help = match source {
            SourceConfig::Halo(_) => {
                "give it a `webhook` with its `auth`, and HaloPSA can tell of changes at once"
            }
            _ => "`haloward sources` says when its next run is",
        };
        return Err(Failure::help(message, help));
    };
    let listen = Address::find(&loaded.config.store).unwrap_or_else(|| reachable(loaded.config.listen));
    let mut url = format!("{}/hooks/{name}", base(&loaded.config, listen));
    let secret = webhook.auth.secrets().first().filter(|_| webhook.auth.is_in_url());
    if let Some(secret) = secret {
        let token = secret.read().map_err(|error| {
            Failure::help(error.to_string(), "set it as the service has it, then ask again")
        })?;
        let token = segment(token.expose_secret());
        url = match &webhook.auth {
            Auth::Query { name, .. } => format!("{url}?{}={token}", segment(name)),
            _ => format!("{url}/{token}"),
        };
        remark("whoever has this URL can send as this source");
    }
    if loaded.config.public_url.is_none() && listen.ip().is_loopback() {
        remark(
            "it is reachable on this machine only: `server.public_url` names the address that tools can reach",
        );
    }
    if out.is_json() {
        out.json(&json!({ "source": name, "url": url }))?;
    } else {
        out.line(&url)?;
    }
    Ok(End::Done)
}
