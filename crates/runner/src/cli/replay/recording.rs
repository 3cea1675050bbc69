//! Recorded events: the journal, or JSON lines that were written from one.

use std::iter::Peekable;
use std::path::Path;
use std::vec::IntoIter;

use haloward_rules::{Event, Report};
use jiff::Timestamp;

use super::super::Failure;
use super::super::stream::{Content, Inputs, Kind};
use crate::store::{Archive, EventId, JournalEntry, RecordedDecision, StoreError};

/// Something that was recorded.
#[derive(Debug)]
pub(super) enum Recorded {
    /// An event came in.
    Event(Box<Event>),
    /// Somebody worked on a ticket or closed it.
    Report(Report),
}

/// Events in the order in which they were taken, and what people did to tickets meanwhile.
#[derive(Debug)]
pub(super) enum Recording {
    Journal(Box<Journal>),
    Lines(Box<Lines>),
}

/// The journal from some event on, also while the service runs.
#[derive(Debug)]
pub(super) struct Journal {
    archive: Archive,
    position: EventId,
    page: Peekable<IntoIter<JournalEntry>>,
    reports: Peekable<IntoIter<(i64, Timestamp, Report)>>,
    /// The number of the last report read, while there may be more.
    reported: Option<i64>,
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
        let (page, reports) = (Vec::new().into_iter().peekable(), Vec::new().into_iter().peekable());
        Ok(Self::Journal(Box::new(Journal { archive, position, page, reports, reported: Some(0) })))
    }

    pub(super) fn lines(path: &Path) -> Self {
        let inputs = Inputs::open(path, Kind::Events);
        let name = path.display().to_string();
        Self::Lines(Box::new(Lines { inputs, name, events: Vec::new().into_iter() }))
    }

    /// What comes next, and when it came.
    pub(super) fn next(&mut self) -> Result<Option<(Recorded, Timestamp)>, Failure> {
        match self {
            Self::Journal(journal) => journal.next(),
            Self::Lines(lines) => Ok(lines.next()?.map(|(event, at)| (Recorded::Event(Box::new(event)), at))),
        }
    }

    /// The next event and when it was received.
    pub(super) fn next_event(&mut self) -> Result<Option<(Event, Timestamp)>, Failure> {
        while let Some((recorded, at)) = self.next()? {
            if let Recorded::Event(event) = recorded {
                return Ok(Some((*event, at)));
            }
        }
        Ok(None)
    }
}

impl Journal {
    fn next(&mut self) -> Result<Option<(Recorded, Timestamp)>, Failure> {
        if self.page.peek().is_none() {
            let position = self.position;
            let page = self.archive.read(|reader| reader.undecided(Some(position), PAGE));
            self.page = page.map_err(|error| told(&error))?.into_iter().peekable();
        }
        let first = self.page.peek().map(|entry| entry.received_at);
        // What people did after the last event makes no difference to any.
        let Some(first) = first else { return Ok(None) };
        self.read_reports()?;
        if let Some((_, at, report)) = self.reports.next_if(|(_, at, _)| *at <= first) {
            return Ok(Some((Recorded::Report(report), at)));
        }
        let Some(entry) = self.page.next() else { return Ok(None) };
        self.position = entry.id;
        Ok(Some((Recorded::Event(Box::new(entry.event)), entry.received_at)))
    }

    fn read_reports(&mut self) -> Result<(), Failure> {
        while self.reports.peek().is_none()
            && let Some(after) = self.reported
        {
            let page = self.archive.read(|reader| reader.reports_after(after, PAGE));
            let page = page.map_err(|error| told(&error))?;
            self.reported = page.last().map(|(id, _)| *id).filter(|_| page.len() == PAGE);
            let report = |(id, decision): (i64, RecordedDecision)| {
                let report = serde_json::from_value(decision.details.get("report")?.clone()).ok()?;
                Some((id, decision.at, report))
            };
            self.reports = page.into_iter().filter_map(report).collect::<Vec<_>>().into_iter().peekable();
        }
        Ok(())
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

pub(super) fn told(error: &StoreError) -> Failure {
    match error.hint() {
        Some(hint) => Failure::help(error.to_string(), hint),
        None => Failure::new(error.to_string()),
    }
}
