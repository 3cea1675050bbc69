//! The ticket's client: the rule's, else the event's, else the one for unmatched alerts, and then the ticket says so.

use haloward_rules::{Origin, Reference, TicketDraft};

use super::WireSettings;
use super::field::Body;
use crate::catalogue::{Candidate, Catalogue, ClientMatch, domain_to_ask, same};

pub(super) fn put(
    body: &mut Body,
    draft: &TicketDraft,
    origin: &Origin,
    catalogue: Option<&Catalogue>,
    settings: &WireSettings,
) {
    if let Some(reference) = &draft.client {
        return named(body, reference, &origin.source, catalogue, settings);
    }
    let candidate = Candidate {
        source: &origin.source,
        vendor_id: origin.client_id.as_deref(),
        name: origin.client_name.as_deref(),
        email: origin.user_email.as_deref(),
    };
    find(body, candidate, catalogue, settings);
}

/// A ticket that is there already goes to another client only if it is sure which.
pub(super) fn change(
    body: &mut Body,
    reference: &Reference,
    catalogue: Option<&Catalogue>,
    settings: &WireSettings,
) {
    let settings =
        WireSettings { unmatched_client: None, clients: settings.clients.clone(), ..WireSettings::default() };
    named(body, reference, "", catalogue, &settings);
}

/// A client that a rule names.
fn named(
    body: &mut Body,
    reference: &Reference,
    source: &str,
    catalogue: Option<&Catalogue>,
    settings: &WireSettings,
) {
    match reference {
        Reference::Id(id) => set(body, *id, catalogue),
        Reference::Name(name) => {
            find(body, Candidate { source, name: Some(name), ..Candidate::default() }, catalogue, settings);
        }
    }
}

fn find(body: &mut Body, candidate: Candidate<'_>, catalogue: Option<&Catalogue>, settings: &WireSettings) {
    let name = candidate.name.or(candidate.vendor_id).or(candidate.email);
    let Some(catalogue) = catalogue else {
        if let Some(name) = name.or(settings.unmatched_client.as_deref()) {
            body.unseen("client", "client_id", name);
        }
        return;
    };
    // The mail domain is what is tried last: whoever is found by anything else needs no look-up.
    let mut ask = || body.wanted.extend(domain_to_ask(catalogue, candidate));
    let why = match catalogue.client(&settings.clients, candidate) {
        ClientMatch::Found(id) => return set(body, id, Some(catalogue)),
        ClientMatch::None => {
            ask();
            "no client is called that".to_owned()
        }
        ClientMatch::Several(names) => format!("it could be {}", names.join(" or ")),
        ClientMatch::Unnamed => return unmatched(body, catalogue, settings),
    };
    unmatched(body, catalogue, settings);
    body.miss("client", name.unwrap_or_default(), &why);
}

fn unmatched(body: &mut Body, catalogue: &Catalogue, settings: &WireSettings) {
    let Some(name) = &settings.unmatched_client else { return };
    let named = || catalogue.clients.iter().find(|client| same(&client.name, name));
    let id = name.trim().parse().ok().or_else(|| named().map(|client| client.id));
    match id {
        Some(id) => set(body, id, Some(catalogue)),
        None => body.miss("client", name, "`unmatched_client` is no client of this HaloPSA"),
    }
}

/// HaloPSA wants a site with the client; without the main one it asks for it.
fn set(body: &mut Body, id: i64, catalogue: Option<&Catalogue>) {
    body.set("client_id", id);
    let client = catalogue.and_then(|catalogue| catalogue.clients.iter().find(|client| client.id == id));
    if let Some(site) = client.and_then(|client| client.main_site) {
        body.set("site_id", site);
    }
}
