//! The tracker: reads back what people did to our tickets in HaloPSA. One request per round, however many cases (and
//! one in ten more for deleted tickets).
//!
//! It only reports; what a report means to a case is the `decider`'s business.

mod hints;

pub(crate) use hints::Hinted;
pub use hints::Hints;

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use halopsa::filters::TicketFilter;
use halopsa::models::Ticket;
use halopsa::{Client, Error, Priority, TicketId};
use haloward_rules::{Case, CaseState, Report};
use jiff::Timestamp;
use tokio::sync::{Notify, watch};

use crate::catalogue::CatalogueCache;
use crate::clock::{Clock, later};
use crate::decider::Desk;
use crate::dispatcher::{Seen, look};
use crate::halo_time::by_halo;
use crate::store::{Change, KnownTicket, Store, StoreError, Transition};
use crate::wire::{Marker, WireSettings};

/// The note of the store that says how far changes were read.
const WATERMARK: &str = "tracked_until";
/// LIMIT: how far before the last change seen the next round begins, for rows that were committed out of order.
const OVERLAP: Duration = Duration::from_secs(5);

/// LIMIT: a webhook may tell of each ticket that anybody changes; looking costs requests, so hints are gathered for
/// so long after a look. The first after a quiet time is looked at once.
const HINTS_APART: Duration = Duration::from_secs(10);
/// LIMIT: as many tickets as one page of a list holds.
const HINTS_AT_ONCE: usize = 100;
/// LIMIT: a hint that comes so soon after our own change of the ticket is about that; the next round would see more.
const OUR_OWN: Duration = Duration::from_secs(10);

/// LIMIT: lists leave deleted tickets out, and asking for them is a request of its own; they are few and can wait.
const DELETED_EVERY: u32 = 10;

