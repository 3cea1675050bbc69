//! `GET /api/Tickets`: rows in list form, filtered, searched, sorted and cut.

use std::time::Duration;

use super::{is_visible, view};
use crate::{
    api::{
        Refusal,
        filter::{Advanced, Demands, Filter, Test, found_by_search},
        paging,
    },
    schema,
    server::{Call, Query, Reply},
    shared::Shared,
    store::{Record, State},
};

const FILTERS: &[Filter] = &[
    ("client_id", Test::Is("client_id")),
    ("client_ids", Test::AnyOf("client_id")),
    ("site_id", Test::Is("site_id")),
    ("user_id", Test::Is("user_id")),
    ("agent_id", Test::Is("agent_id")),
    ("agent", Test::AnyOf("agent_id")),
    ("status_id", Test::Is("status_id")),
    ("status", Test::AnyOf("status_id")),
    ("requesttype_id", Test::Is("tickettype_id")),
    ("requesttype", Test::AnyOf("tickettype_id")),
    ("priority", Test::AnyOf("priority_id")),
    ("sla", Test::AnyOf("sla_id")),
    ("team_name", Test::Named("team")),
    ("category_1", Test::AnyOf("categoryid_1")),
    ("category_2", Test::AnyOf("categoryid_2")),
    ("category_3", Test::AnyOf("categoryid_3")),
    ("category_4", Test::AnyOf("categoryid_4")),
    ("parent_id", Test::Is("parent_id")),
    ("supplier_id", Test::Is("supplier_id")),
    ("contract_id", Test::Is("contract_id")),
    ("product", Test::AnyOf("product_id")),
    ("service_id", Test::Is("service_id")),
    ("milestone_id", Test::Is("milestone_id")),
    ("ticketids", Test::AnyOf("id")),
    ("excludethese", Test::NoneOf("id")),
    ("search_id", Test::Is("id")),
    ("search_summary", Test::Holds("summary")),
    ("search_details", Test::Holds("details")),
    ("search_reportedby", Test::Holds("reportedby")),
    ("search_supplier_reference", Test::Holds("supplier_reference")),
    ("search_inventory_number", Test::Holds("inventory_number")),
    ("open_only", Test::Without("hasbeenclosed")),
    ("closed_only", Test::Only("hasbeenclosed")),
    ("flagged", Test::State("flagged")),
    ("includeclosed", Test::State("hasbeenclosed")),
    ("itil_requesttype_id", Test::Is("itil_requesttype_id")),
    ("itil_requesttype", Test::AnyOf("itil_requesttype_id")),
    ("asset_id", Test::Links("assets")),
    ("supplier_status", Test::AnyOf("supplier_status")),
    ("lastupdatefromdate", Test::Since("last_update")),
    ("lastupdatetodate", Test::Until("last_update")),
];

/// Filters that go by what a ticket is shown with rather than by what is stored.
const SHOWN_FILTERS: &[Filter] = &[
    ("team", Test::AnyOf("team_id")),
    ("search_user_name", Test::Holds("user_name")),
    ("username", Test::Named("user_name")),
    ("withattachments", Test::Only("has_attachments")),
    ("unlinked_only", Test::Without("has_parent")),
    ("toplevel_id", Test::Is("toplevel_id")),
    ("requesttypegroup", Test::AnyOf("tickettype_group_id")),
    ("mine", Test::Only("is_mine")),
    ("includechildren", Test::AnyOf("kinship")),
];

/// The general search: it misses the details, as HaloPSA's does.
const SEARCHED: &[&str] = &["summary", "id", "client_name", "user_name"];

/// Lists tickets as they were `lag` ago.
pub(super) fn answer(shared: &Shared, call: &Call, lag: Duration) -> Result<Reply, Refusal> {
    let query = &call.query;
    let demands = Demands::read(FILTERS, query)?;
    let shown_demands = Demands::read(SHOWN_FILTERS, query)?;
    let dates = dates(query)?;
    let advanced = Advanced::read(&schema::TICKET, query)?;
    let search = query.text("search").unwrap_or_default();
    let in_actions = query.flag("searchactions");
    let wants_deleted = query.flag("deleted");
    let now = shared.clock.now();
    let body = shared.look(|state| {
        let mut kept = state.tickets.listed(lag, now);
        kept.reverse();
        kept.retain(|ticket| {
            ticket.flag("deleted") == wants_deleted
                && is_visible(shared, ticket)
                && demands.met_by(ticket)
                && dates.met_by(ticket)
                && advanced.met_by(ticket)
        });
        if !shown_demands.is_empty() || !search.is_empty() {
            kept.retain(|ticket| {
                let whole = view::with_marks(state, shared, ticket);
                shown_demands.met_by(&whole)
                    && (found_by_search(&whole, SEARCHED, search)
                        || (in_actions && noted(state, ticket, search)))
            });
        }
        let dressed = |ticket: &&Record| view::row(&view::with_marks(state, shared, ticket), query);
        if paging::is_ordered(query) {
            let mut rows: Vec<Record> = kept.iter().map(dressed).collect();
            paging::sort(&mut rows, query);
            return paging::envelope("tickets", &rows, query);
        }
        // Without an order only the rows of the page need dressing, however many tickets there are.
        let part: Vec<Record> = paging::cut(&kept, query).iter().map(dressed).collect();
        paging::wrapped("tickets", kept.len(), &part, query)
    });
    Ok(Reply::json(200, &body))
}

/// Whether one of a ticket's actions holds the text.
fn noted(state: &State, ticket: &Record, search: &str) -> bool {
    let stored = ticket.int("id").and_then(|id| state.tickets.get(id));
    let mut actions = stored.into_iter().flat_map(|stored| &stored.actions);
    actions.any(|action| found_by_search(action, &["note"], search))
}

/// `startdate` and `enddate` count only together with `datesearch`, which says which date they mean.
fn dates(query: &Query) -> Result<Demands, Refusal> {
    const REPORTED: &[Filter] =
        &[("startdate", Test::Since("dateoccurred")), ("enddate", Test::Until("dateoccurred"))];
    const CLOSED: &[Filter] =
        &[("startdate", Test::Since("dateclosed")), ("enddate", Test::Until("dateclosed"))];
    match query.text("datesearch").map(str::to_ascii_lowercase).as_deref() {
        Some("dateoccured" | "dateoccurred") => Demands::read(REPORTED, query),
        Some("datecleared" | "dateclosed") => Demands::read(CLOSED, query),
        _ => Ok(Demands::default()),
    }
}
