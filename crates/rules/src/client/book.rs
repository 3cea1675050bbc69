//! What a client's tickets have by default, whatever rule opens them.

use std::borrow::Cow;

use serde_json::Value;

use super::find::{Candidate, ClientDirectory, ClientFacts, ClientMatch, KnownClient};
use crate::event::Event;
use crate::fields::Fields;
use crate::finding::{Finding, Findings, SourceFile};
use crate::library::Known;
use crate::names::{NameKind, NameUse, Names};
use crate::ticket::{Reference, TicketTemplate};
use crate::yaml::Node;

/// The clients' own defaults, and what is needed to know whose an event is.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientBook {
    directory: ClientDirectory,
    clients: Vec<Entry>,
    defaults: Vec<TicketTemplate>,
}

#[derive(Debug, Clone)]
struct Entry {
    facts: ClientFacts,
    folded: String,
    /// Its place among the defaults.
    defaults: Option<usize>,
}

impl KnownClient for Entry {
    fn id(&self) -> i64 {
        self.facts.id
    }

    fn name(&self) -> &str {
        &self.facts.name
    }

    fn domains(&self) -> &[String] {
        &self.facts.domains
    }

    fn tenants(&self) -> &[String] {
        &self.facts.tenants
    }

    fn folded(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.folded)
    }
}

impl Entry {
    fn new(facts: ClientFacts, defaults: Option<usize>) -> Self {
        Self { folded: super::name::folded(&facts.name), facts, defaults }
    }
}

impl ClientBook {
    /// Decodes `ticket_defaults` of the clients file: ticket fields by the client's name or id in HaloPSA. `clients`
    /// are those known; without them a client is known by what the clients file says alone. `base` are the
    /// configuration's own ticket defaults.
    pub(crate) fn decode(
        directory: ClientDirectory,
        clients: Vec<ClientFacts>,
        defaults: Option<(&SourceFile, &Node)>,
        base: &TicketTemplate,
        known: &Known<'_>,
        findings: &mut Findings,
    ) -> Self {
        let start = known.names.map_or(0, Names::len);
        let mut book = Self { directory, clients: Vec::new(), defaults: Vec::new() };
        let Some((file, node)) = defaults else { return book };
        let Some(fields) = Fields::of(file, node, "`ticket_defaults`", findings) else { return book };
        book.clients = clients.into_iter().map(|facts| Entry::new(facts, None)).collect();
        for (name, node) in fields.entries() {
            let what = format!("the ticket defaults of `{}`", name.text);
            let template = TicketTemplate::decode(file, node, &what, known, findings);
            if let Some(names) = known.names {
                let client = Reference::from_value(&Value::String(name.text.clone()));
                names.extend(
                    client.map(|client| NameUse::new(NameKind::OwnClient, client, file.place(name.span))),
                );
                template.inherits_priorities(&[base], &file.place(name.span), known);
            }
            if template.names_client() {
                findings.push(
                    Finding::error("HW128", "a client's own ticket defaults cannot name a client")
                        .at(file.place(node.span))
                        .help("other names of a client go under `aliases` or `sources`"),
                );
            }
            if !book.add(&name.text, template) {
                findings.push(
                    Finding::error("HW128", format!("`{}` has ticket defaults twice", name.text))
                        .at(file.place(name.span)),
                );
            }
        }
        if let Some(names) = known.names {
            names.complete(start, &base.within());
        }
        book
    }

    /// Adds the defaults of a client; false if it has some.
    fn add(&mut self, name: &str, template: TicketTemplate) -> bool {
        let place = self.defaults.len();
        let id: Option<i64> = name.trim().parse().ok();
        let is = |entry: &&mut Entry| match id {
            Some(id) => entry.facts.id == id,
            None => crate::value::text_equal(entry.facts.name.trim(), name.trim()),
        };
        match self.clients.iter_mut().find(is) {
            Some(entry) if entry.defaults.is_some() => return false,
            Some(entry) => entry.defaults = Some(place),
            None => {
                // Nobody has looked at the tenant: below zero are no ids of HaloPSA's.
                let id = id.unwrap_or(-1 - i64::try_from(place).unwrap_or(i64::MAX - 1));
                let facts = ClientFacts { id, name: name.trim().to_owned(), ..ClientFacts::default() };
                self.clients.push(Entry::new(facts, Some(place)));
            }
        }
        self.defaults.push(template);
        true
    }

    /// The defaults of the client that a ticket is for: the one its fields name, else the event's.
    pub(crate) fn defaults(&self, named: Option<&Reference>, event: &Event) -> Option<&TicketTemplate> {
        if self.defaults.is_empty() {
            return None;
        }
        let id = match named {
            Some(Reference::Id(id)) => *id,
            Some(Reference::Name(name)) => {
                self.id(Candidate { source: event.source(), name: Some(name), ..Candidate::default() })?
            }
            None => {
                let text = |field: &str, part: &str| {
                    let value = event.value().get(field).and_then(|v| v.get(part)).unwrap_or(&Value::Null);
                    Some(crate::value::to_text(value)).filter(|text| !text.trim().is_empty())
                };
                let (id, name, email) = (text("client", "id"), text("client", "name"), text("user", "email"));
                self.id(Candidate {
                    source: event.source(),
                    vendor_id: id.as_deref(),
                    name: name.as_deref(),
                    email: email.as_deref(),
                })?
            }
        };
        let entry = self.clients.iter().find(|entry| entry.facts.id == id)?;
        entry.defaults.map(|place| &self.defaults[place])
    }

    fn id(&self, candidate: Candidate<'_>) -> Option<i64> {
        match self.directory.find(&self.clients, candidate, |_| Vec::new()) {
            ClientMatch::Found(id) => Some(id),
            _ => None,
        }
    }
}
