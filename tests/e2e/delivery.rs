//! An alert becomes a ticket, its repeat a note, its end a resolved ticket.

use halopsa_sandbox::{Fault, FaultKind, Sandbox, SandboxConfig};
use haloward_tests::{Install, PATIENCE, Process, TOKEN, alert, alertmanager, client, post};

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_becomes_a_ticket_again_a_note_and_its_end_resolves_it() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::new(&sandbox.url());
    let haloward = Process::start(&install).await;

    let answer = post(&haloward.url, "prom", &alertmanager(&[alert("firing", "a1", "DiskFull", "C:")]))
        .await
        .expect("answers");
    assert_eq!((answer.status, &answer.body["accepted"]), (202, &serde_json::json!(1)), "{:?}", answer.body);
    assert_eq!(answer.body["ids"].as_array().map(Vec::len), Some(1));

    sandbox.wait_for(|s| s.tickets.len() == 1, PATIENCE).await.expect("a ticket");
    let ticket = sandbox.tickets().remove(0);
    assert_eq!(ticket.summary, "Disk C: nearly full on srv-a1");
    let fields = ticket.fields.clone();
    assert_eq!(fields["tickettype_id"].as_i64(), sandbox.id_of("TicketType", "Alert"));
    assert_eq!(fields["client_id"].as_i64(), sandbox.id_of("Client", "Northwind Dental"));
    let details = fields["details_html"].as_str().unwrap_or_default();
    assert!(details.contains("&lt;b&gt;2%&lt;/b&gt;") && !details.contains("<b>2%"), "{details}");

    post(&haloward.url, "prom", &alertmanager(&[alert("firing", "a1", "DiskFull", "C:")]))
        .await
        .expect("answers");
    sandbox
        .wait_for(
            |s| s.tickets.iter().flat_map(|t| &t.actions).any(|a| a.note.contains("seen 2 times")),
            PATIENCE,
        )
        .await
        .expect("a note");
    assert_eq!(sandbox.tickets().len(), 1);

    post(&haloward.url, "prom", &alertmanager(&[alert("resolved", "a1", "DiskFull", "C:")]))
        .await
        .expect("answers");
    sandbox.wait_for(|s| s.tickets.iter().all(|t| t.status == "Resolved"), PATIENCE).await.expect("resolved");

    let (code, log) = haloward.stop().await;
    assert_eq!(code, Some(0));
    assert!(log.contains("stopped"), "{log}");
    for secret in [TOKEN, "sandbox-secret", "Bearer "] {
        assert!(!log.contains(secret), "`{secret}` is in the log: {log}");
    }
    sandbox.stop().await;
}

