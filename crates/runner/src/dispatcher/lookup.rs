//! Finding what a write of ours left, by its marker.

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

/// The tickets that carry a marker, the first created first. Every page of what changed since is read.
pub(super) async fn tickets(
    client: &Client,
    place: &MarkerPlace,
    marker: &Marker,
    since: Timestamp,
) -> Result<Vec<Ticket>, Error> {
    let since = by_halo(client, since).await?;
    let since = since.checked_sub(CLOCKS).unwrap_or(since);
    let filter = TicketFilter::new().changed_since(since).order("id");
    let rows = client.tickets().stream(filter);
    let carries = |ticket: &Ticket| place.read(ticket).is_some_and(|text| text.trim() == marker.as_str());
    let mut found: Vec<Ticket> =
        rows.try_filter(|ticket| std::future::ready(carries(ticket))).try_collect().await?;
    found.sort_by_key(|ticket| ticket.id);
    Ok(found)
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
