//! One round: what changed is listed, compared with what is kept of it, and becomes events.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;
use halopsa::filters::TicketFilter;
use halopsa::models::Ticket;
use halopsa::{Error, Priority, TicketId};
use haloward_rules::Event;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::change::{Change, Kept, Kind};
use super::ticket::{Around, beginning, event, is_over, ticket};
use super::{Setup, ours};
use crate::catalogue::Catalogue;
use crate::clock::later;
use crate::config::Told;
use crate::feeds::{FeedError, Harvest};
use crate::halo_time::now_there;
use crate::store::{FeedChange, FeedState, NewEvent, Reader, StoreError};
use crate::wire::Marker;

/// Until when changes were read, by HaloPSA's clock.
const MARK: &str = "mark";
/// Until when deleted tickets were looked for, by HaloPSA's clock.
const DELETED: &str = "deleted";
/// The greatest number of a ticket that was seen.
const HIGHEST: &str = "highest";
/// What is kept of each ticket stands under this and its number.
const TICKET: &str = "ticket/";

/// LIMIT: how far before the last change seen the next round begins, for rows that were committed out of order.
const OVERLAP: SignedDuration = SignedDuration::from_secs(5);
/// LIMIT: after a long time away, changes are read so many hours at once: each part is durable before the next.
const AT_ONCE: SignedDuration = SignedDuration::from_hours(6);
/// LIMIT: no tenant changes more tickets in that time; a HaloPSA that does not know the filter lists all it has.
const MOST_ROWS: usize = 20_000;
/// LIMIT: a ticket whose number is not the greatest is new if it is not older than this: numbers are given out of order.
const NEW_FOR: SignedDuration = SignedDuration::from_hours(24);
/// LIMIT: lists leave deleted tickets out, and asking for them is a request of its own; they are few and can wait for so
/// many rounds.
const DELETED_EVERY: u32 = 10;
/// LIMIT: a closed ticket is remembered for so long, for the case that it is opened again …
const CLOSED_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// … and so many tickets in all: some 400 bytes each.
const MOST_KEPT: usize = 20_000;
/// Looking for what is to be forgotten reads all that is kept, so it is done in some rounds only.
const FORGET_EVERY: u32 = 60;

pub(super) async fn round(
    setup: &Setup,
    number: u32,
    state: &FeedState,
    now: Timestamp,
) -> Result<Harvest, FeedError> {
    // Rows of lists hold ids where rules want names. Without the lists of names they are told by id, as rules may say.
    let catalogue = setup.catalogue.get(Priority::Background).await.map_err(failed)?;
    let mut reading = Reading {
        setup,
        catalogue: &catalogue,
        state,
        now,
        highest: state.get(HIGHEST).and_then(Value::as_i64).unwrap_or(0),
        change: FeedChange::of(&*setup.source),
        events: Vec::new(),
        seen: 0,
    };
    let more = match moment(state, MARK) {
        None => reading.begin().await?,
        Some(mark) => reading.go_on(mark).await?,
    };
    if number % FORGET_EVERY == 1 {
        reading.forget();
    }
    let Reading { events, change, seen, .. } = reading;
    Ok(Harvest { events, change, seen, more, ..Harvest::default() })
}

/// A ticket of a list.
struct Listed {
    row: Ticket,
    /// It carries a marker of ours: we opened it.
    marked: bool,
}

/// A round in the making.
struct Reading<'r> {
    setup: &'r Setup,
    catalogue: &'r Catalogue,
    state: &'r FeedState,
    now: Timestamp,
    highest: i64,
    change: FeedChange,
    events: Vec<NewEvent>,
    seen: u64,
}

