//! The organisations that events name, each once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use haloward_rules::Event;
use jiff::Timestamp;
use serde_json::Value;

use crate::cli::{Failure, input};
use crate::config::Loaded;
use crate::store::{Archive, EventId, StoreError};

/// An organisation as a source names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Organisation {
    /// The source.
    pub(super) source: String,
    /// Its id at the vendor.
    pub(super) id: Option<String>,
    /// Its name.
    pub(super) name: Option<String>,
    /// The mail domain of the event's user: it may decide where the name does not.
    pub(super) mail_domain: Option<String>,
}

/// How often an organisation is named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Naming {
    /// One of its users' mail addresses.
    pub(super) email: Option<String>,
    /// In how many events.
    pub(super) events: u64,
}

pub(super) type Organisations = BTreeMap<Organisation, Naming>;

pub(super) fn of_files(
    loaded: &Loaded,
    files: &[PathBuf],
    source: Option<&str>,
) -> Result<Organisations, Failure> {
    let mut found = Organisations::new();
    for file in files {
        for event in input::events(loaded, file, source, Timestamp::now())? {
            add(&mut found, &event);
        }
    }
    Ok(found)
}

/// LIMIT: events held in memory at once; a journal has millions.
const AT_ONCE: usize = 1_000;

/// Those of every event that is kept. Only reads, also while the service runs.
pub(super) fn of_journal(path: &Path) -> Result<Organisations, Failure> {
    if !path.is_file() {
        return Err(Failure::help(
            format!("there is no store at `{}`", path.display()),
            "name files with events, or with payloads and their --source",
        ));
    }
    let failed = |error: StoreError| match error.hint() {
        Some(hint) => Failure::help(error.to_string(), hint),
        None => Failure::new(error.to_string()),
    };
    let archive = Archive::open(path).map_err(failed)?;
    let mut found = Organisations::new();
    let mut last: Option<EventId> = None;
    loop {
        // Every event after a position, decided or not.
        let entries = archive.read(|reader| reader.undecided(last, AT_ONCE)).map_err(failed)?;
        for entry in &entries {
            add(&mut found, &entry.event);
        }
        match entries.last() {
            Some(entry) if entries.len() == AT_ONCE => last = Some(entry.id),
            _ => return Ok(found),
        }
    }
}

/// Counts the organisation of an event: by what the service looks a ticket's client up.
fn add(found: &mut Organisations, event: &Event) {
    let text = |field: &str, part: &str| {
        let text = match event.value().get(field)?.get(part)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    };
    let email = text("user", "email");
    let mail_domain = email.as_deref().and_then(|email| email.rsplit_once('@'));
    let organisation = Organisation {
        source: event.source().to_owned(),
        id: text("client", "id"),
        name: text("client", "name"),
        mail_domain: mail_domain.map(|(_, domain)| domain.to_lowercase()),
    };
    let naming = found.entry(organisation).or_default();
    naming.events += 1;
    naming.email = email;
}
