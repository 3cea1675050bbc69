//! `haloward api` and `clients` as people use them: what is sent, what is printed, and how they end.

use halopsa_sandbox::{Fault, FaultKind, Sandbox, SandboxConfig};
use haloward_tests::{Ended, Install, Process, alert, alertmanager, post, run};
use serde_json::{Value, json};

async fn sandbox(past_tickets: u32) -> (Sandbox, Install) {
    let config = SandboxConfig { past_tickets, ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    let install = Install::new(&sandbox.url());
    (sandbox, install)
}

async fn api(install: &Install, args: &[&str]) -> Ended {
    let config = install.config();
    run(&[&["api", "--config", config.to_str().expect("a path")], args].concat(), &[]).await
}

fn json_of(ended: &Ended) -> Value {
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout))
}

fn writes(sandbox: &Sandbox) -> usize {
    sandbox
        .requests()
        .iter()
        .filter(|request| request.path.ends_with("/Tickets") && request.method == "POST")
        .count()
}

#[tokio::test]
async fn a_get_prints_what_halopsa_answered() {
    let (_sandbox, install) = sandbox(20).await;
    let answer = json_of(&api(&install, &["get", "/Tickets", "-q", "count=5", "-q", "order=id"]).await);
    assert_eq!(answer["tickets"].as_array().map(Vec::len), Some(5));
    let pasted = json_of(&api(&install, &["GET", "/api/Tickets?count=5&order=id"]).await);
    assert_eq!(pasted, answer, "the path as dry runs print it, with its query");
    let args = ["GET", "Tickets", "-q", "count=2", "--select", "tickets[].id", "--lines"];
    let ended = api(&install, &args).await;
    assert_eq!(
        ended.stdout.lines().filter(|line| line.parse::<i64>().is_ok()).count(),
        2,
        "{}",
        ended.stdout
    );
    let count = json_of(&api(&install, &["GET", "Tickets", "--select", "record_count"]).await);
    assert_eq!(count, 20);
    let filtered = api(&install, &["GET", "Tickets", "--jq", ".record_count, (.tickets | length > 5)"]).await;
    assert_eq!(filtered.stdout, "20\ntrue\n", "{}", filtered.stderr);
    let ids = json_of(
        &api(&install, &["GET", "Tickets", "--paginate", "--jq", "map(.id) | unique | length"]).await,
    );
    assert_eq!(ids, 20, "of all pages as one list");
    let failed = api(&install, &["GET", "Tickets", "--jq", ".record_count.x"]).await;
    assert_eq!(failed.code, Some(2), "{}", failed.stdout);
    assert!(failed.stderr.contains("error: the filter fails: cannot index"), "{}", failed.stderr);
}

