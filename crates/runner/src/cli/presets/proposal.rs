//! What to paste into the configuration for a preset: a source with the best authentication that its vendor can do, what
//! the vendor's product is told for it, and the other ways there are.

use haloward_rules::{Arrival, AuthWay, NodeKind, Preset, VendorAuth};

/// Headers that nobody else's software has.
const OWN_HEADER: &str = "X-Haloward-Token";
const OWN_TIME: &str = "X-Haloward-Time";

/// One way to prove who it is, ready to paste.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) name: &'static str,
    /// What stands after `auth:`.
    pub(super) yaml: String,
    /// What to tell the vendor's product, or what it does by itself.
    pub(super) there: String,
    /// What this way adds to the source's URL.
    pub(super) url: String,
}

/// A source of a preset, ready to paste.
#[derive(Debug)]
pub(super) struct Proposal {
    /// The way that the source is proposed with; nothing where it is polled.
    pub(super) best: Option<Way>,
    /// Ways for whoever cannot or does not want to use that one.
    pub(super) others: Vec<Way>,
    /// The source's part of the configuration, from `sources:` on.
    pub(super) yaml: Vec<String>,
}

impl Proposal {
    pub(super) fn of(preset: &Preset) -> Self {
        if preset.arrival() == Arrival::Poll {
            return Self { best: None, others: Vec::new(), yaml: polled(preset) };
        }
        let mut ways = ways(preset);
        // A certificate wants a proxy that verifies it: the best there is, and not what to begin with.
        let first = ways.iter().position(|way| way.name != AuthWay::ClientCert.name()).unwrap_or_default();
        let best = ways.remove(first);
        let name = preset.name();
        let yaml = vec![
            "sources:".to_owned(),
            format!("  {name}:"),
            "    webhook:".to_owned(),
            format!("      preset: {name}"),
            format!("      auth: {}", best.yaml),
        ];
        Self { best: Some(best), others: ways, yaml }
    }
}

/// The ways that a vendor has, best first; a URL every sender can be given.
fn ways(preset: &Preset) -> Vec<Way> {
    let vendor = preset.auth();
    let known: &[AuthWay] = if vendor.ways.is_empty() { &[AuthWay::UrlToken] } else { &vendor.ways };
    known.iter().map(|way| proposed(*way, vendor, &secret(preset))).collect()
}

/// What environment variables of a preset begin with.
fn secret(preset: &Preset) -> String {
    preset.name().to_uppercase().replace('-', "_")
}

fn proposed(way: AuthWay, vendor: &VendorAuth, secret: &str) -> Way {
    let mut url = String::new();
    let (yaml, there) = match way {
        AuthWay::UrlToken => {
            "/TOKEN".clone_into(&mut url);
            (format!("env:{secret}_TOKEN"), "the token is the last part of the URL".to_owned())
        }
        AuthWay::Bearer => {
            (format!("env:{secret}_TOKEN"), "let it send the header `Authorization: Bearer TOKEN`".to_owned())
        }
        AuthWay::Header => {
            let name = vendor.header.as_deref().unwrap_or(OWN_HEADER);
            let said = format!("env:{secret}_TOKEN");
            let there = format!("let it send the header `{name}: TOKEN`");
            (named(vendor.header.is_some(), &format!("name: {name}, value"), &said), there)
        }
        AuthWay::Query => {
            let name = vendor.query.as_deref().unwrap_or("token");
            url = format!("?{name}=TOKEN");
            let said = format!("env:{secret}_TOKEN");
            let there = format!("the token is the parameter `{name}` of the URL");
            (named(vendor.query.is_some(), &format!("name: {name}, value"), &said), there)
        }
        AuthWay::Basic => (
            format!("{{ user: haloward, password: env:{secret}_PASSWORD }}"),
            "give it the user `haloward` and the password".to_owned(),
        ),
        AuthWay::Hmac => signed(vendor, secret),
        AuthWay::Sns => (
            "\"arn:aws:sns:eu-west-1:123456789012:alerts\"".to_owned(),
            "write the topic's own ARN in its place; AWS signs by itself, and the subscription is confirmed here"
                .to_owned(),
        ),
        AuthWay::Body => {
            let path = vendor.body.as_ref().map_or("secret", |path| path.as_str());
            let there = format!("give it the secret; it stands in the payload at `{path}`");
            let said = format!("env:{secret}_SECRET");
            (named(vendor.body.is_some(), &format!("path: {path}, secret"), &said), there)
        }
        AuthWay::ClientCert => {
            let subject = if vendor.subject.is_some() {
                "X-Client-DN"
            } else {
                "{ header: X-Client-DN, is: CN=name-in-the-certificate }"
            };
            (
                format!("{{ verified: X-Client-Verify, subject: {subject} }}"),
                "a proxy in front verifies its certificate; name that proxy under `server.trusted_proxies`"
                    .to_owned(),
            )
        }
    };
    let way = way.name();
    Way { name: way, yaml: format!("{{ {way}: {yaml} }}"), there, url }
}

