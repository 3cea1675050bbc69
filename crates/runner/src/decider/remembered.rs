//! The living cases that were committed last, as they stand: in a storm most events are of one of them, and reading
//! them from the store again and again is a third of what deciding costs.
//!
//! INVARIANT: cases change by the decider's commits alone, so what it committed last is what the store holds
//! (`what_is_remembered_is_what_was_committed_last`). What may or may not have been committed is forgotten, and so is
//! everything while there is nothing to decide.

use std::collections::HashMap;

use haloward_rules::{Case, Key};
use serde_json::Value;

use crate::store::CaseChange;

/// LIMIT: the cases of about 1,500 ordinary alerts. An unusual storm has more; theirs are read.
const MOST_BYTES: usize = 8 << 20;
/// What a name and its value take in memory besides their letters, roughly.
const ENTRY_BYTES: usize = 100;

#[derive(Debug, Default)]
pub(super) struct Remembered {
    cases: HashMap<Key, Known>,
    bytes: usize,
    /// How many batches were committed.
    batch: u64,
}

#[derive(Debug)]
struct Known {
    case: Case,
    bytes: usize,
    /// The batch that changed it last.
    batch: u64,
}

impl Remembered {
    pub(super) fn get(&self, key: &Key) -> Option<&Case> {
        self.cases.get(key).map(|known| &known.case)
    }

    /// A batch was committed, with these cases.
    pub(super) fn committed(&mut self, changes: Vec<CaseChange>) {
        self.batch += 1;
        for CaseChange { case, .. } in changes {
            if let Some(before) = self.cases.remove(&case.key) {
                self.bytes -= before.bytes;
            }
            if case.is_alive() {
                let known = Known { bytes: bytes(&case), batch: self.batch, case };
                self.bytes += known.bytes;
                self.cases.insert(known.case.key.clone(), known);
            }
        }
        while self.bytes > MOST_BYTES {
            let Some(oldest) = self.cases.values().map(|known| known.batch).min() else { break };
            self.cases.retain(|_, known| known.batch > oldest);
            self.bytes = self.cases.values().map(|known| known.bytes).sum();
        }
    }

    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// About as many bytes as a case takes in memory.
fn bytes(case: &Case) -> usize {
    let members = case.group.as_ref().map_or(0, |group| group.members.len());
    let entries = case.feeds.len() + case.recent.len() + case.holding.len() + members;
    std::mem::size_of::<Case>() + (entries + 1) * ENTRY_BYTES + bytes_of(case.event.value())
}

fn bytes_of(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| ENTRY_BYTES + bytes_of(item)).sum(),
        Value::Object(map) => {
            map.iter().map(|(name, value)| ENTRY_BYTES + name.len() + bytes_of(value)).sum()
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use haloward_rules::{CaseBook, Event, Explain, Input, RuleSet, Settings, Severity, SourceFile, step};
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    /// A case that waits for its hold, of an event with this message.
    fn waiting(key: &str, message: &str) -> Case {
        let rules = "rules: [{ id: r, key: \"${event.fingerprint}\", hold: 1h, then: { open_ticket: { type: Alert } } }]";
        let (rules, findings) = RuleSet::load(&[SourceFile::new("r.yaml", rules)], Settings::default());
        assert!(!findings.has_errors(), "{}", findings.render());
        let event = json!({"source": "s", "fingerprint": key, "title": "t", "message": message});
        let input = Input::Event(Event::from_json(event, Severity::Medium).unwrap());
        let step = step(&rules, &CaseBook::default(), &input, Explain::Matches, Timestamp::UNIX_EPOCH);
        step.cases.into_iter().next().expect("a case")
    }

    fn changes(cases: impl IntoIterator<Item = Case>) -> Vec<CaseChange> {
        cases.into_iter().map(|case| CaseChange { case, known_feeds: 0 }).collect()
    }

    #[test]
    fn what_is_remembered_is_what_was_committed_last() {
        let mut remembered = Remembered::default();
        let (first, mut later) = (waiting("a", "first"), waiting("a", "later"));
        remembered.committed(changes([first.clone()]));
        assert_eq!(remembered.get(&first.key), Some(&first));
        remembered.committed(changes([later.clone()]));
        assert_eq!(remembered.get(&first.key), Some(&later));
        later.state = haloward_rules::CaseState::Resolved;
        remembered.committed(changes([later]));
        assert_eq!(remembered.get(&first.key), None, "what is over may be pruned meanwhile");
        assert_eq!(remembered.bytes, 0);
        remembered.committed(changes([first.clone()]));
        remembered.forget();
        assert_eq!(remembered.get(&first.key), None);
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_are_forgotten_first() {
        let mut remembered = Remembered::default();
        let large = "x".repeat(MOST_BYTES / 4);
        for key in ["a", "b", "c", "d", "e"] {
            remembered.committed(changes([waiting(key, &large)]));
        }
        let known = |key: &str| remembered.get(&Key::new(key)).is_some();
        assert_eq!(["a", "b", "c", "d", "e"].map(known), [false, false, true, true, true]);
        assert!(remembered.bytes <= MOST_BYTES);
        remembered.committed(changes([waiting("f", &"x".repeat(MOST_BYTES))]));
        assert!(remembered.cases.is_empty() && remembered.bytes == 0, "one that is too large alone");
    }
}
