//! The running product: receiver, feeds, decider, dispatcher and tracker, started together and stopped in order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use halopsa::Client;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

use crate::address::Address;
use crate::api::{self, ApiState, Standing};
use crate::catalogue::CatalogueCache;
use crate::clock::Clock;
use crate::config::{Config, Loaded, Retention, SecretError};
use crate::dispatcher::Pace;
use crate::feeds::{self, Feeds};
use crate::metrics::Metrics;
use crate::notifier::{Channel, ChannelError};
use crate::receiver::{Door, DoorState, Tidings, router};
use crate::runtime::{CATALOGUE_EVERY, Happening, LiveRules, Runtime, RuntimeConfig, Stopped};
use crate::server::{self, Certificate, Server, TlsError};
use crate::store::{Limits, Store, StoreError};
use crate::token::{Token, TokenError};
use crate::wire::WireSettings;
use crate::witness::Witness;

/// Why the product did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {listen}: {source}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store could not be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A channel can't be used.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// A source's secret could not be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The certificate could not be read.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There is no token for the API.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl StartError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "another program may use the port: name another one under `server`",
            Self::Store(StoreError::InUse { .. }) => "only one haloward can run on a store at a time",
            Self::Store(_) => "`store` in the configuration names the file; its folder must be writable",
            Self::Channel(error) => error.hint(),
            Self::Secret(_) => "set the variable, or write the file, that `auth` of the source names",
            Self::Tls(_) => "`server.tls` names the certificate and its key as PEM files",
            Self::Token(_) => {
                "set what `server.token` names; without it, the store's folder must be writable"
            }
        }
    }
}

/// The running product.
#[derive(Debug)]
pub struct App {
    addr: SocketAddr,
    hooks: Option<SocketAddr>,
    certificate: Option<Certificate>,
    runtime: Runtime,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
    store: Store,
    rules: watch::Sender<LiveRules>,
    wire: watch::Sender<Arc<WireSettings>>,
    retention: watch::Sender<Retention>,
    channels: watch::Sender<BTreeMap<String, Channel>>,
    metrics: Metrics,
    door: Arc<ArcSwap<Door>>,
    feeds: Feeds,
    feeding: feeds::Context,
    standing: Arc<Standing>,
    witness: Witness,
    clock: Arc<dyn Clock>,
    address: Address,
}

/// How long what is in flight may take after the end was asked for.
const STOP_WITHIN: Duration = Duration::from_secs(20);

impl App {
    /// Starts everything. The address is taken first: nothing is opened by a second instance.
    pub async fn start(loaded: Loaded, client: Client, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let (listener, addr) = bind(loaded.config.listen).await?;
        let hooks = match loaded.config.hooks_listen {
            Some(listen) => Some(bind(listen).await?),
            None => None,
        };
        let certificate = loaded.config.tls.as_ref().map(Certificate::read).transpose()?;
        let door = Door::new(&loaded, None)?;
        let (channels, open) = watch::channel(Channel::all(&loaded.config)?);
        let store = Store::open(&loaded.config.store, Limits::default())?;
        let names_every = loaded.config.halo.as_ref().map_or(CATALOGUE_EVERY, |halo| halo.catalogue);
        let names_file = loaded.config.store.with_extension("catalogue.json");
        let catalogue = CatalogueCache::new(&client, Arc::clone(&clock), Some(names_file), names_every);
        let feeding = feeds::Context {
            client: client.clone(),
            catalogue: catalogue.clone(),
            store: store.clone(),
            outbounds: Arc::default(),
            clock: Arc::clone(&clock),
        };
        let plans = feeds::plans(&loaded, &feeding)?;
        let token = Token::find_or_make(&loaded.config)?;
        let batch = loaded.config.halo.as_ref().map_or(1, |halo| halo.batch);
        let track = loaded.config.halo.as_ref().map_or(Duration::from_secs(60), |halo| halo.track);
        let (rules, live) = watch::channel(live_rules(&loaded));
        let (wire, wires) = watch::channel(Arc::new(wire_settings(&loaded.config)));
        let (retention, keeps) = watch::channel(loaded.config.retention);
        let metrics = Metrics::new();
        let standing = Arc::new(Standing::new(&loaded, addr, clock.now()));
        let runtime = Runtime::start(RuntimeConfig {
            wire: wires,
            retention: keeps,
            metrics: metrics.clone(),
            clock: Arc::clone(&clock),
            pace: Pace { batch, ..Pace::default() },
            track,
            channels: open,
            catalogue: Some(catalogue),
            ..RuntimeConfig::new(store.clone(), live.clone(), client.clone())
        })?;
        let controls = runtime.controls().ok_or(StoreError::Closed)?;
        let feeds = Feeds::start(plans, store.clone(), Arc::clone(&clock), metrics.clone());
        let witness = Witness::default();
        let mut state = DoorState::new(door, store.clone(), Arc::clone(&clock), metrics.clone());
        state.witness = witness.clone();
        state.tidings = Some(Tidings::new(runtime.hints(), feeds.waker()));
        state.remember().await?;
        let door = Arc::clone(&state.door);
        let api = api::router(ApiState {
            witness: witness.clone(),
            feeds: feeds.board().clone(),
            token,
            door: Arc::clone(&door),
            store: store.clone(),
            controls,
            rules: live,
            client,
            connection: runtime.connection().clone(),
            clock: Arc::clone(&clock),
            started_at: clock.now(),
            metrics: metrics.clone(),
            standing: Arc::clone(&standing),
        });
        let (stop, stopping) = watch::channel(false);
        let (mut here, mut hooks_addr) = (certificate.clone(), None);
        let mut servers = Vec::new();
        if let Some((listener, addr)) = hooks {
            // Nothing but hooks is served there; the certificate is for whoever comes from outside.
            let server = Server::new(listener, here.take(), router(state.clone()));
            servers.push(tokio::spawn(server.run(stopping.clone())));
            hooks_addr = Some(addr);
        }
        let server = Server::new(listener, here, router(state).merge(api));
        servers.push(tokio::spawn(server.run(stopping)));
        let address = Address::tell(&loaded.config.store, addr);
        Ok(Self {
            addr,
            hooks: hooks_addr,
            certificate,
            runtime,
            stop,
            servers,
            store,
            rules,
            wire,
            retention,
            channels,
            metrics,
            door,
            feeds,
            feeding,
            standing,
            witness,
            clock,
            address,
        })
    }

