//! Asking the service: over its API while it runs, its store read-only when it does not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method, Response};
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::output::{Out, Tone};
use super::{End, Ended, Failure, Global, runtime};
use crate::address::{Address, reachable};
use crate::config::{Loaded, TlsFiles};
use crate::inspect::InspectError;
use crate::server;
use crate::store::{Archive, Reader, StoreError};
use crate::token::{Token, TokenError};

/// LIMIT: who asks has a person or a script waiting.
const PATIENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(3);

/// Which service is asked.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// Ask the service at this address, with the token in $HALOWARD_TOKEN; else the one of the configuration.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl Which {
    /// Whether the service of the configuration is asked, and not one elsewhere.
    pub(super) fn is_our_own(&self) -> bool {
        self.url.is_none()
    }
}

/// How much of a list is shown.
#[derive(Debug, clap::Args)]
pub(super) struct Page {
    /// At most so many.
    #[arg(long, default_value = "50")]
    pub(super) limit: usize,
    /// After this page: the `next` of the one before.
    #[arg(long, value_name = "NEXT")]
    pub(super) before: Option<String>,
}

/// How to see what did not fit.
pub(super) fn more(next: Option<&str>, out: &mut Out) -> Ended {
    if let Some(next) = next {
        let hint = format!("there is more: --before {next}");
        out.line(&out.tone(Tone::Quiet, &hint))?;
    }
    Ok(End::Done)
}

/// Whoever answers.
pub(super) enum Service {
    /// The running service.
    Running(Running),
    /// The store of one that is stopped.
    Stopped(Box<(Loaded, Archive)>),
}

/// A service that runs.
pub(super) struct Running {
    url: String,
    token: Token,
    http: Client,
    runtime: tokio::runtime::Runtime,
}

impl Service {
    /// Finds the service of the configuration: the running one, or its store.
    pub(super) fn find(which: &Which, global: &Global) -> Result<Self, Failure> {
        let runtime = runtime()?;
        if let Some(url) = &which.url {
            let token = std::env::var("HALOWARD_TOKEN").unwrap_or_default();
            if token.trim().is_empty() {
                return Err(Failure::help(
                    "HALOWARD_TOKEN is not set",
                    "it holds the token of the service at --url",
                ));
            }
            let url = url.trim_end_matches('/').to_owned();
            let http = http(url.starts_with("https:"))?;
            return Ok(Self::Running(Running { url, token: Token::given(&token), http, runtime }));
        }
        let loaded = global.load(&[])?;
        let token = match Token::find(&loaded.config) {
            Ok(token) => Some(token),
            // A service that never started has made none.
            Err(TokenError::None { .. }) => None,
            Err(error) => {
                return Err(Failure::help(error.to_string(), "run this as the user the service runs as"));
            }
        };
        let addr = Address::find(&loaded.config.store).unwrap_or_else(|| reachable(loaded.config.listen));
        if let Some(token) = token
            && runtime.block_on(is_there(addr))
        {
            let (http, url) =
                match loaded.config.tls.as_ref().filter(|_| loaded.config.hooks_listen.is_none()) {
                    None => (http(false)?, format!("http://{addr}")),
                    Some(files) => (own_http(files)?, format!("https://{addr}")),
                };
            return Ok(Self::Running(Running { url, token, http, runtime }));
        }
        let archive = Archive::open(&loaded.config.store).map_err(|error| refused(&error))?;
        Ok(Self::Stopped(Box::new((loaded, archive))))
    }

    /// Asks the running service for `path`, or the store through `look`.
    pub(super) fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &impl Serialize,
        look: impl FnOnce(&Reader<'_>, &Loaded) -> Result<T, InspectError>,
    ) -> Result<T, Failure> {
        match self {
            Self::Running(service) => service.get(path, query),
            Self::Stopped(stopped) => {
                let (loaded, archive) = &**stopped;
                match archive.read(|reader| Ok(look(reader, loaded))) {
                    Ok(Ok(found)) => Ok(found),
                    Ok(Err(InspectError::Store(error))) | Err(error) => Err(refused(&error)),
                    Ok(Err(error)) => Err(Failure::new(error.to_string())),
                }
            }
        }
    }

