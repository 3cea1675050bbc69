//! The configuration: `haloward.yaml`, read whole, with all its mistakes at once.

mod auth;
mod channel;
mod clients;
mod decode;
mod doors;
mod files;
mod halo;
mod load;
mod mail;
mod networks;
mod public_url;
mod retention;
mod schema;
mod secret;
mod server;
mod source;
mod writing;

pub use auth::{Auth, ClientCert, Expected};
pub use channel::{ChannelConfig, ChannelFormat, WebhookConfig};
pub(crate) use decode::scalar;
pub(crate) use files::read;
pub use halo::HaloConfig;
pub(crate) use load::version;
pub use load::{CATALOGUE_FILE, LoadError, Loaded, SavedCatalogue, find};
pub use mail::{MailConfig, MailEncryption, MailServer};
pub use networks::Networks;
pub use public_url::PublicUrl;
pub use retention::Retention;
pub use schema::{clients_schema, schema};
pub use secret::{SecretError, SecretRef};
pub use server::{ClientHeader, Proxies, TlsFiles};
pub(crate) use source::GENERIC;
pub use source::{
    HaloTickets, Missed, OAuth2, PollAuth, PollConfig, Reading, Schedule, SourceConfig, Told, Webhook,
    WholePoll,
};

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use haloward_rules::{NameUse, Place, Settings};

use crate::catalogue::ClientDirectory;

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder that relative paths in it start from.
    pub dir: PathBuf,
    /// The connection to HaloPSA, where one is configured.
    pub halo: Option<HaloConfig>,
    /// Where the receiver listens.
    pub listen: SocketAddr,
    /// How it is reached from outside, where that is said.
    pub public_url: Option<PublicUrl>,
    /// Where hooks have a door of their own.
    pub hooks_listen: Option<SocketAddr>,
    /// The certificate of that door, or of the only one.
    pub tls: Option<TlsFiles>,
    /// Which proxies are believed.
    pub proxies: Proxies,
    /// Where `server` stands in the configuration.
    pub server_place: Option<Place>,
    /// The largest body taken, in bytes.
    pub max_body: usize,
    /// The token of the API; where none is configured, one is kept beside the store.
    pub token: Option<SecretRef>,
    /// The store's file.
    pub store: PathBuf,
    /// The folder of rule files.
    pub rules: PathBuf,
    /// What the configuration says about rules.
    pub settings: Settings,
    /// The client of tickets whose client is not found.
    pub unmatched_client: Option<String>,
    /// Which of the names that tools use is which client.
    pub clients: ClientDirectory,
    /// The tenant's names that it uses outside of ticket fields.
    pub names: Vec<NameUse>,
    /// The channels that `notify` sends messages to, by name.
    pub channels: BTreeMap<String, ChannelConfig>,
    /// The file it was read from.
    pub clients_file: Option<PathBuf>,
    /// How long things are kept.
    pub retention: Retention,
    /// The sources by name.
    pub sources: BTreeMap<String, SourceConfig>,
    /// Where each source stands in the configuration.
    pub source_places: BTreeMap<String, Place>,
}

// LIMIT: the contract's default; alerts are kilobytes, and a larger body is a mistake or an attack.
const MAX_BODY: usize = 1024 * 1024;

impl Config {
    /// What holds where no configuration says otherwise, relative to `dir`.
    pub fn defaults(dir: PathBuf) -> Self {
        Self {
            rules: dir.join("rules"),
            store: dir.join("haloward.db"),
            dir,
            halo: None,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_url: None,
            hooks_listen: None,
            tls: None,
            proxies: Proxies::default(),
            server_place: None,
            max_body: MAX_BODY,
            token: None,
            settings: decode::default_settings(),
            unmatched_client: None,
            clients: ClientDirectory::default(),
            names: Vec::new(),
            channels: BTreeMap::new(),
            clients_file: None,
            retention: Retention::default(),
            sources: BTreeMap::new(),
            source_places: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests;
