//! What is found for organisations, and what could be meant by those that are no client: for a person to accept.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::organisations::{Naming, Organisation, Organisations};
use crate::catalogue::{
    Candidate, Catalogue, ClientDirectory, ClientMatch, Likeness, Proposal, Proposer, Tenant,
};
use crate::cli::api::printable;
use crate::cli::output::{self, Out, clean};
use crate::cli::{End, Ended, Failure};

/// A name that is no client's, or several clients'.
#[derive(Debug, Default)]
struct Unknown {
    /// As it is to be written in the clients file; `None` where the events give nothing to map by.
    text: Option<String>,
    proposals: Vec<Proposal>,
    sources: BTreeSet<String>,
    events: u64,
}

pub(super) fn report(
    named: &Organisations,
    catalogue: &Catalogue,
    tenants: &[Tenant],
    directory: &ClientDirectory,
    out: &mut Out,
) -> Ended {
    let mut shown = Vec::new();
    let mut unknown: BTreeMap<String, Unknown> = BTreeMap::new();
    let mut matched = 0;
    let (proposer, clients) = (Proposer::new(catalogue, tenants), catalogue.matcher());
    for (organisation, naming) in named {
        let found = clients.find(directory, candidate(organisation, naming));
        let proposals = match &found {
            ClientMatch::Unnamed => continue,
            ClientMatch::Found(_) => {
                matched += 1;
                Vec::new()
            }
            ClientMatch::None | ClientMatch::Several(_) => {
                let text = mappable(organisation);
                let proposals = likely(organisation, &proposer);
                let shown = text.map_or_else(|| label(organisation), str::to_owned);
                let unknown = unknown.entry(shown.to_lowercase()).or_default();
                unknown.text = text.map(str::to_owned);
                unknown.proposals.clone_from(&proposals);
                unknown.sources.insert(organisation.source.clone());
                unknown.events += naming.events;
                proposals
            }
        };
        shown.push(as_json(organisation, naming, &found, &proposals, catalogue));
    }
    let hopeless: Vec<(&String, &Unknown)> =
        unknown.iter().filter(|(_, unknown)| unknown.proposals.is_empty()).collect();
    if out.is_json() {
        out.json(&json!({ "organisations": shown }))?;
    } else {
        as_yaml(&unknown, catalogue, directory, out)?;
        for (name, unknown) in &hopeless {
            let name = unknown.text.as_ref().unwrap_or(name);
            let from = from(unknown);
            let what = format!("`{}` is like no client ({from})", clean(name));
            let help = "add it to the clients file by hand, or make the client in HaloPSA";
            output::complain(&Failure::help(what, help));
        }
        let proposed = unknown.len() - hopeless.len();
        summary(matched, proposed, hopeless.len())?;
    }
    Ok(if hopeless.is_empty() { End::Done } else { End::No })
}

/// The organisation as the service looks for it.
pub(super) fn candidate<'o>(organisation: &'o Organisation, naming: &'o Naming) -> Candidate<'o> {
    Candidate {
        source: &organisation.source,
        vendor_id: organisation.id.as_deref(),
        name: organisation.name.as_deref(),
        email: naming.email.as_deref(),
    }
}

/// What an alias could be written for: the name, or an id that says something.
fn mappable(organisation: &Organisation) -> Option<&str> {
    organisation.name.as_deref().or_else(|| telling_id(organisation))
}

/// The id, unless it is a mere number: another source's `7` is somebody else.
fn telling_id(organisation: &Organisation) -> Option<&str> {
    organisation.id.as_deref().filter(|id| id.chars().any(char::is_alphabetic))
}

/// The proposals by name or by id, whichever come nearer: an id may be that of an Azure tenant.
fn likely(organisation: &Organisation, proposer: &Proposer<'_>) -> Vec<Proposal> {
    let texts = [organisation.name.as_deref(), telling_id(organisation)];
    let found = texts.into_iter().flatten().map(|text| proposer.propose(text));
    let best = |proposals: &[Proposal]| proposals.first().map_or(0.0, |proposal| proposal.score);
    found.reduce(|a, b| if best(&b) > best(&a) { b } else { a }).unwrap_or_default()
}

fn label(organisation: &Organisation) -> String {
    let Organisation { source, id, mail_domain, .. } = organisation;
    let text = id.as_deref().or(mail_domain.as_deref()).unwrap_or_default();
    format!("{text} of {source}")
}

