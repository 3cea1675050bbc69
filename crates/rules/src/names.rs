//! The names of the tenant's things that rules and configuration use as plain text, each with its place: what `check`
//! holds against a catalogue. A name that a template makes is known only when a ticket is sent.

use std::cell::RefCell;

use crate::finding::Place;
use crate::ticket::Reference;

/// What a name is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    /// A ticket type.
    Type,
    /// A status.
    Status,
    /// A priority: of the SLA that [`NameUse::within`] says.
    Priority,
    /// An SLA.
    Sla,
    /// An impact.
    Impact,
    /// An urgency.
    Urgency,
    /// A team.
    Team,
    /// An agent.
    Agent,
    /// A client as rules may name it: also by an alias.
    Client,
    /// A client's own name in HaloPSA.
    OwnClient,
    /// A site.
    Site,
    /// A user.
    User,
    /// An asset.
    Asset,
    /// A category of a level, from 1.
    Category(u8),
    /// A custom field.
    CustomField,
    /// An outcome of actions.
    Outcome,
}

impl NameKind {
    /// What the names of a ticket field are names of; `None` where it holds none.
    pub(crate) fn of_field(field: &str) -> Option<Self> {
        Some(match field {
            "type" => Self::Type,
            "status" => Self::Status,
            "priority" => Self::Priority,
            "sla" => Self::Sla,
            "impact" => Self::Impact,
            "urgency" => Self::Urgency,
            "team" => Self::Team,
            "agent" => Self::Agent,
            "client" => Self::Client,
            "site" => Self::Site,
            "user" => Self::User,
            "asset" => Self::Asset,
            "category" => Self::Category(1),
            "custom_fields" => Self::CustomField,
            _ => return None,
        })
    }
}

/// What is known of a field before there is an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Given {
    /// Nothing is said.
    #[default]
    Unsaid,
    /// This.
    Literal(Reference),
    /// A template makes it.
    Computed,
}

impl Given {
    fn or(&self, other: &Self) -> Self {
        if *self == Self::Unsaid { other.clone() } else { self.clone() }
    }
}

/// What a priority's SLA follows from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Within {
    /// The ticket's type.
    pub ticket_type: Given,
    /// Its SLA.
    pub sla: Given,
}

impl Within {
    /// The same, with what is not said taken from `defaults`.
    pub(crate) fn or(&self, defaults: &Self) -> Self {
        Self { ticket_type: self.ticket_type.or(&defaults.ticket_type), sla: self.sla.or(&defaults.sla) }
    }
}

/// One name at one place.
#[derive(Debug, Clone, PartialEq)]
pub struct NameUse {
    /// What it is the name of.
    pub kind: NameKind,
    /// The name, or an id.
    pub name: Reference,
    /// Where it stands.
    pub at: Place,
    /// For a priority: what its SLA follows from.
    pub within: Within,
    /// It stands in the defaults and meets another type or SLA here.
    pub inherited: bool,
}

impl NameUse {
    /// A name at a place.
    pub fn new(kind: NameKind, name: Reference, at: Place) -> Self {
        Self { kind, name, at, within: Within::default(), inherited: false }
    }
}

/// The names of the files that are being compiled, in the order they were met.
#[derive(Debug, Default)]
pub(crate) struct Names(RefCell<Vec<NameUse>>);

impl Names {
    pub(crate) fn push(&self, name: NameUse) {
        self.0.borrow_mut().push(name);
    }

    pub(crate) fn extend(&self, names: impl IntoIterator<Item = NameUse>) {
        self.0.borrow_mut().extend(names);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Tells the names since `start` what holds where they say nothing.
    pub(crate) fn complete(&self, start: usize, defaults: &Within) {
        for name in self.0.borrow_mut().iter_mut().skip(start) {
            name.within = name.within.or(defaults);
        }
    }

    pub(crate) fn into_all(self) -> Vec<NameUse> {
        self.0.into_inner()
    }
}

#[cfg(test)]
mod tests;
