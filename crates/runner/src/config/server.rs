//! `server`: where it listens, what it believes of proxies, and its certificate.

use std::net::SocketAddr;
use std::path::PathBuf;

use haloward_rules::{Fields, Finding, Findings, Node, SourceFile};

use super::decode::{bytes, scalar};
use super::secret::SecretRef;
use super::{Config, Networks, PublicUrl};

/// Which proxies are believed, and in which header they say whom they speak for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// Their networks.
    pub trusted: Networks,
    /// The header.
    pub header: ClientHeader,
}

/// The header in which a proxy says whom it speaks for. Only one counts: a proxy that writes the one lets the other
/// pass as the sender wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientHeader {
    /// `X-Forwarded-For: client, proxy`.
    #[default]
    XForwardedFor,
    /// `Forwarded: for=client;proto=https`.
    Forwarded,
}

/// The names of those headers.
pub(super) const CLIENT_HEADERS: [(&str, ClientHeader); 2] =
    [("x-forwarded-for", ClientHeader::XForwardedFor), ("forwarded", ClientHeader::Forwarded)];

/// Where the certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, with those that lead to its authority.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Config {
    /// Decodes `server`.
    pub(super) fn server(&mut self, file: &SourceFile, node: &Node, findings: &mut Findings) {
        let Some(mut fields) = Fields::of(file, node, "`server`", findings) else { return };
        if let Some(listen) = address(&mut fields, "listen", findings) {
            self.listen = listen;
        }
        let place = fields.take("hooks_listen").map(|node| file.place(node.span));
        self.hooks_listen = address(&mut fields, "hooks_listen", findings);
        if let (Some(place), Some(hooks)) = (place, self.hooks_listen)
            && hooks == self.listen
            && hooks.port() != 0
        {
            findings.push(
                Finding::error("HW199", "`hooks_listen` is the address of `listen`, and no door of its own")
                    .at(place)
                    .help("give it another port, or leave it out: `listen` takes hooks too"),
            );
        }
        if let Some(node) = fields.take("tls") {
            self.tls = tls(file, node, &self.dir, findings);
        }
        self.proxies.trusted = Networks::take(&mut fields, "trusted_proxies", findings);
        self.proxies.header = fields.choice("client_header", &CLIENT_HEADERS, findings).unwrap_or_default();
        self.public_url = fields.take("public_url").and_then(|node| PublicUrl::decode(file, node, findings));
        if let Some(node) = fields.take("token") {
            self.token = SecretRef::decode(file, node, &self.dir, findings);
        }
        if let Some(node) = fields.take("max_body") {
            match scalar(node).as_deref().and_then(size) {
                Some(bytes) => self.max_body = bytes,
                None => findings.push(
                    Finding::error(
                        "HW089",
                        "`max_body` must be a size such as `512KiB` or `2MiB`, at most `32MiB`",
                    )
                    .at(file.place(node.span)),
                ),
            }
        }
        fields.finish(findings);
        self.server_place = Some(file.place(node.span));
    }

    /// Where hooks are taken.
    pub(super) fn hook_doors(&self) -> impl Iterator<Item = SocketAddr> {
        std::iter::once(self.listen).chain(self.hooks_listen)
    }
}

fn address(fields: &mut Fields<'_>, key: &'static str, findings: &mut Findings) -> Option<SocketAddr> {
    let node = fields.take(key)?;
    let listen = scalar(node).and_then(|text| text.parse::<SocketAddr>().ok());
    if listen.is_none() {
        findings.push(
            Finding::error(
                "HW088",
                format!("`{key}` must be an address and a port such as `127.0.0.1:8080`"),
            )
            .at(fields.file().place(node.span)),
        );
    }
    listen
}

fn tls(file: &SourceFile, node: &Node, dir: &std::path::Path, findings: &mut Findings) -> Option<TlsFiles> {
    let mut fields = Fields::of(file, node, "`tls`", findings)?;
    let mut path = |key| {
        let text = fields.need(key, findings).and_then(scalar)?;
        Some(dir.join(text.strip_prefix("file:").unwrap_or(&text).trim()))
    };
    let files = path("cert").zip(path("key")).map(|(cert, key)| TlsFiles { cert, key });
    fields.finish(findings);
    let files = files?;
    if let Err(error) = crate::server::certificate(&files) {
        findings.push(Finding::error("HW197", error.to_string()).at(file.place(node.span)).help(
            "`cert` and `key` name PEM files: the certificate with those that lead to its authority, and its key without a password",
        ));
    }
    Some(files)
}

fn size(text: &str) -> Option<usize> {
    bytes(text)
        .and_then(|bytes| usize::try_from(bytes).ok())
        .filter(|bytes| (1..=32 * 1024 * 1024).contains(bytes))
}
