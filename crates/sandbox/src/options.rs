//! The command line of a sandbox, for the program of this crate and for those that start one as a command of theirs.

use std::{net::SocketAddr, time::Duration};

use crate::{Clock, RateLimit, SandboxConfig};

/// What can be said about a sandbox on a command line; `--help` describes each.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The application's client id
    #[arg(long, default_value = "sandbox-client", value_name = "ID")]
    client_id: String,
    /// The application's client secret
    #[arg(long, default_value = "sandbox-secret", value_name = "SECRET")]
    client_secret: String,
    /// Scopes granted to the application, separated by spaces
    #[arg(long, default_value = "all", value_name = "SCOPES")]
    scopes: String,
    /// How long a token lives, in seconds
    #[arg(long, default_value_t = 3600, value_name = "SECONDS")]
    token_lifetime: u64,
    /// Requests per rolling 5 minutes; 0 for no limit
    #[arg(long, default_value_t = 700, value_name = "REQUESTS")]
    rate_limit: u32,
    /// How many clients the tenant has; never fewer than 60
    #[arg(long, default_value_t = 60, value_name = "COUNT")]
    clients: u32,
    /// How many assets the tenant has
    #[arg(long, default_value_t = 200, value_name = "COUNT")]
    assets: u32,
    /// How many tickets the tenant already has
    #[arg(long, default_value_t = 0, value_name = "COUNT")]
    past_tickets: u32,
    /// Let creates that overlap fail, as a real HaloPSA does unless its ticket numbers come from the database
    #[arg(long)]
    numbering_race: bool,
    /// How many seconds its clock is ahead of this machine's, or behind if negative
    #[arg(long, default_value_t = 0, value_name = "SECONDS", allow_negative_numbers = true)]
    clock_offset: i64,
    /// What the invented data grows from
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    seed: u64,
}

impl Options {
    /// The settings of a sandbox that listens there.
    pub fn config(self, listen: SocketAddr) -> SandboxConfig {
        let window = Duration::from_mins(5);
        SandboxConfig {
            listen,
            client_id: self.client_id,
            client_secret: self.client_secret,
            scopes: self.scopes.split_whitespace().map(str::to_owned).collect(),
            token_lifetime: Duration::from_secs(self.token_lifetime),
            rate_limit: (self.rate_limit > 0).then_some(RateLimit { requests: self.rate_limit, per: window }),
            clients: self.clients,
            assets: self.assets,
            past_tickets: self.past_tickets,
            numbering_race: self.numbering_race,
            clock: Clock::shifted_by(self.clock_offset),
            seed: self.seed,
            ..SandboxConfig::default()
        }
    }
}
