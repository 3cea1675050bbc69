//! Inputs one after another, however many: a JSON document, or JSON lines of which only a few are held at a time.
//!
//! A thread of its own reads and parses, so that whoever decides about them does not wait for it.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};

use haloward_rules::{Event, Severity};
use serde_json::Value;

use super::Failure;
use crate::receiver::body;

// LIMIT: one line or document; a payload over the receiver's limit is refused there too.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
// LIMIT: so many inputs wait parsed, in so many batches: a few MB of ordinary alerts.
const BATCH: usize = 256;
const BATCHES: usize = 4;
const BUFFER: usize = 256 * 1024;

/// One input.
#[derive(Debug)]
pub(super) enum Content {
    /// Events as they are; they come at the same time.
    Events(Vec<Event>),
    /// What a source sent.
    Payload(body::Content),
}

/// What inputs hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Events,
    Payloads,
}

/// The inputs of a file, or of standard input as `-`, in order.
#[derive(Debug)]
pub(super) struct Inputs {
    batches: Receiver<Result<Vec<Content>, Failure>>,
    batch: std::vec::IntoIter<Content>,
    next: Option<Result<Vec<Content>, Failure>>,
}

impl Inputs {
    pub(super) fn open(path: &Path, kind: Kind) -> Self {
        let (sender, batches) = sync_channel(BATCHES);
        let source = Source { path: path.to_owned(), kind, sender, batch: Vec::new() };
        std::thread::spawn(move || source.run());
        Self { batches, batch: Vec::new().into_iter(), next: None }
    }

    /// Whether nothing more is there yet: what was said so far should be seen.
    pub(super) fn is_idle(&mut self) -> bool {
        if self.batch.len() > 0 || self.next.is_some() {
            return false;
        }
        match self.batches.try_recv() {
            Ok(batch) => {
                self.next = Some(batch);
                false
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => true,
        }
    }
}

impl Iterator for Inputs {
    type Item = Result<Content, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(content) = self.batch.next() {
                return Some(Ok(content));
            }
            let batch = self.next.take().or_else(|| self.batches.recv().ok())?;
            match batch {
                Ok(batch) => self.batch = batch.into_iter(),
                Err(failure) => return Some(Err(failure)),
            }
        }
    }
}

/// Whoever asked for the inputs has gone.
struct Gone;

/// What ends the reading.
enum Stop {
    Gone,
    Failed(Failure),
}

impl From<Gone> for Stop {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

struct Source {
    path: PathBuf,
    kind: Kind,
    sender: SyncSender<Result<Vec<Content>, Failure>>,
    batch: Vec<Content>,
}

impl Source {
    fn run(mut self) {
        let done = if self.path == Path::new("-") {
            self.read(BufReader::with_capacity(BUFFER, std::io::stdin().lock()))
        } else {
            match std::fs::File::open(&self.path) {
                Ok(file) => self.read(BufReader::with_capacity(BUFFER, file)),
                Err(error) => Err(Stop::Failed(self.unreadable(&error))),
            }
        };
        if let Err(Stop::Failed(failure)) = done {
            // What was read before the mistake comes first; and nobody may be listening.
            if self.flush().is_ok() {
                let _ = self.sender.send(Err(failure));
            }
        }
    }

    fn read<R: Read>(&mut self, mut reader: BufReader<R>) -> Result<(), Stop> {
        let mut line = Vec::new();
        let mut number = 0_u64;
        let mut first = true;
        loop {
            line.clear();
            let mut limited = (&mut reader).take(MAX_BYTES + 1);
            let read = limited.read_until(b'\n', &mut line).map_err(|e| Stop::Failed(self.unreadable(&e)))?;
            if read == 0 {
                return Ok(self.flush()?);
            }
            number += 1;
            self.fits(line.len())?;
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let parsed = match self.kind {
                Kind::Payloads => body::json(&line),
                Kind::Events => serde_json::from_slice(&line),
            };
            match parsed {
                Ok(value) => self.take(value, number)?,
                // A document over several lines begins with one that is none by itself.
                Err(error) if first && (error.is_eof() || self.kind == Kind::Payloads) => {
                    return self.document(line, reader);
                }
                Err(error) if first => {
                    return Err(Stop::Failed(Failure::help(
                        format!("`{}` is not JSON: {error}", self.path.display()),
                        "it holds a JSON document, or one on each line",
                    )));
                }
                Err(error) => {
                    let name = self.path.display();
                    return Err(Stop::Failed(Failure::new(format!(
                        "line {number} of `{name}` is not JSON: {error}"
                    ))));
                }
            }
            first = false;
            if self.batch.len() >= BATCH || reader.buffer().is_empty() {
                self.flush()?;
            }
        }
    }

