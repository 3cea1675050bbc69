use super::*;
use haloward_rules::{Findings, SourceFile};
use std::path::Path;

fn decode(text: &str) -> (Option<Config>, Findings) {
    let mut findings = Findings::default();
    let config = Config::decode(&SourceFile::new("haloward.yaml", text), PathBuf::from("etc"), &mut findings);
    (config, findings)
}

#[test]
fn the_example_of_the_documentation_is_right() {
    let (config, findings) = decode(
        "
halo: { url: acme.halopsa.com, client_id: env:HALO_CLIENT_ID, client_secret: env:HALO_CLIENT_SECRET, budget: { requests: 450, per: 5m, reserve: 20% }, scope: [read:tickets, edit:tickets], track: 2m, batch: 50, marker: { custom_field: CFHaloward } }
server: { listen: 127.0.0.1:9000, max_body: 2MiB }
store: sqlite:haloward.db
rules: rules
ticket_defaults: { type: Alert, priority: { critical: Critical, else: Medium } }
unmatched_client: Unmatched Alerts
on_rule_error: ignore
calendars: { business-hours: { timezone: Europe/London, weekly: { mon-fri: \"09:00-17:30\" } } }
sources:
  datto-rmm: { webhook: { preset: datto-rmm, auth: { url_token: env:DATTO_TOKEN } } }
  grafana: { webhook: { preset: grafana, auth: { basic: { user: grafana, password: env:GRAFANA_PW } } } }
  github: { webhook: { preset: generic, auth: { hmac: { header: X-Hub-Signature-256, secret: env:GH, prefix: 'sha256=' } } } }
  own-tool: { webhook: { auth: { bearer: env:OWN }, severity: low, map: { event: { title: '${item.name}' } } } }
  local: { webhook: { auth: none } }
  mondays: { schedule: { cron: \"0 8 * * mon\", timezone: Europe/London, missed: none, title: Maintenance, severity: low } }
",
    );
    assert!(findings.is_empty(), "{}", findings.render());
    let config = config.expect("a configuration");
    let halo = config.halo.expect("a connection");
    assert_eq!((halo.site.host().as_str(), halo.budget.requests), ("acme.halopsa.com", 450));
    assert_eq!((halo.scope.as_str(), halo.track.as_secs()), ("read:tickets edit:tickets", 120));
    assert_eq!(halo.batch, 50);
    assert_eq!(halo.marker, crate::wire::MarkerPlace::CustomField("CFHaloward".to_owned()));
    assert_eq!(
        config.names.iter().filter(|name| name.kind == haloward_rules::NameKind::CustomField).count(),
        1
    );
    assert_eq!(config.store, Path::new("etc/haloward.db"));
    assert_eq!((config.listen.port(), config.max_body), (9000, 2 * 1024 * 1024));
    assert_eq!(config.sources.len(), 6);
    assert!(config.sources["own-tool"].reading().is_some_and(|reading| reading.map.is_some()));
    let SourceConfig::Schedule(mondays) = &config.sources["mondays"] else { panic!("a schedule") };
    assert_eq!(
        (mondays.cron.to_string().as_str(), mondays.missed),
        ("0 8 * * mon Europe/London", Missed::None)
    );
}

#[test]
fn mistakes_are_found_all_at_once_with_suggestions() {
    let (_, findings) = decode(
        "
halo: { url: \"http://acme.halopsa.com\", client_secret: env:X, budget: { requests: many } }
sever: { listen: 1 }
server: { listen: everywhere }
store: postgres://x
connections: {}
channels: { ops: { format: team } }
sources:
  Datto: { webhook: { auth: none } }
  open: { webhook: { preset: datto-rm, auth: { beerer: env:X } } }
  noauth: { webhook: {} }
  polled: { poll: { every: 1s } }
  never: { schedule: { cron: \"0 0 31 2 *\", timezone: London, mised: once } }
  both: { schedule: { cron: \"@daily\" }, webhook: { auth: none } }
  neither: {}
",
    );
    let text = findings.render();
    for part in [
        "`halo` needs `client_id`",
        "unknown field `sever`",
        "did you mean `server`?",
        "`listen` must be an address and a port",
        "`store` cannot be `postgres://x`",
        "`connections` is not available in this version",
        "a channel needs a `webhook` or `mail`",
        "did you mean `teams`?",
        "`Datto` is no name for a source",
        "there is no preset `datto-rm`",
        "did you mean `datto-rmm`?",
        "unknown field `beerer`",
        "did you mean `bearer`?",
        "anybody could send to the source `noauth`: it has no `auth`",
        "`every` must be at least `5s`",
        "`requests` must be a whole number",
        "unknown time zone `London`",
        "did you mean `missed`?",
        "the source `both` says more than one kind",
        "the source `neither` says no kind",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn an_open_door_beyond_loopback_is_refused() {
    let (_, findings) =
        decode("server: { listen: 0.0.0.0:8080 }\nsources: { open: { webhook: { auth: none } } }\n");
    assert!(
        findings.has_errors() && findings.render().contains("`auth: none` on 0.0.0.0:8080"),
        "{}",
        findings.render()
    );
}

#[test]
fn a_literal_secret_is_a_warning_that_does_not_repeat_it() {
    let (config, findings) =
        decode("sources:\n  own:\n    webhook:\n      auth: { bearer: hunter2hunter2 }\n");
    assert!(!findings.has_errors() && findings.len() == 1);
    let text = format!("{}{:?}", findings.render(), config);
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn the_clients_file_says_which_name_is_which_client() {
    let dir = tempfile::tempdir().expect("a folder");
    let text = "aliases: { ND: Northwind Dental }\nsources: { datto-rmm: { site-17: 2 } }\n";
    std::fs::write(dir.path().join("clients.yaml"), text).expect("writes");
    let mut findings = Findings::default();
    let file = SourceFile::new("haloward.yaml", "clients: clients.yaml\n");
    let config = Config::decode(&file, dir.path().to_owned(), &mut findings).expect("a configuration");
    assert!(findings.is_empty(), "{}", findings.render());
    assert_eq!(config.clients.aliases["ND"], "Northwind Dental");
    assert_eq!(config.clients.sources["datto-rmm"]["site-17"], "2");
    let (_, findings) = decode("clients: nowhere.yaml\n");
    assert!(findings.render().contains("cannot read `etc/nowhere.yaml`"), "{}", findings.render());
}

#[test]
fn tables_and_modules_are_loaded_with_the_rules_also_of_a_file_named_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("makes a folder");
        std::fs::write(path, text).expect("writes");
    };
    write("haloward.yaml", "rules: rules\n");
    write(
        "rules/packs/r.yaml",
        "use: { names: ../lib/names }\nrules: [{ id: a, then: { drop: '${names::short(lookup(\"teams\", 1))}' } }]\n",
    );
    write("rules/lib/names.rhai", "fn short(name) { truncate(name, 3) }\n");
    write("rules/tables/teams.csv", "site,team\n1,North\n");
    write("rules/packs/export.csv", "no,table\n");
    let config = dir.path().join("haloward.yaml");
    let load = |rules: &[PathBuf]| Loaded::load(Some(&config), rules).expect("loads");
    let whole = load(&[]);
    assert_eq!(whole.findings.render(), "");
    assert_eq!((whole.rules.rules().len(), whole.rule_files.len()), (1, 1));
    let alone = load(&[dir.path().join("rules/packs/r.yaml")]);
    assert_eq!(alone.findings.render(), "");
    assert_eq!(alone.version, whole.version);
    write("rules/tables/teams.csv", "site,team\n1,South\n");
    assert_ne!(load(&[]).version, whole.version, "another table is another set of rules");
    write("rules/tables/teams.csv", "site\n");
    assert!(load(&[]).findings.render().contains("the table has one column"));
}
