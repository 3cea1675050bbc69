//! `haloward connect`: what it says when all is well, and with each thing wrong that is known to go wrong.

use halopsa_sandbox::{Access, AgentRights, Clock, Sandbox, SandboxConfig};
use haloward_tests::{Ended, Install, run};
use serde_json::{Value, json};

const RULES: &str = "
rules:
  - id: disk
    when: { check: disk }
    then: { open_ticket: { asset: '${event.device.name}', site: Main, team: NOC } }
  - id: people
    then: { open_ticket: { user: '${event.user.email}', category: 'Server>Disk' } }
";

/// What these rules need, and no more.
const SCOPES: [&str; 5] = ["read:tickets", "edit:tickets", "read:customers", "read:assets", "all:teams"];

async fn connect(install: &Install, args: &[&str]) -> Ended {
    let config = install.config();
    run(&[&["connect", "--config", config.to_str().expect("a path")], args].concat(), &[]).await
}

/// What is printed, with the sandbox's address as `HALO`.
async fn report(sandbox: &Sandbox, install: &Install) -> (Option<i32>, String) {
    let ended = connect(install, &[]).await;
    let text = ended.stdout.replace(&sandbox.addr().to_string(), "HALO");
    (ended.code, format!("{text}{}", ended.stderr))
}

async fn of(config: SandboxConfig) -> (Option<i32>, String) {
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    let install = Install::with_rules(&sandbox.url(), RULES);
    report(&sandbox, &install).await
}

