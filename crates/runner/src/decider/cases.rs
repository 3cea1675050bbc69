//! The cases as the rules see them: what is committed, under what this batch has changed so far.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use haloward_rules::{Case, Cases, Key, Silences};

use super::remembered::Remembered;
use crate::store::{CaseChange, Reader, StoreError};

/// A view of the store with the batch's changes over it.
pub(super) struct BatchCases<'r> {
    reader: &'r Reader<'r>,
    remembered: &'r Remembered,
    silences: Arc<Silences>,
    /// In the order they are to be written; a case that ended and began anew has two.
    changes: Vec<CaseChange>,
    latest: HashMap<Key, usize>,
    fed: HashMap<(String, String), BTreeSet<Key>>,
    read: RefCell<HashMap<Key, Option<Case>>>,
    /// The engine asks without expecting trouble: it is kept here, and the batch is given up.
    trouble: RefCell<Option<StoreError>>,
}

impl<'r> BatchCases<'r> {
    pub(super) fn new(reader: &'r Reader<'r>, remembered: &'r Remembered, silences: Arc<Silences>) -> Self {
        Self {
            reader,
            remembered,
            silences,
            changes: Vec::new(),
            latest: HashMap::new(),
            fed: HashMap::new(),
            read: RefCell::default(),
            trouble: RefCell::default(),
        }
    }

    /// What went wrong while the engine asked.
    pub(super) fn trouble(&self) -> Result<(), StoreError> {
        self.trouble.borrow().clone().map_or(Ok(()), Err)
    }

    pub(super) fn put(&mut self, case: Case) {
        for feed in &case.feeds {
            let keys = self.fed.entry((feed.source.clone(), feed.fingerprint.clone())).or_default();
            keys.insert(case.key.clone());
        }
        let known = self.latest.get(&case.key).copied();
        let anew = |before: &Case| !before.is_alive() && case.is_alive();
        match known {
            Some(place) if !anew(&self.changes[place].case) => self.changes[place].case = case,
            known => {
                // What the store knows of its feeds: those of a living case; an ended one's are gone.
                let feeds_of = |stored: &Case| if stored.is_alive() { stored.feeds.len() } else { 0 };
                let known_feeds =
                    if known.is_some() { 0 } else { self.stored(&case.key, feeds_of).unwrap_or(0) };
                self.latest.insert(case.key.clone(), self.changes.len());
                self.changes.push(CaseChange { case, known_feeds });
            }
        }
    }

    pub(super) fn into_changes(self) -> Vec<CaseChange> {
        self.changes
    }

    /// What `look` sees of the case that the store holds.
    fn stored<T>(&self, key: &Key, look: impl Fn(&Case) -> T) -> Option<T> {
        if let Some(case) = self.remembered.get(key) {
            return Some(look(case));
        }
        if let Some(read) = self.read.borrow().get(key) {
            return read.as_ref().map(look);
        }
        let case = self.ask(self.reader.case(key)).flatten();
        let seen = case.as_ref().map(look);
        self.read.borrow_mut().insert(key.clone(), case);
        seen
    }

    fn ask<T>(&self, answer: Result<T, StoreError>) -> Option<T> {
        answer.map_err(|error| *self.trouble.borrow_mut() = Some(error)).ok()
    }
}

impl Cases for BatchCases<'_> {
    fn silences(&self) -> &Silences {
        &self.silences
    }

    fn case(&self, key: &Key) -> Option<Case> {
        match self.latest.get(key) {
            Some(place) => Some(self.changes[*place].case.clone()),
            None => self.stored(key, Case::clone),
        }
    }

    fn fed_by(&self, source: &str, fingerprint: &str) -> Vec<Case> {
        let mut keys: BTreeSet<Key> =
            self.ask(self.reader.fed_keys(source, fingerprint)).into_iter().flatten().collect();
        if let Some(new) = self.fed.get(&(source.to_owned(), fingerprint.to_owned())) {
            keys.extend(new.iter().cloned());
        }
        let feeds = |case: &Case| {
            case.feeds.iter().any(|feed| feed.source == source && feed.fingerprint == fingerprint)
        };
        keys.iter().filter_map(|key| self.case(key)).filter(|case| case.is_alive() && feeds(case)).collect()
    }
}
