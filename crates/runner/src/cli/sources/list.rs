//! `haloward sources`: the list.

use serde_json::json;

use crate::cli::output::{Out, clean, columns, remark, time};
use crate::cli::service::{Service, Which};
use crate::cli::{End, Ended, Failure, Global};
use crate::config::Loaded;
use crate::inspect::{self, List, SourceLine};

pub(super) fn run(which: &Which, global: &Global, out: &mut Out) -> Ended {
    let found = found(which, global)?;
    if out.is_json() {
        out.json(&json!(found))?;
        return Ok(End::Done);
    }
    if found.items.is_empty() {
        out.line("no sources: `haloward presets` lists what can be one")?;
        return Ok(End::Done);
    }
    for line in columns(&rows(&found.items)) {
        out.line(&line)?;
    }
    for line in found.items.iter().flat_map(troubles) {
        out.line(&line)?;
    }
    if found.items.iter().any(|line| line.url.as_deref().is_some_and(|url| url.ends_with("/TOKEN"))) {
        out.line("`haloward source url NAME` prints a URL with its token")?;
    }
    Ok(End::Done)
}

/// The sources: of the running service, of the store of a stopped one, or of the configuration of one that never ran.
fn found(which: &Which, global: &Global) -> Result<List<SourceLine>, Failure> {
    let configured = |loaded: &Loaded| SourceLine::all(loaded, loaded.config.listen);
    if which.is_our_own() {
        let loaded = global.load(&[])?;
        if !loaded.config.store.exists() {
            remark("the service has never run: these are the sources of the configuration");
            return Ok(List { items: configured(&loaded), next: None });
        }
    }
    let service = Service::find(which, global)?;
    let found = service.ask("/api/v1/sources", &(), |reader, loaded| {
        inspect::sources(reader, &configured(loaded), jiff::Timestamp::now())
    })?;
    service.note();
    Ok(found)
}

const HEAD: [&str; 8] =
    ["SOURCE", "KIND", "PRESET", "AUTH", "LAST EVENT", "HOUR", "TODAY", "URL OR NEXT RUN"];

fn rows(lines: &[SourceLine]) -> Vec<Vec<String>> {
    let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(|line| {
        let hour = line.traffic.as_ref().map_or("-".to_owned(), |seen| seen.events_last_hour.to_string());
        vec![
            clean(&line.name),
            clean(&line.kind),
            clean(&line.preset),
            clean(&line.auth),
            line.last_event_at.map_or_else(|| "never".to_owned(), time),
            hour,
            line.events_today.to_string(),
            where_to(line),
        ]
    }));
    rows
}

/// Where tools send to, or when the source is asked next.
fn where_to(line: &SourceLine) -> String {
    let next = line.feed.as_ref().and_then(|feed| feed.next_at);
    match (&line.url, next) {
        (Some(url), _) => clean(url),
        (None, Some(next)) => time(next),
        (None, None) => "-".to_owned(),
    }
}

/// What somebody should look at, a line each.
fn troubles(line: &SourceLine) -> Vec<String> {
    let mut troubles = Vec::new();
    let name = clean(&line.name);
    if let Some(feed) = &line.feed {
        if let (Some(error), Some(at), 1..) = (&feed.last_error, feed.last_error_at, feed.failures_in_a_row) {
            let hint = feed.hint.as_deref().map(|hint| format!(": {}", clean(hint))).unwrap_or_default();
            troubles.push(format!(
                "{name}: failed {} times in a row, last {}: {}{hint}",
                feed.failures_in_a_row,
                time(at),
                clean(error)
            ));
        }
        troubles.extend(feed.warning.iter().map(|warning| format!("{name}: {}", clean(warning))));
    }
    if let Some(seen) = &line.traffic {
        for refused in &seen.refused {
            let deliveries = if refused.count == 1 { "delivery" } else { "deliveries" };
            troubles.push(format!(
                "{name}: {} {deliveries} answered {}, last {}: {}",
                refused.count,
                refused.status,
                time(refused.last_at),
                clean(&refused.why)
            ));
        }
        if seen.unmapped_last_hour > 0 {
            troubles.push(format!(
                "{name}: {} of the last hour's events did not fit the preset: `haloward events list --source {name}`",
                seen.unmapped_last_hour
            ));
        }
        if seen.duplicates_last_hour > 0 {
            troubles.push(format!(
                "{name}: {} events of the last hour had come before",
                seen.duplicates_last_hour
            ));
        }
    }
    troubles
}