#[tokio::test]
async fn all_pages_come_as_one_list_up_to_the_limit() {
    let (_sandbox, install) = sandbox(250).await;
    let rows = json_of(&api(&install, &["GET", "/Tickets", "--paginate"]).await);
    let rows = rows.as_array().expect("a list");
    let ids: std::collections::BTreeSet<i64> = rows.iter().filter_map(|row| row["id"].as_i64()).collect();
    assert_eq!((rows.len(), ids.len()), (250, 250));
    let args = ["GET", "/Tickets", "--paginate", "--limit", "130", "--select", "tickets[].id", "--lines"];
    let ended = api(&install, &args).await;
    assert_eq!((ended.code, ended.stdout.lines().count()), (Some(0), 130), "{}", ended.stderr);
    assert!(ended.stderr.contains("stopped after 130 rows of 250; --limit takes more"), "{}", ended.stderr);
    let bare = json_of(&api(&install, &["GET", "/Status", "--paginate", "--select", "[].name"]).await);
    assert!(bare.as_array().is_some_and(|names| names.contains(&json!("New"))), "{bare}");
    let ended = api(&install, &["GET", "/Client/1", "--paginate"]).await;
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(ended.stderr.contains("GET /Client/1: the answer holds"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_write_wants_a_yes_where_nobody_can_be_asked() {
    let (sandbox, install) = sandbox(0).await;
    install.write("ticket.json", r#"[{"summary": "From a file", "tickettype_id": 1}]"#);
    let file = format!("@{}", install.config().with_file_name("ticket.json").display());
    let ended = api(&install, &["POST", "/Tickets", "-d", &file]).await;
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(ended.stderr.contains("say --yes if that is wanted"), "{}", ended.stderr);
    assert_eq!(writes(&sandbox), 0);
    let kind = sandbox.id_of("TicketType", "Alert").expect("a ticket type");
    let body = json!([{ "summary": "By hand", "tickettype_id": kind }]).to_string();
    let made = json_of(&api(&install, &["POST", "/Tickets", "-d", &body, "--yes"]).await);
    let id = made["id"].as_i64().expect("an id");
    assert_eq!(sandbox.ticket(id).map(|ticket| ticket.summary), Some("By hand".into()));
}

#[tokio::test]
async fn a_refusal_says_what_halopsa_said_and_what_to_do() {
    let (sandbox, install) = sandbox(0).await;
    let ended = api(&install, &["GET", "/Tickets/99999999"]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(ended.stderr.contains("error: GET /Tickets/99999999: HaloPSA answered 404"), "{}", ended.stderr);
    assert!(ended.stderr.contains("\n  = check the id"), "{}", ended.stderr);

    sandbox.faults().inject(Fault::once(FaultKind::CutAfterCommit).on("POST", "/api/Tickets"));
    let kind = sandbox.id_of("TicketType", "Alert").expect("a ticket type");
    let body = json!([{ "summary": "Cut off", "tickettype_id": kind }]).to_string();
    let ended = api(&install, &["POST", "/Tickets", "-d", &body, "--yes"]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(ended.stderr.contains("POST /Tickets may or may not have happened"), "{}", ended.stderr);
    assert!(ended.stderr.contains("look for it before writing it again"), "{}", ended.stderr);
    assert_eq!(writes(&sandbox), 1, "never sent again");

    install.write("secret", "not-the-secret\n");
    let ended = api(&install, &["GET", "/Tickets"]).await;
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(ended.stderr.contains("no token from"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("not-the-secret"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_request_that_cannot_be_meant_is_not_sent() {
    let (sandbox, install) = sandbox(0).await;
    for (args, message) in [
        (vec!["GET", "https://acme.halopsa.com/api/Tickets"], "is an address, not a path"),
        (vec!["GET", "/api/"], "the path is empty"),
        (vec!["GET", "/Tickets", "-d", "[]"], "a GET request has no body"),
        (vec!["GET", "/Tickets?count=1", "-q", "count=2"], "the parameter `count` is given twice"),
        (vec!["GET", "/../auth/token"], "leads out of the API"),
        (vec!["POST", "/Tickets", "-d", "{", "--yes"], "the body is not JSON: "),
        (vec!["POST", "/Tickets", "-d", "@nowhere.json", "--yes"], "cannot read `nowhere.json`"),
        (vec!["POST", "/Tickets", "-d", "@-", "--yes"], "`-` is not JSON"),
        (vec!["POST", "/Tickets", "--paginate", "--yes"], "only lists come in pages"),
        (vec!["GET", "/Tickets", "--select", "a..b"], "`a..b` is not a path"),
        (vec!["GET", "/Tickets", "-q", "count"], "a parameter is NAME=VALUE"),
    ] {
        let ended = api(&install, &args).await;
        assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.stdout);
        assert!(ended.stderr.contains(message), "{args:?}: {}", ended.stderr);
    }
    assert!(sandbox.requests().iter().all(|request| !request.path.contains("Tickets")));
}

async fn clients(install: &Install, args: &[&str]) -> Ended {
    let config = install.config();
    run(&[&["clients", "--config", config.to_str().expect("a path")], args].concat(), &[]).await
}

#[tokio::test]
async fn clients_are_listed_with_what_they_can_be_known_by() {
    let (_sandbox, install) = sandbox(0).await;
    let listed = json_of(&clients(&install, &["--format", "json"]).await);
    let listed = listed["clients"].as_array().expect("a list");
    let client = listed.iter().find(|client| client["name"] == "Northwind Dental").expect("a client");
    assert!(client["id"].is_i64() && client["main_site"]["name"] == "Main", "{client}");
    assert!(client["domains"].is_array(), "{client}");
    let tenant = client["azure_tenants"][0]["id"].as_str().expect("a tenant");
    let ended = clients(&install, &[]).await;
    let line = ended.stdout.lines().find(|line| line.starts_with("Northwind Dental ")).expect("a line");
    assert!(line.contains("Main") && line.ends_with(tenant), "{line}");
}

#[tokio::test]
async fn names_that_are_no_clients_get_proposals_and_nothing_is_applied() {
    let (sandbox, install) = sandbox(0).await;
    let event = |name: &str| json!({"source": "own", "title": "t", "client": {"name": name}});
    let events = json!([event("Northwind Dental"), event("Northwind Dentel"), event("Northwind Dentel")]);
    install.write("events.json", &events.to_string());
    let file = install.config().with_file_name("events.json").display().to_string();
    let ended = clients(&install, &["match", &file]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let expected =
        "aliases:\n  \"Northwind Dentel\": \"Northwind Dental\"  # 0.97 by name; 2 events from own\n";
    assert_eq!(ended.stdout, expected);
    assert!(ended.stderr.contains("1 name is a client's, 1 has proposals, 0 have none"), "{}", ended.stderr);
    assert!(
        sandbox.requests().iter().all(|request| request.method == "GET" || !request.path.contains("api/"))
    );

    // What is printed does what it says.
    let config = std::fs::read_to_string(install.config()).expect("reads");
    install.write("haloward.yaml", &format!("{config}clients: clients.yaml\n"));
    install.write("clients.yaml", &ended.stdout);
    let matched = json_of(&clients(&install, &["match", &file, "--format", "json"]).await);
    let matched = matched["organisations"].as_array().expect("a list");
    assert!(matched.iter().all(|row| row["client"]["name"] == "Northwind Dental"), "{matched:?}");

    install.write("events.json", &event("Zzyzx Quarries").to_string());
    let ended = clients(&install, &["match", &file]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("`Zzyzx Quarries` is like no client (1 event from own)"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn a_mail_domain_tells_whose_an_alert_is_where_no_name_does() {
    let (sandbox, install) = sandbox(0).await;
    let event = |email: &str| json!({"source": "own", "title": "t", "user": {"email": email}});
    let events =
        json!([event("ana@northwinddental.example"), event("bob@nobodys.example"), event("x@gmail.com")]);
    install.write("events.json", &events.to_string());
    let file = install.config().with_file_name("events.json").display().to_string();
    let ended = clients(&install, &["match", &file, "--format", "json"]).await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    let matched: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let named: Vec<(&Value, &Value)> = matched["organisations"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| (&row["mail_domain"], &row["client"]["name"]))
        .collect();
    let expected = [
        (&json!("nobodys.example"), &Value::Null),
        (&json!("northwinddental.example"), &json!("Northwind Dental")),
    ];
    assert_eq!(named, expected);
    let asked = sandbox.requests().iter().filter(|request| request.query.contains("domain=")).count();
    assert_eq!(asked, 2, "anybody's domain is nobody's");
}

#[tokio::test]
async fn names_come_from_the_journal_where_no_file_is_given() {
    let (sandbox, install) = sandbox(0).await;
    let ended = clients(&install, &["match"]).await;
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(ended.stderr.contains("there is no store at"), "{}", ended.stderr);

    let haloward = Process::start(&install).await;
    let payload = alertmanager(&[alert("firing", "c1", "DiskFull", "C:")]);
    assert_eq!(post(&haloward.url, "prom", &payload).await.expect("answers").status, 202);
    let running = json_of(&clients(&install, &["match", "--format", "json"]).await);
    haloward.kill().await;

    let matched = json_of(&clients(&install, &["match", "--format", "json"]).await);
    assert_eq!(running, matched, "the same while the service runs as after it was killed");
    let row = &matched["organisations"][0];
    assert_eq!((&row["source"], &row["name"]), (&json!("prom"), &json!("Northwind Dental")), "{matched}");
    assert!(row["client"]["id"].is_i64(), "{row}");
    let payload = payload.to_string();
    install.write("payload.json", &payload);
    let file = install.config().with_file_name("payload.json").display().to_string();
    let read = json_of(&clients(&install, &["match", &file, "--source", "prom", "--format", "json"]).await);
    assert_eq!(read, matched, "a payload is read as the service reads it");
    sandbox.stop().await;
}
