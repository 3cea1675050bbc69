//! `channels`: where `notify` sends messages, each a webhook in one of the formats that chats understand, or mail.

use std::collections::BTreeMap;
use std::path::Path;

use haloward_rules::{Fields, Finding, Findings, Node, SourceFile};

use super::SecretRef;
use super::mail::MailConfig;

/// A channel as the configuration names it.
#[derive(Debug, Clone)]
pub enum ChannelConfig {
    /// A chat, or anything else that takes a POST.
    Webhook(WebhookConfig),
    /// Mail to people.
    Mail(Box<MailConfig>),
}

/// A channel that is posted to.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// The address to post to. Whoever knows it can post there, so it is a secret.
    pub url: SecretRef,
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
        let channel = ChannelConfig::decode(file, node, dir, findings);
        decoded.extend(channel.map(|channel| (name.text.clone(), channel)));
    }
    decoded
}

impl ChannelConfig {
    fn decode(file: &SourceFile, node: &Node, dir: &Path, findings: &mut Findings) -> Option<Self> {
        let mut fields = Fields::of(file, node, "a channel", findings)?;
        let (webhook, mail) = (fields.take("webhook"), fields.take("mail"));
        let format = fields.take("format").map(|node| node.span);
        let chosen = fields.choice("format", &FORMATS, findings);
        fields.finish(findings);
        let one = "write `webhook: env:NAME`, or `mail: { smtp: …, from: …, to: … }`";
        match (webhook, mail) {
            (Some(url), None) => {
                let url = SecretRef::decode(file, url, dir, findings)?;
                Some(Self::Webhook(WebhookConfig { url, format: chosen.unwrap_or_default() }))
            }
            (None, Some(mail)) => {
                if let Some(span) = format {
                    let finding = Finding::error("HW227", "a channel for mail has no `format`");
                    findings.push(finding.at(file.place(span)).help("leave `format` out"));
                }
                MailConfig::decode(file, mail, dir, findings).map(|mail| Self::Mail(Box::new(mail)))
            }
            (None, None) => {
                let finding = Finding::error("HW227", "a channel needs a `webhook` or `mail`");
                findings.push(finding.at(file.place(node.span)).help(one));
                None
            }
            (Some(_), Some(mail)) => {
                let finding = Finding::error("HW227", "a channel is a `webhook` or `mail`, not both");
                findings.push(
                    finding.at(file.place(mail.span)).help("give each a name of its own, and `notify` both"),
                );
                None
            }
        }
    }
}
