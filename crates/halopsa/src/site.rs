//! Where a HaloPSA install lives.
//!
//! People paste whatever address they have: the host, the page they log in at, the "Resource Server URL"
//! or the "Authorization Server" from Configuration > Integrations > HaloPSA API. All of them name the
//! same site, so all of them are taken. Finding the token endpoint is [`crate::Discovery`]'s job.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// One HaloPSA install, hosted or self-hosted.
///
/// ```
/// # fn main() -> Result<(), halopsa::SiteError> {
/// let site = halopsa::Site::parse("https://acme.halopsa.com/api/")?;
/// assert_eq!(site.to_string(), "acme.halopsa.com");
/// assert_eq!(site.api_base().as_str(), "https://acme.halopsa.com/api");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// The site's root: no trailing slash in its path, no query, no fragment.
    root: Url,
    api: Url,
}

impl Site {
    /// Reads an address as people paste it: with or without `https://`, `/api`, `/auth` or a last slash.
    ///
    /// Plain `http` is taken for loopback addresses only, because the client secret travels on it.
    ///
    /// # Errors
    ///
    /// [`SiteError`] says what is wrong with the address; [`SiteError::hint`] what to write instead.
    pub fn parse(address: &str) -> Result<Self, SiteError> {
        let typed = address.trim();
        if typed.is_empty() {
            return Err(SiteError::Empty);
        }
        let with_scheme = typed.contains("://");
        let full = if with_scheme { typed.to_owned() } else { format!("https://{typed}") };
        let mut root = Url::parse(&full).map_err(|problem| SiteError::NotAnAddress {
            address: typed.to_owned(),
            problem: problem.to_string(),
        })?;

        if !root.username().is_empty() || root.password().is_some() {
            return Err(SiteError::HoldsLogin);
        }
        if !secure_enough(&root) {
            return Err(match root.scheme() {
                "http" => SiteError::PlainHttp { address: typed.to_owned() },
                scheme => SiteError::NotHttp { scheme: scheme.to_owned() },
            });
        }
        let host = root.host_str().unwrap_or_default();
        if host.is_empty() {
            return Err(SiteError::NotAnAddress { address: typed.to_owned(), problem: "no host".to_owned() });
        }
        if !with_scheme && !host.contains(['.', ':']) && host != "localhost" {
            return Err(SiteError::TenantOnly { tenant: host.to_owned() });
        }

        root.set_query(None);
        root.set_fragment(None);
        let path = site_path(root.path());
        root.set_path(&path);
        let mut api = root.clone();
        api.set_path(&format!("{path}/api"));
        Ok(Self { root, api })
    }

    /// The host, with its port when it isn't the usual one: `acme.halopsa.com`, `127.0.0.1:8080`.
    pub fn host(&self) -> String {
        let host = self.root.host_str().unwrap_or_default();
        match self.root.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// What every path of the API is under (the "Resource Server URL"), without a last slash.
    pub fn api_base(&self) -> &Url {
        &self.api
    }

    /// Where tokens come from unless HaloPSA or a setting says otherwise: `{site}/auth/token`.
    pub(crate) fn default_token_url(&self) -> Url {
        let mut url = self.root.clone();
        url.set_path(&format!("{}/auth/token", self.root.path().trim_end_matches('/')));
        url
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.host(), self.root.path().trim_end_matches('/'))
    }
}

impl FromStr for Site {
    type Err = SiteError;

    fn from_str(address: &str) -> Result<Self, SiteError> {
        Self::parse(address)
    }
}

/// True for `https`, and for `http` that never leaves this machine.
pub(crate) fn secure_enough(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        },
        _ => false,
    }
}

/// The part of a path that belongs to the site: what stands before `/api` or `/auth`.
fn site_path(path: &str) -> String {
    let mut kept = String::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        if segment.eq_ignore_ascii_case("api") || segment.eq_ignore_ascii_case("auth") {
            break;
        }
        kept.push('/');
        kept.push_str(segment);
    }
    kept
}

