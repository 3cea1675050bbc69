//! Putting a client together.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::auth::TokenCache;
use crate::budget::Budget;
use crate::budget::limiter::Limiter;
use crate::client::{Client, Shared};
use crate::credentials::Credentials;
use crate::discovery::token_url;
use crate::error::Error;
use crate::http::Http;
use crate::settings::Settings;
use crate::site::Site;

/// Settings of a [`Client`]. Only the site and the credentials have no default.
#[derive(Clone, Debug)]
pub struct ClientBuilder {
    site: Site,
    credentials: Credentials,
    auth_url: Option<String>,
    tenant: Option<String>,
    scope: String,
    budget: Option<Budget>,
    already_used: u32,
    timeout: Duration,
    user_agent: String,
}

impl ClientBuilder {
    pub(crate) fn new(site: Site, credentials: Credentials) -> Self {
        Self {
            site,
            credentials,
            auth_url: None,
            tenant: None,
            scope: "all".to_owned(),
            budget: None,
            already_used: 0,
            timeout: Duration::from_mins(1),
            user_agent: concat!("halopsa-rs/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// Sets the "Authorization Server", for sites where it is on another host. Otherwise the site is asked for it.
    #[must_use]
    pub fn auth_url(mut self, address: impl Into<String>) -> Self {
        self.auth_url = Some(address.into());
        self
    }

    /// Sets the "Tenant" to name when asking for a token; empty for none. Otherwise the site is asked for it.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Sets the scope to ask for: `all` (the default), `all:standard`, or narrow ones separated by blanks, such as
    /// `read:tickets edit:tickets read:customers`.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Sets the budget. HaloPSA's own word on its limit then lowers it, but doesn't raise it.
    #[must_use]
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Counts requests that an earlier process sent within the window, so that a restart doesn't exceed it.
    #[must_use]
    pub fn already_used(mut self, requests: u32) -> Self {
        self.already_used = requests;
        self
    }

    /// Sets how long one request may take, answer included. Waiting for the budget doesn't count. Default: 60 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the `User-Agent` header.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Makes the client. Nothing is read, resolved or sent before its first request.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if a setting can't work.
    pub fn build(self) -> Result<Client, Error> {
        Ok(Client::new(self.assemble()?))
    }

    #[cfg(test)]
    pub(crate) fn build_with(self, script: crate::http::script::Script) -> Client {
        let mut shared = self.assemble().unwrap();
        shared.http.script = Some(script);
        Client::new(shared)
    }

    fn assemble(self) -> Result<Shared, Error> {
        let settings = |problem: String| Error::Invalid { problem };
        let budget = self.budget.unwrap_or_default();
        budget.check().map_err(settings)?;
        if self.timeout.is_zero() {
            return Err(settings("the timeout is zero".to_owned()));
        }
        if self.scope.trim().is_empty() {
            return Err(settings("the scope is empty".to_owned()));
        }
        if self.user_agent.chars().any(|c| c.is_control() || !c.is_ascii()) {
            return Err(settings("the user agent holds characters that a header can't".to_owned()));
        }
        let endpoint = match &self.auth_url {
            None => None,
            Some(address) => Some(token_url(address, &self.site).ok_or_else(|| {
                settings(format!("`{address}` is not an https address of an authorisation server"))
            })?),
        };
        Ok(Shared {
            http: Http::new(self.timeout, self.user_agent),
            limiter: Arc::new(Limiter::new(budget, self.budget.is_some(), self.already_used)),
            tokens: TokenCache::default(),
            discovery: OnceCell::new(),
            settings: Settings {
                site: self.site,
                token_url: endpoint,
                tenant: self.tenant,
                scope: self.scope.split_whitespace().collect::<Vec<_>>().join(" "),
            },
            credentials: self.credentials,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_refused(change: impl FnOnce(ClientBuilder) -> ClientBuilder, problem: &str) {
        let site = Site::parse("acme.halopsa.com").unwrap();
        let builder = change(Client::builder(site, Credentials::new("id-1", "secret-1")));
        assert_eq!(builder.build().unwrap_err().to_string(), problem);
    }

    #[test]
    fn settings_that_cannot_work_are_refused_before_anything_is_sent() {
        check_refused(|b| b.budget(Budget::per_five_minutes(0)), "the budget allows no requests");
        check_refused(
            |b| b.budget(Budget { reserve: 1.0, ..Budget::default() }),
            "the budget's reserve is 1, not between 0 and 0.9",
        );
        check_refused(|b| b.timeout(Duration::ZERO), "the timeout is zero");
        check_refused(|b| b.scope(" "), "the scope is empty");
        check_refused(|b| b.user_agent("a\nb"), "the user agent holds characters that a header can't");
        check_refused(
            |b| b.auth_url("http://acme.halopsa.com/auth"),
            "`http://acme.halopsa.com/auth` is not an https address of an authorisation server",
        );
    }

    #[test]
    fn printing_a_client_shows_no_secret() {
        let site = Site::parse("acme.halopsa.com").unwrap();
        let client = Client::builder(site, Credentials::new("id-1", "secret-1")).build().unwrap();
        let shown = format!("{client:?}");
        assert!(!shown.contains("secret-1") && !shown.contains("id-1"), "{shown}");
    }
}