    fn document<R: Read>(&mut self, mut text: Vec<u8>, reader: BufReader<R>) -> Result<(), Stop> {
        reader
            .take((MAX_BYTES + 1).saturating_sub(text.len() as u64))
            .read_to_end(&mut text)
            .map_err(|error| Stop::Failed(self.unreadable(&error)))?;
        self.fits(text.len())?;
        if self.kind == Kind::Payloads {
            // What the receiver would make of it.
            let content = body::of_file(&self.path.display().to_string(), &text).map_err(|wrong| {
                Stop::Failed(Failure::help(
                    wrong,
                    "it holds a payload as the vendor sends it, or JSON on each line",
                ))
            })?;
            self.batch.push(Content::Payload(content));
            return Ok(self.flush()?);
        }
        let value = serde_json::from_slice(&text).map_err(|error| {
            Stop::Failed(Failure::help(
                format!("`{}` is not JSON: {error}", self.path.display()),
                "it holds a JSON document, or one on each line",
            ))
        })?;
        self.take(value, 1)?;
        Ok(self.flush()?)
    }

    fn fits(&self, bytes: usize) -> Result<(), Stop> {
        if bytes as u64 <= MAX_BYTES {
            return Ok(());
        }
        let name = self.path.display();
        Err(Stop::Failed(Failure::help(
            format!("a document in `{name}` is larger than 64 MiB"),
            "many events stand one on each line",
        )))
    }

    fn take(&mut self, value: Value, line: u64) -> Result<(), Stop> {
        let content = match self.kind {
            Kind::Payloads => Content::Payload(body::Content::Payload(value.into())),
            Kind::Events => {
                let items = match value {
                    Value::Array(items) => items,
                    single => vec![single],
                };
                let event = |item| {
                    Event::from_json(item, Severity::Medium).map_err(|error| {
                        let place = if line > 1 { format!("line {line} of ") } else { String::new() };
                        Stop::Failed(Failure::help(
                            format!("{place}`{}` holds no event: {error}", self.path.display()),
                            "for a payload as the vendor sends it, name its source: --source NAME",
                        ))
                    })
                };
                Content::Events(items.into_iter().map(event).collect::<Result<_, Stop>>()?)
            }
        };
        self.batch.push(content);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Gone> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.sender.send(Ok(std::mem::take(&mut self.batch))).map_err(|_| Gone)
    }

    fn unreadable(&self, error: &std::io::Error) -> Failure {
        Failure::help(
            format!("cannot read `{}`: {error}", self.path.display()),
            "name a file, or `-` for standard input",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a file of that text: the titles of its events, or why not.
    fn titles(text: &str) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("writes");
        let name = file.path().display().to_string();
        Inputs::open(file.path(), Kind::Events)
            .map(|content| match content {
                Ok(Content::Events(events)) => {
                    events.iter().map(|event| event.title().to_owned()).collect::<Vec<_>>().join("+")
                }
                Ok(Content::Payload(_)) => unreachable!("events were asked for"),
                Err(failure) => failure.to_string().replace(&name, "FILE"),
            })
            .collect()
    }

    #[test]
    fn a_document_and_json_lines_are_told_apart() {
        let one = r#"{"source": "s", "title": "one"}"#;
        let two = r#"{"source": "s", "title": "two"}"#;
        assert_eq!(titles(one), ["one"]);
        assert_eq!(titles(&format!("[\n{one},\n{two}\n]\n")), ["one+two"]);
        assert_eq!(titles(&format!("\n{one}\n\n[{two},{one}]\r\n{two}")), ["one", "two+one", "two"]);
        assert_eq!(titles(" \n\n"), Vec::<String>::new());
    }

    #[test]
    fn what_comes_before_a_mistake_is_there_and_the_mistake_has_its_line() {
        let one = r#"{"source": "s", "title": "one"}"#;
        let read = titles(&format!("{one}\n\n{{\"source\": }}\n{one}\n"));
        assert_eq!(read, ["one", "line 3 of `FILE` is not JSON: expected value at line 1 column 12"]);
        assert_eq!(
            titles(&format!("{one}\n{{}}\n")),
            ["one", "line 2 of `FILE` holds no event: the event has no `source`"]
        );
        assert_eq!(titles("# text"), ["`FILE` is not JSON: expected value at line 1 column 1"]);
        assert_eq!(titles("{\n"), ["`FILE` is not JSON: EOF while parsing an object at line 2 column 0"]);
    }

    #[test]
    fn very_many_lines_come_in_order() {
        let lines: Vec<String> =
            (0..3_000).map(|n| format!(r#"{{"source": "s", "title": "{n}"}}"#)).collect();
        let read = titles(&lines.join("\n"));
        assert!(read.len() == 3_000 && read.iter().enumerate().all(|(n, title)| *title == n.to_string()));
    }
}
