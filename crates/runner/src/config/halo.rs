//! The connection to one HaloPSA tenant.

use std::path::Path;
use std::time::Duration;

use halopsa::{Budget, Client, Credentials, Site};
use haloward_rules::{Fields, Finding, Findings, NameUse, Node, SourceFile};
use secrecy::ExposeSecret as _;

use super::secret::{SecretError, SecretRef};
use super::writing;
use crate::wire::MarkerPlace;

/// How a tenant is reached and what may be spent on it.
#[derive(Debug, Clone)]
pub struct HaloConfig {
    /// The address.
    pub site: Site,
    /// The application's id.
    pub client_id: SecretRef,
    /// The application's secret.
    pub client_secret: SecretRef,
    /// The authorization server, where it is not to be discovered.
    pub auth_url: Option<String>,
    /// The tenant's name, where it is not to be discovered.
    pub tenant: Option<String>,
    /// The scopes to ask for.
    pub scope: String,
    /// Requests to spend.
    pub budget: Budget,
    /// How many tickets one request may create.
    pub batch: usize,
    /// Where tickets carry our marker.
    pub marker: MarkerPlace,
    /// How often changed tickets are read back.
    pub track: Duration,
    /// How often the tenant's names are read again.
    pub catalogue: Duration,
    /// Whether HaloPSA's own ticket rules run on our tickets.
    pub ticket_rules: bool,
}

const TRACK: Duration = Duration::from_secs(60);

impl HaloConfig {
    pub(super) fn decode(
        file: &SourceFile,
        node: &Node,
        dir: &Path,
        names: &mut Vec<NameUse>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let mut fields = Fields::of(file, node, "`halo`", findings)?;
        let site = fields.need("url", findings).and_then(|node| {
            let text = super::decode::scalar(node).unwrap_or_default();
            Site::parse(&text)
                .map_err(|error| {
                    findings.push(
                        Finding::error("HW082", error.to_string())
                            .at(file.place(node.span))
                            .help(error.hint()),
                    );
                })
                .ok()
        });
        let client_id =
            fields.need("client_id", findings).and_then(|n| SecretRef::decode_id(file, n, dir, findings));
        let client_secret =
            fields.need("client_secret", findings).and_then(|n| SecretRef::decode(file, n, dir, findings));
        let auth_url = fields.text("auth_url", findings);
        let tenant = fields.text("tenant", findings);
        let scope = match fields.take("scope") {
            None => "all".to_owned(),
            Some(node) => super::decode::words(node).join(" "),
        };
        let budget =
            fields.take("budget").map_or_else(|| Some(Budget::default()), |n| budget(file, n, findings));
        let batch = fields.take("batch").map_or(1, |n| writing::batch(file, n, findings));
        let marker = fields.take("marker");
        let marker = marker.map_or_else(MarkerPlace::default, |n| writing::marker(file, n, names, findings));
        let track = fields.duration("track", findings).unwrap_or(TRACK);
        let catalogue = fields.duration("catalogue", findings).unwrap_or(crate::runtime::CATALOGUE_EVERY);
        let ticket_rules = fields.flag("ticket_rules", findings).unwrap_or(true);
        fields.finish(findings);
        Some(Self {
            site: site?,
            client_id: client_id?,
            client_secret: client_secret?,
            auth_url,
            tenant,
            scope,
            budget: budget?,
            batch,
            marker,
            track,
            catalogue,
            ticket_rules,
        })
    }

    /// A client for this tenant. Reads the secrets; makes no request.
    pub fn client(&self) -> Result<Client, ConnectionError> {
        let (id, secret) = (self.client_id.read()?, self.client_secret.read()?);
        let mut builder =
            Client::builder(self.site.clone(), Credentials::new(id.expose_secret(), secret.expose_secret()))
                .scope(&self.scope)
                .budget(self.budget);
        if let Some(auth_url) = &self.auth_url {
            builder = builder.auth_url(auth_url);
        }
        if let Some(tenant) = &self.tenant {
            builder = builder.tenant(tenant);
        }
        builder.build().map_err(|error| ConnectionError::Client(Box::new(error)))
    }
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// A secret could not be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The client refused its settings.
    #[error(transparent)]
    Client(Box<halopsa::Error>),
}

impl SecretRef {
    /// The application's id is no secret by itself: writing it into the configuration is no finding.
    fn decode_id(file: &SourceFile, node: &Node, dir: &Path, findings: &mut Findings) -> Option<Self> {
        let mut ignored = Findings::default();
        let decoded = Self::decode(file, node, dir, &mut ignored);
        if decoded.is_none() {
            findings.extend(ignored);
        }
        decoded
    }
}

fn budget(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<Budget> {
    let mut fields = Fields::of(file, node, "`budget`", findings)?;
    let mut budget = Budget::default();
    if let Some(requests) = fields.count("requests", findings) {
        budget.requests = u32::try_from(requests).unwrap_or(u32::MAX).max(1);
    }
    if let Some(per) = fields.duration("per", findings) {
        budget.per = per;
    }
    if let Some(reserve) = fields.take("reserve") {
        let text = super::decode::scalar(reserve).unwrap_or_default();
        match text.trim_end_matches('%').parse::<f64>() {
            Ok(percent) if text.ends_with('%') && (0.0..=90.0).contains(&percent) => {
                budget.reserve = percent / 100.0;
            }
            _ => findings.push(
                Finding::error("HW083", "`reserve` must be a share from `0%` to `90%`")
                    .at(file.place(reserve.span)),
            ),
        }
    }
    fields.finish(findings);
    Some(budget)
}
