//! `haloward check` as people meet it.

use haloward_tests::run;
use serde_json::Value;

/// The output of `haloward check` over these files, with the folder's own path taken out, and its exit code.
async fn check(files: &[(&str, &str)], args: &[&str]) -> (String, Option<i32>) {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("writes");
    }
    let config = dir.path().join("haloward.yaml");
    let config = config.to_str().expect("a path");
    let ended = run(&[&["check", "--config", config], args].concat(), &[]).await;
    assert_eq!(ended.stderr, "");
    let folder = format!("{}/", dir.path().to_str().expect("a path").replace('\\', "/"));
    (ended.stdout.replace(&folder, ""), ended.code)
}

const CONFIG: &str = "\
server: { listen: 127.0.0.1:8080 }
ticket_defaults: { team: Service Desk }
sources:
  datto-rmm: { webhook: { preset: datto-rmm, auth: { url_token: correct-horse-battery } } }
  quiet: { webhook: { auth: { bearer: env:QUIET_TOKEN } } }
";

const RULES: &str = "\
defaults: { ticket: { type: Alert } }
rules:
  - id: all-disks
    from: datto-rmm
    when: { check: { contains: disk } }
    key: disk/${event.device.name}
    then: { open_ticket: {} }
  - id: full-disks
    from: [datto-rmm]
    when: { check: Disk full, payload.alert_catgory: x }
    key: disk/${event.device.name}
    then: { open_ticket: { type: Incident, summary: \"${event.device.hostname} at ${event.occurred_at}\" } }
  - id: moments
    from: datto-rmm
    when: { severity: high, all: [ { severity: low } ] }
    key: \"${event.device.name}/${event.occurred_at}\"
    then: { script: 'open_ticket(#{ summary: event.title })' }
";

const TESTS: &str = "\
tests:
  - name: a disk opens a ticket
    steps:
      - { event: { source: datto-rmm, check: Disk, device: { name: srv } }, expect: { open_ticket: true } }
";

#[tokio::test]
async fn check_finds_what_no_syntax_shows() {
    let files = [("haloward.yaml", CONFIG), ("rules/disk.yaml", RULES), ("rules/disk_test.yaml", TESTS)];
    let (text, code) = check(&files, &[]).await;
    assert_eq!(code, Some(0), "{text}");
    insta::assert_snapshot!("check_analysis", text);
    let (text, code) = check(&files, &["--deny-warnings"]).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("\nnot ok: 3 rules"), "{text}");
}

#[tokio::test]
async fn findings_as_json_say_where_and_what_about() {
    let rules = "rules:\r\n  - id: a\r\n    whn: { 日本: 1 }\r\n    then: { open_ticket: {} }\r\n";
    let files = [("haloward.yaml", "ticket_defaults: { type: Alert }"), ("rules/a.yaml", rules)];
    let (text, code) = check(&files, &["--format", "json"]).await;
    assert_eq!(code, Some(1), "{text}");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        answer["findings"][0],
        serde_json::json!({
            "level": "error", "code": "HW012", "title": "unknown field", "message": "unknown field `whn`",
            "file": "rules/a.yaml", "line": 3, "column": 5, "end_column": 8, "help": "did you mean `when`?",
        })
    );
}

#[tokio::test]
async fn lines_of_all_kinds_are_shown_with_the_mark_under_what_is_meant() {
    let wide = format!(
        "rules:\n  - {{ id: a, description: \"{}\", bad: 1, worse: 2, then: {{ open_ticket: {{ summary: \"日本 ${{evnt.x}}\" }} }} }}",
        "long ".repeat(40)
    );
    let crlf = "rules:\r\n  - id: b\r\n    description: \"a\tb\"\r\n    then: { open_tiket: {} }";
    let files = [
        ("haloward.yaml", "ticket_defaults: { type: Alert }"),
        ("rules/a.yaml", &wide),
        ("rules/b.yaml", crlf),
    ];
    let (text, code) = check(&files, &[]).await;
    assert_eq!(code, Some(1));
    assert!(!text.contains('\x1b') && !text.contains('\r'), "{text:?}");
    insta::assert_snapshot!("check_lines", text);
}

#[tokio::test]
async fn explain_prints_the_page_lists_the_codes_and_suggests() {
    let ended = run(&["check", "--explain", "hw103"], &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    insta::assert_snapshot!("explain", ended.stdout);
    let ended = run(&["check", "--explain"], &[]).await;
    assert!(ended.stdout.contains("\nHW103  unknown operator\n"), "{}", ended.stdout);
    let ended = run(&["check", "--explain", "HW1O3"], &[]).await;
    assert_eq!(ended.code, Some(2));
    insta::assert_snapshot!("explain_unknown", ended.stderr);
}

#[tokio::test]
async fn the_starter_rules_are_without_a_finding() {
    let ended = run(&["check", "rules", "--deny-warnings"], &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
}
