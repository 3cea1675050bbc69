//! What is nobody else's, taken out of payloads and events: secrets always, people where a report leaves the house.

use serde_json::Value;

/// Parts of names whose values are nobody else's.
const SECRET: [&str; 17] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "accesskey",
    "access_key",
    "privatekey",
    "private_key",
    "credential",
    "authorization",
    "signature",
    "cookie",
    "community",
];

/// Names in a link's query whose values open something.
const IN_LINKS: [&str; 5] = ["sig", "code", "key", "auth", "hmac"];

const REDACTED: &str = "[redacted]";

/// Whether what is called so is nobody else's.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    SECRET.iter().any(|part| name.contains(part))
}

/// Takes secrets out: what has a secret's name, and what opens something in links and texts.
pub(crate) fn without_secrets(value: &mut Value) {
    walk(value, &|text| {
        let mut before = "";
        let words = text.split(' ').map(|word| {
            let follows = before.to_ascii_lowercase().ends_with("bearer") && !word.is_empty();
            before = word;
            if follows { REDACTED.to_owned() } else { word_without_secrets(word) }
        });
        words.collect::<Vec<_>>().join(" ")
    });
}

/// Takes out what is nobody else's: secrets, mail addresses without the domain (clients are told by that), and what
/// links ask for.
pub(crate) fn redact(value: &mut Value) {
    walk(value, &|text| without_people(text).unwrap_or_else(|| text.to_owned()));
}

fn walk(value: &mut Value, clean: &impl Fn(&str) -> String) {
    match value {
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                if is_secret_name(name) && !value.is_null() {
                    *value = Value::from(REDACTED);
                } else {
                    walk(value, clean);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, clean)),
        Value::String(text) => {
            let cleaned = clean(text);
            if cleaned != *text {
                *text = cleaned;
            }
        }
        _ => {}
    }
}

/// A link without who opens it and with what; three parts of base64 that begin as a web token's do.
fn word_without_secrets(word: &str) -> String {
    if word.starts_with("eyJ") && word.split('.').count() == 3 && word.len() > 40 {
        return REDACTED.to_owned();
    }
    let Some((scheme, rest)) = word.split_once("://") else { return word.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let Some((path, query)) = path.split_once('?') else { return format!("{scheme}://{host}{path}") };
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if opens(name) => format!("{name}={REDACTED}"),
        _ => pair.to_owned(),
    });
    format!("{scheme}://{host}{path}?{}", pairs.collect::<Vec<_>>().join("&"))
}

fn opens(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    is_secret_name(name)
        || IN_LINKS.contains(&lower.as_str())
        || lower.ends_with("_sig")
        || lower.ends_with("-sig")
}

/// Mail addresses without the person (clients are told by the domain), and links without their query, which may be a
/// signature; `None` where the text has neither.
fn without_people(text: &str) -> Option<String> {
    let mut changed = false;
    let words: Vec<String> = text
        .split(' ')
        .map(|word| {
            let is_link = word.contains("://");
            if let (true, Some((link, _))) = (is_link, word.split_once('?')) {
                changed = true;
                return link.to_owned();
            }
            match word.split_once('@') {
                Some((person, domain)) if !is_link && !person.is_empty() && domain.contains('.') => {
                    changed = true;
                    let before = person.len() - person.trim_start_matches(['<', '(', '"', '\'']).len();
                    format!("{}user@{domain}", &person[..before])
                }
                _ => word.to_owned(),
            }
        })
        .collect();
    changed.then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn secrets_are_left_out_wherever_they_stand_and_nothing_else() {
        let mut payload = json!({
            "text": "sent with Authorization: Bearer abc.def and see\nhttps://me:pw@x.example/a?id=7&SAS_sig=q#end now",
            "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
            "link": "https://x.example/alert?id=7&tab=2",
            "who": "eve@northwind.example",
            "sharedSecret": 5, "snmpCommunity": "public", "Api-Key": ["a"], "tokens": null,
        });
        super::without_secrets(&mut payload);
        assert_eq!(
            payload,
            json!({
                "text": "sent with Authorization: Bearer [redacted] and see\nhttps://x.example/a?id=7&SAS_sig=[redacted] now",
                "jwt": "[redacted]",
                "link": "https://x.example/alert?id=7&tab=2",
                "who": "eve@northwind.example",
                "sharedSecret": "[redacted]", "snmpCommunity": "[redacted]", "Api-Key": "[redacted]", "tokens": null,
            })
        );
    }

    #[test]
    fn what_is_nobody_elses_is_left_out() {
        let mut event = json!({
            "title": "Login by <eve.adams@northwind.example> failed",
            "url": "https://rmm.example/alert?id=1&sig=abc",
            "user": { "email": "eve@northwind.example" },
            "payload": { "headers": { "X-Api-Token": "abc" }, "apiKey": 7, "n": [ { "client_secret": "x" } ] }
        });
        super::redact(&mut event);
        assert_eq!(
            event,
            json!({
                "title": "Login by <user@northwind.example> failed",
                "url": "https://rmm.example/alert",
                "user": { "email": "user@northwind.example" },
                "payload": {
                    "headers": { "X-Api-Token": "[redacted]" },
                    "apiKey": "[redacted]",
                    "n": [ { "client_secret": "[redacted]" } ]
                }
            })
        );
    }
}
