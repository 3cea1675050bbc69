//! Clients that an unknown name may mean, best first, for a person to choose from. Nothing decides by them: what is
//! sure is found by `clients`.

use std::collections::{HashMap, HashSet};

use haloward_rules::name_words as words;

use super::{Catalogue, ClientEntry};

/// A client's Azure tenant: more names it goes by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tenant {
    /// The client.
    pub client: i64,
    /// The tenant's id, a UUID.
    pub id: String,
    /// The tenant's name.
    pub name: String,
    /// The tenant's domain.
    pub domain: String,
}

/// What a proposal is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// The client's name.
    Name,
    /// One of its mail domains.
    Domain,
    /// Its Azure tenant's id, name or domain.
    Tenant,
}

/// A client that may be meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Its id.
    pub client: i64,
    /// Its name.
    pub name: String,
    /// How alike, from 0 to 1.
    pub score: f64,
    /// What is alike.
    pub by: Likeness,
}

/// LIMIT: below, names share little more than their first letters.
const LEAST: f64 = 0.85;
/// LIMIT: more than a person compares at a glance.
const MOST: usize = 3;

/// Proposes clients for one name after another. What clients are called is taken apart once, so that thousands of names
/// can be held against thousands of clients.
#[derive(Debug)]
pub struct Proposer<'c> {
    clients: Vec<Known<'c>>,
}

/// A client and everything it is called.
#[derive(Debug)]
struct Known<'c> {
    entry: &'c ClientEntry,
    called: Vec<(Likeness, Form)>,
    tenant_ids: Vec<&'c str>,
}

impl<'c> Proposer<'c> {
    /// Takes the clients' names, domains and tenants apart.
    pub fn new(catalogue: &'c Catalogue, tenants: &'c [Tenant]) -> Self {
        let mut of_client: HashMap<i64, Vec<&Tenant>> = HashMap::new();
        for tenant in tenants {
            of_client.entry(tenant.client).or_default().push(tenant);
        }
        let known = |entry: &'c ClientEntry| {
            let own = of_client.get(&entry.id).map(Vec::as_slice).unwrap_or_default();
            // ORDER: of equally good ones the first is told, and a name says more than a domain.
            let mut called = vec![(Likeness::Name, Form::of(&entry.name))];
            called.extend(entry.domains.iter().flat_map(|domain| of_domain(Likeness::Domain, domain)));
            for tenant in own {
                called.push((Likeness::Tenant, Form::of(&tenant.name)));
                called.extend(of_domain(Likeness::Tenant, &tenant.domain));
            }
            // A client's domain and its tenant are mostly called as it is: once is enough.
            let mut seen = HashSet::new();
            called.retain(|(_, form)| !form.straight.is_empty() && seen.insert(form.words.clone()));
            Known { entry, called, tenant_ids: own.iter().map(|tenant| tenant.id.as_str()).collect() }
        };
        Self { clients: catalogue.clients.iter().map(known).collect() }
    }

    /// The clients most like a name that a source uses, or like its id.
    pub fn propose(&self, text: &str) -> Vec<Proposal> {
        let wanted = Form::of(text);
        let is_domain = text.contains('.');
        let mut proposals = Vec::new();
        for Known { entry, called, tenant_ids } in &self.clients {
            let mut best = (0.0, Likeness::Name);
            for (by, form) in called.iter().filter(|(_, form)| is_domain || !form.is_domain) {
                let score = likeness(&wanted, form);
                if score > best.0 {
                    best = (score, *by);
                }
            }
            if best.0 < 1.0 && tenant_ids.iter().any(|id| id.eq_ignore_ascii_case(text.trim())) {
                best = (1.0, Likeness::Tenant);
            }
            let (score, by) = best;
            if score >= LEAST {
                proposals.push(Proposal { client: entry.id, name: entry.name.clone(), score, by });
            }
        }
        proposals.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.name.cmp(&b.name)));
        proposals.truncate(MOST);
        proposals
    }
}

/// A domain is a name whole, and by what stands before its first dot.
fn of_domain(by: Likeness, domain: &str) -> [(Likeness, Form); 2] {
    let label = domain.split('.').next().unwrap_or_default();
    [(by, Form::of(label)), (by, Form { is_domain: label != domain, ..Form::of(domain) })]
}

