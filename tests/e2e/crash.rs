//! Killed at any moment: every alert that was answered 202 has its ticket, and has it once.

use std::collections::BTreeMap;

use halopsa_sandbox::{Fault, FaultKind, Sandbox, SandboxConfig};
use haloward_tests::{Install, PATIENCE, Process, alert, alertmanager, post};

const ROUNDS: usize = 8;
const PER_ROUND: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_every_answered_alert_has_exactly_one_ticket() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    let install = Install::new(&sandbox.url());
    let mut answered = Vec::new();
    for round in 0..ROUNDS {
        let haloward = Process::start(&install).await;
        // Some writes are answered with an error, or not at all, after they were carried out.
        sandbox
            .faults()
            .inject(Fault::once(FaultKind::ErrorAfterCommit { status: 500 }).on("POST", "/api/Tickets"));
        if round % 2 == 1 {
            sandbox.faults().inject(Fault::once(FaultKind::CutAfterCommit).on("POST", "/api/Tickets"));
        }
        for number in 0..PER_ROUND {
            let name = format!("r{round}n{number}");
            let payload = alertmanager(&[alert("firing", &name, "DiskFull", "C:")]);
            if let Ok(answer) = post(&haloward.url, "prom", &payload).await
                && answer.status == 202
            {
                answered.push(format!("Disk C: nearly full on srv-{name}"));
            }
        }
        // Each round dies somewhere else on the way of its tickets to HaloPSA.
        let seen = sandbox.tickets().len();
        let further = round % 3;
        sandbox.wait_for(|s| s.tickets.len() >= seen + further, PATIENCE).await.expect("tickets come");
        haloward.kill().await;
    }
    assert_eq!(answered.len(), ROUNDS * PER_ROUND);
    sandbox.faults().clear();
    let haloward = Process::start(&install).await;
    sandbox
        .wait_for(|s| s.tickets.len() >= ROUNDS * PER_ROUND, PATIENCE * 3)
        .await
        .expect("all tickets come");
    // One more alert after all others: when its ticket is there, whatever was still due has been sent before it.
    let last = alertmanager(&[alert("firing", "last", "DiskFull", "C:")]);
    assert_eq!(post(&haloward.url, "prom", &last).await.expect("answers").status, 202);
    answered.push("Disk C: nearly full on srv-last".to_owned());
    sandbox
        .wait_for(|s| s.tickets.iter().any(|t| t.summary == "Disk C: nearly full on srv-last"), PATIENCE * 3)
        .await
        .expect("the last ticket comes");
    let mut open: BTreeMap<String, usize> = BTreeMap::new();
    for ticket in sandbox.tickets().iter().filter(|t| !t.closed) {
        *open.entry(ticket.summary.clone()).or_default() += 1;
    }
    for summary in &answered {
        assert_eq!(open.get(summary), Some(&1), "{summary}: {open:?}");
    }
    let (code, _) = haloward.stop().await;
    assert_eq!(code, Some(0));
    sandbox.stop().await;
}
