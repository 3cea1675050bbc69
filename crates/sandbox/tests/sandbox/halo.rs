//! A started sandbox with a plain client: no retries, no pool, so that a test sees what the server does.

use std::time::Duration;

use halopsa_sandbox::{Clock, Sandbox, SandboxConfig};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// How long a test may hang before it fails.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The ids of the rows of a list, wrapped under a key or bare.
    pub(crate) fn ids(&self, key: &str) -> Vec<i64> {
        let body = self.json();
        let rows = if body.is_array() { &body } else { &body[key] };
        rows.as_array().unwrap().iter().filter_map(|row| row["id"].as_i64()).collect()
    }
}

/// A sandbox, and a token for it.
pub(crate) struct Halo {
    pub(crate) sandbox: Sandbox,
    pub(crate) token: String,
}

impl Halo {
    pub(crate) async fn start() -> Self {
        Self::with(SandboxConfig::default()).await
    }

    /// With a clock that stands still until advanced.
    pub(crate) async fn at_noon() -> Self {
        Self::with(SandboxConfig { clock: noon(), ..SandboxConfig::default() }).await
    }

    pub(crate) async fn with(config: SandboxConfig) -> Self {
        Self::scoped(config, "all").await
    }

    pub(crate) async fn scoped(config: SandboxConfig, scope: &str) -> Self {
        let sandbox = Sandbox::start(config).await.unwrap();
        let mut halo = Self { sandbox, token: String::new() };
        halo.token = halo.new_token(scope).await.unwrap_or_default();
        halo
    }

    pub(crate) async fn new_token(&self, scope: &str) -> Option<String> {
        let form = format!(
            "grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret&scope={}",
            scope.replace(' ', "+")
        );
        let answer = self.form("/auth/token", &form).await;
        answer.json()["access_token"].as_str().map(str::to_owned)
    }

    pub(crate) async fn form(&self, path: &str, form: &str) -> Answer {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        send(&self.sandbox.url(), "POST", path, &[kind], form.to_owned()).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, String::new()).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, body.to_string()).await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, String::new()).await.unwrap()
    }

    /// A request that may get no answer.
    pub(crate) async fn call(&self, method: &str, path: &str, body: String) -> Result<Answer, String> {
        let token = format!("Bearer {}", self.token);
        let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
        send(&self.sandbox.url(), method, path, &headers, body).await
    }

    /// Creates a ticket and says its number.
    pub(crate) async fn ticket(&self, fields: Value) -> i64 {
        let answer = self.post("/api/Tickets", json!([fields])).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()["id"].as_i64().unwrap()
    }
}

pub(crate) fn noon() -> Clock {
    Clock::manual("2026-08-01T12:00:00Z".parse().unwrap())
}

/// One request on a connection of its own.
pub(crate) async fn send(
    url: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: String,
) -> Result<Answer, String> {
    let exchange = async {
        let host = url.trim_start_matches("http://");
        let stream = TcpStream::connect(host).await.map_err(|error| error.to_string())?;
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(|error| error.to_string())?;
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        let body = String::from_utf8(body.to_vec()).map_err(|error| error.to_string())?;
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    };
    tokio::time::timeout(SOON, exchange).await.unwrap_or_else(|_| Err("nothing came in time".to_owned()))
}