/// The lines that are not ticks.
fn problems(text: &str) -> String {
    let mut bad = false;
    let lines = text.lines().filter(|line| {
        bad = line.starts_with('✗') || line.starts_with('!') || (bad && line.starts_with("    "));
        bad || line.contains("onnected to")
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn narrow() -> SandboxConfig {
    SandboxConfig { scopes: SCOPES.map(str::to_owned).to_vec(), ..SandboxConfig::default() }
}

#[tokio::test]
async fn every_step_is_told_and_nothing_is_written() {
    let sandbox = Sandbox::start(narrow()).await.expect("a sandbox");
    let install = Install::with_rules(&sandbox.url(), RULES);
    let (code, text) = report(&sandbox, &install).await;
    insta::assert_snapshot!("connect_good", text);
    assert_eq!(code, Some(0));
    assert!(sandbox.tickets().is_empty());

    let ended = connect(&install, &["--format", "json"]).await;
    let said: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!((&said["connected"], &said["host"]), (&json!(true), &json!(sandbox.addr().to_string())));
    let steps = said["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["step"] == "read assets").expect("a step");
    assert_eq!((&step["result"], &step["help"]), (&json!("ok"), &Value::Null));
}

#[tokio::test]
async fn each_scope_that_is_missing_is_named() {
    let mut all = Vec::new();
    for missing in SCOPES {
        let scopes: Vec<String> =
            SCOPES.iter().filter(|scope| **scope != missing).map(|s| (*s).to_owned()).collect();
        let (code, text) = of(SandboxConfig { scopes, ..SandboxConfig::default() }).await;
        // What may be edited may be read.
        assert_eq!(code, Some(i32::from(missing != "read:tickets")), "{missing}: {text}");
        all.push(format!("without {missing}\n{}", problems(&text)));
    }
    insta::assert_snapshot!("connect_scopes", all.join("\n\n"));
}

#[tokio::test]
async fn each_permission_of_the_agent_that_is_missing_is_named() {
    let mut all = Vec::new();
    let full = AgentRights::default;
    for (what, agent) in [
        ("tickets read only", AgentRights { tickets: Access::Read, ..full() }),
        ("no tickets", AgentRights { tickets: Access::None, ..full() }),
        ("no customers", AgentRights { customers: Access::None, ..full() }),
        ("no users", AgentRights { users: Access::None, ..full() }),
        ("no assets", AgentRights { assets: Access::None, ..full() }),
        ("no clients visible", AgentRights { visible_clients: Some(Vec::new()), ..full() }),
        ("other clients visible", AgentRights { visible_clients: Some(vec![2]), ..full() }),
    ] {
        let (code, text) = of(SandboxConfig { agent, ..SandboxConfig::default() }).await;
        assert_eq!(code, Some(1), "{what}: {text}");
        all.push(format!("{what}\n{}", problems(&text)));
    }
    insta::assert_snapshot!("connect_permissions", all.join("\n\n"));
}

#[tokio::test]
async fn what_keeps_a_token_away_is_told_with_what_to_change() {
    let mut all = Vec::new();
    let (code, text) = of(SandboxConfig { agent_approved: false, ..SandboxConfig::default() }).await;
    all.push(format!("approval pending, exit {code:?}\n{}", problems(&text)));
    let scopes = vec!["read:invoices".to_owned()];
    let (code, text) = of(SandboxConfig { scopes, ..SandboxConfig::default() }).await;
    all.push(format!("no right at all, exit {code:?}\n{}", problems(&text)));

    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    for (what, halo) in [
        ("wrong secret", "client_id: sandbox-client, client_secret: file:token"),
        ("wrong id", "client_id: nobody, client_secret: file:secret"),
        ("wrong tenant", "client_id: sandbox-client, client_secret: file:secret, tenant: elsewhere"),
        (
            "no such token path",
            "client_id: sandbox-client, client_secret: file:secret, auth_url: \"URL/auth/nowhere\"",
        ),
        ("no such scope", "client_id: sandbox-client, client_secret: file:secret, scope: everything"),
    ] {
        let install = Install::with_rules(&sandbox.url(), RULES);
        let halo = halo.replace("URL", &sandbox.url());
        install.write("haloward.yaml", &format!("halo: {{ url: \"{}\", {halo} }}\n", sandbox.url()));
        let (code, text) = report(&sandbox, &install).await;
        all.push(format!("{what}, exit {code:?}\n{}", problems(&text)));
        assert!(!text.contains("sandbox-secret") && !text.contains("correct-horse"), "{text}");
    }
    insta::assert_snapshot!("connect_token", all.join("\n\n"));
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_told_at_the_step_it_fails() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::with_rules(&sandbox.url(), RULES);
    let halo = |url: &str| format!("halo: {{ url: \"{url}\", client_id: a, client_secret: file:secret }}\n");

    install.write("haloward.yaml", &halo("https://no-such-tenant.invalid"));
    let ended = connect(&install, &["--timeout", "20s"]).await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.starts_with("✗ name: no-such-tenant.invalid is not found"), "{}", ended.stdout);
    assert!(ended.stdout.contains("\n    check the spelling of `halo.url`"), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("Not connected to no-such-tenant.invalid\n"), "{}", ended.stdout);

    install.write("haloward.yaml", &halo("http://acme.halopsa.com"));
    let ended = connect(&install, &[]).await;
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    let said = "`http://acme.halopsa.com` would send the client secret unencrypted";
    assert!(ended.stderr.contains(said) && ended.stderr.contains("use `https://`"), "{}", ended.stderr);

    // A port that nobody listens on any more.
    let url = sandbox.url();
    install.write("haloward.yaml", &halo(&url));
    let addr = sandbox.addr().to_string();
    sandbox.stop().await;
    let ended = connect(&install, &[]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    let text = ended.stdout.replace(&addr, "HALO");
    assert!(text.contains("✗ connection: GET /authinfo: the host takes no connection"), "{text}");
    assert!(text.contains("check the HaloPSA address and port"), "{text}");
}

#[tokio::test]
async fn a_certificate_nobody_trusts_is_told_as_that() {
    let url = haloward_tests::self_signed().await;
    let install = Install::with_rules(&url, RULES);
    let ended = connect(&install, &[]).await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("✗ encryption: GET /authinfo: no trusted encryption"), "{}", ended.stdout);
    assert!(ended.stdout.contains("    add the certificate authority of the site"), "{}", ended.stdout);
}

#[tokio::test]
async fn what_is_wrong_elsewhere_does_not_keep_it_from_connecting() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::with_rules(&sandbox.url(), RULES);
    let halo = "client_id: sandbox-client, client_secret: file:secret";
    let config = format!("halo: {{ url: \"{}\", {halo} }}\nrules: nowhere\n", sandbox.url());
    install.write("haloward.yaml", &config);
    let (code, text) = report(&sandbox, &install).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("! rules: the configuration or the rules have a mistake"), "{text}");
    install.write("rules/rules.yaml", "rules: [{ id: a, then: { open_ticket: { type: Allert } } }]\n");
    install.write("haloward.yaml", &config.replace("rules: nowhere\n", ""));
    let (code, text) = report(&sandbox, &install).await;
    assert_eq!(code, Some(1), "{text}");
    let line = text.lines().find(|line| line.starts_with("✗ names: ")).unwrap_or_else(|| panic!("{text}"));
    assert!(line.contains("rules.yaml:1:") && line.contains("`Allert`"), "{line}");
    install.write("haloward.yaml", &format!("{config}unmatched_client: Nobody Ltd\n"));
    let (code, text) = report(&sandbox, &install).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("✗ unmatched_client: there is no client `Nobody Ltd`"), "{text}");
    assert!(text.contains("but 1 thing is missing that the rules need"), "{text}");
}

