//! The engine's outside world in memory: cases, timers on a virtual clock, and a HaloPSA that answers at once.
//!
//! Rule tests, dry runs and replays all run on this; they differ only in where events come from and in what they do
//! with the steps. Time passes when it is told to, and never backwards.

mod timers;

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::engine::{
    Case, CaseBook, CaseState, Cases as _, Effect, EffectKind, Explain, Input, Key, Report, Step, Timer, step,
};
use crate::event::Event;
use crate::finding::Findings;
use crate::ruleset::RuleSet;
use crate::silence::{Silence, Silences};
use timers::Timers;

/// A run of rules over a made-up or recorded past.
#[derive(Debug)]
pub struct Simulation<'r> {
    rules: &'r RuleSet,
    explain: Explain,
    now: Timestamp,
    cases: CaseBook,
    timers: Timers,
    /// The last number HaloPSA gave to a ticket or a note.
    number: i64,
    newest: Option<(Key, u32)>,
    memory: Option<Memory>,
}

/// Cases that ended, oldest first, until nothing can ask for them any more.
#[derive(Debug)]
struct Memory {
    keep: Duration,
    ended: VecDeque<(Timestamp, Key)>,
}

/// A timer that fell due on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Fired {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub timer: Timer,
    /// What followed. Its cases are with the simulation already.
    pub step: Step,
}

impl<'r> Simulation<'r> {
    /// Begins without any case.
    pub fn new(rules: &'r RuleSet, explain: Explain, start: Timestamp) -> Self {
        Self {
            rules,
            explain,
            now: start,
            cases: CaseBook::default(),
            timers: Timers::default(),
            number: 0,
            newest: None,
            memory: None,
        }
    }

    /// Forgets cases once they ended so long ago that no rule can open their ticket again: a long run takes the memory
    /// of what is open, not of all there was.
    #[must_use]
    pub fn forgetting(mut self) -> Self {
        let keep = self.rules.longest_reopening();
        self.memory = keep.map(|keep| Memory { keep, ended: VecDeque::new() });
        self
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The case of a key.
    pub fn case(&self, key: &Key) -> Option<Case> {
        self.cases.case(key)
    }

    /// The ticket that was opened last: its case, and which of the case's tickets it is.
    pub fn newest_ticket(&self) -> Option<(&Key, u32)> {
        self.newest.as_ref().map(|(key, ticket)| (key, *ticket))
    }

    /// A silence begins now, and lasts as long as it says.
    pub fn silence(&mut self, silence: &Silence) -> Findings {
        let until = silence.until.duration_since(silence.from);
        let until = self.now.checked_add(until).unwrap_or(Timestamp::MAX);
        let begun = Silence { from: self.now, until, ..silence.clone() };
        let standing: Vec<Silence> = self.cases.silences().iter().cloned().chain([begun]).collect();
        let (silences, findings) = Silences::compile(standing);
        self.cases.silence(silences);
        findings
    }

    /// When the next timer falls due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.timers.next_due()
    }

    /// Lets time pass up to the next timer that is due by `until`, and fires it. When there is none left it is
    /// `until`.
    pub fn pass(&mut self, until: Timestamp) -> Option<Fired> {
        let Some((due, timer)) = self.timers.pop(until) else {
            self.now = self.now.max(until);
            return None;
        };
        self.now = self.now.max(due);
        let step = self.feed(&Input::Timer(timer.clone()));
        Some(Fired { at: self.now, timer, step })
    }

    /// An event comes in now. What was due before it has to be let [`pass`](Self::pass) first.
    pub fn event(&mut self, event: Event) -> Step {
        self.feed(&Input::Event(event))
    }

    /// HaloPSA tells something now, beyond its answers to what was asked of it.
    pub fn report(&mut self, report: Report) -> Step {
        self.feed(&Input::Report(report))
    }

    /// One input through the engine, and HaloPSA's answers to what follows.
    fn feed(&mut self, input: &Input) -> Step {
        let mut done = self.decide(input);
        let mut answered = 0;
        while let Some(effect) = done.effects.get(answered) {
            answered += 1;
            if let Some(report) = self.answer(effect) {
                done.effects.extend(self.decide(&Input::Report(report)).effects);
            }
        }
        done
    }

    fn decide(&mut self, input: &Input) -> Step {
        let mut done = step(self.rules, &self.cases, input, self.explain, self.now);
        self.timers.change(&done.timers);
        let cases = std::mem::take(&mut done.cases);
        self.forget(&cases);
        self.cases.put(cases);
        done
    }

    /// What HaloPSA has to say about an effect: what it opened has a number before anything else happens.
    fn answer(&mut self, effect: &Effect) -> Option<Report> {
        let key = effect.key.clone();
        match &effect.kind {
            EffectKind::OpenTicket { .. } => {
                self.number += 1;
                self.newest = Some((key.clone(), effect.ticket));
                Some(Report::TicketOpened { key, ticket: effect.ticket, id: self.number })
            }
            EffectKind::AddNote { note, .. } if note.fold => {
                let known = self.cases.case(&key).is_none_or(|case| case.ticket.fold_note.is_some());
                if known {
                    return None;
                }
                self.number += 1;
                Some(Report::FoldNoteAdded { key, ticket: effect.ticket, note: self.number })
            }
            _ => None,
        }
    }

    fn forget(&mut self, changed: &[Case]) {
        let Some(memory) = &mut self.memory else { return };
        for case in
            changed.iter().filter(|case| case.state == CaseState::Resolved && !counts_for_others(case))
        {
            memory.ended.extend(case.ended_at.map(|ended| (ended, case.key.clone())));
        }
        let keep = SignedDuration::try_from(memory.keep).unwrap_or(SignedDuration::MAX);
        let Ok(before) = self.now.checked_sub(keep) else { return };
        while let Some((ended, key)) = memory.ended.pop_front_if(|(ended, _)| *ended < before) {
            let over = |case: &Case| {
                case.state == CaseState::Resolved && case.ended_at == Some(ended) && !counts_for_others(case)
            };
            // ORDER: what this very step changed has the say about its case.
            if !changed.iter().any(|case| case.key == key) && self.cases.get(&key).is_some_and(over) {
                self.cases.remove(&key);
            }
        }
    }
}

/// Whether what comes later asks for the case although it ended: a rule's limit is counted by its storm, a group and
/// its members by each other.
fn counts_for_others(case: &Case) -> bool {
    case.storm.is_some() || case.group.is_some() || case.member_of.is_some() || case.silence.is_some()
}

#[cfg(test)]
mod tests;
