//! Events: one normalized occurrence each, as a JSON object whose canonical fields are always there.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::draft::{Draft, Named};
use crate::path::Path;
use crate::payload::Sent;

/// What an event says about its problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The problem is there.
    Firing,
    /// The problem is gone.
    Resolved,
    /// Something happened that nothing will ever resolve.
    Info,
    /// Somebody has seen it in the vendor's tool.
    Acknowledged,
    /// A comment or change on a known problem.
    Update,
    /// A vendor's test button.
    Test,
}

impl State {
    /// All states with their names.
    pub const ALL: [(&'static str, State); 6] = [
        ("firing", State::Firing),
        ("resolved", State::Resolved),
        ("info", State::Info),
        ("acknowledged", State::Acknowledged),
        ("update", State::Update),
        ("test", State::Test),
    ];

    /// The state's name.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, s)| *s == self).map_or("firing", |(name, _)| name)
    }

    /// The state of that name, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(text.trim())).map(|(_, s)| *s)
    }

    /// Whether such an event can open a ticket without its rule naming the state.
    pub fn opens(self) -> bool {
        matches!(self, State::Firing | State::Info)
    }
}

/// How bad a problem is, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// For the record.
    Info,
    /// Low.
    Low,
    /// Medium: what an event gets whose vendor says nothing.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// All severities with their names, worst first.
    pub const ALL: [(&'static str, Severity); 5] = [
        ("critical", Severity::Critical),
        ("high", Severity::High),
        ("medium", Severity::Medium),
        ("low", Severity::Low),
        ("info", Severity::Info),
    ];

    /// The severity's name.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, s)| *s == self).map_or("medium", |(name, _)| name)
    }

    /// The severity of that name, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(text.trim())).map(|(_, s)| *s)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a JSON value is no event.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EventError {
    /// It is not a JSON object.
    #[error("an event must be a JSON object")]
    NotAnObject,
    /// It has no `source`.
    #[error("the event has no `source`")]
    NoSource,
    /// Its state is none of ours.
    #[error("unknown state `{0}`: one of firing, resolved, info, acknowledged, update, test")]
    UnknownState(String),
    /// Its severity is none of ours.
    #[error("unknown severity `{0}`: one of critical, high, medium, low, info")]
    UnknownSeverity(String),
}

/// The event's top-level fields of the contract, for suggestions and checks.
pub(crate) const ROOTS: [&str; 25] = [
    "source",
    "state",
    "severity",
    "severity_raw",
    "title",
    "message",
    "url",
    "check",
    "fingerprint",
    "client",
    "site",
    "device",
    "user",
    "labels",
    "started_at",
    "ended_at",
    "occurred_at",
    "received_at",
    "id",
    "trace",
    "payload",
    "vars",
    "unmapped",
    "ticket",
    "change",
];

/// Whether presets can fill a field: the others the receiver knows, rules set, or HaloPSA's own tickets have.
pub(crate) fn is_for_presets(root: &str) -> bool {
    !matches!(root, "source" | "received_at" | "trace" | "vars" | "unmapped" | "ticket" | "change")
}

/// One normalized occurrence. Cloning is cheap.
///
/// INVARIANT: an object whose `source`, `state`, `severity`, `title` and `fingerprint` are texts, state and
/// severity being one of ours (`an_event_always_has_its_canonical_fields`).
#[derive(Debug, Clone)]
pub struct Event {
    data: Data,
}

#[derive(Debug, Clone)]
enum Data {
    Whole(Arc<Value>),
    Apart(Arc<Apart>),
}

/// An event whose payload is still as it was sent. Most are only written to the journal, which needs no tree of it.
#[derive(Debug)]
struct Apart {
    /// All but the payload.
    fields: Draft,
    payload: Sent,
    whole: OnceLock<Arc<Value>>,
}

impl Apart {
    fn whole(&self) -> &Arc<Value> {
        self.whole.get_or_init(|| Arc::new(put_together(self.fields.clone(), &self.payload)))
    }
}

fn put_together(fields: Draft, payload: &Sent) -> Value {
    let mut whole = Map::from(fields);
    whole.insert("payload".to_owned(), payload.to_value());
    Value::Object(whole)
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

impl Serialize for Event {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::from_json(value, Severity::Medium).map_err(serde::de::Error::custom)
    }
}

