//! Looking at a running service and at a stopped one, and acting on what HaloPSA refused.

use halopsa_sandbox::{Sandbox, SandboxConfig};
use haloward_tests::{Ended, Install, PATIENCE, Process, TOKEN, alert, alertmanager, post, run, scrub};
use serde_json::Value;

const RULES: &str = r#"
rules:
  - id: refused
    when: { check: Refused }
    key: refused/${event.device.name}
    then: { open_ticket: { summary: "${event.title}", fields: { status_id: 4711 } } }
  - id: disk-nearly-full
    when: { check: DiskFull, labels.volume: "C:" }
    key: disk/${event.device.name}/${event.labels.volume}
    then:
      open_ticket: { summary: "Disk ${event.labels.volume} nearly full on ${event.device.name}" }
"#;

async fn ask(install: &Install, args: &[&str]) -> Ended {
    let config = install.config();
    run(&[args, &["--config", config.to_str().expect("a path")]].concat(), &[]).await
}

async fn json(install: &Install, args: &[&str]) -> Value {
    let ended = ask(install, &[args, &["--format", "json"]].concat()).await;
    assert_eq!(ended.code, Some(0), "{args:?}: {}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout))
}

async fn text(install: &Install, args: &[&str]) -> String {
    let ended = ask(install, args).await;
    assert_eq!(ended.code, Some(0), "{args:?}: {}", ended.stderr);
    let folder = install.config().with_file_name("");
    scrub(&ended.stdout.replace(folder.to_str().expect("a path"), ""))
}

/// Asks until the answer is as it should come to be.
async fn until(install: &Install, args: &[&str], wanted: impl Fn(&Value) -> bool) -> Value {
    let asking = async {
        loop {
            let answer = json(install, args).await;
            if wanted(&answer) {
                return answer;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("it comes to stand so")
}

fn id(item: &Value) -> String {
    item["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_can_be_seen_explained_and_put_right() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::with_rules(&sandbox.url(), RULES);
    let haloward = Process::start(&install).await;
    let mut traces = Vec::new();
    // One after the other, so that ids and lists have the order of the test.
    for (state, fingerprint, check, volume) in [
        ("firing", "a1", "DiskFull", "C:"),
        ("firing", "a1", "DiskFull", "C:"),
        ("firing", "b1", "DiskFull", "Z:"),
        ("firing", "c1", "Refused", "C:"),
    ] {
        let payload = alertmanager(&[alert(state, fingerprint, check, volume)]);
        let answer = post(&haloward.url, "prom", &payload).await.expect("answers");
        assert_eq!(answer.status, 202);
        traces.push(answer.body["trace"].as_str().expect("a trace").to_owned());
        // A repeat that comes before its ticket is there would become a part of it instead of a note.
        sandbox.wait_for(|s| !s.tickets.is_empty(), PATIENCE).await.expect("a ticket");
        until(&install, &["cases", "show", "disk/srv-a1/C:"], |story| {
            let mut operations = story["operations"].as_array().into_iter().flatten();
            operations.all(|operation| operation["state"] == "done")
        })
        .await;
    }
    let queue = until(&install, &["queue", "list"], |queue| {
        let items = queue["items"].as_array().expect("items");
        items.len() == 1 && items[0]["state"] == "dead"
    })
    .await;
    let dead = id(&queue["items"][0]);
    insta::assert_snapshot!("cases_list", text(&install, &["cases", "list", "--state", "open"]).await);
    insta::assert_snapshot!("cases_show", text(&install, &["cases", "show", "disk/srv-a1/C:"]).await);
    insta::assert_snapshot!("events_list", text(&install, &["events", "list"]).await);
    insta::assert_snapshot!("queue_list", text(&install, &["queue", "list"]).await);
    insta::assert_snapshot!("queue_show", text(&install, &["queue", "show", &dead]).await);
    insta::assert_snapshot!("ledger", text(&install, &["ledger"]).await);

    // Why was there no ticket?
    let events = json(&install, &["events", "list", "--outcome", "unmatched"]).await;
    let unmatched = id(&events["items"][0]);
    insta::assert_snapshot!("events_show", text(&install, &["events", "show", &unmatched]).await);

    // What became of a delivery, by the trace that its sender was told.
    let trace = traces.last().expect("a trace");
    let found = json(&install, &["events", "list", "--trace", trace]).await;
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{found}");
    let shown = json(&install, &["events", "show", trace]).await;
    assert_eq!((&shown["id"], shown["trace"].as_str()), (&found["items"][0]["id"], Some(trace.as_str())));
    assert_eq!(shown["operations"][0]["id"].as_str(), Some(dead.as_str()));
    let nobodys = "0af7651916cd43dd8448eb211c80319c";
    let ended = ask(&install, &["events", "show", nobodys]).await;
    assert_eq!(ended.stderr, format!("error: there is no event of the trace `{nobodys}`\n"));

    // From trace to test in one step.
    let events = json(&install, &["events", "list", "--text", "srv-a1"]).await;
    let repeat = id(&events["items"][0]);
    let test = ask(&install, &["events", "show", &repeat, "--as-test"]).await;
    assert_eq!(test.code, Some(0), "{}", test.stderr);
    assert!(!test.stdout.contains("trace"), "{}", test.stdout);
    install.write("rules/repeat_test.yaml", &test.stdout);
    let ended = ask(&install, &["test"]).await;
    assert_eq!(ended.code, Some(0), "{}{}\n{}", ended.stdout, ended.stderr, test.stdout);
    assert!(ended.stdout.contains("1 passed, 0 failed"), "{}", ended.stdout);

    // A report comes to the same decision elsewhere.
    let report = install.config().with_file_name("report.json");
    let report = report.to_str().expect("a path");
    let written = ask(&install, &["events", "show", &unmatched, "--report", report]).await;
    assert_eq!((written.code, written.stderr.as_str()), (Some(0), ""), "{}", written.stdout);
    let text = std::fs::read_to_string(report).expect("a report");
    for secret in [TOKEN, "sandbox-secret", "client_secret"] {
        assert!(!text.contains(secret), "`{secret}` is in the report");
    }
    let elsewhere = run(&["dry-run", report], &[]).await;
    assert_eq!(elsewhere.code, Some(0), "{}{}", elsewhere.stdout, elsewhere.stderr);
    insta::assert_snapshot!("report", elsewhere.stdout);

    // What HaloPSA refused is corrected and sent again.
    let wrong = ask(&install, &["queue", "retry", &dead, "--set", "pritority=High"]).await;
    assert_eq!(wrong.code, Some(2), "{}", wrong.stdout);
    assert!(wrong.stderr.contains("has no field `pritority`"), "{}", wrong.stderr);
    let retried =
        ask(&install, &["queue", "retry", &dead, "--set", "team=Network", "--unset", "fields.status_id"])
            .await;
    assert_eq!(retried.code, Some(0), "{}", retried.stderr);
    until(&install, &["queue", "list"], |queue| queue["items"] == serde_json::json!([])).await;
    assert_eq!(sandbox.tickets().len(), 2);

    // Stopped, it can still be looked at, and nothing else.
    haloward.kill().await;
    let ended = ask(&install, &["cases", "list"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stderr, "note: the service does not run: this is what its store holds\n");
    assert!(ended.stdout.contains("disk/srv-a1/C:"), "{}", ended.stdout);
    let story = json(&install, &["queue", "show", &dead]).await;
    assert_eq!(story["operation"]["state"], "done", "{story}");
    let ended = ask(&install, &["queue", "drop", &dead]).await;
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(ended.stderr.contains("the service does not run"), "{}", ended.stderr);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_service_that_never_ran_has_nothing_to_show() {
    let install = Install::new("http://127.0.0.1:9");
    let ended = ask(&install, &["cases", "list"]).await;
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(ended.stderr.contains("there is no store at"), "{}", ended.stderr);
    assert!(ended.stderr.contains("`haloward run` makes it at its first start"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_made_while_it_runs_can_be_started_from() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::with_rules(&sandbox.url(), RULES);
    let store = install.config().with_file_name("haloward.db");
    let copy = install.config().with_file_name("copy.db");
    let haloward = Process::start(&install).await;
    let send = async |url: &str, name: &str| {
        let payload = alertmanager(&[alert("firing", name, "DiskFull", "C:")]);
        assert_eq!(post(url, "prom", &payload).await.expect("answers").status, 202);
    };
    send(&haloward.url, "a1").await;
    until(&install, &["queue", "list"], |queue| queue["items"] == serde_json::json!([])).await;
    sandbox.wait_for(|s| s.tickets.len() == 1, PATIENCE).await.expect("a ticket");
    let copied = ask(&install, &["backup", copy.to_str().expect("a path")]).await;
    assert_eq!(copied.code, Some(0), "{}", copied.stderr);
    let again = ask(&install, &["backup", copy.to_str().expect("a path")]).await;
    assert_eq!(again.code, Some(2), "{}", again.stdout);
    assert!(again.stderr.contains("is already there"), "{}", again.stderr);
    // What came after the copy is lost with the disk.
    haloward.kill().await;
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(store.with_file_name(format!("haloward.db{suffix}")));
    }
    std::fs::rename(&copy, &store).expect("renames");
    let haloward = Process::start(&install).await;
    send(&haloward.url, "a1").await;
    send(&haloward.url, "b1").await;
    sandbox.wait_for(|s| s.tickets.len() == 2, PATIENCE).await.expect("the second alert's ticket");
    let cases = until(&install, &["cases", "list"], |cases| {
        cases["items"].as_array().is_some_and(|items| items.iter().any(|case| case["count"] == 2))
    })
    .await;
    assert_eq!(cases["items"].as_array().map(Vec::len), Some(2), "the first one's case is known: {cases}");
    assert_eq!(sandbox.tickets().len(), 2);
    haloward.kill().await;
    sandbox.stop().await;
}
