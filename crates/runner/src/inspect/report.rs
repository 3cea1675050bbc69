//! An event as something to take along: with what came before it in its case, and without what is nobody else's.

use haloward_rules::Key;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::InspectError;
use crate::store::{EventId, NotAnId, Reader, RecordedDecision};

/// LIMIT: a test that nobody reads to its end tells nothing; what came before these rarely matters.
const EARLIER: usize = 20;

/// An event, what came before it in its case, and what was decided about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventReport {
    /// The event.
    pub id: EventId,
    /// The events of its case so far, and it itself as the last.
    pub events: Vec<ReportedEvent>,
    /// What was decided about it; nothing while it waits for that.
    pub decision: Option<RecordedDecision>,
}

/// An event and when it came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportedEvent {
    /// When it came.
    pub at: Timestamp,
    /// The event, without its id.
    pub event: Value,
}

/// An event with what came before it in its case, redacted.
pub fn report(reader: &Reader<'_>, id: &str) -> Result<EventReport, InspectError> {
    let id: EventId = id.parse().map_err(|error: NotAnId| InspectError::Question(error.to_string()))?;
    let unknown = || InspectError::Unknown { what: "event", name: id.to_string() };
    let decision = reader.recorded(id)?;
    let mut ids = vec![id];
    if let Some(key) = decision.as_ref().and_then(|decision| decision.key.as_deref()) {
        for earlier in reader.decisions_of(&Key::new(key), Some(id), EARLIER)? {
            // What came before its last resolution was about another ticket.
            if earlier.outcome == "resolve_ticket" {
                break;
            }
            ids.extend(earlier.event);
        }
    }
    let mut events = Vec::with_capacity(ids.len());
    for id in ids.into_iter().rev() {
        if let Some(entry) = reader.event(id)? {
            let mut event = entry.event.value().clone();
            if let Value::Object(map) = &mut event {
                map.remove("id");
                map.remove("received_at");
            }
            redact(&mut event);
            events.push(ReportedEvent { at: entry.received_at, event });
        }
    }
    if events.is_empty() {
        return Err(unknown());
    }
    Ok(EventReport { id, events, decision })
}

/// Parts of names whose values are nobody else's.
const SECRET: [&str; 8] =
    ["password", "passwd", "secret", "token", "apikey", "api_key", "authorization", "signature"];

fn redact(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                let name = name.to_ascii_lowercase().replace('-', "_");
                if SECRET.iter().any(|part| name.contains(part)) && !value.is_null() {
                    *value = Value::from("[redacted]");
                } else {
                    redact(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::String(text) => {
            if let Some(shorter) = without_people(text) {
                *text = shorter;
            }
        }
        _ => {}
    }
}

/// Mail addresses without the person (clients are told by the domain), and links without their query, which may be a
/// signature; `None` where the text has neither.
fn without_people(text: &str) -> Option<String> {
    let mut changed = false;
    let words: Vec<String> = text
        .split(' ')
        .map(|word| {
            let is_link = word.contains("://");
            if let (true, Some((link, _))) = (is_link, word.split_once('?')) {
                changed = true;
                return link.to_owned();
            }
            match word.split_once('@') {
                Some((person, domain)) if !is_link && !person.is_empty() && domain.contains('.') => {
                    changed = true;
                    let before = person.len() - person.trim_start_matches(['<', '(', '"', '\'']).len();
                    format!("{}user@{domain}", &person[..before])
                }
                _ => word.to_owned(),
            }
        })
        .collect();
    changed.then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn what_is_nobody_elses_is_left_out() {
        let mut event = json!({
            "title": "Login by <eve.adams@northwind.example> failed",
            "url": "https://rmm.example/alert?id=1&sig=abc",
            "user": { "email": "eve@northwind.example" },
            "payload": { "headers": { "X-Api-Token": "abc" }, "apiKey": 7, "n": [ { "client_secret": "x" } ] }
        });
        super::redact(&mut event);
        assert_eq!(
            event,
            json!({
                "title": "Login by <user@northwind.example> failed",
                "url": "https://rmm.example/alert",
                "user": { "email": "user@northwind.example" },
                "payload": {
                    "headers": { "X-Api-Token": "[redacted]" },
                    "apiKey": "[redacted]",
                    "n": [ { "client_secret": "[redacted]" } ]
                }
            })
        );
    }
}