/// A name as it is compared: its words without case and punctuation.
#[derive(Debug)]
struct Form {
    words: Vec<String>,
    straight: String,
    sorted: String,
    letters: Letters,
    /// It is a whole domain, which only another domain is like.
    is_domain: bool,
}

impl Form {
    fn of(text: &str) -> Self {
        let mut words = words(text);
        let straight = words.concat();
        words.sort();
        let sorted = words.concat();
        Self { letters: Letters::of(&straight), words, straight, sorted, is_domain: false }
    }
}

/// How often each letter occurs. Letters may share a place, so two names never have fewer letters in common than this
/// says.
#[derive(Debug)]
struct Letters {
    counts: [u8; 32],
    all: u32,
}

impl Letters {
    fn of(text: &str) -> Self {
        let mut letters = Self { counts: [0; 32], all: 0 };
        for letter in text.chars() {
            let count = &mut letters.counts[letter as usize % 32];
            *count = count.saturating_add(1);
            letters.all += 1;
        }
        letters
    }

    fn in_common(&self, other: &Self) -> u32 {
        self.counts.iter().zip(&other.counts).map(|(a, b)| u32::from(*a.min(b))).sum()
    }
}

/// How alike two names are, in whichever order their words stand; 0 for those that are certainly too little alike.
fn likeness(a: &Form, b: &Form) -> f64 {
    if a.letters.all == 0 || b.letters.all == 0 {
        return 0.0;
    }
    let common = a.letters.in_common(&b.letters);
    let of = |all: u32| f64::from(common) / f64::from(all);
    // Jaro's measure is at most this, whatever the order of the letters.
    let jaro = (of(a.letters.all) + of(b.letters.all) + 1.0) / 3.0;
    let straight = compared(&a.straight, &b.straight, jaro);
    let as_written = a.straight == a.sorted && b.straight == b.sorted;
    let best = if as_written { straight } else { straight.max(compared(&a.sorted, &b.sorted, jaro)) };
    if best < LEAST && contained(a, b) {
        return LEAST;
    }
    best
}

/// Jaro and Winkler's measure, or 0 where it cannot reach what counts: Winkler adds a tenth of what is left to 1 for each
/// of the first four letters that agree.
fn compared(a: &str, b: &str, jaro_at_most: f64) -> f64 {
    let agree = a.chars().zip(b.chars()).take(4).take_while(|(a, b)| a == b).count();
    let at_most = jaro_at_most + 0.1 * agree as f64 * (1.0 - jaro_at_most);
    if at_most < LEAST { 0.0 } else { strsim::jaro_winkler(a, b) }
}

