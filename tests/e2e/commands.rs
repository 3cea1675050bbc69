//! The commands as people use them: what they print and how they end.

use haloward_tests::run;
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn cargo_run_means_haloward() {
    // The README says `cargo run --release -- demo`; the sandbox's own binary must not make that ambiguous.
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(haloward_tests::root())
        .output()
        .expect("cargo runs");
    let metadata = json(&String::from_utf8_lossy(&output.stdout));
    let defaults = metadata["workspace_default_members"].as_array().expect("default members");
    let packages = metadata["packages"].as_array().expect("packages");
    let binaries: Vec<&str> = packages
        .iter()
        .filter(|package| defaults.contains(&package["id"]))
        .flat_map(|package| package["targets"].as_array().expect("targets"))
        .filter(|target| target["kind"][0] == "bin")
        .filter_map(|target| target["name"].as_str())
        .collect();
    assert_eq!(binaries, ["haloward"]);
}

#[tokio::test]
async fn check_shows_every_mistake_at_its_place() {
    let ended = run(&["check", "tests/broken"], &[]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    insta::assert_snapshot!("check_broken", ended.stdout);
    let ended = run(&["check", "tests/broken", "--format", "json"], &[]).await;
    let first = &json(&ended.stdout)["findings"][0];
    assert_eq!((first["level"].as_str(), first["line"].is_u64()), (Some("error"), true), "{first}");
}

#[tokio::test]
async fn dry_run_shows_the_decision_the_reasons_and_the_request() {
    let args = [
        "dry-run",
        "--rules",
        "tests/rules",
        "--source",
        "alertmanager",
        "--at",
        "2026-01-05T09:00:00Z",
        "tests/payloads/disk.json",
    ];
    let ended = run(&args, &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    insta::assert_snapshot!("dry_run", ended.stdout);
    let ended = run(&[&args[..], &["--explain", "--format", "json"]].concat(), &[]).await;
    let event = &json(&ended.stdout)["events"][0];
    assert_eq!(event["outcome"], "open_ticket");
    let decision =
        event["decisions"].as_array().and_then(|d| d.iter().find(|d| d["matched"] == true)).expect("a match");
    assert_eq!(decision["at"], "tests/rules/disk.yaml:7");
    assert_eq!(decision["requests"][0]["path"], "/api/Tickets");
    assert!(decision["requests"][0]["body"][0]["summary"].is_string());
    assert!(decision["conditions"][0]["held"].is_boolean());
}

#[tokio::test]
async fn a_dry_run_of_several_payloads_keeps_its_cases() {
    let ended = run(
        &[
            "dry-run",
            "--format",
            "json",
            "--rules",
            "tests/rules",
            "--source",
            "alertmanager",
            "--every",
            "5m",
            "tests/payloads/disk.json",
            "tests/payloads/disk.json",
            "tests/payloads/disk-resolved.json",
        ],
        &[],
    )
    .await;
    let outcomes: Vec<String> = json(&ended.stdout)["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|e| e["outcome"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(outcomes, ["open_ticket", "add_note", "resolve_ticket"]);
}

#[tokio::test]
async fn inputs_that_cannot_be_read_are_said_so() {
    for (args, message) in [
        (vec!["dry-run", "--source", "alertmanager", "nowhere.json"], "cannot read `nowhere.json`"),
        (vec!["dry-run", "README.md"], "`README.md` is not JSON"),
        (vec!["dry-run", "tests/payloads/disk.json"], "holds no event: the event has no `source`"),
        (vec!["check", "--config", "nowhere.yaml"], "cannot read `nowhere.yaml`"),
        (vec!["run", "--config", "nowhere.yaml"], "cannot read `nowhere.yaml`"),
        (vec!["run"], "there is no configuration"),
    ] {
        let ended = run(&args, &[]).await;
        assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.stdout);
        assert!(ended.stderr.contains(message), "{args:?}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn the_demo_turns_its_alerts_into_tickets_and_ends() {
    let ended = run(&["demo", "--once", "--speed", "20", "--listen", "127.0.0.1:0"], &[]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("open_ticket") && ended.stdout.contains("ticket"), "{}", ended.stdout);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("an address").to_string();
    let ended = run(&["demo", "--once", "--listen", &addr], &[]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains(&format!("cannot listen on {addr}")), "{}", ended.stderr);
}

/// A configuration with what stands in it as a comment, but for the words and what is there already.
fn taken_in(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let commented = line.trim_start().strip_prefix("# ").filter(|rest| {
            let key = rest.trim_start().split(':').next().unwrap_or_default();
            rest.contains(':')
                && !key.is_empty()
                && key.chars().all(|c| c.is_ascii_lowercase() || "-_".contains(c))
        });
        match commented {
            Some(rest)
                if !["url", "client_id", "client_secret", "yaml-language-server"]
                    .iter()
                    .any(|key| rest.starts_with(&format!("{key}:"))) =>
            {
                lines.push(format!("{}{rest}", " ".repeat(indent)));
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines.join("\n")
}

#[tokio::test]
async fn an_installation_from_init_checks_and_tests_by_itself() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("mine");
    let text = path.to_str().expect("a path");
    assert_eq!(run(&["init", text], &[]).await.code, Some(0));
    let config = path.join("haloward.yaml");
    let config = config.to_str().expect("a path");
    for command in ["check", "test"] {
        let ended = run(&[command, "--config", config], &[]).await;
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    }
    let url = run(&["source", "url", "my-tool", "--config", config], &[]).await;
    let token = url.stdout.trim().rsplit('/').next().unwrap_or_default().to_owned();
    assert!(
        token.len() == 64 && url.stdout.starts_with("http://127.0.0.1:8080/hooks/my-tool/"),
        "{}",
        url.stdout
    );
    // What stands there as a comment, to be taken in, is right as well.
    let written = std::fs::read_to_string(config).expect("the configuration");
    std::fs::write(config, taken_in(&written)).expect("writes");
    let ended = run(&["check", "--config", config], &[]).await;
    assert_eq!(ended.code, Some(0), "{}{}\n{}", ended.stdout, ended.stderr, taken_in(&written));
    let again = run(&["init", text], &[]).await;
    assert_eq!(again.code, Some(2));
    assert!(again.stderr.contains("is already there"), "{}", again.stderr);
}
