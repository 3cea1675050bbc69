//! Each way to prove who it is, from its node: short where the preset knows the rest, a map where it does not.

use std::path::Path as Dir;

use haloward_rules::{
    AuthWay, Fields, Finding, Findings, Node, NodeKind, Path, RawHmac, SourceFile, VendorAuth,
};

use super::{Auth, ClientCert};
use crate::config::decode::{scalar, words};
use crate::config::secret::SecretRef;

/// What one way is decoded from.
pub(super) struct Decoder<'a> {
    pub(super) file: &'a SourceFile,
    pub(super) node: &'a Node,
    /// What the preset knows.
    pub(super) vendor: &'a VendorAuth,
    /// The folder of the configuration.
    pub(super) dir: &'a Dir,
}

impl<'a> Decoder<'a> {
    pub(super) fn decode(&self, way: AuthWay, findings: &mut Findings) -> Option<Auth> {
        match way {
            AuthWay::UrlToken => self.secrets(self.node, findings).map(Auth::UrlToken),
            AuthWay::Bearer => self
                .secrets(self.node, findings)
                .map(|tokens| Auth::Bearer { tokens, query: self.vendor.bearer_query.clone() }),
            AuthWay::Header => self
                .named("`header`", self.vendor.header.as_ref(), findings)
                .map(|(name, values)| Auth::Header { name, values }),
            AuthWay::Query => self
                .named("`query`", self.vendor.query.as_ref(), findings)
                .map(|(name, values)| Auth::Query { name, values }),
            AuthWay::Basic => self.basic(findings),
            AuthWay::Hmac => self.hmac(findings),
            AuthWay::Body => self.body(findings),
            AuthWay::Sns => self.sns(findings),
            AuthWay::ClientCert => {
                let subject = self.vendor.subject.as_deref();
                ClientCert::decode(self.file, self.node, subject, findings).map(Auth::ClientCert)
            }
        }
    }

    fn secrets(&self, node: &Node, findings: &mut Findings) -> Option<Vec<SecretRef>> {
        SecretRef::decode_all(self.file, node, self.dir, findings)
    }

    fn fields(&self, what: &'a str, findings: &mut Findings) -> Option<Fields<'a>> {
        Fields::of(self.file, self.node, what, findings)
    }

    /// A secret under a name; the secret alone where the preset says the name.
    fn named(
        &self,
        what: &'a str,
        known: Option<&String>,
        findings: &mut Findings,
    ) -> Option<(String, Vec<SecretRef>)> {
        if let (false, Some(name)) = (matches!(self.node.kind, NodeKind::Map(_)), known) {
            return Some((name.clone(), self.secrets(self.node, findings)?));
        }
        let mut fields = self.fields(what, findings)?;
        let name = match known {
            Some(known) => fields.text("name", findings).or_else(|| Some(known.clone())),
            None => fields.need("name", findings).and_then(scalar),
        };
        let values = fields.need("value", findings).and_then(|node| self.secrets(node, findings));
        fields.finish(findings);
        name.filter(|name| !name.trim().is_empty()).zip(values)
    }

    fn basic(&self, findings: &mut Findings) -> Option<Auth> {
        let mut fields = self.fields("`basic`", findings)?;
        let user = fields.need("user", findings).and_then(scalar);
        let passwords = fields.need("password", findings).and_then(|node| self.secrets(node, findings));
        fields.finish(findings);
        user.zip(passwords).map(|(user, passwords)| Auth::Basic { user, passwords })
    }

    fn hmac(&self, findings: &mut Findings) -> Option<Auth> {
        let (own, secrets) = if matches!(self.node.kind, NodeKind::Map(_)) {
            let mut fields = self.fields("`hmac`", findings)?;
            let secrets = fields.need("secret", findings).and_then(|node| self.secrets(node, findings));
            let own = RawHmac::take(&mut fields, findings);
            fields.finish(findings);
            (own, secrets)
        } else {
            (RawHmac::default(), self.secrets(self.node, findings))
        };
        let literal = |secrets: &Vec<SecretRef>| secrets.iter().any(|s| matches!(s, SecretRef::Literal(_)));
        let place = if secrets.as_ref().is_some_and(literal) {
            self.file.secret_place(self.node.span)
        } else {
            self.file.place(self.node.span)
        };
        let scheme = own.complete(&self.vendor.hmac, &place, findings);
        scheme.zip(secrets).map(|(scheme, secrets)| Auth::Hmac { scheme, secrets })
    }

    fn body(&self, findings: &mut Findings) -> Option<Auth> {
        if let (false, Some(path)) = (matches!(self.node.kind, NodeKind::Map(_)), &self.vendor.body) {
            let secrets = self.secrets(self.node, findings)?;
            return Some(Auth::Body { path: path.clone(), secrets });
        }
        let mut fields = self.fields("`body`", findings)?;
        let path = match fields.take("path") {
            Some(node) => self.path(node, findings),
            None if self.vendor.body.is_some() => self.vendor.body.clone(),
            None => fields.need("path", findings).and(None),
        };
        let secrets = fields.need("secret", findings).and_then(|node| self.secrets(node, findings));
        fields.finish(findings);
        path.zip(secrets).map(|(path, secrets)| Auth::Body { path, secrets })
    }

    fn path(&self, node: &Node, findings: &mut Findings) -> Option<Path> {
        let text = scalar(node).unwrap_or_default();
        let problem = match Path::parse(&text) {
            Ok(path) if !path.is_many() => return Some(path),
            Ok(_) => format!("`{text}` stands for many values"),
            Err(error) => error.to_string(),
        };
        findings.push(Finding::error("HW101", problem).at(self.file.place(node.span)));
        None
    }

    fn sns(&self, findings: &mut Findings) -> Option<Auth> {
        let node = if matches!(self.node.kind, NodeKind::Map(_)) {
            let mut fields = self.fields("`sns`", findings)?;
            let topics = fields.need("topics", findings);
            fields.finish(findings);
            topics?
        } else {
            self.node
        };
        let topics = words(node);
        let wrong = topics.iter().find(|topic| !is_topic(topic));
        if topics.is_empty() || wrong.is_some() {
            let message = match wrong {
                Some(topic) => format!("`{topic}` is not the ARN of an SNS topic"),
                None => "`sns` names no topic: AWS signs messages of every customer's topics".to_owned(),
            };
            findings.push(Finding::error("HW198", message).at(self.file.place(node.span)).help(
                "write the topic's ARN as the AWS console shows it: `arn:aws:sns:eu-west-1:123456789012:alerts`",
            ));
            return None;
        }
        Some(Auth::Sns { topics })
    }
}

/// Whether it is `arn:aws:sns:REGION:ACCOUNT:NAME`, in any partition.
fn is_topic(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let [arn, partition, service, region, account, name] = parts.as_slice() else { return false };
    *arn == "arn"
        && partition.starts_with("aws")
        && *service == "sns"
        && !region.is_empty()
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
