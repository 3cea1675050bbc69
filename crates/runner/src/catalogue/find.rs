//! Names to ids. Case and surrounding blanks do not matter; anything else must be the same.

use haloward_rules::Reference;

use super::{AgentEntry, Catalogue, Entry, OutcomeEntry, TicketTypeEntry};

/// HaloPSA's own status for closed tickets has this id on every install.
const CLOSED: i64 = 9;
/// The built-in "Internal Note" of a stock install.
const INTERNAL_NOTE: i64 = 7;

pub(crate) fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim(), b.trim());
    a.eq_ignore_ascii_case(b) || a.to_lowercase() == b.to_lowercase()
}

fn named<'e>(entries: &'e [Entry], reference: &Reference) -> Option<&'e Entry> {
    entries.iter().find(|entry| match reference {
        Reference::Id(id) => entry.id == *id,
        Reference::Name(name) => same(&entry.name, name),
    })
}

impl Catalogue {
    /// A ticket type.
    pub fn ticket_type(&self, reference: &Reference) -> Option<&TicketTypeEntry> {
        self.ticket_types.iter().find(|entry| match reference {
            Reference::Id(id) => entry.id == *id,
            Reference::Name(name) => same(&entry.name, name),
        })
    }

    /// A status.
    pub fn status(&self, reference: &Reference) -> Option<&Entry> {
        named(&self.statuses, reference)
    }

    /// A team.
    pub fn team(&self, reference: &Reference) -> Option<&Entry> {
        named(&self.teams, reference)
    }

    /// An SLA.
    pub fn sla(&self, reference: &Reference) -> Option<&Entry> {
        named(&self.slas, reference)
    }

    /// An agent who can be given tickets, by name or mail address.
    pub fn agent(&self, reference: &Reference) -> Option<&AgentEntry> {
        self.agents.iter().filter(|agent| !agent.unassignable).find(|agent| match reference {
            Reference::Id(id) => agent.id == *id,
            Reference::Name(name) => {
                same(&agent.name, name) || agent.email.as_deref().is_some_and(|email| same(email, name))
            }
        })
    }

    /// A priority of an SLA. Without one, a name that means the same everywhere.
    pub fn priority(&self, name: &str, sla: Option<i64>) -> Option<i64> {
        let mut found = self
            .priorities
            .iter()
            .filter(|entry| {
                same(&entry.name, name) && (sla.is_none() || entry.sla.is_none() || entry.sla == sla)
            })
            .map(|entry| entry.id);
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }

    /// An outcome.
    pub fn outcome(&self, reference: &Reference) -> Option<&OutcomeEntry> {
        self.outcomes.iter().find(|entry| match reference {
            Reference::Id(id) => entry.id == *id,
            Reference::Name(name) => same(&entry.name, name),
        })
    }

    /// The outcome of notes that name none: the built-in internal note, or whatever comes nearest.
    pub fn note_outcome(&self) -> Option<&OutcomeEntry> {
        let named = |name: &str| self.outcomes.iter().find(|entry| same(&entry.name, name));
        named("Internal Note")
            .or_else(|| named("Private Note"))
            .or_else(|| self.outcomes.iter().find(|entry| entry.id == INTERNAL_NOTE))
            .or_else(|| {
                self.outcomes.iter().find(|entry| entry.private && entry.name.to_lowercase().contains("note"))
            })
            .or_else(|| named("Note"))
    }

    /// The status of tickets that are over, where no rule names one: "Resolved" leaves the closing to HaloPSA's own
    /// rules and surveys; where there is none, "Closed".
    pub fn resolved_status(&self) -> i64 {
        let named =
            |name: &str| self.statuses.iter().find(|entry| same(&entry.name, name)).map(|entry| entry.id);
        named("Resolved").or_else(|| named("Closed")).unwrap_or(CLOSED)
    }

    /// The status that closes a ticket for good.
    pub fn closed_status(&self) -> i64 {
        self.statuses.iter().find(|entry| same(&entry.name, "Closed")).map_or(CLOSED, |entry| entry.id)
    }

    /// The status of a ticket that is opened again.
    pub fn reopened_status(&self) -> Option<i64> {
        ["Re-Opened", "Reopened", "Re-opened", "In Progress", "New", "Open"]
            .iter()
            .find_map(|name| self.statuses.iter().find(|entry| same(&entry.name, name)))
            .map(|entry| entry.id)
    }

    /// Whether a status is one of those a ticket is over in.
    pub fn is_over(&self, status: i64) -> bool {
        status == CLOSED
            || self.statuses.iter().any(|entry| {
                entry.id == status
                    && ["resolved", "closed", "completed"].contains(&entry.name.to_lowercase().trim())
            })
    }

    /// A custom field, with or without the `CF` its name begins with.
    pub fn custom_field(&self, name: &str) -> Option<&Entry> {
        let plain = |text: &str| {
            let text = text.trim().to_lowercase();
            text.strip_prefix("cf").map(str::to_owned).unwrap_or(text)
        };
        self.custom_fields.iter().find(|entry| same(&entry.name, name) || plain(&entry.name) == plain(name))
    }

    /// The category's own spelling at a level, from 1.
    pub fn category(&self, name: &str, level: i64) -> Option<&str> {
        let fits = |of: Option<i64>| of.is_none_or(|of| of == level || of == 0);
        self.categories
            .iter()
            .find(|entry| same(&entry.name, name) && fits(entry.level))
            .map(|entry| entry.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::PriorityEntry;

    fn priority(id: i64, name: &str, sla: i64) -> PriorityEntry {
        PriorityEntry { id, name: name.into(), sla: Some(sla) }
    }

    #[test]
    fn a_priority_is_looked_up_within_its_sla() {
        let catalogue = Catalogue {
            priorities: vec![
                priority(1, "High", 1),
                priority(4, "High", 2),
                priority(3, "Low", 1),
                priority(3, "low", 2),
            ],
            ..Catalogue::default()
        };
        assert_eq!(catalogue.priority("high", Some(2)), Some(4));
        assert_eq!(catalogue.priority("HIGH", None), None, "it depends on the SLA");
        assert_eq!(catalogue.priority("Low", None), Some(3), "the same everywhere");
        assert_eq!(catalogue.priority("None", Some(1)), None);
    }

    #[test]
    fn agents_who_cannot_have_tickets_are_not_found() {
        let agent =
            |id, name: &str, unassignable| AgentEntry { id, name: name.into(), email: None, unassignable };
        let catalogue = Catalogue {
            agents: vec![agent(1, "Haloward API", true), agent(2, "Ana", false)],
            ..Catalogue::default()
        };
        assert_eq!(catalogue.agent(&Reference::Name("haloward api".into())), None);
        assert_eq!(catalogue.agent(&Reference::Name("ana ".into())).map(|a| a.id), Some(2));
    }

    #[test]
    fn tickets_end_as_resolved_where_there_is_such_a_status() {
        let status = |id, name: &str| Entry { id, name: name.into() };
        let mut catalogue =
            Catalogue { statuses: vec![status(9, "Closed"), status(18, "Resolved")], ..Catalogue::default() };
        assert_eq!(catalogue.resolved_status(), 18);
        assert!(catalogue.is_over(18) && catalogue.is_over(9));
        catalogue.statuses.pop();
        assert_eq!(catalogue.resolved_status(), 9);
    }
}
