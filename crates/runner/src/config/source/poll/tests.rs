use std::collections::BTreeSet;

use haloward_rules::{Findings, PresetSet, Turn};

use crate::config::{Loaded, PollAuth, SourceConfig, WholePoll};

fn load(source: &str) -> (Loaded, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    let file = folder.path().join("haloward.yaml");
    std::fs::write(&file, format!("sources:\n  s: {{ poll: {{ {source} }} }}\n")).unwrap();
    (Loaded::load(Some(&file), &[]).unwrap(), folder)
}

fn whole(source: &str) -> WholePoll {
    let (loaded, _folder) = load(source);
    assert!(loaded.findings.is_empty(), "{source}: {}", loaded.findings.render());
    match &loaded.config.sources["s"] {
        SourceConfig::Poll(poll) => poll.whole.clone().unwrap(),
        other => panic!("{other:?}"),
    }
}

fn codes(source: &str) -> Vec<&'static str> {
    let findings: Findings = load(source).0.findings;
    findings.iter().map(|finding| finding.code).collect()
}

const OAUTH2: &str = "auth: { oauth2: { client_id: env:ID, client_secret: env:SECRET } }";
const HEADER: &str = "auth: { header: { value: env:KEY } }";
const BEARER: &str = "auth: { bearer: env:KEY }";
const BASIC: &str = "auth: { basic: { user: env:USER, password: env:PASSWORD } }";
const PASSWORD: &str = "auth: { oauth2: { user: env:USER, password: env:PASSWORD } }";

/// What staff write for each vendor, and what is asked first.
const VENDORS: [(&str, &str, &str, &str); 14] = [
    ("ninjaone-alerts", "host: eu.ninjarmm.com", OAUTH2, "https://eu.ninjarmm.com/v2/alerts?"),
    (
        "datto-rmm-alerts",
        "vars: { platform: concord }",
        PASSWORD,
        "https://concord-api.centrastage.net/api/v2/account/alerts/open?max=250",
    ),
    (
        "microsoft-graph-security-alerts",
        "vars: { tenant: contoso.example }",
        OAUTH2,
        "https://graph.microsoft.com/v1.0/security/alerts_v2?$filter=lastUpdateDateTime ge \
         2026-01-04T09:00:00Z",
    ),
    (
        "sentinelone-alerts",
        "host: euce1-100.sentinelone.net",
        HEADER,
        "https://euce1-100.sentinelone.net/web/api/v2.1/threats?updatedAt__gte=2026-01-04T09:00:00Z&\
         sortBy=updatedAt&sortOrder=asc&limit=100",
    ),
    (
        "atera-alerts",
        "",
        HEADER,
        "https://app.atera.com/api/v3/alerts?alertStatus=Open&page=1&itemsInPage=50",
    ),
    (
        "syncro-alerts",
        "host: acme.syncromsp.com",
        BEARER,
        "https://acme.syncromsp.com/api/v1/rmm_alerts?status=active&page=1",
    ),
    (
        "acronis-alerts",
        "host: eu2-cloud.acronis.com",
        OAUTH2,
        "https://eu2-cloud.acronis.com/api/alert_manager/v1/alerts?limit=100",
    ),
    (
        "veeam",
        "host: vspc.example.com",
        BEARER,
        "https://vspc.example.com:1280/api/v3/alarms/active?offset=0&limit=100",
    ),
    (
        "datto-bcdr-alerts",
        "vars: { serial: A1B2C3 }",
        BASIC,
        "https://api.datto.com/v1/bcdr/device/A1B2C3/alert?_perPage=250&_page=1",
    ),
    ("backup-radar-backups", "", HEADER, "https://api.backupradar.com/backups?Page=1&Size=1000"),
    ("level-io-alerts", "", HEADER, "https://api.level.io/v2/alerts?status=active&limit=100"),
    ("huntress-incidents", "", BASIC, "https://api.huntress.io/v1/incident_reports?status=sent&limit=500"),
    ("tactical-rmm-alerts", "host: api.example.com", HEADER, "https://api.example.com/alerts/?"),
    (
        "n-able-nsight-checks",
        "host: www.system-monitor.com",
        "auth: { query: { value: env:KEY } }",
        "https://www.system-monitor.com/api/?service=list_failing_checks",
    ),
];

