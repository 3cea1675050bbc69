//! Two runs of the same events, ticket by ticket: more, fewer, changed.
//!
//! Two tickets are the same one if the same event opened them, under the same key or (its rule's key was changed) as
//! the only ones left; or if they have the same key and are open at the same time, because a hold or a threshold made
//! one of them later. Numbers say nothing: they depend on what else was opened.

use std::collections::{BTreeMap, HashMap};

use haloward_rules::{Decision, Effect, Event, Key, Mode, Outcome, RuleId, Step};
use jiff::Timestamp;
use serde::Serialize;

use super::ticket::{Cause, FieldDifference, Instead, Ticket, life, opening};

/// One of the two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

impl Side {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Before => Self::After,
            Self::After => Self::Before,
        }
    }
}

/// How a ticket differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Fewer,
    More,
    Changed,
}

/// A ticket that is not the same in both runs.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Difference {
    #[serde(rename = "difference")]
    pub(super) kind: Kind,
    pub(super) key: Key,
    pub(super) rule: RuleId,
    pub(super) summary: Option<String>,
    pub(super) opened_at: Timestamp,
    /// The event it was opened for.
    pub(super) event: Cause,
    /// What the other rules made of that event, where there is no ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) instead: Option<Instead>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) fields: Vec<FieldDifference>,
}

/// What one run led to.
#[derive(Debug, Default, Serialize)]
pub(super) struct Totals {
    pub(super) tickets: u64,
    pub(super) requests: u64,
    pub(super) outcomes: BTreeMap<Outcome, u64>,
}

#[derive(Debug)]
struct Pair {
    tickets: [Option<Ticket>; 2],
    cause: Cause,
    instead: Option<Instead>,
    fields: Vec<FieldDifference>,
    /// For each side, that its case has another ticket by now.
    left: [bool; 2],
}

/// What a run decided about the event or timer at hand.
pub(super) struct Heard {
    pub(super) at: Timestamp,
    pub(super) outcome: Outcome,
    /// Which rule decided and why, where that was recorded; else the decisions say it.
    pub(super) rule: Option<RuleId>,
    pub(super) reason: Option<String>,
    pub(super) decisions: Vec<Decision>,
    /// The event it is about, where that is another one than the one at hand.
    pub(super) event: Option<Event>,
    pub(super) effects: Vec<Effect>,
}

impl Heard {
    /// What the engine said.
    pub(super) fn of(step: Step, at: Timestamp) -> Self {
        let Step { outcome, reason, decisions, event, effects, .. } = step;
        Self { at, outcome, rule: None, reason, decisions, event, effects }
    }

    /// What it made of an event that opened no ticket in it.
    fn instead(&self) -> Instead {
        let live = self.decisions.iter().filter(|decision| decision.mode == Mode::Live && decision.matched);
        let said = live.clone().find(|decision| decision.outcome == Some(self.outcome));
        let reason = self.reason.clone().or_else(|| said.and_then(|decision| decision.reason.clone()));
        let rule = self.rule.clone().or_else(|| said.map(|decision| decision.rule.clone()));
        Instead { outcome: self.outcome, rule, reason }
    }
}

/// The comparison so far.
#[derive(Debug)]
pub(super) struct Comparison {
    pairs: HashMap<u64, Pair>,
    open: [HashMap<Key, u64>; 2],
    next: u64,
    keep: usize,
    pub(super) totals: [Totals; 2],
    pub(super) events: u64,
    pub(super) more: u64,
    pub(super) fewer: u64,
    pub(super) changed: u64,
    pub(super) same: u64,
    pub(super) differences: Vec<Difference>,
}

impl Comparison {
    /// Keeps `keep` differences of each kind; the others are counted.
    pub(super) fn new(keep: usize) -> Self {
        Self {
            pairs: HashMap::new(),
            open: [HashMap::new(), HashMap::new()],
            next: 0,
            keep,
            totals: [Totals::default(), Totals::default()],
            events: 0,
            more: 0,
            fewer: 0,
            changed: 0,
            same: 0,
            differences: Vec::new(),
        }
    }

