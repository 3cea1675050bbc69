//! Rules as staff write them, as many as wanted.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// So many rules, each led by the check it is about; `Check 0` opens the tickets.
pub(super) fn many(count: usize) -> String {
    let mut text = String::from("defaults: { ticket: { type: Alert } }\nrules:\n");
    for n in 0..count {
        let _ = write!(
            text,
            "  - id: rule-{n}
    when: {{ check: \"Check {n}\", severity: [high, critical], device.name: {{ starts_with: srv }} }}
    key: check-{n}/${{event.device.name}}
    then:
      open_ticket:
        summary: \"${{event.check}} on ${{event.device.name}}\"
        details: \"**${{event.title}}**: ${{event.message}}\"
        client: ${{event.client.name}}
        priority: {{ critical: Critical, else: High }}
"
        );
    }
    text
}

/// An alert of about 700 bytes that the first of them decides; `n` is which problem it is.
pub(super) fn alert(n: &str) -> Value {
    json!({
        "status": "firing",
        "fingerprint": n,
        "labels": {
            "alertname": "Check 0", "severity": "high", "instance": format!("srv-{n}"), "client": "Northwind Dental",
            "job": "node", "volume": "C:", "environment": "production"
        },
        "annotations": {
            "summary": "Disk C: is nearly full",
            "description": "The free space on drive C: fell below the threshold that the policy sets for servers of \
                            this kind. It has been falling for three hours and will be used up tonight."
        },
        "startsAt": "2026-01-05T08:00:00Z", "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example/graph?g0.expr=node_filesystem_avail_bytes"
    })
}

/// One rule for whatever comes, with everything else as it is without saying.
pub(super) const STORM: &str = "
rules:
  - id: whatever-comes
    key: storm/${event.fingerprint}
    then:
      open_ticket:
        summary: \"${event.check} on ${event.device.name}\"
        priority: { critical: Critical, high: High, else: Low }
";

/// The alert with another severity.
pub(super) fn of_severity(n: &str, severity: &str) -> Value {
    let mut alert = alert(n);
    alert["labels"]["severity"] = severity.into();
    alert
}
