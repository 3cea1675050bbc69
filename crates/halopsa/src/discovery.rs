//! Finding where a site's tokens come from.
//!
//! The site itself says so at `/api/authinfo`, without a token. Where it doesn't, the usual place is tried. What was
//! set by hand is never overruled, and then nothing is asked.

use std::sync::Arc;

use ::http::Method;
use serde_json::{Map, Value};
use url::Url;

use crate::budget::limiter::Limiter;
use crate::error::{Error, RequestLine};
use crate::http::{Http, unreachable};
use crate::priority::Priority;
use crate::retry::Backoff;
use crate::settings::Settings;
use crate::site::{Site, secure_enough};

/// Where tokens come from, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Discovery {
    /// The token endpoint.
    pub token_url: Url,
    /// The tenant to name there; hosted sites want it, self-hosted ones have none.
    pub tenant: Option<String>,
    /// How the endpoint was found.
    pub found: Found,
}

/// How the token endpoint was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Found {
    /// It was set.
    Set,
    /// The site named it at `/api/authinfo`.
    Named,
    /// The site named none, so it is taken to be at `{site}/auth/token`.
    Assumed,
}

impl Discovery {
    /// The endpoint without a query, for messages.
    pub(crate) fn endpoint(&self) -> String {
        let mut shown = self.token_url.clone();
        shown.set_query(None);
        shown.to_string()
    }
}

/// Asks the site where its tokens come from.
pub(crate) async fn discover(
    http: &Http,
    limiter: &Arc<Limiter>,
    settings: &Settings,
) -> Result<Discovery, Error> {
    let set_tenant = settings.tenant.clone();
    if let (Some(token_url), Some(tenant)) = (&settings.token_url, &set_tenant) {
        return Ok(Discovery { token_url: token_url.clone(), tenant: given(tenant), found: Found::Set });
    }
    let named = ask(http, limiter, settings).await?;
    let tenant = set_tenant.or(named.tenant).as_deref().and_then(given);
    let (token_url, found) = match (&settings.token_url, named.token_url) {
        (Some(set), _) => (set.clone(), Found::Set),
        (None, Some(named)) => (named, Found::Named),
        (None, None) => (settings.site.default_token_url(), Found::Assumed),
    };
    Ok(Discovery { token_url, tenant, found })
}

#[derive(Default)]
struct Named {
    token_url: Option<Url>,
    tenant: Option<String>,
}

/// Asks until there is an answer. A site that can't be reached at all is told at once: whoever connects is waiting.
async fn ask(http: &Http, limiter: &Arc<Limiter>, settings: &Settings) -> Result<Named, Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        let error = match ask_once(http, limiter, settings).await {
            Ok(named) => return Ok(named),
            Err(error) => error,
        };
        let wait = Backoff::TROUBLE
            .after(tries, fastrand::f64())
            .filter(|_| error.is_retryable() && !matches!(error, Error::Unreachable { .. }));
        let Some(wait) = wait else { return Err(error) };
        tokio::time::sleep(wait).await;
    }
}

/// An answer that isn't the expected one counts as none: older and self-hosted sites have no such page. A failure that
/// may pass is an error all the same, so that a guess made in a bad moment isn't kept.
async fn ask_once(http: &Http, limiter: &Arc<Limiter>, settings: &Settings) -> Result<Named, Error> {
    let line = RequestLine::new(Method::GET, "/authinfo");
    let url = settings.url("authinfo").map_err(|problem| Error::Invalid { problem })?;
    let request = http.client()?.get(url).header("accept", "application/json").build();
    let request = request.map_err(|error| Error::Invalid { problem: error.without_url().to_string() })?;
    let mut slot = limiter.acquire(Priority::Urgent).await;
    slot.sending();
    match http.send(request).await {
        Ok(answer) if answer.is_success() => {
            let said: Option<Map<String, Value>> = serde_json::from_slice(&answer.body).ok();
            Ok(said.map(|said| read(&said, &settings.site)).unwrap_or_default())
        }
        Ok(answer) if matches!(answer.status, 429 | 502..=504) => {
            Err(Error::Refused { request: line, reply: Box::new(answer.into_reply()) })
        }
        Ok(_) => Ok(Named::default()),
        Err(failure) => {
            if failure.was_not_sent() {
                slot.not_sent();
            }
            let lost = || Error::Interrupted { request: line.clone(), problem: failure.to_string() };
            Err(unreachable(&failure, &line).unwrap_or_else(lost))
        }
    }
}

fn read(said: &Map<String, Value>, site: &Site) -> Named {
    let text = |name: &str| said.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let token_url = text("auth_url").and_then(|address| token_url(address, site));
    Named { token_url, tenant: text("tenant_id").map(str::to_owned) }
}

/// An authorisation server's address as a token endpoint; `None` if it can't be one.
///
/// It may be a whole address, with or without `/auth` or `/token`, or a path on the site.
pub(crate) fn token_url(address: &str, site: &Site) -> Option<Url> {
    let root = site.default_token_url();
    let address = address.trim();
    let mut url = if address.starts_with('/') || address.contains("://") {
        root.join(address).ok()?
    } else {
        Url::parse(&format!("https://{address}")).ok()?
    };
    // The client secret goes there, so it must not travel in the open.
    if !secure_enough(&url) || !url.username().is_empty() {
        return None;
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    let last = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let path = match last.as_str() {
        "token" => path,
        "" => "/auth/token".to_owned(),
        _ => format!("{path}/token"),
    };
    url.set_path(&path);
    Some(url)
}

fn given(tenant: &str) -> Option<String> {
    let tenant = tenant.trim();
    (!tenant.is_empty()).then(|| tenant.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_token_url(address: &str, expected: Option<&str>) {
        let site = Site::parse("acme.halopsa.com").unwrap();
        assert_eq!(token_url(address, &site).as_ref().map(Url::as_str), expected, "{address}");
    }

    #[test]
    fn an_authorisation_server_is_taken_in_every_form_it_is_shown_in() {
        check_token_url("https://acme.halopsa.com/auth", Some("https://acme.halopsa.com/auth/token"));
        check_token_url("https://acme.halopsa.com/auth/", Some("https://acme.halopsa.com/auth/token"));
        check_token_url("https://acme.halopsa.com/auth/token", Some("https://acme.halopsa.com/auth/token"));
        check_token_url("https://login.example.com", Some("https://login.example.com/auth/token"));
        check_token_url("login.example.com/auth", Some("https://login.example.com/auth/token"));
        check_token_url("/auth", Some("https://acme.halopsa.com/auth/token"));
    }

    #[test]
    fn an_authorisation_server_that_would_see_the_secret_in_the_open_is_not_taken() {
        check_token_url("http://acme.halopsa.com/auth", None);
        check_token_url("https://me@acme.halopsa.com/auth", None);
    }
}
