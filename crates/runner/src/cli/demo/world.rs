//! Everything the demo starts, and what it leaves behind: nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use halopsa::{Client, Credentials, Site};
use halopsa_sandbox::{Clock as SandboxClock, Sandbox, SandboxConfig};
use haloward_rules::{PresetSet, RuleSet, SourceFile};
use include_dir::{Dir, include_dir};
use jiff::Timestamp;
use tempfile::TempDir;

use super::super::Failure;
use super::script::{STORY, Scene};
use crate::app::{App, StartError};
use crate::clock::HeldClock;
use crate::config::{Auth, Config, Loaded, Reading, SourceConfig, Webhook};

static RULES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../rules");

/// The source for alerts of the visitor's own.
const YOURS: &str = "yours";

/// The clients that the sample alerts speak of, and which of the sandbox's they are.
const CLIENTS: [(&str, &str); 3] = [
    ("Brightwater Dental", "Northwind Dental"),
    ("Kestrel Logistics", "Bluebird Logistics Ltd"),
    ("Alder & Finch Solicitors", "Harbour Legal LLP"),
];

pub(super) struct World {
    pub(super) app: App,
    pub(super) sandbox: Sandbox,
    clock: Arc<HeldClock>,
    http: reqwest::Client,
    _folder: TempDir,
}

impl World {
    /// Starts it all. `any_port` takes a free port where the wanted one is taken.
    pub(super) async fn build(listen: SocketAddr, any_port: bool, halo: SocketAddr) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("haloward-demo-").tempdir().map_err(|error| {
            Failure::help(
                format!("cannot make a temporary folder: {error}"),
                "TMPDIR names the folder it would be made in",
            )
        })?;
        let now = Timestamp::now();
        let sandbox = Sandbox::start(SandboxConfig {
            listen: halo,
            clock: SandboxClock::manual(now),
            ..SandboxConfig::default()
        })
        .await
        .map_err(|error| Failure::help(error.to_string(), "name another address with --halo"))?;
        let fail = |error: &dyn std::fmt::Display| Failure::new(format!("the demo is broken: {error}"));
        let site = Site::parse(&sandbox.url()).map_err(|error| fail(&error))?;
        let config = SandboxConfig::default();
        let client = Client::builder(site, Credentials::new(&config.client_id, &config.client_secret))
            .build()
            .map_err(|error| fail(&error))?;
        let clock = Arc::new(HeldClock::at(now));
        let mut loaded = starter(folder.path().to_owned(), listen)?;
        let app = match App::start(loaded.clone(), client.clone(), clock.clone()).await {
            Err(StartError::Listen { .. }) if any_port => {
                loaded.config.listen.set_port(0);
                App::start(loaded, client, clock.clone()).await
            }
            started => started,
        };
        let app = app.map_err(|error| {
            let help = match &error {
                StartError::Listen { .. } => "another program may use the port: name another one with --listen, or port 0 for a free one",
                other => other.hint(),
            };
            Failure::help(error.to_string(), help)
        })?;
        let http = local_http().map_err(|error| fail(&error))?;
        Ok(Self { app, sandbox, clock, http, _folder: folder })
    }

    /// Moves the demo's time on, everywhere.
    pub(super) fn advance(&self, by: Duration) {
        self.sandbox.clock().advance(by);
        self.clock.advance(by);
    }

    /// Sends an alert as its vendor would.
    pub(super) async fn send(&self, scene: &Scene) -> Result<(), Failure> {
        let url = format!("http://{}/hooks/{}", self.app.addr(), scene.source);
        let request = self.http.post(url).header("content-type", "application/json").body(scene.payload);
        match request.send().await {
            Ok(response) if response.status() == reqwest::StatusCode::ACCEPTED => Ok(()),
            Ok(response) => Err(Failure::new(format!(
                "the receiver answered {} to a sample of {}",
                response.status(),
                scene.source
            ))),
            Err(error) => {
                Err(Failure::new(format!("a sample of {} could not be sent: {error}", scene.source)))
            }
        }
    }

    /// Where alerts of the visitor's own go.
    pub(super) fn hooks(&self) -> String {
        format!("http://{}/hooks/{YOURS}", self.app.addr())
    }

    /// Where the tickets can be read.
    pub(super) fn tickets_url(&self) -> String {
        format!("{}/", self.sandbox.url())
    }

    /// Ends it all, in order.
    pub(super) async fn end(self) {
        self.app.stop().await;
        self.sandbox.stop().await;
    }
}

/// The starter rules, and a source for every vendor of the story.
fn starter(folder: std::path::PathBuf, listen: SocketAddr) -> Result<Loaded, Failure> {
    let mut config =
        Config { listen, unmatched_client: Some("Unmatched Alerts".into()), ..Config::defaults(folder) };
    config.clients.aliases = CLIENTS.map(|(named, known)| (named.to_owned(), known.to_owned())).into();
    let mut sources: Vec<&str> = STORY.iter().map(|scene| scene.source).collect();
    sources.push(YOURS);
    for source in sources {
        let preset = if source == YOURS { "generic" } else { source };
        let reading = Reading { preset: preset.into(), ..Reading::default() };
        let webhook = Webhook::new(reading, Auth::None);
        config.sources.insert(source.to_owned(), SourceConfig::Webhook(Box::new(webhook)));
    }
    let files: Vec<SourceFile> = RULES
        .files()
        .filter(|file| {
            let path = file.path().to_string_lossy();
            path.ends_with(".yaml") && !path.ends_with("_test.yaml")
        })
        .filter_map(|file| {
            Some(SourceFile::new(format!("rules/{}", file.path().display()), file.contents_utf8()?))
        })
        .collect();
    let (rules, mut findings) = RuleSet::load(&files, config.settings.clone());
    let (presets, found) = PresetSet::load(&[], None);
    findings.extend(found);
    if findings.has_errors() {
        return Err(Failure::new(format!("the starter rules are broken:\n{}", findings.render())));
    }
    let version = crate::config::version(files.iter());
    Ok(Loaded {
        config,
        path: None,
        rules,
        presets,
        tests: Vec::new(),
        rule_files: files,
        version,
        saved: None,
        findings,
    })
}

/// A client for this machine only: no proxy, no certificates.
fn local_http() -> Result<reqwest::Client, Box<dyn std::error::Error>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build()?)
}