/// Why an address doesn't name a HaloPSA site.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// Nothing was given.
    #[error("the HaloPSA address is empty")]
    Empty,
    /// It can't be read as an address.
    #[error("`{address}` is not an address: {problem}")]
    NotAnAddress {
        /// What was given.
        address: String,
        /// What is wrong with it.
        problem: String,
    },
    /// It holds a user name or password, which would end up in logs.
    #[error("the HaloPSA address holds a user name or password")]
    HoldsLogin,
    /// It would send the client secret unencrypted over a network.
    #[error("`{address}` would send the client secret unencrypted")]
    PlainHttp {
        /// What was given.
        address: String,
    },
    /// It isn't a web address.
    #[error("a HaloPSA address starts with `https://`, not `{scheme}:`")]
    NotHttp {
        /// What it starts with.
        scheme: String,
    },
    /// It is the tenant's name alone.
    #[error("`{tenant}` is not a whole host name")]
    TenantOnly {
        /// What was given.
        tenant: String,
    },
}

impl SiteError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Empty | Self::NotAnAddress { .. } | Self::NotHttp { .. } => {
                "write the address you log in at, such as `acme.halopsa.com`".to_owned()
            }
            Self::HoldsLogin => "leave out what stands before `@`".to_owned(),
            Self::PlainHttp { .. } => "use `https://`; plain `http://` is for this machine only".to_owned(),
            Self::TenantOnly { tenant } => {
                format!(
                    "write the whole host, such as `{tenant}.halopsa.com`, or `https://{tenant}` if it has no more"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_site(address: &str, shown: &str, api: &str) {
        let site = Site::parse(address).unwrap();
        assert_eq!((site.to_string().as_str(), site.api_base().as_str()), (shown, api), "{address}");
    }

    #[test]
    fn every_address_people_paste_names_the_same_site() {
        for address in [
            "acme.halopsa.com",
            " acme.halopsa.com ",
            "acme.halopsa.com/",
            "ACME.HaloPSA.com",
            "https://acme.halopsa.com",
            "https://acme.halopsa.com/",
            "https://acme.halopsa.com/api",
            "https://acme.halopsa.com/api/",
            "https://acme.halopsa.com/API",
            "acme.halopsa.com/auth",
            "https://acme.halopsa.com/auth/token",
            "https://acme.halopsa.com/auth/token?tenant=acme",
            "https://acme.halopsa.com:443/api/Tickets#top",
        ] {
            check_site(address, "acme.halopsa.com", "https://acme.halopsa.com/api");
        }
    }

    #[test]
    fn a_self_hosted_site_keeps_its_port_and_path() {
        check_site(
            "https://help.example.com/halo/api/",
            "help.example.com/halo",
            "https://help.example.com/halo/api",
        );
        check_site("help.example.com:8443", "help.example.com:8443", "https://help.example.com:8443/api");
        check_site("https://halo", "halo", "https://halo/api");
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        check_site("http://127.0.0.1:4010", "127.0.0.1:4010", "http://127.0.0.1:4010/api");
        check_site("http://localhost:4010/api", "localhost:4010", "http://localhost:4010/api");
        check_site("http://[::1]:4010", "[::1]:4010", "http://[::1]:4010/api");
        let refused = Site::parse("http://acme.halopsa.com").unwrap_err();
        assert_eq!(refused.to_string(), "`http://acme.halopsa.com` would send the client secret unencrypted");
        assert_eq!(refused.hint(), "use `https://`; plain `http://` is for this machine only");
    }

    #[test]
    fn what_is_no_site_says_so() {
        let said = |address: &str| Site::parse(address).unwrap_err().to_string();
        assert_eq!(said("  "), "the HaloPSA address is empty");
        assert_eq!(said("acme"), "`acme` is not a whole host name");
        assert_eq!(said("ftp://acme.halopsa.com"), "a HaloPSA address starts with `https://`, not `ftp:`");
        assert_eq!(
            said("https://me:pw@acme.halopsa.com"),
            "the HaloPSA address holds a user name or password"
        );
        assert_eq!(said("https://"), "`https://` is not an address: empty host");
    }
}
