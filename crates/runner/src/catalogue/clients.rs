//! Which client an event belongs to, by what the catalogue knows. How it is found is the rules' own business.

use std::borrow::Cow;

pub use haloward_rules::{Candidate, ClientDirectory, ClientMatch};
use haloward_rules::{ClientFacts, KnownClient, folded_name, mail_domain};

use super::{Catalogue, ClientEntry, Lookup, RecordKind, Wanted};

impl KnownClient for ClientEntry {
    fn id(&self) -> i64 {
        self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn domains(&self) -> &[String] {
        &self.domains
    }

    fn tenants(&self) -> &[String] {
        &self.azure_tenants
    }
}

/// The clients, ready for thousands of names to be looked for: each one's name is folded once.
#[derive(Debug)]
pub(crate) struct ClientMatcher<'c> {
    catalogue: &'c Catalogue,
    clients: Vec<Folded<'c>>,
}

#[derive(Debug)]
struct Folded<'c> {
    entry: &'c ClientEntry,
    folded: String,
}

impl KnownClient for Folded<'_> {
    fn id(&self) -> i64 {
        self.entry.id
    }

    fn name(&self) -> &str {
        &self.entry.name
    }

    fn domains(&self) -> &[String] {
        &self.entry.domains
    }

    fn tenants(&self) -> &[String] {
        &self.entry.azure_tenants
    }

    fn folded(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.folded)
    }
}

impl ClientMatcher<'_> {
    /// Finds the client that an event speaks of, as [`Catalogue::client`] does.
    pub(crate) fn find(&self, directory: &ClientDirectory, candidate: Candidate<'_>) -> ClientMatch {
        directory.find(&self.clients, candidate, |domain| self.catalogue.owners(domain))
    }
}

impl Catalogue {
    /// Finds the client that an event or a rule speaks of.
    pub fn client(&self, directory: &ClientDirectory, candidate: Candidate<'_>) -> ClientMatch {
        directory.find(&self.clients, candidate, |domain| self.owners(domain))
    }

    /// The same for many names.
    pub(crate) fn matcher(&self) -> ClientMatcher<'_> {
        let folded = |entry| Folded { entry, folded: folded_name(&entry.name) };
        ClientMatcher { catalogue: self, clients: self.clients.iter().map(folded).collect() }
    }

    /// The clients whose mail domain this is, as far as it was asked for.
    fn owners(&self, domain: &str) -> Vec<i64> {
        match self.records.find(&Wanted::new(RecordKind::MailDomain, None, domain)) {
            Lookup::Found(entry) => vec![entry.id],
            Lookup::Several(entries) => entries.iter().map(|entry| entry.id).collect(),
            Lookup::Unasked | Lookup::None | Lookup::Failed(_) => Vec::new(),
        }
    }

    /// What the rules are told of the clients.
    pub fn client_facts(&self) -> Vec<ClientFacts> {
        let facts = |client: &ClientEntry| ClientFacts {
            id: client.id,
            name: client.name.clone(),
            domains: client.domains.clone(),
            tenants: client.azure_tenants.clone(),
        };
        self.clients.iter().map(facts).collect()
    }
}

/// The mail domain that may still tell the client, where nobody has asked whose it is.
pub(crate) fn domain_to_ask(catalogue: &Catalogue, candidate: Candidate<'_>) -> Option<Wanted> {
    let wanted = Wanted::new(RecordKind::MailDomain, None, &candidate.email.and_then(mail_domain)?);
    let known = catalogue.clients.iter().any(|client| client.domains.contains(&wanted.name));
    (!known && catalogue.records.find(&wanted) == Lookup::Unasked).then_some(wanted)
}

/// The domains in a client's field, in lower case: there may be several.
pub(super) fn domains_of(text: Option<&str>) -> Vec<String> {
    let all = text.unwrap_or_default().split([',', ';', ' ']);
    let all = all.map(|domain| domain.trim().trim_start_matches('@').to_lowercase());
    all.filter(|domain| !domain.is_empty()).collect()
}
