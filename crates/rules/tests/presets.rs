//! Every shipped preset against its samples, and against the vendors' own payloads where they are at hand.
//!
//! A sample's name says what it holds: `firing.json`, `disk-resolved.json`, `test.json`. A `…resolved` sample ends
//! the problem of the `…firing` sample beside it, so both have the same fingerprint.

#![expect(clippy::disallowed_methods, reason = "reads samples from files; the crate itself reads none")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use haloward_rules::{Delivery, Event, Mapped, Preset, PresetSet, Severity, SourceFile, State};
use serde_json::{Value, json};

fn manifest() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The presets as their files stand, so that a change to one needs no build to be tried.
fn presets() -> PresetSet {
    let mut files: Vec<SourceFile> = Vec::new();
    for file in std::fs::read_dir(manifest().join("presets")).expect("the presets are there").flatten() {
        let text = std::fs::read_to_string(file.path()).expect("a preset is text");
        files.push(SourceFile::new(format!("presets/{}", file.file_name().display()), text));
    }
    let (set, findings) = PresetSet::load(&files, Some(&[]));
    assert!(findings.is_empty(), "{}", findings.render());
    set
}

#[test]
fn the_binary_ships_every_preset_file() {
    let mut shipped = PresetSet::shipped();
    shipped.sort();
    let named: Vec<String> = presets().iter().map(|p| p.name().to_owned()).collect();
    assert_eq!(shipped, named, "a preset's file is called as the preset is");
}

fn samples() -> PathBuf {
    manifest().join("../../examples/payloads")
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn map(preset: &Preset, payload: Value) -> Mapped {
    preset.map(Delivery {
        source: preset.name(),
        payload: payload.into(),
        headers: Arc::new(json!({})),
        default_severity: Severity::Medium,
        at: "2026-02-01T09:00:00Z".parse().expect("a time"),
    })
}

/// The state that a file's name promises for its first event; `None` where the name promises nothing.
fn promised(name: &str) -> Option<State> {
    let stem = name.rsplit('/').next().unwrap_or(name).trim_end_matches(".json");
    let word = stem.rsplit('-').next().unwrap_or(stem);
    State::parse(word)
}

/// What is wrong with an event, in the reader's words.
fn faults(event: &Event) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(why) = event.unmapped() {
        return vec![format!("is unmapped: {why}")];
    }
    let text = |field: &str| event.value()[field].as_str().unwrap_or_default().trim().to_owned();
    if text("title").is_empty() || text("title").starts_with("Alert from ") {
        faults.push("has no title of its own".to_owned());
    }
    if text("fingerprint").trim_matches(['/', ':']).is_empty() {
        faults.push("has no fingerprint".to_owned());
    }
    if text("title").contains("${") || text("title").contains("{\"") {
        faults.push(format!("has an unreadable title: {}", text("title")));
    }
    for field in ["started_at", "ended_at", "occurred_at"] {
        if let Some(time) = event.value().get(field)
            && time.as_str().is_none_or(|t| t.parse::<jiff::Timestamp>().is_err())
        {
            faults.push(format!("has a `{field}` that is no time: {time}"));
        }
    }
    let raw = event.value().get("severity_raw").and_then(Value::as_str);
    if let Some(raw) = raw
        && event.severity() == Severity::Medium
        && ["critical", "high", "low", "info", "error"].contains(&raw.to_lowercase().as_str())
    {
        faults.push(format!("has a severity `{raw}` that its preset does not know"));
    }
    if event.value()["payload"].is_null() {
        faults.push("has lost its payload".to_owned());
    }
    faults
}

