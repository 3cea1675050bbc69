//! A source that is polled: its own words, and once the presets are known, the whole of it.

use haloward_rules::{Fields, Finding, Findings, Node, Place, Poll, PresetSet, RawPoll, SourceFile, Turn};
use jiff::Timestamp;
use url::Url;

use super::{Beside, PollAuth, Reading};
use crate::cron::{self, Cron};
use crate::outbound::is_public;

/// A source that is polled.
#[derive(Debug, Clone)]
pub struct PollConfig {
    /// How its payloads become events.
    pub reading: Reading,
    /// When it is asked, where that is not an interval.
    pub cron: Option<Cron>,
    /// Whether it may be in the own network, or on this machine.
    pub allow_private: bool,
    /// What it says itself, before its preset is laid under it.
    raw: RawPoll,
    /// Where it stands.
    place: Place,
    /// The whole of it; nothing while the presets are not known, or where it has mistakes.
    pub whole: Option<WholePoll>,
}

/// What is asked, and how it is proved who asks.
#[derive(Debug, Clone)]
pub struct WholePoll {
    /// What is asked.
    pub poll: Poll,
    /// How it is proved who asks.
    pub auth: PollAuth,
}

impl PollConfig {
    /// `source` is the whole source, whose place findings about what is missing name.
    pub(super) fn decode(
        name: &str,
        file: &SourceFile,
        source: &Node,
        node: &Node,
        beside: &Beside<'_>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let mut fields = Fields::of(file, node, "`poll`", findings)?;
        let reading = Reading::take(name, file, &mut fields, beside, findings);
        let raw = RawPoll::take(&mut fields, findings);
        if let (Some(_), Some(cron)) = (fields.take("every"), fields.take("cron")) {
            findings.push(
                Finding::error("HW210", "a poll has `every` or `cron`, not both").at(file.place(cron.span)),
            );
        }
        // Without `cron`, the time zone is that of the payload's times alone.
        let cron = fields.take("cron").and_then(|_| cron::take(&mut fields, findings));
        let allow_private = fields.flag("allow_private", findings).unwrap_or(false);
        fields.finish(findings);
        let place = file.place(source.span);
        Some(Self { reading, cron, allow_private, raw, place, whole: None })
    }

    /// Lays its preset under it, now that there are presets, and checks the whole.
    pub(in crate::config) fn complete(
        &mut self,
        name: &str,
        presets: &PresetSet,
        dir: &std::path::Path,
        findings: &mut Findings,
    ) {
        let preset = presets.get(&self.reading.preset).filter(|_| self.reading.map.is_none());
        let base = preset.and_then(|preset| preset.poll()).cloned().unwrap_or_default();
        let layers = [base.auth().cloned(), self.raw.auth().cloned()];
        let Some(poll) = self.raw.clone().over(&base).finish(name, &self.place, findings) else { return };
        let Some(auth) = PollAuth::decode(name, &layers, &poll, dir, &self.place, findings) else { return };
        let before = findings.errors();
        match poll.ask(&Turn::default(), None, None, Timestamp::UNIX_EPOCH) {
            Ok(asked) => self.check_address("url", &asked.url, !matches!(auth, PollAuth::None), findings),
            Err(problem) => findings.push(Finding::error("HW214", problem).at(self.place.clone())),
        }
        if let PollAuth::OAuth2(oauth2) = &auth {
            self.check_address("token_url", &oauth2.token_url, true, findings);
        }
        if findings.errors() == before {
            self.whole = Some(WholePoll { poll, auth });
        }
    }

    fn check_address(&self, what: &str, text: &str, secrets: bool, findings: &mut Findings) {
        let at = || self.place.clone();
        if ["YOUR", "<", "…", "{"].iter().any(|mark| text.contains(mark)) {
            findings.push(
                Finding::error("HW206", format!("a placeholder was left in `{what}`: `{text}`"))
                    .at(at())
                    .help("write your own host, region or tenant in its place"),
            );
            return;
        }
        let url = match Url::parse(text) {
            Ok(url) if ["http", "https"].contains(&url.scheme()) && url.has_host() => url,
            _ => {
                findings.push(
                    Finding::error("HW214", format!("`{what}` is no address: `{text}`"))
                        .at(at())
                        .help("write the whole address, beginning with `https://`"),
                );
                return;
            }
        };
        if !url.username().is_empty() || url.password().is_some() {
            findings.push(
                Finding::error("HW214", format!("`{what}` holds a user or a password"))
                    .at(Place { line: String::new(), ..at() })
                    .help("write them under `auth: { basic: { user: …, password: env:NAME } }`"),
            );
            return;
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let literal = match url.host() {
            Some(url::Host::Ipv4(ip)) => Some(ip.into()),
            Some(url::Host::Ipv6(ip)) => Some(std::net::IpAddr::V6(ip)),
            _ => None,
        };
        let local = host == "localhost" || literal.is_some_and(|ip| ip.to_canonical().is_loopback());
        if !self.allow_private && (local || literal.is_some_and(|ip| !is_public(ip))) {
            findings.push(
                Finding::error("HW208", format!("`{host}` is in your own network"))
                    .at(at())
                    .help("add `allow_private: true` if it is meant to be reached"),
            );
        }
        if url.scheme() == "http" && secrets && !local {
            let finding = if self.allow_private { Finding::warning } else { Finding::error };
            findings.push(
                finding("HW207", format!("credentials would go to `{host}` without encryption"))
                    .at(at())
                    .help("write `https://`"),
            );
        }
    }
}

#[cfg(test)]
mod tests;
