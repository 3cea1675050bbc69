//! The whole product in this process, asked over HTTP.

mod sources;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use halopsa_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};

use crate::app::App;
use crate::cli::service::http;
use crate::clock::SystemClock;
use crate::config::Loaded;
use crate::store::OperationState;

/// How long a test may hang before it fails; no test waits for it.
const HANGS: Duration = Duration::from_secs(120);
const TOKEN: &str = "correct-horse-battery";

const RULES: &str = "
rules:
  - id: disk
    when: { check: disk }
    key: disk/${event.device.name}
    then: { open_ticket: { type: Incident, again: { do: note, at_most: 0s } } }
  - id: refused
    when: { check: refused }
    key: refused/${event.device.name}
    then: { open_ticket: { type: Incident, fields: { status_id: 4711 } } }
";

struct Product {
    app: Option<App>,
    sandbox: Sandbox,
    _folder: tempfile::TempDir,
}

impl Product {
    async fn start() -> Self {
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let config = sandbox.config();
        write("secret", config.client_secret.as_str());
        write("token", TOKEN);
        write(
            "haloward.yaml",
            &format!(
                "halo: {{ url: \"{}\", client_id: {}, client_secret: file:secret }}\n\
                 server: {{ listen: 127.0.0.1:0, token: file:token }}\n\
                 sources: {{ own: {{ webhook: {{ preset: generic, auth: none }} }}, \
                 chatty: {{ webhook: {{ preset: generic, auth: none, limit: {{ requests: 2, per: 1h }} }} }} }}\n",
                sandbox.url(),
                config.client_id
            ),
        );
        std::fs::create_dir(folder.path().join("rules")).unwrap();
        write("rules/rules.yaml", RULES);
        let loaded = Loaded::load(Some(&folder.path().join("haloward.yaml")), &[]).unwrap();
        assert!(!loaded.findings.has_errors(), "{}", loaded.findings.render());
        let client = loaded.config.halo.as_ref().unwrap().client().unwrap();
        let app = App::start(loaded, client, Arc::new(SystemClock)).await.unwrap();
        Self { app: Some(app), sandbox, _folder: folder }
    }

