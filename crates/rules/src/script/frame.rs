//! What a running script's functions need besides their arguments: the time, what can be looked up, the effects asked for.
//!
//! Rhai gives native functions no per-run context, so the frame stands in a thread-local slot for exactly the length
//! of one evaluation; nothing outlives it and nothing else reads it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::library::Library;

/// An effect a deciding script asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScriptEffect {
    /// The effect's name, as in the rule language.
    pub(crate) name: &'static str,
    /// Its argument.
    pub(crate) arg: Value,
}

#[derive(Debug)]
pub(super) struct Frame {
    pub(super) now: Timestamp,
    pub(super) library: Arc<Library>,
    pub(super) effects: Vec<ScriptEffect>,
    /// A key whose answer the run needs and does not have.
    pub(super) asked: Option<String>,
    answers: HashMap<String, bool>,
}

thread_local! {
    static CURRENT: RefCell<Option<Frame>> = const { RefCell::new(None) };
}

impl Frame {
    pub(super) fn new(now: Timestamp, library: Arc<Library>) -> Self {
        Self { now, library, effects: Vec::new(), asked: None, answers: HashMap::new() }
    }

    pub(super) fn answer(&mut self, key: String, open: bool) {
        self.answers.insert(key, open);
        self.effects.clear();
    }

    pub(super) fn known(&self, key: &str) -> Option<bool> {
        self.answers.get(key).copied()
    }
}

/// Runs `body` with `frame` in place and gives the frame back.
pub(super) fn with<T>(frame: Frame, body: impl FnOnce() -> T) -> (T, Frame) {
    let empty = Frame::new(frame.now, frame.library.clone());
    CURRENT.with(|slot| *slot.borrow_mut() = Some(frame));
    let result = body();
    let frame = CURRENT.with(|slot| slot.borrow_mut().take()).unwrap_or(empty);
    (result, frame)
}

/// Reads or changes the current frame; nothing where no script runs (constant folding at compile time).
pub(super) fn current<T>(body: impl FnOnce(&mut Frame) -> T) -> Option<T> {
    CURRENT.with(|slot| slot.borrow_mut().as_mut().map(body))
}