#[test]
fn every_sample_becomes_events_of_the_state_its_name_says() {
    let mut wrong = Vec::new();
    for preset in presets().iter() {
        if preset.samples().is_empty() {
            wrong.push(format!("{} has no samples", preset.name()));
        }
        for sample in preset.samples().iter().filter(|sample| is_json(sample)) {
            let mapped = map(preset, read(&samples().join(sample)));
            if mapped.events.is_empty() {
                wrong.push(format!("{}: {sample} holds no event", preset.name()));
            }
            for event in &mapped.events {
                for fault in faults(event) {
                    wrong.push(format!("{}: {sample} {fault}", preset.name()));
                }
            }
            if let (Some(expected), Some(first)) = (promised(sample), mapped.events.first())
                && first.state() != expected
            {
                wrong.push(format!("{}: {sample} is {}, not {expected}", preset.name(), first.state()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What becomes of each sample, for people to read: `tests/snapshots/presets__*.snap`.
#[test]
fn every_sample_becomes_the_event_that_people_looked_at() {
    for preset in presets().iter() {
        let mut shown: Vec<String> = Vec::new();
        for sample in preset.samples().iter().filter(|sample| is_json(sample)) {
            let mapped = map(preset, read(&samples().join(sample)));
            let delivery = mapped.delivery_id.map_or(String::new(), |id| format!(", delivery {id}"));
            shown.push(format!("{sample}{delivery}"));
            for event in mapped.events {
                let mut event = event.value().clone();
                for field in ["payload", "source"] {
                    event.as_object_mut().expect("an object").remove(field);
                }
                shown.push(format!("{event:#}"));
            }
        }
        insta::assert_snapshot!(preset.name(), shown.join("\n"));
    }
}

/// XML and forms are bodies, which this crate knows nothing of: the receiver's tests read those samples.
fn is_json(sample: &str) -> bool {
    Path::new(sample).extension().is_some_and(|extension| extension == "json")
}

#[test]
fn a_resolved_sample_ends_the_problem_of_the_firing_one() {
    let mut wrong = Vec::new();
    let mut pairs = 0;
    for preset in presets().iter() {
        for sample in preset.samples().iter().filter(|s| s.ends_with("resolved.json")) {
            let firing = sample.replace("resolved.json", "firing.json");
            assert!(preset.samples().contains(&firing), "{}: {sample} has no {firing}", preset.name());
            let first = |name: &str| map(preset, read(&samples().join(name))).events.remove(0);
            let (fired, ended) = (first(&firing), first(sample));
            if fired.fingerprint() != ended.fingerprint() {
                wrong.push(format!(
                    "{}: {} fired, {} ended",
                    preset.name(),
                    fired.fingerprint(),
                    ended.fingerprint()
                ));
            }
            pairs += 1;
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(pairs >= 10, "only {pairs} presets have a firing and a resolved sample");
}

#[test]
fn every_sample_file_belongs_to_a_preset() {
    let presets = presets();
    let known: Vec<&String> = presets.iter().flat_map(|p| p.samples()).collect();
    let mut lost = Vec::new();
    for vendor in std::fs::read_dir(samples()).expect("the samples are there").flatten() {
        for file in std::fs::read_dir(vendor.path()).expect("a vendor's folder").flatten() {
            let name = format!("{}/{}", vendor.file_name().display(), file.file_name().display());
            if !known.contains(&&name) {
                lost.push(name);
            }
        }
    }
    assert!(lost.is_empty(), "no preset names {lost:?}");
}

#[test]
fn every_preset_tells_staff_what_to_do() {
    for preset in presets().iter() {
        assert!(preset.description().is_some_and(|d| d.len() > 20), "{} has no description", preset.name());
        assert!(preset.setup().len() >= 2, "{} has no setup steps", preset.name());
        assert!(!preset.caveats().is_empty(), "{} says nothing of its limits", preset.name());
        assert_ne!(preset.title(), preset.name(), "{} has no title", preset.name());
    }
}

/// No preset may fail on a payload that is none of its vendor's; it says that it does not fit.
#[test]
fn foreign_payloads_never_break_a_preset() {
    let foreign = [
        json!(null),
        json!("text"),
        json!(7),
        json!([]),
        json!({}),
        json!([1, "two", null]),
        json!({"alerts": {"a": 1}, "data": "x", "event": ["y"], "status": {"z": []}}),
    ];
    for preset in presets().iter() {
        for payload in &foreign {
            for event in map(preset, payload.clone()).events {
                assert!(event.unmapped().is_some() || !event.title().is_empty(), "{}", preset.name());
            }
        }
    }
}

/// Passwords that samples carry where the vendor sends real ones.
#[test]
fn secrets_in_a_payload_are_not_kept_with_the_event() {
    for preset in presets().iter() {
        for sample in preset.samples().iter().filter(|sample| is_json(sample)) {
            for event in map(preset, read(&samples().join(sample))).events {
                let text = event.value().to_string();
                for secret in ["sample-shared-secret", "sample-read", "sample-write", "sample-visa"] {
                    assert!(!text.contains(secret), "{sample} keeps {secret}");
                }
            }
        }
    }
}

#[test]
fn a_binary_cloudevent_is_read_from_its_headers() {
    let presets = presets();
    let preset = presets.get("cloudevents").expect("it is there");
    let mapped = preset.map(Delivery {
        source: "ce",
        payload: json!({"severity": "critical", "title": "Pump stopped", "device": "pump-2"}).into(),
        headers: Arc::new(json!({"ce-type": "example.pump.firing", "ce-source": "/hall", "ce-subject": "pump-2", "ce-id": "9"})),
        default_severity: Severity::Medium,
        at: "2026-02-01T09:00:00Z".parse().expect("a time"),
    });
    assert_eq!(mapped.delivery_id.as_deref(), Some("/hall/9"));
    let event = &mapped.events[0];
    assert_eq!((event.state(), event.severity()), (State::Firing, Severity::Critical));
    assert_eq!((event.title(), event.fingerprint()), ("Pump stopped", "/hall/pump-2"));
}

#[test]
fn a_vendors_own_delivery_id_is_found() {
    let presets = presets();
    for (name, sample, expected) in [
        ("pagerduty", "pagerduty/firing.json", Some("01SAMPLEEVENT0000000000001")),
        ("level-io", "level-io/firing.json", Some("70a4c2e1-8d7f-4b11-8a3c-d20f51b7e001")),
        (
            "aws-cloudwatch-sns",
            "aws-cloudwatch-sns/firing.json",
            Some("5f3c1a8e-0b1d-5a52-9d0e-4af1b2c3d401"),
        ),
        ("ninjaone", "ninjaone/firing.json", Some("90211")),
        ("meraki", "meraki/firing.json", Some("629050147587123001")),
        ("grafana", "grafana/firing.json", None),
    ] {
        let mapped = map(presets.get(name).expect("it is there"), read(&samples().join(sample)));
        assert_eq!(mapped.delivery_id.as_deref(), expected, "{name}");
    }
}

/// Tools nobody described, each with the fields that are found of it.
#[test]
fn the_generic_preset_finds_the_usual_fields() {
    let presets = presets();
    let preset = presets.get("generic").expect("it is there");
    let mut wrong = Vec::new();
    for (payload, expected) in [
        (
            json!({"id": "L1", "status": "active", "message": "CPU high", "level": "critical", "host": "srv-01", "halo_customer_name": "Contoso"}),
            json!({"state": "firing", "severity": "critical", "title": "CPU high", "device.name": "srv-01", "client.name": "Contoso", "fingerprint": "L1"}),
        ),
        (
            json!({"ImpactedEntity": "srv-01", "PID": "-1", "ProblemID": "P-1", "ProblemTitle": "CPU saturation", "State": "RESOLVED", "ProblemURL": "https://x.test/1"}),
            json!({"state": "resolved", "title": "CPU saturation", "device.name": "srv-01", "fingerprint": "P-1", "url": "https://x.test/1"}),
        ),
        (
            json!({"alert": {"id": "a-1", "name": "Disk full", "severity": "warning", "status": "open", "device": {"name": "srv-01", "id": 9}, "customer": {"name": "Contoso", "id": 3}}}),
            json!({"state": "firing", "severity": "medium", "title": "Disk full", "device.name": "srv-01", "device.id": "9", "client.name": "Contoso", "client.id": "3", "fingerprint": "a-1"}),
        ),
        (
            json!({"event": "alert.resolved", "data": {"alert": {"uuid": "a-1", "summary": "Disk full", "hostname": "srv-01"}, "organization": "Contoso"}}),
            json!({"state": "resolved", "title": "Disk full", "device.name": "srv-01", "client.name": "Contoso", "fingerprint": "a-1"}),
        ),
        (
            json!({"data": {"alerts": [{"id": 1, "title": "A", "severity": "high"}, {"id": 2, "title": "B"}]}}),
            json!({"title": "A", "severity": "high", "fingerprint": "1"}),
        ),
        (
            json!({"id": "n", "issueUrl": "https://x.test/n", "title": "High CPU", "priority": "CRITICAL", "state": "ACTIVATED", "impactedEntities": ["srv-01"]}),
            json!({"state": "firing", "severity": "critical", "device.name": "srv-01", "url": "https://x.test/n"}),
        ),
        (
            json!({"MONITORNAME": "Web shop", "MONITORURL": "https://shop.test", "STATUS": "DOWN", "MONITOR_ID": "77", "INCIDENT_REASON": "timeout"}),
            json!({"state": "firing", "title": "Web shop", "fingerprint": "77", "message": "timeout", "url": "https://shop.test"}),
        ),
        (
            json!({"job": "Nightly", "host": "srv-01", "success": false, "error": "no space"}),
            json!({"state": "firing", "title": "Nightly", "message": "no space", "device.name": "srv-01"}),
        ),
        (
            json!({"job": "Nightly", "host": "srv-01", "success": true}),
            json!({"state": "resolved", "title": "Nightly"}),
        ),
        (
            json!({"Alert": {"AlertId": "7", "Subject": "Disk", "Body": "Disk full", "Agent": {"Name": "srv-01"}, "Org": {"Name": "Contoso"}}}),
            json!({"title": "Disk", "message": "Disk full", "device.name": "srv-01", "client.name": "Contoso", "fingerprint": "7"}),
        ),
        (
            json!("Disk full on srv-01\nC: has 1 % left"),
            json!({"title": "Disk full on srv-01", "message": "Disk full on srv-01\nC: has 1 % left"}),
        ),
        (json!({"alert_id": "{{alert.id}}", "title": "{{alert.message}}"}), json!({"state": "test"})),
    ] {
        let events = map(preset, payload.clone()).events;
        for (path, value) in expected.as_object().expect("an object") {
            let got = path.split('.').fold(events[0].value(), |at, key| &at[key]);
            if got != value {
                wrong.push(format!("{payload}: {path} is {got}, not {value}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let many: Vec<Value> =
        (0..250).map(|n| json!({"id": n, "title": "Disk full", "host": format!("srv-{n}")})).collect();
    let events = map(preset, json!({ "alerts": many })).events;
    assert_eq!((events.len(), events[249].fingerprint()), (250, "249"));
}

/// The vendors' own payloads, which cannot be in the repository: file, preset, the states of its events in order.
const VENDORS: &[(&str, &str, &str)] = &[
    ("alertmanager/firing.json", "alertmanager", "firing"),
    ("alertmanager/firing-v0.34.json", "alertmanager", "firing"),
    ("alertmanager/resolved.json", "alertmanager", "resolved"),
    ("alertmanager/batch.json", "alertmanager", "firing resolved"),
    ("grafana/firing.json", "grafana", "firing"),
    ("grafana/resolved.json", "grafana", "resolved"),
    ("grafana/batch.json", "grafana", "firing firing"),
    ("uptime-kuma/firing.json", "uptime-kuma", "firing"),
    ("uptime-kuma/resolved.json", "uptime-kuma", "resolved"),
    ("uptime-kuma/test.json", "uptime-kuma", "test"),
    ("uptime-kuma/certificate.json", "uptime-kuma", "firing"),
    ("zabbix/firing.json", "zabbix", "firing"),
    ("zabbix/resolved.json", "zabbix", "resolved"),
    ("zabbix/full-firing.json", "zabbix", "firing"),
    ("zabbix/full-resolved.json", "zabbix", "resolved"),
    ("zabbix/halo-notify.json", "zabbix", "firing"),
    ("datto-rmm/firing.json", "datto-rmm", "firing"),
    ("datto-rmm/resolved.json", "datto-rmm", "resolved"),
    ("datto-rmm/test.json", "datto-rmm", "test"),
    ("datto-rmm/halo-notify-firing.json", "datto-rmm", "firing"),
    ("datto-rmm/halo-notify-resolved.json", "datto-rmm", "resolved"),
    ("datto-rmm/api-alert.json", "datto-rmm-alerts", "firing"),
    ("datto-rmm/api-alert-resolved.json", "datto-rmm-alerts", "resolved"),
    ("datto-rmm/api-alerts-open.json", "datto-rmm-alerts", "firing firing"),
    ("ninjaone/firing.json", "ninjaone", "firing"),
    ("ninjaone/resolved.json", "ninjaone", "resolved"),
    ("ninjaone/channel-firing.json", "ninjaone", "firing"),
    ("ninjaone/not-an-alert.json", "ninjaone", "update"),
    ("ninjaone/api-alerts.json", "ninjaone-alerts", "firing"),
    ("huntress/firing.json", "huntress", "firing"),
    ("huntress/resolved.json", "huntress", "resolved"),
    ("huntress/comment.json", "huntress", "update"),
    ("huntress/escalation.json", "huntress", "firing"),
    ("huntress/escalation-resolved.json", "huntress", "resolved"),
    ("huntress/notice.json", "huntress", "info"),
    ("huntress/api-incident-reports.json", "huntress-incidents", "resolved"),
    ("azure-monitor/firing.json", "azure-monitor", "firing"),
    ("azure-monitor/resolved.json", "azure-monitor", "resolved"),
    ("azure-monitor/log-search-firing.json", "azure-monitor", "firing"),
    ("prtg/firing.json", "prtg", "firing"),
    ("prtg/resolved.json", "prtg", "resolved"),
    ("prtg/acknowledged.json", "prtg", "acknowledged"),
    ("prtg/test.json", "prtg", "test"),
    ("veeam/one-alarm-firing.json", "veeam", "firing"),
    ("veeam/one-alarm-resolved.json", "veeam", "resolved"),
    ("veeam/vspc-alarm-firing.json", "veeam", "firing"),
    ("veeam/vspc-alarm-resolved.json", "veeam", "resolved"),
    ("veeam/vbr-malware-event.json", "veeam", "info"),
    ("healthchecks/firing.json", "healthchecks", "firing"),
    ("healthchecks/resolved.json", "healthchecks", "resolved"),
    ("healthchecks/minimal.json", "healthchecks", "firing"),
    ("acronis/api-alerts.json", "acronis-alerts", "firing firing"),
    ("acronis/api-alerts-cleared.json", "acronis-alerts", "firing"),
    ("atera/api-alerts.json", "atera-alerts", "firing"),
    ("atera/api-alerts-resolved.json", "atera-alerts", "resolved"),
    ("atera/halo-notify.json", "atera-alerts", "firing"),
    ("auvik/firing.json", "auvik", "firing"),
    ("auvik/resolved.json", "auvik", "resolved"),
    ("aws-cloudwatch-sns/firing.json", "aws-cloudwatch-sns", "firing"),
    ("aws-cloudwatch-sns/resolved.json", "aws-cloudwatch-sns", "resolved"),
    ("aws-cloudwatch-sns/alarm-message.json", "aws-cloudwatch-sns", "firing"),
    ("aws-cloudwatch-sns/insufficient-data.json", "aws-cloudwatch-sns", "update"),
    ("aws-cloudwatch-sns/subscription-confirmation.json", "aws-cloudwatch-sns", "test"),
    ("aws-cloudwatch-sns/unsubscribe-confirmation.json", "aws-cloudwatch-sns", "info"),
    ("backup-radar/api-backups-failed.json", "backup-radar-backups", "firing"),
    ("backup-radar/api-backups-ok.json", "backup-radar-backups", "resolved"),
    ("checkmk/firing.json", "checkmk", "firing"),
    ("checkmk/resolved.json", "checkmk", "resolved"),
    ("checkmk/service-firing.json", "checkmk", "firing"),
    ("cipp/firing.json", "cipp", "info info"),
    ("cipp/custom-test.json", "cipp", "info"),
    ("cipp/legacy.json", "cipp", "info"),
    ("cloudevents/alert.json", "cloudevents", "firing"),
    ("cloudevents/structured.json", "cloudevents", "info"),
    ("cloudevents/batch.json", "cloudevents", "info info"),
    ("connectwise-automate/firing.json", "connectwise-automate", "firing"),
    ("connectwise-automate/resolved.json", "connectwise-automate", "resolved"),
    ("cove/api-statistics-failed.json", "cove-devices", "firing"),
    ("cove/api-statistics-ok.json", "cove-devices", "resolved"),
    ("datadog/firing.json", "datadog", "firing"),
    ("datadog/resolved.json", "datadog", "resolved"),
    ("datadog/default-template.json", "datadog", "firing"),
    ("datto-bcdr/api-alerts.json", "datto-bcdr-alerts", "firing"),
    ("datto-bcdr/api-alerts-empty.json", "datto-bcdr-alerts", ""),
    ("domotz/firing.json", "domotz", "firing"),
    ("domotz/resolved.json", "domotz", "resolved"),
    ("domotz/agent-down.json", "domotz", "firing"),
    ("domotz/agent-up.json", "domotz", "resolved"),
    ("domotz/rtd-detected.json", "domotz", "firing"),
    ("domotz/rtd-resolved.json", "domotz", "resolved"),
    ("domotz/wan-change.json", "domotz", "info"),
    ("duo/auth-fraud.json", "duo-events", "info"),
    ("duo/trust-monitor-auth.json", "duo-events", "info"),
    ("duo/trust-monitor-bypass.json", "duo-events", "info"),
    ("duo/trust-monitor-registration.json", "duo-events", "info"),
    ("github/dependabot-created.json", "github", "firing"),
    ("github/dependabot-fixed.json", "github", "resolved"),
    ("github/ping.json", "github", "test"),
    ("github/workflow-run-completed.json", "github", "resolved"),
    ("halopsa-outbound/ticket-created.json", "halopsa", "update"),
    ("halopsa-outbound/ticket-closed.json", "halopsa", "update"),
    ("level-io/firing.json", "level-io", "firing"),
    ("level-io/resolved.json", "level-io", "resolved"),
    ("level-io/api-alerts.json", "level-io-alerts", "firing resolved"),
    ("librenms/firing.json", "librenms", "firing"),
    ("librenms/resolved.json", "librenms", "resolved"),
    ("meraki/firing.json", "meraki", "firing"),
    ("meraki/resolved.json", "meraki", "resolved"),
    ("meraki/port-down.json", "meraki", "firing"),
    ("meraki/port-up.json", "meraki", "resolved"),
    ("meraki/vpn-down.json", "meraki", "firing"),
    ("meraki/vpn-up.json", "meraki", "resolved"),
    ("meraki/no-resolve.json", "meraki", "info"),
    ("microsoft-graph-security/api-alerts.json", "microsoft-graph-security-alerts", "firing"),
    ("microsoft-graph-security/api-alerts-resolved.json", "microsoft-graph-security-alerts", "resolved"),
    ("n-able-ncentral/json-firing.json", "n-able-ncentral", "firing"),
    ("n-able-ncentral/json-resolved.json", "n-able-ncentral", "resolved"),
    ("n-able-ncentral/custom-psa-create.json", "n-able-ncentral", "firing"),
    ("n-able-ncentral/custom-psa-close.json", "n-able-ncentral", "resolved"),
    ("n-able-nsight/list-failing-checks.json", "n-able-nsight-checks", "firing firing"),
    ("nagios-icinga/problem.json", "nagios-icinga", "firing"),
    ("nagios-icinga/recovery.json", "nagios-icinga", "resolved"),
    ("nagios-icinga/icinga2-keep-firing.json", "nagios-icinga", "firing"),
    ("nagios-icinga/icinga2-keep-resolved.json", "nagios-icinga", "resolved"),
    ("nagios-icinga/macro-host.json", "nagios-icinga", "resolved"),
    ("nagios-icinga/macro-service.json", "nagios-icinga", "firing"),
    ("nagios-icinga/template.json", "nagios-icinga", "test"),
    ("netdata/firing.json", "netdata", "firing"),
    ("netdata/resolved.json", "netdata", "resolved"),
    ("netdata/unreachable.json", "netdata", "firing"),
    ("netdata/reachable.json", "netdata", "resolved"),
    ("opsgenie/firing.json", "opsgenie", "firing"),
    ("opsgenie/resolved.json", "opsgenie", "resolved"),
    ("pagerduty/firing.json", "pagerduty", "firing"),
    ("pagerduty/resolved.json", "pagerduty", "resolved"),
    ("pagerduty/priority-updated.json", "pagerduty", "update"),
    ("pagerduty/test.json", "pagerduty", "test"),
    ("saas-alerts/event.json", "saas-alerts", "info"),
    ("saas-alerts/batch.json", "saas-alerts", "info info"),
    ("sentinelone/threat-firing.json", "sentinelone-alerts", "firing"),
    ("sentinelone/threat-resolved.json", "sentinelone-alerts", "resolved"),
    ("sentinelone/star-alert.json", "sentinelone-alerts", "firing"),
    ("sentinelone/unified-alert-firing.json", "sentinelone-alerts", "firing"),
    ("sentinelone/unified-alert-resolved.json", "sentinelone-alerts", "resolved"),
    ("sentry/metric-firing.json", "sentry", "firing"),
    ("sentry/metric-resolved.json", "sentry", "resolved"),
    ("sentry/issue-alert.json", "sentry", "firing"),
    ("sentry/issue-created.json", "sentry", "firing"),
    ("sentry/issue-resolved.json", "sentry", "resolved"),
    ("syncro/webhook-firing.json", "syncro", "firing"),
    ("syncro/webhook-resolved.json", "syncro", "resolved"),
    ("syncro/api-alerts.json", "syncro-alerts", "firing"),
    ("syncro/api-alerts-resolved.json", "syncro-alerts", "resolved"),
    ("tactical-rmm/firing.json", "tactical-rmm", "firing"),
    ("tactical-rmm/resolved.json", "tactical-rmm", "resolved"),
    ("tactical-rmm/simple.json", "tactical-rmm", "firing"),
    ("tactical-rmm/zammad.json", "tactical-rmm", "firing"),
    ("tactical-rmm/test.json", "tactical-rmm", "test"),
    ("unifi/protect-alarm.json", "unifi", "info"),
    ("unifi/test.json", "unifi", "test"),
];

/// Firing and resolved files that are different problems, or whose sender gives no common identity.
const DIFFERENT_PROBLEMS: &[&str] = &["sentinelone/threat-resolved.json"];

/// How the files of an end and of its beginning are called.
const PAIRS: &[(&str, &str)] = &[
    ("resolved", "firing"),
    ("recovery", "problem"),
    ("-up", "-down"),
    ("rtd-resolved", "rtd-detected"),
    ("psa-close", "psa-create"),
    ("/reachable", "/unreachable"),
    ("api-alerts-resolved", "api-alerts"),
    ("api-backups-ok", "api-backups-failed"),
    ("statistics-ok", "statistics-failed"),
];

#[test]
fn the_vendors_own_payloads_are_understood() {
    let shared = shared();
    if !shared.is_dir() {
        println!("skipped: no vendors' payloads at {}", shared.display());
        return;
    }
    let presets = presets();
    let mut wrong = Vec::new();
    let mut fingerprints: BTreeMap<&str, String> = BTreeMap::new();
    for (file, name, states) in VENDORS {
        let preset = presets.get(name).unwrap_or_else(|| panic!("there is no preset {name}"));
        let path = shared.join(file);
        if !path.is_file() {
            println!("skipped: {} is not there", path.display());
            continue;
        }
        let events = map(preset, read(&path)).events;
        let got = events.iter().map(|e| e.state().as_str()).collect::<Vec<_>>().join(" ");
        if got != *states {
            wrong.push(format!("{file}: expected {states}, got {got}"));
        }
        wrong.extend(events.iter().flat_map(faults).map(|fault| format!("{file} {fault}")));
        if let Some(first) = events.first() {
            fingerprints.insert(file, first.fingerprint().to_owned());
        }
    }
    for (file, ended) in &fingerprints {
        let fired = PAIRS.iter().find_map(|(end, start)| {
            file.contains(end).then(|| fingerprints.get(file.replace(end, start).as_str())).flatten()
        });
        if fired.is_some_and(|fired| fired != ended) && !DIFFERENT_PROBLEMS.contains(file) {
            wrong.push(format!("{file}: {} fired, {ended} ended", fired.map_or("", |f| f)));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Fields that the index of vendors' payloads names, and that we fill otherwise, each for its reason.
const OTHERWISE: &[(&str, &str)] = &[
    // Tags are words; only one such as `client=NAME` is a client.
    ("healthchecks", "client"),
    // A place of a network, which is the event's `site`.
    ("librenms", "client"),
    // There, but empty.
    ("nagios-icinga", "url"),
    // People, who are the event's `user`.
    ("saas-alerts", "device"),
];

/// The table "Mapping per vendor" of the index: what stands in a column is filled.
#[test]
fn the_fields_that_vendors_send_are_filled() {
    let shared = shared();
    let Ok(index) = std::fs::read_to_string(shared.join("INDEX.md")) else {
        println!("skipped: no index at {}", shared.display());
        return;
    };
    let presets = presets();
    let rows = index.lines().skip_while(|line| !line.starts_with("### Mapping per vendor"));
    let rows =
        rows.skip_while(|line| !line.starts_with("|---")).skip(1).take_while(|line| line.starts_with('|'));
    let mut wrong = Vec::new();
    let mut checked = 0;
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [vendor, file, _, _, _, _, severity, title, message, url, device, client, check, time] =
            cells[..]
        else {
            wrong.push(format!("a row of {} columns: {row}", cells.len()));
            continue;
        };
        let file = format!("{vendor}/{}", file.trim_matches('`'));
        let Some((_, preset, _)) = VENDORS.iter().find(|(known, _, _)| *known == file) else {
            wrong.push(format!("{file} is not among the payloads above"));
            continue;
        };
        let events = map(presets.get(preset).expect("it is there"), read(&shared.join(&file))).events;
        let event = events[0].value();
        let filled = |path: &[&str]| {
            let value = path.iter().fold(event, |at, key| &at[*key]);
            !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty())
        };
        let is_named = |cell: &str| cell.contains('`');
        for (column, cell, is_filled) in [
            ("severity", severity, filled(&["severity_raw"])),
            ("title", title, filled(&["title"])),
            ("message", message, filled(&["message"])),
            ("url", url, filled(&["url"])),
            ("device", device, filled(&["device", "name"]) || filled(&["device", "id"])),
            ("client", client, filled(&["client", "name"]) || filled(&["client", "id"])),
            ("check", check, filled(&["check"])),
            ("time", time, filled(&["occurred_at"])),
        ] {
            if is_named(cell) && !is_filled && !OTHERWISE.contains(&(vendor, column)) {
                wrong.push(format!("{file}: no {column}, though there is {cell}"));
            }
        }
        checked += 1;
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(checked > 30, "only {checked} rows were found");
}

fn shared() -> PathBuf {
    std::env::var_os("HALOWARD_SHARED")
        .map_or_else(|| manifest().join("../../../shared"), PathBuf::from)
        .join("payloads")
}
