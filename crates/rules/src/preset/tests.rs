use super::*;
use serde_json::{Value, json};

fn alertmanager() -> Arc<Preset> {
    let (set, findings) = PresetSet::load(&[], Some(&["alertmanager".into()]));
    assert!(findings.is_empty(), "{}", findings.render());
    set.get("alertmanager").expect("it is shipped").clone()
}

fn map(preset: &Preset, payload: Value) -> Mapped {
    preset.map(Delivery {
        source: "prom",
        payload: payload.into(),
        headers: Arc::new(json!({"x-request-id": "r-1"})),
        default_severity: crate::Severity::Medium,
        at: "2026-01-05T09:00:00Z".parse().expect("a time"),
    })
}

#[test]
fn every_shipped_preset_compiles() {
    let (set, findings) = PresetSet::load(&[], None);
    assert!(findings.is_empty(), "{}", findings.render());
    assert_eq!(set.iter().count(), PresetSet::shipped().len());
}

#[test]
fn one_payload_becomes_one_event_for_each_alert() {
    let alert = |status: &str, fingerprint: &str| {
        json!({
            "status": status, "fingerprint": fingerprint, "labels": {"alertname": "DiskFull", "severity": "page", "client": "Northwind"},
            "annotations": {"summary": "Disk full"}, "startsAt": "2026-01-05T08:00:00.5Z", "endsAt": "0001-01-01T00:00:00Z"
        })
    };
    let mapped = map(&alertmanager(), json!({"alerts": [alert("firing", "a"), alert("resolved", "b")]}));
    assert_eq!(mapped.events.len(), 2);
    let first = &mapped.events[0];
    assert_eq!(
        (first.state(), first.severity(), first.fingerprint()),
        (State::Firing, Severity::Critical, "a")
    );
    assert_eq!(first.value()["severity_raw"], json!("page"));
    assert_eq!(first.value()["client"]["name"], json!("Northwind"));
    assert_eq!(first.value()["started_at"], json!("2026-01-05T08:00:00.5Z"));
    assert_eq!(first.value().get("ended_at"), None, "the zero time means never");
    assert_eq!(first.value()["payload"]["status"], json!("firing"));
    assert_eq!(mapped.events[1].state(), State::Resolved);
}

#[test]
fn a_long_list_that_nobody_described_is_a_report_and_kept_as_one_event() {
    let (set, _) = PresetSet::load(&[], Some(&["generic".into()]));
    let generic = set.get("generic").expect("it is shipped").clone();
    let alerts = |count: usize| Value::Array(vec![json!({"title": "Disk full", "host": "srv-01"}); count]);
    assert_eq!(map(&generic, alerts(250)).events.len(), 250);
    for payload in [alerts(251), json!({"data": {"items": alerts(251)}})] {
        let mapped = map(&generic, payload.clone());
        let [only] = mapped.events.as_slice() else { panic!("{} events", mapped.events.len()) };
        let why = only.unmapped().expect("it was not looked through");
        assert!(why.contains("it holds a list of 251, and only 250 are looked through"), "{why}");
        assert_eq!(only.value()["payload"], payload, "nothing of it is lost");
    }
}

#[test]
fn a_list_of_great_things_that_nobody_described_is_a_report_too() {
    let (set, _) = PresetSet::load(&[], Some(&["generic".into()]));
    let generic = set.get("generic").expect("it is shipped").clone();
    let things = |fields: usize| {
        let mut thing: serde_json::Map<String, Value> =
            (0..fields).map(|number| (format!("field {number}"), number.into())).collect();
        thing.insert("title".to_owned(), "Disk full".into());
        json!([{ "report": thing.clone() }, { "title": "x", "report": thing }])
    };
    assert_eq!(map(&generic, things(990)).events.len(), 2);
    let mapped = map(&generic, things(1_000));
    let [only] = mapped.events.as_slice() else { panic!("{} events", mapped.events.len()) };
    let why = only.unmapped().expect("it was not looked through");
    assert!(why.contains("it holds more than 2000 fields, and no more are looked through"), "{why}");
}

