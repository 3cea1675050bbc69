//! `channels`: where `notify` posts to, each a webhook in one of the formats that chats understand.

use std::collections::BTreeMap;
use std::path::Path;

use haloward_rules::{Fields, Finding, Findings, Node, SourceFile};

use super::SecretRef;

/// A channel as the configuration names it.
#[derive(Debug, Clone)]
pub struct ChannelConfig {
    /// The address to post to. Whoever knows it can post there, so it is a secret.
    pub webhook: SecretRef,
    /// What is posted.
    pub format: ChannelFormat,
}

/// What a channel's webhook understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChannelFormat {
    /// Microsoft Teams: an adaptive card.
    Teams,
    /// Slack, and what speaks like it: Mattermost, Rocket.Chat.
    Slack,
    /// One JSON object with all there is.
    #[default]
    Generic,
}

pub(super) const FORMATS: [(&str, ChannelFormat); 3] =
    [("teams", ChannelFormat::Teams), ("slack", ChannelFormat::Slack), ("generic", ChannelFormat::Generic)];

/// Decodes the `channels` map.
pub(super) fn decode_all(
    file: &SourceFile,
    node: &Node,
    dir: &Path,
    findings: &mut Findings,
) -> BTreeMap<String, ChannelConfig> {
    let Some(channels) = Fields::of(file, node, "`channels`", findings) else { return BTreeMap::new() };
    let mut decoded = BTreeMap::new();
    for (name, node) in channels.entries() {
        if name.text.trim().is_empty() || name.text.len() > 64 {
            findings.push(
                Finding::error("HW116", "a channel needs a name of at most 64 letters")
                    .at(file.place(name.span)),
            );
            continue;
        }
        let Some(mut fields) = Fields::of(file, node, "a channel", findings) else { continue };
        let webhook = fields.need("webhook", findings);
        let webhook = webhook.and_then(|node| SecretRef::decode(file, node, dir, findings));
        let format = fields.choice("format", &FORMATS, findings).unwrap_or_default();
        fields.finish(findings);
        decoded.extend(webhook.map(|webhook| (name.text.clone(), ChannelConfig { webhook, format })));
    }
    decoded
}
