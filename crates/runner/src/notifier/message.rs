//! What a channel is told, in its own format. An alert's content is text there: it names nobody and links nowhere.

use haloward_rules::Effect;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::ChannelFormat;
use crate::store::OperationId;

/// A message on its way to a channel.
pub(super) struct Message<'m> {
    /// The operation: the same however often it is tried.
    pub(super) id: OperationId,
    /// When it was decided.
    pub(super) at: Timestamp,
    pub(super) channel: &'m str,
    pub(super) text: &'m str,
    /// The ticket it is about, where that has a number.
    pub(super) ticket: Option<i64>,
    pub(super) effect: &'m Effect,
}

impl Message<'_> {
    /// The body to post.
    pub(super) fn body(&self, format: ChannelFormat) -> Value {
        match format {
            ChannelFormat::Generic => json!({
                "channel": self.channel,
                "text": self.text,
                "rule": self.effect.rule,
                "key": self.effect.key,
                "severity": self.effect.severity,
                "ticket": self.ticket,
            }),
            ChannelFormat::Slack => json!({ "text": for_slack(&self.with_ticket()) }),
            ChannelFormat::Teams => {
                // A run of text is shown as it is; a text block would read it as Markdown, links and all.
                let line = |line: &str| json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": line }] });
                let lines: Vec<Value> = self.with_ticket().lines().map(line).collect();
                json!({
                    "type": "message",
                    "attachments": [{
                        "contentType": "application/vnd.microsoft.card.adaptive",
                        "content": {
                            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                            "type": "AdaptiveCard",
                            "version": "1.4",
                            "body": lines,
                        },
                    }],
                })
            }
        }
    }

    fn with_ticket(&self) -> String {
        self.ticket.map_or_else(|| self.text.to_owned(), |id| format!("{}\nTicket {id}", self.text))
    }
}

/// Slack reads `<…>` as a mention or a link; these three letters are all it wants escaped.
fn for_slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use haloward_rules::{EffectKind, Key, RuleId, Severity};

    use super::*;

    fn body(format: ChannelFormat) -> Value {
        let text = "Disk <!channel> full\non [srv](http://x)".to_owned();
        let effect = Effect {
            rule: RuleId::new("disk"),
            key: Key::new("disk/srv"),
            ticket: 1,
            severity: Severity::High,
            trace: None,
            kind: EffectKind::Notify { channel: "ops".into(), text: text.clone() },
        };
        let (id, at) = (OperationId::from_number(1), Timestamp::UNIX_EPOCH);
        Message { id, at, channel: "ops", text: &text, ticket: Some(2001), effect: &effect }.body(format)
    }

    #[test]
    fn a_generic_channel_gets_everything_apart() {
        let expected = json!({
            "channel": "ops", "text": "Disk <!channel> full\non [srv](http://x)", "rule": "disk", "key": "disk/srv",
            "severity": "high", "ticket": 2001
        });
        assert_eq!(body(ChannelFormat::Generic), expected);
    }

    #[test]
    fn nothing_in_an_alert_calls_people_or_links() {
        assert_eq!(
            body(ChannelFormat::Slack)["text"],
            "Disk &lt;!channel&gt; full\non [srv](http://x)\nTicket 2001"
        );
        let teams = body(ChannelFormat::Teams);
        let lines = teams["attachments"][0]["content"]["body"].as_array().unwrap();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1]["inlines"][0]["text"], "on [srv](http://x)");
        assert!(lines.iter().all(|line| line["type"] == "RichTextBlock"));
    }
}
