//! Samples that are no JSON, as they come over the wire, through their presets.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use haloward_rules::{Delivery, Event, Preset, PresetSet, Severity};
use serde_json::json;

use super::{Content, understand};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/payloads")
}

fn shared() -> PathBuf {
    std::env::var_os("HALOWARD_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from)
        .join("payloads")
}

/// The events of a body that is sent as this content type.
fn events(preset: &Preset, content_type: &str, path: &Path) -> Vec<Event> {
    let body = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let payload = match understand(content_type, &body) {
        Ok(Content::Payload(payload)) => payload,
        other => panic!("{}: {other:?}", path.display()),
    };
    let delivery = Delivery {
        source: preset.name(),
        payload,
        headers: Arc::new(json!({})),
        default_severity: Severity::Medium,
        at: "2026-02-01T09:00:00Z".parse().unwrap(),
    };
    preset.map(delivery).events
}

/// The content type that a vendor gives a body of that kind.
fn label(path: &Path) -> &'static str {
    let name = path.to_string_lossy();
    if path.extension() == Some("xml".as_ref()) {
        "text/xml"
    } else if name.contains("prtg") {
        "application/x-www-form-urlencoded"
    } else {
        "application/json"
    }
}

#[test]
fn samples_that_are_no_json_become_events_as_well() {
    let (presets, findings) = PresetSet::load(&[], None);
    assert!(findings.is_empty(), "{}", findings.render());
    let mut read = 0;
    for preset in presets.iter() {
        for sample in
            preset.samples().iter().filter(|sample| Path::new(sample).extension() != Some("json".as_ref()))
        {
            let path = examples().join(sample);
            for content_type in [label(&path), ""] {
                let events = events(preset, content_type, &path);
                assert!(!events.is_empty(), "{sample}");
                for event in events {
                    assert_eq!(event.unmapped(), None, "{sample}");
                    assert!(sample.contains(event.state().as_str()), "{sample}: {}", event.state());
                    assert_ne!(event.value()["device"]["name"], json!(null), "{sample}");
                }
            }
            read += 1;
        }
    }
    assert!(read >= 6, "only {read} samples are no JSON");
}

#[test]
fn a_problem_is_the_same_in_xml_when_it_is_over() {
    let (presets, _) = PresetSet::load(&[], None);
    let preset = presets.get("n-able-ncentral").unwrap();
    let first = |name: &str| events(preset, "text/xml", &examples().join(name)).remove(0);
    let (fired, ended) = (first("n-able-ncentral/xml-firing.xml"), first("n-able-ncentral/xml-resolved.xml"));
    assert_eq!(fired.fingerprint(), ended.fingerprint());
    assert_eq!(fired.value()["client"], json!({"name": "Kestrel Logistics"}));
    assert_eq!(fired.value()["site"], json!({"name": "Depot North"}));
}

#[test]
fn a_message_that_was_not_escaped_arrives_whole() {
    let (presets, _) = PresetSet::load(&[], None);
    let preset = presets.get("datto-rmm").unwrap();
    let event =
        events(preset, "application/json", &examples().join("datto-rmm/unescaped-firing.txt")).remove(0);
    let message =
        "The service \"Print Spooler\" (C:\\Windows\\System32\\spoolsv.exe) has stopped:\nexit code 1";
    assert_eq!(event.value()["message"], json!(message));
    assert_eq!(event.severity(), Severity::Critical);
}

/// The vendors' own, where they are at hand: file, content type, preset, states.
const VENDORS: &[(&str, &str, &str, &str)] = &[
    ("n-able-ncentral/firing.xml", "text/xml", "n-able-ncentral", "firing"),
    ("n-able-ncentral/resolved.xml", "application/xml", "n-able-ncentral", "resolved"),
    ("n-able-nsight/list-failing-checks.xml", "text/xml", "n-able-nsight-checks", "firing firing"),
    ("prtg/request-body-form.txt", "application/x-www-form-urlencoded", "prtg", "firing"),
    ("prtg/request-body-urlencoded-json.txt", "application/x-www-form-urlencoded", "prtg", "firing"),
];

#[test]
fn the_vendors_own_bodies_are_understood() {
    let (presets, _) = PresetSet::load(&[], None);
    for (file, content_type, preset, states) in VENDORS {
        let path = shared().join(file);
        if !path.is_file() {
            println!("skipped: {} is not there", path.display());
            continue;
        }
        let events = events(presets.get(preset).unwrap(), content_type, &path);
        let got: Vec<&str> = events.iter().map(|event| event.state().as_str()).collect();
        assert_eq!(got.join(" "), *states, "{file}");
        assert!(
            events.iter().all(|event| event.unmapped().is_none() && !event.fingerprint().is_empty()),
            "{file}"
        );
    }
}
