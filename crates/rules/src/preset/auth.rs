//! What a vendor can do to prove who it is, as its preset says: a source then needs to say its secret only.

use super::hmac::RawHmac;
use crate::fields::{Fields, suggestion};
use crate::finding::{Finding, Findings, SourceFile};
use crate::path::Path;
use crate::yaml::{Node, NodeKind};

/// A way to prove who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuthWay {
    /// A token as the last part of the URL.
    UrlToken,
    /// `Authorization: Bearer …`.
    Bearer,
    /// A header of its own.
    Header,
    /// A parameter of the URL.
    Query,
    /// HTTP basic authentication.
    Basic,
    /// An HMAC of the body.
    Hmac,
    /// The signature of AWS SNS.
    Sns,
    /// A secret inside the body.
    Body,
    /// A client certificate that a proxy has verified.
    ClientCert,
}

impl AuthWay {
    /// All ways with the names that files call them by.
    pub const ALL: [(&'static str, Self); 9] = [
        ("url_token", Self::UrlToken),
        ("bearer", Self::Bearer),
        ("header", Self::Header),
        ("query", Self::Query),
        ("basic", Self::Basic),
        ("hmac", Self::Hmac),
        ("sns", Self::Sns),
        ("body", Self::Body),
        ("client_cert", Self::ClientCert),
    ];

    /// The name that files call it by.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, way)| *way == self).map_or("", |(name, _)| name)
    }
}

/// What a vendor can do to prove who it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VendorAuth {
    /// The ways, best first; none where the preset says nothing about it.
    pub ways: Vec<AuthWay>,
    /// How it signs.
    pub hmac: RawHmac,
    /// The header that holds its token.
    pub header: Option<String>,
    /// The parameter of the URL that holds its token.
    pub query: Option<String>,
    /// The parameter of the URL that may hold what else is sent as bearer.
    pub bearer_query: Option<String>,
    /// Where in the body its secret stands.
    pub body: Option<Path>,
    /// Whose its client certificate is: `CN=app.netdata.cloud`.
    pub subject: Option<String>,
}

impl VendorAuth {
    /// Decodes the `auth` of a preset: a map of ways, best first, each with what is the vendor's own about it.
    pub(super) fn decode(file: &SourceFile, node: &Node, findings: &mut Findings) -> Self {
        let mut auth = Self::default();
        let NodeKind::Map(entries) = &node.kind else {
            findings.push(
                Finding::error("HW010", "`auth` of a preset must be a map of ways to prove who it is")
                    .at(file.place(node.span)),
            );
            return auth;
        };
        for (key, value) in entries {
            let Some((name, way)) = AuthWay::ALL.iter().find(|(name, _)| *name == key.text) else {
                let names = AuthWay::ALL.map(|(name, _)| name);
                let help = suggestion(&key.text, names).map_or_else(
                    || format!("`auth` knows {}", crate::fields::list(&names)),
                    |near| format!("did you mean `{near}`?"),
                );
                let finding = Finding::error("HW012", format!("unknown field `{}`", key.text));
                findings.push(finding.at(file.place(key.span)).help(help));
                continue;
            };
            let what = format!("`{name}`");
            let Some(mut fields) = Fields::of(file, value, &what, findings) else { continue };
            match way {
                AuthWay::Hmac => auth.hmac = RawHmac::take(&mut fields, findings),
                AuthWay::Header => auth.header = fields.text("name", findings),
                AuthWay::Query => auth.query = fields.text("name", findings),
                AuthWay::Bearer => auth.bearer_query = fields.text("query", findings),
                AuthWay::Body => auth.body = path(&mut fields, findings),
                AuthWay::ClientCert => auth.subject = fields.text("subject", findings),
                AuthWay::UrlToken | AuthWay::Basic | AuthWay::Sns => {}
            }
            fields.finish(findings);
            auth.ways.push(*way);
        }
        auth
    }
}

fn path(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Path> {
    let node = fields.need("path", findings)?;
    let text = crate::fields::scalar_text(node).unwrap_or_default();
    match Path::parse(&text) {
        Ok(path) if !path.is_many() => Some(path),
        Ok(_) => {
            let finding = Finding::error("HW101", format!("`{text}` stands for many values"));
            findings.push(finding.at(fields.file().place(node.span)));
            None
        }
        Err(error) => {
            let finding = Finding::error("HW101", error.to_string());
            findings.push(finding.at(fields.file().place(node.span)));
            None
        }
    }
}

/// The paths of `remove`: what carries secrets and must never be kept.
pub(super) fn removed(fields: &mut Fields<'_>, findings: &mut Findings) -> Vec<Path> {
    let file = fields.file();
    let mut paths = Vec::new();
    for (text, node) in fields.texts("remove", findings) {
        match Path::parse(&text) {
            Ok(path) => paths.push(path),
            Err(error) => {
                findings.push(Finding::error("HW101", error.to_string()).at(file.place(node.span)));
            }
        }
    }
    paths
}
