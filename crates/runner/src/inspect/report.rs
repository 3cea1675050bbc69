//! An event as something to take along: with what came before it in its case, and without what is nobody else's.

use haloward_rules::Key;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{InspectError, redact};
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
    /// The event, without what the receiver knew of it: its id, its time and its trace.
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
                for known in ["id", "received_at", "trace"] {
                    map.remove(known);
                }
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
