//! `haloward dry-run` on streams of events, and against a tenant that it only reads.

use halopsa_sandbox::{Sandbox, SandboxConfig};
use haloward_tests::{Install, run_with_input};
use serde_json::{Value, json};

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Twenty minutes of a disk that is full, then is not, among alerts that nobody wants.
fn stream() -> String {
    let event = |minute: u32, state: &str, check: &str| {
        json!({
            "source": "rmm", "state": state, "severity": "critical", "check": check, "title": check,
            "device": { "name": "SRV-01" }, "received_at": format!("2026-01-05T09:{minute:02}:00Z"),
        })
        .to_string()
    };
    let mut stream = vec![event(0, "firing", "Disk usage"), event(1, "firing", "Disk usage")];
    stream.extend((2..19).map(|minute| event(minute, "firing", "Fan")));
    stream.push(event(19, "resolved", "Disk usage"));
    stream.join("\n")
}

#[tokio::test]
async fn json_lines_are_decided_one_by_one_at_the_times_they_were_received() {
    let args = ["dry-run", "--rules", "tests/stories", "--lines", "-"];
    let ended = run_with_input(&args, &stream()).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let shown = lines(&ended.stdout);
    assert_eq!(shown.len(), 20, "{}", ended.stdout);
    let outcome = |number: usize| shown[number]["outcome"].as_str().expect("an outcome");
    assert_eq!(
        [outcome(0), outcome(1), outcome(2), outcome(19)],
        ["open_ticket", "add_note", "unmatched", "resolve_ticket"]
    );
    assert_eq!(shown[1]["event"]["received_at"], "2026-01-05T09:01:00Z", "{}", shown[1]);
    assert_eq!(shown[0]["decisions"][0]["requests"][0]["path"], "/api/Tickets", "{}", shown[0]);
    assert_eq!(shown[2]["decisions"], json!([]), "rules that did not match are left out");

    let ended = run_with_input(&[&args[..4], &["--explain", "-"]].concat(), &stream()).await;
    assert_eq!(lines(&ended.stdout)[2]["decisions"][0]["conditions"][0]["held"], false, "{}", ended.stderr);
}

#[tokio::test]
async fn a_summary_counts_by_outcome_and_rule() {
    let args = ["dry-run", "--rules", "tests/stories", "--summary", "-"];
    let ended = run_with_input(&args, &stream()).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    insta::assert_snapshot!("dry_run_summary", ended.stdout);
    let ended = run_with_input(&[&args[..], &["--format", "json"]].concat(), &stream()).await;
    let summary = &lines(&ended.stdout)[0];
    assert_eq!(
        (&summary["events"], &summary["outcomes"]["unmatched"]),
        (&json!(20), &json!(17)),
        "{summary}"
    );
    assert_eq!(summary["rules"]["disk-nearly-full"]["tickets"], 1, "{summary}");
}

#[tokio::test]
async fn one_document_holds_all_events_however_many() {
    let ended =
        run_with_input(&["dry-run", "--rules", "tests/stories", "--format", "json", "-"], &stream()).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let document = &lines(&ended.stdout)[0];
    assert_eq!(document["events"].as_array().map(Vec::len), Some(20), "{document}");
    let ended = run_with_input(&["dry-run", "--rules", "tests/stories", "--format", "json", "-"], "\n").await;
    assert_eq!(ended.stdout, "{\"events\":[]}\n", "{}", ended.stderr);
}

#[tokio::test]
async fn a_line_that_is_no_event_ends_it_with_its_place() {
    let input = format!("{}\n{{\"title\": \"no source\"}}\n", stream());
    let ended = run_with_input(&["dry-run", "--rules", "tests/stories", "--lines", "-"], &input).await;
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("line 21 of `-` holds no event: the event has no `source`"),
        "{}",
        ended.stderr
    );
    assert_eq!(lines(&ended.stdout).len(), 20, "what came before it was decided");
}

#[tokio::test]
async fn online_looks_names_up_and_validate_says_which_there_are_not_and_neither_writes() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::with_rules(
        &sandbox.url(),
        "rules:\n  - { id: good, when: { check: good }, then: { open_ticket: { team: Service Desk } } }\n  \
           - { id: bad, then: { open_ticket: { team: No Such Team } } }\n",
    );
    let (before, config) = (sandbox.tickets().len(), install.config());
    let config = config.to_str().expect("a path");
    let dry_run = async |args: &[&str], check: &str| {
        let event = json!({ "source": "own", "check": check, "client": { "name": "Northwind Dental" } });
        let args = [&["dry-run", "--config", config][..], args, &["-"]].concat();
        run_with_input(&args, &event.to_string()).await
    };
    let ended = dry_run(&["--online", "--lines"], "good").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let body = &lines(&ended.stdout)[0]["decisions"][0]["requests"][0]["body"][0];
    assert!(body["tickettype_id"].is_i64() && body["client_id"].is_i64(), "{body}");

    let ended = dry_run(&["--validate"], "good").await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("✓ every name in 1 requests is known to HaloPSA"), "{}", ended.stdout);
    let ended = dry_run(&["--validate"], "bad").await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.contains("✗ team `No Such Team`: there is none of that name (1 request)"),
        "{}",
        ended.stdout
    );
    assert_eq!(sandbox.tickets().len(), before, "nothing was written");
}
