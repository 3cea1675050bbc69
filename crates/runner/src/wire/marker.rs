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
        }
    }

    /// The marker of a ticket, whoever put it there.
    pub(crate) fn read<'t>(&self, ticket: &'t Ticket) -> Option<&'t str> {
        match self {
            Self::ThirdPartyId => ticket.third_party_id_string.as_deref(),
            Self::SupplierReference => ticket.supplier_reference.as_deref(),
            Self::CustomField(name) => {
                let mut fields = ticket.customfields.iter().flatten();
                let field =
                    fields.find(|field| field.name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(name)));
                field.and_then(|field| field.value.as_ref()).and_then(Value::as_str)
            }
        }
    }
}
