//! HaloPSA's own tickets: what somebody opens there is told by HaloPSA's webhook, and a rule works on it.

use halopsa_sandbox::{Sandbox, SandboxConfig};
use haloward_tests::{Install, PATIENCE, Process, TOKEN, client, run};
use serde_json::{Value, json};

const RULES: &str = r#"
rules:
  - id: route
    from: halo
    when: { change.kind: created, ticket.summary: { contains: wifi } }
    then: { update_ticket: { team: NOC }, add_note: "routed" }
"#;

/// HaloPSA, as its own web client and its administrators use it.
struct Halo<'s> {
    sandbox: &'s Sandbox,
    http: reqwest::Client,
    token: String,
}

impl<'s> Halo<'s> {
    async fn of(sandbox: &'s Sandbox) -> Self {
        let (http, config) = (client(), sandbox.config());
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", config.client_id.as_str()),
            ("client_secret", config.client_secret.as_str()),
            ("scope", "all"),
        ];
        let answer =
            http.post(format!("{}/auth/token", sandbox.url())).form(&form).send().await.expect("answers");
        let token: Value = answer.json().await.expect("JSON");
        Self { sandbox, http, token: token["access_token"].as_str().expect("a token").to_owned() }
    }

    async fn post(&self, path: &str, record: Value) -> Value {
        let url = format!("{}/api/{path}", self.sandbox.url());
        let answer = self.http.post(url).bearer_auth(&self.token).json(&json!([record])).send().await;
        answer.expect("answers").json().await.expect("JSON")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_somebody_opens_is_routed_at_once_and_once() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    // The next reading by itself would come too late for this test.
    let install = Install::with_rules(&sandbox.url(), RULES).source(
        "halo: { halo: { tickets: changed, every: 1h, webhook: { auth: { basic: { user: halo, password: file:token } } } } }",
    );
    let haloward = Process::start(&install).await;
    let halo = Halo::of(&sandbox).await;
    let hook = json!({
        "name": "Haloward", "url": format!("{}/hooks/halo", haloward.url), "active": true, "authentication_type": 1,
        "basic_username": "halo", "basic_password": TOKEN,
        "events": [{ "eventno": "3" }, { "eventno": "19" }],
    });
    halo.post("Webhook", hook).await;
    // The source has read where it begins: a ticket that is in its first list is none that somebody opened since.
    let begun = |s: &halopsa_sandbox::Snapshot| {
        let mut lists = s.requests_to("GET", "/api/Tickets");
        lists.any(|request| request.query.contains("open_only=true") && request.status == Some(200))
    };
    sandbox.wait_for(begun, PATIENCE).await.expect("the first reading");
    let kind = sandbox.id_of("TicketType", "Incident").expect("a type");
    let opened = halo.post("Tickets", json!({ "summary": "The wifi is slow", "tickettype_id": kind })).await;
    let id = opened["id"].as_i64().expect("a number");
    let routed = |s: &halopsa_sandbox::Snapshot| {
        s.tickets
            .iter()
            .any(|t| t.id == id && t.team == "NOC" && t.actions.iter().any(|a| a.note.contains("routed")))
    };
    sandbox.wait_for(routed, PATIENCE).await.expect("it is routed");

    // HaloPSA's webhook told of our own changes too. They are read, and nothing follows from them.
    let read_again = |s: &halopsa_sandbox::Snapshot| {
        let lists = s.requests_to("GET", "/api/Tickets").filter(|r| r.query.contains("lastupdatefromdate"));
        lists.count() >= 2
    };
    sandbox.wait_for(read_again, PATIENCE).await.expect("another reading");
    let (code, log) = haloward.stop().await;
    assert_eq!(code, Some(0));
    let ticket = sandbox.ticket(id).expect("it is there");
    assert_eq!(ticket.actions.iter().filter(|action| action.note.contains("routed")).count(), 1);
    assert!(!log.contains(TOKEN), "{log}");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_about_tickets_are_tried_on_a_saved_ticket() {
    let config = haloward_tests::root().join("examples/service-desk/haloward.yaml").display().to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let saved = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("writes");
        file.display().to_string()
    };
    let ticket = json!({ "id": 4521, "summary": "Printer", "status_id": 4, "status_name": "With User", "agent_id": 1 });
    let ticket = saved("ticket.json", &ticket.to_string());
    let tried =
        run(&["dry-run", "--config", &config, "--source", "tickets", "--format", "json", &ticket], &[]).await;
    assert_eq!(tried.code, Some(0), "{}", tried.stderr);
    let answer: Value = serde_json::from_str(&tried.stdout).expect("JSON");
    let event = &answer["events"][0];
    assert_eq!(
        (&event["outcome"], &event["event"]["ticket"]["assigned"]),
        (&json!("waiting"), &json!(false))
    );
    let matched =
        event["decisions"].as_array().into_iter().flatten().filter(|decision| decision["matched"] == true);
    let rules: Vec<&str> = matched.filter_map(|decision| decision["rule"].as_str()).collect();
    assert_eq!(rules, ["no-answer-for-three-days", "no-answer-for-a-week"]);

    let shown = run(&["source", "test", "tickets", &ticket, "--config", &config], &[]).await;
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(shown.stdout.contains("ticket.status") && shown.stdout.contains("With User"), "{}", shown.stdout);

    let other = saved("other.json", r#"{"alert": "disk"}"#);
    let wrong = run(&["source", "test", "tickets", &other, "--config", &config], &[]).await;
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("it holds no ticket of HaloPSA: there is no `id`"), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("haloward api GET /Tickets/4521"), "{}", wrong.stderr);
}
