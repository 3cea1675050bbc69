//! `/api/Attachment`: files on tickets and actions. What a file holds comes only with one attachment.

use base64::Engine as _;

use super::{
    Kind, Refusal, dressing,
    filter::{Demands, Filter, Test},
    intake, paging, permit, returned,
    tickets::is_visible,
};
use crate::{
    auth::Area,
    moment, schema,
    server::{Call, Reply},
    shared::Shared,
    store::{Record, State},
};

const FILTERS: &[Filter] = &[
    ("ticket_id", Test::Is("ticket_id")),
    ("action_id", Test::Is("action_id")),
    ("unique_id", Test::Is("unique_id")),
    ("type", Test::Is("type")),
    ("filetype", Test::Ending("filename")),
];

/// Fields a list row does not have.
const DETAIL_ONLY: &[&str] =
    &["data_base64", "ticket_id", "action_id", "user_id", "agent_id", "content_type", "link", "last_updated"];

/// Answers a request to `/api/Attachment/…`.
pub(super) fn answer(shared: &Shared, call: &Call, rest: &[&str]) -> Result<Reply, Refusal> {
    permit(shared, call, Area::Tickets)?;
    match (call.method.as_str(), rest) {
        ("GET", []) => list(shared, call),
        ("GET", [id]) => read(shared, id),
        ("POST", []) => save(shared, call),
        ("DELETE", [id]) => delete(shared, id),
        ("GET" | "POST" | "DELETE", _) => Err(Refusal::NotFound),
        _ => Err(Refusal::MethodNotAllowed),
    }
}

fn list(shared: &Shared, call: &Call) -> Result<Reply, Refusal> {
    let demands = Demands::read(FILTERS, &call.query)?;
    let mut rows: Vec<Record> = shared.look(|state| {
        let rows = state.table(Kind::Attachment).rows().iter();
        let kept = rows.filter(|row| demands.met_by(row) && on_visible_ticket(shared, state, row));
        kept.map(|row| {
            let mut record = dressing::shown(&schema::ATTACHMENT, row);
            for field in DETAIL_ONLY {
                record.remove(field);
            }
            record
        })
        .collect()
    });
    paging::sort(&mut rows, &call.query);
    let about = call.query.int("ticket_id");
    Ok(Reply::json(200, &paging::envelope("attachments", &rows, &call.query)).about(about))
}

fn read(shared: &Shared, id: &str) -> Result<Reply, Refusal> {
    shared.look(|state| {
        let row = state.table(Kind::Attachment).get(id).filter(|row| on_visible_ticket(shared, state, row));
        let row = row.ok_or(Refusal::NotFound)?;
        Ok(Reply::json(200, &dressing::shown(&schema::ATTACHMENT, row).value()).about(row.int("ticket_id")))
    })
}

fn on_visible_ticket(shared: &Shared, state: &State, row: &Record) -> bool {
    let ticket = row.int("ticket_id").and_then(|id| state.tickets.get(id));
    ticket.is_none_or(|stored| is_visible(shared, &stored.now))
}

fn save(shared: &Shared, call: &Call) -> Result<Reply, Refusal> {
    let elements = intake::elements(&call.body)?;
    let mut sent = Vec::new();
    for (place, element) in elements.iter().enumerate() {
        sent.push(intake::record(&schema::ATTACHMENT, &format!("[{place}]"), element)?);
    }
    let now = shared.clock.now();
    shared.change(|state| {
        let mut ready = Vec::new();
        for record in sent {
            ready.push(checked(shared, state, record)?);
        }
        let mut saved = Vec::new();
        let mut about = Vec::new();
        for mut record in ready {
            record.set("id", state.table(Kind::Attachment).next_id());
            record.set("datecreated", moment::of(now));
            about.extend(record.int("ticket_id"));
            count_on_ticket(state, record.int("ticket_id"), 1);
            saved.push(dressing::shown(&schema::ATTACHMENT, &record).value());
            state.table_mut(Kind::Attachment).put(record);
        }
        Ok(returned::saved(call, saved, true).about(about))
    })
}

fn checked(shared: &Shared, state: &State, mut record: Record) -> Result<Record, Refusal> {
    if !record.has("filename") {
        return Err(Refusal::sentence("A Filename must be entered"));
    }
    let ticket = record.int("ticket_id").and_then(|id| state.tickets.get(id));
    if ticket.is_none_or(|stored| !is_visible(shared, &stored.now)) {
        return Err(Refusal::foreign_key("Faultid", "ATTACHMENT"));
    }
    let data = record.text("data_base64");
    // Browsers send a data URL; only what follows the comma is the file.
    let data = data.rsplit_once(',').map_or(data, |(_, file)| file);
    let file = base64::engine::general_purpose::STANDARD.decode(data);
    let file = file.map_err(|_| Refusal::Field {
        path: "[0].data_base64".to_owned(),
        text: "The input is not a valid Base-64 string.".to_owned(),
    })?;
    record.set("filesize", file.len());
    let name = record.text("filename").to_ascii_lowercase();
    record.set("isimage", [".png", ".jpg", ".jpeg", ".gif"].iter().any(|end| name.ends_with(end)));
    record.remove("id");
    Ok(record)
}

fn delete(shared: &Shared, id: &str) -> Result<Reply, Refusal> {
    shared.change(|state| {
        let row = state.table(Kind::Attachment).get(id).filter(|row| on_visible_ticket(shared, state, row));
        let ticket = row.ok_or(Refusal::NotFound)?.int("ticket_id");
        let row = state.table_mut(Kind::Attachment).remove(id).ok_or(Refusal::NotFound)?;
        count_on_ticket(state, ticket, -1);
        Ok(Reply::json(200, &dressing::shown(&schema::ATTACHMENT, &row).value()).about(ticket))
    })
}

fn count_on_ticket(state: &mut State, ticket: Option<i64>, by: i64) {
    if let Some(stored) = ticket.and_then(|id| state.tickets.get_mut(id)) {
        let count = stored.now.int("attachment_count").unwrap_or_default() + by;
        stored.now.set("attachment_count", count.max(0));
    }
}
