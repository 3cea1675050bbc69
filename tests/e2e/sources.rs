//! Where events come from: the list, what a payload becomes, and samples of what is really sent.

use halopsa_sandbox::{Sandbox, SandboxConfig};
use haloward_tests::{
    AlertsApi, Ended, Install, Process, TOKEN, alert, alertmanager, post, run, run_with_input, scrub,
};
use serde_json::{Value, json};

async fn ask(install: &Install, args: &[&str]) -> Ended {
    let config = install.config();
    run(&[args, &["--config", config.to_str().expect("a path")]].concat(), &[]).await
}

/// What it printed, without what differs from run to run.
fn shown(ended: &Ended, install: &Install, url: &str) -> String {
    let folder = install.config().with_file_name("");
    let text = ended.stdout.replace(folder.to_str().expect("a path"), "");
    scrub(&text.replace(url, "http://127.0.0.1:PORT"))
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_are_listed_and_what_they_send_becomes_a_rule_test() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::new(&sandbox.url());
    let listed = ask(&install, &["sources"]).await;
    assert!(listed.stderr.contains("the service has never run"), "{}", listed.stderr);
    assert!(listed.stdout.contains("/hooks/prom/TOKEN"), "{}", listed.stdout);

    let haloward = Process::start(&install).await;
    let listed = ask(&install, &["sources"]).await;
    insta::assert_snapshot!("sources_before", shown(&listed, &install, &haloward.url));
    let url = ask(&install, &["source", "url", "prom"]).await;
    assert_eq!(url.stdout, format!("{}/hooks/prom/{TOKEN}\n", haloward.url), "{}", url.stderr);

    let config = install.config();
    let recorder = tokio::spawn(async move {
        let config = config.to_str().expect("a path").to_owned();
        run(&["source", "record", "prom", "--count", "2", "--for", "2m", "--config", &config], &[]).await
    });
    let recording = format!("{}/api/v1/sources/prom/recording", haloward.url);
    let token = std::fs::read_to_string(install.config().with_file_name("haloward.token")).expect("a token");
    let client = haloward_tests::client();
    let begun = async {
        while !client
            .get(&recording)
            .bearer_auth(token.trim())
            .send()
            .await
            .expect("answers")
            .status()
            .is_success()
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(haloward_tests::PATIENCE, begun).await.expect("it records");
    for (state, secret) in [("firing", "geheim"), ("resolved", "geheimer")] {
        let mut payload = alertmanager(&[alert(state, "a1", "DiskFull", "C:")]);
        payload["apiToken"] = json!(secret);
        assert_eq!(post(&haloward.url, "prom", &payload).await.expect("answers").status, 202);
    }
    let recorded = recorder.await.expect("it ends");
    assert_eq!(recorded.code, Some(0), "{}", recorded.stderr);
    let folder = install.config().with_file_name("rules");
    for name in ["samples/prom-1.json", "samples/prom-2.json"] {
        let text = std::fs::read_to_string(folder.join(name)).expect("a sample");
        assert!(text.contains("DiskFull") && !text.contains("geheim"), "{text}");
    }
    install.write("rules/recorded_test.yaml", &recorded.stdout);
    let tested = ask(&install, &["test"]).await;
    assert_eq!(tested.code, Some(0), "{}{}\n{}", tested.stdout, tested.stderr, recorded.stdout);
    assert!(tested.stdout.contains("1 passed, 0 failed"), "{}", tested.stdout);

    let refused = client.post(format!("{}/hooks/prom/wrong", haloward.url)).body("{}").send().await;
    assert_eq!(refused.expect("answers").status(), 401);
    let listed = ask(&install, &["sources"]).await;
    insta::assert_snapshot!("sources_after", shown(&listed, &install, &haloward.url));
    let listed = ask(&install, &["sources", "--format", "json"]).await;
    let listed: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!(listed["items"][1]["traffic"]["events_last_hour"], 2, "{listed}");

    haloward.stop().await;
    let listed = ask(&install, &["sources"]).await;
    assert!(listed.stderr.contains("the service does not run"), "{}", listed.stderr);
    assert!(listed.stdout.contains("prom"), "{}", listed.stdout);
    let ended = ask(&install, &["source", "record", "prom"]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("start it with `haloward run`"), "{}", ended.stderr);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_shows_what_it_becomes_and_why() {
    let install = Install::new("http://127.0.0.1:1");
    let mut strange = alert("firing", "b1", "DiskFull", "C:");
    strange["labels"]["severity"] = json!("weird");
    let payload = alertmanager(&[alert("firing", "a1", "DiskFull", "C:"), strange]);
    install.write("payload.json", &payload.to_string());
    let file = install.config().with_file_name("payload.json");
    let file = file.to_str().expect("a path");
    let shown_of = |ended: &Ended| shown(ended, &install, "http://127.0.0.1:8080");
    let ended = ask(&install, &["source", "test", "prom", file]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    insta::assert_snapshot!("source_test", shown_of(&ended));

    // By the same way as the receiver: a delivery id in a header, a payload that does not fit, a body nobody reads.
    let ended =
        ask(&install, &["source", "test", "prom", file, "--header", "X-Request-Id: r-7", "--format", "json"])
            .await;
    let said: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(said["events"].as_array().map(Vec::len), Some(2), "{said}");
    assert_eq!(said["events"][0]["severity_said"], "critical", "{said}");
    install.write("other.json", r#"{"alerts": "none"}"#);
    let other = file.replace("payload.json", "other.json");
    let ended = ask(&install, &["source", "test", "prom", &other]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(ended.stdout.contains("it does not fit the preset"), "{}", ended.stdout);
    let ended = ask(&install, &["source", "test", "prom", file, "--content-type", "application/pdf"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.starts_with("the receiver would answer 415: "), "{}", ended.stdout);

    let config = install.config();
    let args = ["source", "test", "own", "-", "--config", config.to_str().expect("a path")];
    let ended = run_with_input(&args, r#"{"title": "Disk full", "host": "srv-01"}"#).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("nothing fills "), "{}", ended.stdout);

    let ended = ask(&install, &["source", "test", "pron", file]).await;
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.stderr, "error: no source is called `pron`\n  = did you mean `prom`?\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_a_polled_api_shows_what_the_poll_makes_of_it() {
    let install = Install::new("http://127.0.0.1:1")
        .source(
            "tool: { poll: { url: \"https://tool.example/api/alerts\", items: \"${payload.alerts}\", gone: resolved, \
             auth: { bearer: file:not-there-yet }, pagination: { cursor: { param: after, from: \"${payload.next}\" } }, \
             map: { event: { fingerprint: \"${item.id}\", title: \"${item.name}\", severity: \"${item.level}\" } } } }",
        )
        .source("mondays: { schedule: { cron: \"0 8 * * mon\" } }");
    let folder = install.config().with_file_name("");
    let save = |name: &str, text: &str| {
        install.write(name, text);
        folder.join(name).to_str().expect("a path").to_owned()
    };
    let shown_of = |ended: &Ended| shown(ended, &install, "http://127.0.0.1:8080");
    let answer = json!({
        "alerts": [{ "id": "a", "name": "Backup failed", "level": "high" }, { "id": "b", "name": "Tape full" }],
        "next": "b",
    });
    let file = save("answer.json", &answer.to_string());
    let ended = ask(&install, &["source", "test", "tool", &file]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    insta::assert_snapshot!("source_test_polled", shown_of(&ended));
    let ended = ask(&install, &["source", "test", "tool", &file, "--format", "json"]).await;
    let said: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(
        (&said["items"], &said["gone_after"], &said["read_up_to"]),
        (&json!(2), &json!(2), &Value::Null)
    );
    assert_eq!(said["events"][0]["severity_said"], "high", "{said}");
    assert_eq!(said["next_page"]["query"], json!([["after", "b"]]), "{said}");

    // What makes a poll fail makes the test fail with the same words.
    let page = save("page.html", "<html>Please log in</html>");
    let ended = ask(&install, &["source", "test", "tool", &page]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    insta::assert_snapshot!("source_test_polled_no_json", shown_of(&ended));
    let error = save("error.json", r#"{"error": "try later"}"#);
    let ended = ask(&install, &["source", "test", "tool", &error, "--format", "json"]).await;
    let said: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(ended.code, Some(1));
    assert_eq!(
        said["problem"],
        "the answer has no list at `items`; it begins with `{\"error\":\"try later\"}`"
    );
    let empty = save("empty.json", r#"{"alerts": []}"#);
    let ended = ask(&install, &["source", "test", "tool", &empty]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("tool: 0 events of 0 items"), "{}", ended.stdout);

    // A preset that no source uses reads as a source of it would.
    let sample = env!("CARGO_MANIFEST_DIR").to_owned() + "/../examples/payloads/datto-bcdr/firing.json";
    let ended = ask(&install, &["source", "test", "datto-bcdr-alerts", &sample]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("0123456789AB/"), "{}", ended.stdout);

    // A dry run reads it so too, and an item by itself, as recordings have them.
    let item = save("item.json", &answer["alerts"][0].to_string());
    let all = answer["alerts"].as_array().expect("a list").len();
    for (source, payload, prefix, events) in
        [("tool", &file, "", all), ("tool", &item, "", 1), ("datto-bcdr-alerts", &sample, "0123456789AB/", 2)]
    {
        let ended = ask(&install, &["dry-run", "--source", source, "--lines", payload]).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let lines: Vec<Value> =
            ended.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), events, "{}", ended.stdout);
        for line in lines {
            let event = &line["event"];
            assert_eq!(event["unmapped"], Value::Null, "{line}");
            assert!(event["fingerprint"].as_str().is_some_and(|id| id.starts_with(prefix)), "{line}");
        }
    }

    let refused = [
        (
            vec!["mondays", &file],
            "error: `mondays` is a schedule: nothing is sent to it that could be tested\n  = `haloward check` shows its next runs\n",
        ),
        (
            vec!["prom", "--online"],
            "error: `prom` is not polled, so there is nobody to ask\n  = give it a payload: `haloward source test prom FILE`\n",
        ),
    ];
    for (args, said) in refused {
        let ended = ask(&install, &[&["source", "test"], args.as_slice()].concat()).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(2), said));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_polled_api_is_asked_once_and_nothing_of_it_is_kept() {
    let api = AlertsApi::start().await;
    let url = &api.url;
    let source = |auth: &str| {
        format!(
            "tool: {{ poll: {{ url: \"{url}/alerts\", allow_private: true, items: \"${{payload.alerts}}\", \
             auth: {{ {auth} }}, map: {{ event: {{ fingerprint: \"${{item.id}}\", title: \"${{item.name}}\" }} }} }} }}"
        )
    };
    let oauth2 = |secret: &str| {
        source(&format!(
            "oauth2: {{ token_url: \"{url}/token\", client_id: us, client_secret: file:{secret} }}"
        ))
    };
    let online = ["source", "test", "tool", "--online"];
    let install = Install::new("http://127.0.0.1:1").source(&oauth2("secret"));
    api.open(&[json!({ "id": "one", "name": "Backup one failed" })]);
    let ended = ask(&install, &online).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.stderr, format!("note: asking {url}/alerts\n"));
    assert!(ended.stdout.contains("Backup one failed"), "{}", ended.stdout);
    assert!(!install.store().exists(), "nothing is kept");

    let install = Install::new("http://127.0.0.1:1").source(&source("bearer: file:token"));
    let ended = ask(&install, &online).await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(
        ended.stdout,
        "the poll would fail: it answered 401 Unauthorized: `{\"error\":\"who are you?\"}`\n  \
         = check the credentials under `auth` of the source, and what they may see\n"
    );
    let install = Install::new("http://127.0.0.1:1").source(&oauth2("not-there"));
    let ended = ask(&install, &online).await;
    assert_eq!(ended.code, Some(2), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("not-there"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_that_nobody_knows_the_source() {
    let install = Install::new("http://127.0.0.1:1");
    install.write("payload.json", r#"{"title": "Disk full"}"#);
    let file = install.config().with_file_name("payload.json");
    let file = file.to_str().expect("a path");
    let ended = ask(&install, &["dry-run", "--source", "alertmanger", file]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(
        ended.stderr,
        "note: no source or preset is called `alertmanger`: its payloads are read by the usual names of fields; did you mean `alertmanager`?\n"
    );
    let ended = ask(&install, &["dry-run", "--source", "prom", file]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}
