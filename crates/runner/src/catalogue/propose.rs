//! Clients that an unknown name may mean, best first, for a person to choose from. Nothing decides by them: what is
//! sure is found by `clients`.

use haloward_rules::name_words as words;

use super::Catalogue;

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

/// The clients most like a name that a source uses, or like its id.
pub fn propose(catalogue: &Catalogue, tenants: &[Tenant], text: &str) -> Vec<Proposal> {
    let mut proposals: Vec<Proposal> = Vec::new();
    for client in &catalogue.clients {
        let own = || tenants.iter().filter(|tenant| tenant.client == client.id);
        let by_tenant = own().flat_map(|tenant| {
            let id = f64::from(tenant.id.eq_ignore_ascii_case(text.trim()));
            [id, likeness(text, &tenant.name), domain_likeness(text, &tenant.domain)]
        });
        let best = |scores: &mut dyn Iterator<Item = f64>| scores.fold(0.0, f64::max);
        let found = [
            (likeness(text, &client.name), Likeness::Name),
            (best(&mut client.domains.iter().map(|domain| domain_likeness(text, domain))), Likeness::Domain),
            (best(&mut by_tenant.into_iter()), Likeness::Tenant),
        ];
        // The first of equals: a name says more than a domain.
        let (score, by) = found.into_iter().fold((0.0, Likeness::Name), |a, b| if b.0 > a.0 { b } else { a });
        if score >= LEAST {
            proposals.push(Proposal { client: client.id, name: client.name.clone(), score, by });
        }
    }
    proposals.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.name.cmp(&b.name)));
    proposals.truncate(MOST);
    proposals
}

/// How alike two names are without case and punctuation, in whichever order their words stand.
fn likeness(a: &str, b: &str) -> f64 {
    let (mut a, mut b) = (words(a), words(b));
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let straight = strsim::jaro_winkler(&a.concat(), &b.concat());
    a.sort();
    b.sort();
    let sorted = strsim::jaro_winkler(&a.concat(), &b.concat());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    // Tools often keep half of a name; a word of three letters is too often an abbreviation of something else.
    let contained = short.iter().all(|word| long.contains(word)) && short.iter().any(|word| word.len() > 3);
    straight.max(sorted).max(if contained { LEAST } else { 0.0 })
}

/// How alike a name is to a domain, or to what stands before its first dot.
fn domain_likeness(text: &str, domain: &str) -> f64 {
    let label = domain.split('.').next().unwrap_or_default();
    likeness(text, label).max(likeness(text, domain))
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
        propose(&catalogue, &[tenant], text).into_iter().map(|p| (p.client, p.by)).collect()
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
