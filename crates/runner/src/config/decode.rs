//! The configuration file's top level.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use haloward_rules::{
    Calendar, Fields, Finding, Findings, Limit, NameKind, NameUse, Node, NodeKind, OnRuleError, Reference,
    Settings, SourceFile, read_yaml,
};

use super::retention::Retention;
use super::source::Beside;
use super::{Config, HaloConfig, SourceConfig};

/// What the contract's example gives every ticket, where no configuration does.
const TICKET_DEFAULTS: &str =
    "type: Alert\npriority: { critical: Critical, high: High, medium: Medium, low: Low, else: Medium }\n";

/// Parts of the configuration that are described and not built yet: named, so that nobody waits for them to work.
const NOT_YET: [&str; 1] = ["connections"];

pub(super) fn default_settings() -> Settings {
    let file = SourceFile::new("ticket defaults", TICKET_DEFAULTS);
    let mut settings = Settings::default();
    if let Ok(node) = read_yaml(&file) {
        settings.ticket_defaults(&file, &node);
    }
    settings
}

impl Config {
    /// Decodes a configuration file that stands in `dir`.
    pub(super) fn decode(file: &SourceFile, dir: PathBuf, findings: &mut Findings) -> Option<Self> {
        let node = match read_yaml(file) {
            Ok(node) => node,
            Err(finding) => {
                findings.push(finding);
                return None;
            }
        };
        let mut config = Self::defaults(dir);
        let mut fields = Fields::of(file, &node, "the configuration", findings)?;
        for name in NOT_YET {
            fields.not_yet(name, findings);
        }
        config.halo = fields
            .take("halo")
            .and_then(|n| HaloConfig::decode(file, n, &config.dir, &mut config.names, findings));
        if let Some(server) = fields.take("server") {
            config.server(file, server, findings);
        }
        if let Some(node) = fields.take("store") {
            config.store = store(file, node, &config.dir, findings).unwrap_or(config.store);
        }
        if let Some(rules) = fields.text("rules", findings) {
            config.rules = config.dir.join(rules);
        }
        if let Some(node) = fields.take("ticket_defaults") {
            config.settings.ticket_defaults(file, node);
        }
        if let Some(node) = fields.take("clients") {
            config.clients_file = scalar(node).map(|name| config.dir.join(name));
            let dir = config.dir.clone();
            super::clients::read(file, node, &dir, &mut config, findings);
        }
        if let Some(node) = fields.take("unmatched_client")
            && let Some(name) = scalar(node).and_then(|text| Reference::from_value(&text.into()))
        {
            config.names.push(NameUse::new(NameKind::OwnClient, name, file.place(node.span)));
        }
        if let Some(node) = fields.take("retention") {
            config.retention = Retention::decode(file, node, findings);
        }
        config.unmatched_client = fields.text("unmatched_client", findings);
        let choices = [("open_ticket", OnRuleError::OpenTicket), ("ignore", OnRuleError::Ignore)];
        config.settings.on_rule_error =
            fields.choice("on_rule_error", &choices, findings).unwrap_or_default();
        if let Some(node) = fields.take("ticket_defaults")
            && node.get("type").is_none()
            && config.settings.on_rule_error == OnRuleError::OpenTicket
        {
            findings.push(
                Finding::warning("HW149", "a ticket that is opened because a rule failed would have no type")
                    .at(file.place(node.span))
                    .help("add `type:` here; rules may still name another one"),
            );
        }
        if let Some(node) = fields.take("calendars") {
            config.settings.calendars = Arc::new(Calendar::decode_all(file, node, findings));
        }
        if let Some(node) = fields.take("brake") {
            config.settings.brake = Limit::decode(file, node, "`brake`", findings);
        }
        if let Some(node) = fields.take("channels") {
            config.channels = super::channel::decode_all(file, node, &config.dir, findings);
        }
        config.settings.channels = Some(config.channels.keys().cloned().collect());
        let mut names = BTreeSet::new();
        if let Some(node) = fields.take("sources")
            && let Some(sources) = Fields::of(file, node, "`sources`", findings)
        {
            for (name, node) in sources.entries() {
                names.insert(name.text.clone());
                config.source_places.insert(name.text.clone(), file.place(name.span));
                if !is_name(&name.text) {
                    findings.push(
                        Finding::error("HW087", format!("`{}` is no name for a source", name.text))
                            .at(file.place(name.span))
                            .help("use small letters, digits and `-`: it is part of the URL"),
                    );
                    continue;
                }
                let beside = Beside { dir: &config.dir, rules: &config.rules };
                let source = SourceConfig::decode(&name.text, file, node, &beside, findings);
                if source.as_ref().is_some_and(SourceConfig::holds_a_secret) {
                    // A source may stand on one line, and findings about it would show its secret.
                    config.source_places.insert(name.text.clone(), file.secret_place(name.span));
                }
                config.sources.extend(source.map(|source| (name.text.clone(), source)));
            }
        }
        config.settings.sources = Some(names);
        config.open_doors(findings);
        fields.finish(findings);
        Some(config)
    }
}

fn store(file: &SourceFile, node: &Node, dir: &Path, findings: &mut Findings) -> Option<PathBuf> {
    let text = scalar(node).unwrap_or_default();
    match text.strip_prefix("sqlite:") {
        Some(path) if !path.trim().is_empty() => Some(dir.join(path.trim())),
        _ => {
            let help = if text.starts_with("postgres") {
                "PostgreSQL is not available in this version; write `sqlite:haloward.db`"
            } else {
                "write `sqlite:haloward.db`"
            };
            findings.push(
                Finding::error("HW090", format!("`store` cannot be `{text}`"))
                    .at(file.place(node.span))
                    .help(help),
            );
            None
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
}

/// A size in bytes: `512KiB`, `4GiB`.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim() {
        "" | "B" => 1,
        "KiB" | "kB" | "KB" => 1 << 10,
        "MiB" | "MB" => 1 << 20,
        "GiB" | "GB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// The text of a scalar node.
pub(crate) fn scalar(node: &Node) -> Option<String> {
    match &node.kind {
        NodeKind::Text(text) => Some(text.clone()),
        NodeKind::Number(n) => Some(n.to_string()),
        NodeKind::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// The words of a text, or the texts of a list.
pub(super) fn words(node: &Node) -> Vec<String> {
    match &node.kind {
        NodeKind::List(items) => items.iter().filter_map(scalar).collect(),
        _ => scalar(node)
            .into_iter()
            .flat_map(|t| t.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .collect(),
    }
}
