//! `haloward source test` for sources that are polled: what an answer of the vendor's API becomes, saved before or asked
//! for now.

use haloward_rules::{Asked, Mark, Poll, Turn};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{known, shown, tested};
use crate::cli::output::{Out, Tone, clean, remark, time};
use crate::cli::{End, Ended, Failure, Global, input, runtime};
use crate::config::SourceConfig;
use crate::feeds::FeedError;
use crate::feeds::poll::{self, Preview, PreviewError};
use crate::intake::Mapping;

/// Asks for the first page now.
pub(super) fn online(name: &str, global: &Global, out: &mut Out) -> Ended {
    let loaded = global.load(&[])?;
    let source = known(&loaded, name)?;
    if !matches!(source, SourceConfig::Poll(_)) {
        return Err(Failure::help(
            format!("`{name}` is not polled, so there is nobody to ask"),
            format!("give it a payload: `haloward source test {name} FILE`"),
        ));
    }
    let mapping = tested::mapping(&loaded, name)?;
    let not_polled = || Failure::new(PreviewError::NotPolled(name.to_owned()).to_string());
    let poll = input::polled(&loaded, name)?.ok_or_else(not_polled)?;
    let now = Timestamp::now();
    if let Ok(asked) = poll.ask(&Turn::default(), None, None, now) {
        remark(&format!("asking {}", address(&asked)));
    }
    let read = match runtime()?.block_on(poll::asked(&loaded, name, now)) {
        Ok(preview) => Ok(preview),
        Err(PreviewError::Feed(error)) => Err(error),
        Err(error) => return Err(Failure::new(error.to_string())),
    };
    show(read, &poll, &mapping, out)
}

/// What an answer was read as.
pub(super) fn show(read: Result<Preview, FeedError>, poll: &Poll, mapping: &Mapping, out: &mut Out) -> Ended {
    let preview = match read {
        Ok(preview) => preview,
        Err(error) => return failed(&error, mapping, out),
    };
    if out.is_json() {
        out.json(&as_json(&preview, poll, mapping))?;
    } else {
        out.line(&out.tone(Tone::Strong, &title(&preview, mapping)))?;
        for line in rest(&preview, poll) {
            out.line(&line)?;
        }
        shown::lines(preview.events.iter(), &preview.said, &mapping.preset, out)?;
    }
    Ok(if preview.events.iter().any(|event| event.unmapped().is_some()) { End::No } else { End::Done })
}

fn failed(error: &FeedError, mapping: &Mapping, out: &mut Out) -> Ended {
    if out.is_json() {
        out.json(&json!({
            "source": &*mapping.source, "preset": mapping.preset.name(), "problem": error.problem, "hint": error.hint,
            "events": [],
        }))?;
    } else {
        out.line(&format!("the poll would fail: {}", clean(&error.problem)))?;
        if let Some(hint) = &error.hint {
            out.line(&format!("  = {hint}"))?;
        }
    }
    Ok(End::No)
}

fn title(preview: &Preview, mapping: &Mapping) -> String {
    let count = |count: usize, what: &str| {
        if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
    };
    let events = count(preview.events.len(), "event");
    let of = preview.items.map_or_else(String::new, |items| format!(" of {}", count(items, "item")));
    format!("{}: {events}{of} by the preset `{}`", clean(&mapping.source), mapping.preset.name())
}

/// What the poll makes of the list beside the events of this page.
fn rest(preview: &Preview, poll: &Poll) -> Vec<String> {
    let mut lines = Vec::new();
    lines.push(match poll.gone_after {
        None => "an item that says the same again is no new event; one that is no longer listed is left as it was"
            .to_owned(),
        Some(1) => {
            "an item that says the same again is no new event; one that is no longer listed is resolved".to_owned()
        }
        Some(lists) => format!(
            "an item that says the same again is no new event; one that is missing from {lists} whole lists in a row is \
             resolved"
        ),
    });
    if let Some(mark) = preview.mark {
        lines.push(format!("the next poll asks from {} on, and a little before", read_up_to(mark)));
    } else if poll.has_watermark() {
        lines.push("nothing says how far was read: the next poll asks from where this one did".to_owned());
    }
    lines.push(match &preview.next {
        Some(asked) => format!("the list goes on: the next page is {}", address(asked)),
        None => "the list ends with this page".to_owned(),
    });
    lines
}

fn as_json(preview: &Preview, poll: &Poll, mapping: &Mapping) -> Value {
    let events = preview.events.iter().enumerate();
    let events: Vec<Value> =
        events.map(|(place, event)| shown::as_json(event, preview.said.get(place))).collect();
    json!({
        "source": &*mapping.source, "preset": mapping.preset.name(), "items": preview.items, "events": events,
        "next_page": preview.next.as_ref().map(|asked| json!({ "url": asked.url, "query": asked.query })),
        "read_up_to": preview.mark.map(Mark::to_value), "gone_after": poll.gone_after,
    })
}

fn read_up_to(mark: Mark) -> String {
    match mark {
        Mark::Time(at) => time(at),
        Mark::Number(number) => number.to_string(),
    }
}

/// Where a request goes, without what proves who asks: that is added when it is sent.
fn address(asked: &Asked) -> String {
    let query: Vec<String> = asked.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    clean(&format!("{}{mark}{}", asked.url, query.join("&")))
}
