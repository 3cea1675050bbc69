//! The names that rules and configuration use, held against a catalogue.

use haloward_rules::{
    Candidate, ClientDirectory, ClientMatch, Finding, Findings, Given, NameKind, NameUse, Reference,
    suggestion,
};

use super::find::same;
use super::{Catalogue, Entry};

/// LIMIT: as many names as a person reads beside a mistake.
const SHOWN: usize = 6;

/// What holding names against a catalogue came to.
#[derive(Debug, Default)]
pub(crate) struct NameCheck {
    /// The names that are not there.
    pub(crate) findings: Findings,
    /// How many were looked for.
    pub(crate) checked: usize,
    /// How many could not be: those of sites, users and assets, which are looked up when a ticket is sent, and those
    /// of lists that the catalogue has not got.
    pub(crate) unchecked: usize,
}

impl Catalogue {
    /// Looks for every name. Ids are taken as they are: who writes one has looked it up.
    pub(crate) fn check<'n>(
        &self,
        directory: &ClientDirectory,
        names: impl IntoIterator<Item = &'n NameUse>,
    ) -> NameCheck {
        let mut check = NameCheck::default();
        for used in names {
            let Reference::Name(name) = &used.name else { continue };
            match self.look(directory, used, name) {
                Look::There => check.checked += 1,
                Look::Unknown => check.unchecked += 1,
                Look::Missing(finding) => {
                    check.checked += 1;
                    check.findings.push(finding.at(used.at.clone()));
                }
            }
        }
        check
    }

    fn look(&self, directory: &ClientDirectory, used: &NameUse, name: &str) -> Look {
        let by_name = |entries: &[Entry]| entries.iter().map(|entry| entry.name.clone()).collect::<Vec<_>>();
        let (noun, known): (&str, Vec<String>) = match used.kind {
            NameKind::Site | NameKind::User | NameKind::Asset => return Look::Unknown,
            NameKind::Priority => return self.priority_of(used, name),
            NameKind::Client => return self.client_called(directory, name),
            NameKind::OwnClient => ("client", self.clients.iter().map(|entry| entry.name.clone()).collect()),
            NameKind::Type => {
                ("ticket type", self.ticket_types.iter().map(|entry| entry.name.clone()).collect())
            }
            NameKind::Status => ("status", by_name(&self.statuses)),
            NameKind::Sla => ("SLA", by_name(&self.slas)),
            NameKind::Impact => ("impact", by_name(&self.impacts)),
            NameKind::Urgency => ("urgency", by_name(&self.urgencies)),
            NameKind::Team => ("team", by_name(&self.teams)),
            NameKind::CustomField => {
                if self.custom_field(name).is_some() {
                    return Look::There;
                }
                ("custom field", by_name(&self.custom_fields))
            }
            NameKind::Outcome => ("outcome", self.outcomes.iter().map(|entry| entry.name.clone()).collect()),
            NameKind::Agent => return self.agent_called(name),
            NameKind::Category(level) => {
                let level = i64::from(level);
                if self.category(name, level).is_some() {
                    return Look::There;
                }
                let of_level =
                    self.categories.iter().filter(|c| c.level.is_none_or(|of| of == level || of == 0));
                ("category", of_level.map(|entry| entry.name.clone()).collect())
            }
        };
        if known.iter().any(|known| same(known, name)) {
            return Look::There;
        }
        missing(noun, name, &known)
    }

    fn agent_called(&self, name: &str) -> Look {
        if self.agent(&Reference::Name(name.to_owned())).is_some() {
            return Look::There;
        }
        let bears = |agent: &&super::AgentEntry| same(&agent.name, name);
        if self.agents.iter().any(|agent| bears(&agent) && agent.unassignable) {
            let finding = Finding::error("HW130", format!("the agent `{name}` cannot be given tickets"));
            return Look::Missing(finding.help("the agent is disabled, or there for the API alone"));
        }
        let assignable = self.agents.iter().filter(|agent| !agent.unassignable);
        missing("agent", name, &assignable.map(|agent| agent.name.clone()).collect::<Vec<_>>())
    }

    fn client_called(&self, directory: &ClientDirectory, name: &str) -> Look {
        if self.clients.is_empty() {
            return Look::Unknown;
        }
        // A mapping is of one source; whoever is mapped by any source may be meant.
        let of_sources = || {
            directory.sources.keys().map(|source| {
                self.client(directory, Candidate { source, name: Some(name), ..Candidate::default() })
            })
        };
        match self.client(directory, Candidate { name: Some(name), ..Candidate::default() }) {
            ClientMatch::Found(_) => Look::There,
            ClientMatch::Several(names) => {
                let finding =
                    Finding::error("HW130", format!("the client `{name}` could be {}", names.join(" or ")));
                Look::Missing(finding.help("write the whole name, its id, or an alias in the clients file"))
            }
            _ if of_sources().any(|found| matches!(found, ClientMatch::Found(_))) => Look::There,
            _ => missing(
                "client",
                name,
                &self.clients.iter().map(|client| client.name.clone()).collect::<Vec<_>>(),
            ),
        }
    }

    /// A priority means something within its SLA only.
    fn priority_of(&self, used: &NameUse, name: &str) -> Look {
        if self.priorities.is_empty() {
            return Look::Unknown;
        }
        let of =
            |sla: i64| self.priorities.iter().filter(move |entry| entry.sla.is_none_or(|own| own == sla));
        let names = |entries: &mut dyn Iterator<Item = &super::PriorityEntry>| -> Vec<String> {
            entries.map(|entry| entry.name.clone()).collect()
        };
        // An SLA without any priority in the catalogue is one that we know nothing of.
        let Some(sla) = self.sla_of(used).filter(|sla| of(*sla).next().is_some()) else {
            if self.priorities.iter().any(|entry| same(&entry.name, name)) {
                return Look::There;
            }
            return missing("priority", name, &names(&mut self.priorities.iter()));
        };
        if of(sla).any(|entry| same(&entry.name, name)) {
            return Look::There;
        }
        let known = names(&mut of(sla));
        let called = self
            .slas
            .iter()
            .find(|entry| entry.id == sla)
            .map_or(sla.to_string(), |entry| entry.name.clone());
        let finding = Finding::error("HW131", format!("the SLA `{called}` has no priority `{name}`"));
        let help = hint(name, &known);
        Look::Missing(finding.help(if used.inherited {
            format!("the priority comes from the ticket defaults; {help}")
        } else {
            help
        }))
    }

    /// The SLA of a ticket, where it is known: its own, or its type's.
    fn sla_of(&self, used: &NameUse) -> Option<i64> {
        match &used.within.sla {
            Given::Literal(Reference::Id(id)) => Some(*id),
            Given::Literal(name) => self.sla(name).map(|entry| entry.id),
            Given::Computed => None,
            Given::Unsaid => match &used.within.ticket_type {
                Given::Literal(name) => self.ticket_type(name).and_then(|entry| entry.default_sla),
                Given::Computed | Given::Unsaid => None,
            },
        }
    }
}

