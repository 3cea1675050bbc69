//! Recorded events: the journal, or JSON lines that were written from one.

use std::path::Path;
use std::vec::IntoIter;

use haloward_rules::Event;
use jiff::Timestamp;

use super::super::Failure;
use super::super::stream::{Content, Inputs, Kind};
use crate::store::{Archive, EventId, JournalEntry, StoreError};

/// Events in the order in which they were taken.
#[derive(Debug)]
pub(super) enum Recording {
    Journal(Journal),
    Lines(Box<Lines>),
}

/// The journal from some event on, also while the service runs.
#[derive(Debug)]
pub(super) struct Journal {
    archive: Archive,
    position: EventId,
    page: IntoIter<JournalEntry>,
}

#[derive(Debug)]
pub(super) struct Lines {
    inputs: Inputs,
    name: String,
    events: IntoIter<Event>,
}

// LIMIT: each page is a transaction of its own, so that a long replay never keeps the log of a running service long.
const PAGE: usize = 1_000;

impl Recording {
    /// The journal of the store at `path`, of what came after `since`.
    pub(super) fn journal(path: &Path, since: Option<Timestamp>) -> Result<Self, Failure> {
        let archive = Archive::open(path).map_err(|error| told(&error))?;
        let position = EventId::first_at(since.unwrap_or(Timestamp::MIN));
        Ok(Self::Journal(Journal { archive, position, page: Vec::new().into_iter() }))
    }

    pub(super) fn lines(path: &Path) -> Self {
        let inputs = Inputs::open(path, Kind::Events);
        let name = path.display().to_string();
        Self::Lines(Box::new(Lines { inputs, name, events: Vec::new().into_iter() }))
    }

    /// The next event and when it was received.
    pub(super) fn next(&mut self) -> Result<Option<(Event, Timestamp)>, Failure> {
        match self {
            Self::Journal(journal) => journal.next(),
            Self::Lines(lines) => lines.next(),
        }
    }
}

impl Journal {
    fn next(&mut self) -> Result<Option<(Event, Timestamp)>, Failure> {
        if self.page.len() == 0 {
            let position = self.position;
            let page = self
                .archive
                .read(|reader| reader.undecided(Some(position), PAGE))
                .map_err(|error| told(&error))?;
            self.page = page.into_iter();
        }
        let Some(entry) = self.page.next() else { return Ok(None) };
        self.position = entry.id;
        Ok(Some((entry.event, entry.received_at)))
    }
}

impl Lines {
    fn next(&mut self) -> Result<Option<(Event, Timestamp)>, Failure> {
        loop {
            if let Some(event) = self.events.next() {
                let Some(at) = event.received_at() else {
                    return Err(Failure::help(
                        format!(
                            "an event in `{}` does not say when it was received: {}",
                            self.name,
                            event.title()
                        ),
                        "each needs `received_at`; `haloward replay --export FILE` writes them so",
                    ));
                };
                return Ok(Some((event, at)));
            }
            match self.inputs.next().transpose()? {
                Some(Content::Events(events)) => self.events = events.into_iter(),
                Some(Content::Payload(_)) => unreachable!("events were asked for"),
                None => return Ok(None),
            }
        }
    }
}

fn told(error: &StoreError) -> Failure {
    match error.hint() {
        Some(hint) => Failure::help(error.to_string(), hint),
        None => Failure::new(error.to_string()),
    }
}
