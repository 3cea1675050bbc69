//! What a source says beyond its preset: the zone of its clock, and whose alerts these are.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::draft::Draft;

/// Settings of one source.
#[derive(Debug, Clone)]
pub struct SourceSettings {
    /// The zone of times that name none.
    pub zone: TimeZone,
    /// Whose its alerts are, where the source says so.
    pub client: Option<SourceClient>,
}

impl Default for SourceSettings {
    fn default() -> Self {
        Self { zone: TimeZone::UTC, client: None }
    }
}

/// Whose a source's alerts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceClient {
    /// All are this client's, whatever the payload says.
    Always(String),
    /// The client that a label or tag names; else the payload's own; else this one.
    Label {
        /// The label's name.
        label: String,
        /// Whose they are where neither says it.
        otherwise: Option<String>,
    },
}

impl SourceClient {
    /// Puts the client into an event's fields.
    pub(super) fn put(&self, event: &mut Draft) {
        let name = match self {
            Self::Always(name) => Some(name.clone()),
            Self::Label { label, otherwise } => {
                let has_one = event.get("client").and_then(Value::as_object).is_some_and(|c| !c.is_empty());
                labelled(event, label).or_else(|| otherwise.clone().filter(|_| !has_one))
            }
        };
        if let Some(name) = name {
            event.insert("client", json!({ "name": name }));
        }
    }
}

/// The value of a label, or of a tag such as `client:Northwind`.
fn labelled(event: &Draft, label: &str) -> Option<String> {
    let labels = event.get("labels")?.as_object()?;
    let same = |name: &str| name.trim().eq_ignore_ascii_case(label);
    let named = labels.iter().find(|(name, _)| same(name)).and_then(|(_, value)| plain(value));
    named.or_else(|| tagged(labels.get("tags")?, &same))
}

fn tagged(tags: &Value, same: &dyn Fn(&str) -> bool) -> Option<String> {
    match tags {
        Value::Array(tags) => tags.iter().find_map(|tag| tagged(tag, same)),
        Value::Object(tag) => {
            let name = ["tag", "name", "key"].iter().find_map(|field| tag.get(*field)?.as_str());
            match name {
                Some(name) => same(name).then(|| plain(tag.get("value")?)).flatten(),
                None => tag.iter().find(|(name, _)| same(name)).and_then(|(_, value)| plain(value)),
            }
        }
        Value::String(text) if text.trim_start().starts_with('[') => serde_json::from_str::<Value>(text)
            .ok()
            .filter(Value::is_array)
            .and_then(|tags| tagged(&tags, same)),
        Value::String(text) => {
            let pair = |tag: &str| {
                let (name, value) = tag.split_once([':', '='])?;
                same(name).then(|| value.trim().to_owned()).filter(|value| !value.is_empty())
            };
            text.split([',', ';']).find_map(pair).filter(|_| text.contains([',', ';'])).or_else(|| {
                pair(text)
                    .filter(|value| !value.contains([':', '=']))
                    .or_else(|| text.split_whitespace().find_map(pair))
            })
        }
        _ => None,
    }
}

fn plain(value: &Value) -> Option<String> {
    let text = crate::value::to_text(value).trim().to_owned();
    (!value.is_object() && !value.is_array() && !text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(settings: &SourceClient, event: Value) -> Value {
        let Value::Object(event) = event else { panic!("an object") };
        let mut event = Draft::from(event);
        settings.put(&mut event);
        event.remove("client").unwrap_or_default()
    }

    #[test]
    fn a_client_said_once_is_that_of_all_alerts() {
        let always = SourceClient::Always("Northwind".into());
        assert_eq!(client(&always, json!({})), json!({"name": "Northwind"}));
        assert_eq!(
            client(&always, json!({"client": {"id": "7", "name": "x"}})),
            json!({"name": "Northwind"})
        );
    }

    #[test]
    fn a_label_or_tag_names_the_client() {
        let label = |otherwise: Option<&str>| SourceClient::Label {
            label: "customer".into(),
            otherwise: otherwise.map(str::to_owned),
        };
        for labels in [
            json!({"Customer": "Northwind Dental"}),
            json!({"tags": "env:prod,customer:Northwind Dental"}),
            json!({"tags": "customer:Northwind Dental"}),
            json!({"tags": ["env=prod", "customer=Northwind Dental"]}),
            json!({"tags": [{"tag": "customer", "value": "Northwind Dental"}]}),
            json!({"tags": "[{\"tag\":\"customer\",\"value\":\"Northwind Dental\"}]"}),
            json!({"tags": [{"name": "Customer", "value": "Northwind Dental"}]}),
        ] {
            let event = json!({"labels": labels, "client": {"name": "x"}});
            assert_eq!(client(&label(None), event), json!({"name": "Northwind Dental"}), "{labels}");
        }
        assert_eq!(
            client(&label(None), json!({"labels": {"tags": "host=srv customer=Northwind"}})),
            json!({"name": "Northwind"})
        );
        let without = json!({"labels": {"tags": "env:prod"}});
        assert_eq!(client(&label(None), without.clone()), Value::Null);
        assert_eq!(client(&label(Some("Contoso")), without), json!({"name": "Contoso"}));
        let own = json!({"client": {"id": "7"}});
        assert_eq!(
            client(&label(Some("Contoso")), own),
            json!({"id": "7"}),
            "the payload's own comes before"
        );
    }
}
