//! What can be seen: lists that are empty and should not be, and the names that the configuration and the rules use.

use haloward_rules::NameKind;

use super::Connection;
use super::report::Report;
use crate::catalogue::{Catalogue, List};
use crate::cli::Failure;
use crate::config::Loaded;

pub(super) async fn examine(connection: &Connection<'_>, report: &mut Report<'_>) -> Result<(), Failure> {
    let now = jiff::Timestamp::now();
    let reading = Catalogue::fetch(&connection.client, now);
    // One request for each list, and one for each hundred clients.
    let slow = Connection { client: connection.client.clone(), limit: connection.limit * 10, ..*connection };
    let catalogue = match slow.within(reading).await {
        Ok(catalogue) => catalogue,
        Err(trouble) => return report.trouble("names", &trouble),
    };
    // Teams, agents, categories and fields were tried where the rules need them.
    for missing in &catalogue.missing {
        let needed = [List::TicketTypes, List::Statuses, List::Priorities, List::Outcomes];
        let detail = format!("cannot be read: {}", missing.problem);
        let help = format!(
            "give the agent's role the right to read {}: their names cannot be looked up",
            missing.list
        );
        if needed.iter().any(|list| list.name() == missing.list) {
            report.bad(missing.list.as_str(), detail, Some(help))?;
        } else if missing.list == List::AzureTenants.name() {
            report.note(missing.list.as_str(), detail, Some("clients are not matched by them".into()))?;
        } else if missing.list == List::Slas.name() {
            report.warn(missing.list.as_str(), detail, Some(help))?;
        }
    }
    let unread = |list: List| catalogue.missing.iter().any(|missing| missing.list == list.name());
    for (list, count) in [
        (List::TicketTypes, catalogue.ticket_types.len()),
        (List::Statuses, catalogue.statuses.len()),
        (List::Priorities, catalogue.priorities.len()),
        (List::Outcomes, catalogue.outcomes.len()),
        (List::Clients, catalogue.clients.len()),
    ] {
        if unread(list) {
            continue;
        }
        if count > 0 {
            report.good(list.name(), format!("{count} visible"))?;
            continue;
        }
        let help = format!(
            "every HaloPSA has {}: the agent that the application logs in as may not see them. Configuration > \
             Teams & Agents > Agents > the agent > Permissions and Departments & Teams: lift the limits on clients, \
             teams and ticket types",
            list.name()
        );
        report.bad(list.name(), "none is visible", Some(help))?;
    }
    names(connection, &catalogue, report)?;
    unmatched(connection, &catalogue, report)
}

/// The names that the rules, the configuration and the clients file use, as `haloward check` looks for them.
fn names(connection: &Connection<'_>, catalogue: &Catalogue, report: &mut Report<'_>) -> Result<(), Failure> {
    let Loaded { rules, config, .. } = connection.loaded;
    // `unmatched_client` has a line of its own.
    let own = config.names.iter().filter(|name| name.kind != NameKind::OwnClient);
    let check = catalogue.check(&config.clients, rules.names().iter().chain(own));
    for finding in check.findings.iter() {
        let place =
            finding.place.as_ref().map(|at| format!("{}:{}: ", at.file, at.span.line)).unwrap_or_default();
        report.bad("names", format!("{place}{}", finding.message), finding.help.clone())?;
    }
    let there = check.checked - check.findings.errors();
    if there > 0 {
        let plural = if there == 1 { "name is" } else { "names are" };
        report.good(
            "names",
            format!("{there} {plural} in HaloPSA as the rules and the configuration use them"),
        )?;
    }
    Ok(())
}

/// The client for alerts whose client is not found.
fn unmatched(
    connection: &Connection<'_>,
    catalogue: &Catalogue,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let Some(client) = &connection.loaded.config.unmatched_client else { return Ok(()) };
    if catalogue.clients.is_empty() {
        return Ok(());
    }
    let wanted = client.trim().to_lowercase();
    let is = |known: &crate::catalogue::ClientEntry| {
        known.name.trim().to_lowercase() == wanted || known.id.to_string() == wanted
    };
    if catalogue.clients.iter().any(is) {
        return report.good("unmatched_client", format!("`{client}`"));
    }
    let help = "make that client in HaloPSA (Clients > New), let the agent see it, or name another one in the configuration";
    report.bad("unmatched_client", format!("there is no client `{client}`"), Some(help.into()))
}
