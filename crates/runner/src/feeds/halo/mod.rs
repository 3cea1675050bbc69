//! HaloPSA's own tickets as a source: what is new and what changed since they were last read, by HaloPSA's own clock.
//!
//! One list a round, however many tickets there are; HaloPSA's webhook only says that it is time for one. What is kept
//! of each ticket (`change`) says what changed; `ours` takes away what rules did themselves; `ticket` makes the events.
//! How far was read, what is kept and the events become durable together.

mod change;
mod ours;
mod reading;
pub(crate) mod saved;
#[cfg(test)]
mod tests;
mod ticket;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use haloward_rules::Severity;
use jiff::Timestamp;

use super::{Context, Feed, FeedError, Harvest, Plan};
use crate::catalogue::CatalogueCache;
use crate::clock::later;
use crate::config::{HaloTickets, Told};
use crate::store::{FeedState, Store};
use crate::wire::MarkerPlace;

/// LIMIT: HaloPSA's webhook may tell of each change anybody makes; each reading is a request.
const APART: Duration = Duration::from_secs(10);

/// Everything that a reader of tickets is made of.
#[derive(Debug, Clone)]
struct Setup {
    source: Arc<str>,
    told: Told,
    every: Duration,
    existing: bool,
    severity: Severity,
    marker: MarkerPlace,
    /// Where tickets are seen, without a slash at its end.
    site: String,
    client: halopsa::Client,
    catalogue: CatalogueCache,
    store: Store,
}

/// Reads the tickets of one tenant.
struct TicketReader {
    setup: Setup,
    /// Rounds of this reader, counted from 1: what is to be forgotten is looked for in some.
    round: u32,
}

/// The feed of HaloPSA's tickets.
pub(crate) fn plan(name: &str, config: &HaloTickets, marker: MarkerPlace, context: &Context) -> Plan {
    let setup = Setup {
        source: name.into(),
        told: config.tickets,
        every: config.every,
        existing: config.existing,
        severity: config.severity,
        marker,
        site: seen_at(context.client.site()),
        client: context.client.clone(),
        catalogue: context.catalogue.clone(),
        store: context.store.clone(),
    };
    let parts = format!(
        "{:?}/{:?}/{}/{}/{:?}",
        setup.told, setup.every, setup.existing, setup.severity, setup.marker
    );
    Plan::new(name, &["halo", &parts], move || Box::new(TicketReader { setup: setup.clone(), round: 0 }))
}

/// Where tickets of a site are seen, without a slash at its end.
pub(crate) fn seen_at(site: &halopsa::Site) -> String {
    let api = site.api_base().as_str().trim_end_matches('/');
    api.strip_suffix("/api").unwrap_or(api).to_owned()
}

impl Feed for TicketReader {
    fn due(&self, _: &FeedState, last: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        Some(last.map_or(now, |last| later(last, self.setup.every)))
    }

    fn earliest(&self, last: Option<Timestamp>) -> Option<Timestamp> {
        last.map(|last| later(last, APART))
    }

    fn round<'a>(
        &'a mut self,
        state: &'a FeedState,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Harvest, FeedError>> {
        self.round = self.round.wrapping_add(1);
        Box::pin(reading::round(&self.setup, self.round, state, now))
    }
}