impl Event {
    /// Takes a JSON object as an event: missing state is `firing`, missing severity `default_severity`, missing
    /// title the ticket's summary, the check or `Alert from SOURCE`, missing fingerprint the ticket's number or one of
    /// check, device and title.
    pub fn from_json(value: Value, default_severity: Severity) -> Result<Self, EventError> {
        let Value::Object(mut map) = value else { return Err(EventError::NotAnObject) };
        if text_of(&map, "source").is_none() {
            return Err(EventError::NoSource);
        }
        if let Some(text) = text_of(&map, "state") {
            let state = State::parse(&text).ok_or_else(|| EventError::UnknownState(text.into()))?;
            say(&mut map, "state", state.as_str());
        }
        if let Some(text) = text_of(&map, "severity") {
            let severity = Severity::parse(&text).ok_or_else(|| EventError::UnknownSeverity(text.into()))?;
            say(&mut map, "severity", severity.as_str());
        }
        complete(&mut map, default_severity);
        Ok(Self::whole(Value::Object(map)))
    }

    /// The event of these fields, of which `source` is one, and of what was sent; `state` and `severity` are ours where they
    /// are there. The payload is what was sent unless the fields have one.
    pub(crate) fn sent(mut fields: Draft, default_severity: Severity, payload: Sent) -> Self {
        complete(&mut fields, default_severity);
        match fields.remove("payload").filter(|payload| !payload.is_null()) {
            Some(own) => Self::whole(put_together(fields, &Sent::tree(own))),
            None => Self { data: Data::Apart(Arc::new(Apart { fields, payload, whole: OnceLock::new() })) },
        }
    }

    /// A payload that did not fit its preset, kept as an event that says so.
    pub fn unmapped_from(source: &str, severity: Severity, payload: Value, why: &str) -> Self {
        Self::unmapped_of(source, severity, Sent::tree(payload), why)
    }

    pub(crate) fn unmapped_of(source: &str, severity: Severity, payload: Sent, why: &str) -> Self {
        let mut fields = Draft::new();
        fields.insert("source", source.into());
        fields.insert("state", State::Info.as_str().into());
        fields.insert("title", format!("Payload from {source} that could not be read as an alert").into());
        fields.insert("fingerprint", "unmapped".into());
        fields.insert("unmapped", why.into());
        Self::sent(fields, severity, payload)
    }

    fn whole(value: Value) -> Self {
        Self { data: Data::Whole(Arc::new(value)) }
    }

    /// The event as JSON.
    pub fn value(&self) -> &Value {
        self.shared()
    }

    /// The event with a tree of its payload, so that it holds nothing of the delivery it came with.
    #[must_use]
    pub fn detached(mut self) -> Self {
        self.edit();
        self
    }