#[test]
fn a_vendor_needs_no_more_than_its_host_and_the_secrets() {
    for (preset, settings, auth, expected) in VENDORS {
        let settings = if settings.is_empty() { String::new() } else { format!("{settings}, ") };
        let WholePoll { poll, auth } = whole(&format!("preset: {preset}, {settings}{auth}"));
        let asked = poll.ask(&Turn::default(), None, None, "2026-01-05T09:00:00Z".parse().unwrap()).unwrap();
        let query: Vec<String> = asked.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(format!("{}?{}", asked.url, query.join("&")), expected);
        if let PollAuth::OAuth2(oauth2) = auth {
            assert!(oauth2.token_url.starts_with("https://") && !oauth2.token_url.contains('$'), "{preset}");
        }
    }
}

#[test]
fn every_preset_that_is_polled_is_tried() {
    let (set, _) = PresetSet::load(&[], None);
    let polled: BTreeSet<&str> =
        set.iter().filter(|preset| preset.poll().is_some()).map(|preset| preset.name()).collect();
    assert_eq!(polled, VENDORS.iter().map(|(preset, ..)| *preset).collect());
}

#[test]
fn a_source_may_say_otherwise_than_its_preset() {
    let own = whole(
        "preset: atera-alerts, url: \"https://eu.atera.example/alerts\", query: { alertStatus: null }, \
         gone: nothing, auth: { bearer: env:KEY }",
    );
    let asked = own.poll.ask(&Turn::default(), None, None, jiff::Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(asked.url, "https://eu.atera.example/alerts");
    assert_eq!(own.poll.gone_after, None);
    assert!(matches!(own.auth, PollAuth::Bearer(_)));
}

#[test]
fn addresses_are_checked_before_anything_is_sent() {
    let url = |url: &str, more: &str| codes(&format!("url: \"{url}\"{more}"));
    let private = ", allow_private: true";
    let secret = ", auth: { bearer: env:X }";
    assert_eq!(url("https://tool.example.com/a", secret), [""; 0]);
    assert_eq!(url("tool.example.com/a", ""), ["HW214"]);
    assert_eq!(url("ftp://tool.example.com/a", ""), ["HW214"]);
    assert_eq!(url("https://u:p@tool.example.com/a", ""), ["HW214"]);
    assert_eq!(url("https://YOUR-HOST/a", ""), ["HW206"]);
    assert_eq!(url("https://<region>.example.com/a", ""), ["HW206"]);
    assert_eq!(url("http://tool.example.com/a", secret), ["HW207"]);
    assert_eq!(url("http://tool.example.com/a", ""), [""; 0], "nothing secret goes there");
    for host in ["127.0.0.1", "localhost", "10.0.0.5", "[::1]", "169.254.169.254", "[fd00::1]", "0x7f000001"]
    {
        assert_eq!(url(&format!("https://{host}/a"), ""), ["HW208"], "{host}");
        assert_eq!(url(&format!("https://{host}/a"), private), [""; 0], "{host}");
    }
    assert_eq!(url("http://127.0.0.1:8080/a", &format!("{private}{secret}")), [""; 0]);
    let warned = load(&format!("url: \"http://10.0.0.5/a\"{private}{secret}")).0.findings;
    assert!(!warned.has_errors() && warned.iter().any(|finding| finding.code == "HW207"));
}

#[test]
fn what_is_missing_to_prove_who_asks_is_said() {
    let said =
        |source: &str| load(&format!("url: \"https://tool.example.com/a\", {source}")).0.findings.render();
    assert!(said("auth: { barer: env:X }").contains("did you mean `bearer`?"));
    assert!(said("auth: { bearer: env:X, basic: {} }").contains("`auth` must name one way"));
    assert!(
        said("auth: { basic: { user: u } }").contains("the poll of `s` needs `password` under `auth: basic`")
    );
    let oauth2 =
        said("auth: { oauth2: { token_url: \"http://t.example.com\", client_id: a, client_secret: env:X } }");
    assert!(oauth2.contains("credentials would go to `t.example.com` without encryption"), "{oauth2}");
    assert!(said("auth: { oauth2: { client_id: a, client_secret: env:X } }").contains("needs `token_url`"));
    assert!(said("auth: { header: { nam: X, value: env:X } }").contains("did you mean `name`?"));
    assert!(said("auth: { bearer: in-plain-sight }").contains("a secret stands in the configuration itself"));
    assert!(said("every: 5m, cron: \"* * * * *\"").contains("`every` or `cron`, not both"));
}