#[test]
fn what_does_not_fit_is_kept_with_its_reason() {
    for (payload, why) in [
        (json!({"hello": 1}), "its list of events is not there"),
        (json!([1, 2]), "its list of events is not there"),
        (json!({"alerts": [{}]}), "it has none of the fields that its preset reads"),
        (json!({"alerts": [{"fingerprint": "a"}]}), "its state is missing"),
        (
            json!({"alerts": [{"fingerprint": "a", "status": "exploded"}]}),
            "its state `exploded` is none that its preset knows",
        ),
    ] {
        let mapped = map(&alertmanager(), payload.clone());
        assert_eq!(mapped.events[0].unmapped(), Some(why), "{payload}");
    }
    assert_eq!(map(&alertmanager(), json!({"alerts": []})).events.len(), 0);
}

#[test]
fn a_map_in_the_configuration_is_a_preset_too() {
    let file = crate::SourceFile::new(
        "c.yaml",
        "event: { title: '${item.name}', severity: high, client.name: '${item.who}' }\ndelivery_id: '${headers[\"x-request-id\"]}'\n",
    );
    let mut findings = crate::Findings::default();
    let node = crate::yaml::read(&file).expect("reads");
    let preset = Preset::inline("own", &file, &node, &mut findings).expect("a preset");
    assert!(findings.is_empty(), "{}", findings.render());
    let mapped = map(&preset, json!({"name": "Door open", "who": "Acme"}));
    assert_eq!(mapped.delivery_id.as_deref(), Some("r-1"));
    let event = &mapped.events[0];
    assert_eq!(
        (event.title(), event.severity(), event.state()),
        ("Door open", Severity::High, State::Firing)
    );
    assert_eq!(event.value()["client"]["name"], json!("Acme"));
}

#[test]
fn a_field_that_cannot_be_read_costs_that_field_only() {
    let file = crate::SourceFile::new(
        "p.yaml",
        "preset: x\nevent: { fingerprint: '${item.rule.id + 1}', check: '${item.check}', title: '${item.host.name - 1}', message: '${item.text}' }\n",
    );
    let mut findings = crate::Findings::default();
    let node = crate::yaml::read(&file).expect("reads");
    let preset = Preset::decode(&file, &node, &mut findings).expect("a preset");
    let mapped = map(&preset, json!({"rule": {"id": 7}, "check": "Disk", "host": "srv-01", "text": "full"}));
    let event = &mapped.events[0];
    assert_eq!((event.unmapped(), event.title(), event.fingerprint()), (None, "Disk", "8"));
    assert_eq!(event.value()["message"], json!("full"));
    let mapped = map(&preset, json!({"rule": "r", "check": "Disk"}));
    assert!(mapped.events[0].unmapped().is_some_and(|why| why.starts_with("`fingerprint`: ")));
}

