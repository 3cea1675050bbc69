//! A client certificate: a proxy in front of us has verified it and says so in headers.

use haloward_rules::{Fields, Finding, Findings, Node, NodeKind, SourceFile};

use crate::config::decode::scalar;

/// What the proxy's headers must say about the sender's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCert {
    /// That it was verified: nginx says `SUCCESS`.
    pub verified: Option<Expected>,
    /// Whose it is.
    pub subject: Option<Expected>,
    /// Which one it is.
    pub fingerprint: Option<Expected>,
}

/// A header and what it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The header, in lower case.
    pub header: String,
    /// Any of these.
    pub is: Vec<String>,
}

/// What nginx, HAProxy's examples and Traefik's plug-ins say of a certificate they verified.
const VERIFIED: &str = "SUCCESS";

impl ClientCert {
    /// `vendor` is whose certificate the preset says it is; then a source names the proxy's header alone.
    pub(super) fn decode(
        file: &SourceFile,
        node: &Node,
        vendor: Option<&str>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let mut fields = Fields::of(file, node, "`client_cert`", findings)?;
        let mut expected = |name, default, findings: &mut Findings| {
            fields.take(name).map(|n| expected(file, n, default, findings))
        };
        let verified = expected("verified", Some(VERIFIED), findings);
        let subject = expected("subject", vendor, findings);
        let fingerprint = expected("fingerprint", None, findings);
        fields.finish(findings);
        if subject.is_none() && fingerprint.is_none() {
            let finding = Finding::error("HW011", "`client_cert` needs `subject` or `fingerprint`");
            findings.push(finding.at(file.place(node.span)).help(
                "an authority signs certificates for many: say whose is meant, `subject: { header: …, is: CN=… }`",
            ));
            return None;
        }
        if fingerprint.is_none() && verified.is_none() {
            let finding = Finding::error("HW011", "`client_cert` needs `verified` beside `subject`");
            findings.push(finding.at(file.place(node.span)).help(
                "anybody can make a certificate that says it is another's: name the header in which the proxy says that it verified it",
            ));
            return None;
        }
        let whole = |part: Option<Option<Expected>>| part.map_or(Some(None), |inner| inner.map(Some));
        Some(Self { verified: whole(verified)?, subject: whole(subject)?, fingerprint: whole(fingerprint)? })
    }
}

fn expected(
    file: &SourceFile,
    node: &Node,
    default: Option<&str>,
    findings: &mut Findings,
) -> Option<Expected> {
    if let (false, Some(is)) = (matches!(node.kind, NodeKind::Map(_)), default) {
        let header = scalar(node)?.to_lowercase();
        return Some(Expected { header, is: vec![is.to_owned()] });
    }
    let mut fields = Fields::of(file, node, "a certificate's header", findings)?;
    let header = fields.need("header", findings).and_then(scalar);
    let mut is: Vec<String> = fields.texts("is", findings).into_iter().map(|(text, _)| text).collect();
    if is.is_empty() {
        match default {
            Some(default) => is.push(default.to_owned()),
            None => drop(fields.need("is", findings)),
        }
    }
    fields.finish(findings);
    (!is.is_empty()).then_some(Expected { header: header?.to_lowercase(), is })
}
