use std::time::Duration;

use haloward_rules::State;
use serde_json::json;
use wiremock::matchers::{body_string_contains, header, header_exists, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate, Times};

use super::*;
use crate::config::SourceConfig;

const START: &str = "2026-01-05T09:00:00Z";
const MAP: &str = "map: { event: { fingerprint: \"${item.id}\", title: \"${item.title ?? item.id}\", \
                   state: '${item.state ?? \"firing\"}' } }, items: \"${payload.items}\"";

fn load(folder: &std::path::Path, source: &str) -> Loaded {
    std::fs::write(folder.join("haloward.yaml"), format!("sources:\n  s: {{ poll: {{ {source} }} }}\n"))
        .unwrap();
    std::fs::create_dir_all(folder.join("rules")).unwrap();
    std::fs::write(folder.join("secret"), "correct-horse").unwrap();
    let loaded = Loaded::load(Some(&folder.join("haloward.yaml")), &[]).unwrap();
    assert!(!loaded.findings.has_errors(), "{}", loaded.findings.render());
    loaded
}

/// A polled source on a server that answers as scripted, its durable state in memory.
struct Bench {
    server: MockServer,
    folder: tempfile::TempDir,
    poller: Option<Poller>,
    state: FeedState,
    now: Timestamp,
    last: Harvest,
}

impl Bench {
    /// `more` is what the source says beside its address and its map.
    async fn new(more: &str) -> Self {
        let server = MockServer::start().await;
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Self {
            server,
            folder,
            poller: None,
            state: FeedState::new(),
            now: START.parse().unwrap(),
            last: Harvest::default(),
        };
        bench.restart(more);
        bench
    }

    /// Another process, perhaps with another configuration, goes on from the durable state.
    fn restart(&mut self, more: &str) {
        let url = self.server.uri();
        let source =
            format!("url: \"{url}/alerts\", allow_private: true, {MAP}, {}", more.replace("URL", &url));
        let loaded = load(self.folder.path(), &source);
        let SourceConfig::Poll(config) = &loaded.config.sources["s"] else { panic!("it is a poll") };
        let setup = setup("s", config, &loaded, Arc::default()).unwrap().unwrap();
        self.poller = Some(Poller::new(setup));
    }

    /// The next requests are answered so, each time once.
    async fn answers(&self, answers: impl IntoIterator<Item = ResponseTemplate>) {
        for answer in answers {
            self.answers_at("/alerts", answer, 1).await;
        }
    }

    async fn answers_at(&self, at: &str, answer: ResponseTemplate, times: u64) {
        Mock::given(path(at)).respond_with(answer).up_to_n_times(times).mount(&self.server).await;
    }

    async fn lists(&self, lists: &[&[&str]]) {
        self.answers(lists.iter().map(|ids| list(ids))).await;
    }

    /// One round, a minute later; what it brought, in words.
    async fn round(&mut self) -> Result<Vec<String>, FeedError> {
        self.now = later(self.now, Duration::from_mins(1));
        let poller = self.poller.as_mut().unwrap();
        self.last = poller.round(&self.state, self.now).await?;
        self.last.change.apply(&mut self.state);
        let event = |new: &NewEvent| format!("{} {}", new.event.state().as_str(), new.event.fingerprint());
        Ok(self.last.events.iter().map(event).collect())
    }

    async fn ok(&mut self) -> Vec<String> {
        let brought = self.round().await.unwrap();
        assert_eq!(self.last.failure, None);
        brought
    }

    async fn asked(&self) -> Vec<String> {
        let requests = self.server.received_requests().await.unwrap();
        requests.iter().map(|request| request.url.query().unwrap_or_default().to_owned()).collect()
    }
}

fn json_of(value: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(value)
}

fn list(ids: &[&str]) -> ResponseTemplate {
    json_of(json!({ "items": ids.iter().map(|id| json!({"id": id})).collect::<Vec<_>>() }))
}

const NOTHING: [&str; 0] = [];

