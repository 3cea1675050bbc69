//! Sending payloads as vendors do.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::install::TOKEN;

/// What the receiver answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, where it is JSON.
    pub body: Value,
}

/// A client for plain HTTP on loopback.
pub fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocols")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().expect("a client")
}

/// One alert of an Alertmanager payload.
pub fn alert(status: &str, fingerprint: &str, check: &str, volume: &str) -> Value {
    json!({
        "status": status,
        "fingerprint": fingerprint,
        "labels": {
            "alertname": check, "severity": "critical", "instance": format!("srv-{fingerprint}"),
            "volume": volume, "client": "Northwind Dental"
        },
        "annotations": { "summary": format!("{check} on srv-{fingerprint}"), "description": "only <b>2%</b> left" },
        "startsAt": "2026-01-05T08:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example/graph"
    })
}

/// A payload of Alertmanager, in the structure that version 4 of its webhook has.
pub fn alertmanager(alerts: &[Value]) -> Value {
    json!({
        "version": "4", "groupKey": "{}:{}", "status": "firing", "receiver": "haloward",
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": "http://alertmanager.example", "alerts": alerts
    })
}

/// Posts a payload to a source, with its token.
pub async fn post(url: &str, source: &str, payload: &Value) -> Result<Answer, reqwest::Error> {
    let response = client().post(format!("{url}/hooks/{source}/{TOKEN}")).json(payload).send().await?;
    let status = response.status().as_u16();
    let text = response.text().await?;
    Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::Null) })
}
