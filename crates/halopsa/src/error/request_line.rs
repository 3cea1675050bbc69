//! A request as it may be shown: method and path, nothing secret.

use std::fmt;

use ::http::Method;

/// The method and path of a request. Its query, headers and body are left out: they may hold names and secrets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RequestLine {
    /// The HTTP method.
    pub method: Method,
    /// The path beneath the API's root, such as `/Tickets`.
    pub path: String,
}

impl RequestLine {
    pub(crate) fn new(method: Method, path: &str) -> Self {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Self { method, path }
    }

    /// True for requests that change nothing and may be repeated at will.
    pub fn is_read(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }

    /// The first part of the path, in lower case: which kind of record it is about.
    pub(crate) fn resource(&self) -> String {
        self.path.split('/').find(|part| !part.is_empty()).unwrap_or_default().to_ascii_lowercase()
    }
}

impl fmt::Display for RequestLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
