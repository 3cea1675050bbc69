//! The sources, and when each was last heard of.

use std::net::SocketAddr;

use jiff::Timestamp;

use super::{InspectError, List, SecretLine, SourceLine};
use crate::address::reachable;
use crate::config::{Auth, Config, Loaded, Reading, SourceConfig};
use crate::store::Reader;

const DAY: i64 = 86_400;

impl SourceLine {
    /// The sources of a configuration whose service listens at `listen`, without what only a store knows.
    pub(crate) fn all(loaded: &Loaded, listen: SocketAddr) -> Vec<Self> {
        let base = base(&loaded.config, listen);
        let sources = loaded.config.sources.iter();
        sources.map(|(name, source)| Self::of(name, source, &base)).collect()
    }

    fn of(name: &str, source: &SourceConfig, base: &str) -> Self {
        let url = source.webhook().map(|webhook| {
            let token = match &webhook.auth {
                Auth::UrlToken(_) => "/TOKEN".to_owned(),
                Auth::Query { name, .. } => format!("?{name}=TOKEN"),
                _ => String::new(),
            };
            format!("{base}/hooks/{name}{token}")
        });
        let (auth, severity) = match source {
            SourceConfig::Webhook(webhook) => (webhook.auth.name(), webhook.reading.severity),
            // Tickets are read with HaloPSA's own credentials; what a webhook tells is only when.
            SourceConfig::Halo(halo) => {
                (halo.webhook.as_ref().map_or("", |webhook| webhook.auth.name()), halo.severity)
            }
            SourceConfig::Poll(poll) => {
                let auth = poll.whole.as_ref().map_or("none", |whole| whole.auth.way());
                (auth, poll.reading.severity)
            }
            SourceConfig::Schedule(schedule) => ("", schedule.severity),
        };
        let preset = |reading: &Reading| {
            if reading.map.is_some() { "map".to_owned() } else { reading.preset.clone() }
        };
        let secrets = source.webhook().map(|webhook| webhook.auth.secrets()).unwrap_or_default();
        Self {
            name: name.to_owned(),
            secrets: secrets.iter().map(SecretLine::of).collect(),
            kind: source.kind().to_owned(),
            preset: source.reading().map(preset).unwrap_or_default(),
            auth: auth.to_owned(),
            severity: severity.to_string(),
            last_event_at: None,
            url,
            events_today: 0,
            traffic: None,
            feed: None,
        }
    }
}

/// Where the URLs of sources begin: the public address, or that on this machine.
pub(crate) fn base(config: &Config, listen: SocketAddr) -> String {
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    match &config.public_url {
        Some(public) => public.to_string(),
        None => format!("{scheme}://{}", reachable(config.hooks_listen.unwrap_or(listen))),
    }
}

/// The sources with what the store knows of each.
pub fn sources(
    reader: &Reader<'_>,
    known: &[SourceLine],
    now: Timestamp,
) -> Result<List<SourceLine>, InspectError> {
    let today = reader.ledger(now.as_second().div_euclid(DAY))?;
    let mut items = known.to_vec();
    for line in &mut items {
        line.last_event_at = reader.source_activity(&line.name)?.last_event_at;
        let received = today.iter().filter(|(_, source, what, _)| *source == line.name && what == "received");
        line.events_today = received.map(|(.., count)| count).sum();
    }
    Ok(List { items, next: None })
}
