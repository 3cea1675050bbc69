//! `haloward replay`: from the journal of a running service to the difference a rule change makes.

use halopsa_sandbox::{Sandbox, SandboxConfig};
use haloward_tests::{Install, PATIENCE, Process, alert, alertmanager, post, run};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test]
async fn a_rule_change_is_compared_on_the_journal_of_a_running_service() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::new(&sandbox.url());
    let process = Process::start(&install).await;
    let alerts: Vec<Value> = ["a", "b"].iter().map(|f| alert("firing", f, "DiskFull", "C:")).collect();
    let answer = post(&process.url, "prom", &alertmanager(&alerts)).await.expect("an answer");
    assert_eq!(answer.status, 202, "{}", answer.body);

    let config = install.config();
    let config = config.to_str().expect("a path");
    let changed = install.config().with_file_name("changed");
    std::fs::create_dir(&changed).expect("a folder");
    let rule = "rules:\n  - { id: quiet, when: { device.name: srv-a }, then: { drop: a spare } }\n  \
                - { id: all, key: 'disk/${event.device.name}/C:', then: { open_ticket: { summary: Full } } }\n";
    install.write("changed/rules.yaml", rule);
    let changed = changed.to_str().expect("a path");

    // Both read the file while the service has it open.
    let replay = ["replay", "--config", config, "--since", "1d", "--against", changed];
    let ended = run(&[&replay[..], &["--format", "json"]].concat(), &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let found = json(&ended.stdout);
    let count = |what: &str| found[what].as_u64().expect("a count");
    assert_eq!(["events", "fewer", "more", "changed", "same"].map(count), [2, 1, 0, 1, 0], "{found}");
    assert_eq!(found["differences"][0]["instead"]["reason"], "a spare", "{found}");
    let fields: Vec<&str> = found["differences"][1]["fields"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|f| f["field"].as_str())
        .collect();
    assert!(fields.contains(&"summary"), "{found}");

    let ended = run(&[&replay[..], &["--fail-on-difference"]].concat(), &[]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stdout.contains("tickets: 1 fewer, 0 more, 1 changed, 0 the same"), "{}", ended.stdout);
    assert!(ended.stdout.contains("instead dropped by quiet: a spare"), "{}", ended.stdout);

    let file = install.config().with_file_name("events.jsonl");
    let file = file.to_str().expect("a path");
    let ended = run(&["replay", "--config", config, "--export", file], &[]).await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), format!("wrote 2 events to {file}\n").as_str())
    );
    let (code, log) = process.stop().await;
    assert_eq!(code, Some(0), "{log}");

    // What was exported replays elsewhere, without the store.
    let elsewhere =
        ["replay", "--config", config, "--events", file, "--against", changed, "--format", "json"];
    let again = json(&run(&elsewhere, &[]).await.stdout);
    assert_eq!(again, found);
    let same = [
        "replay",
        "--config",
        config,
        "--events",
        file,
        "--against",
        "tests/rules",
        "--rules",
        "tests/rules",
    ];
    let ended = run(&[&same[..], &["--fail-on-difference"]].concat(), &[]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
}

/// How many cases have an open ticket, as the running service says.
async fn open_cases(config: &str) -> usize {
    let ended = run(&["cases", "list", "--config", config, "--state", "open", "--format", "json"], &[]).await;
    json(&ended.stdout)["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_compared_with_what_was_decided_at_the_time() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::new(&sandbox.url());
    let config = install.config();
    let config = config.to_str().expect("a path");
    let process = Process::start(&install).await;
    let fire = async || {
        let alerts = alertmanager(&[alert("firing", "a", "DiskFull", "C:")]);
        post(&process.url, "prom", &alerts).await.expect("an answer");
    };
    fire().await;
    sandbox.wait_for(|s| s.tickets.len() == 1, PATIENCE).await.expect("a ticket");
    let closed = async {
        while open_cases(config).await != 1 {}
        sandbox.close_ticket(sandbox.tickets()[0].id).expect("closed");
        while open_cases(config).await != 0 {}
    };
    tokio::time::timeout(PATIENCE, closed).await.expect("the case ends with its ticket");
    fire().await;
    sandbox.wait_for(|s| s.tickets.len() == 2, PATIENCE).await.expect("another ticket");

    // That somebody closed the first one is known: the same rules would have opened both.
    let replay = ["replay", "--config", config, "--since", "1d", "--fail-on-difference"];
    let ended = run(&replay, &[]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("tickets: 0 fewer, 0 more, 0 changed, 2 the same"), "{}", ended.stdout);
    let (code, log) = process.stop().await;
    assert_eq!(code, Some(0), "{log}");

    install.write("rules/rules.yaml", "rules:\n  - { id: quiet, then: { drop: a spare } }\n");
    let ended = run(&replay, &[]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stdout.contains("tickets: 2 fewer, 0 more, 0 changed, 0 the same"), "{}", ended.stdout);
    assert!(ended.stdout.contains("instead dropped by quiet: a spare"), "{}", ended.stdout);
}

#[tokio::test]
async fn the_report_puts_the_summary_first() {
    let args = [
        "replay",
        "--events",
        "tests/stories/events.jsonl",
        "--rules",
        "tests/stories",
        "--against",
        "tests/rules",
    ];
    let ended = run(&args, &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    insta::assert_snapshot!("replay", ended.stdout);
}

#[tokio::test]
async fn what_cannot_be_replayed_is_said_so() {
    let install = Install::new("http://127.0.0.1:9");
    let config = install.config();
    let config = config.to_str().expect("a path");
    let ended = run(&["replay", "--config", config, "--against", "tests/rules"], &[]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("there is no store at"), "{}", ended.stderr);
    install.write("events.jsonl", "{\"source\": \"s\", \"title\": \"Full\"}\n");
    let file = install.config().with_file_name("events.jsonl");
    let args = [
        "replay",
        "--events",
        file.to_str().expect("a path"),
        "--against",
        "tests/rules",
        "--rules",
        "tests/rules",
    ];
    let ended = run(&args, &[]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("does not say when it was received: Full"), "{}", ended.stderr);
}
