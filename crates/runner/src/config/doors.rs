//! Doors that stand open: what a source's `auth` and the listeners together let in.

use haloward_rules::{Finding, Findings};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Auth, Config, SecretRef, SourceConfig};

// LIMIT: a random secret of 16 letters is beyond guessing over a network; one of less than 8 is not.
const SHORT: usize = 16;
const HOPELESS: usize = 8;

/// What everybody tries first.
const KNOWN: [&str; 12] = [
    "password",
    "password1",
    "passw0rd",
    "changeme",
    "change-me",
    "secret",
    "mysecret",
    "haloward",
    "letmein",
    "test1234",
    "12345678",
    "token123",
];

impl Config {
    /// Sources that anybody could send to, and secrets that anybody could hear.
    pub(super) fn open_doors(&self, findings: &mut Findings) {
        let outside: Vec<_> = self.hook_doors().filter(|door| !door.ip().is_loopback()).collect();
        let mut heard = Vec::new();
        for (name, source) in &self.sources {
            let Some(webhook) = source.webhook() else { continue };
            let place = || self.source_places.get(name).cloned();
            let at = |finding: Finding| place().map_or(finding.clone(), |place| finding.at(place));
            match &webhook.auth {
                Auth::None if webhook.allow_from.is_empty() => {
                    let why = match outside.first() {
                        Some(door) => format!("`auth: none` on {door}"),
                        None if !self.proxies.trusted.is_empty() => "`auth: none` behind a proxy".to_owned(),
                        None => continue,
                    };
                    let finding =
                        Finding::error("HW086", format!("anybody could send to the source `{name}`: {why}"));
                    findings.push(at(finding).help(
                        "give the source an `auth`, or `allow_from` with the networks it sends from, or let `server.listen` be a loopback address",
                    ));
                }
                Auth::ClientCert(_) if self.proxies.trusted.is_empty() => {
                    let finding = Finding::error(
                        "HW192",
                        format!(
                            "anybody could send to the source `{name}`: no proxy is trusted with its certificate's headers"
                        ),
                    );
                    findings.push(at(finding).help(
                        "name the proxy that verifies certificates under `server.trusted_proxies`; headers of others are not believed",
                    ));
                }
                auth if auth.travels() => heard.push(name.as_str()),
                _ => {}
            }
        }
        // Certificates are for the door of hooks, where there is one.
        let plain = if self.tls.is_some() { None } else { self.hooks_listen.or(Some(self.listen)) };
        if let (Some(door), Some(first)) = (plain.filter(|door| !door.ip().is_loopback()), heard.first())
            && self.proxies.trusted.is_empty()
        {
            let others = match heard.len() {
                1 => String::new(),
                2 => " and one more".to_owned(),
                n => format!(" and {} more", n - 1),
            };
            let finding = Finding::warning(
                "HW193",
                format!(
                    "whoever listens on the way can send too: the secrets of `{first}`{others} reach {door} without encryption"
                ),
            );
            let finding = self.server_place.clone().map_or(finding.clone(), |place| finding.at(place));
            findings.push(
                finding.help(
                    "add `server.tls`, or let a proxy encrypt and name it under `server.trusted_proxies`",
                ),
            );
        }
    }

    /// Secrets that could be guessed, of those that can be read here.
    pub fn weak_secrets(&self) -> Findings {
        let mut findings = Findings::default();
        for (name, source) in &self.sources {
            let Some(webhook) = source.webhook() else { continue };
            for secret in webhook.auth.secrets() {
                let Some(why) = secret.read().ok().and_then(|secret| weakness(&secret, name)) else {
                    continue;
                };
                let message = format!("the secret of the source `{name}` {}", why.1);
                let finding =
                    if why.0 { Finding::error("HW191", message) } else { Finding::warning("HW191", message) };
                let place = self.source_places.get(name).cloned();
                let finding = place.map_or(finding.clone(), |place| finding.at(place));
                findings.push(finding.help("let a machine make one: `openssl rand -hex 24`"));
            }
        }
        findings
    }
}

/// Whether a secret is hopeless, and why; nothing for a good one.
fn weakness(secret: &SecretString, source: &str) -> Option<(bool, &'static str)> {
    let text = secret.expose_secret();
    let lower = text.to_lowercase();
    let mut letters: Vec<char> = lower.chars().collect();
    let length = letters.len();
    letters.sort_unstable();
    letters.dedup();
    if KNOWN.contains(&lower.as_str()) || lower == source {
        Some((true, "is one that everybody tries first"))
    } else if length < HOPELESS || letters.len() < 4 {
        Some((true, "could be guessed: it is too short"))
    } else if length < SHORT {
        Some((false, "is short: 16 letters or more are beyond guessing"))
    } else {
        None
    }
}

impl SourceConfig {
    /// Whether one of its secrets stands in the configuration itself.
    pub(super) fn holds_a_secret(&self) -> bool {
        self.webhook().is_some_and(|webhook| {
            webhook.auth.secrets().iter().any(|secret| matches!(secret, SecretRef::Literal(_)))
        })
    }

    /// The webhook, where the source is one.
    pub fn webhook(&self) -> Option<&super::Webhook> {
        match self {
            Self::Webhook(webhook) => Some(webhook),
            Self::Halo(halo) => halo.webhook.as_deref(),
            Self::Poll(_) | Self::Schedule(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_as_good_as_it_is_hard_to_guess() {
        let of = |text: &str| {
            weakness(&SecretString::from(text.to_owned()), "grafana").map(|(hopeless, _)| hopeless)
        };
        for hopeless in ["", "x", "1234567", "Changeme", "grafana", "aaaaaaaaaaaaaaaaaaaaaaaa"] {
            assert_eq!(of(hopeless), Some(true), "{hopeless}");
        }
        assert_eq!(of("correct-horse"), Some(false));
        assert_eq!(of("correct-horse-battery"), None);
    }
}
