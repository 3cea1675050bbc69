//! Killed at any moment, while HaloPSA fails in every way it knows: what was answered 202 is done in HaloPSA, once.
//!
//! `HALOWARD_KILLS` says how often it is killed (50 unless told), `HALOWARD_SEED` what the choices grow from.

mod driver;
mod faults;
mod tally;

use std::time::Duration;

use halopsa_sandbox::{Clock, Sandbox, SandboxConfig};
use haloward_tests::{Install, PATIENCE, Process};

use driver::Driver;
use tally::Tally;

/// An alert opens a ticket, each repeat adds a note, its end resolves the ticket with one: all say their number.
const RULES: &str = r#"
rules:
  - id: again
    when: { state: firing, case: { state: open } }
    key: problem/${event.labels.problem}
    then: { add_note: { text: "again: n${event.labels.number}." } }

  - id: first
    when: { state: firing }
    key: problem/${event.labels.problem}
    then:
      open_ticket:
        summary: "Problem ${event.labels.problem}"
        details: "first: n${event.labels.number}."
        resolved: { do: resolve, note: "over: n${event.labels.number}." }
"#;

fn from_env(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_nothing_answered_is_lost_or_done_twice() {
    println!("{}", killed_at_any_moment(1).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_where_several_tickets_share_a_request() {
    println!("{}", killed_at_any_moment(10).await);
}

/// Kills it again and again while it creates up to `batch` tickets by one request; answers with what came of it.
async fn killed_at_any_moment(batch: usize) -> String {
    let kills = from_env("HALOWARD_KILLS", 50);
    let mut random = fastrand::Rng::with_seed(from_env("HALOWARD_SEED", 1));
    // Its clock stands until it is moved on, so that commits come late when this test says so.
    let clock = Clock::manual(jiff::Timestamp::now());
    let config = SandboxConfig { rate_limit: None, clock: clock.clone(), ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    let install =
        Install::with_rules(&sandbox.url(), RULES).budget("{ requests: 100000, per: 5m }").batch(batch);
    let mut driver = Driver::new(batch > 1);
    for _ in 0..kills {
        let haloward = Process::start(&install).await;
        // The moment is chance; nothing is waited for.
        let moment = tokio::time::sleep(Duration::from_millis(random.u64(10..500)));
        driver.post_until(moment, &haloward.url, &sandbox, &mut random).await;
        haloward.kill().await;
        // Seldom, so that most late commits come after their tickets were looked for.
        if random.u32(0..20) == 0 {
            clock.advance(faults::LATEST);
        }
    }
    let haloward = Process::start(&install).await;
    driver.end_every_problem(&haloward.url, &mut random).await;
    // A duplicate that HaloPSA made late is found by the last look, five minutes after its ticket was sent.
    let patience = PATIENCE * 15;
    let all_there = sandbox.wait_for(|seen| Tally::of(seen, &driver).is_complete(), patience).await;
    sandbox.faults().clear();
    // Whatever HaloPSA had still to carry out, it carries out now; then the last alert's ticket comes.
    clock.advance(faults::LATEST);
    driver.one_more(&haloward.url).await;
    let settled = sandbox.wait_for(|seen| Tally::of(seen, &driver).is_clean(), patience).await;
    let tally = Tally::of(&settled.unwrap_or_else(|_| sandbox.snapshot()), &driver);
    assert!(
        all_there.is_ok(),
        "something answered never came: {tally}\n{}\n{}",
        tally.stories.join("\n"),
        haloward.complaints()
    );
    assert!(tally.is_clean(), "{tally}\n{}", tally.stories.join("\n"));
    assert_eq!(tally.shared() > 0, batch > 1, "tickets share requests where they may: {tally}");
    assert!(tally.failing_writes() >= 10, "HaloPSA failed too seldom for this to show anything: {tally}");
    let (code, _) = haloward.stop().await;
    assert_eq!(code, Some(0));
    sandbox.stop().await;
    format!("{kills} kills, {batch} tickets in a request at most; {tally}")
}