fn from(unknown: &Unknown) -> String {
    let sources: Vec<&str> = unknown.sources.iter().map(String::as_str).collect();
    let events = if unknown.events == 1 { "event" } else { "events" };
    clean(&format!("{} {events} from {}", unknown.events, sources.join(", ")))
}

/// Lines for the clients file. Where one client stands out its line is live; where several are equally near, a person
/// must take one of them.
fn as_yaml(
    unknown: &BTreeMap<String, Unknown>,
    catalogue: &Catalogue,
    directory: &ClientDirectory,
    out: &mut Out,
) -> Result<(), Failure> {
    let quoted = |text: &str| printable(&Value::from(text).to_string());
    let mut lines = Vec::new();
    let mut any_live = false;
    for unknown in unknown.values() {
        let (Some(text), Some(best)) = (&unknown.text, unknown.proposals.first()) else { continue };
        let taken = directory.aliases.keys().any(|alias| alias.trim().to_lowercase() == text.to_lowercase());
        let tie = unknown.proposals.get(1).is_some_and(|second| rounded(second.score) == rounded(best.score));
        let advice = match (taken, tie) {
            (true, _) => "; its alias in the clients file leads nowhere: change it there",
            (false, true) => "; take one",
            (false, false) => "",
        };
        for (number, proposal) in unknown.proposals.iter().enumerate() {
            let live = number == 0 && advice.is_empty();
            any_live |= live;
            let mark = if live { "" } else { "# " };
            let (text, client) = (quoted(text), quoted(&target(proposal, catalogue)));
            let more = if number == 0 { format!("; {}{advice}", from(unknown)) } else { String::new() };
            let (score, by) = (rounded(proposal.score), by(proposal.by));
            lines.push(format!("  {mark}{text}: {client}  # {score} by {by}{more}"));
        }
    }
    if !lines.is_empty() {
        out.line(if any_live { "aliases:" } else { "# aliases:" })?;
    }
    lines.iter().try_for_each(|line| out.line(line))
}

/// How a clients file names the client: by id where its name is not its own, or would be read as an id.
fn target(proposal: &Proposal, catalogue: &Catalogue) -> String {
    let name = proposal.name.trim();
    let lower = name.to_lowercase();
    let same = catalogue.clients.iter().filter(|client| client.name.trim().to_lowercase() == lower);
    if same.count() > 1 || name.parse::<i64>().is_ok() {
        proposal.client.to_string()
    } else {
        name.to_owned()
    }
}

fn by(likeness: Likeness) -> &'static str {
    match likeness {
        Likeness::Name => "name",
        Likeness::Domain => "domain",
        Likeness::Tenant => "Azure tenant",
    }
}

fn rounded(score: f64) -> String {
    format!("{score:.2}")
}

fn as_json(
    organisation: &Organisation,
    naming: &Naming,
    found: &ClientMatch,
    proposals: &[Proposal],
    catalogue: &Catalogue,
) -> Value {
    let client = match found {
        ClientMatch::Found(id) => {
            let name = catalogue.clients.iter().find(|client| client.id == *id).map(|client| &client.name);
            json!({ "id": id, "name": name })
        }
        _ => Value::Null,
    };
    let several = match found {
        ClientMatch::Several(names) => names.as_slice(),
        _ => &[],
    };
    let proposals: Vec<Value> = proposals
        .iter()
        .map(|p| json!({ "id": p.client, "name": p.name, "score": (p.score * 100.0).round() / 100.0, "by": p.by }))
        .collect();
    json!({
        "source": organisation.source,
        "id": organisation.id,
        "name": organisation.name,
        "mail_domain": organisation.mail_domain,
        "events": naming.events,
        "client": client,
        "several": several,
        "proposals": proposals,
    })
}

/// The count at the end, beside the lines to paste.
fn summary(matched: usize, proposed: usize, hopeless: usize) -> Result<(), Failure> {
    use std::io::Write as _;
    let mut stderr = std::io::stderr().lock();
    let is = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    Ok(writeln!(
        stderr,
        "{}, {}, {}",
        is(matched, "name is a client's", "names are clients'"),
        is(proposed, "has proposals", "have proposals"),
        is(hopeless, "has none", "have none"),
    )?)
}
