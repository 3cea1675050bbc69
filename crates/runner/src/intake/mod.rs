//! The way into the journal, whoever brings a payload: mapped by its source's preset, durable, counted.

use std::sync::Arc;

use haloward_rules::{Delivery, Event, Payload, Preset, Severity};
use jiff::Timestamp;
use serde_json::Value;

use crate::store::{Accepted, NewEvent, Store, StoreError};
use crate::trace::TraceId;

/// How one source's payloads become events: its preset, and the severity of events that have none.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// The source's name.
    pub source: Arc<str>,
    /// Its preset.
    pub preset: Arc<Preset>,
    /// The severity of events that have none.
    pub severity: Severity,
}

/// What became of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Its events, in its order.
    pub events: Vec<Accepted>,
    /// How many of them did not fit the preset.
    pub unmapped: usize,
}

impl Taken {
    /// How many events had come before.
    pub fn duplicates(&self) -> usize {
        self.events.iter().filter(|event| event.duplicate).count()
    }
}

impl Mapping {
    /// The events of one payload, ready for the journal. `headers` are those that carry no credentials, their names
    /// in lower case.
    pub fn events(&self, payload: Payload, headers: Value, at: Timestamp) -> Vec<NewEvent> {
        let mapped = self.preset.map(Delivery {
            source: &self.source,
            payload,
            headers: Arc::new(headers),
            default_severity: self.severity,
            at,
        });
        let delivery = mapped.delivery_id.as_deref();
        let numbered = mapped.events.into_iter().enumerate();
        numbered.map(|(number, event)| self.event(delivery, number, event, at)).collect()
    }

    /// The event that keeps a payload nobody could read, with the reason.
    pub fn unreadable(&self, text: String, why: &str, at: Timestamp) -> Vec<NewEvent> {
        let text = self.preset.text_without_secrets(text);
        vec![self.event(None, 0, unreadable(&self.source, self.severity, text, why), at)]
    }

    /// The events of one delivery are told apart by their place in it.
    fn event(&self, delivery: Option<&str>, number: usize, event: Event, at: Timestamp) -> NewEvent {
        let delivery_id = delivery.map(|id| format!("{id}#{number}"));
        NewEvent { source: Arc::clone(&self.source), delivery_id, event, received_at: at }
    }
}

/// The event that keeps the text of a payload nobody could read.
pub(crate) fn unreadable(source: &str, severity: Severity, text: String, why: &str) -> Event {
    Event::unmapped_from(source, severity, Value::String(text), why)
}

/// Marks events that came together with the trace by which is known what follows from them.
pub(crate) fn traced(events: Vec<NewEvent>, trace: TraceId) -> Vec<NewEvent> {
    let trace = trace.to_string();
    // ORDER: nobody else holds the events yet, so none is copied for it.
    events.into_iter().map(|new| NewEvent { event: new.event.traced(&trace), ..new }).collect()
}

/// Makes the events of a delivery durable, under its trace. Whoever brought them is told so only when this came back.
///
/// # Errors
///
/// Any [`StoreError`]: then none of them is in the journal, and the sender should try again.
pub async fn take(store: &Store, events: Vec<NewEvent>, trace: TraceId) -> Result<Taken, StoreError> {
    let unmapped = events.iter().filter(|new| new.event.unmapped().is_some()).count();
    let events = store.accept(traced(events, trace)).await?;
    Ok(Taken { events, unmapped })
}
