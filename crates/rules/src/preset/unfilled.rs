//! Test buttons: templates sent as they are, their placeholders unfilled.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::draft::Draft;

/// The placeholders of templates: `{{alert.id}}`, `{EVENT.ID}`, `[alert_uid]`, `%sensor`, `$HOSTNAME$`, `$ALERT_ID`.
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    let pattern =
        r"\{\{[^{}]*\}\}|\{\$?[A-Z][A-Z0-9_.]*\}|\[[a-z]+(?:_[a-z]+)*\]|%[a-z]{3,}|\$[A-Z][A-Z0-9_]+\$?";
    Regex::new(pattern).unwrap_or_else(|error| unreachable!("a pattern of ours: {error}"))
});

/// Whether an event is a template that nobody filled in. Its identity must be made of placeholders, and nothing else
/// of it may be filled in either: a placeholder that the vendor does not know stays as it is in real alerts too.
pub(super) fn is_template(event: &Draft) -> bool {
    let field = |name: &str| text(event.get(name));
    let identity = [field("fingerprint"), field("title")].into_iter().find(|text| !text.is_empty());
    let Some(identity) = identity.filter(|text| is_unfilled(text)) else { return false };
    let device = text(event.get("device").and_then(|device| device.get("name")));
    [identity, field("title"), field("message"), device]
        .iter()
        .all(|text| text.is_empty() || PLACEHOLDER.is_match(text))
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// Whether a text is placeholders and what stands between them.
fn is_unfilled(text: &str) -> bool {
    // Most texts have none of the letters that begin one.
    text.contains(['{', '[', '%', '$'])
        && PLACEHOLDER.is_match(text)
        && !PLACEHOLDER.replace_all(text, "").contains(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn template(event: Value) -> bool {
        let Value::Object(event) = event else { panic!("an object") };
        is_template(&event.into())
    }

    #[test]
    fn placeholders_that_nobody_filled_make_a_test() {
        for id in [
            "[alert_uid]",
            "{{alert.id}}",
            "{{ $device_id }}/{{ $rule_id }}",
            "{EVENT.ID}",
            "%sensorid",
            "$HOSTNAME$/$SERVICEDESC$",
        ] {
            assert!(template(json!({"fingerprint": id, "title": format!("{id} is down")})), "{id}");
        }
        assert!(template(json!({"title": "[alert_message]", "device": {"name": "[device_hostname]"}})));
    }

    #[test]
    fn an_alert_with_a_placeholder_is_an_alert() {
        for event in [
            json!({"fingerprint": "7", "title": "[alert_message]"}),
            json!({"fingerprint": "[alert_id]", "title": "Disk full", "device": {"name": "srv-01"}}),
            json!({"fingerprint": "[alert_id]", "title": "[alert_message] on srv-01", "device": {"name": "srv-01"}}),
            json!({"fingerprint": "disk/srv-01/{#FSNAME}", "title": "Disk full"}),
            json!({"title": "[FIRING:1] Disk full"}),
            json!({"title": "100% of disk used"}),
        ] {
            assert!(!template(event.clone()), "{event}");
        }
    }
}