/// Everything the tracker needs.
#[derive(Debug)]
pub(crate) struct Tracker {
    pub(crate) store: Store,
    pub(crate) client: Client,
    pub(crate) catalogue: CatalogueCache,
    pub(crate) wire: watch::Receiver<Arc<WireSettings>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) desk: Desk,
    pub(crate) outbox: Arc<Notify>,
    pub(crate) every: Duration,
    pub(crate) hinted: Hinted,
}

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Halo(#[from] Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Tracker {
    /// Runs until told to stop.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut failing = false;
        let mut number: u32 = 1;
        let mut next = later(self.clock.now(), self.every);
        let mut next_hint = self.clock.now();
        loop {
            let clock = Arc::clone(&self.clock);
            let hinted = async {
                self.hinted.any().await;
                clock.wait_until(next_hint).await;
            };
            let is_round = tokio::select! {
                () = clock.wait_until(next) => true,
                () = hinted => false,
                // The one who could tell us to stop is gone: then we have.
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let tickets = if is_round { Vec::new() } else { self.hinted.take(HINTS_AT_ONCE) };
            let look = async {
                if is_round { self.round(number).await.map(|()| true) } else { self.look(&tickets).await }
            };
            let result = tokio::select! {
                result = look => result,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let asked = !matches!(result, Ok(false));
            match result {
                Ok(_) => failing = false,
                Err(RoundError::Store(StoreError::Closed)) => return,
                // HaloPSA being away is told by the dispatcher too; once is enough here.
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(%error, "could not read back what changed in HaloPSA; trying again each round");
                }
                Err(_) => {}
            }
            if is_round {
                number = number.wrapping_add(1);
                next = later(self.clock.now(), self.every);
            } else if asked {
                next_hint = later(self.clock.now(), HINTS_APART);
            }
        }
    }

    /// Looks at those of these tickets that are ours, by one list. Says whether HaloPSA had to be asked.
    async fn look(&self, tickets: &[i64]) -> Result<bool, RoundError> {
        let mut ours = Vec::new();
        for id in tickets {
            if let Some((known, _)) = self.open_case(*id).await?
                && known.changed_at.is_none_or(|changed| later(changed, OUR_OWN) <= self.clock.now())
            {
                ours.push(*id);
            }
        }
        if ours.is_empty() {
            return Ok(false);
        }
        let numbers: Vec<String> = ours.iter().map(i64::to_string).collect();
        let filter = TicketFilter::new().ticketids(numbers.join(",")).order("id");
        // A filter that HaloPSA does not know it ignores: one page is all there can be of ours.
        let filter = filter.page_size(100).page_no(1);
        let client = self.client.with_priority(Priority::Background);
        let rows = client.tickets().list(&filter).await?.rows;
        for id in ours {
            match rows.iter().find(|row| row.id == Some(TicketId(id))) {
                Some(row) => self.row(row).await?,
                // It is not listed: deleted, or not to be seen. It is asked itself.
                None => self.deleted(id).await?,
            }
        }
        Ok(true)
    }

    /// Reads what changed since the last round and reports what concerns us.
    async fn round(&self, number: u32) -> Result<(), RoundError> {
        let (mark, any_open) =
            self.store.read(|reader| Ok((reader.note(WATERMARK)?, reader.any_open()?))).await?;
        if !any_open {
            return Ok(());
        }
        let now = self.clock.now();
        let since = mark.and_then(|text| text.parse::<Timestamp>().ok());
        // The first round has no mark: what happened before our first ticket does not concern us.
        let since = match since {
            Some(since) => since,
            None => {
                let now = by_halo(&self.client, now).await?;
                now.checked_sub(self.every * 2).unwrap_or(now)
            }
        };
        let from = since.checked_sub(OVERLAP).unwrap_or(since);
        let filter = TicketFilter::new().changed_since(from).order("id");
        let mut newest = since;
        for row in self.list(filter).await? {
            newest = newest.max(row.last_update.map_or(since, Timestamp::from));
            self.row(&row).await?;
        }
        if number.is_multiple_of(DELETED_EVERY) {
            let long_ago = from.checked_sub(self.every * (DELETED_EVERY + 1)).unwrap_or(from);
            let deleted = TicketFilter::new().changed_since(long_ago).deleted(true).order("id");
            for row in self.list(deleted).await? {
                if let Some(TicketId(id)) = row.id {
                    self.deleted(id).await?;
                }
            }
        }
        if newest > since {
            let value = newest.to_string();
            self.store.commit(Change::Note { name: WATERMARK, value }).await?;
        }
        Ok(())
    }

    /// The rows of a list, without what does not concern us.
    async fn list(&self, filter: TicketFilter) -> Result<Vec<Ticket>, RoundError> {
        let client = self.client.with_priority(Priority::Background);
        let settings = Arc::clone(&self.wire.borrow());
        // A busy tenant changes many tickets in a minute.
        let slim = |mut row: Ticket| {
            settings.marker.slim(&mut row);
            row
        };
        Ok(client.tickets().stream(filter).map_ok(slim).try_collect().await?)
    }

    /// Rows of the list of deleted tickets do not say that they are deleted, and a filter that HaloPSA does not know it
    /// ignores: the ticket itself is asked.
    async fn deleted(&self, id: i64) -> Result<(), RoundError> {
        let Some((_, case)) = self.open_case(id).await? else { return Ok(()) };
        let client = self.client.with_priority(Priority::Background);
        let gone = match client.tickets().get(TicketId(id)).await {
            Ok(ticket) => ticket.deleted == Some(true),
            Err(error) if error.status() == Some(404) => true,
            Err(error) => return Err(error.into()),
        };
        if gone {
            tracing::info!(ticket = id, key = %case.key, "deleted in HaloPSA");
            self.desk.report(Report::TicketClosed { key: case.key, ticket: case.tickets }).await?;
        }
        Ok(())
    }

    /// The case whose open ticket this is, and how we left the ticket; none while something of it is on its way, because
    /// then what is seen may be our own doing.
    async fn open_case(&self, id: i64) -> Result<Option<(KnownTicket, Case)>, StoreError> {
        let found = self.store.read(move |reader| {
            let Some(known) = reader.ticket_by_id(id)? else { return Ok(None) };
            let busy = reader.on_its_way(&known.key)?;
            let case = reader.case(&known.key)?.filter(|_| !busy);
            Ok(case.map(|case| (known, case)))
        });
        Ok(found.await?.filter(|(_, case)| case.state == CaseState::Open && case.ticket.id == Some(id)))
    }

    async fn row(&self, row: &Ticket) -> Result<(), RoundError> {
        let Some(id) = row.id.map(|id| id.0) else { return Ok(()) };
        self.duplicate(row, id).await?;
        let Some((known, case)) = self.open_case(id).await? else { return Ok(()) };
        let catalogue = self.catalogue.held();
        let key = case.key.clone();
        match look(row, Some(&known), catalogue.as_deref()) {
            Seen::Over => {
                tracing::info!(ticket = id, %key, "closed in HaloPSA");
                self.desk.report(Report::TicketClosed { key, ticket: known.number }).await?;
            }
            Seen::Touched if !case.ticket.touched => {
                tracing::info!(ticket = id, %key, "somebody works on it in HaloPSA");
                self.desk.report(Report::TicketTouched { key, ticket: known.number }).await?;
            }
            // Who did what after us is asked only when it matters: before a ticket is resolved.
            Seen::Touched | Seen::ChangedSince | Seen::AsWeLeftIt => {}
        }
        Ok(())
    }

    /// A ticket with our marker that is not the one we know came to be twice: its operation is looked at again.
    async fn duplicate(&self, row: &Ticket, id: i64) -> Result<(), RoundError> {
        let Some(text) = self.wire.borrow().marker.read(row) else { return Ok(()) };
        let Some(operation) = Marker::operation(text, self.store.instance()) else { return Ok(()) };
        if row.hasbeenclosed == Some(true) {
            return Ok(());
        }
        let known = self.store.read(move |reader| reader.operation(operation)).await?;
        if known.is_some_and(|known| known.ticket.is_some_and(|ticket| ticket != id)) {
            let at = self.clock.now();
            self.store.commit(Change::Operation(operation, Transition::Recheck { at })).await?;
            self.outbox.notify_one();
        }
        Ok(())
    }
}
