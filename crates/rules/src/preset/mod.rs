//! Presets: the mapping from one vendor's payload to events, as data.

mod auth;
mod builtin;
mod decode;
mod hmac;
mod map;
mod said;
mod settings;
mod title;
mod unfilled;
mod words;

pub use auth::{AuthWay, VendorAuth};
pub use builtin::PresetSet;
pub use hmac::{
    HmacAlgorithm, HmacScheme, KeyEncoding, RawHmac, SignatureEncoding, SignedPart, SignedTime,
    TimestampFormat, TimestampPlace,
};
pub use map::{Delivery, Mapped};
pub use said::VendorWords;
pub use settings::{SourceClient, SourceSettings};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::event::{Severity, State};
use crate::path::Path;
use crate::poll::RawPoll;
use crate::template::{Template, TemplateTree};

/// The variables that a preset's templates see.
pub(crate) const PRESET_VARS: [&str; 5] = ["payload", "item", "headers", "source", "now"];

/// A compiled preset.
#[derive(Debug, Clone)]
pub struct Preset {
    name: Arc<str>,
    title: String,
    description: Option<String>,
    setup: Vec<String>,
    samples: Vec<String>,
    caveats: Vec<String>,
    arrival: Arrival,
    events: Option<Template>,
    /// What one event is made of, where that is not what was sent.
    item: Option<Template>,
    fields: Vec<(Path, TemplateTree)>,
    states: Option<Table<State>>,
    severities: Option<Table<Severity>>,
    delivery_id: Option<Template>,
    settings: SourceSettings,
    repeats_itself: bool,
    auth: VendorAuth,
    /// What carries secrets and must never be kept.
    remove: Vec<Path>,
    poll: Option<RawPoll>,
}

/// How a vendor's payloads come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Arrival {
    /// The vendor sends them.
    #[default]
    Webhook,
    /// They are fetched from its API.
    Poll,
}

impl Arrival {
    /// Both with their names, which are those of the kinds of sources.
    pub const ALL: [(&'static str, Self); 2] = [("webhook", Self::Webhook), ("poll", Self::Poll)];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, arrival)| *arrival == self).map_or("", |(name, _)| name)
    }
}

/// A vendor's words for ours, without regard to case.
#[derive(Debug, Clone, Default)]
struct Table<T> {
    by_word: BTreeMap<String, T>,
    otherwise: Option<T>,
}

impl Preset {
    /// Its name: `datto-rmm`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The vendor's product as people know it.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What it reads, in a sentence.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Where to click in the vendor's product, step by step.
    pub fn setup(&self) -> &[String] {
        &self.setup
    }

    /// What to know before relying on it.
    pub fn caveats(&self) -> &[String] {
        &self.caveats
    }

    /// How its payloads come.
    pub fn arrival(&self) -> Arrival {
        self.arrival
    }

    /// What the vendor can do to prove who it is.
    pub fn auth(&self) -> &VendorAuth {
        &self.auth
    }

    /// The parts of a payload that carry secrets: they are removed before anything else sees it.
    pub fn removed(&self) -> &[Path] {
        &self.remove
    }

    /// The event's fields that it fills.
    pub(crate) fn sets(&self) -> impl Iterator<Item = &Path> {
        self.fields.iter().map(|(path, _)| path)
    }

    /// Whether the vendor sends the same body again on purpose, to say that a problem is still there.
    pub fn repeats_itself(&self) -> bool {
        self.repeats_itself
    }

    /// The preset as one source reads it.
    #[must_use]
    pub fn with(&self, settings: SourceSettings) -> Self {
        Self { settings, ..self.clone() }
    }

    /// How its product's API is asked, where it is one that is polled.
    pub fn poll(&self) -> Option<&RawPoll> {
        self.poll.as_ref()
    }

    /// Sample payloads, relative to `examples/payloads`.
    pub fn samples(&self) -> &[String] {
        &self.samples
    }
}

#[cfg(test)]
mod tests;