    fn app(&self) -> &App {
        self.app.as_ref().unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.app().addr())
    }

    async fn fire(&self, check: &str, device: &str) -> String {
        let event =
            json!({ "check": check, "device": { "name": device }, "title": format!("{check} on {device}") });
        let answer = http(false).unwrap().post(self.url("/hooks/own")).json(&event).send().await.unwrap();
        assert_eq!(answer.status(), 202);
        let answer: Value = answer.json().await.unwrap();
        answer["ids"][0].as_str().unwrap().to_owned()
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let answer = http(false).unwrap().get(self.url(path)).bearer_auth(TOKEN).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer =
            http(false).unwrap().post(self.url(path)).bearer_auth(TOKEN).json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Waits until an operation of a case stands so, and gives its id.
    async fn until(&self, key: &str, state: OperationState) -> String {
        let waiting = async {
            loop {
                let (_, case) = self.get(&format!("/api/v1/cases/{}", key.replace('/', "%2F"))).await;
                let operations = case["operations"].as_array().cloned().unwrap_or_default();
                if let Some(found) = operations.iter().find(|operation| operation["state"] == state.as_str())
                {
                    return found["id"].as_str().unwrap().to_owned();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(HANGS, waiting).await.expect("it comes to stand so")
    }

    async fn stop(mut self) {
        if let Some(app) = self.app.take() {
            app.stop().await;
        }
        self.sandbox.stop().await;
    }
}

#[tokio::test]
async fn nothing_of_the_api_opens_without_the_token() {
    let product = Product::start().await;
    let http = http(false).unwrap();
    for route in super::routes::ROUTES {
        let path = route.path.replace("{id}", "x").replace("{key}", "x");
        for sent in
            [None, Some("Bearer wrong"), Some("Basic correct-horse-battery"), Some(TOKEN), Some("Bearer ")]
        {
            let method = route.method.to_uppercase().parse().unwrap();
            let mut request = http.request(method, product.url(&path));
            if let Some(sent) = sent {
                request = request.header("authorization", sent);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 401, "{} {path} {sent:?}", route.method);
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
            assert!(answer.headers().contains_key("www-authenticate"));
        }
    }
    product.stop().await;
}

#[tokio::test]
async fn the_document_describes_what_is_answered() {
    let product = Product::start().await;
    let event = product.fire("disk", "srv-01").await;
    let operation = product.until("disk/srv-01", OperationState::Done).await;
    assert_eq!(product.post("/api/v1/sources/own/recording", &json!({})).await.0, 200);
    let (_, document) = product.get("/api/v1/openapi.json").await;
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), super::routes::ROUTES.iter().map(|r| r.path).collect::<BTreeSet<_>>().len());
    for (path, methods) in paths {
        let Some(get) = methods.get("get") else { continue };
        let id = if path.contains("operations/") { &operation } else { &event };
        let asked = path.replace("{id}", id).replace("{key}", "disk%2Fsrv-01").replace("{source}", "own");
        let (status, answer) = product.get(&asked).await;
        assert_eq!(status, 200, "{asked}: {answer}");
        let described = &get["responses"]["200"]["content"]["application/json"]["schema"]["properties"];
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(&answer), names(described), "{path}");
        for parameter in get["parameters"].as_array().unwrap().iter().filter(|p| p["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            let (status, problem) = product.get(&format!("{asked}?{name}=%00")).await;
            let free = matches!(name, "source" | "text") || path.ends_with("decisions") && name == "outcome";
            assert_eq!(status, if free { 200 } else { 400 }, "{asked} {name}: {problem}");
        }
        // What takes no question does not look for one.
        if get["parameters"].as_array().unwrap().iter().all(|parameter| parameter["in"] != "query") {
            continue;
        }
        assert_eq!(
            product.get(&format!("{asked}?nonsense=1")).await.0,
            400,
            "{asked} takes what it knows only"
        );
    }
    product.stop().await;
}

#[tokio::test]
async fn an_event_is_told_with_its_reasons_and_what_it_led_to() {
    let product = Product::start().await;
    let first = product.fire("disk", "srv-01").await;
    let operation = product.until("disk/srv-01", OperationState::Done).await;
    let other = product.fire("unheard-of", "srv-02").await;
    let (_, story) = product.get(&format!("/api/v1/events/{first}")).await;
    assert_eq!(story["decision"]["outcome"], "open_ticket");
    assert_eq!(story["operations"][0]["id"], operation.as_str());
    let (_, told) = product.get(&format!("/api/v1/operations/{operation}")).await;
    let exchange = &told["exchanges"][0]["said"];
    assert_eq!((&exchange["method"], &exchange["path"]), (&json!("POST"), &json!("/api/Tickets")), "{told}");
    assert_eq!(exchange["body"][0]["summary"], "disk on srv-01");
    assert_eq!(exchange["done"]["ticket"], told["operation"]["ticket"]);

    let waiting = async {
        loop {
            let (_, story) = product.get(&format!("/api/v1/events/{other}")).await;
            if story["decision"].is_object() {
                return story;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let story = tokio::time::timeout(HANGS, waiting).await.expect("it is decided");
    assert_eq!(story["decision"]["outcome"], "unmatched");
    let considered = story["considered"]["decisions"].as_array().unwrap();
    let failed = |rule: &str| {
        let decision = considered.iter().find(|d| d["rule"] == rule).unwrap();
        decision["conditions"].as_array().unwrap().iter().find(|c| c["held"] == false).cloned().unwrap()
    };
    assert_eq!(failed("disk")["actual"], "unheard-of", "why there was no ticket: {story}");

    let (_, listed) = product.get("/api/v1/events?limit=1").await;
    assert_eq!(listed["items"][0]["id"], other.as_str());
    let (_, listed) =
        product.get(&format!("/api/v1/events?limit=1&before={}", listed["next"].as_str().unwrap())).await;
    assert_eq!(listed["items"][0]["id"], first.as_str());
    let (_, listed) = product.get("/api/v1/events?outcome=unmatched&source=own").await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);

    let (_, ledger) = product.get("/api/v1/ledger?days=2").await;
    let lines = ledger["items"].as_array().unwrap();
    let sum = |name: &str| lines.iter().map(|line| line[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("received"), sum("opened"), sum("left"), sum("undecided")), (2, 1, 1, 0), "{ledger}");
    product.stop().await;
}

#[tokio::test]
async fn a_trace_leads_from_the_senders_answer_to_what_was_asked_of_halopsa() {
    let product = Product::start().await;
    let body = json!([
        { "check": "disk", "device": { "name": "srv-01" }, "title": "one" },
        { "check": "other", "device": { "name": "srv-02" }, "title": "two" }
    ]);
    let answer = http(false).unwrap().post(product.url("/hooks/own")).json(&body).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let trace = answer["trace"].as_str().unwrap();
    product.fire("disk", "srv-03").await;
    let operation = product.until("disk/srv-01", OperationState::Done).await;
    let (_, found) = product.get(&format!("/api/v1/events?trace={trace}")).await;
    let ids: Vec<&Value> = found["items"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
    assert_eq!(ids, [&answer["ids"][1], &answer["ids"][0]]);
    let (_, story) = product.get(&format!("/api/v1/events/{}", ids[1].as_str().unwrap())).await;
    assert_eq!((&story["trace"], &story["event"]["trace"]), (&json!(trace), &json!(trace)));
    assert_eq!(
        (&story["operations"][0]["id"], &story["operations"][0]["trace"]),
        (&json!(operation), &json!(trace))
    );
    let (_, told) = product.get(&format!("/api/v1/operations/{operation}")).await;
    assert_eq!(told["operation"]["effect"]["trace"], trace);
    let (_, report) = product.get(&format!("/api/v1/events/{}/report", ids[1].as_str().unwrap())).await;
    assert!(!report.to_string().contains(trace), "it belongs to nobody else: {report}");
    let (status, problem) = product.get("/api/v1/events?trace=evt_1").await;
    assert_eq!(
        (status, &problem["detail"]),
        (
            400,
            &json!(
                "`trace`: `evt_1` is no trace id: those are 32 hexadecimal digits in lower case, not all zero"
            )
        )
    );
    product.stop().await;
}

#[tokio::test]
async fn what_halopsa_refused_is_corrected_and_sent_again_or_given_up() {
    let product = Product::start().await;
    product.fire("refused", "srv-01").await;
    let dead = product.until("refused/srv-01", OperationState::Dead).await;
    let (_, story) = product.get(&format!("/api/v1/operations/{dead}")).await;
    let refusal = &story["exchanges"][0]["said"]["refused"];
    assert_eq!(refusal["status"], 400, "{story}");

    let answer = http(false).unwrap().get(product.url("/readyz")).send().await.unwrap();
    assert_eq!(
        answer.json::<Value>().await.unwrap(),
        json!({ "ready": true }),
        "no details without the token"
    );
    let (_, ready) = product.get("/readyz").await;
    assert!(ready["problems"][0].as_str().unwrap().contains("refused 1 operation"), "{ready}");

    let retry = format!("/api/v1/operations/{dead}/retry");
    let (status, problem) = product.post(&retry, &json!({ "set": { "pritority": 1 } })).await;
    assert_eq!(status, 400, "{problem}");
    let (status, answer) = product.post(&retry, &json!({ "set": { "fields.status_id": null } })).await;
    assert_eq!(status, 200, "{answer}");
    product.until("refused/srv-01", OperationState::Done).await;
    assert_eq!(product.sandbox.tickets().len(), 1);
    let (_, story) = product.get(&format!("/api/v1/operations/{dead}")).await;
    let said: Vec<&str> = story["exchanges"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|e| {
            ["refused", "corrected", "done"].into_iter().find(|name| e["said"].get(name).is_some())
        })
        .collect();
    assert_eq!(said, ["refused", "corrected", "done"]);
    let (status, problem) = product.post(&retry, &json!({})).await;
    assert_eq!((status, problem["title"].as_str()), (409, Some("That cannot be done now")), "{problem}");

    product.fire("refused", "srv-02").await;
    let dead = product.until("refused/srv-02", OperationState::Dead).await;
    let drop = format!("/api/v1/operations/{dead}/drop");
    assert_eq!(product.post(&drop, &json!({ "reason": "the rule was wrong" })).await.0, 200);
    let (_, case) = product.get("/api/v1/cases/refused%2Fsrv-02").await;
    assert_eq!(
        case["case"]["state"], "resolved",
        "the next alert is not a repeat of a ticket that never was"
    );
    assert_eq!(product.post(&drop, &json!({})).await.0, 409);
    assert_eq!(product.get("/api/v1/operations/op_0000000000000").await.0, 404);
    assert_eq!(product.get("/api/v1/operations/x").await.0, 400);
    product.stop().await;
}

#[tokio::test]
async fn a_source_over_its_limit_is_told_when_to_come_back() {
    let product = Product::start().await;
    let http = http(false).unwrap();
    let mut statuses = Vec::new();
    for number in 0..3 {
        let event = json!({ "check": "limited", "device": { "name": number } });
        let answer = http.post(product.url("/hooks/chatty")).json(&event).send().await.unwrap();
        statuses.push(answer.status().as_u16());
        if number == 2 {
            let seconds: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=1_800).contains(&seconds), "{seconds}");
            let problem: Value = answer.json().await.unwrap();
            assert_eq!(problem["title"], "The source sends too much");
        }
    }
    assert_eq!(statuses, [202, 202, 429]);
    product.fire("unlimited", "srv-01").await;
    let metrics = http.get(product.url("/metrics")).send().await.unwrap();
    assert!(metrics.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    let text = metrics.text().await.unwrap();
    for line in [
        "haloward_events_accepted_total{source=\"chatty\"} 2",
        "haloward_events_accepted_total{source=\"own\"} 1",
        "haloward_deliveries_refused_total{status=\"429\",source=\"chatty\"} 1",
        "haloward_accept_seconds_count 3",
        "haloward_budget_requests{requests=\"limit\"} 300",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in:\n{text}");
    }
    product.stop().await;
}

#[tokio::test]
async fn a_silence_is_added_listed_and_ended() {
    let product = Product::start().await;
    let wrong = product
        .post(
            "/api/v1/silences",
            &json!({ "when": { "severity": { "bellow": 1 } }, "until": "2999-01-01T00:00:00Z" }),
        )
        .await;
    assert_eq!(wrong.0, 400, "{}", wrong.1);
    assert!(wrong.1["detail"].as_str().unwrap().contains("bellow"), "{}", wrong.1);
    let wanted = json!({ "key": "disk/srv-0*", "until": "2999-01-01T00:00:00Z", "comment": "new disks" });
    let (status, silence) = product.post("/api/v1/silences", &wanted).await;
    assert_eq!(status, 200, "{silence}");
    let (_, listed) = product.get("/api/v1/silences").await;
    assert_eq!(listed["items"], json!([silence]));
    let event = product.fire("disk", "srv-01").await;
    let decided = async {
        loop {
            let (_, story) = product.get(&format!("/api/v1/events/{event}")).await;
            if story["decision"].is_object() {
                return story["decision"]["outcome"].clone();
            }
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(tokio::time::timeout(HANGS, decided).await.expect("it is decided"), "silenced");
    let url = product.url(&format!("/api/v1/silences/{}", silence["id"].as_str().unwrap()));
    let end = || http(false).unwrap().delete(&url).bearer_auth(TOKEN).send();
    assert_eq!(end().await.unwrap().status(), 200);
    assert_eq!(end().await.unwrap().status(), 404, "it is over");
    let (_, listed) = product.get("/api/v1/silences").await;
    assert_eq!(listed["items"], json!([]));
    product.stop().await;
}

#[tokio::test]
async fn files_with_mistakes_are_a_problem_that_can_be_seen() {
    let product = Product::start().await;
    product.app().refuse("the files have mistakes: `haloward check` shows them");
    let (status, ready) = product.get("/readyz").await;
    assert_eq!((status, &ready["ready"]), (200, &json!(true)), "the last good rules decide");
    assert_eq!(
        ready["problems"],
        json!(["newer rules were not taken: the files have mistakes: `haloward check` shows them"])
    );
    let text = http(false).unwrap().get(product.url("/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("haloward_rules_stale 1\n"), "{text}");
    product.stop().await;
}