impl Reading<'_> {
    /// The first round: what is open is remembered, so that later changes of it can be told. It is no event itself,
    /// unless the source says so.
    async fn begin(&mut self) -> Result<bool, FeedError> {
        let from = now_there(&self.setup.client, self.now).await.map_err(failed)?;
        let mut highest = 0;
        for Listed { row, .. } in self.list(TicketFilter::new().open_only(true).order("id")).await? {
            let Some(TicketId(id)) = row.id.filter(|_| !is_over(&row)) else { continue };
            highest = highest.max(id);
            let ticket = ticket(&row, &self.around());
            self.keep(id, &Kept::of(&ticket, self.now));
            if self.setup.existing {
                self.tell(event(ticket, &Change::whole(Kind::Seen), &self.around()));
            }
        }
        self.change.put(HIGHEST, highest);
        self.change.put(MARK, from.to_string());
        self.change.put(DELETED, from.to_string());
        Ok(false)
    }

    /// Every other round: what changed since the last one. Says whether there is more at once.
    async fn go_on(&mut self, mark: Timestamp) -> Result<bool, FeedError> {
        let from = mark.checked_sub(OVERLAP).unwrap_or(mark);
        let until = now_there(&self.setup.client, self.now).await.map_err(failed)?;
        let part = from.checked_add(AT_ONCE).ok().filter(|part| *part < until);
        let mut filter = TicketFilter::new().changed_since(from).order("id");
        if let Some(part) = part {
            filter = filter.changed_until(part);
        }
        let rows = self.list(filter).await?;
        let inside = |listed: &Listed| {
            let at = listed.row.last_update.map(Timestamp::from);
            at.is_none_or(|at| at >= from && part.is_none_or(|part| at <= part))
        };
        // A filter that HaloPSA does not know it ignores.
        let rows: Vec<Listed> = rows.into_iter().filter(inside).collect();
        let newest = rows.iter().filter_map(|listed| listed.row.last_update).map(Timestamp::from).max();
        let put_off = self.compare(rows, from).await?;
        let looked = moment(self.state, DELETED).unwrap_or(mark);
        if part.is_none() && later(looked, self.setup.every * DELETED_EVERY) <= until {
            self.look_for_deleted(looked).await?;
            self.change.put(DELETED, until.to_string());
        }
        let next = part.or(newest).filter(|next| *next > mark && !put_off);
        if let Some(next) = next {
            self.change.put(MARK, next.to_string());
        }
        Ok(part.is_some() && next.is_some())
    }

    /// Compares what is listed with what is kept. Says whether something was put off, because something of ours is on its
    /// way there: it is listed again, and looked at once that is known.
    async fn compare(&mut self, rows: Vec<Listed>, from: Timestamp) -> Result<bool, FeedError> {
        let kept: BTreeMap<i64, Kept> = rows
            .iter()
            .filter_map(|listed| listed.row.id)
            .filter_map(|TicketId(id)| Some((id, kept(self.state, id)?)))
            .collect();
        let since: Vec<(i64, Timestamp)> = kept.iter().map(|(id, kept)| (*id, kept.seen_at)).collect();
        let (busy, done) = self.what_we_did(since).await?;
        let mut put_off = false;
        let (before, mut highest) = (self.highest, self.highest);
        for Listed { row, marked } in rows {
            let Some(TicketId(id)) = row.id else { continue };
            self.seen += 1;
            if busy.contains(&id) {
                put_off = true;
                continue;
            }
            highest = highest.max(id);
            let ticket = ticket(&row, &self.around());
            let now = Kept::of(&ticket, self.now);
            let change = match kept.get(&id) {
                None => first_seen(&row, id > before, from)
                    .map(|kind| Change { ours: marked, ..Change::whole(kind) }),
                Some(known) if known.says_the_same(&now) => None,
                Some(known) => {
                    let mut change = Change::between(known, &now, merged(&row));
                    done.get(&id).inspect(|done| done.leave_to_others(&mut change, &ticket));
                    Some(change)
                }
            };
            if kept.get(&id).is_none_or(|known| *known != Kept { seen_at: known.seen_at, ..now.clone() }) {
                self.keep(id, &now);
            }
            let told =
                change.filter(|change| self.setup.told == Told::Changed || change.kind == Kind::Created);
            if let Some(change) = told {
                self.tell(event(ticket, &change, &self.around()));
            }
        }
        if highest > before {
            self.change.put(HIGHEST, highest);
        }
        Ok(put_off)
    }

    /// Deleted tickets are in no list but their own, whose rows do not say so: those that we knew as open are asked.
    async fn look_for_deleted(&mut self, since: Timestamp) -> Result<(), FeedError> {
        let since = since.checked_sub(OVERLAP).unwrap_or(since);
        let rows = self.list(TicketFilter::new().changed_since(since).deleted(true).order("id")).await?;
        let client = self.setup.client.with_priority(Priority::Background);
        for Listed { mut row, .. } in rows {
            let Some(TicketId(id)) = row.id else { continue };
            let Some(known) = kept(self.state, id).filter(|known| !known.over) else { continue };
            match client.tickets().get(TicketId(id)).await {
                Ok(found) if found.deleted != Some(true) => continue,
                Ok(_) => {}
                Err(error) if error.status() == Some(404) => {}
                Err(error) => return Err(failed(error)),
            }
            row.deleted = Some(true);
            let ticket = ticket(&row, &self.around());
            self.keep(id, &Kept { over: true, ..known });
            if self.setup.told == Told::Changed {
                self.tell(event(ticket, &Change::whole(Kind::Deleted), &self.around()));
            }
        }
        Ok(())
    }

    /// What something of ours is on its way to, and what we did to each of these tickets since then.
    async fn what_we_did(
        &self,
        since: Vec<(i64, Timestamp)>,
    ) -> Result<(BTreeSet<i64>, BTreeMap<i64, ours::Done>), FeedError> {
        let read = move |reader: &Reader<'_>| {
            let busy = ours::on_their_way(reader)?;
            let mut done = BTreeMap::new();
            for (id, since) in since {
                let writes = reader.done_to(id, since)?;
                if !writes.is_empty() {
                    done.insert(id, ours::Done::of(&writes));
                }
            }
            Ok((busy, done))
        };
        self.setup.store.read(read).await.map_err(|error: StoreError| {
            FeedError::new(format!("what was done to the tickets could not be read: {error}"))
        })
    }

    /// The rows of a list.
    async fn list(&self, filter: TicketFilter) -> Result<Vec<Listed>, FeedError> {
        let client = self.setup.client.with_priority(Priority::Background);
        let mut rows = Vec::new();
        let mut stream = std::pin::pin!(client.tickets().stream(filter));
        while let Some(mut row) = stream.try_next().await.map_err(failed)? {
            if rows.len() >= MOST_ROWS {
                return Err(FeedError::new(format!("HaloPSA lists more than {MOST_ROWS} tickets at once"))
                    .hint("let its API's agent see fewer, or report it: a filter may not be known there"));
            }
            let marker = self.setup.marker.read(&row);
            let instance = self.setup.store.instance();
            let marked = marker.is_some_and(|text| Marker::operation(text, instance).is_some());
            // Thousands of rows are held at once, and mails are long.
            // ORDER: after the marker was read, which may stand at the end of the details.
            row.extra.clear();
            row.details_html = None;
            row.details = row.details.map(|text| beginning(&text).to_owned());
            rows.push(Listed { row, marked });
        }
        Ok(rows)
    }

    fn around(&self) -> Around<'_> {
        Around {
            source: &self.setup.source,
            severity: self.setup.severity,
            site: &self.setup.site,
            catalogue: Some(self.catalogue),
        }
    }

    fn tell(&mut self, event: Option<Event>) {
        let source = self.setup.source.clone();
        let new = event.map(|event| NewEvent { source, delivery_id: None, event, received_at: self.now });
        self.events.extend(new);
    }

    fn keep(&mut self, id: i64, kept: &Kept) {
        if let Ok(text) = serde_json::to_string(kept) {
            self.change.put(name(id), text);
        }
    }

    /// Forgets what is closed for long; and of too many, those that changed longest ago.
    fn forget(&mut self) {
        let with_prefix =
            self.state.range(TICKET.to_owned()..).take_while(|(name, _)| name.starts_with(TICKET));
        let mut all: Vec<(bool, Option<Timestamp>, &String)> = with_prefix
            .filter_map(|(name, value)| read(value).map(|kept| (!kept.over, kept.updated_at, name)))
            .collect();
        let long_ago = self.now.checked_sub(CLOSED_KEPT).unwrap_or(Timestamp::MIN);
        all.sort_unstable();
        let too_many = all.len().saturating_sub(MOST_KEPT);
        let changed: BTreeSet<String> = self.change.values.iter().map(|(name, _)| name.clone()).collect();
        for (place, (open, updated_at, name)) in all.into_iter().enumerate() {
            let old = !open && updated_at.is_none_or(|at| at < long_ago);
            if (old || place < too_many) && !changed.contains(name) {
                self.change.forget(name.clone());
            }
        }
    }
}

