//! One source of the configuration.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use haloward_rules::{Fields, Finding, Findings, Node, Preset, PresetSet, Severity, SourceFile};

use super::auth::Auth;
use crate::receiver::Rate;

/// A webhook that events come from.
#[derive(Debug, Clone)]
pub struct SourceConfig {
    /// Its preset's name; the generic one where neither preset nor map is given.
    pub preset: String,
    /// A preset written in the configuration itself.
    pub map: Option<Arc<Preset>>,
    /// How it proves who it is.
    pub auth: Auth,
    /// The severity of events that have none.
    pub severity: Severity,
    /// How many deliveries it may make, where that is limited.
    pub limit: Option<Rate>,
}

/// The preset for payloads nobody described.
pub(crate) const GENERIC: &str = "generic";

impl SourceConfig {
    pub(super) fn decode(
        name: &str,
        file: &SourceFile,
        node: &Node,
        dir: &Path,
        listen: SocketAddr,
        findings: &mut Findings,
    ) -> Option<Self> {
        let mut fields = Fields::of(file, node, "a source", findings)?;
        for kind in ["poll", "halo", "schedule"] {
            if let Some(node) = fields.take(kind) {
                findings.push(
                    Finding::error(
                        "HW019",
                        format!("sources of the kind `{kind}` are not available in this version"),
                    )
                    .at(file.place(node.span)),
                );
                return None;
            }
        }
        let webhook = fields.need("webhook", findings);
        fields.finish(findings);
        let webhook = webhook?;
        let mut fields = Fields::of(file, webhook, "`webhook`", findings)?;
        let preset = fields.take("preset");
        let map = fields.take("map");
        if let (Some(_), Some(map)) = (preset, map) {
            findings.push(
                Finding::error("HW085", "a source has a `preset` or a `map`, not both")
                    .at(file.place(map.span)),
            );
        }
        let preset_name = preset.and_then(super::decode::scalar);
        if let (Some(node), Some(preset_name)) = (preset, &preset_name)
            && !PresetSet::shipped().contains(preset_name)
            && !own_preset(dir, preset_name)
        {
            findings.push(PresetSet::unknown(preset_name).at(file.place(node.span)));
        }
        let limit = fields.take("limit").and_then(|node| rate(file, node, findings));
        let severity = fields.choice("severity", &Severity::ALL, findings).unwrap_or(Severity::Medium);
        let auth = match fields.take("auth") {
            Some(auth) => Auth::decode(file, auth, dir, findings),
            None => {
                findings.push(
                    Finding::error("HW086", format!("anybody could send to the source `{name}`: it has no `auth`"))
                        .at(file.place(node.span))
                        .help("add `auth: { url_token: env:NAME }`, or `auth: none` if only this machine can reach it"),
                );
                None
            }
        };
        if matches!(auth, Some(Auth::None)) && !listen.ip().is_loopback() {
            findings.push(
                Finding::error(
                    "HW086",
                    format!("anybody could send to the source `{name}`: `auth: none` on {listen}"),
                )
                .at(file.place(node.span))
                .help("let `server.listen` be a loopback address, or give the source an `auth`"),
            );
        }
        let map = map.and_then(|node| Preset::inline(name, file, node, findings)).map(Arc::new);
        fields.finish(findings);
        Some(Self {
            preset: preset_name.unwrap_or_else(|| GENERIC.into()),
            map,
            auth: auth?,
            severity,
            limit,
        })
    }
}

/// How many deliveries in how much time.
fn rate(file: &SourceFile, node: &Node, findings: &mut Findings) -> Option<Rate> {
    let mut fields = Fields::of(file, node, "`limit`", findings)?;
    let requests = fields.need("requests", findings).and_then(super::decode::scalar);
    let per = fields.duration("per", findings);
    fields.finish(findings);
    let requests = requests.and_then(|text| text.parse::<u32>().ok()).filter(|requests| *requests > 0);
    match (requests, per) {
        (Some(requests), Some(per)) if !per.is_zero() => Some(Rate { requests, per }),
        _ => {
            findings.push(
                Finding::error("HW182", "a source's `limit` is a number of requests per time")
                    .at(file.place(node.span))
                    .help("write `limit: { requests: 600, per: 1m }`"),
            );
            None
        }
    }
}

/// Whether the installation has a preset file of that name of its own.
fn own_preset(dir: &Path, name: &str) -> bool {
    !name.contains(['/', '\\', '.']) && dir.join("rules/presets").join(format!("{name}.yaml")).is_file()
}
