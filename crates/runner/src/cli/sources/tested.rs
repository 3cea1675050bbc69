//! `haloward source test`: the events that a payload becomes, by the receiver's own way of reading it; what answers to
//! polls become is in `polled`.

use std::path::Path;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use haloward_rules::{Delivery, VendorWords, format_duration};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{polled, shown, unknown};
use crate::cli::output::{Out, Tone, clean};
use crate::cli::{End, Ended, Failure, Global, input};
use crate::config::{Loaded, SourceConfig};
use crate::feeds::poll;
use crate::intake::Mapping;
use crate::receiver::body::Content;
use crate::receiver::{self, repeat};
use crate::store::{Archive, EventId, NewEvent};

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
    if let Some(SourceConfig::Halo(_)) = loaded.config.sources.get(name) {
        return tickets(&loaded, name, given.file, out);
    }
    let mapping = mapping(&loaded, name)?;
    let poll = input::polled(&loaded, name)?;
    let bytes = input::read(given.file)?;
    let now = Timestamp::now();
    if let Some(poll) = poll {
        let read = poll::saved(&poll, &mapping, &given.headers(), &bytes, now);
        return polled::show(read, &poll, &mapping, out);
    }
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
                payload: payload.clone(),
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

/// What saved tickets are told as.
fn tickets(loaded: &Loaded, name: &str, file: &Path, out: &mut Out) -> Ended {
    let events = input::events(loaded, file, Some(name), Timestamp::now())?;
    if out.is_json() {
        let items: Vec<Value> = events.iter().map(|event| shown::as_json(event, None)).collect();
        out.json(&json!({ "source": name, "events": items }))?;
        return Ok(End::Done);
    }
    let count = if events.len() == 1 { "1 event".to_owned() } else { format!("{} events", events.len()) };
    out.line(&format!("{count} of the source `{name}`; what a ticket was before is not known here"))?;
    for event in &events {
        out.line("")?;
        for line in shown::fields(event) {
            out.line(&line)?;
        }
    }
    Ok(End::Done)
}

/// How the source of that name reads payloads; where none is configured, the preset of that name.
pub(super) fn mapping(loaded: &Loaded, name: &str) -> Result<Mapping, Failure> {
    let configured = loaded.config.sources.contains_key(name);
    if !configured && loaded.presets.get(name).is_none() {
        let sources = loaded.config.sources.keys().map(String::as_str);
        return Err(unknown(name, sources.chain(loaded.presets.iter().map(|preset| preset.name()))));
    }
    if let Some(SourceConfig::Schedule(_)) = loaded.config.sources.get(name) {
        return Err(Failure::help(
            format!("`{name}` is a schedule: nothing is sent to it that could be tested"),
            "`haloward check` shows its next runs",
        ));
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
        let items = events.iter().enumerate().map(|(place, new)| {
            let mut item = shown::as_json(&new.event, self.said.get(place));
            item["delivery_id"] = json!(new.delivery_id);
            item
        });
        let items: Vec<Value> = items.collect();
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
        shown::lines(events.iter().map(|new| &new.event), self.said, preset, out)
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
}
