//! Which fields HaloPSA's records have and of what type: the ones integrations use, kind by kind.
//!
//! Fields outside these lists are ignored on the way in, as HaloPSA ignores what it does not know.
//! A contract test holds every name and type against HaloPSA's own description of its API.

mod billing;
mod integration;
mod organisation;
mod picklists;
mod tickets;

pub(crate) use billing::{CONTRACT, INVOICE, INVOICE_LINE, ITEM, LICENCE};
pub(crate) use integration::{
    ATTACHMENT, AZURE_CONNECTION, AZURE_MAPPING, AZURE_TENANT, WEBHOOK, WEBHOOK_EVENT,
};
pub(crate) use organisation::{ASSET, CLIENT, SITE, USER};
pub(crate) use picklists::{AGENT, CATEGORY, FIELD, OUTCOME, PRIORITY, SLA, STATUS, TEAM, TICKET_TYPE};
pub(crate) use tickets::{ACTION, TICKET};

/// The fields of one kind of record.
#[derive(Debug)]
pub(crate) struct Schema {
    /// The name HaloPSA's API description gives this kind.
    pub(crate) contract: &'static str,
    pub(crate) ints: &'static [&'static str],
    pub(crate) numbers: &'static [&'static str],
    pub(crate) texts: &'static [&'static str],
    pub(crate) flags: &'static [&'static str],
    pub(crate) dates: &'static [&'static str],
    pub(crate) lists: &'static [&'static str],
    /// Fields HaloPSA computes: what a request says about them is ignored.
    pub(crate) computed: &'static [&'static str],
}

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldType {
    Int,
    Number,
    Text,
    Flag,
    Date,
    List,
}

impl Schema {
    /// A field's own spelling and type; names are taken in any case.
    pub(crate) fn field(&self, name: &str) -> Option<(&'static str, FieldType)> {
        let find = |names: &'static [&'static str]| names.iter().find(|own| own.eq_ignore_ascii_case(name));
        let by_type = self.by_type();
        by_type.into_iter().find_map(|(kind, names)| find(names).map(|own| (*own, kind)))
    }

    /// Whether a request can set a field at all.
    pub(crate) fn is_settable(&self, name: &str) -> bool {
        name != "id" && !self.computed.contains(&name)
    }

    /// The field names, type by type.
    pub(crate) fn by_type(&self) -> [(FieldType, &'static [&'static str]); 6] {
        [
            (FieldType::Int, self.ints),
            (FieldType::Text, self.texts),
            (FieldType::Flag, self.flags),
            (FieldType::Date, self.dates),
            (FieldType::Number, self.numbers),
            (FieldType::List, self.lists),
        ]
    }
}

#[cfg(test)]
pub(crate) mod tests;
