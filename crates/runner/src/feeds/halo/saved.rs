//! Tickets from a file, as HaloPSA shows, lists or sends them, as the events that their source would tell: for whoever
//! tries rules before they go live.

use halopsa::models::Ticket;
use haloward_rules::{Event, Severity};
use serde_json::Value;

use super::change::{Change, Kind};
use super::ticket::{Around, event, is_over, ticket};
use crate::catalogue::Catalogue;

/// What HaloPSA's webhook calls the logging of a new ticket.
const LOGGED: &str = "new ticket logged";

/// The events of saved tickets: one as `GET /Tickets/{id}` shows it, a list, or what HaloPSA's webhook sends. What they were
/// before nobody knows: a ticket is new where the webhook says so, and otherwise only seen, or closed.
///
/// # Errors
///
/// What is wrong with the file, as a fragment: `it holds no ticket`.
pub(crate) fn events(
    payload: &Value,
    source: &str,
    severity: Severity,
    site: &str,
    catalogue: Option<&Catalogue>,
) -> Result<Vec<Event>, String> {
    let around = Around { source, severity, site, catalogue };
    let items = match payload {
        Value::Array(items) => items.as_slice(),
        list if list["tickets"].is_array() => {
            list["tickets"].as_array().map(Vec::as_slice).unwrap_or_default()
        }
        single => std::slice::from_ref(single),
    };
    let told = |item: &Value| {
        let inner = if item["ticket"].is_object() { &item["ticket"] } else { item };
        let row = serde_json::from_value::<Ticket>(inner.clone())
            .map_err(|error| format!("it holds no ticket of HaloPSA: {error}"))?;
        if row.id.is_none() {
            return Err("it holds no ticket of HaloPSA: there is no `id`".to_owned());
        }
        let says_new = item["event"].as_str().is_some_and(|name| name.trim().eq_ignore_ascii_case(LOGGED));
        let kind = match (says_new, is_over(&row)) {
            (true, _) => Kind::Created,
            (false, true) => Kind::Closed,
            (false, false) => Kind::Seen,
        };
        let told = event(ticket(&row, &around), &Change::whole(kind), &around);
        told.ok_or_else(|| "it holds no ticket of HaloPSA".to_owned())
    };
    items.iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kinds(payload: &Value) -> Result<Vec<String>, String> {
        let events = events(payload, "halo", Severity::Medium, "https://acme.halopsa.com", None)?;
        let kind = |event: &Event| format!("{} {}", event.fingerprint(), event.value()["change"]["kind"]);
        Ok(events.iter().map(kind).collect())
    }

    #[test]
    fn a_ticket_is_read_as_halopsa_shows_lists_and_sends_it() {
        let ticket = json!({"id": 4521, "summary": "Printer", "status_id": 1});
        assert_eq!(kinds(&ticket), Ok(vec!["4521 \"seen\"".into()]));
        assert_eq!(kinds(&json!({"record_count": 1, "tickets": [ticket]})), Ok(vec!["4521 \"seen\"".into()]));
        let sent = json!([{"event": "New Ticket Logged", "ticket": ticket},
            {"event": "Ticket Closed", "ticket": {"id": 7, "hasbeenclosed": true}}]);
        assert_eq!(kinds(&sent), Ok(vec!["4521 \"created\"".into(), "7 \"closed\"".into()]));
    }

    #[test]
    fn what_is_no_ticket_says_so() {
        let wrong = |payload: Value| kinds(&payload).unwrap_err();
        assert_eq!(wrong(json!({"summary": "x"})), "it holds no ticket of HaloPSA: there is no `id`");
        assert!(wrong(json!("x")).starts_with("it holds no ticket of HaloPSA: "));
    }
}
