//! What a ticket says when its rule says nothing: a readable table of the event.

use std::fmt::Write as _;

use serde_json::Value;

use super::Details;
use crate::event::Event;
use crate::template::escape_html;

const ROWS: [(&str, &[&str]); 13] = [
    ("Message", &["message"]),
    ("Severity", &["severity"]),
    ("Check", &["check"]),
    ("Device", &["device", "name"]),
    ("Operating system", &["device", "os"]),
    ("Address", &["device", "ip"]),
    ("Client", &["client", "name"]),
    ("Site", &["site", "name"]),
    ("User", &["user", "name"]),
    ("Started", &["started_at"]),
    ("Ended", &["ended_at"]),
    ("Source", &["source"]),
    ("Event", &["id"]),
];

// LIMIT: a stack trace in a message is readable in the vendor's tool; HaloPSA answers 504 on very large bodies.
const CELL_CHARS: usize = 4_000;

/// The event as an HTML table, every value escaped; labels last, and the unread payload where there was no preset.
pub(crate) fn default_details(event: &Event) -> Details {
    let mut html = format!("<p><strong>{}</strong></p>\n<table>\n", escape_html(event.title()));
    let mut row = |name: &str, text: &str| {
        let shown: String = text.chars().take(CELL_CHARS).collect();
        let lines = escape_html(&shown).replace('\n', "<br />");
        let _ = writeln!(html, "<tr><td>{}</td><td>{lines}</td></tr>", escape_html(name));
    };
    for (name, path) in ROWS {
        let value = path.iter().fold(event.value(), |at, key| at.get(*key).unwrap_or(&Value::Null));
        let text = crate::value::to_text(value);
        if !text.trim().is_empty() {
            row(name, &text);
        }
    }
    if let Some(Value::Object(labels)) = event.value().get("labels") {
        for (name, value) in labels.iter().take(30) {
            row(name, &crate::value::to_text(value));
        }
    }
    if let Some(why) = event.unmapped() {
        row("Not understood", why);
        row("Payload", &crate::value::to_text(event.value().get("payload").unwrap_or(&Value::Null)));
    }
    html.push_str("</table>\n");
    if let Some(url) = event.value().get("url").and_then(Value::as_str)
        && (url.starts_with("https://") || url.starts_with("http://"))
    {
        let (url, source) = (escape_html(url), escape_html(event.source()));
        let _ = writeln!(html, "<p><a href=\"{url}\">Open in {source}</a></p>");
    }
    Details { html }
}
