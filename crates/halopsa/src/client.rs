//! The client: what all its clones share, and the raw requests. The typed ones are in [`crate::api`].

use std::sync::Arc;

use ::http::Method;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::auth::{TokenCache, TokenInfo, TokenSource};
use crate::budget::BudgetReport;
use crate::budget::limiter::Limiter;
use crate::builder::ClientBuilder;
use crate::credentials::Credentials;
use crate::date::DateTime;
use crate::discovery::{Discovery, discover};
use crate::error::Error;
use crate::exchange::{Call, Reader};
use crate::http::Http;
use crate::outcome::Outcome;
use crate::priority::Priority;
use crate::query::Query;
use crate::settings::Settings;
use crate::site::Site;

/// A client of one HaloPSA site. Cloning is cheap; clones share the token, the connections and the budget.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use halopsa::{Client, Credentials, Site};
///
/// let site = Site::parse("acme.halopsa.com")?;
/// let client = Client::builder(site, Credentials::new("client-id", "client-secret")).build()?;
/// println!("connected as {:?}", client.agents().me().await?.name);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
    pub(crate) priority: Priority,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) http: Http,
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) tokens: TokenCache,
    pub(crate) discovery: OnceCell<Discovery>,
    pub(crate) settings: Settings,
    pub(crate) credentials: Credentials,
}

impl Client {
    /// Starts putting a client together.
    pub fn builder(site: Site, credentials: Credentials) -> ClientBuilder {
        ClientBuilder::new(site, credentials)
    }

    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared), priority: Priority::default() }
    }

    /// A clone whose requests are of this priority.
    #[must_use]
    pub fn with_priority(&self, priority: Priority) -> Self {
        Self { shared: self.shared.clone(), priority }
    }

    /// The site this client talks to.
    pub fn site(&self) -> &Site {
        &self.shared.settings.site
    }

    /// What is left of the budget now.
    pub fn budget(&self) -> BudgetReport {
        self.shared.limiter.report()
    }

    /// HaloPSA's time now, by the `Date` of its latest answer: at most about a second behind. `None` before it answered.
    ///
    /// HaloPSA stamps records by its own clock. A look for what changed should start by it, not by this machine's.
    pub fn halo_now(&self) -> Option<DateTime> {
        self.shared.http.clock.there(DateTime::now())
    }

    /// The time to say when something was sent: HaloPSA's if it is known.
    pub(crate) fn sending_at(&self) -> DateTime {
        self.halo_now().unwrap_or_else(DateTime::now)
    }

    /// Asks the site where its tokens come from (`GET /api/authinfo`).
    ///
    /// Requests do this by themselves, once; here it is a step of its own, for testing a connection.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`] if the site can't be reached. A site that doesn't answer the question is no error: the
    /// usual endpoint is taken then.
    pub async fn discover(&self) -> Result<Discovery, Error> {
        let Shared { http, limiter, settings, discovery, .. } = &*self.shared;
        discovery.get_or_try_init(|| discover(http, limiter, settings)).await.cloned()
    }

    /// Gets a token, unless there is one already.
    ///
    /// Requests do this by themselves; here it is a step of its own, for testing a connection.
    ///
    /// # Errors
    ///
    /// [`Error::TokenRefused`] says what is wrong with the credentials, the tenant or the scope.
    pub async fn authenticate(&self) -> Result<TokenInfo, Error> {
        let token = self.shared.tokens.token(&self.shared.token_source()).await?;
        Ok(token.info.clone())
    }

    /// Sends any request: the way to what the typed methods don't cover.
    ///
    /// `path` is relative to the API's root, such as `/Tickets`. HaloPSA's POST bodies are arrays, also for one record.
    /// An empty answer is `null`.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. For a write it means that the write did not happen; a write that may have happened is an
    /// [`Outcome::Unknown`], and is never sent again by this client.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        query: &Query,
        body: Option<&Value>,
    ) -> Result<Outcome<Value>, Error> {
        self.exchange(&Call::new(method, path, query, body)).await
    }

    /// Posts a write whose answer is read by `read`.
    pub(crate) async fn write<T>(
        &self,
        path: &str,
        query: &Query,
        body: &Value,
        read: Reader<T>,
    ) -> Result<Outcome<T>, Error> {
        self.exchange(&Call::post(path, query, body, read)).await
    }

    /// Downloads a file.
    pub(crate) async fn download(&self, path: &str, query: &Query) -> Result<Vec<u8>, Error> {
        self.read(&Call::download(path, query)).await
    }

    /// Sends a GET request.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub async fn get(&self, path: &str, query: &Query) -> Result<Value, Error> {
        self.read(&Call::new(Method::GET, path, query, None)).await
    }

    async fn read<T>(&self, call: &Call<'_, T>) -> Result<T, Error> {
        match self.exchange(call).await? {
            Outcome::Done(value) => Ok(value),
            // Reads have no unknown outcome: whatever leaves one open is an error of theirs.
            Outcome::Unknown(unknown) => {
                Err(Error::Interrupted { problem: unknown.reason.to_string(), request: unknown.request })
            }
        }
    }
}

impl Shared {
    pub(crate) fn token_source(&self) -> TokenSource<'_> {
        TokenSource {
            http: &self.http,
            limiter: &self.limiter,
            settings: &self.settings,
            credentials: &self.credentials,
            discovery: &self.discovery,
        }
    }
}
