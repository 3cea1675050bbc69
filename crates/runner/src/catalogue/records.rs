//! What was found on demand: sites, users and assets by name, and whose a mail domain is. A tenant has too many of them
//! to read whole, so each name is asked for once (by `ask`) and its answer is kept here.
//!
//! Plain data: nothing here asks anybody, and nothing knows the time but by being told.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::later;

/// LIMIT: 20,000 answers are about 4 MB. A tenant with more names in its alerts forgets the oldest and asks again.
const MOST: usize = 20_000;
/// LIMIT: a record may be renamed or deleted in HaloPSA; a week is how long nobody minds.
const FOUND_FOR: Duration = Duration::from_hours(7 * 24);
/// LIMIT: what is missing today may be made any minute, but a name that is wrong in a rule comes with each alert.
const MISSED_FOR: Duration = Duration::from_hours(1);

/// A kind of record that is looked up one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A site of a client.
    Site,
    /// An end user, by name or mail address.
    User,
    /// An asset, by its tag.
    Asset,
    /// The client whose mail domain it is.
    MailDomain,
}

impl RecordKind {
    /// What one of them is called.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::User => "user",
            Self::Asset => "asset",
            Self::MailDomain => "mail domain",
        }
    }
}

/// A name to look up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Wanted {
    /// What is looked for.
    pub kind: RecordKind,
    /// The client it must belong to, where that is known.
    pub client: Option<i64>,
    /// The name, in lower case and without blanks around it.
    pub name: String,
}

impl Wanted {
    /// A name to look up; `client` is where it must belong, if that is known.
    pub fn new(kind: RecordKind, client: Option<i64>, name: &str) -> Self {
        Self { kind, client, name: name.trim().to_lowercase() }
    }
}

/// One record that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordEntry {
    /// Its id; for a mail domain the client's.
    pub id: i64,
    /// Its name as it stands in HaloPSA.
    pub name: String,
    /// The site it is at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<i64>,
}

/// What a look-up came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// When.
    at: Timestamp,
    /// All that bear the name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    found: Vec<RecordEntry>,
    /// Why it could not be looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl Answer {
    pub(crate) fn found(found: Vec<RecordEntry>, at: Timestamp) -> Self {
        Self { at, found, problem: None }
    }

    pub(crate) fn problem(problem: impl Into<String>, at: Timestamp) -> Self {
        Self { at, found: Vec::new(), problem: Some(problem.into()) }
    }

    fn holds(&self, now: Timestamp) -> bool {
        let kept = if self.found.is_empty() { MISSED_FOR } else { FOUND_FOR };
        later(self.at, kept) > now
    }
}

/// What is known about a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<'r> {
    /// Nobody has asked yet.
    Unasked,
    /// This one bears it.
    Found(&'r RecordEntry),
    /// None does.
    None,
    /// Several do.
    Several(&'r [RecordEntry]),
    /// It could not be looked up.
    Failed(&'r str),
}

/// The answers that are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(Wanted, Answer)>", into = "Vec<(Wanted, Answer)>")]
pub struct Records {
    answers: BTreeMap<Wanted, Answer>,
}

impl From<Vec<(Wanted, Answer)>> for Records {
    fn from(answers: Vec<(Wanted, Answer)>) -> Self {
        Self { answers: answers.into_iter().collect() }
    }
}

impl From<Records> for Vec<(Wanted, Answer)> {
    fn from(records: Records) -> Self {
        records.answers.into_iter().collect()
    }
}

impl Records {
    /// What is known about a name.
    pub fn find(&self, wanted: &Wanted) -> Lookup<'_> {
        let Some(answer) = self.answers.get(wanted) else { return Lookup::Unasked };
        match (&answer.problem, answer.found.as_slice()) {
            (Some(problem), _) => Lookup::Failed(problem),
            (None, []) => Lookup::None,
            (None, [one]) => Lookup::Found(one),
            (None, several) => Lookup::Several(several),
        }
    }

    /// How many answers there are.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether nothing was asked yet.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    pub(crate) fn keep(&mut self, wanted: Wanted, answer: Answer) {
        self.answers.insert(wanted, answer);
        if self.answers.len() > MOST {
            let mut times: Vec<Timestamp> = self.answers.values().map(|answer| answer.at).collect();
            times.sort_unstable();
            // A tenth at once, so that the next answers find room.
            let oldest_kept = times[MOST / 10];
            self.answers.retain(|_, answer| answer.at >= oldest_kept);
        }
    }

    /// Forgets what has become too old to rely on.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.answers.retain(|_, answer| answer.holds(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3600).unwrap()
    }

    fn entry(id: i64) -> RecordEntry {
        RecordEntry { id, name: format!("srv-{id}"), site: None }
    }

    fn srv(name: &str) -> Wanted {
        Wanted::new(RecordKind::Asset, Some(2), name)
    }

    #[test]
    fn a_name_is_unasked_found_missing_or_ambiguous() {
        let mut records = Records::default();
        assert_eq!(records.find(&srv("srv-1")), Lookup::Unasked);
        records.keep(srv("srv-1"), Answer::found(vec![entry(1)], at(0)));
        records.keep(srv("srv-2"), Answer::found(vec![], at(0)));
        records.keep(srv("srv-3"), Answer::found(vec![entry(3), entry(4)], at(0)));
        records.keep(srv("srv-5"), Answer::problem("no right", at(0)));
        assert_eq!(records.find(&srv(" SRV-1 ")), Lookup::Found(&entry(1)));
        assert_eq!(records.find(&srv("srv-2")), Lookup::None);
        assert_eq!(records.find(&srv("srv-3")), Lookup::Several(&[entry(3), entry(4)]));
        assert_eq!(records.find(&srv("srv-5")), Lookup::Failed("no right"));
        let elsewhere = Wanted::new(RecordKind::Asset, Some(3), "srv-1");
        assert_eq!(records.find(&elsewhere), Lookup::Unasked, "another client's is another asset");
    }

    #[test]
    fn what_is_missing_is_asked_for_again_after_an_hour_and_what_is_there_after_a_week() {
        let mut records = Records::default();
        records.keep(srv("there"), Answer::found(vec![entry(1)], at(0)));
        records.keep(srv("missing"), Answer::found(vec![], at(0)));
        records.forget(at(0));
        assert_eq!(records.len(), 2);
        records.forget(at(1));
        assert_eq!(records.find(&srv("missing")), Lookup::Unasked);
        assert_eq!(records.find(&srv("there")), Lookup::Found(&entry(1)));
        records.forget(at(7 * 24));
        assert!(records.is_empty());
    }

    #[test]
    fn the_oldest_answers_make_room() {
        let mut records = Records::default();
        for number in 0..=MOST as i64 {
            records.keep(srv(&number.to_string()), Answer::found(vec![entry(number)], at(number)));
        }
        assert!(records.len() <= MOST && records.len() > MOST / 2, "{}", records.len());
        assert_eq!(records.find(&srv("0")), Lookup::Unasked);
        assert_ne!(records.find(&srv(&MOST.to_string())), Lookup::Unasked);
    }

    #[test]
    fn answers_survive_a_file() {
        let mut records = Records::default();
        records.keep(srv("srv-1"), Answer::found(vec![entry(1)], at(0)));
        records.keep(srv("srv-5"), Answer::problem("no right", at(1)));
        let text = serde_json::to_string(&records).unwrap();
        assert_eq!(serde_json::from_str::<Records>(&text).unwrap(), records);
    }
}
