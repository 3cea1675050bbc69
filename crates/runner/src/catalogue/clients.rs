//! Which client an event belongs to. Never by guess: none or several is an answer of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::find::same;
use super::{Catalogue, ClientEntry, Lookup, RecordKind, Wanted};

/// What the clients file says: names the tools use, and which of them are which client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientDirectory {
    /// Per source, the vendor's id or name of a client to the client's name or id in HaloPSA.
    pub sources: BTreeMap<String, BTreeMap<String, String>>,
    /// Other names to the client's name or id in HaloPSA, whatever the source.
    pub aliases: BTreeMap<String, String>,
}

/// What is known of the client an event or a rule speaks of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The source.
    pub source: &'a str,
    /// The client's id at the vendor.
    pub vendor_id: Option<&'a str>,
    /// Its name.
    pub name: Option<&'a str>,
    /// A mail address of one of its users.
    pub email: Option<&'a str>,
}

/// Whether a client was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMatch {
    /// This one.
    Found(i64),
    /// None.
    None,
    /// Several; their names.
    Several(Vec<String>),
    /// Nothing says which.
    Unnamed,
}

/// Words that say how a company is owned, not which it is.
const LEGAL: [&str; 26] = [
    "ab",
    "ag",
    "aps",
    "as",
    "bv",
    "co",
    "company",
    "corp",
    "corporation",
    "gmbh",
    "group",
    "holdings",
    "inc",
    "incorporated",
    "kg",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "nv",
    "oy",
    "plc",
    "pty",
    "sarl",
    "srl",
];

impl ClientDirectory {
    /// Finds the client: by the source's mapping, by alias, by exact name, by name without case, punctuation and
    /// legal form, by mail domain. The first way that finds any decides.
    pub fn find(&self, catalogue: &Catalogue, candidate: Candidate<'_>) -> ClientMatch {
        let mut named = false;
        for text in
            [candidate.vendor_id, candidate.name].into_iter().flatten().filter(|t| !t.trim().is_empty())
        {
            named = true;
            let mapped = self
                .sources
                .iter()
                .find(|(source, _)| same(source, candidate.source))
                .and_then(|(_, map)| entry(map, text))
                .or_else(|| entry(&self.aliases, text));
            if let Some(target) = mapped {
                return target_of(catalogue, target);
            }
        }
        if let Some(name) = candidate.name.filter(|name| !name.trim().is_empty()) {
            let exact = one(catalogue.clients.iter().filter(|client| same(&client.name, name)));
            if exact != ClientMatch::None {
                return exact;
            }
            let plain = normalized(name);
            let alike = one(catalogue
                .clients
                .iter()
                .filter(|client| !plain.is_empty() && normalized(&client.name) == plain));
            if alike != ClientMatch::None {
                return alike;
            }
        }
        if let Some(domain) = candidate.email.and_then(domain) {
            named = true;
            let asked = Wanted::new(RecordKind::MailDomain, None, &domain);
            let found = match catalogue.records.find(&asked) {
                Lookup::Found(entry) => std::slice::from_ref(entry),
                Lookup::Several(entries) => entries,
                Lookup::Unasked | Lookup::None | Lookup::Failed(_) => &[],
            };
            let owns = |client: &&ClientEntry| {
                client.domains.contains(&domain) || found.iter().any(|entry| entry.id == client.id)
            };
            let of_domain = one(catalogue.clients.iter().filter(owns));
            if of_domain != ClientMatch::None {
                return of_domain;
            }
        }
        if named { ClientMatch::None } else { ClientMatch::Unnamed }
    }
}

/// The mail domain that may still tell the client, where nobody has asked whose it is.
pub(crate) fn domain_to_ask(catalogue: &Catalogue, candidate: Candidate<'_>) -> Option<Wanted> {
    let wanted = Wanted::new(RecordKind::MailDomain, None, &candidate.email.and_then(domain)?);
    let known = catalogue.clients.iter().any(|client| client.domains.contains(&wanted.name));
    (!known && catalogue.records.find(&wanted) == Lookup::Unasked).then_some(wanted)
}

/// The domains in a client's field, in lower case: there may be several.
pub(super) fn domains_of(text: Option<&str>) -> Vec<String> {
    let all = text.unwrap_or_default().split([',', ';', ' ']);
    let all = all.map(|domain| domain.trim().trim_start_matches('@').to_lowercase());
    all.filter(|domain| !domain.is_empty()).collect()
}