/// The secret alone where the preset knows the rest, else with what it lacks.
fn named(known: bool, rest: &str, secret: &str) -> String {
    if known { secret.to_owned() } else { format!("{{ {rest}: {secret} }}") }
}

fn signed(vendor: &VendorAuth, secret: &str) -> (String, String) {
    let secret = format!("env:{secret}_SECRET");
    let there = "the same secret stands in its product, which signs with it".to_owned();
    match vendor.hmac.header() {
        None => (
            format!("{{ header: X-Signature, secret: {secret} }}"),
            format!("{there}; write its own header in place of `X-Signature`"),
        ),
        // Without the time, whoever heard a delivery could send it again.
        Some(_) if vendor.hmac.may_sign_a_time() => (
            format!("{{ secret: {secret}, timestamp: {OWN_TIME} }}"),
            format!("{there}; enter `{OWN_TIME}` there as the header of the time"),
        ),
        Some(header) => (secret, format!("{there} (`{header}`)")),
    }
}

/// A source that asks the vendor's API: what its preset needs, and the secrets.
fn polled(preset: &Preset) -> Vec<String> {
    let name = preset.name();
    let mut lines = vec![
        "sources:".to_owned(),
        format!("  {name}:"),
        "    poll:".to_owned(),
        format!("      preset: {name}"),
    ];
    let Some(poll) = preset.poll() else {
        lines.push("      url: https://tool.example.com/api/alerts".to_owned());
        lines.push(format!("      auth: {{ bearer: env:{}_TOKEN }}", secret(preset)));
        return lines;
    };
    let mut vars = false;
    for (need, about) in poll.needs() {
        let example = about.example.as_deref().unwrap_or(need);
        let indent = if need == "host" {
            "      "
        } else {
            if !vars {
                lines.push("      vars:".to_owned());
            }
            vars = true;
            "        "
        };
        lines.push(format!("{indent}{need}: {example}   # yours: {}", about.what));
    }
    let auth = poll.auth().and_then(|(_, node)| match &node.kind {
        NodeKind::Map(entries) => entries.first(),
        _ => None,
    });
    if let Some((way, said)) = auth {
        let secret = secret(preset);
        let rest = match way.text.as_str() {
            "basic" => format!("{{ user: env:{secret}_USER, password: env:{secret}_PASSWORD }}"),
            "header" | "query" => format!("{{ value: env:{secret}_KEY }}"),
            // Whose client is the same for everybody asks with a user's credentials.
            "oauth2" if said.get("client_id").is_some() => {
                format!("{{ user: env:{secret}_USER, password: env:{secret}_PASSWORD }}")
            }
            "oauth2" => {
                format!("{{ client_id: env:{secret}_CLIENT_ID, client_secret: env:{secret}_CLIENT_SECRET }}")
            }
            _ => format!("env:{secret}_TOKEN"),
        };
        lines.push(format!("      auth: {{ {}: {rest} }}", way.text));
    }
    lines
}

#[cfg(test)]
mod tests {
    use haloward_rules::PresetSet;

    use super::*;
    use crate::config::{Loaded, SourceConfig};

    fn presets() -> PresetSet {
        PresetSet::load(&[], None).0
    }

    /// What a configuration with these lines of a source is found to be.
    fn load(lines: &[String]) -> Loaded {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("haloward.yaml");
        let server = "server: { trusted_proxies: [10.0.0.5] }\n";
        std::fs::write(&file, format!("{server}{}\n", lines.join("\n"))).unwrap();
        std::fs::create_dir(folder.path().join("rules")).unwrap();
        Loaded::load(Some(&file), &[]).unwrap()
    }

