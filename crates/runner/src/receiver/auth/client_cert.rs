//! Client certificates as a proxy tells of them. Whether the proxy is one to be believed, the caller knows.

use axum::http::HeaderMap;

use crate::config::{ClientCert, Expected};

/// Whether the headers say what they must.
pub(super) fn proven(cert: &ClientCert, headers: &HeaderMap) -> bool {
    let says = |expected: &Option<Expected>, fits: fn(&str, &str) -> bool| match expected {
        None => true,
        Some(expected) => one(headers, &expected.header)
            .is_some_and(|sent| expected.is.iter().any(|is| fits(sent.trim(), is.trim()))),
    };
    says(&cert.verified, |sent, is| sent == is)
        && says(&cert.subject, is_subject)
        && says(&cert.fingerprint, |sent, is| !is.is_empty() && folded(sent) == folded(is))
}

/// A header that is there once: of two, one may be the sender's own.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())?.to_str().ok()
}

/// A fingerprint however it is written.
fn folded(fingerprint: &str) -> String {
    fingerprint.chars().filter(|c| *c != ':' && !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Whether a distinguished name is the one that is meant, or has it as one of its parts.
fn is_subject(sent: &str, is: &str) -> bool {
    if is.is_empty() {
        return false;
    }
    sent == is || parts(sent).is_some_and(|parts| parts.iter().any(|part| part == is))
}

/// The parts of a distinguished name as RFC 4514 writes it; nothing where it is not plain what they are. A comma that is
/// escaped or quoted parts nothing: somebody's organization may be called `x, CN=another`.
fn parts(name: &str) -> Option<Vec<String>> {
    let (mut parts, mut part, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = name.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                part.push(letter);
                part.push(letters.next()?);
            }
            '"' => {
                quoted = !quoted;
                part.push(letter);
            }
            // Parts of one set, and those of old notations, are not taken apart.
            ',' | ';' if !quoted => parts.push(std::mem::take(&mut part)),
            _ => part.push(letter),
        }
    }
    parts.push(part);
    let trimmed = || parts.iter().map(|part| part.trim().to_owned()).collect();
    (!quoted).then(trimmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_whole_part_and_never_a_piece_of_a_value() {
        let is = |sent: &str| is_subject(sent, "CN=webhooks.pagerduty.com");
        for right in [
            "CN=webhooks.pagerduty.com",
            "CN=webhooks.pagerduty.com,O=PagerDuty,C=US",
            "C=US, O=PagerDuty\\, Inc., CN=webhooks.pagerduty.com",
            "O=\"PagerDuty, Inc.\",CN=webhooks.pagerduty.com",
        ] {
            assert!(is(right), "{right}");
        }
        for wrong in [
            "",
            "CN=webhooks.pagerduty.com.evil.example",
            "O=x\\,CN=webhooks.pagerduty.com",
            "O=\"x,CN=webhooks.pagerduty.com\"",
            "O=\"x,CN=webhooks.pagerduty.com",
            "/O=x/CN=webhooks.pagerduty.com",
            "CN=evil+CN=webhooks.pagerduty.com",
            "O=x\\",
        ] {
            assert!(!is(wrong), "{wrong}");
        }
        assert!(is_subject("/C=US/CN=a", "/C=US/CN=a"), "an old notation is compared whole");
        assert!(!is_subject("", ""));
    }

    #[test]
    fn a_fingerprint_is_known_however_it_is_written() {
        assert_eq!(folded("AB:CD:01"), folded("abcd01"));
        let cert = |is: &str| ClientCert {
            verified: None,
            subject: None,
            fingerprint: Some(Expected { header: "x-fp".into(), is: vec![is.into()] }),
        };
        let mut headers = HeaderMap::new();
        assert!(!proven(&cert("abcd01"), &headers));
        headers.append("x-fp", "AB:CD:01".parse().unwrap());
        assert!(proven(&cert("abcd01"), &headers));
        assert!(!proven(&cert("abcd02"), &headers));
        headers.append("x-fp", "ab:cd:01".parse().unwrap());
        assert!(!proven(&cert("abcd01"), &headers), "of two headers one may be the sender's own");
    }
}
