//! A message as a mail: plain text, and the same as HTML. Pure; who carries it is `mail`.

use std::time::SystemTime;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use super::message::Message;

/// LIMIT: mail programs show less than this of a subject.
const SUBJECT: usize = 150;

/// The mail that says `message`. Trying again makes the same one, its id included, so that a mail server or a person
/// knows a second copy when one arrives.
pub(super) fn letter(
    message: &Message<'_>,
    from: &Mailbox,
    to: &[Mailbox],
) -> Result<lettre::Message, lettre::error::Error> {
    let text = clean(message.text);
    let id = format!("<{}@{}>", message.id, from.email.domain());
    let mut mail = lettre::Message::builder()
        .from(from.clone())
        .date(SystemTime::from(message.at))
        .message_id(Some(id))
        .subject(subject(&text, message))
        // Nobody's holiday notice shall answer an alert: RFC 3834, and what Exchange wants instead.
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Auto-Response-Suppress", "All"));
    for mailbox in to {
        mail = mail.to(mailbox.clone());
    }
    let about = about(message);
    let plain = format!("{text}\n\n{about}\n");
    let page = format!("<p>{}</p>\n<p style=\"color:#666\">{}</p>\n", lines(&text), lines(&about));
    mail.multipart(MultiPart::alternative_plain_html(plain, page))
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// The first line that says something, and the ticket: one line, whatever the alert contains.
fn subject(text: &str, message: &Message<'_>) -> String {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty());
    let first = first.map_or_else(|| format!("Haloward: {}", message.effect.rule), str::to_owned);
    let first = first.replace('\t', " ");
    let mut subject: String = first.chars().take(SUBJECT).collect();
    if subject.len() < first.len() {
        subject.push('…');
    }
    match message.ticket {
        Some(ticket) => format!("{subject} (ticket {ticket})"),
        None => subject,
    }
}

fn about(message: &Message<'_>) -> String {
    let ticket = message.ticket.map(|id| format!("Ticket {id}\n")).unwrap_or_default();
    let effect = message.effect;
    let key = clean(effect.key.as_str());
    format!("{ticket}Severity {}, rule {}, key {key}", effect.severity, effect.rule)
}

/// Without what a terminal or a mail program would act on. Line ends stay, as one kind.
fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    text.trim().to_owned()
}

/// Text as HTML: nothing in it is markup.
fn lines(text: &str) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;");
    escaped.replace('\n', "<br>\n")
}

#[cfg(test)]
mod tests {
    use haloward_rules::{Effect, EffectKind, Key, RuleId, Severity};

    use super::*;
    use crate::store::OperationId;

    fn written(text: &str, ticket: Option<i64>) -> String {
        let effect = Effect {
            rule: RuleId::new("disk"),
            key: Key::new("disk/srv"),
            ticket: 1,
            severity: Severity::High,
            trace: None,
            kind: EffectKind::Notify { channel: "ops".into(), text: text.to_owned() },
        };
        let id = OperationId::from_number(1_234_567);
        let at = "2026-01-05T09:00:00Z".parse().unwrap();
        let message = Message { id, at, channel: "ops", text, ticket, effect: &effect };
        let from = "Haloward <haloward@msp.example>".parse().unwrap();
        let to = ["Ops <ops@msp.example>".parse().unwrap(), "boss@msp.example".parse().unwrap()];
        let bytes = letter(&message, &from, &to).unwrap().formatted();
        // What stands between the parts is another text each time.
        let text = String::from_utf8(bytes).unwrap().replace("\r\n", "\n");
        let boundary = text.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        text.replace(boundary, "BOUNDARY")
    }

    #[test]
    fn a_message_is_text_and_the_same_as_html() {
        insta::assert_snapshot!(written("Disk C: nearly full on srv-01\n4% free & <falling>", Some(2001)));
    }

    #[test]
    fn nothing_in_an_alert_becomes_a_header_or_markup() {
        let hostile = "x\r\nBcc: evil@x.example\r\n\r\n<img src=x onerror=alert(1)>\u{1b}[31m\0";
        let mail = written(hostile, None);
        let (head, body) = mail.split_once("\n\n").unwrap();
        assert!(!head.contains("evil@x.example"), "{head}");
        assert!(head.contains("Subject: x\n"), "{head}");
        let (_, page) = body.split_once("text/html").unwrap();
        assert!(page.contains("&lt;img src=3Dx") || page.contains("&lt;img src=x"), "{page}");
        assert!(!page.contains("<img"), "{page}");
        assert!(!mail.contains(['\u{1b}', '\0']), "{mail}");
    }

    #[test]
    fn a_subject_is_one_short_line_of_any_letters() {
        for text in [
            "é".repeat(3_000),
            "x".repeat(5_000),
            "\n \n\t".to_owned(),
            "a\u{2028}b\u{85}Bcc: c@d.example".to_owned(),
        ] {
            let mail = written(&text, Some(7));
            let head = mail.split("\n\n").next().unwrap();
            assert!(head.lines().all(|line| line.len() <= 200), "{head}");
            assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        }
        assert!(written(" \n ", None).contains("Subject: Haloward: disk\n"));
    }
}
