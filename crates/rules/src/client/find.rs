//! Finding the client that an event or a rule speaks of.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::name::folded;

/// What the clients file says: names the tools use, and which of them are which client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientDirectory {
    /// Per source, the vendor's id or name of a client to the client's name or id in HaloPSA.
    pub sources: BTreeMap<String, BTreeMap<String, String>>,
    /// Other names to the client's name or id in HaloPSA, whatever the source.
    pub aliases: BTreeMap<String, String>,
}

/// What is known of one of the tenant's clients.
pub trait KnownClient {
    /// Its id.
    fn id(&self) -> i64;
    /// Its name.
    fn name(&self) -> &str;
    /// Its mail domains, in lower case.
    fn domains(&self) -> &[String];
    /// The ids of its Azure tenants.
    fn tenants(&self) -> &[String];
    /// Its name without case, spacing, punctuation and legal form.
    fn folded(&self) -> Cow<'_, str> {
        Cow::Owned(folded(self.name()))
    }
}

/// One of the tenant's clients.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientFacts {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its mail domains, in lower case.
    pub domains: Vec<String>,
    /// The ids of its Azure tenants.
    pub tenants: Vec<String>,
}

impl KnownClient for ClientFacts {
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
        &self.tenants
    }
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

impl ClientDirectory {
    /// Finds the client among `clients`: by the source's mapping, by its exact name, by its name without regard to
    /// case, then also without spacing, punctuation and legal form, by alias, by mail domain, by Azure tenant. The
    /// first way that finds any decides; of several with one name an alias may still say which is meant. `owners` are
    /// clients whose mail domain is known from elsewhere.
    pub fn find<C: KnownClient>(
        &self,
        clients: &[C],
        candidate: Candidate<'_>,
        owners: impl Fn(&str) -> Vec<i64>,
    ) -> ClientMatch {
        let texts = || {
            let both = [candidate.vendor_id, candidate.name].into_iter().flatten();
            both.map(str::trim).filter(|text| !text.is_empty())
        };
        let source = self.sources.iter().find(|(source, _)| same(source, candidate.source));
        if let Some(target) = source.and_then(|(_, map)| texts().find_map(|text| entry(map, text))) {
            return target_of(clients, target);
        }
        let by_name = candidate.name.map_or(ClientMatch::None, |name| named(clients, name.trim()));
        if matches!(by_name, ClientMatch::Found(_)) {
            return by_name;
        }
        if let Some(target) = texts().find_map(|text| entry(&self.aliases, text)) {
            return target_of(clients, target);
        }
        if by_name != ClientMatch::None {
            return by_name;
        }
        let domain = candidate.email.and_then(mail_domain);
        if let Some(domain) = &domain {
            let owners = owners(domain);
            let owns = |client: &&C| client.domains().contains(domain) || owners.contains(&client.id());
            let found = one(clients.iter().filter(owns));
            if found != ClientMatch::None {
                return found;
            }
        }
        if let Some(id) = candidate.vendor_id.map(str::trim).filter(|id| !id.is_empty()) {
            let found = one(clients.iter().filter(|client| client.tenants().iter().any(|own| same(own, id))));
            if found != ClientMatch::None {
                return found;
            }
        }
        if domain.is_some() || texts().next().is_some() { ClientMatch::None } else { ClientMatch::Unnamed }
    }
}

/// By name alone: exactly, without regard to case, without what companies' names differ in.
fn named<C: KnownClient>(clients: &[C], name: &str) -> ClientMatch {
    if name.is_empty() {
        return ClientMatch::None;
    }
    let exact = one(clients.iter().filter(|client| client.name().trim() == name));
    if exact != ClientMatch::None {
        return exact;
    }
    let alike = one(clients.iter().filter(|client| same(client.name(), name)));
    if alike != ClientMatch::None {
        return alike;
    }
    let plain = folded(name);
    one(clients.iter().filter(|client| !plain.is_empty() && client.folded() == plain))
}

fn entry<'m>(map: &'m BTreeMap<String, String>, text: &str) -> Option<&'m str> {
    map.get(text).or_else(|| map.iter().find(|(key, _)| same(key, text)).map(|(_, v)| v)).map(String::as_str)
}

/// What a mapping points to: an id as it is, a name as it stands in HaloPSA.
fn target_of<C: KnownClient>(clients: &[C], target: &str) -> ClientMatch {
    match target.trim().parse() {
        Ok(id) => ClientMatch::Found(id),
        Err(_) => one(clients.iter().filter(|client| same(client.name(), target))),
    }
}

fn one<'c, C: KnownClient + 'c>(found: impl Iterator<Item = &'c C>) -> ClientMatch {
    let found: Vec<&C> = found.collect();
    match found.as_slice() {
        [] => ClientMatch::None,
        [client] => ClientMatch::Found(client.id()),
        several => ClientMatch::Several(several.iter().map(|client| client.name().to_owned()).collect()),
    }
}

fn same(a: &str, b: &str) -> bool {
    crate::value::text_equal(a.trim(), b.trim())
}

/// The domain of a mail address, in lower case, unless everybody has one there.
pub fn mail_domain(email: &str) -> Option<String> {
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
