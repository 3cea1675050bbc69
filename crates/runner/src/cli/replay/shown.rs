//! The difference between two runs: the summary first, then the tickets.

use std::collections::BTreeSet;

use haloward_rules::Outcome;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::Failure;
use super::super::output::{Out, Tone, clean};
use super::compare::{Comparison, Difference, Kind, Totals};

type Span = Option<(Timestamp, Timestamp)>;

pub(super) fn to_json(comparison: &Comparison, span: Span) -> Value {
    let [before, after] = &comparison.totals;
    json!({
        "events": comparison.events,
        "from": span.map(|(first, _)| first),
        "until": span.map(|(_, last)| last),
        "before": before,
        "after": after,
        "fewer": comparison.fewer,
        "more": comparison.more,
        "changed": comparison.changed,
        "same": comparison.same,
        "differences": comparison.differences,
    })
}

pub(super) fn print(comparison: &Comparison, span: Span, out: &mut Out) -> Result<(), Failure> {
    let Comparison { events, fewer, more, changed, same, .. } = comparison;
    let when = span.map(|(first, last)| format!(", {} to {}", short(first), short(last))).unwrap_or_default();
    out.line(&format!("{events} events{when}"))?;
    let counts = [(*fewer, "fewer"), (*more, "more"), (*changed, "changed"), (*same, "the same")];
    let counts: Vec<String> = counts.iter().map(|(count, what)| format!("{count} {what}")).collect();
    let verdict = format!("tickets: {}", counts.join(", "));
    out.line(&out.tone(if fewer + more + changed == 0 { Tone::Good } else { Tone::Strong }, &verdict))?;
    totals(&comparison.totals, out)?;
    for (kind, count, title) in [
        (Kind::Fewer, *fewer, "Fewer: these alerts would get no ticket"),
        (Kind::More, *more, "More: these alerts would get a ticket they did not get before"),
        (Kind::Changed, *changed, "Changed: these tickets would be different"),
    ] {
        if count == 0 {
            continue;
        }
        out.line("")?;
        out.line(&out.tone(Tone::Strong, title))?;
        let shown: Vec<&Difference> =
            comparison.differences.iter().filter(|found| found.kind == kind).collect();
        for found in &shown {
            one(found, out)?;
        }
        let left = count - shown.len() as u64;
        if left > 0 {
            out.line(&out.tone(Tone::Quiet, &format!("  and {left} more (--limit shows them)")))?;
        }
    }
    Ok(())
}

fn totals([before, after]: &[Totals; 2], out: &mut Out) -> Result<(), Failure> {
    let mut rows = vec![
        ("tickets", before.tickets, after.tickets),
        ("requests to HaloPSA", before.requests, after.requests),
    ];
    let outcomes: BTreeSet<&Outcome> = before.outcomes.keys().chain(after.outcomes.keys()).collect();
    for outcome in outcomes {
        let of = |totals: &Totals| totals.outcomes.get(outcome).copied().unwrap_or(0);
        rows.push((outcome.as_str(), of(before), of(after)));
    }
    out.line(&format!("\n  {:<20} {:>10} {:>10}", "", "before", "after"))?;
    for (name, before, after) in rows {
        let line = format!("  {name:<20} {before:>10} {after:>10}");
        let line = if before == after { out.tone(Tone::Quiet, &line) } else { line };
        out.line(&line)?;
    }
    Ok(())
}

fn one(found: &Difference, out: &mut Out) -> Result<(), Failure> {
    let what = found.summary.as_deref().unwrap_or(&found.event.title);
    out.line(&format!(
        "  {}  {}  {}",
        short(found.opened_at),
        clean(found.key.as_str()),
        cut(&clean(what), 60)
    ))?;
    let id = if found.event.id.is_empty() { String::new() } else { format!(" ({})", clean(&found.event.id)) };
    let event = format!("{} from {}{id}", cut(&clean(&found.event.title), 60), clean(&found.event.source));
    out.line(&out.tone(Tone::Quiet, &format!("      rule {}, event {event}", found.rule)))?;
    if let Some(instead) = &found.instead {
        let rule = instead.rule.as_ref().map(|rule| format!(" by {rule}")).unwrap_or_default();
        let reason = instead.reason.as_deref().map(|why| format!(": {}", clean(why))).unwrap_or_default();
        out.line(&format!("      instead {}{rule}{}", instead.outcome, cut(&reason, 80)))?;
    }
    for field in &found.fields {
        out.line(&format!(
            "      {}: {} → {}",
            clean(&field.field),
            value(&field.before),
            value(&field.after)
        ))?;
    }
    Ok(())
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => cut(&clean(text), 60),
        other => cut(&clean(&other.to_string()), 60),
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let start: String = text.chars().take(most - 1).collect();
    format!("{start}…")
}

/// A time as people read it; nobody compares rules by the second.
fn short(time: Timestamp) -> String {
    jiff::fmt::strtime::format("%Y-%m-%d %H:%M", time).unwrap_or_else(|_| time.to_string())
}
