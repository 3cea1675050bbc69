//! The catalogue against a sandbox: what is found, and how many requests it costs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use halopsa::{Client, Credentials, Priority, Site};
use halopsa_sandbox::{Access, AgentRights, Fault, FaultKind, Sandbox, SandboxConfig};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;

use super::*;
use crate::clock::HeldClock;

const EVERY: Duration = Duration::from_hours(6);
/// Only an end for what hangs.
const PATIENCE: Duration = Duration::from_mins(2);

struct Desk {
    sandbox: Sandbox,
    clock: Arc<HeldClock>,
    folder: tempfile::TempDir,
}

impl Desk {
    async fn new(config: SandboxConfig) -> Self {
        let sandbox = Sandbox::start(SandboxConfig { rate_limit: None, ..config }).await.unwrap();
        let clock = Arc::new(HeldClock::at("2026-01-05T09:00:00Z".parse::<Timestamp>().unwrap()));
        Self { sandbox, clock, folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("catalogue.json")
    }

    fn client(&self) -> Client {
        let config = self.sandbox.config();
        let credentials = Credentials::new(config.client_id.as_str(), config.client_secret.as_str());
        Client::builder(Site::parse(&self.sandbox.url()).unwrap(), credentials).build().unwrap()
    }

    /// The cache of a process that has just started.
    fn start(&self) -> CatalogueCache {
        CatalogueCache::new(&self.client(), self.clock.clone(), Some(self.file()), EVERY)
    }

    fn requests(&self) -> usize {
        self.sandbox.requests().len()
    }

    fn paths_since(&self, before: usize) -> Vec<String> {
        self.sandbox.requests()[before..].iter().map(|request| request.path.clone()).collect()
    }
}

async fn learned(
    cache: &CatalogueCache,
    old: &Arc<Catalogue>,
    fields: &[&str],
    wanted: &[Wanted],
) -> Option<Arc<Catalogue>> {
    cache.learn(old, Unknown { fields, wanted }, Priority::Normal).await.unwrap()
}

fn large() -> SandboxConfig {
    SandboxConfig { clients: 2_000, assets: 20_000, ..SandboxConfig::default() }
}

#[tokio::test]
async fn a_large_tenant_costs_few_requests_at_a_cold_start_fewer_at_a_warm_one_and_none_once_known() {
    let desk = Desk::new(large()).await;
    let cold = desk.start();
    let catalogue = cold.get(Priority::Normal).await.unwrap();
    let requests = desk.requests();
    println!("cold start: {requests} requests for {} clients", catalogue.clients.len());
    assert!(catalogue.clients.len() > 1_500, "{}", catalogue.clients.len());
    assert!(requests <= 40, "{requests} requests: {:?}", desk.paths_since(0));
    let paths = desk.paths_since(0);
    assert!(
        !paths.iter().any(|path| ["/api/Asset", "/api/Site", "/api/Users"].contains(&&**path)),
        "{paths:?}"
    );

    let directory = ClientDirectory::default();
    for client in &catalogue.clients {
        let name = Some(client.name.as_str());
        let found = catalogue.client(&directory, Candidate { source: "rmm", name, ..Candidate::default() });
        assert_ne!(found, ClientMatch::None, "{name:?}");
        assert_eq!(cold.get(Priority::Normal).await.unwrap().fetched_at, catalogue.fetched_at);
    }
    assert_eq!(desk.requests(), requests, "looking {} names up costs nothing", catalogue.clients.len());

    let warm = desk.start();
    assert_eq!(warm.get(Priority::Normal).await.unwrap().clients.len(), catalogue.clients.len());
    let more = desk.requests() - requests;
    println!("warm start: {more} requests");
    assert!(more <= 5, "{:?}", desk.paths_since(requests));
}

#[tokio::test]
async fn one_asset_among_twenty_thousand_is_found_by_two_requests_at_most_and_then_known() {
    let desk = Desk::new(large()).await;
    let cache = desk.start();
    let catalogue = cache.get(Priority::Normal).await.unwrap();
    let page = desk
        .client()
        .get("/Asset", &halopsa::Query::new().with("order", "id").with("orderdesc", true).with("count", 100))
        .await
        .unwrap();
    let rows: Vec<(i64, i64, String)> = page["assets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["id"].as_i64().unwrap(),
                row["client_id"].as_i64().unwrap(),
                row["inventory_number"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert!(rows.len() > 20);
    let before = desk.requests();
    let mut catalogue = catalogue;
    for (id, client, tag) in &rows[..10] {
        let wanted = Wanted::new(RecordKind::Asset, Some(*client), tag);
        catalogue = learned(&cache, &catalogue, &[], std::slice::from_ref(&wanted)).await.unwrap();
        assert!(matches!(catalogue.records.find(&wanted), Lookup::Found(entry) if entry.id == *id), "{tag}");
        assert!(learned(&cache, &catalogue, &[], &[wanted]).await.is_none(), "nothing new the second time");
    }
    let spent = desk.requests() - before;
    assert!(spent <= 20, "{spent} requests for 10 assets");
    let (_, client, tag) = &rows[0];
    let elsewhere = Wanted::new(RecordKind::Asset, Some(client + 1), tag);
    let catalogue = learned(&cache, &catalogue, &[], std::slice::from_ref(&elsewhere)).await.unwrap();
    assert_eq!(
        catalogue.records.find(&elsewhere),
        Lookup::None,
        "another client's asset is not this client's"
    );
}

#[tokio::test]
async fn sites_users_and_mail_domains_are_found_by_name_whatever_their_case() {
    let desk = Desk::new(SandboxConfig::default()).await;
    let cache = desk.start();
    let mut catalogue = cache.get(Priority::Normal).await.unwrap();
    let client = desk.client();
    let dental = desk.sandbox.id_of("Client", "Northwind Dental").unwrap();
    let query = halopsa::Query::new().with("client_id", dental).with("exclude_generaluser", true);
    let users = client.get("/Users", &query).await.unwrap();
    let users = users["users"].as_array().unwrap();
    let address_of = |user: &serde_json::Value| user["emailaddress"].as_str().unwrap().to_owned();
    let alone =
        |user: &&serde_json::Value| users.iter().filter(|u| address_of(u) == address_of(user)).count() == 1;
    let user = users.iter().filter(|user| user["site_id"] == users[0]["site_id"]).find(alone).unwrap();
    let address = &address_of(user);
    let domain = address.split_once('@').unwrap().1;
    for (wanted, id) in [
        (Wanted::new(RecordKind::Site, Some(dental), " main "), user["site_id"].as_f64().unwrap() as i64),
        (Wanted::new(RecordKind::User, Some(dental), &address.to_uppercase()), user["id"].as_i64().unwrap()),
        (
            Wanted::new(RecordKind::User, Some(dental), user["name"].as_str().unwrap()),
            user["id"].as_i64().unwrap(),
        ),
        (Wanted::new(RecordKind::MailDomain, None, domain), dental),
    ] {
        let before = desk.requests();
        catalogue = learned(&cache, &catalogue, &[], std::slice::from_ref(&wanted)).await.unwrap();
        let found = catalogue.records.find(&wanted);
        assert!(matches!(found, Lookup::Found(entry) if entry.id == id), "{wanted:?}: {found:?}");
        assert!(desk.requests() - before <= 2, "{wanted:?}: {:?}", desk.paths_since(before));
    }
    let email = format!("someone.else@{domain}");
    let candidate = Candidate { source: "rmm", email: Some(&email), ..Candidate::default() };
    assert_eq!(catalogue.client(&ClientDirectory::default(), candidate), ClientMatch::Found(dental));
}

#[tokio::test]
async fn what_was_looked_up_is_known_after_a_restart_and_what_is_missing_is_asked_for_again_after_an_hour() {
    let desk = Desk::new(SandboxConfig::default()).await;
    let cache = desk.start();
    let catalogue = cache.get(Priority::Normal).await.unwrap();
    let missing = Wanted::new(RecordKind::Site, Some(2), "Moon base");
    let there = Wanted::new(RecordKind::Site, Some(2), "Main");
    learned(&cache, &catalogue, &[], &[missing.clone(), there.clone()]).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    stop.send_replace(true);
    cache.tend(stopped).await;

    let cache = desk.start();
    let before = desk.requests();
    let catalogue = cache.held().expect("the file");
    assert_eq!(catalogue.records.find(&missing), Lookup::None);
    assert!(matches!(catalogue.records.find(&there), Lookup::Found(_)));
    assert!(learned(&cache, &catalogue, &[], &[missing.clone(), there.clone()]).await.is_none());
    assert_eq!(desk.requests(), before);

    let (_stop, stopped) = watch::channel(false);
    let tending = tokio::spawn(cache.clone().tend(stopped));
    desk.clock.advance(Duration::from_mins(61));
    until(|| {
        desk.clock.advance(Duration::from_mins(1));
        cache.held().unwrap().records.find(&missing) == Lookup::Unasked
    })
    .await;
    assert!(matches!(cache.held().unwrap().records.find(&there), Lookup::Found(_)));
    tending.abort();
}

#[tokio::test]
async fn names_nobody_has_heard_of_cannot_use_up_the_budget() {
    let desk = Desk::new(SandboxConfig::default()).await;
    let cache = desk.start();
    let mut catalogue = cache.get(Priority::Normal).await.unwrap();
    let before = desk.requests();
    for number in 0..200 {
        let wanted = Wanted::new(RecordKind::Asset, Some(2), &format!("ghost-{number}"));
        catalogue =
            learned(&cache, &catalogue, &["team", "type"], std::slice::from_ref(&wanted)).await.unwrap();
        let answer = catalogue.records.find(&wanted);
        let expected = match number {
            0..30 => Lookup::None,
            _ => Lookup::Failed("too many names were unknown at once, it was not looked up"),
        };
        assert_eq!(answer, expected, "{number}");
    }
    let spent = desk.requests() - before;
    assert!(spent <= 62, "{spent} requests");
    assert!(cache.held().unwrap().records.len() == 30, "what was not looked up is not remembered as missing");
}

#[tokio::test]
async fn a_list_is_read_again_when_a_name_is_unknown_and_only_that_list() {
    let desk = Desk::new(SandboxConfig::default()).await;
    let cache = desk.start();
    let old = cache.get(Priority::Normal).await.unwrap();
    let client = desk.client();
    let query = halopsa::Query::new();
    let team = json!([{ "name": "Night Shift" }]);
    client.request(halopsa::Method::POST, "/Team", &query, Some(&team)).await.unwrap().done().unwrap();
    let new = json!([{ "name": "Brand New Client" }]);
    client.request(halopsa::Method::POST, "/Client", &query, Some(&new)).await.unwrap().done().unwrap();
    assert!(learned(&cache, &old, &["team", "client"], &[]).await.is_none(), "it was read a moment ago");

    desk.clock.advance(Duration::from_mins(6));
    let before = desk.requests();
    let newer = learned(&cache, &old, &["team", "client"], &[]).await.unwrap();
    assert!(newer.team(&haloward_rules::Reference::Name("night shift".into())).is_some());
    assert!(newer.clients.iter().any(|client| client.name == "Brand New Client"));
    let paths = desk.paths_since(before);
    assert_eq!(paths, ["/api/Team", "/api/Client"], "of the clients only what changed");
    assert_eq!(newer.clients.len(), old.clients.len() + 1);
    assert!(learned(&cache, &newer, &["team"], &[]).await.is_none(), "and not again so soon");
}

#[tokio::test]
async fn a_right_that_is_missing_is_said_in_the_answer_and_halopsa_being_away_is_an_error() {
    let agent = AgentRights { assets: Access::None, ..AgentRights::default() };
    let desk = Desk::new(SandboxConfig { agent, ..SandboxConfig::default() }).await;
    let cache = desk.start();
    let catalogue = cache.get(Priority::Normal).await.unwrap();
    let asset = Wanted::new(RecordKind::Asset, Some(2), "SRV-01");
    let newer = learned(&cache, &catalogue, &[], std::slice::from_ref(&asset)).await.unwrap();
    let Lookup::Failed(problem) = newer.records.find(&asset) else { panic!("{:?}", newer.records) };
    assert_eq!(
        problem,
        "it could not be looked up: GET /Asset: HaloPSA answered 403: You do not have permission to access this resource"
    );
    // A search that fails costs the name, not the ticket.
    let broken = Fault::once(FaultKind::ErrorBeforeCommit { status: 500 }).on("GET", "/api/Site").always();
    desk.sandbox.faults().inject(broken);
    let site = Wanted::new(RecordKind::Site, Some(2), "Main");
    let newer = learned(&cache, &newer, &[], std::slice::from_ref(&site)).await.unwrap();
    assert!(matches!(newer.records.find(&site), Lookup::Failed(_)));
    assert_eq!(cache.held().unwrap().records.find(&site), Lookup::Unasked, "the next ticket asks again");
    desk.sandbox.stop().await;
    let user = Wanted::new(RecordKind::User, Some(2), "somebody@example.com");
    let away = cache.learn(&newer, Unknown { fields: &[], wanted: &[user] }, Priority::Normal).await;
    assert!(matches!(away, Err(halopsa::Error::Unreachable { .. })), "{away:?}");
}

#[tokio::test]
async fn everything_is_read_again_on_a_schedule_and_a_stale_file_is_used_meanwhile() {
    let desk = Desk::new(SandboxConfig::default()).await;
    desk.start().get(Priority::Normal).await.unwrap();
    desk.clock.advance(EVERY * 3);
    let cache = desk.start();
    let stale = cache.held().expect("an old catalogue is better than none");
    let (stop, stopped) = watch::channel(false);
    let tending = tokio::spawn(cache.clone().tend(stopped));
    until(|| cache.held().unwrap().fetched_at > stale.fetched_at).await;
    let read_at = cache.held().unwrap().fetched_at;
    desk.sandbox
        .faults()
        .inject(Fault::once(FaultKind::ErrorBeforeCommit { status: 500 }).on("GET", "/api/Status"));
    desk.clock.advance(EVERY);
    until(|| desk.sandbox.faults().waiting().is_empty()).await;
    until(|| {
        // A reading that failed is tried again, after a while.
        desk.clock.advance(Duration::from_mins(1));
        cache.held().unwrap().fetched_at > read_at
    })
    .await;
    stop.send_replace(true);
    tending.await.unwrap();
}

#[tokio::test]
async fn the_catalogue_of_another_site_is_not_used() {
    let desk = Desk::new(SandboxConfig::default()).await;
    let elsewhere = Catalogue { site: "acme.halopsa.com".into(), ..Catalogue::default() };
    elsewhere.save(&desk.file()).unwrap();
    assert!(desk.start().held().is_none());
}

/// Waits until something is so; looks again whenever others had a turn.
async fn until(mut so: impl FnMut() -> bool) {
    let waiting = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it comes to be so");
}

#[tokio::test]
async fn nobody_waits_for_a_name_he_did_not_ask_for_and_one_name_is_asked_for_once() {
    let clock = halopsa_sandbox::Clock::manual("2026-01-05T09:00:00Z".parse().unwrap());
    let desk = Desk::new(SandboxConfig { clock: clock.clone(), ..SandboxConfig::default() }).await;
    let cache = desk.start();
    let catalogue = cache.get(Priority::Normal).await.unwrap();
    let before = desk.requests();
    // HaloPSA answers about assets only once its clock is moved.
    desk.sandbox
        .faults()
        .inject(Fault::once(FaultKind::Latency { ms: 60_000 }).on("GET", "/api/Asset").always());
    let slow = Wanted::new(RecordKind::Asset, Some(2), "xk-9001");
    let asking: Vec<_> = (0..5)
        .map(|_| {
            let (cache, catalogue, slow) = (cache.clone(), Arc::clone(&catalogue), slow.clone());
            tokio::spawn(async move { learned(&cache, &catalogue, &[], &[slow]).await })
        })
        .collect();
    let asked = |now: &halopsa_sandbox::Snapshot| now.requests_to("GET", "/api/Asset").count() == 1;
    desk.sandbox.wait_for(asked, PATIENCE).await.unwrap();
    let quick = Wanted::new(RecordKind::Site, Some(2), "Main");
    let learning = learned(&cache, &catalogue, &[], std::slice::from_ref(&quick));
    let newer =
        tokio::time::timeout(PATIENCE, learning).await.expect("it does not wait for the asset").unwrap();
    assert!(matches!(newer.records.find(&quick), Lookup::Found(_)));
    assert!(asking.iter().all(|task| !task.is_finished()));

    let over = tokio::spawn(async move {
        loop {
            clock.advance(Duration::from_secs(60));
            tokio::task::yield_now().await;
        }
    });
    for task in asking {
        let newer = tokio::time::timeout(PATIENCE, task).await.expect("an answer").unwrap().unwrap();
        assert_eq!(newer.records.find(&slow), Lookup::None);
        assert!(matches!(newer.records.find(&quick), Lookup::Found(_)), "what was learned meanwhile stays");
    }
    over.abort();
    let paths = desk.paths_since(before);
    let of = |path: &str| paths.iter().filter(|asked| *asked == path).count();
    assert_eq!((of("/api/Asset"), of("/api/Site")), (2, 1), "one name, two ways to look for it: {paths:?}");
}
