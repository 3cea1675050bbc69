//! `haloward source test`: the events that a payload becomes, by the receiver's own way of reading it.

use std::path::Path;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use haloward_rules::{Delivery, Event, Preset, VendorWords, format_duration};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::unknown;
use crate::cli::output::{Out, Tone, clean};
use crate::cli::{End, Ended, Failure, Global, input};
use crate::config::{Loaded, SourceConfig};
use crate::intake::Mapping;
use crate::receiver::body::Content;
use crate::receiver::{self, repeat};
use crate::store::{Archive, EventId, NewEvent};

/// LIMIT: a payload that has more fields than this is looked at as JSON.
const MOST_FIELDS: usize = 200;
/// LIMIT: what of a value is shown.
const VALUE: usize = 160;

/// A delivery as it is given on the command line.
pub(super) struct Given<'g> {
    pub(super) file: &'g Path,
    pub(super) headers: &'g [(String, String)],
    pub(super) content_type: Option<&'g str>,
}

/// `X-GitHub-Event: ping`.
pub(super) fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("write it as `Name: value`")?;
    let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("`{name}` is no name of a header"))?;
    HeaderValue::from_str(&value).map_err(|_| "a header's value is one line of plain letters".to_owned())?;
    Ok((name, value))
}

impl Given<'_> {
    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            // Both were checked when they were read.
            if let (Ok(name), Ok(value)) =
                (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
            {
                headers.append(name, value);
            }
        }
        let named = self.content_type.or_else(|| by_ending(self.file));
        if let Some(Ok(value)) = named.map(HeaderValue::from_str) {
            headers.entry(header::CONTENT_TYPE).or_insert(value);
        }
        headers
    }
}

/// The content type that a file's name promises.
fn by_ending(file: &Path) -> Option<&'static str> {
    Some(match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "json" => "application/json",
        "jsonl" | "ndjson" => "application/x-ndjson",
        "xml" => "application/xml",
        "form" | "urlencoded" => "application/x-www-form-urlencoded",
        "txt" => "text/plain",
        _ => return None,
    })
}

pub(super) fn run(name: &str, given: &Given<'_>, global: &Global, out: &mut Out) -> Ended {
    let loaded = global.load(&[])?;
    let mapping = mapping(&loaded, name)?;
    let bytes = input::read(given.file)?;
    let now = Timestamp::now();
    let (content, headers) = match receiver::content(&given.headers(), &bytes, loaded.config.max_body) {
        Ok(read) => read,
        Err(problem) => {
            let (status, detail) = (problem.status(), problem.detail());
            if out.is_json() {
                out.json(&json!({ "source": name, "status": status, "problem": detail, "events": [] }))?;
            } else {
                out.line(&format!("the receiver would answer {status}: {}", clean(detail)))?;
            }
            return Ok(End::No);
        }
    };
    let (events, said) = match content {
        Content::Payload(payload) => {
            let said = mapping.preset.said(&Delivery {
                source: &mapping.source,
                payload: payload.clone().into(),
                headers: headers.clone().into(),
                default_severity: mapping.severity,
                at: now,
            });
            (mapping.events(payload, headers, now), said)
        }
        Content::Broken { text, why } => (mapping.unreadable(text, &why, now), Vec::new()),
    };
    let window = match loaded.config.sources.get(name) {
        Some(SourceConfig::Webhook(webhook)) => webhook.repeated_within,
        _ => None,
    };
    let window = repeat::window(window, &mapping.preset);
    let came = events.first().and_then(|first| came_before(&loaded, name, first));
    let shown = Shown { mapping: &mapping, said: &said, window, came };
    if out.is_json() {
        shown.json(&events, out)?;
    } else {
        shown.text(&events, out)?;
    }
    Ok(if events.iter().any(|new| new.event.unmapped().is_some()) { End::No } else { End::Done })
}

/// How the source of that name reads payloads; where none is configured, the preset of that name.
fn mapping(loaded: &Loaded, name: &str) -> Result<Mapping, Failure> {
    let configured = loaded.config.sources.contains_key(name);
    if !configured && loaded.presets.get(name).is_none() {
        let sources = loaded.config.sources.keys().map(String::as_str);
        return Err(unknown(name, sources.chain(loaded.presets.iter().map(|preset| preset.name()))));
    }
    let (preset, severity) = loaded
        .preset_of(name)
        .ok_or_else(|| Failure::new(format!("the source `{name}` gets no payloads: it has no preset")))?;
    Ok(Mapping { source: name.into(), preset, severity })
}

/// The event that this delivery was when it came before. A store that cannot be read knows none.
fn came_before(loaded: &Loaded, source: &str, first: &NewEvent) -> Option<EventId> {
    let delivery = first.delivery_id.as_deref()?;
    let archive = Archive::open(&loaded.config.store).ok()?;
    archive.read(|reader| reader.delivered(source, delivery)).ok().flatten()
}

struct Shown<'s> {
    mapping: &'s Mapping,
    said: &'s [VendorWords],
    /// How long the same bytes are taken for a repeat.
    window: Duration,
    came: Option<EventId>,
}

