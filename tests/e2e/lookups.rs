//! Names of sites, users and assets in a rule become ids of the tenant, at the cost of a few requests once.

use halopsa_sandbox::{Sandbox, SandboxConfig};
use haloward_tests::{Ended, Install, PATIENCE, Process, alert, alertmanager, post, run};
use serde_json::{Value, json};

const RULES: &str = r"
rules:
  - id: by-name
    key: ${event.device.name}
    then:
      open_ticket:
        site: Main
        asset: ${event.labels.volume}
        impact: Single User Affected
        urgency: low
";

async fn api(install: &Install, args: &[&str]) -> Value {
    let config = install.config();
    let ended: Ended =
        run(&[&["api", "--config", config.to_str().expect("a path")], args].concat(), &[]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    serde_json::from_str(&ended.stdout).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_linked_to_the_site_and_the_asset_its_rule_names() {
    let config = SandboxConfig { assets: 2_000, ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    let install = Install::with_rules(&sandbox.url(), RULES);
    let dental = sandbox.id_of("Client", "Northwind Dental").expect("a client").to_string();
    let client = format!("client_id={dental}");
    // One that no other asset of the client is called like.
    let assets =
        api(&install, &["GET", "/Asset", "-q", &client, "-q", "order=id", "-q", "orderdesc=true"]).await;
    let asset = &assets["assets"][0];
    let tag = asset["inventory_number"].as_str().expect("a tag");
    let sites = api(&install, &["GET", "/Site", "-q", &client]).await;
    let site =
        &sites["sites"].as_array().expect("sites").iter().find(|s| s["name"] == "Main").expect("one")["id"];

    let haloward = Process::start(&install).await;
    for (number, volume) in [tag, tag, "no-such-asset"].into_iter().enumerate() {
        let payload = alertmanager(&[alert("firing", &format!("l{number}"), "DiskFull", volume)]);
        assert_eq!(post(&haloward.url, "prom", &payload).await.expect("answers").status, 202);
        let seen = sandbox.wait_for(|s| s.tickets.len() == number + 1, PATIENCE).await.expect("a ticket");
        let ticket = &seen.tickets[number];
        assert_eq!(
            (&ticket.fields["site_id"], &ticket.fields["impact"]),
            (site, &json!(3)),
            "{:#}",
            ticket.fields
        );
        assert_eq!(ticket.fields["urgency"], json!(3));
        let linked = &ticket.fields["assets"];
        if volume == tag {
            assert_eq!(linked[0]["id"], asset["id"], "{linked}");
        } else {
            assert!(linked.as_array().is_none_or(Vec::is_empty), "{linked}");
            let said =
                "Haloward could not find asset no-such-asset: the ticket's client has no asset of that name.";
            assert!(ticket.details.contains(said), "{}", ticket.details);
        }
    }
    let (_, log) = haloward.stop().await;
    let asked = |path: &str| {
        let requests = sandbox.requests();
        requests.iter().filter(|r| r.path == path && !r.query.contains("order")).count()
    };
    assert_eq!(
        (asked("/api/Asset"), asked("/api/Site")),
        (3, 2),
        "one name costs one request, or two: {log}"
    );
    sandbox.stop().await;
}
