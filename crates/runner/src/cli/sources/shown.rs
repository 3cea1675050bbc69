//! An event as `haloward source test` shows it: every field by the path that conditions name, and why it reads as it does.

use haloward_rules::{Event, Preset, VendorWords};
use serde_json::{Value, json};

use crate::cli::Failure;
use crate::cli::output::{Out, Tone, clean};

/// LIMIT: a payload that has more fields than this is looked at as JSON.
const MOST_FIELDS: usize = 200;
/// LIMIT: what of a value is shown.
const VALUE: usize = 160;

/// All events of a payload, each with a title of its own where there are several.
pub(super) fn lines<'e>(
    events: impl ExactSizeIterator<Item = &'e Event>,
    said: &[VendorWords],
    preset: &Preset,
    out: &mut Out,
) -> Result<(), Failure> {
    let count = events.len();
    for (place, event) in events.enumerate() {
        out.line("")?;
        if count > 1 {
            out.line(&out.tone(Tone::Strong, &format!("event {} of {count}", place + 1)))?;
        }
        let said = said.get(place).cloned().unwrap_or_default();
        for line in event_lines(event, &said, preset) {
            out.line(&line)?;
        }
    }
    Ok(())
}

/// The same as data.
pub(super) fn as_json(event: &Event, said: Option<&VendorWords>) -> Value {
    let said = said.cloned().unwrap_or_default();
    json!({
        "event": event.value(), "state_said": said.state, "severity_said": said.severity, "empty": empty(event),
    })
}

/// Every field of an event, and why it reads as it does.
fn event_lines(event: &Event, said: &VendorWords, preset: &Preset) -> Vec<String> {
    let mut lines = fields(event);
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

/// Every field of an event, by the path that conditions name.
pub(super) fn fields(event: &Event) -> Vec<String> {
    let mut rows = Vec::new();
    flatten("", event.value(), &mut rows);
    let width = rows.iter().map(|(path, _)| path.chars().count()).max().unwrap_or_default();
    let (left, hidden) = (rows.len().min(MOST_FIELDS), rows.len().saturating_sub(MOST_FIELDS));
    let mut lines: Vec<String> =
        rows.drain(..left).map(|(path, value)| format!("  {path:width$}  {value}")).collect();
    if hidden > 0 {
        lines.push(format!("  … and {hidden} more fields: `--format json` shows all"));
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
    fn values_have_the_paths_that_conditions_name() {
        let mut rows = Vec::new();
        let value = json!({ "a": { "b": [ { "c": 1 }, "x\ny" ] }, "d": {}, "e": null });
        flatten("", &value, &mut rows);
        let lines: Vec<String> = rows.into_iter().map(|(path, value)| format!("{path} {value}")).collect();
        assert_eq!(lines, ["a.b[0].c 1", "a.b[1] x y", "d {}", "e null"]);
    }
}
