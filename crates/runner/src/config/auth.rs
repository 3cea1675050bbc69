//! How a source proves who it is.

use std::path::Path;

use haloward_rules::{Fields, Finding, Findings, Node, NodeKind, SourceFile};

use super::secret::SecretRef;

/// How a source proves who it is.
#[derive(Debug, Clone)]
pub enum Auth {
    /// It does not; only for loopback or listed networks.
    None,
    /// A token as the last part of the URL.
    UrlToken(SecretRef),
    /// `Authorization: Bearer …`.
    Bearer(SecretRef),
    /// A header of its own.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: SecretRef,
    },
    /// HTTP basic authentication.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: SecretRef,
    },
    /// HMAC-SHA256 of the raw body, in hex, in a header.
    Hmac {
        /// The header.
        header: String,
        /// The key.
        secret: SecretRef,
        /// What stands before the signature in the header.
        prefix: String,
    },
}

impl Auth {
    pub(super) fn decode(
        file: &SourceFile,
        node: &Node,
        dir: &Path,
        findings: &mut Findings,
    ) -> Option<Self> {
        if let NodeKind::Text(text) = &node.kind {
            if text == "none" {
                return Some(Self::None);
            }
            findings.push(
                Finding::error("HW084", format!("`auth` cannot be `{text}`"))
                    .at(file.place(node.span))
                    .help("write `auth: { bearer: env:NAME }`, another way to prove who it is, or `none`"),
            );
            return None;
        }
        let mut fields = Fields::of(file, node, "`auth`", findings)?;
        let secret = |node: Option<&Node>, findings: &mut Findings| {
            node.and_then(|node| SecretRef::decode(file, node, dir, findings))
        };
        let mut ways = Vec::new();
        ways.extend(secret(fields.take("url_token"), findings).map(Self::UrlToken));
        ways.extend(secret(fields.take("bearer"), findings).map(Self::Bearer));
        if let Some(mut inner) = fields.take("header").and_then(|n| Fields::of(file, n, "`header`", findings))
        {
            let name = inner.need("name", findings).and_then(super::decode::scalar);
            let value = secret(inner.need("value", findings), findings);
            inner.finish(findings);
            ways.extend(name.zip(value).map(|(name, value)| Self::Header { name, value }));
        }
        if let Some(mut inner) = fields.take("basic").and_then(|n| Fields::of(file, n, "`basic`", findings)) {
            let user = inner.need("user", findings).and_then(super::decode::scalar);
            let password = secret(inner.need("password", findings), findings);
            inner.finish(findings);
            ways.extend(user.zip(password).map(|(user, password)| Self::Basic { user, password }));
        }
        if let Some(mut inner) = fields.take("hmac").and_then(|n| Fields::of(file, n, "`hmac`", findings)) {
            let header = inner.need("header", findings).and_then(super::decode::scalar);
            let key = secret(inner.need("secret", findings), findings);
            let prefix = inner.text("prefix", findings).unwrap_or_default();
            inner.finish(findings);
            ways.extend(header.zip(key).map(|(header, secret)| Self::Hmac { header, secret, prefix }));
        }
        let asked = fields.entries().len();
        fields.finish(findings);
        if asked != 1 {
            findings.push(
                Finding::error("HW084", "`auth` must name one way to prove who it is")
                    .at(file.place(node.span)),
            );
            return None;
        }
        ways.pop()
    }

    /// The secret that proves it, where there is one.
    pub fn secret(&self) -> Option<&SecretRef> {
        match self {
            Self::None => None,
            Self::UrlToken(secret)
            | Self::Bearer(secret)
            | Self::Header { value: secret, .. }
            | Self::Basic { password: secret, .. }
            | Self::Hmac { secret, .. } => Some(secret),
        }
    }
}