    /// Where the receiver listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where hooks have a door of their own.
    pub fn hooks_addr(&self) -> Option<SocketAddr> {
        self.hooks
    }

    /// The store, for looking at.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What happens, as it happens.
    pub fn subscribe(&self) -> broadcast::Receiver<Happening> {
        self.runtime.subscribe()
    }

    /// Takes rules, presets, sources, channels and the certificate as they are now. Everything that can fail is done before
    /// anything changes; the addresses, the store and the connection stay as they are.
    pub fn reload(&self, loaded: &Loaded) -> Result<(), StartError> {
        let door = Door::new(loaded, Some(&self.door.load()))?;
        let plans = feeds::plans(loaded, &self.feeding)?;
        let channels = Channel::all(&loaded.config)?;
        let fresh = loaded.config.tls.as_ref().filter(|_| self.certificate.is_some());
        let fresh = fresh.map(server::certificate).transpose()?;
        if let (Some(certificate), Some(fresh)) = (&self.certificate, fresh) {
            certificate.replace(fresh);
        }
        self.rules.send_replace(live_rules(loaded));
        self.door.store(Arc::new(door));
        self.feeds.run(plans);
        self.wire.send_replace(Arc::new(wire_settings(&loaded.config)));
        self.retention.send_replace(loaded.config.retention);
        self.channels.send_replace(channels);
        self.metrics.reloaded(true);
        self.standing.taken(loaded, self.clock.now());
        self.witness.keep(|source| loaded.config.sources.contains_key(source));
        Ok(())
    }

    /// Newer files have mistakes and are not taken: whoever asks how the service stands is told so.
    pub fn refuse(&self, problem: impl Into<String>) {
        self.metrics.reloaded(false);
        self.standing.refused(problem.into(), self.clock.now());
    }

    /// Stops taking events, finishes what is in flight, and ends.
    pub async fn stop(self) {
        // ORDER: the door closes first, so that nothing comes in that nobody would decide about.
        drop(self.address);
        let _ = self.stop.send(true);
        for server in self.servers {
            if let Err(error) = server.await {
                tracing::error!(%error, "the receiver ended badly");
            }
        }
        self.feeds.stop().await;
        if self.runtime.stop(STOP_WITHIN).await == Stopped::CutShort {
            tracing::warn!("what is still on its way to HaloPSA is looked for at the next start");
        }
    }
}

fn live_rules(loaded: &Loaded) -> LiveRules {
    LiveRules { rules: loaded.rules.clone(), version: Arc::from(loaded.version.as_str()) }
}

async fn bind(listen: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let fail = |source| StartError::Listen { listen, source };
    let listener = TcpListener::bind(listen).await.map_err(fail)?;
    let addr = listener.local_addr().map_err(fail)?;
    Ok((listener, addr))
}

/// How drafts become requests, as the configuration says.
pub fn wire_settings(config: &Config) -> WireSettings {
    WireSettings {
        unmatched_client: config.unmatched_client.clone(),
        clients: config.clients.clone(),
        marker: config.halo.as_ref().map(|halo| halo.marker.clone()).unwrap_or_default(),
        dont_do_rules: config.halo.as_ref().is_some_and(|halo| !halo.ticket_rules),
        ..WireSettings::default()
    }
}
