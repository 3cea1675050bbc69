//! One delivery through its preset: a payload becomes events, and what does not fit is kept.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::{Preset, title, unfilled, words};
use crate::draft::Draft;
use crate::event::{Event, Severity, State};
use crate::library::Library;
use crate::path::Path;
use crate::payload::{Payload, Sent};
use crate::script::{Env, View};

/// A payload as a source sent it.
#[derive(Debug, Clone)]
pub struct Delivery<'a> {
    /// The source's name.
    pub source: &'a str,
    /// The payload.
    pub payload: Payload,
    /// The request's headers, names in lower case; without credentials.
    pub headers: Arc<Value>,
    /// The severity of events whose vendor gives none.
    pub default_severity: Severity,
    /// When it was received.
    pub at: Timestamp,
}

/// What a delivery became.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapped {
    /// The events, in the payload's order. One that did not fit its preset says so in [`Event::unmapped`].
    pub events: Vec<Event>,
    /// The vendor's id of this delivery, if it gives one.
    pub delivery_id: Option<String>,
}

// LIMIT: a payload of 1 MiB holds some thousand alerts at most; one with more elements is no list of alerts.
const MAX_EVENTS: usize = 10_000;

/// A time before this is a vendor's way to say "never": `0001-01-01T00:00:00Z`.
const NEVER: i64 = 31_536_000;