    /// Both runs decided the same event.
    pub(super) fn event(&mut self, event: &Event, before: &Heard, after: &Heard) {
        self.events += 1;
        for (side, heard) in [(Side::Before, before), (Side::After, after)] {
            *self.totals[side as usize].outcomes.entry(heard.outcome).or_default() += 1;
        }
        if before.effects.is_empty() && after.effects.is_empty() {
            return;
        }
        let mut opened = [Vec::new(), Vec::new()];
        for (side, heard) in [(Side::Before, before), (Side::After, after)] {
            opened[side as usize] = self.effects(side, &heard.effects, heard.at);
        }
        let [mut old, mut new] = opened;
        let cause = Cause::of(event, before.at);
        // The same event, the same key; then the same event alone.
        old.retain_mut(|ticket| {
            let Some(place) = new.iter().position(|other| other.key == ticket.key) else { return true };
            self.pair(ticket.clone(), new.swap_remove(place), cause.clone());
            false
        });
        while !old.is_empty() && !new.is_empty() {
            self.pair(old.remove(0), new.remove(0), cause.clone());
        }
        for (side, tickets, other) in [(Side::Before, old, after), (Side::After, new, before)] {
            for ticket in tickets {
                self.alone(side, ticket, cause.clone(), Some(other.instead()));
            }
        }
    }

    /// A timer fell due in one of the runs, or HaloPSA did something that it answers to.
    pub(super) fn timer(&mut self, side: Side, heard: &Heard) {
        for ticket in self.effects(side, &heard.effects, heard.at) {
            let cause = heard.event.as_ref().map(|event| {
                let at = event.received_at().unwrap_or(heard.at);
                Cause::of(event, at)
            });
            let unknown = || Cause {
                id: String::new(),
                source: String::new(),
                title: ticket.summary().unwrap_or_default().to_owned(),
                received_at: heard.at,
            };
            let cause = cause.unwrap_or_else(unknown);
            self.alone(side, ticket, cause, None);
        }
    }

    /// The recording is over: what is still open is compared as it stands.
    pub(super) fn finish(&mut self) {
        let mut left: Vec<u64> = self.pairs.keys().copied().collect();
        left.sort_unstable();
        for id in left {
            self.settle(id);
        }
        self.differences.sort_by(|a, b| (a.opened_at, &a.key).cmp(&(b.opened_at, &b.key)));
    }

    /// Applies effects to open tickets; gives the tickets that they open.
    fn effects(&mut self, side: Side, effects: &[Effect], at: Timestamp) -> Vec<Ticket> {
        let mut opened = Vec::new();
        for effect in effects {
            // A message to a channel is no request to HaloPSA.
            self.totals[side as usize].requests += u64::from(effect.kind.outcome() != Outcome::Notify);
            if let Some(ticket) = Ticket::open(effect, at) {
                self.totals[side as usize].tickets += u64::from(effect.kind.outcome() == Outcome::OpenTicket);
                opened.push(ticket);
                continue;
            }
            // What follows an opening in the same step is about the new ticket.
            if let Some(ticket) = opened.iter_mut().find(|ticket| ticket.key == effect.key) {
                ticket.apply(effect, at);
                continue;
            }
            let Some(id) = self.open[side as usize].get(&effect.key).copied() else { continue };
            if let Some(ticket) =
                self.pairs.get_mut(&id).and_then(|pair| pair.tickets[side as usize].as_mut())
            {
                ticket.apply(effect, at);
            }
            self.settle_if_over(id);
        }
        opened
    }

    fn pair(&mut self, before: Ticket, after: Ticket, cause: Cause) {
        let id = self.put(Pair {
            tickets: [Some(before), Some(after)],
            cause,
            instead: None,
            fields: Vec::new(),
            left: [false, false],
        });
        self.compare_opening(id);
        self.settle_if_over(id);
    }

