//! What the vendor said where an event says `state` and `severity`: for whoever asks why an event reads as it does.

use std::sync::Arc;

use serde_json::Value;

use super::map::env;
use super::{Delivery, Preset, words};
use crate::event::Severity;
use crate::script::View;

/// The vendor's words for one event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VendorWords {
    /// What the payload says where the event has its state.
    pub state: Option<String>,
    /// What the payload says where the event has its severity.
    pub severity: Option<String>,
}

impl Preset {
    /// The vendor's words for each event of a delivery, in the order of [`Preset::map`]; none where nothing fits.
    pub fn said(&self, delivery: &Delivery<'_>) -> Vec<VendorWords> {
        let source = Arc::new(Value::String(delivery.source.to_owned()));
        let whole = View::of(&delivery.payload);
        let items = self.items(&whole, &env(delivery, &source, whole.clone()));
        let said_of = |sent: View| {
            let mut env = env(delivery, &source, sent);
            if let Some(item) = self.item.as_ref().and_then(|template| template.view(&env).ok()) {
                env.set("item", item);
            }
            let said = |field: &str| {
                let (_, tree) = self.fields.iter().find(|(path, _)| path.as_str() == field)?;
                let value = tree.value(&env).ok().filter(|value| !value.is_null())?;
                Some(crate::value::to_text(&value).trim().to_owned()).filter(|text| !text.is_empty())
            };
            VendorWords { state: said("state"), severity: said("severity") }
        };
        items.map(|items| items.views()).unwrap_or_default().into_iter().map(said_of).collect()
    }

    /// What a vendor's word for a severity means; nothing where nobody knows it.
    pub fn severity_of(&self, word: &str) -> Option<Severity> {
        let word = word.trim().to_lowercase();
        let table = self.severities.as_ref();
        table
            .and_then(|table| table.by_word.get(&word).copied())
            .or_else(|| table.and_then(|table| table.otherwise))
            .or_else(|| words::severity(&word))
    }
}