#[tokio::test]
async fn what_was_seen_before_is_not_brought_again_and_what_changed_is() {
    let mut bench = Bench::new("").await;
    bench.lists(&[&["a", "b"], &["a", "b", "a"]]).await;
    let changed = json!({"items": [{"id": "a", "title": "worse"}, {"id": "b"}]});
    bench.answers([json_of(changed), list(&["a"])]).await;
    assert_eq!(bench.ok().await, ["firing a", "firing b"]);
    assert_eq!(bench.ok().await, NOTHING);
    assert_eq!(bench.ok().await, ["firing a"]);
    assert_eq!(bench.ok().await, ["firing a"], "it is as it was before it changed");
}

#[tokio::test]
async fn what_is_gone_from_two_whole_lists_is_resolved_and_fires_anew_when_it_returns() {
    let mut bench = Bench::new("gone: resolved").await;
    bench.lists(&[&["a", "b"], &["b"], &["b"], &["b"], &["a", "b"]]).await;
    assert_eq!(bench.ok().await, ["firing a", "firing b"]);
    assert_eq!(bench.ok().await, NOTHING, "once may be the vendor's mistake");
    assert_eq!(bench.ok().await, ["resolved a"]);
    let resolved = bench.last.events[0].event.value();
    assert_eq!((&resolved["title"], &resolved["message"]), (&json!("a"), &json!("No longer listed.")));
    assert_eq!(resolved["ended_at"], bench.now.to_string());
    assert_eq!(bench.ok().await, NOTHING);
    assert_eq!(bench.ok().await, ["firing a"]);
}

#[tokio::test]
async fn what_fires_again_with_the_same_words_is_brought_again() {
    let mut bench = Bench::new("").await;
    let over = json!({"items": [{"id": "a", "state": "resolved"}]});
    bench.answers([list(&["a"]), json_of(over), list(&["a"]), list(&["a"])]).await;
    assert_eq!(bench.ok().await, ["firing a"]);
    assert_eq!(bench.ok().await, ["resolved a"]);
    assert_eq!(bench.ok().await, ["firing a"]);
    assert_eq!(bench.ok().await, NOTHING);
}

#[tokio::test]
async fn what_flaps_between_two_lists_is_not_resolved() {
    let mut bench = Bench::new("gone: resolved").await;
    bench.lists(&[&["a", "b"], &["b"], &["a", "b"], &["b"], &["b"]]).await;
    assert_eq!(bench.ok().await.len(), 2);
    for _ in 0..3 {
        assert_eq!(bench.ok().await, NOTHING);
    }
    assert_eq!(bench.ok().await, ["resolved a"]);
}

#[tokio::test]
async fn what_is_gone_is_remembered_over_a_restart() {
    let mut bench = Bench::new("gone: resolved, gone_after: 1").await;
    bench.lists(&[&["a", "b"], &["b"]]).await;
    assert_eq!(bench.ok().await.len(), 2);
    bench.restart("gone: resolved, gone_after: 1, every: 5m");
    assert_eq!(bench.ok().await, ["resolved a"]);
}

#[tokio::test]
async fn an_item_that_says_it_is_over_is_not_resolved_a_second_time() {
    let mut bench = Bench::new("gone: resolved, gone_after: 1").await;
    let over = json!({"items": [{"id": "a", "state": "resolved"}, {"id": "b"}]});
    bench.answers([list(&["a", "b"]), json_of(over), list(&["b"])]).await;
    assert_eq!(bench.ok().await.len(), 2);
    assert_eq!(bench.ok().await, ["resolved a"]);
    assert_eq!(bench.ok().await, NOTHING);
}

#[tokio::test]
async fn a_list_that_is_suddenly_empty_has_to_stay_empty() {
    let mut bench = Bench::new("gone: resolved").await;
    bench.lists(&[&["a", "b", "c", "d", "e"], &[], &[], &[], &[], &[]]).await;
    assert_eq!(bench.ok().await.len(), 5);
    for _ in 0..4 {
        assert_eq!(bench.ok().await, NOTHING);
    }
    assert_eq!(bench.ok().await.len(), 5, "by now it is believed");
    assert!(bench.last.events.iter().all(|new| new.event.state() == State::Resolved));
}

