//! What commands are given to read: files, or standard input as `-`.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use haloward_rules::{Delivery, Event, Severity};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Failure;
use crate::config::{Loaded, SourceConfig};
use crate::feeds::halo;
use crate::intake::unreadable;
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
    let content = body::of_file(&name.to_string(), &bytes);
    // What is no JSON is no ticket either.
    let sent = match &content {
        Ok(Content::Payload(payload)) => payload,
        Ok(Content::Broken { .. }) | Err(_) => &Value::Null,
    };
    if let Some(events) = tickets(loaded, source, sent, &name.to_string()) {
        return Ok(events?.into_iter().map(|event| event.received("", at)).collect());
    }
    let Some((preset, default_severity)) = loaded.preset_of(source) else {
        return Err(Failure::new(format!("the source `{source}` has no preset")));
    };
    let payload = match content {
        Ok(Content::Payload(payload)) => payload,
        Ok(Content::Broken { text, why }) => {
            return Ok(vec![unreadable(source, default_severity, text, &why).received("", at)]);
        }
        Err(wrong) => return Err(Failure::help(wrong, "the receiver would answer 400")),
    };
    let headers = Arc::new(Value::Object(Map::new()));
    let delivery = Delivery { source, payload: Arc::new(payload), headers, default_severity, at };
    Ok(preset.map(delivery).events.into_iter().map(|event| event.received("", at)).collect())
}

/// The events of saved tickets, where the source is HaloPSA itself. `named` is what was read, as messages call it.
pub(super) fn tickets(
    loaded: &Loaded,
    source: &str,
    payload: &Value,
    named: &str,
) -> Option<Result<Vec<Event>, Failure>> {
    let Some(SourceConfig::Halo(config)) = loaded.config.sources.get(source) else { return None };
    let site = loaded.config.halo.as_ref().map(|halo| halo::seen_at(&halo.site)).unwrap_or_default();
    let catalogue = loaded.saved.as_ref().map(|saved| &saved.catalogue);
    let events = halo::saved::events(payload, source, config.severity, &site, catalogue);
    Some(events.map_err(|wrong| {
        Failure::help(
            format!("`{named}` cannot be read: {wrong}"),
            "`haloward api GET /Tickets/4521` prints a ticket as it is wanted here",
        )
    }))
}