    /// Appends the event's JSON.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match &self.data {
            Data::Whole(value) => crate::value::write_json(value, out),
            Data::Apart(apart) => {
                apart.fields.write_json(out);
                // INVARIANT: a map that is not empty: it has its source.
                out.pop();
                out.extend_from_slice(b",\"payload\":");
                apart.payload.write_json(out);
                out.push(b'}');
            }
        }
    }

    /// The event as JSON, shared.
    pub fn shared(&self) -> &Arc<Value> {
        match &self.data {
            Data::Whole(value) => value,
            Data::Apart(apart) => apart.whole(),
        }
    }

    /// A field of it that is not its payload.
    fn field(&self, name: &str) -> Option<&Value> {
        match &self.data {
            Data::Whole(value) => value.get(name),
            Data::Apart(apart) => apart.fields.get(name),
        }
    }

    /// The event as JSON that can be changed.
    fn edit(&mut self) -> &mut Value {
        if let Data::Apart(apart) = &mut self.data {
            let whole = match Arc::get_mut(apart) {
                Some(Apart { fields, payload, .. }) => {
                    Arc::new(put_together(std::mem::take(fields), payload))
                }
                None => Arc::clone(apart.whole()),
            };
            self.data = Data::Whole(whole);
        }
        match &mut self.data {
            Data::Whole(value) => Arc::make_mut(value),
            Data::Apart(_) => unreachable!("it has just been put together"),
        }
    }

    /// Sets a field that is not the payload.
    fn put(&mut self, name: &'static str, value: Value) {
        if let Data::Apart(apart) = &mut self.data
            && let Some(Apart { fields, whole, .. }) = Arc::get_mut(apart)
        {
            *whole = OnceLock::new();
            fields.insert(name, value);
        } else if let Value::Object(map) = self.edit() {
            map.insert(name.to_owned(), value);
        }
    }

    /// The source's name.
    pub fn source(&self) -> &str {
        self.text("source")
    }

    /// Its state.
    pub fn state(&self) -> State {
        State::parse(self.text("state")).unwrap_or(State::Firing)
    }

    /// Its severity.
    pub fn severity(&self) -> Severity {
        Severity::parse(self.text("severity")).unwrap_or(Severity::Medium)
    }

    /// Its title.
    pub fn title(&self) -> &str {
        self.text("title")
    }

    /// What identifies its problem within its source.
    pub fn fingerprint(&self) -> &str {
        self.text("fingerprint")
    }

    /// Its id in the journal; empty where it has none.
    pub fn id(&self) -> &str {
        self.text("id")
    }

    /// The id that everything has which follows from its delivery; nothing where nobody follows it.
    pub fn trace(&self) -> Option<&str> {
        self.field("trace").and_then(Value::as_str).filter(|trace| !trace.is_empty())
    }

    /// When it was received, where it says so.
    pub fn received_at(&self) -> Option<jiff::Timestamp> {
        crate::time::parse(self.field("received_at").and_then(Value::as_str)?)
    }

    /// The number of the HaloPSA ticket it is about, where it tells how one stands.
    pub fn ticket_id(&self) -> Option<i64> {
        match self.field("ticket")?.get("id")? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// Whether all it tells of is what we did to the ticket ourselves.
    pub(crate) fn is_our_doing(&self) -> bool {
        self.field("change").and_then(|change| change.get("ours")) == Some(&Value::Bool(true))
    }

    /// Why its preset did not fit, if so.
    pub fn unmapped(&self) -> Option<&str> {
        self.field("unmapped").and_then(Value::as_str)
    }

    fn text(&self, key: &str) -> &str {
        self.field(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether a field may be changed: not what the receiver knows, and texts of the contract only as a whole.
    pub(crate) fn can_set(path: &Path) -> bool {
        match path.root() {
            "source" | "id" | "received_at" | "trace" | "ticket" | "change" => false,
            root @ ("state" | "severity" | "title" | "fingerprint") => path.as_str() == root,
            _ => !path.is_many(),
        }
    }

    /// Changes one field. `source` and what the receiver knows cannot change; state and severity must stay one of ours, and title and
    /// fingerprint say something.
    pub fn set(&mut self, path: &Path, value: Value) -> Result<(), String> {
        match path.as_str() {
            _ if !Self::can_set(path) => return Err(format!("`{path}` cannot be set")),
            "title" | "fingerprint" if crate::value::to_text(&value).trim().is_empty() => {
                return Err(format!("`{path}` cannot be empty"));
            }
            "state" if value.as_str().and_then(State::parse).is_none() => {
                return Err(EventError::UnknownState(crate::value::to_text(&value).into_owned()).to_string());
            }
            "severity" if value.as_str().and_then(Severity::parse).is_none() => {
                return Err(
                    EventError::UnknownSeverity(crate::value::to_text(&value).into_owned()).to_string()
                );
            }
            _ => {}
        }
        let value = match path.as_str() {
            "state" | "severity" => Value::String(value.as_str().unwrap_or_default().trim().to_lowercase()),
            "title" | "fingerprint" => Value::String(crate::value::to_text(&value).into_owned()),
            _ => value,
        };
        path.set(self.edit(), value).map_err(str::to_owned)
    }

    /// Sets the field that the receiver knows before it keeps the event: the trace id of its delivery.
    #[must_use]
    pub fn traced(mut self, trace: &str) -> Self {
        self.put("trace", trace.into());
        self
    }

    /// Sets fields that the receiver knows: the journal id and the time of receipt.
    #[must_use]
    pub fn received(mut self, id: &str, at: jiff::Timestamp) -> Self {
        self.put("id", id.into());
        self.put("received_at", crate::time::to_text(at).into());
        self
    }
}

/// Gives fields, of which `source` is one, what each event has. Most have all of it as it should be, and nothing is made anew.
fn complete(fields: &mut impl Named, default_severity: Severity) {
    for name in ["source", "state", "severity", "title", "fingerprint"] {
        let text = match fields.named(name) {
            Some(Value::String(text)) if !text.trim().is_empty() => continue,
            Some(Value::Number(number)) => number.to_string(),
            _ => match name {
                "state" => State::Firing.as_str().to_owned(),
                "severity" => default_severity.as_str().to_owned(),
                "title" => derived_title(fields),
                // INVARIANT: the title is there by now, being named before.
                "fingerprint" => derived_fingerprint(fields),
                _ => String::new(),
            },
        };
        fields.put(name, Value::String(text));
    }
}

fn text_of<'m>(fields: &'m impl Named, key: &str) -> Option<Cow<'m, str>> {
    match fields.named(key) {
        Some(Value::String(text)) if !text.trim().is_empty() => Some(Cow::Borrowed(text)),
        Some(Value::Number(n)) => Some(Cow::Owned(n.to_string())),
        _ => None,
    }
}

