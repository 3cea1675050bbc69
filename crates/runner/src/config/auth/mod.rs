//! How a source proves who it is. What its preset knows of the vendor need not be said again.

mod client_cert;
mod ways;

pub use client_cert::{ClientCert, Expected};

use haloward_rules::{AuthWay, Fields, Finding, Findings, HmacScheme, Node, NodeKind, Path, SourceFile};

use super::secret::SecretRef;
use super::source::Beside;

/// How a source proves who it is. Where there are several secrets, each of them does: one is on its way out.
#[derive(Debug, Clone)]
pub enum Auth {
    /// It does not; only for loopback or listed networks.
    None,
    /// A token as the last part of the URL.
    UrlToken(Vec<SecretRef>),
    /// `Authorization: Bearer …`.
    Bearer {
        /// The tokens.
        tokens: Vec<SecretRef>,
        /// The parameter of the URL that may hold it instead.
        query: Option<String>,
    },
    /// A header of its own.
    Header {
        /// Its name.
        name: String,
        /// Its values.
        values: Vec<SecretRef>,
    },
    /// A parameter of the URL.
    Query {
        /// Its name.
        name: String,
        /// Its values.
        values: Vec<SecretRef>,
    },
    /// HTTP basic authentication.
    Basic {
        /// The user.
        user: String,
        /// The passwords.
        passwords: Vec<SecretRef>,
    },
    /// An HMAC of the body, in a header.
    Hmac {
        /// How it is made.
        scheme: HmacScheme,
        /// The keys.
        secrets: Vec<SecretRef>,
    },
    /// A secret inside the body.
    Body {
        /// Where it stands.
        path: Path,
        /// The secrets.
        secrets: Vec<SecretRef>,
    },
    /// The signature of AWS SNS.
    Sns {
        /// The topics whose messages are taken.
        topics: Vec<String>,
    },
    /// A client certificate that a trusted proxy has verified.
    ClientCert(ClientCert),
}

impl Auth {
    /// Decodes the `auth` of a source.
    pub(super) fn decode(
        file: &SourceFile,
        node: &Node,
        vendor: &haloward_rules::VendorAuth,
        beside: &Beside<'_>,
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
        let mut found = Vec::new();
        for (name, way) in AuthWay::ALL {
            if let Some(node) = fields.take(name) {
                let decoder = ways::Decoder { file, node, vendor, dir: beside.dir };
                found.push(decoder.decode(way, findings));
            }
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
        found.pop().flatten()
    }

    /// The way; nothing where anybody may send.
    pub fn way(&self) -> Option<AuthWay> {
        Some(match self {
            Self::None => return None,
            Self::UrlToken(_) => AuthWay::UrlToken,
            Self::Bearer { .. } => AuthWay::Bearer,
            Self::Header { .. } => AuthWay::Header,
            Self::Query { .. } => AuthWay::Query,
            Self::Basic { .. } => AuthWay::Basic,
            Self::Hmac { .. } => AuthWay::Hmac,
            Self::Body { .. } => AuthWay::Body,
            Self::Sns { .. } => AuthWay::Sns,
            Self::ClientCert(_) => AuthWay::ClientCert,
        })
    }

    /// The name of the way, as files write it.
    pub fn name(&self) -> &'static str {
        self.way().map_or("none", AuthWay::name)
    }

    /// The secrets that prove it.
    pub fn secrets(&self) -> &[SecretRef] {
        match self {
            Self::None | Self::Sns { .. } | Self::ClientCert(_) => &[],
            Self::UrlToken(secrets)
            | Self::Bearer { tokens: secrets, .. }
            | Self::Header { values: secrets, .. }
            | Self::Query { values: secrets, .. }
            | Self::Basic { passwords: secrets, .. }
            | Self::Hmac { secrets, .. }
            | Self::Body { secrets, .. } => secrets,
        }
    }

    /// Whether the secret is part of the URL.
    pub fn is_in_url(&self) -> bool {
        matches!(self, Self::UrlToken(_) | Self::Query { .. })
    }

    /// Whether whoever listens on the way could use what is sent to send as well.
    pub(super) fn travels(&self) -> bool {
        !matches!(self, Self::None | Self::Hmac { .. } | Self::Sns { .. } | Self::ClientCert(_))
    }
}
