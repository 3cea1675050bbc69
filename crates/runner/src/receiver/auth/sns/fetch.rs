//! Getting something from AWS: encrypted, without being led elsewhere, small and soon.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use rustls_platform_verifier::BuilderVerifierExt as _;
use thiserror::Error;
use tokio::sync::OnceCell;
use url::Url;

// LIMIT: SNS waits 15 s for its answer.
const PATIENCE: Duration = Duration::from_secs(8);
// LIMIT: a certificate is 2 KB, a confirmation less.
const MOST_BYTES: usize = 64 * 1024;

/// Why there is no answer.
#[derive(Debug, Error)]
pub(in crate::receiver) enum FetchError {
    /// There was none.
    #[error("{0}")]
    Lost(String),
    /// It was no success.
    #[error("the answer was {0}")]
    Status(u16),
    /// It was no small thing.
    #[error("the answer is too large")]
    Large,
}

/// An answer to come.
pub(in crate::receiver) type Fetching<'a> =
    Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>> + Send + 'a>>;

/// Gets what stands at an address.
pub(in crate::receiver) trait Fetch: Debug + Send + Sync {
    /// Gets it; anything but a success is an error.
    fn get<'a>(&'a self, url: &'a Url) -> Fetching<'a>;
}

/// Over the network. The client is made when first needed: most installations never do.
#[derive(Debug, Default)]
pub(super) struct Https {
    client: OnceCell<Client>,
}

impl Fetch for Https {
    fn get<'a>(&'a self, url: &'a Url) -> Fetching<'a> {
        Box::pin(async move {
            let client = self.client.get_or_try_init(|| async { client() }).await?;
            let lost = |error: reqwest::Error| FetchError::Lost(error.without_url().to_string());
            let mut answer = client.get(url.clone()).send().await.map_err(lost)?;
            if !answer.status().is_success() {
                return Err(FetchError::Status(answer.status().as_u16()));
            }
            let mut bytes = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(lost)? {
                if bytes.len() + chunk.len() > MOST_BYTES {
                    return Err(FetchError::Large);
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(bytes)
        })
    }
}

fn client() -> Result<Client, FetchError> {
    let fail = |error: String| FetchError::Lost(format!("encryption cannot be set up: {error}"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(|error| fail(error.to_string()))?
        .with_no_client_auth();
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE);
    client.build().map_err(|error| fail(error.to_string()))
}