    /// A ticket that one run opened: the other may have it open already, or may open it later.
    fn alone(&mut self, side: Side, ticket: Ticket, cause: Cause, instead: Option<Instead>) {
        let (mine, other) = (side as usize, side.other() as usize);
        let waiting = self.open[other].get(&ticket.key).copied().filter(|id| {
            self.pairs.get(id).is_some_and(|pair| {
                pair.tickets[mine].is_none()
                    && pair.tickets[other].as_ref().is_some_and(|t| t.ended_at.is_none())
            })
        });
        if let Some(id) = waiting {
            self.let_go(side, &ticket.key);
            self.open[mine].insert(ticket.key.clone(), id);
            if let Some(pair) = self.pairs.get_mut(&id) {
                pair.tickets[mine] = Some(ticket);
                pair.instead = None;
            }
            self.compare_opening(id);
            self.settle_if_over(id);
            return;
        }
        let mut tickets = [None, None];
        tickets[mine] = Some(ticket);
        let id = self.put(Pair { tickets, cause, instead, fields: Vec::new(), left: [false, false] });
        self.settle_if_over(id);
    }

    fn put(&mut self, pair: Pair) -> u64 {
        let id = self.next;
        self.next += 1;
        for side in [Side::Before, Side::After] {
            if let Some(key) = pair.tickets[side as usize].as_ref().map(|ticket| ticket.key.clone()) {
                self.let_go(side, &key);
                self.open[side as usize].insert(key, id);
            }
        }
        self.pairs.insert(id, pair);
        id
    }

    /// The case of a key gets another ticket: the one it had is not told anything more.
    fn let_go(&mut self, side: Side, key: &Key) {
        let Some(id) = self.open[side as usize].remove(key) else { return };
        if let Some(pair) = self.pairs.get_mut(&id) {
            pair.left[side as usize] = true;
        }
        self.settle_if_over(id);
    }

    fn compare_opening(&mut self, id: u64) {
        let Some(pair) = self.pairs.get_mut(&id) else { return };
        if let [Some(before), Some(after)] = &mut pair.tickets {
            pair.fields = opening(before, after);
        }
    }

    fn settle_if_over(&mut self, id: u64) {
        let Some(pair) = self.pairs.get(&id) else { return };
        let over = |side: usize| {
            pair.tickets[side].as_ref().is_none_or(|ticket| ticket.ended_at.is_some() || pair.left[side])
        };
        if over(0) && over(1) {
            self.settle(id);
        }
    }

    fn settle(&mut self, id: u64) {
        let Some(mut pair) = self.pairs.remove(&id) else { return };
        for side in [0, 1] {
            if let Some(ticket) = &pair.tickets[side]
                && self.open[side].get(&ticket.key) == Some(&id)
            {
                self.open[side].remove(&ticket.key);
            }
        }
        let (kind, ticket) = match pair.tickets {
            [Some(before), Some(after)] => {
                life(&before, &after, &mut pair.fields);
                if pair.fields.is_empty() {
                    self.same += 1;
                    return;
                }
                self.changed += 1;
                (Kind::Changed, after)
            }
            [Some(before), None] => {
                self.fewer += 1;
                (Kind::Fewer, before)
            }
            [None, Some(after)] => {
                self.more += 1;
                (Kind::More, after)
            }
            [None, None] => return,
        };
        let count = match kind {
            Kind::Fewer => self.fewer,
            Kind::More => self.more,
            Kind::Changed => self.changed,
        };
        if count > self.keep as u64 {
            return;
        }
        self.differences.push(Difference {
            kind,
            summary: ticket.summary().map(|text| text.chars().take(200).collect()),
            opened_at: ticket.opened_at,
            key: ticket.key,
            rule: ticket.rule,
            event: pair.cause,
            instead: pair.instead,
            fields: pair.fields,
        });
    }
}