impl Preset {
    /// Maps one delivery. Nothing is ever dropped: what does not fit becomes an unmapped event.
    pub fn map(&self, delivery: Delivery<'_>) -> Mapped {
        // ORDER: before anything sees the payload, also what keeps one that does not fit.
        let delivery = Delivery { payload: self.without_secrets(delivery.payload), ..delivery };
        let source = Arc::new(Value::String(delivery.source.to_owned()));
        let whole = View::of(&delivery.payload);
        let mut env = env(&delivery, &source, whole.clone());
        let delivery_id = self
            .delivery_id
            .as_ref()
            .and_then(|template| template.text(&env).ok())
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty());
        let items = match self.items(&whole, &env) {
            Ok(items) => items,
            Err(why) => return nothing_fits(&delivery, delivery_id, &why),
        };
        let event = |sent: View| -> Result<Draft, String> {
            env.set("item", sent);
            if let Some(template) = &self.item {
                let item = template.view(&env).map_err(|error| error.message)?;
                env.set("item", item);
            }
            self.event(&env, &delivery)
        };
        let events: Vec<Result<Draft, String>> = items.views().into_iter().map(event).collect();
        let Delivery { source, default_severity, .. } = delivery;
        // ORDER: whoever looks at the payload lets go of it first, so that each event gets its part and no copy of it.
        drop((env, whole, delivery));
        let made = |(event, sent): (Result<Draft, String>, Sent)| match event {
            Ok(fields) => Event::sent(fields, default_severity, sent),
            Err(why) => Event::unmapped_of(source, default_severity, sent, &why),
        };
        let events = events.into_iter().zip(items.into_sent()).map(made).collect();
        Mapped { events, delivery_id }
    }

    /// The parts of a payload that are an event each; or why there are none.
    pub(super) fn items(&self, whole: &View, env: &Env<'_>) -> Result<Items, String> {
        let Some(template) = &self.events else { return Ok(Items::One(whole.clone())) };
        let found = template.view(env).map_err(|error| error.message)?;
        let seen = found.seen();
        if seen.is_map() {
            return Ok(Items::One(found));
        }
        if !seen.is_list() {
            return Err("its list of events is not there".into());
        }
        match seen.len() {
            count if count > MAX_EVENTS => Err(format!("it holds {count} elements, more than {MAX_EVENTS}")),
            _ => Ok(Items::List(found)),
        }
    }

    /// The payload without what must never be kept.
    fn without_secrets(&self, mut payload: Payload) -> Payload {
        self.strip(&mut payload);
        payload
    }

    /// Removes what must never be kept from a payload.
    pub fn strip(&self, payload: &mut Payload) {
        // Most payloads hold nothing of the kind, and are not copied.
        let holds = |path: &Path| path.any(payload.value(), &mut |value| !value.is_null());
        if self.remove.iter().any(holds) {
            let tree = payload.edit();
            self.remove.iter().for_each(|path| path.remove(tree));
        }
    }

    /// A text that nobody could read, without what would have been removed of it: a value stands up to its closing quote,
    /// or to the end of its line.
    pub fn text_without_secrets(&self, text: String) -> String {
        let mut kept = text;
        for name in self.remove.iter().filter_map(Path::last_name) {
            let pattern =
                format!(r#"("{}"\s*:\s*)(?:"(?:[^"\\\r\n]|\\.)*"?|[^\s,}}\]]+)"#, regex::escape(name));
            if let Ok(secret) = regex::Regex::new(&pattern) {
                kept = secret.replace_all(&kept, r#"$1"removed""#).into_owned();
            }
        }
        kept
    }

    /// The event that `env` shows, without its payload.
    fn event(&self, env: &Env<'_>, delivery: &Delivery<'_>) -> Result<Draft, String> {
        let mut map = Draft::new();
        for (path, tree) in &self.fields {
            let value = match tree.value(env) {
                Ok(value) => value,
                // Without these two nothing says what the event is about, or whether it is over.
                Err(error) if matches!(path.as_str(), "state" | "fingerprint") => {
                    return Err(format!("`{path}`: {error}"));
                }
                // A vendor that sends a text where a map was must not cost the alert its ticket.
                Err(_) => continue,
            };
            if value.is_null() || matches!(&value, Value::String(text) if text.trim().is_empty()) {
                continue;
            }
            map.set(path, value).map_err(str::to_owned)?;
        }
        // An identity of nothing but what stands between its parts is none.
        if map
            .get("fingerprint")
            .and_then(Value::as_str)
            .is_some_and(|id| !id.contains(char::is_alphanumeric))
        {
            map.remove("fingerprint");
        }
        if !["title", "message", "check", "fingerprint"].iter().any(|field| map.has(field)) {
            return Err("it has none of the fields that its preset reads".into());
        }
        if unfilled::is_template(&map) {
            map.insert("state", State::Test.as_str().into());
        } else {
            self.state(&mut map)?;
        }
        self.severity(&mut map);
        for field in ["started_at", "ended_at", "occurred_at"] {
            let Some(value) = map.get_mut(field) else { continue };
            match crate::time::to_time_in(value, &self.settings.zone) {
                Some(time) if time.as_second() >= NEVER => *value = crate::time::to_text(time).into(),
                // One that cannot be read is in the payload still.
                _ => drop(map.remove(field)),
            }
        }
        settle_times(&mut map);
        title::settle(&mut map);
        if let Some(client) = &self.settings.client {
            client.put(&mut map);
        }
        map.insert("source", delivery.source.into());
        Ok(map)
    }

    fn state(&self, map: &mut Draft) -> Result<(), String> {
        let table = self.states.as_ref();
        let Some(said) = map.get_mut("state") else {
            let wants_state = self.fields.iter().any(|(path, _)| path.as_str() == "state");
            return if wants_state && table.is_none_or(|table| table.otherwise.is_none()) {
                Err("its state is missing".into())
            } else {
                let state = table.and_then(|table| table.otherwise).unwrap_or(State::Firing);
                map.insert("state", state.as_str().into());
                Ok(())
            };
        };
        let raw = crate::value::to_text(said);
        let word = raw.trim().to_lowercase();
        let state = table
            .and_then(|table| table.by_word.get(&word).copied())
            .or_else(|| State::parse(&raw))
            .or_else(|| table.and_then(|table| table.otherwise))
            .or_else(|| words::state(&word))
            .ok_or_else(|| format!("its state `{}` is none that its preset knows", shortened(&raw)))?;
        *said = state.as_str().into();
        Ok(())
    }

    /// The vendor's word is kept as `severity_raw`; a word nobody knows must not cost the alert its ticket.
    fn severity(&self, map: &mut Draft) {
        let Some(said) = map.get_mut("severity") else { return };
        let raw = match said.take() {
            Value::String(text) => text,
            other => crate::value::to_text(&other).into_owned(),
        };
        match self.severity_of(&raw) {
            Some(severity) => *said = severity.as_str().into(),
            None => drop(map.remove("severity")),
        }
        if !map.has("severity_raw") {
            map.insert("severity_raw", Value::String(raw));
        }
    }
}

/// The parts of a payload that are an event each.
pub(super) enum Items {
    One(View),
    /// The elements of a list.
    List(View),
}

impl Items {
    pub(super) fn views(&self) -> Vec<View> {
        match self {
            Self::One(one) => vec![one.clone()],
            Self::List(list) => list.elements(),
        }
    }

    fn into_sent(self) -> Vec<Sent> {
        match self {
            Self::One(one) => vec![one.into_sent()],
            Self::List(list) => list.into_sent().into_elements(),
        }
    }
}

/// What still fires has not ended, and an event without a time of its own is that of its problem's end or start. When
/// what is over began says nothing of when that was.
fn settle_times(map: &mut Draft) {
    let state = map.get("state").and_then(Value::as_str).and_then(State::parse);
    if state == Some(State::Firing) {
        map.remove("ended_at");
    }
    if !map.has("occurred_at")
        && let Some(time) =
            map.get(if state == Some(State::Resolved) { "ended_at" } else { "started_at" }).cloned()
    {
        map.insert("occurred_at", time);
    }
}

/// What a preset's templates see of a delivery.
pub(super) fn env(delivery: &Delivery<'_>, source: &Arc<Value>, item: View) -> Env<'static> {
    Env {
        vars: vec![
            ("payload", View::of(&delivery.payload)),
            ("item", item),
            ("headers", View::new(delivery.headers.clone())),
            ("source", View::new(source.clone())),
        ],
        now: delivery.at,
        library: Library::empty(),
        is_open: &|_| false,
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

fn nothing_fits(delivery: &Delivery<'_>, delivery_id: Option<String>, why: &str) -> Mapped {
    let sent = View::of(&delivery.payload).into_sent();
    let event = Event::unmapped_of(delivery.source, delivery.default_severity, sent, why);
    Mapped { events: vec![event], delivery_id }
}