#[tokio::test]
async fn an_answer_without_a_list_is_a_failure_and_resolves_nothing() {
    let mut bench = Bench::new("gone: resolved, gone_after: 1").await;
    bench.lists(&[&["a"]]).await;
    let html = ResponseTemplate::new(200).set_body_string("<html>Please\nlog in</html>");
    bench.answers([json_of(json!({"error": "try later"})), html, ResponseTemplate::new(500)]).await;
    bench.lists(&[&["a"]]).await;
    assert_eq!(bench.ok().await, ["firing a"]);
    let problems = [bench.round().await, bench.round().await, bench.round().await];
    let problems = problems.map(|problem| problem.unwrap_err().problem);
    assert_eq!(problems[0], "the answer has no list at `items`; it begins with `{\"error\":\"try later\"}`");
    assert!(problems[1].contains("it begins with `<html>Please log in</html>`"), "{}", problems[1]);
    assert_eq!(problems[2], "it answered 500 Internal Server Error");
    assert_eq!(bench.ok().await, NOTHING);
}

#[tokio::test]
async fn a_preset_that_finds_no_alerts_in_an_answer_makes_no_alert_of_it() {
    let bench = Bench::new("").await;
    let url = bench.server.uri();
    let source = format!("url: \"{url}/alerts\", allow_private: true, preset: atera-alerts");
    let loaded = load(
        bench.folder.path(),
        &source.replace("preset", "auth: { header: { value: file:secret } }, preset"),
    );
    bench.answers([json_of(json!({"Message": "no"})), json_of(json!({"items": []}))]).await;
    let error = asked(&loaded, "s", bench.now).await.unwrap_err().to_string();
    assert!(error.contains("{\"Message\":\"no\"}"), "{error}");
    assert_eq!(asked(&loaded, "s", bench.now).await.unwrap().events.len(), 0);
}

#[tokio::test]
async fn every_page_is_read_and_a_page_that_fails_costs_what_is_behind_it_only() {
    let paged =
        "gone: resolved, gone_after: 1, pagination: { cursor: { param: c, from: \"${payload.next}\" } }";
    let mut bench = Bench::new(paged).await;
    let page = |id: &str, next: Option<&str>| json_of(json!({"items": [{"id": id}], "next": next}));
    bench.answers([page("a", Some("2")), page("b", Some("3")), page("c", None)]).await;
    bench.answers([page("a", Some("2")), page("d", Some("3")), ResponseTemplate::new(502)]).await;
    bench.answers([page("a", Some("2")), page("d", None)]).await;
    assert_eq!(bench.ok().await, ["firing a", "firing b", "firing c"]);
    assert_eq!(bench.round().await.unwrap(), ["firing d"], "b and c may be on the page that failed");
    assert_eq!(bench.last.failure.as_ref().unwrap().problem, "it answered 502 Bad Gateway");
    assert_eq!(bench.ok().await.len(), 2, "b and c are gone");
    assert_eq!(bench.asked().await, ["", "c=2", "c=3", "", "c=2", "c=3", "", "c=2"]);
}

#[tokio::test]
async fn credentials_do_not_follow_to_another_host() {
    let mut bench = Bench::new("pagination: { next: \"${payload.next}\" }").await;
    let away = json!({"items": [{"id": "a"}], "next": "http://127.0.0.1:1/steal"});
    bench.answers([json_of(away)]).await;
    assert_eq!(bench.round().await.unwrap(), ["firing a"]);
    let failure = bench.last.failure.as_ref().unwrap();
    assert_eq!(failure.problem, "the next page of `127.0.0.1` is at another place: `127.0.0.1`");
}

#[tokio::test]
async fn a_list_that_has_not_changed_is_not_sent_again() {
    let mut bench = Bench::new("gone: resolved").await;
    bench.answers([list(&["a", "b"]).insert_header("etag", "\"1\"")]).await;
    assert_eq!(bench.ok().await.len(), 2);
    let unchanged = |tag: &'static str| {
        Mock::given(header("if-none-match", tag)).respond_with(ResponseTemplate::new(304))
    };
    unchanged("\"1\"").up_to_n_times(1).mount(&bench.server).await;
    bench.answers([list(&["a"]).insert_header("etag", "\"2\"")]).await;
    unchanged("\"2\"").mount(&bench.server).await;
    assert_eq!((bench.ok().await, bench.last.seen), (Vec::new(), 2));
    assert_eq!(bench.ok().await, NOTHING, "b is gone for the first time");
    assert_eq!(bench.ok().await, ["resolved b"], "the same list misses it once more");
    assert_eq!(bench.ok().await, NOTHING);
}

