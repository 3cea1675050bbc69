//! Times of day that come again, as cron writes them, in a time zone with its daylight saving.
//!
//! `croner` knows what an expression means on a calendar without zones; when that is in the world is decided here, as
//! people expect it:
//!
//! - a run that the clock skips in spring happens once, right after the skipped time;
//! - a run at a time that comes twice in autumn happens once, the first time;
//! - what runs in every hour of the day (`*/15 * * * *`) is an interval: it goes on through both, as the clock shows it.

mod decode;

pub use decode::{take, take_zone};

use std::fmt;
use std::sync::LazyLock;

use croner::errors::CronError;
use croner::parser::{CronParser, Year};
use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// LIMIT: an expression that meets no day within this many changes of the clock (hundreds of years) meets none.
const CHANGES: usize = 1_000;

/// When something runs.
#[derive(Debug, Clone)]
pub struct Cron {
    text: String,
    pattern: croner::Cron,
    zone: TimeZone,
    /// It runs in every hour of the day.
    interval: bool,
}

impl PartialEq for Cron {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.zone == other.zone
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.text, self.zone.iana_name().unwrap_or("UTC"))
    }
}

static PARSER: LazyLock<CronParser> = LazyLock::new(|| CronParser::builder().year(Year::Disallowed).build());

impl Cron {
    /// Reads an expression of five fields, or of six with seconds first, or a name such as `@daily`.
    ///
    /// # Errors
    ///
    /// What is wrong about it, as a sentence fragment.
    pub fn parse(text: &str, zone: TimeZone) -> Result<Self, String> {
        let pattern = PARSER.parse(text).map_err(|error| problem(&error))?;
        let interval = pattern.pattern.hours.values().len() == 24;
        let cron = Self { text: text.trim().to_owned(), pattern, zone, interval };
        match cron.next_after(Timestamp::UNIX_EPOCH) {
            Some(_) => Ok(cron),
            None => Err("there is no such day".to_owned()),
        }
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The time zone it is meant in.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The first run after a moment.
    pub fn next_after(&self, moment: Timestamp) -> Option<Timestamp> {
        if self.interval { self.next_by_the_clock(moment) } else { self.next_of_day(moment) }
    }

    /// The last run after `from` and up to `until`, and how many there were. LIMIT: counting stops at `most`, which is
    /// then the number, and the last run is looked for from `until` back.
    pub fn last_between(&self, from: Timestamp, until: Timestamp, most: usize) -> Option<(Timestamp, usize)> {
        let mut last = self.next_after(from).filter(|run| *run <= until)?;
        let mut count = 1;
        while let Some(next) = self.next_after(last).filter(|run| *run <= until) {
            if count == most {
                return Some((self.latest(last, until), most));
            }
            (last, count) = (next, count + 1);
        }
        Some((last, count))
    }

    /// The last run up to `until`; `known` is one.
    fn latest(&self, known: Timestamp, until: Timestamp) -> Timestamp {
        // From ever longer before `until`: what runs often is found at once, what runs seldom was counted already.
        let mut back = jiff::SignedDuration::from_mins(2);
        loop {
            let from = until.checked_sub(back).map_or(known, |from| from.max(known));
            let mut run = self.next_after(from).filter(|run| *run <= until);
            if let Some(found) = &mut run {
                while let Some(next) = self.next_after(*found).filter(|run| *run <= until) {
                    *found = next;
                }
                return *found;
            }
            if from == known {
                return known;
            }
            back = back.saturating_mul(8);
        }
    }

    /// What names its hours runs once for each time that the clock should show.
    fn next_of_day(&self, moment: Timestamp) -> Option<Timestamp> {
        let mut from = self.zone.to_datetime(moment);
        let mut inclusive = true;
        loop {
            let shown = self.pattern.find_next_occurrence(&from, inclusive).ok()?;
            let ambiguous = self.zone.to_ambiguous_timestamp(shown);
            let run = match ambiguous.offset() {
                AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(shown).ok()?,
                AmbiguousOffset::Fold { before, .. } => before.to_timestamp(shown).ok()?,
                // Read with the offset of after the change, it is a moment shortly before the change.
                AmbiguousOffset::Gap { after, .. } => {
                    let before = after.to_timestamp(shown).ok()?;
                    self.zone.following(before).next()?.timestamp()
                }
            };
            if run > moment {
                return Some(run);
            }
            // The second time the clock shows it, or `moment` itself.
            (from, inclusive) = (shown, false);
        }
    }

    /// An interval runs whenever the clock shows its minutes, whatever the clock was set to in between.
    fn next_by_the_clock(&self, moment: Timestamp) -> Option<Timestamp> {
        let (mut from, mut inclusive) = (moment, false);
        for _ in 0..CHANGES {
            let offset = self.zone.to_offset(from);
            let shown = self.pattern.find_next_occurrence(&offset.to_datetime(from), inclusive).ok()?;
            let run = offset.to_timestamp(shown).ok()?;
            match self.zone.following(from).next().map(|change| change.timestamp()) {
                Some(change) if change <= run => (from, inclusive) = (change, true),
                _ => return Some(run),
            }
        }
        None
    }
}

fn problem(error: &CronError) -> String {
    let text = match error {
        CronError::EmptyPattern => "it is empty".to_owned(),
        CronError::InvalidPattern(text)
        | CronError::IllegalCharacters(text)
        | CronError::ComponentError(text) => text.clone(),
        CronError::InvalidDate | CronError::InvalidTime | CronError::TimeSearchLimitExceeded => {
            "there is no such day".to_owned()
        }
    };
    let mut letters = text.trim_end_matches('.').chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests;