/// Sets a text that most events have as it should be.
fn say(map: &mut Map<String, Value>, name: &str, text: &str) {
    if map.get(name).and_then(Value::as_str) != Some(text) {
        map.insert(name.to_owned(), text.into());
    }
}

/// What the HaloPSA ticket says that an event tells of.
fn of_ticket<'m>(fields: &'m impl Named, key: &str) -> Option<Cow<'m, str>> {
    fields.named("ticket").and_then(Value::as_object).and_then(|ticket| text_of(ticket, key))
}

fn derived_title(map: &impl Named) -> String {
    let named = of_ticket(map, "summary").or_else(|| text_of(map, "check"));
    named
        .map_or_else(|| format!("Alert from {}", text_of(map, "source").unwrap_or_default()), Cow::into_owned)
}

/// Its ticket's number; else the same problem reported twice shares check, device and title, whatever else changed.
fn derived_fingerprint(map: &impl Named) -> String {
    if let Some(id) = of_ticket(map, "id") {
        return id.into_owned();
    }
    let device =
        map.named("device").and_then(|d| d.get("id").filter(|v| !v.is_null()).or_else(|| d.get("name")));
    let device = device.map(crate::value::to_text).unwrap_or_default();
    let [check, title] = ["check", "title"].map(|name| text_of(map, name).unwrap_or_default());
    [&device, &check, &title]
        .into_iter()
        .filter(|p| !p.is_empty())
        .map(|p| &**p)
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_always_has_its_canonical_fields() {
        let event = Event::from_json(
            json!({"source": "s", "check": "Disk", "device": {"name": "srv"}}),
            Severity::Low,
        )
        .expect("an event");
        assert_eq!(event.state(), State::Firing);
        assert_eq!(event.severity(), Severity::Low);
        assert_eq!(event.title(), "Disk");
        assert_eq!(event.fingerprint(), "srv/Disk/Disk");
    }

    #[test]
    fn an_event_about_a_ticket_is_named_by_it() {
        let event = Event::from_json(
            json!({"source": "halo", "ticket": {"id": 4521, "summary": "Printer"}}),
            Severity::Low,
        )
        .expect("an event");
        assert_eq!((event.ticket_id(), event.fingerprint(), event.title()), (Some(4521), "4521", "Printer"));
        let alert =
            Event::from_json(json!({"source": "s", "ticket": "4521"}), Severity::Low).expect("an event");
        assert_eq!(alert.ticket_id(), None, "a text of that name is no ticket");
    }

    #[test]
    fn what_is_no_event_says_why() {
        let error = |value| Event::from_json(value, Severity::Medium).expect_err("no event").to_string();
        assert_eq!(error(json!([])), "an event must be a JSON object");
        assert_eq!(error(json!({})), "the event has no `source`");
        assert!(error(json!({"source": "s", "state": "on fire"})).starts_with("unknown state `on fire`"));
        assert!(error(json!({"source": "s", "severity": "awful"})).starts_with("unknown severity `awful`"));
    }

    #[test]
    fn setting_keeps_state_and_severity_valid() {
        let mut event = Event::from_json(json!({"source": "s"}), Severity::Medium).expect("an event");
        let path = |text| Path::parse(text).expect("a path");
        event.set(&path("severity"), json!("HIGH")).expect("sets");
        assert_eq!(event.severity(), Severity::High);
        assert!(event.set(&path("severity"), json!("awful")).is_err());
        for known in ["source", "id", "received_at", "trace"] {
            assert_eq!(event.set(&path(known), json!("x")), Err(format!("`{known}` cannot be set")));
        }
        event.set(&path("vars.x"), json!(1)).expect("sets");
        assert_eq!(event.value()["vars"]["x"], json!(1));
    }

    #[test]
    fn an_event_says_its_trace_if_somebody_follows_it() {
        let event = Event::from_json(json!({"source": "s"}), Severity::Medium).expect("an event");
        assert_eq!(event.trace(), None);
        let event = event.traced("4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(event.trace(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        let read: Event = serde_json::from_value(event.value().clone()).expect("an event");
        assert_eq!(read, event);
    }
}