#[tokio::test]
async fn the_way_back_is_judged_by_what_halopsa_was_answered() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::with_rules(&sandbox.url(), RULES);
    let receiver = haloward_tests::answering(401).await;
    let config = install.config();
    let config = config.to_str().expect("a path");
    let api = |path: &'static str, body: Value| async move {
        let body = body.to_string();
        let ended = run(&["api", "--config", config, "POST", path, "-d", &body, "--yes"], &[]).await;
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    };
    api(
        "/Webhook",
        json!([{ "name": "Haloward", "url": format!("{receiver}/hooks/own/x"), "active": true }]),
    )
    .await;
    let webhooks =
        |text: String| text.lines().skip_while(|l| !l.contains("webhooks:")).collect::<Vec<_>>().join("\n");
    let (_, text) = report(&sandbox, &install).await;
    assert!(webhooks(text.clone()).contains("it has not called yet"), "{text}");
    api("/Tickets", json!([{ "summary": "something happens" }])).await;
    let called = |s: &halopsa_sandbox::Snapshot| s.tickets.len() == 1;
    sandbox.wait_for(called, haloward_tests::PATIENCE).await.expect("a ticket");
    let mut said = String::new();
    for _ in 0..50 {
        said = webhooks(report(&sandbox, &install).await.1);
        if !said.contains("not called yet") {
            break;
        }
    }
    assert_eq!(
        said.lines().take(2).collect::<Vec<_>>(),
        [
            "! webhooks: `Haloward` calls source `own`, but its last call was answered 401",
            "    give the webhook the credentials that the source's `auth` wants",
        ]
    );
}

#[tokio::test]
async fn the_public_address_is_asked_whether_this_service_is_there() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::with_rules(&sandbox.url(), RULES);
    let service = haloward_tests::Process::start(&install).await;
    let config = std::fs::read_to_string(install.config()).expect("a configuration");
    let line = async |public: &str| {
        let with = config.replace("server: {", &format!("server: {{ public_url: \"{public}\","));
        assert_ne!(with, config, "{config}");
        install.write("haloward.yaml", &with);
        let (code, text) = report(&sandbox, &install).await;
        assert_eq!(code, Some(0), "the way back is needed by nothing: {text}");
        let line = text.lines().find(|line| line.contains("public address"));
        line.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    let here = service.url.clone();
    assert_eq!(line(&here).await, format!("✓ public address: this service answers at {here}"));
    let other = haloward_tests::answering(200).await;
    assert_eq!(line(&other).await, format!("! public address: something else answers at {other}, with 200"));
    let nobody = "http://127.0.0.1:9";
    assert!(
        line(nobody).await.starts_with("! public address: http://127.0.0.1:9 does not answer this machine: ")
    );

    // A webhook that calls another address than ours.
    let body =
        json!([{ "name": "Old", "url": "https://old.example.com/hooks/own/x", "active": true }]).to_string();
    let file = install.config();
    let file = file.to_str().expect("a path");
    let ended = run(&["api", "--config", file, "POST", "/Webhook", "-d", &body, "--yes"], &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let (_, text) = report(&sandbox, &install).await;
    let said = "! webhooks: `Old` calls source `own`, but at another address than this service's";
    assert!(text.contains(said) && text.contains("`server.public_url` is `http://127.0.0.1:9`"), "{text}");
    service.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_told_and_breaks_nothing() {
    for (seconds, said) in [(-600, "10m ahead of HaloPSA's"), (600, "10m behind HaloPSA's")] {
        let clock = Clock::shifted_by(seconds);
        let (code, text) = of(SandboxConfig { clock, ..SandboxConfig::default() }).await;
        assert_eq!(code, Some(0), "{text}");
        let line = text.lines().find(|line| line.contains("clock: ")).unwrap_or_else(|| panic!("{text}"));
        assert!(line.starts_with("! clock: this machine's is ") && line.ends_with(said), "{line}");
    }
}