    #[test]
    fn what_is_proposed_for_a_preset_is_right_as_it_stands() {
        for preset in presets().iter() {
            let proposal = Proposal::of(preset);
            let loaded = load(&proposal.yaml);
            assert!(loaded.findings.is_empty(), "{}: {}", preset.name(), loaded.findings.render());
            match (&loaded.config.sources[preset.name()], &proposal.best) {
                (SourceConfig::Webhook(webhook), Some(best)) => assert_eq!(webhook.auth.name(), best.name),
                (SourceConfig::Poll(poll), None) => assert!(poll.whole.is_some(), "{}", preset.name()),
                (other, _) => panic!("{} is of the kind {}", preset.name(), other.kind()),
            }
        }
    }

    #[test]
    fn every_other_way_of_a_vendor_is_right_too() {
        for preset in presets().iter().filter(|preset| preset.arrival() == Arrival::Webhook) {
            let Proposal { others, yaml, .. } = Proposal::of(preset);
            for way in others {
                let mut lines = yaml.clone();
                *lines.last_mut().unwrap() = format!("      auth: {}", way.yaml);
                let loaded = load(&lines);
                assert!(loaded.findings.is_empty(), "{lines:?}: {}", loaded.findings.render());
                let SourceConfig::Webhook(webhook) = &loaded.config.sources[preset.name()] else {
                    panic!("{lines:?}")
                };
                assert_eq!(webhook.auth.name(), way.name);
            }
        }
    }

    #[test]
    fn every_vendor_that_sends_says_how_it_proves_who_it_is() {
        let silent = |preset: &&std::sync::Arc<Preset>| {
            preset.arrival() == Arrival::Webhook && preset.auth().ways.is_empty()
        };
        let silent: Vec<String> =
            presets().iter().filter(silent).map(|preset| preset.name().to_owned()).collect();
        assert_eq!(silent, [""; 0]);
    }

    #[test]
    fn the_best_that_a_vendor_can_do_is_proposed() {
        let presets = presets();
        let auth = |name: &str| Proposal::of(presets.get(name).unwrap()).best.unwrap().yaml;
        for (name, expected) in [
            ("github", "{ hmac: env:GITHUB_SECRET }"),
            ("pagerduty", "{ hmac: env:PAGERDUTY_SECRET }"),
            ("level-io", "{ hmac: env:LEVEL_IO_SECRET }"),
            ("grafana", "{ hmac: { secret: env:GRAFANA_SECRET, timestamp: X-Haloward-Time } }"),
            ("aws-cloudwatch-sns", "{ sns: \"arn:aws:sns:eu-west-1:123456789012:alerts\" }"),
            ("netdata", "{ bearer: env:NETDATA_TOKEN }"),
            ("alertmanager", "{ bearer: env:ALERTMANAGER_TOKEN }"),
            ("halopsa", "{ basic: { user: haloward, password: env:HALOPSA_PASSWORD } }"),
            ("zabbix", "{ header: { name: X-Haloward-Token, value: env:ZABBIX_TOKEN } }"),
            ("meraki", "{ body: env:MERAKI_SECRET }"),
            ("domotz", "{ query: env:DOMOTZ_TOKEN }"),
            ("prtg", "{ url_token: env:PRTG_TOKEN }"),
            ("azure-monitor", "{ url_token: env:AZURE_MONITOR_TOKEN }"),
        ] {
            assert_eq!(auth(name), expected, "{name}");
        }
    }

    #[test]
    fn a_polled_vendor_gets_its_host_and_its_secrets() {
        let presets = presets();
        let lines = |name: &str| Proposal::of(presets.get(name).unwrap()).yaml[4..].join("\n");
        assert_eq!(
            lines("datto-rmm-alerts"),
            "      vars:\n        platform: concord   # yours: the platform, the first part of the address that you log in at\n\
             \x20     auth: { oauth2: { user: env:DATTO_RMM_ALERTS_USER, password: env:DATTO_RMM_ALERTS_PASSWORD } }"
        );
        assert_eq!(
            lines("tactical-rmm-alerts"),
            "      host: api.example.com   # yours: the host of your API (`host`)\n\
             \x20     auth: { header: { value: env:TACTICAL_RMM_ALERTS_KEY } }"
        );
    }
}