#[test]
fn mistakes_in_a_preset_are_found_at_their_place() {
    let file = crate::SourceFile::new(
        "p.yaml",
        "preset: x\nevent: { titel: a, state: '${item.s}' }\nstates: { up: resolvd }\nseverity: {}\n",
    );
    let mut findings = crate::Findings::default();
    let node = crate::yaml::read(&file).expect("reads");
    assert!(Preset::decode(&file, &node, &mut findings).is_none());
    let text = findings.render();
    for part in [
        "a preset cannot set `titel`",
        "did you mean `title`?",
        "`states` cannot map to `resolvd`",
        "did you mean `resolved`?",
        "unknown field `severity`",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn the_vendors_words_stand_beside_the_events_they_became() {
    let preset = alertmanager();
    let alert = |labels: Value| json!({ "status": "firing", "fingerprint": "a", "labels": labels });
    let payload = json!({ "alerts": [alert(json!({ "alertname": "A", "severity": "page" })), alert(json!({ "alertname": "B" }))] });
    let said = preset.said(&Delivery {
        source: "prom",
        payload: payload.into(),
        headers: Arc::new(json!({})),
        default_severity: crate::Severity::Medium,
        at: "2026-01-05T09:00:00Z".parse().expect("a time"),
    });
    let expected = |severity: Option<&str>| VendorWords {
        state: Some("firing".into()),
        severity: severity.map(str::to_owned),
    };
    assert_eq!(said, [expected(Some("page")), expected(None)]);
    assert_eq!(preset.severity_of("page"), Some(Severity::Critical));
}

#[test]
fn secrets_in_a_payload_never_reach_an_event_not_even_of_one_that_does_not_fit() {
    let (set, findings) =
        PresetSet::load(&[], Some(&["meraki".into(), "domotz".into(), "aws-cloudwatch-sns".into()]));
    assert!(findings.is_empty(), "{}", findings.render());
    let payloads = [
        (
            "meraki",
            json!({"sharedSecret": "hunter2", "alertTypeId": "settings_changed", "alertType": "Settings"}),
        ),
        ("meraki", json!({"sharedSecret": "hunter2"})),
        (
            "domotz",
            json!({"data": {"device": {"details": {"snmp_read_community": "hunter2", "snmp_write_community": "hunter2"}}}}),
        ),
        (
            "aws-cloudwatch-sns",
            json!({"Type": "SubscriptionConfirmation", "TopicArn": "t", "Token": "hunter2", "SubscribeURL": "https://x/?Token=hunter2"}),
        ),
        (
            "aws-cloudwatch-sns",
            json!({"Type": "Notification", "Message": "x", "UnsubscribeURL": "https://x/hunter2"}),
        ),
    ];
    for (name, payload) in payloads {
        let mapped = map(set.get(name).expect("it is shipped"), payload.clone());
        assert!(!mapped.events.is_empty());
        for event in &mapped.events {
            let kept = event.value().to_string();
            assert!(!kept.contains("hunter2"), "{name}: {kept}");
        }
    }
}

#[test]
fn secrets_are_removed_from_a_text_that_nobody_could_read() {
    let (set, _) = PresetSet::load(&[], Some(&["meraki".into()]));
    let meraki = set.get("meraki").expect("it is shipped");
    for text in [
        r#"{"sharedSecret": "hunter2", "a": "b"c"}"#,
        r#"{"a": "b"c", "sharedSecret":"hun\"ter2"}"#,
        "{\"sharedSecret\" : \"hunter2",
        r#"{"sharedSecret": hunter2, "a": 1"#,
    ] {
        let kept = meraki.text_without_secrets(text.to_owned());
        assert!(!kept.contains("ter2") && kept.contains(r#""removed""#), "{kept}");
    }
    assert_eq!(meraki.text_without_secrets("{\"a\": \"b\"c\"}".into()), "{\"a\": \"b\"c\"}");
}

#[test]
fn a_preset_says_what_its_vendor_can_do_to_prove_who_it_is() {
    let (set, _) = PresetSet::load(&[], Some(&["pagerduty".into(), "meraki".into(), "cloudevents".into()]));
    let auth = |name: &str| set.get(name).expect("it is shipped").auth().clone();
    assert_eq!(auth("pagerduty").ways[..2], [AuthWay::Hmac, AuthWay::Header]);
    assert_eq!(auth("meraki").body.map(|path| path.to_string()), Some("sharedSecret".to_owned()));
    assert_eq!(auth("cloudevents").bearer_query.as_deref(), Some("access_token"));
    let file = crate::SourceFile::new(
        "p.yaml",
        "preset: a\nevent: { title: x }\nauth: { bearerr: {}, body: { path: 'a[].b' } }\n",
    );
    let (_, findings) = PresetSet::load(&[file], Some(&[]));
    let texts: Vec<&str> = findings.iter().map(|f| f.message.as_str()).collect();
    assert_eq!(texts, ["unknown field `bearerr`", "`a[].b` stands for many values"]);
}
