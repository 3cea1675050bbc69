//! What we did to tickets ourselves: it comes back as a change, and is no news to the rules that asked for it.

use std::collections::{BTreeMap, BTreeSet};

use haloward_rules::Key;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::change::Change;
use crate::store::{DoneTo, OperationState, Reader, StoreError};

/// LIMIT: HaloPSA answers in whole seconds here and fractions there.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(1);
/// LIMIT: more than these are not on their way at once.
const ON_THEIR_WAY: usize = 1_000;

/// What bodies call the fields of a ticket, and what rules call them; an id where rules have a name beside it.
const WRITTEN: [(&str, &str, bool); 20] = [
    ("summary", "summary", false),
    ("tickettype_id", "type", true),
    ("status_id", "status", true),
    ("new_status", "status", true),
    ("priority_id", "priority", true),
    ("sla_id", "sla", true),
    ("team", "team", false),
    ("agent_id", "agent", true),
    ("client_id", "client", true),
    ("site_id", "site", true),
    ("user_id", "user", true),
    ("category_1", "category", false),
    ("category_2", "category_2", false),
    ("category_3", "category_3", false),
    ("category_4", "category_4", false),
    ("parent_id", "parent", false),
    ("new_priority", "priority", true),
    ("new_agent", "agent", true),
    ("impact", "impact", false),
    ("urgency", "urgency", false),
];

/// What HaloPSA itself changes when something else is: with a change of ours, it is of our doing.
const FOLLOWS: [&str; 4] = ["sla", "respond_by", "fix_by", "on_hold"];

/// What was done to one ticket since it was last looked at.
#[derive(Debug, Default)]
pub(super) struct Done {
    wrote: BTreeMap<&'static str, Vec<Value>>,
    last: Option<Timestamp>,
}

impl Done {
    /// What these writes come to.
    pub(super) fn of(writes: &[DoneTo]) -> Self {
        let mut done = Self::default();
        for write in writes {
            done.last = done.last.max(write.finished_at);
            let body = &write.said["body"][0];
            for (written, field, is_id) in WRITTEN {
                if let Some(value) = body.get(written) {
                    let field = if is_id { id_of(field) } else { field };
                    done.wrote.entry(field).or_default().push(value.clone());
                }
            }
        }
        done
    }

    /// Leaves of a change what others did.
    pub(super) fn leave_to_others(&self, change: &mut Change, ticket: &Map<String, Value>) {
        let before = change.fields.len();
        change.fields.retain(|field, (_, to)| {
            let told =
                if self.wrote.contains_key(id_of(field)) { ticket.get(id_of(field)) } else { Some(&*to) };
            let wrote = self.wrote.get(id_of(field)).or_else(|| self.wrote.get(field.as_str()));
            !wrote.into_iter().flatten().any(|wrote| told.is_some_and(|told| is(field, wrote, told)))
        });
        let some = change.fields.len() < before;
        if some {
            change.fields.retain(|field, _| !FOLLOWS.contains(&field.as_str()));
        }
        let at = ticket.get("last_action_at").and_then(Value::as_str).and_then(|text| text.parse().ok());
        let noted = change.action && self.is_ours(at);
        change.action &= !noted;
        change.ours = (some || noted) && change.fields.is_empty() && !change.action;
    }

    fn is_ours(&self, at: Option<Timestamp>) -> bool {
        let until = self.last.and_then(|last| last.checked_add(TOLERANCE).ok());
        at.zip(until).is_some_and(|(at, until)| at <= until)
    }
}

/// Whether a ticket shows what was written. Impacts and urgencies are written by number and told by name.
fn is(field: &str, wrote: &Value, told: &Value) -> bool {
    // HaloPSA takes numbers in quotes.
    let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
    let same = || match (number(wrote), number(told)) {
        (Some(wrote), Some(told)) => wrote == told,
        _ => wrote.as_str().zip(told.as_str()).is_some_and(|(wrote, told)| wrote.trim() == told.trim()),
    };
    matches!(field, "impact" | "urgency") || same()
}

/// The field that holds the id of what a field names.
fn id_of(field: &str) -> &'static str {
    match field {
        "type" => "type_id",
        "status" => "status_id",
        "priority" => "priority_id",
        "sla" => "sla_id",
        "agent" => "agent_id",
        "client" => "client_id",
        "site" => "site_id",
        "user" => "user_id",
        _ => "",
    }
}

/// The tickets that something of ours is on its way to: what is seen there may be half of our own doing.
pub(super) fn on_their_way(reader: &Reader<'_>) -> Result<BTreeSet<i64>, StoreError> {
    let mut tickets = BTreeSet::new();
    for state in [OperationState::Sending, OperationState::Unclear] {
        for operation in reader.operations(state, ON_THEIR_WAY)? {
            let of_case = |key: &Key, number| Ok(reader.ticket(key, number)?.map(|known| known.id));
            tickets.extend(match operation.effect.kind.ticket() {
                Some(id) => Some(id),
                None => of_case(operation.key(), operation.number())?,
            });
        }
    }
    Ok(tickets)
}
