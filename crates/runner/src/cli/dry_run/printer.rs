//! The four ways of showing a dry run: text, one JSON document, JSON lines, counts.

use haloward_rules::Step;
use jiff::Timestamp;

use super::super::Failure;
use super::super::output::Out;
use super::Planner;
use super::shown::Shown;
use super::tally::Tally;

/// How it is shown.
#[derive(Debug)]
pub(super) enum Shape {
    Text {
        explain: bool,
    },
    /// One document, written as it grows.
    Document,
    Lines,
    Summary(Box<Tally>),
}

pub(super) struct Printer<'o, 'p> {
    pub(super) shape: Shape,
    pub(super) out: &'o mut Out,
    pub(super) planner: Planner<'p>,
    waiting: Vec<u8>,
    any: bool,
}

// LIMIT: what is written at once; a line at a time would cost more than deciding.
const BLOCK: usize = 64 * 1024;

impl<'o, 'p> Printer<'o, 'p> {
    pub(super) fn new(shape: Shape, out: &'o mut Out, planner: Planner<'p>) -> Self {
        Self { shape, out, planner, waiting: Vec::new(), any: false }
    }

    /// Shows what an event led to; or a timer, which says when it fired.
    pub(super) fn show(&mut self, step: &Step, now: Timestamp, timer: bool) -> Result<(), Failure> {
        let at = timer.then_some(now);
        match &mut self.shape {
            Shape::Text { explain } => Shown::new(step, at, &self.planner).print(*explain, self.out)?,
            Shape::Summary(tally) => tally.count(step, !timer, now),
            Shape::Document => {
                self.waiting.extend(if self.any { &b","[..] } else { &b"{\"events\":["[..] });
                Shown::new(step, at, &self.planner).write_json(&mut self.waiting)?;
            }
            Shape::Lines => {
                Shown::new(step, at, &self.planner).write_json(&mut self.waiting)?;
                self.waiting.push(b'\n');
            }
        }
        self.any = true;
        if self.waiting.len() >= BLOCK { self.flush() } else { Ok(()) }
    }

    /// Lets what was shown so far be seen.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.out.bytes(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), Failure> {
        match &self.shape {
            Shape::Document => {
                let end: &[u8] = if self.any { b"]}\n" } else { b"{\"events\":[]}\n" };
                self.waiting.extend(end);
            }
            Shape::Summary(tally) if self.out.is_json() => self.out.json(&tally.to_json())?,
            Shape::Summary(tally) => self.out.line(&tally.to_text())?,
            Shape::Text { .. } if !self.any => self.out.line("the payload holds no events")?,
            Shape::Text { .. } | Shape::Lines => {}
        }
        self.flush()
    }
}
