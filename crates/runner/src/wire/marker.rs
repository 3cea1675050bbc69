//! Markers: how a ticket or note of ours is recognized in HaloPSA, which has no idempotency key.
//!
//! Where they stand and why: `docs/decisions/0003-operation-marker.md`.

use std::fmt;

use halopsa::models::{Action, Ticket};
use serde_json::{Value, json};

use crate::store::{OperationId, Store, digits};

/// What a write of one operation carries: `hw-kdbw-0cm3k9v2x8r4t`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Marker(String);

impl Marker {
    /// The marker of an operation. The store's instance tells it from those of another Haloward on the same tenant.
    pub fn of(store: &Store, operation: OperationId) -> Self {
        Self::new(store.instance(), operation)
    }

    pub(crate) fn new(instance: &str, operation: OperationId) -> Self {
        Self(format!("hw-{instance}-{}", digits(operation.number())))
    }

    /// What stands for a marker in a dry run.
    pub(crate) fn placeholder() -> Self {
        Self("hw-…".to_owned())
    }

    /// The marker's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The operation a marker of this instance belongs to.
    pub(crate) fn operation(text: &str, instance: &str) -> Option<OperationId> {
        let digits = text.trim().strip_prefix("hw-")?.strip_prefix(instance)?.strip_prefix('-')?;
        format!("op_{digits}").parse().ok()
    }

    /// A note's HTML with the marker in it, unseen by people. It is text, not an attribute or a comment, because text
    /// is what survives whatever cleans HTML on its way; at worst it is seen.
    pub(crate) fn in_html(&self, html: &str) -> String {
        format!("{html}<span style=\"display:none\">{self}</span>")
    }

    /// Whether an action carries this marker.
    pub(crate) fn marks(&self, action: &Action) -> bool {
        [&action.note_html, &action.note].into_iter().flatten().any(|text| text.contains(&self.0))
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The field of a ticket that carries our marker. Only fields that rows of ticket lists carry will do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum MarkerPlace {
    /// `third_party_id_string`.
    #[default]
    ThirdPartyId,
    /// `supplier_reference`, which people see.
    SupplierReference,
    /// A custom field of this name, which the install must have.
    CustomField(String),
    /// The end of the ticket's details, unseen by people.
    Details,
}

impl MarkerPlace {
    /// Puts the marker into a ticket's body.
    pub(crate) fn put(&self, body: &mut Value, marker: &Marker) {
        match self {
            Self::ThirdPartyId => body["third_party_id_string"] = json!(marker.as_str()),
            Self::SupplierReference => body["supplier_reference"] = json!(marker.as_str()),
            Self::CustomField(name) => {
                let field = json!({ "name": name, "value": marker.as_str() });
                match body.get_mut("customfields").and_then(Value::as_array_mut) {
                    Some(fields) => fields.push(field),
                    None => body["customfields"] = json!([field]),
                }
            }
            Self::Details => {
                let html = body["details_html"].as_str().unwrap_or_default();
                body["details_html"] = json!(marker.in_html(html));
            }
        }
    }

    /// The marker of a ticket, whoever put it there. The other fields are looked at as well, so that a ticket that
    /// was written before the setting was changed is known. Details are not, unless they are the place: what a person
    /// copied from one ticket into another is no marker.
    pub(crate) fn read<'t>(&self, ticket: &'t Ticket) -> Option<&'t str> {
        let fields = [ticket.third_party_id_string.as_deref(), ticket.supplier_reference.as_deref()];
        let mut own = ticket.customfields.iter().flatten().filter(|field| match self {
            Self::CustomField(name) => field.name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(name)),
            _ => false,
        });
        let own = own.find_map(|field| field.value.as_ref()).and_then(Value::as_str);
        let in_field = fields.into_iter().chain([own]).flatten().map(str::trim);
        let mut in_field = in_field.filter(|text| text.starts_with("hw-"));
        in_field.next().or_else(|| match self {
            Self::Details => {
                [&ticket.details, &ticket.details_html].into_iter().flatten().find_map(|text| last_in(text))
            }
            _ => None,
        })
    }

    /// Leaves of a row's texts only what [`Self::read`] needs.
    pub(crate) fn slim(&self, row: &mut Ticket) {
        let marker = self.read(row).map(str::to_owned);
        (row.summary, row.details, row.details_html) = (None, None, None);
        row.extra.clear();
        if *self == Self::Details {
            row.details = marker;
        }
    }
}

/// The last thing in a text that looks like a marker: ours stands at the end.
fn last_in(text: &str) -> Option<&str> {
    text.rmatch_indices("hw-").find_map(|(start, _)| {
        let word = &text[start..];
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let word = &word[..word.find(|c| !is_part(c)).unwrap_or(word.len())];
        let mut parts = word.split('-').skip(1);
        let (instance, digits) = (parts.next()?, parts.next()?);
        (instance.len() == 4 && digits.len() >= 8 && parts.next().is_none()).then_some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKER: &str = "hw-kdbw-0cm3k9v2x8r4t";

    fn all() -> [MarkerPlace; 4] {
        let field = MarkerPlace::CustomField("CFHaloward".to_owned());
        [MarkerPlace::ThirdPartyId, MarkerPlace::SupplierReference, field, MarkerPlace::Details]
    }

    /// The row that HaloPSA would list for a body, with details as text.
    fn row(body: &Value) -> Ticket {
        let mut row = body.clone();
        if let Some(html) = row["details_html"].as_str() {
            row["details"] = json!(html.replace("<span style=\"display:none\">", " ").replace("</span>", ""));
        }
        serde_json::from_value(row).unwrap()
    }

    #[test]
    fn what_is_put_into_any_place_is_read_there_and_kept_when_a_row_is_slimmed() {
        for place in all() {
            let mut body = json!({ "summary": "Disk full", "details_html": "<p>hw-fake-1 is not one</p>" });
            place.put(&mut body, &Marker(MARKER.to_owned()));
            let mut row = row(&body);
            assert_eq!(place.read(&row), Some(MARKER), "{place:?}: {body}");
            place.slim(&mut row);
            assert_eq!((place.read(&row), row.summary.as_deref()), (Some(MARKER), None), "{place:?}");
        }
    }

    #[test]
    fn a_marker_of_before_the_setting_was_changed_is_known() {
        for (before, now) in [(0, 1), (1, 0), (0, 2), (1, 3), (0, 3)] {
            let mut body = json!({});
            all()[before].put(&mut body, &Marker(MARKER.to_owned()));
            assert_eq!(all()[now].read(&row(&body)), Some(MARKER), "{before} {now}");
        }
    }

    #[test]
    fn what_a_person_copied_or_another_integration_wrote_is_no_marker() {
        let details = row(&json!({ "details": format!("see the other one {MARKER}") }));
        assert_eq!(MarkerPlace::ThirdPartyId.read(&details), None);
        let other = row(&json!({ "third_party_id_string": "CW-4711", "supplier_reference": MARKER }));
        assert_eq!(MarkerPlace::SupplierReference.read(&other), Some(MARKER));
        for text in ["hw-", "hw-kdbw", "hw-kdbw-", "hw-kdbw-1", "HW-KDBW-0CM3K9V2X8R4T", ""] {
            assert_eq!(last_in(text), None, "{text}");
        }
        assert_eq!(last_in(&format!("{MARKER} and hw-more")), Some(MARKER));
    }
}