enum Look {
    There,
    Missing(Finding),
    /// The catalogue cannot tell.
    Unknown,
}

fn missing(noun: &str, name: &str, known: &[String]) -> Look {
    if known.is_empty() {
        return Look::Unknown;
    }
    let finding = Finding::error("HW130", format!("there is no {noun} `{name}` in HaloPSA"));
    Look::Missing(finding.help(hint(name, known)))
}

/// The nearest name, or the names there are.
fn hint(name: &str, known: &[String]) -> String {
    if let Some(near) = suggestion(name, known.iter().map(String::as_str)) {
        return format!("did you mean `{near}`?");
    }
    let mut names: Vec<&str> = known.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN);
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more =
        if more == 0 { String::new() } else { format!(" and {more} more; `haloward catalogue` lists them") };
    let are = if names.len() == 1 { "is only" } else { "are" };
    format!("there {are} {}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use haloward_rules::{RuleSet, Settings, SourceFile, read_yaml};

    use super::*;
    use crate::catalogue::{
        AgentEntry, CategoryEntry, ClientEntry, OutcomeEntry, PriorityEntry, TicketTypeEntry,
    };

    fn catalogue() -> Catalogue {
        let entry = |id, name: &str| Entry { id, name: name.into() };
        let kind = |id, name: &str, sla| TicketTypeEntry {
            id,
            name: name.into(),
            default_sla: sla,
            initial_status: None,
        };
        let priority = |id, name: &str, sla| PriorityEntry { id, name: name.into(), sla: Some(sla) };
        let client = |id, name: &str| ClientEntry {
            id,
            name: name.into(),
            domains: Vec::new(),
            azure_tenants: Vec::new(),
            main_site: None,
        };
        let agent =
            |id, name: &str, unassignable| AgentEntry { id, name: name.into(), email: None, unassignable };
        Catalogue {
            ticket_types: vec![kind(1, "Alert", Some(1)), kind(2, "Task", Some(2)), kind(3, "Request", None)],
            statuses: vec![entry(1, "New"), entry(9, "Closed")],
            slas: vec![entry(1, "Standard"), entry(2, "Gold")],
            priorities: vec![
                priority(1, "High", 1),
                priority(2, "Low", 1),
                priority(1, "P1", 2),
                priority(2, "P2", 2),
            ],
            teams: vec![entry(1, "Service Desk"), entry(2, "Second Line")],
            agents: vec![agent(1, "Ana", false), agent(2, "Haloward API", true)],
            categories: vec![
                CategoryEntry { name: "Hardware".into(), level: Some(1) },
                CategoryEntry { name: "Disk".into(), level: Some(2) },
            ],
            outcomes: vec![OutcomeEntry { id: 7, name: "Internal Note".into(), private: true }],
            custom_fields: vec![entry(180, "CFDevice")],
            clients: vec![client(12, "Northwind Dental"), client(13, "Acme Ltd"), client(14, "ACME, Inc.")],
            ..Catalogue::default()
        }
    }

    fn check(rules: &str) -> NameCheck {
        let mut settings = Settings::default();
        let config =
            SourceFile::new("haloward.yaml", "type: Alert\npriority: { critical: High, else: Low }\n");
        settings.ticket_defaults(&config, &read_yaml(&config).unwrap());
        let (rules, findings) = RuleSet::load(&[SourceFile::new("r.yaml", rules)], settings);
        assert_eq!(findings.render(), "");
        let directory = ClientDirectory {
            sources: [("ninjaone".to_owned(), [("org-7".to_owned(), "12".to_owned())].into())].into(),
            aliases: [("ND".to_owned(), "Northwind Dental".to_owned())].into(),
        };
        catalogue().check(&directory, rules.names())
    }

    #[test]
    fn every_name_that_is_there_is_found_whatever_its_case() {
        let done = check(
            "rules:
  - id: a
    then:
      open_ticket:
        status: new
        team: SERVICE DESK
        agent: ana
        client: nd
        category: [hardware, disk]
        custom_fields: { device: x }
        site: Main
        priority: low
        resolved: { status: closed, note: { text: x, outcome: internal note } }
  - { id: b, then: { open_ticket: { type: 2, sla: Gold, priority: P1, client: Northwind Dental Ltd. } } }
  - { id: c, then: { open_ticket: { type: Request, priority: P2, client: org-7, status: 999 } } }
",
        );
        assert_eq!(done.findings.render(), "");
        assert_eq!((done.checked, done.unchecked), (19, 1), "the site is looked up when the ticket is sent");
    }

    #[test]
    fn names_that_are_not_there_are_errors_at_their_place_with_what_could_be_meant() {
        let done = check(
            "defaults: { ticket: { team: Sevice Desk } }
rules:
  - id: a
    then:
      open_ticket:
        type: Alrt
        status: Wait
        agent: Haloward API
        client: Acme
        category: Disk
        custom_fields: { devices: x, asset_tag: y }
        resolved: { status: Close }
      add_note: { text: x, outcome: Email }
    escalate: { after: 1h, update: { priority: P1 } }
  - { id: b, then: { open_ticket: { client: Nobody } } }
",
        );
        let said = done.findings.render();
        assert_eq!(said, include_str!("../../tests/findings/names.txt"), "\n{said}");
    }

    #[test]
    fn a_priority_is_looked_for_in_the_sla_that_its_ticket_will_have() {
        let done = check(
            "rules:
  - { id: a, then: { open_ticket: { priority: P1 } } }
  - { id: b, then: { open_ticket: { type: Task } } }
  - { id: c, then: { open_ticket: { type: Request, priority: P1 } } }
  - { id: d, then: { open_ticket: { sla: Gold, priority: { high: P1, else: P3 } } } }
  - { id: e, then: { open_ticket: { type: '${event.x}', priority: Urgent } } }
",
        );
        let said = done.findings.render();
        assert_eq!(said, include_str!("../../tests/findings/priorities.txt"), "\n{said}");
    }
}