#[tokio::test]
async fn a_mark_goes_on_after_a_restart_with_an_overlap_and_nothing_twice() {
    let marked = "watermark: { from: \"${item.at}\", param: since, overlap: 10m, start: 1h }";
    let mut bench = Bench::new(marked).await;
    let at = |items: &[(&str, &str)]| {
        let items: Vec<_> = items
            .iter()
            .map(|(id, time)| json!({"id": id, "at": format!("2026-01-05T{time}:00Z")}))
            .collect();
        json_of(json!({ "items": items }))
    };
    bench
        .answers([at(&[("a", "08:30"), ("b", "08:40")]), at(&[]), at(&[("b", "08:40"), ("c", "08:41")])])
        .await;
    assert_eq!(bench.ok().await, ["firing a", "firing b"]);
    assert_eq!(bench.ok().await, NOTHING, "an empty answer does not move the mark");
    bench.restart(marked);
    assert_eq!(bench.ok().await, ["firing c"]);
    let since = ["08%3A01%3A00", "08%3A30%3A00", "08%3A30%3A00"];
    assert_eq!(bench.asked().await, since.map(|time| format!("since=2026-01-05T{time}Z")));
    assert_eq!(bench.state[MARK], "2026-01-05T08:41:00Z");
}

#[tokio::test]
async fn a_list_that_is_too_long_is_said_and_resolves_nothing() {
    let paged = "gone: resolved, gone_after: 1, max_pages: 2, pagination: { page: { param: p } }";
    let mut bench = Bench::new(paged).await;
    bench.lists(&[&["a"], &["b"], &["a"], &["c"]]).await;
    assert_eq!(bench.ok().await, ["firing a", "firing b"]);
    assert!(bench.last.warning.as_ref().unwrap().starts_with("the list goes on after 2 pages"));
    assert_eq!(bench.ok().await, ["firing c"]);
}

#[tokio::test]
async fn a_log_with_the_oldest_first_is_read_on_from_where_a_round_ended() {
    let mut bench = Bench::new(
        "max_pages: 1, pagination: { page: { param: p } }, \
         watermark: { from: \"${item.n}\", param: after, format: number, ascending: true }",
    )
    .await;
    let numbers = |from: u64, to: u64| {
        let items: Vec<_> = (from..=to).map(|n| json!({"id": format!("i{n}"), "n": n})).collect();
        json_of(json!({ "items": items }))
    };
    bench.answers([numbers(1, 2), numbers(3, 3), numbers(1, 0)]).await;
    assert_eq!(bench.ok().await, ["firing i1", "firing i2"]);
    assert!(bench.last.more, "there is more at once");
    assert_eq!(bench.ok().await, ["firing i3"]);
    assert_eq!(bench.ok().await, NOTHING);
    assert!(!bench.last.more);
    assert_eq!(bench.asked().await, ["p=1", "after=2&p=1", "after=3&p=1"]);
}

const OAUTH2: &str = "auth: { oauth2: { token_url: URL/token, client_id: me, client_secret: file:secret, \
                      scope: monitoring } }";

