//! One POST to a channel's webhook, and what its answer means.

use std::time::Duration;

use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};

use super::channel::{ChannelError, Posted};
use super::message::Message;
use crate::config::{ChannelFormat, WebhookConfig};

/// LIMIT: chats answer in well under a second; one that does not is tried again later.
const PATIENCE: Duration = Duration::from_secs(10);

/// A channel that is posted to.
#[derive(Debug, Clone)]
pub(super) struct Webhook {
    http: Client,
    url: SecretString,
    format: ChannelFormat,
}

impl Webhook {
    pub(super) fn new(name: &str, config: &WebhookConfig) -> Result<Self, ChannelError> {
        let url = config.url.read()?;
        let parsed = Url::parse(url.expose_secret()).ok();
        let local = |url: &Url| {
            let host = url.host_str().unwrap_or_default();
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        };
        if !parsed.is_some_and(|url| url.scheme() == "https" || url.scheme() == "http" && local(&url)) {
            return Err(ChannelError::Address { name: name.to_owned() });
        }
        let http = client().map_err(|problem| ChannelError::Http { name: name.to_owned(), problem })?;
        Ok(Self { http, url, format: config.format })
    }

    pub(super) async fn post(&self, message: &Message<'_>) -> Posted {
        let request = self.http.post(self.url.expose_secret()).json(&message.body(self.format));
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Posted::Done,
            Ok(answer) => {
                let status = answer.status();
                let problem = format!("the channel answered {status}");
                let passing = status.is_server_error() || [408, 425, 429].contains(&status.as_u16());
                if passing { Posted::Later(problem) } else { Posted::Refused(problem) }
            }
            // Without its address, which is a secret.
            Err(error) => Posted::Later(format!("the channel was not reached: {}", error.without_url())),
        }
    }
}

fn client() -> Result<Client, String> {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(rustls_platform_verifier::BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| format!("the system's certificates can't be read: {error}"))?
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .timeout(PATIENCE)
        // An address that leads elsewhere is not the one that was configured.
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| error.to_string())
}
