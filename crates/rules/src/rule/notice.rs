//! `notify`: a message to a channel of the configuration.

use std::collections::BTreeSet;

use crate::engine::EffectKind;
use crate::event::Event;
use crate::fields::{Fields, list, suggestion};
use crate::finding::{Finding, Findings, SourceFile};
use crate::library::Known;
use crate::script::{Env, ScriptError};
use crate::template::Template;
use crate::yaml::Node;

/// A message as a template.
#[derive(Debug, Clone)]
pub(crate) struct NoticeTemplate {
    channel: String,
    /// The event's title where `None`.
    text: Option<Template>,
}

impl NoticeTemplate {
    pub(crate) fn decode(
        file: &SourceFile,
        node: &Node,
        known: &Known<'_>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let mut fields = Fields::of(file, node, "`notify`", findings)?;
        let named = fields.need("channel", findings);
        let channel = fields.text("channel", findings);
        let text = fields.take("text").and_then(|n| Template::at(file, n, known, findings));
        fields.finish(findings);
        let channel = channel?;
        if let (Some(channels), Some(node)) = (&known.library.channels, named)
            && !channels.contains(&channel)
        {
            findings.push(
                Finding::error("HW115", unknown(&channel))
                    .at(file.place(node.span))
                    .help(help(&channel, channels)),
            );
        }
        Some(Self { channel, text })
    }

    pub(crate) fn notice(&self, env: &Env<'_>, event: &Event) -> Result<EffectKind, ScriptError> {
        let text = match &self.text {
            Some(template) => template.text(env)?,
            None => event.title().to_owned(),
        };
        Ok(notice(&self.channel, &text))
    }
}

/// A message that a script asks for.
pub(crate) fn scripted_notice(
    channel: Option<&str>,
    text: Option<&str>,
    event: &Event,
    channels: Option<&BTreeSet<String>>,
) -> Result<EffectKind, ScriptError> {
    let failed = |message: String| ScriptError { message, at: None };
    let channel = channel.ok_or_else(|| failed("`notify` needs `channel`".to_owned()))?;
    if let Some(channels) = channels.filter(|channels| !channels.contains(channel)) {
        return Err(failed(format!("{}: {}", unknown(channel), help(channel, channels))));
    }
    Ok(notice(channel, text.unwrap_or(event.title())))
}

fn unknown(channel: &str) -> String {
    format!("no channel is called `{channel}`")
}

fn help(channel: &str, channels: &BTreeSet<String>) -> String {
    let names: Vec<&str> = channels.iter().map(String::as_str).collect();
    match suggestion(channel, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "add it under `channels` in the configuration".to_owned(),
        None => format!("one of {}", list(&names)),
    }
}

// LIMIT: chats cut or refuse longer messages; whoever wants to know more looks at the ticket.
const MOST_CHARS: usize = 4_000;

fn notice(channel: &str, text: &str) -> EffectKind {
    let clean = text.trim().chars().filter(|c| !c.is_control() || *c == '\n');
    EffectKind::Notify { channel: channel.to_owned(), text: clean.take(MOST_CHARS).collect() }
}