#[tokio::test]
async fn a_token_is_asked_for_once_and_renewed_before_it_ends() {
    let mut bench = Bench::new(OAUTH2).await;
    Mock::given(method("POST"))
        .and(path("/token"))
        .and(body_string_contains("grant_type=client_credentials"))
        .and(body_string_contains("client_secret=correct-horse"))
        .and(body_string_contains("scope=monitoring"))
        .respond_with(json_of(json!({"access_token": "t", "expires_in": 180})))
        .expect(Times::from(2))
        .mount(&bench.server)
        .await;
    Mock::given(path("/alerts"))
        .and(header("authorization", "Bearer t"))
        .respond_with(list(&["a"]))
        .mount(&bench.server)
        .await;
    assert_eq!(bench.ok().await, ["firing a"]);
    assert_eq!(bench.ok().await, NOTHING);
    assert_eq!(bench.ok().await, NOTHING);
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once() {
    let mut bench = Bench::new(OAUTH2).await;
    for token in ["old", "new", "newer"] {
        bench.answers_at("/token", json_of(json!({"access_token": token, "expires_in": "3600"})), 1).await;
    }
    Mock::given(header("authorization", "Bearer new"))
        .respond_with(list(&["a"]))
        .up_to_n_times(1)
        .mount(&bench.server)
        .await;
    Mock::given(path("/alerts"))
        .respond_with(ResponseTemplate::new(401).set_body_string("expired"))
        .mount(&bench.server)
        .await;
    assert_eq!(bench.ok().await, ["firing a"]);
    let error = bench.round().await.unwrap_err();
    assert_eq!(error.problem, "it answered 401 Unauthorized: `expired`");
    assert!(error.hint.unwrap().contains("`auth`"));
    let tokens = bench.server.received_requests().await.unwrap();
    assert_eq!(tokens.iter().filter(|request| request.url.path() == "/token").count(), 3);
}

#[tokio::test]
async fn a_client_that_gets_no_token_is_told_why() {
    let mut bench = Bench::new(OAUTH2).await;
    let refused = ResponseTemplate::new(400).set_body_json(json!({"error": "invalid_client"}));
    bench.answers_at("/token", refused, 1).await;
    let error = bench.round().await.unwrap_err();
    assert_eq!(
        error.problem,
        "no token was given: it answered 400 Bad Request: `{\"error\":\"invalid_client\"}`"
    );
    assert_eq!(error.hint.unwrap(), "check client id and secret, and the scope, under `auth: oauth2`");
}

#[tokio::test]
async fn each_way_to_prove_who_asks_is_sent_as_it_should_be() {
    for (auth, name, value) in [
        ("bearer: file:secret", "authorization", "Bearer correct-horse"),
        ("basic: { user: u, password: file:secret }", "authorization", "Basic dTpjb3JyZWN0LWhvcnNl"),
        ("header: { name: X-API-KEY, value: file:secret }", "x-api-key", "correct-horse"),
        (
            "header: { name: Authorization, prefix: \"ApiToken \", value: file:secret }",
            "authorization",
            "ApiToken correct-horse",
        ),
    ] {
        let mut bench = Bench::new(&format!("auth: {{ {auth} }}")).await;
        Mock::given(header(name, value)).respond_with(list(&["a"])).mount(&bench.server).await;
        assert_eq!(bench.ok().await, ["firing a"], "{auth}");
    }
    let mut bench = Bench::new("auth: { query: { name: apikey, value: file:secret } }").await;
    Mock::given(query_param("apikey", "correct-horse")).respond_with(list(&["a"])).mount(&bench.server).await;
    assert_eq!(bench.ok().await, ["firing a"]);
}

#[tokio::test]
async fn a_vendor_that_asks_for_patience_gets_it() {
    let mut bench = Bench::new("").await;
    let busy = |after: &str| ResponseTemplate::new(429).insert_header("retry-after", after);
    bench.answers([busy("90"), busy("Mon, 05 Jan 2026 09:07:00 GMT"), busy("soon")]).await;
    assert_eq!(bench.round().await.unwrap_err().retry_after, Some(Duration::from_secs(90)));
    assert_eq!(bench.round().await.unwrap_err().retry_after, Some(Duration::from_mins(5)));
    assert_eq!(bench.round().await.unwrap_err().retry_after, None);
}

#[tokio::test]
async fn a_source_that_asks_for_another_list_begins_anew_and_resolves_nothing() {
    let mut bench = Bench::new("gone: resolved, gone_after: 1").await;
    bench.lists(&[&["a", "b"], &["b"], &["b"]]).await;
    assert_eq!(bench.ok().await.len(), 2);
    bench.restart("gone: resolved, gone_after: 1, query: { site: berlin }");
    assert_eq!(bench.ok().await, ["firing b"], "a is not gone, it is not asked for");
    assert_eq!(bench.ok().await, NOTHING);
}

#[tokio::test]
async fn a_body_is_posted_and_the_answer_read() {
    let mut bench = Bench::new(
        "method: POST, headers: { X-Region: \"${vars.region}\" }, vars: { region: eu }, \
         body: { query: active, since: \"${watermark}\", list: [1, \"${page}\"] }",
    )
    .await;
    Mock::given(method("POST"))
        .and(header_exists("x-region"))
        .and(header("content-type", "application/json"))
        .and(wiremock::matchers::body_json(json!({"query": "active", "since": null, "list": [1, 1]})))
        .respond_with(list(&["a"]))
        .mount(&bench.server)
        .await;
    assert_eq!(bench.ok().await, ["firing a"]);
}

#[tokio::test]
async fn more_than_one_round_takes_is_taken_in_several() {
    let mut bench = Bench::new("gone: resolved, gone_after: 1").await;
    let ids: Vec<String> = (0..2_500).map(|number| format!("i{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    bench.lists(&[&ids, &ids, &ids[..2_499]]).await;
    assert_eq!(bench.ok().await.len(), 2_000);
    assert!(bench.last.more);
    assert_eq!(bench.ok().await.len(), 500);
    assert!(!bench.last.more);
    assert_eq!(bench.ok().await, ["resolved i2499"]);
}

/// The whole way: the feeds of a configuration on a virtual clock, a store, and a crash between two rounds.
#[tokio::test]
async fn a_polled_alert_is_journalled_once_whatever_happens_between() {
    use crate::catalogue::CatalogueCache;
    use crate::clock::{Clock, HeldClock};
    use crate::feeds::{Feeds, plans};
    use crate::store::{Limits, Store};

    let bench = Bench::new("gone: resolved").await;
    bench.lists(&[&["a", "b"], &["a"], &["a"]]).await;
    let url = bench.server.uri();
    let source = format!("url: \"{url}/alerts\", allow_private: true, {MAP}, gone: resolved, every: 1m");
    let loaded = load(bench.folder.path(), &source);
    let clock = Arc::new(HeldClock::at(START.parse().unwrap()));
    let site = halopsa::Site::parse("http://127.0.0.1:9").unwrap();
    let client = halopsa::Client::builder(site, halopsa::Credentials::new("id", "secret")).build().unwrap();
    let file = bench.folder.path().join("haloward.db");
    for (rounds, journalled) in [(1, 2), (1, 2), (1, 3)] {
        let store = Store::open(&file, Limits::default()).unwrap();
        let names = CatalogueCache::new(&client, clock.clone(), None, Duration::from_hours(6));
        let (client, outbounds) = (client.clone(), Arc::default());
        let context =
            Context { client, catalogue: names, store: store.clone(), outbounds, clock: clock.clone() };
        let plans = plans(&loaded, &context).unwrap();
        let feeds = Feeds::start(plans, store.clone(), clock.clone(), crate::metrics::Metrics::new());
        let done = feeds.board().wait_for("s", |status| status.rounds == rounds);
        let status = tokio::time::timeout(Duration::from_secs(60), done).await.unwrap();
        assert_eq!(status.failures, 0, "{:?}", status.last_error);
        assert_eq!(store.counts().await.unwrap().undecided, journalled);
        clock.advance(Duration::from_mins(1));
        feeds.stop().await;
    }
    assert!(clock.now() > START.parse().unwrap());
}

#[tokio::test]
async fn an_answer_in_xml_is_read_and_an_error_in_xml_is_none() {
    let bench = Bench::new("").await;
    let url = bench.server.uri();
    let source = format!(
        "preset: n-able-nsight-checks, host: unused, url: \"{url}/alerts\", allow_private: true, \
         auth: {{ query: {{ value: file:secret }} }}"
    );
    let loaded = load(bench.folder.path(), &source);
    let xml = |text: &str| ResponseTemplate::new(200).set_body_raw(text, "text/xml");
    let failing = "<?xml version=\"1.0\"?><result created=\"x\"><items><client><name>Fabrikam</name>\
                   <clientid>7</clientid><site><name>Harbour</name><servers><server><id>3</id><name>sql02</name>\
                   <failed_checks><check><checkid>91</checkid><description>Disk D:</description></check>\
                   </failed_checks></server></servers></site></client></items></result>";
    let none = "<?xml version=\"1.0\"?><result><items></items></result>";
    let error = "<?xml version=\"1.0\"?><result status=\"FAIL\"><error>bad key</error></result>";
    bench.answers([xml(failing), xml(none), xml(error)]).await;
    let events = asked(&loaded, "s", bench.now).await.unwrap().events;
    assert_eq!((events.len(), events[0].fingerprint(), events[0].title()), (1, "91", "Disk D: on sql02"));
    assert_eq!(asked(&loaded, "s", bench.now).await.unwrap().events.len(), 0);
    let error = asked(&loaded, "s", bench.now).await.unwrap_err().to_string();
    assert!(error.contains("the answer has no list at `items`"), "{error}");
}