/// The log lines that a trace leads through, each by what it says.
fn lines(log: &str, trace: &str) -> Vec<String> {
    let entries = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let of_trace = entries.filter(|entry| entry["trace"] == trace);
    of_trace.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_id_leads_through_the_log_from_the_senders_request_to_halopsas_answer() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let rules = "rules:\n  - { id: refused, when: { check: Refused }, then: { open_ticket: { fields: { status_id: 4711 } } } }\n  \
                 - { id: all, then: { open_ticket: {} } }\n";
    let install = Install::with_rules(&sandbox.url(), rules);
    let haloward = Process::start(&install).await;
    // Its answer to the first is lost.
    let lost = Fault::once(FaultKind::ErrorAfterCommit { status: 500 }).on("POST", "/api/Tickets");
    sandbox.faults().inject(lost);
    let fine = "4bf92f3577b34da6a3ce929d0e0e4736";
    let refused = "0af7651916cd43dd8448eb211c80319c";
    for (trace, check) in [(fine, "Any"), (refused, "Refused")] {
        let hook = format!("{}/hooks/prom/{TOKEN}", haloward.url);
        let payload = alertmanager(&[alert("firing", check, check, "C:")]);
        let request = client().post(hook).json(&payload);
        let request = request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
        assert_eq!(request.send().await.expect("answers").status(), 202);
    }
    sandbox.wait_for(|s| s.tickets.len() == 1, PATIENCE).await.expect("a ticket");
    haloward.says("done in HaloPSA").await;
    haloward.says("HaloPSA refused it for good").await;
    let (_, log) = haloward.stop().await;
    let said = lines(&log, fine);
    for line in [
        "accepted",
        "decided",
        "sending",
        "HaloPSA answered",
        "its outcome is not known: looking for it at once",
        "looked for in HaloPSA",
        "done in HaloPSA",
    ] {
        assert!(said.iter().any(|said| said == line), "`{line}` is not among {said:?}");
    }
    let said = lines(&log, refused);
    for line in ["accepted", "decided", "sending", "HaloPSA answered", "HaloPSA refused it for good"] {
        assert!(said.iter().any(|said| said == line), "`{line}` is not among {said:?}");
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_halopsa_that_is_not_there_at_start_gets_its_ticket_when_it_comes() {
    let first = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let (url, addr) = (first.url(), first.addr());
    first.stop().await;
    let install = Install::new(&url);
    let haloward = Process::start(&install).await;
    let answer = post(&haloward.url, "prom", &alertmanager(&[alert("firing", "b1", "DiskFull", "C:")]))
        .await
        .expect("answers");
    assert_eq!(answer.status, 202);

    let sandbox = Sandbox::start(SandboxConfig { listen: addr, ..SandboxConfig::default() })
        .await
        .expect("the same address");
    sandbox.wait_for(|s| s.tickets.len() == 1, PATIENCE).await.expect("the ticket comes");
    haloward.kill().await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_and_what_fails_still_becomes_a_ticket() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::with_rules(
        &sandbox.url(),
        "rules:\n  - { id: endless, when: { script: 'let x = 0; loop { x += 1; }' }, then: { open_ticket: {} } }\n",
    );
    let haloward = Process::start(&install).await;
    // None of the fields that the preset reads.
    let answer =
        post(&haloward.url, "prom", &serde_json::json!({ "hello": { "world": 1 } })).await.expect("answers");
    assert_eq!(answer.status, 202, "{:?}", answer.body);
    // The only rule loops for ever.
    let answer = post(&haloward.url, "prom", &alertmanager(&[alert("firing", "c1", "Any", "C:")]))
        .await
        .expect("answers");
    assert_eq!(answer.status, 202);
    sandbox.wait_for(|s| s.tickets.len() == 2, PATIENCE).await.expect("two tickets");
    let details: Vec<String> = sandbox
        .tickets()
        .iter()
        .map(|t| t.fields["details_html"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert!(details.iter().any(|d| d.contains("does not fit its preset")), "{details:?}");
    assert!(details.iter().any(|d| d.contains("ran for more than 500000 operations")), "{details:?}");
    haloward.kill().await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_rule_is_taken_on_request_and_a_broken_one_is_not() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let rules = |summary: &str| {
        format!("rules:\n  - {{ id: all, then: {{ open_ticket: {{ summary: '{summary}' }} }} }}\n")
    };
    let install = Install::with_rules(&sandbox.url(), &rules("old"));
    let haloward = Process::start(&install).await;
    let fire = async |name: &str| {
        let answer = post(&haloward.url, "prom", &alertmanager(&[alert("firing", name, "Any", "C:")])).await;
        assert_eq!(answer.expect("answers").status, 202);
    };
    install.write("rules/rules.yaml", "rules: [ { id: broken, thenn: {} } ]");
    haloward.hang_up("the rules stay as they were").await;
    fire("f1").await;
    sandbox
        .wait_for(|s| s.tickets.iter().any(|t| t.summary == "old"), PATIENCE)
        .await
        .expect("the old rule decides");
    install.write("rules/rules.yaml", &rules("new"));
    haloward.hang_up("the rules were read again").await;
    fire("f2").await;
    sandbox
        .wait_for(|s| s.tickets.iter().any(|t| t.summary == "new"), PATIENCE)
        .await
        .expect("the new rule decides");
    haloward.kill().await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_rule_is_taken_by_itself() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let rules = |summary: &str| {
        format!("rules:\n  - {{ id: all, then: {{ open_ticket: {{ summary: '{summary}' }} }} }}\n")
    };
    let install = Install::with_rules(&sandbox.url(), &rules("old"));
    let haloward = Process::start(&install).await;
    install.write("rules/rules.yaml", "rules: [ { id: broken, thenn: {} } ]");
    haloward.says("the rules stay as they were").await;
    install.write("rules/rules.yaml", &rules("brand new"));
    haloward.says("the rules were read again").await;
    let alert = alertmanager(&[alert("firing", "f1", "Any", "C:")]);
    assert_eq!(post(&haloward.url, "prom", &alert).await.expect("answers").status, 202);
    sandbox
        .wait_for(|s| s.tickets.iter().any(|t| t.summary == "brand new"), PATIENCE)
        .await
        .expect("the new rule decides");
    haloward.kill().await;
    sandbox.stop().await;
}
