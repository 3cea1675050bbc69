//! What commands are given to read: files, or standard input as `-`.

use std::io::Read as _;
use std::path::Path;

use haloward_rules::{Event, Poll, Severity};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Failure;
use crate::config::{HaloTickets, Loaded, SourceConfig};
use crate::feeds::{halo, poll};
use crate::intake::{Mapping, unreadable};
use crate::receiver::body::{self, Content};

// LIMIT: a stream of samples or one upload, not a whole journal.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The bytes of a file, or of standard input.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let fail = |error: std::io::Error| {
        Failure::help(
            format!("cannot read `{}`: {error}", path.display()),
            "name a file, or `-` for standard input",
        )
    };
    let mut bytes = Vec::new();
    let took = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).map_err(fail)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)
    };
    if took.map_err(fail)? as u64 > MAX_BYTES {
        return Err(Failure::new(format!("`{}` is larger than 64 MiB", path.display())));
    }
    Ok(bytes)
}

/// The events of a file: of its payload through the source's preset, or as they stand in it.
pub(super) fn events(
    loaded: &Loaded,
    path: &Path,
    source: Option<&str>,
    at: Timestamp,
) -> Result<Vec<Event>, Failure> {
    let name = path.display();
    let bytes = read(path)?;
    let Some(source) = source else {
        let value = serde_json::from_slice(&bytes)
            .map_err(|error| Failure::new(format!("`{name}` is not JSON: {error}")))?;
        let items = match value {
            Value::Array(items) => items,
            single => vec![single],
        };
        let event = |item| {
            Event::from_json(item, Severity::Medium).map(|event| event.received("", at)).map_err(|error| {
                Failure::help(
                    format!("`{name}` holds no event: {error}"),
                    "for a payload as the vendor sends it, name its source: --source NAME",
                )
            })
        };
        return items.into_iter().map(event).collect();
    };
    let content = body::of_file(&name.to_string(), &bytes)
        .map_err(|wrong| Failure::help(wrong, "the receiver would answer 400"))?;
    let events = of_payload(loaded, source, content, &name.to_string(), at)?;
    Ok(events.into_iter().map(|event| event.received("", at)).collect())
}

/// The events of one payload, read as its source has it read: tickets of HaloPSA, the items of a polled list, or what
/// its preset makes of it. `named` is what was read, as messages call it.
pub(super) fn of_payload(
    loaded: &Loaded,
    source: &str,
    content: Content,
    named: &str,
    at: Timestamp,
) -> Result<Vec<Event>, Failure> {
    if let Some(SourceConfig::Halo(config)) = loaded.config.sources.get(source) {
        // What is no JSON is no ticket either.
        let sent = match content {
            Content::Payload(payload) => payload.into_value(),
            Content::Broken { .. } => Value::Null,
        };
        return tickets(loaded, config, source, &sent, named);
    }
    let Some((preset, severity)) = loaded.preset_of(source) else {
        return Err(Failure::new(format!("the source `{source}` has no preset")));
    };
    let payload = match content {
        Content::Payload(payload) => payload,
        Content::Broken { text, why } => return Ok(vec![unreadable(source, severity, text, &why)]),
    };
    let mapping = Mapping { source: source.into(), preset, severity };
    if let Some(poll) = polled(loaded, source)?
        && let Some(events) = poll::listed(&poll, &mapping, payload.value(), at)
    {
        return Ok(events);
    }
    let events = mapping.events(payload, Value::Object(Map::new()), at);
    Ok(events.into_iter().map(|new| new.event).collect())
}

/// What the source of that name asks for, if it is one that is polled; where none is configured, what the preset of that
/// name asks for, with the preset's own examples in place of what a source has to say.
pub(super) fn polled(loaded: &Loaded, name: &str) -> Result<Option<Poll>, Failure> {
    match loaded.config.sources.get(name) {
        Some(SourceConfig::Poll(config)) => match &config.whole {
            Some(whole) => Ok(Some(whole.poll.clone())),
            None => Err(Failure::help(
                format!("the source `{name}` cannot be polled: its configuration has mistakes"),
                "`haloward check` shows them",
            )),
        },
        Some(_) => Ok(None),
        None => {
            let raw = loaded.presets.get(name).and_then(|preset| preset.poll().cloned());
            Ok(raw.and_then(|raw| raw.by_example(name)))
        }
    }
}

/// The events of saved tickets.
fn tickets(
    loaded: &Loaded,
    config: &HaloTickets,
    source: &str,
    payload: &Value,
    named: &str,
) -> Result<Vec<Event>, Failure> {
    let site = loaded.config.halo.as_ref().map(|halo| halo::seen_at(&halo.site)).unwrap_or_default();
    let catalogue = loaded.saved.as_ref().map(|saved| &saved.catalogue);
    let events = halo::saved::events(payload, source, config.severity, &site, catalogue);
    events.map_err(|wrong| {
        Failure::help(
            format!("`{named}` cannot be read: {wrong}"),
            "`haloward api GET /Tickets/4521` prints a ticket as it is wanted here",
        )
    })
}
