//! Finding what writes of ours left, by their markers.

use std::collections::HashMap;
use std::time::Duration;

use futures::TryStreamExt;
use halopsa::filters::{ActionFilter, TicketFilter};
use halopsa::models::{Action, Ticket};
use halopsa::{Client, Error, TicketId};
use jiff::Timestamp;

use crate::halo_time::by_halo;
use crate::wire::{Marker, MarkerPlace};

/// LIMIT: how far HaloPSA's clock may be behind what its last answer told of it. A larger difference would hide a ticket
/// from the look for it; a larger margin costs rows to read.
const CLOCKS: Duration = Duration::from_mins(5);

/// What a list of tickets holds of ours.
#[derive(Debug, Default)]
pub(super) struct Listed(HashMap<String, Vec<Ticket>>);

impl Listed {
    /// The tickets that carry a marker, the first created first.
    pub(super) fn of(&self, marker: &Marker) -> &[Ticket] {
        self.0.get(marker.as_str()).map_or(&[], Vec::as_slice)
    }
}

/// The tickets that carry one of these markers. Every page of what changed since is read, once for all of them.
pub(super) async fn tickets(
    client: &Client,
    place: &MarkerPlace,
    markers: impl Iterator<Item = Marker>,
    since: Timestamp,
) -> Result<Listed, Error> {
    let since = by_halo(client, since).await?;
    let since = since.checked_sub(CLOCKS).unwrap_or(since);
    let filter = TicketFilter::new().changed_since(since).order("id");
    let mut found: HashMap<String, Vec<Ticket>> =
        markers.map(|marker| (marker.as_str().to_owned(), Vec::new())).collect();
    let mut rows = std::pin::pin!(client.tickets().stream(filter));
    while let Some(ticket) = rows.try_next().await? {
        let marker = place.read(&ticket).map(|text| text.trim().to_owned());
        if let Some(of_marker) = marker.and_then(|marker| found.get_mut(&marker)) {
            of_marker.push(ticket);
        }
    }
    for of_marker in found.values_mut() {
        of_marker.sort_by_key(|ticket| ticket.id);
    }
    Ok(Listed(found))
}

/// The actions of a ticket that carry a marker, the first first.
pub(super) async fn actions(client: &Client, ticket: i64, marker: &Marker) -> Result<Vec<Action>, Error> {
    let mut found = all_actions(client, ticket).await?;
    found.retain(|action| marker.marks(action));
    found.sort_by_key(|action| action.id);
    Ok(found)
}

/// Everything people and we did on a ticket, with the HTML of notes.
pub(super) async fn all_actions(client: &Client, ticket: i64) -> Result<Vec<Action>, Error> {
    let filter = ActionFilter::new().ticket_id(TicketId(ticket)).excludesys(true).includehtmlnote(true);
    Ok(client.actions().list(&filter).await?.rows)
}