/// What a ticket is that nothing is kept of: new, or one that was closed before the source began or long ago. What
/// changed about that nobody knows, so it is told only if it is open again. `greatest`: no greater number was seen before.
fn first_seen(row: &Ticket, greatest: bool, from: Timestamp) -> Option<Kind> {
    let created = row.datecreated.or(row.dateoccurred).map(Timestamp::from);
    let since = |at: Timestamp| created.is_none_or(|created| created >= at);
    let recent = since(from.checked_sub(NEW_FOR).unwrap_or(from));
    match is_over(row) {
        // It was opened and closed between two rounds.
        true if since(from) => Some(Kind::Created),
        true => None,
        false if greatest || recent => Some(Kind::Created),
        false => Some(Kind::Reopened),
    }
}

fn merged(row: &Ticket) -> bool {
    row.merged_into_id.is_some_and(|id| id.0 > 0)
}

/// A moment of the state.
fn moment(state: &FeedState, name: &str) -> Option<Timestamp> {
    state.get(name)?.as_str()?.parse().ok()
}

fn name(id: i64) -> String {
    format!("{TICKET}{id}")
}

fn kept(state: &FeedState, id: i64) -> Option<Kept> {
    state.get(&name(id)).and_then(read)
}

fn read(value: &Value) -> Option<Kept> {
    serde_json::from_str(value.as_str()?).ok()
}

#[allow(clippy::needless_pass_by_value, reason = "it is what errors are mapped by")]
fn failed(error: Error) -> FeedError {
    let mut failure = FeedError::new(error.to_string());
    failure.hint = error.hint();
    failure
}
