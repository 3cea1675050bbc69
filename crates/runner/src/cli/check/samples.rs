//! Samples of what sources send: those of the presets, and the payloads that rule tests tell of.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use haloward_rules::{Delivery, Payload, Preset, Severity, StoryFile, Told};
use include_dir::{Dir, include_dir};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::cli::test::payload;
use crate::config::{GENERIC, Loaded};
use crate::receiver::body::{self, Content};

static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../examples/payloads");

/// The samples there are.
pub(super) struct Samples<'a> {
    loaded: &'a Loaded,
    /// Events from the payloads of rule tests, by source.
    payloads: BTreeMap<String, Vec<Value>>,
    /// All events that rule tests tell of.
    told: Vec<Value>,
}

impl<'a> Samples<'a> {
    /// The samples of an installation.
    pub(super) fn of(loaded: &'a Loaded, stories: &[StoryFile]) -> Self {
        let mut samples = Self { loaded, payloads: BTreeMap::new(), told: Vec::new() };
        for (file, told) in stories.iter().flat_map(|file| file.told().map(move |told| (file, told))) {
            match told {
                Told::Event(event) => samples.told.push(event.clone()),
                Told::Payload { path, source } => {
                    // A payload that cannot be read fails its test, which says so.
                    let Ok(payload) = payload(Path::new(file.path()), path) else { continue };
                    let Some((preset, _)) = loaded.preset_of(source) else { continue };
                    let events = events(&preset, source, payload.into());
                    samples.told.extend(events.iter().cloned());
                    samples.payloads.entry(source.to_owned()).or_default().extend(events);
                }
            }
        }
        samples
    }

    /// All events that rule tests tell of.
    pub(super) fn told(&self) -> &[Value] {
        &self.told
    }

    /// Events as the source sends them, where there is a sample.
    pub(super) fn of_source(&self, source: &str) -> Option<Vec<Value>> {
        let mut found = self.payloads.get(source).cloned().unwrap_or_default();
        if let Some((preset, _)) = self.loaded.preset_of(source) {
            found.extend(self.of_preset(&preset));
        }
        Some(found).filter(|found| !found.is_empty())
    }

    /// Events of all presets' samples.
    pub(super) fn all(&self) -> Vec<Value> {
        self.loaded.presets.iter().flat_map(|preset| self.of_preset(preset)).collect()
    }

    fn of_preset(&self, preset: &Arc<Preset>) -> Vec<Value> {
        // What fits the generic preset says nothing of what another tool sends.
        if preset.name() == GENERIC {
            return Vec::new();
        }
        let own = self.loaded.config.dir.join("payloads");
        let read = |name: &String| {
            let shipped = SHIPPED.get_file(name).map(|file| file.contents().to_vec());
            let bytes = shipped.or_else(|| std::fs::read(own.join(name)).ok())?;
            match body::understand("", &bytes) {
                Ok(Content::Payload(payload)) => Some(payload),
                _ => None,
            }
        };
        let payloads = preset.samples().iter().filter_map(read);
        payloads.flat_map(|payload| events(preset, preset.name(), payload)).collect()
    }
}

/// The events of one payload.
fn events(preset: &Preset, source: &str, payload: Payload) -> Vec<Value> {
    let mapped = preset.map(Delivery {
        source,
        payload,
        headers: Arc::new(Value::Object(Map::new())),
        default_severity: Severity::Medium,
        at: Timestamp::UNIX_EPOCH,
    });
    mapped.events.iter().map(|event| event.value().clone()).collect()
}
