//! An alert that an API lists becomes a ticket; once it is no longer listed, the ticket is resolved.

use halopsa_sandbox::{Sandbox, SandboxConfig};
use haloward_tests::{AlertsApi, Install, PATIENCE, Process};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn what_an_api_lists_becomes_a_ticket_and_what_it_no_longer_lists_is_resolved() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let api = AlertsApi::start().await;
    let url = &api.url;
    let install = Install::new(&sandbox.url()).source(&format!(
        "tool: {{ poll: {{ every: 5s, url: \"{url}/alerts\", allow_private: true, items: \"${{payload.alerts}}\", \
         auth: {{ oauth2: {{ token_url: \"{url}/token\", client_id: us, client_secret: file:secret }} }}, \
         gone: resolved, gone_after: 1, map: {{ event: {{ fingerprint: \"${{item.id}}\", title: \"${{item.name}}\", \
         severity: high }} }} }} }}"
    ));
    let alert = |id: &str| json!({ "id": id, "name": format!("Backup {id} failed") });
    api.open(&[alert("one"), alert("two")]);
    let haloward = Process::start(&install).await;
    sandbox.wait_for(|s| s.tickets.len() == 2, PATIENCE).await.expect("two tickets");
    haloward.kill().await;

    // One is over and one is new while nobody looks.
    api.open(&[alert("two"), alert("three")]);
    let haloward = Process::start(&install).await;
    let summaries = |status: &'static str| {
        let tickets = sandbox.tickets().into_iter().filter(move |ticket| ticket.status == status);
        let mut summaries: Vec<String> = tickets.map(|ticket| ticket.summary).collect();
        summaries.sort();
        summaries
    };
    sandbox
        .wait_for(|s| s.tickets.len() == 3 && s.tickets.iter().any(|t| t.status == "Resolved"), PATIENCE)
        .await
        .expect("one is new, one is resolved");
    assert_eq!(summaries("Resolved"), ["Backup one failed"]);
    assert_eq!(sandbox.tickets().len(), 3, "what was known before the end is not opened again");
    let (code, log) = haloward.stop().await;
    assert_eq!(code, Some(0));
    assert!(!log.contains("the-token") && !log.contains("sandbox-secret"), "{log}");
    sandbox.stop().await;
}