/// Tools often keep half of a name; a word of three letters is too often an abbreviation of something else.
fn contained(a: &Form, b: &Form) -> bool {
    let (short, long) = if a.words.len() <= b.words.len() { (a, b) } else { (b, a) };
    short.words.iter().all(|word| long.words.contains(word)) && short.words.iter().any(|word| word.len() > 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::ClientEntry;

    fn proposed(text: &str) -> Vec<(i64, Likeness)> {
        let client = |id, name: &str, domain: &str| ClientEntry {
            id,
            name: name.into(),
            domains: vec![domain.into()],
            azure_tenants: Vec::new(),
            main_site: None,
        };
        let catalogue = Catalogue {
            clients: vec![
                client(1, "Northwind Dental Care Ltd", "nwdc.example"),
                client(2, "Harbour & Sons", "harbourandsons.example"),
                client(3, "Blue Lagoon Hotels", "lagoon.example"),
            ],
            ..Catalogue::default()
        };
        let tenant = Tenant {
            client: 2,
            id: "6f1c8a52-0000-4000-8000-000000000002".into(),
            name: "HS Marine".into(),
            domain: "hsmarine.onmicrosoft.example".into(),
        };
        Proposer::new(&catalogue, &[tenant]).propose(text).into_iter().map(|p| (p.client, p.by)).collect()
    }

    /// How alike two names are when every pair is compared.
    fn thorough(a: &str, b: &str) -> f64 {
        let (mut a, mut b) = (words(a), words(b));
        if a.is_empty() || b.is_empty() {
            return 0.0;
        }
        let straight = strsim::jaro_winkler(&a.concat(), &b.concat());
        a.sort();
        b.sort();
        let sorted = strsim::jaro_winkler(&a.concat(), &b.concat());
        let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
        let contained =
            short.iter().all(|word| long.contains(word)) && short.iter().any(|word| word.len() > 3);
        straight.max(sorted).max(if contained { LEAST } else { 0.0 })
    }

    #[test]
    fn a_name_that_says_a_word_twice_is_part_of_one_that_says_it_once() {
        let (a, b) = (Form::of("äzbß-ä-eCß-ß-CCßae"), Form::of("äzbß-ä-ä"));
        assert!((likeness(&a, &b) - LEAST).abs() < 1e-9);
    }

    #[test]
    fn nothing_near_is_lost_by_comparing_letters_first() {
        // The same names each time: what fails in CI fails here.
        let seed = 16_126_024_582_709_695_595;
        let mut random = fastrand::Rng::with_seed(seed);
        let mut near = 0;
        for _ in 0..20_000 {
            let mut name = |most: usize| -> String {
                (0..random.usize(0..most))
                    .map(|_| *random.choice(&[' ', '-', 'a', 'b', 'C', 'd', 'e', 'ß', 'ä', 'z']).unwrap())
                    .collect()
            };
            let (a, more) = (name(20), name(12));
            // Two names at random are nothing alike: the second often keeps the beginning of the first.
            let b = a.chars().take(random.usize(0..24)).chain(more.chars()).collect::<String>();
            let (quick, thorough) = (likeness(&Form::of(&a), &Form::of(&b)), thorough(&a, &b));
            near += usize::from(thorough >= LEAST);
            let same = if thorough >= LEAST { (quick - thorough).abs() < 1e-9 } else { quick < LEAST };
            assert!(same, "`{a}` and `{b}`: {quick} instead of {thorough}, seed {seed}");
        }
        assert!(near > 1_000, "only {near} pairs were alike, seed {seed}");
    }

    #[test]
    fn many_names_are_held_against_thousands_of_clients() {
        let client = |id: i64| ClientEntry {
            id,
            name: format!(
                "{} {} {id} Ltd",
                ["Northwind", "Harbour", "Blue Lagoon", "Zenith"][id as usize % 4],
                id * 7919
            ),
            domains: vec![format!("client{id}.example")],
            azure_tenants: Vec::new(),
            main_site: None,
        };
        let catalogue = Catalogue { clients: (1..=2_000).map(client).collect(), ..Catalogue::default() };
        let tenant = |id: i64| Tenant { client: id, name: format!("tenant {id}"), ..Tenant::default() };
        let tenants: Vec<Tenant> = (1..=2_000).map(tenant).collect();
        let proposer = Proposer::new(&catalogue, &tenants);
        let started = std::time::Instant::now();
        for client in catalogue.clients.iter().step_by(20) {
            // As a tool might write it: without its end.
            let text = client.name.trim_end_matches(" Ltd").replace(' ', "-");
            assert_eq!(proposer.propose(&text)[0].client, client.id, "{text}");
        }
        println!("100 names held against 2,000 clients in {:?}", started.elapsed());
    }

    #[test]
    fn near_names_are_proposed_whatever_the_order_of_their_words() {
        assert_eq!(proposed("Northwind Dental"), [(1, Likeness::Name)]);
        assert_eq!(proposed("Northwnd Dental Care"), [(1, Likeness::Name)], "a misspelling");
        assert_eq!(proposed("Hotels Blue Lagoon"), [(3, Likeness::Name)]);
        assert_eq!(proposed("Dental Care"), [(1, Likeness::Name)], "a part of it");
    }

    #[test]
    fn domains_and_tenants_are_names_too() {
        assert_eq!(proposed("NWDC"), [(1, Likeness::Domain)]);
        assert_eq!(proposed("lagoon.example"), [(3, Likeness::Domain)]);
        assert_eq!(proposed("HS-Marine"), [(2, Likeness::Tenant)]);
        assert_eq!(proposed("6F1C8A52-0000-4000-8000-000000000002"), [(2, Likeness::Tenant)]);
    }

    #[test]
    fn what_is_like_none_gets_no_proposal() {
        for text in ["Zenith Packaging", "", "??", "7"] {
            assert_eq!(proposed(text), [], "{text}");
        }
    }
}
