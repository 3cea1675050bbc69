//! What is fuzzed: a request of any bytes, up to its events. The target of `fuzz/` and the bounded run among the ordinary
//! tests are this same function.

use std::sync::LazyLock;

use haloward::intake::Mapping;
use haloward::receiver::events_of;
use haloward_rules::{PresetSet, Severity};
use jiff::Timestamp;

const NOW: Timestamp = Timestamp::constant(1_767_603_600, 0);
const MOST: usize = 64 * 1024;

static PRESETS: LazyLock<PresetSet> = LazyLock::new(|| PresetSet::load(&[], None).0);

/// The first line is the preset, the content type and the content encoding, with `|` between them; the rest the body.
pub(crate) fn receive(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..end]);
    let body = bytes.get(end + 1..).unwrap_or_default();
    let mut parts = head.split('|');
    let mut part = || parts.next().unwrap_or_default();
    let (preset, content_type, encoding) = (part(), part(), part());
    let presets = &*PRESETS;
    let Some(preset) = presets.get(preset).or_else(|| presets.get("generic")) else { return };
    let mapping = Mapping { source: "fuzz".into(), preset: preset.clone(), severity: Severity::Medium };
    let headers = [("content-type", content_type), ("content-encoding", encoding)];
    match events_of(&mapping, &headers, body, MOST, NOW) {
        Ok(events) => {
            for new in &events {
                let event = &new.event;
                assert!(!event.title().trim().is_empty(), "an event has a title");
                assert!(!event.fingerprint().is_empty(), "an event has a fingerprint");
                let text = serde_json::to_string(event).expect("an event is JSON");
                let again: haloward_rules::Event =
                    serde_json::from_str(&text).expect("which reads as an event");
                assert_eq!(again.fingerprint(), event.fingerprint());
            }
        }
        Err(refused) => {
            assert!(matches!(refused.status, 400 | 413 | 415), "{refused:?}");
            assert!(!refused.why.is_empty(), "{refused:?}");
        }
    }
}
