//! What a client was told about its HaloPSA, checked and complete.

use url::Url;

use crate::site::Site;

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) site: Site,
    /// The token endpoint, if it was set rather than left to be found.
    pub(crate) token_url: Option<Url>,
    /// The tenant: `None` if it is to be found, empty if there is none.
    pub(crate) tenant: Option<String>,
    pub(crate) scope: String,
}

impl Settings {
    /// The address of a path beneath the API's root.
    pub(crate) fn url(&self, path: &str) -> Result<Url, String> {
        let base = self.site.api_base();
        let full = format!("{}/{}", base.as_str().trim_end_matches('/'), path.trim_start_matches('/'));
        let url = Url::parse(&full).map_err(|problem| format!("`{path}` is not a path: {problem}"))?;
        // `..` must not lead the token to another part of the server.
        let inside = url.path().strip_prefix(base.path()).is_some_and(|rest| rest.starts_with('/'));
        if url.origin() != base.origin() || !inside {
            return Err(format!("`{path}` leads out of the API"));
        }
        Ok(url)
    }
}