fn entry<'m>(map: &'m BTreeMap<String, String>, text: &str) -> Option<&'m str> {
    map.get(text).or_else(|| map.iter().find(|(key, _)| same(key, text)).map(|(_, v)| v)).map(String::as_str)
}

/// What a mapping points to: an id as it is, a name as it stands in HaloPSA.
fn target_of(catalogue: &Catalogue, target: &str) -> ClientMatch {
    match target.trim().parse() {
        Ok(id) => ClientMatch::Found(id),
        Err(_) => one(catalogue.clients.iter().filter(|client| same(&client.name, target))),
    }
}

fn one<'c>(found: impl Iterator<Item = &'c ClientEntry>) -> ClientMatch {
    let found: Vec<&ClientEntry> = found.collect();
    match found.as_slice() {
        [] => ClientMatch::None,
        [client] => ClientMatch::Found(client.id),
        several => ClientMatch::Several(several.iter().map(|client| client.name.clone()).collect()),
    }
}

/// A name without case, punctuation, spacing and legal form.
fn normalized(name: &str) -> String {
    let spaced: String = name
        .to_lowercase()
        .chars()
        .filter(|c| *c != '.' && *c != '\'' && *c != '’')
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    let mut words: Vec<&str> = spaced.split_whitespace().filter(|word| *word != "and").collect();
    // The legal form stands at the end; what would leave nothing is the name itself.
    while words.len() > 1 && words.last().is_some_and(|word| LEGAL.contains(word)) {
        words.pop();
    }
    words.concat()
}

/// The domain of a mail address, unless everybody has one there.
fn domain(email: &str) -> Option<String> {
    const ANYBODYS: [&str; 9] = [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "yahoo.com",
        "icloud.com",
        "aol.com",
        "gmx.net",
    ];
    let (_, domain) = email.rsplit_once('@')?;
    let domain = domain.trim().trim_end_matches('>').to_lowercase();
    (domain.contains('.') && !ANYBODYS.contains(&domain.as_str())).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        let client = |id, name: &str, domain: &str| ClientEntry {
            id,
            name: name.into(),
            domains: vec![domain.into()],
            azure_tenants: Vec::new(),
            main_site: None,
        };
        Catalogue {
            clients: vec![
                client(12, "Northwind Dental Ltd", "northwind.example"),
                client(13, "Harbour & Sons", "harbour.example"),
                client(14, "Acme Ltd", "acme.example"),
                client(15, "ACME, Inc.", "acme.example"),
            ],
            ..Catalogue::default()
        }
    }

    fn find(name: Option<&str>, email: Option<&str>) -> ClientMatch {
        let directory = ClientDirectory {
            sources: BTreeMap::from([(
                "ninjaone".into(),
                BTreeMap::from([("org-7".into(), "Harbour & Sons".into())]),
            )]),
            aliases: BTreeMap::from([("The Dentist".into(), "12".into())]),
        };
        directory.find(&catalogue(), Candidate { source: "ninjaone", vendor_id: None, name, email })
    }

    #[test]
    fn names_match_without_case_punctuation_and_legal_form() {
        assert_eq!(find(Some("northwind dental ltd"), None), ClientMatch::Found(12));
        assert_eq!(find(Some("Northwind-Dental, Limited."), None), ClientMatch::Found(12));
        assert_eq!(find(Some("Harbour and Sons"), None), ClientMatch::Found(13));
    }

    #[test]
    fn mappings_and_aliases_come_before_names() {
        assert_eq!(find(Some("ORG-7"), None), ClientMatch::Found(13));
        assert_eq!(find(Some("the dentist"), None), ClientMatch::Found(12));
    }

    #[test]
    fn two_clients_are_none() {
        let both = ClientMatch::Several(vec!["Acme Ltd".into(), "ACME, Inc.".into()]);
        assert_eq!(find(Some("Acme"), None), both);
        assert_eq!(find(Some("Acme Ltd"), None), ClientMatch::Found(14), "an exact name is one");
        assert_eq!(find(None, Some("eve@acme.example")), both);
    }

    #[test]
    fn mail_domains_match_unless_they_are_anybodys() {
        assert_eq!(find(Some("unknown"), Some("x@Harbour.example")), ClientMatch::Found(13));
        assert_eq!(find(None, Some("x@gmail.com")), ClientMatch::Unnamed);
        assert_eq!(find(Some("unknown"), None), ClientMatch::None);
        assert_eq!(find(None, None), ClientMatch::Unnamed);
    }
}
