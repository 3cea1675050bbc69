//! One request, read whole and bounded.

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::{HeaderMap, Request, body::Incoming};
use url::form_urlencoded;

use super::{Query, Reply};

/// A request with its body.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) raw_query: String,
    pub(crate) query: Query,
    pub(crate) body: Bytes,
    headers: HeaderMap,
}

impl Call {
    /// Reads a request; one that is too large or breaks off is answered here.
    pub(crate) async fn read(request: Request<Incoming>, max_body_bytes: usize) -> Result<Self, Reply> {
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, max_body_bytes).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return Err(Reply::text(413, "Request body too large."));
            }
            Err(_) => return Err(Reply::text(400, "The request body could not be read.")),
        };
        let raw_query = parts.uri.query().unwrap_or_default().to_owned();
        Ok(Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: Query::parse(&raw_query),
            raw_query,
            body,
            headers: parts.headers,
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The bearer token it brings.
    pub(crate) fn token(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The body as form fields.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// The path's parts in lower case, without empty ones.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path.split('/').filter(|part| !part.is_empty()).map(str::to_ascii_lowercase).collect()
    }

    /// The body as the request list keeps it: a client secret blanked, long ones cut.
    pub(crate) fn body_on_record(&self) -> String {
        // LIMIT: enough for any ticket a person would read; attachments are larger and kept elsewhere.
        const KEPT: usize = 256 * 1024;
        let is_form =
            self.header("content-type").is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"));
        if is_form {
            let fields = self.form().into_iter().map(|(name, value)| {
                let secret =
                    name.eq_ignore_ascii_case("client_secret") || name.eq_ignore_ascii_case("password");
                (name, if secret { "…".to_owned() } else { value })
            });
            return form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        }
        let kept = &self.body[..self.body.len().min(KEPT)];
        String::from_utf8_lossy(kept).into_owned()
    }
}