impl Shown<'_> {
    fn json(&self, events: &[NewEvent], out: &mut Out) -> Result<(), Failure> {
        let items: Vec<Value> = events
            .iter()
            .enumerate()
            .map(|(place, new)| {
                let said = self.said.get(place).cloned().unwrap_or_default();
                json!({
                    "event": new.event.value(), "state_said": said.state, "severity_said": said.severity,
                    "delivery_id": new.delivery_id, "empty": empty(&new.event),
                })
            })
            .collect();
        out.json(&json!({
            "source": &*self.mapping.source, "preset": self.mapping.preset.name(), "status": 202,
            "came_before": self.came, "events": items,
        }))
    }

    fn text(&self, events: &[NewEvent], out: &mut Out) -> Result<(), Failure> {
        let preset = &self.mapping.preset;
        let count = if events.len() == 1 { "1 event".to_owned() } else { format!("{} events", events.len()) };
        let title = format!("{}: {count} by the preset `{}`", clean(&self.mapping.source), preset.name());
        out.line(&out.tone(Tone::Strong, &title))?;
        out.line(&self.repeats(events))?;
        for (place, new) in events.iter().enumerate() {
            out.line("")?;
            if events.len() > 1 {
                out.line(&out.tone(Tone::Strong, &format!("event {} of {}", place + 1, events.len())))?;
            }
            let said = self.said.get(place).cloned().unwrap_or_default();
            for line in event_lines(&new.event, &said, preset) {
                out.line(&line)?;
            }
        }
        Ok(())
    }

    /// What happens when the sender repeats the delivery.
    fn repeats(&self, events: &[NewEvent]) -> String {
        let id = events.first().and_then(|first| first.delivery_id.as_deref());
        match (id, self.came) {
            (None, _) if self.window.is_zero() => {
                "it has no delivery id: sent again, it is a new event, which its rule counts".to_owned()
            }
            (None, _) => {
                let within = format_duration(self.window);
                format!("it has no delivery id: the same bytes within {within} are not processed twice")
            }
            (Some(id), None) => {
                let id = clean(id.rsplit_once('#').map_or(id, |(id, _)| id));
                format!("its delivery id is `{id}`: sent again, it is not processed twice")
            }
            (Some(_), Some(event)) => {
                format!("it came before, as {event}: sent now, it would not be processed again")
            }
        }
    }
}

/// Every field of an event, and why it reads as it does.
fn event_lines(event: &Event, said: &VendorWords, preset: &Preset) -> Vec<String> {
    let mut rows = Vec::new();
    flatten("", event.value(), &mut rows);
    let width = rows.iter().map(|(path, _)| path.chars().count()).max().unwrap_or_default();
    let (left, hidden) = (rows.len().min(MOST_FIELDS), rows.len().saturating_sub(MOST_FIELDS));
    let mut lines: Vec<String> =
        rows.drain(..left).map(|(path, value)| format!("  {path:width$}  {value}")).collect();
    if hidden > 0 {
        lines.push(format!("  … and {hidden} more fields: `--format json` shows all"));
    }
    if let Some(why) = event.unmapped() {
        lines.push(format!("  ! it does not fit the preset: {}", clean(why)));
        lines.push(
            "  ! it is kept, and `on_rule_error` of the configuration decides what becomes of it".to_owned(),
        );
        return lines;
    }
    lines.push(format!("  state is {}: {}", event.state(), state_why(said)));
    lines.push(format!("  severity is {}: {}", event.severity(), severity_why(event, said, preset)));
    let empty = empty(event);
    if !empty.is_empty() {
        lines.push(format!("  nothing fills {}", empty.join(", ")));
    }
    lines
}

fn state_why(said: &VendorWords) -> String {
    match said.state.as_deref() {
        Some(word) => format!("the payload says `{}`", clean(word)),
        None => "the payload does not say".to_owned(),
    }
}

fn severity_why(event: &Event, said: &VendorWords, preset: &Preset) -> String {
    let word = said.severity.as_deref().or_else(|| event.value()["severity_raw"].as_str());
    match word {
        None => "the payload does not say, so it is the source's default".to_owned(),
        Some(word) if preset.severity_of(word).is_some() => format!("the payload says `{}`", clean(word)),
        Some(word) => {
            format!("the preset does not know the payload's `{}`, so it is the source's default", clean(word))
        }
    }
}

/// The fields that rules and tickets usually want, and that this event has not.
fn empty(event: &Event) -> Vec<&'static str> {
    const WANTED: [&str; 8] =
        ["title", "message", "check", "fingerprint", "client.name", "device.name", "url", "started_at"];
    let at = |path: &str| path.split('.').fold(event.value(), |value, part| &value[part]);
    WANTED.into_iter().filter(|path| at(path).is_null() || at(path).as_str() == Some("")).collect()
}

/// A value as paths and texts, as conditions name them.
fn flatten(path: &str, value: &Value, rows: &mut Vec<(String, String)>) {
    let joined = |name: &str| if path.is_empty() { clean(name) } else { format!("{path}.{}", clean(name)) };
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(name, value)| flatten(&joined(name), value, rows));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(n, value)| flatten(&format!("{path}[{n}]"), value, rows));
        }
        Value::String(text) => rows.push((path.to_owned(), shortened(text))),
        other => rows.push((path.to_owned(), other.to_string())),
    }
}

fn shortened(text: &str) -> String {
    let text = clean(text);
    if text.chars().count() <= VALUE {
        return text;
    }
    let start: String = text.chars().take(VALUE).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_they_are_written() {
        assert_eq!(header("X-GitHub-Event: ping"), Ok(("x-github-event".into(), "ping".into())));
        assert_eq!(header("A:b: c"), Ok(("a".into(), "b: c".into())));
        for wrong in ["no colon", "sp ace: x", ": x", "a: b\r\nc: d"] {
            assert!(header(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn values_have_the_paths_that_conditions_name() {
        let mut rows = Vec::new();
        let value = json!({ "a": { "b": [ { "c": 1 }, "x\ny" ] }, "d": {}, "e": null });
        flatten("", &value, &mut rows);
        let lines: Vec<String> = rows.into_iter().map(|(path, value)| format!("{path} {value}")).collect();
        assert_eq!(lines, ["a.b[0].c 1", "a.b[1] x y", "d {}", "e null"]);
    }
}
