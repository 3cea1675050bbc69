//! Tickets with their actions, and what each looked like a while ago, for lists that lag behind.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use jiff::Timestamp;

use super::Record;

/// One ticket, its actions, its earlier versions and the e-mails the customer would have got.
#[derive(Debug, Clone, Default)]
pub(crate) struct StoredTicket {
    pub(crate) now: Record,
    pub(crate) actions: Vec<Record>,
    pub(crate) last_action_id: i64,
    pub(crate) emails: u32,
    versions: VecDeque<(Timestamp, Record)>,
}

impl StoredTicket {
    // LIMIT: lag is about the last seconds; a ticket changed more often in them shows its oldest kept version.
    const VERSIONS: usize = 32;

    /// What it looked like at a moment; `None` if it did not exist.
    fn at(&self, moment: Timestamp) -> Option<&Record> {
        self.versions.iter().rev().find(|(since, _)| *since <= moment).map(|(_, record)| record)
    }
}

/// All tickets, by number.
#[derive(Debug, Clone, Default)]
pub(crate) struct TicketStore {
    tickets: BTreeMap<i64, StoredTicket>,
    /// The children of each ticket, so that showing one does not go through all.
    children: BTreeMap<i64, BTreeSet<i64>>,
    last_number: i64,
}

impl TicketStore {
    /// Starts numbering after `last_number`.
    pub(crate) fn numbered_from(last_number: i64) -> Self {
        Self { last_number, ..Self::default() }
    }

    pub(crate) fn next_number(&self) -> i64 {
        self.last_number + 1
    }

    pub(crate) fn get(&self, id: i64) -> Option<&StoredTicket> {
        self.tickets.get(&id)
    }

    /// For what does not count as a change of the ticket itself.
    pub(crate) fn get_mut(&mut self, id: i64) -> Option<&mut StoredTicket> {
        self.tickets.get_mut(&id)
    }

    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &StoredTicket> {
        self.tickets.values()
    }

    /// Every ticket as lists show it when they are `lag` behind.
    pub(crate) fn listed(&self, lag: Duration, now: Timestamp) -> Vec<&Record> {
        if lag.is_zero() {
            return self.tickets.values().map(|ticket| &ticket.now).collect();
        }
        let moment = now.checked_sub(lag).unwrap_or(Timestamp::MIN);
        self.tickets.values().filter_map(|ticket| ticket.at(moment)).collect()
    }

    /// Adds a ticket or its new version.
    pub(crate) fn put(&mut self, id: i64, record: Record, now: Timestamp) {
        self.last_number = self.last_number.max(id);
        let ticket = self.tickets.entry(id).or_default();
        let (before, after) = (ticket.now.int("parent_id"), record.int("parent_id"));
        if before != after {
            if let Some(siblings) = before.and_then(|parent| self.children.get_mut(&parent)) {
                siblings.remove(&id);
            }
            if let Some(parent) = after.filter(|parent| *parent > 0) {
                self.children.entry(parent).or_default().insert(id);
            }
        }
        if ticket.versions.len() == StoredTicket::VERSIONS {
            ticket.versions.pop_front();
        }
        ticket.versions.push_back((now, record.clone()));
        ticket.now = record;
    }

    /// A ticket's children, without deleted ones.
    pub(crate) fn children(&self, id: i64) -> Vec<&Record> {
        let ids = self.children.get(&id).into_iter().flatten();
        let children = ids.filter_map(|id| self.tickets.get(id)).map(|child| &child.now);
        children.filter(|child| !child.flag("deleted")).collect()
    }
}