    /// The running service, for what only that can do.
    pub(super) fn running(&self) -> Result<&Running, Failure> {
        match self {
            Self::Running(service) => Ok(service),
            Self::Stopped(_) => Err(Failure::help(
                "the service does not run",
                "start it with `haloward run`: only it may change what is in the store",
            )),
        }
    }

    /// What is said on standard error before an answer from the store.
    pub(super) fn note(&self) {
        if matches!(self, Self::Stopped(_)) {
            super::output::remark("the service does not run: this is what its store holds");
        }
    }
}

impl Running {
    fn get<T: DeserializeOwned>(&self, path: &str, query: &impl Serialize) -> Result<T, Failure> {
        let request = self.http.get(format!("{}{path}", self.url)).query(query);
        self.send(request)
    }

    /// Asks for something to be done.
    pub(super) fn act(&self, method: Method, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(self.http.request(method, format!("{}{path}", self.url)).json(body))
    }

    /// Lets some time pass; whether the user wants it to end.
    pub(super) fn wait(&self, time: Duration) -> bool {
        self.runtime.block_on(async {
            tokio::select! {
                () = tokio::time::sleep(time) => false,
                // Who cannot be interrupted ends by itself.
                asked = tokio::signal::ctrl_c() => asked.is_ok(),
            }
        })
    }

    fn send<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, Failure> {
        let request = request.header("authorization", self.token.bearer());
        self.runtime.block_on(async {
            let answer = request.send().await.map_err(|error| self.lost(&error))?;
            if answer.status().is_success() {
                return answer.json().await.map_err(|error| self.lost(&error));
            }
            Err(self.problem(answer).await)
        })
    }

    async fn problem(&self, answer: Response) -> Failure {
        let status = answer.status();
        let problem: Value = answer.json().await.unwrap_or(Value::Null);
        let detail = problem["detail"].as_str().unwrap_or_default();
        match status.as_u16() {
            401 => Failure::help(
                format!("{} does not take this token", self.url),
                "is it the service of this configuration? `--config` names another one",
            ),
            _ if detail.is_empty() => Failure::new(format!("{} answered {status}", self.url)),
            _ => Failure::new(detail.to_owned()),
        }
    }

    fn lost(&self, error: &reqwest::Error) -> Failure {
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        Failure::help(format!("{} does not answer: {cause}", self.url), "is the service running there?")
    }
}

/// A text as one segment of a path, whatever is in it.
pub(super) fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Whether somebody listens there.
async fn is_there(addr: SocketAddr) -> bool {
    let connecting = tokio::net::TcpStream::connect(addr);
    matches!(tokio::time::timeout(CONNECT, connecting).await, Ok(Ok(_)))
}

fn refused(error: &StoreError) -> Failure {
    match error.hint() {
        Some(hint) => Failure::help(error.to_string(), hint),
        None => Failure::new(error.to_string()),
    }
}

/// A client for the API. The one on this machine is asked without encryption, and needs no certificates.
pub(crate) fn http(encrypted: bool) -> Result<Client, Failure> {
    let fail = |error: String| Failure::new(format!("the HTTP client cannot be set up: {error}"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(|error| fail(error.to_string()))?;
    let tls = if encrypted {
        builder.with_platform_verifier().map_err(|error| fail(error.to_string()))?.with_no_client_auth()
    } else {
        builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
    };
    client(tls)
}

/// A client for our own encrypted service, known by the certificate in its files.
fn own_http(files: &TlsFiles) -> Result<Client, Failure> {
    let fail = |error: String| Failure::help(error, "`server.tls` names what the service encrypts with");
    let key = server::certificate(files).map_err(|error| fail(error.to_string()))?;
    let certificate = key.cert.first().cloned().ok_or_else(|| fail("there is no certificate".to_owned()))?;
    client(server::trusting_only(certificate).map_err(|error| fail(error.to_string()))?)
}

fn client(tls: rustls::ClientConfig) -> Result<Client, Failure> {
    let client = Client::builder().tls_backend_preconfigured(tls).timeout(PATIENCE).connect_timeout(CONNECT);
    let built = client.no_proxy().build();
    built.map_err(|error| Failure::new(format!("the HTTP client cannot be set up: {error}")))
}
