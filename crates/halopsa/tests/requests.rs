//! The client against a real HTTP server: what goes over the wire, and what comes of what comes back.

#![allow(clippy::unwrap_used, reason = "what can't be set up has failed the test")]

use std::time::Duration;

use futures::TryStreamExt;
use halopsa::api::IfRefused;
use halopsa::filters::{AssetFilter, TicketFilter, TicketTypeFilter};
use halopsa::models::{ActionDraft, ClientRecord, CustomField, InvoiceLine, TicketDraft};
use halopsa::{
    ActionId, AssetId, AttachmentId, ClientId, Credentials, InvoiceLineId, Method, Outcome, OutcomeId, Query,
    Site, StatusId, TicketId, TicketTypeId, UnknownReason,
};
use serde_json::{Value, json};
use wiremock::matchers::{body_json, body_string_contains, header, method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

async fn halo() -> (MockServer, halopsa::Client) {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/api/authinfo"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"auth_url": "/auth", "tenant_id": "acme"})),
        )
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path("/auth/token"))
        .and(query_param("tenant", "acme"))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(body_string_contains("grant_type=client_credentials"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "access_token": "token-1", "token_type": "Bearer", "expires_in": 3600, "scope": "all"
        })))
        .mount(&server)
        .await;
    let site = Site::parse(&server.uri()).unwrap();
    let client = halopsa::Client::builder(site, Credentials::new("id-1", "secret-1"))
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap();
    (server, client)
}

fn json_answer(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

async fn bodies(server: &MockServer, wanted: &str) -> Vec<Value> {
    let received = server.received_requests().await.unwrap();
    let posts =
        received.iter().filter(|request| request.method.as_str() == "POST" && request.url.path() == wanted);
    posts.map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

#[tokio::test]
async fn a_ticket_is_posted_as_an_array_of_one_and_answered_as_an_object() {
    let (server, client) = halo().await;
    let body = json!([{
        "summary": "disk full", "tickettype_id": 21, "client_id": 12, "sendack": false,
        "customfields": [{"name": "CFAlert", "value": "disk"}], "donotapplytemplateintheapi": true, "_novalidate": true
    }]);
    Mock::given(method("POST"))
        .and(path("/api/Tickets"))
        .and(header("authorization", "Bearer token-1"))
        .and(header("content-type", "application/json"))
        .and(body_json(&body))
        .respond_with(json_answer(201, json!({"id": 4711, "summary": "disk full", "colour": "#fff"})))
        .mount(&server)
        .await;

    let draft = TicketDraft::new()
        .summary("disk full")
        .tickettype_id(TicketTypeId(21))
        .client_id(ClientId(12))
        .customfields(vec![CustomField::named("CFAlert", "disk")])
        .sendack(false)
        .donotapplytemplateintheapi(true)
        .with("_novalidate", true);
    let ticket = client.tickets().create_one(&draft).await.unwrap().done().unwrap();
    assert_eq!((ticket.id, ticket.extra["colour"].as_str()), (Some(TicketId(4711)), Some("#fff")));
}

#[tokio::test]
async fn an_update_goes_to_the_same_path_with_the_id_set() {
    let (server, client) = halo().await;
    Mock::given(method("POST"))
        .and(path("/api/Tickets"))
        .and(body_json(json!([{"id": 4711, "status_id": 9}])))
        .respond_with(json_answer(200, json!([{"id": 4711, "status_id": 9}])))
        .mount(&server)
        .await;
    let closed = client
        .tickets()
        .update_one(TicketId(4711), &TicketDraft::new().status_id(StatusId(9)))
        .await
        .unwrap();
    assert_eq!(closed.done().unwrap().status_id, Some(StatusId(9)));
    let raw = client.tickets().update_raw(TicketId(4711), &json!({"status_id": 9})).await.unwrap();
    assert!(!raw.is_unknown());
}

#[tokio::test]
async fn a_note_is_added_edited_and_deleted() {
    let (server, client) = halo().await;
    Mock::given(method("POST"))
        .and(path("/api/Actions"))
        .respond_with(json_answer(200, json!({"id": 3, "ticket_id": 4711})))
        .mount(&server)
        .await;
    Mock::given(method("DELETE"))
        .and(path("/api/Actions/3"))
        .and(query_param("ticket_id", "4711"))
        .respond_with(json_answer(200, json!({})))
        .mount(&server)
        .await;
    let note = ActionDraft::new()
        .ticket_id(TicketId(4711))
        .outcome_id(OutcomeId(7))
        .note("again")
        .hiddenfromuser(true);
    let actions = client.actions();
    assert_eq!(actions.create_one(&note).await.unwrap().done().unwrap().id, Some(ActionId(3)));
    let _ = actions.edit(TicketId(4711), ActionId(3), ActionDraft::new().note("twice")).await.unwrap();
    let _ = actions.delete(TicketId(4711), ActionId(3)).await.unwrap();
    assert_eq!(
        bodies(&server, "/api/Actions").await,
        [
            json!([{"ticket_id": 4711, "outcome_id": 7, "note": "again", "hiddenfromuser": true}]),
            json!([{"ticket_id": 4711, "note": "twice", "id": 3}]),
        ]
    );
}

/// A list of `all` rows that is cut at 100 whatever is asked for.
fn paged(all: u64) -> impl Fn(&Request) -> ResponseTemplate {
    move |request| {
        let param = |name: &str| {
            let found = request.url.query_pairs().find(|(key, _)| key == name);
            found.and_then(|(_, value)| value.parse::<u64>().ok())
        };
        let size = param("page_size").unwrap_or(50).min(100);
        let first = (param("page_no").unwrap_or(1) - 1) * size;
        let rows: Vec<Value> = (first..(first + size).min(all)).map(|id| json!({"id": id + 1})).collect();
        json_answer(200, json!({"record_count": all, "assets": rows}))
    }
}

#[tokio::test]
async fn a_stream_reads_every_page_by_counting_what_came() {
    for (all, page_size, requests) in [(0, 100, 1), (100, 100, 1), (250, 100, 3), (717, 1000, 8)] {
        let (server, client) = halo().await;
        Mock::given(path("/api/Asset")).respond_with(paged(all)).expect(requests).mount(&server).await;
        let rows: Vec<_> =
            client.assets().stream(AssetFilter::new().page_size(page_size)).try_collect().await.unwrap();
        let expected: Vec<_> = (1..=all.cast_signed()).map(|id| Some(AssetId(id))).collect();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn a_stream_ends_where_a_server_repeats_its_first_page() {
    let (server, client) = halo().await;
    Mock::given(path("/api/Asset"))
        .respond_with(json_answer(200, json!({"record_count": 500, "assets": [{"id": 1}, {"id": 2}]})))
        .expect(2)
        .mount(&server)
        .await;
    assert_eq!(client.assets().all(AssetFilter::new(), 1000).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_stream_that_is_not_read_on_asks_for_no_more_pages() {
    let (server, client) = halo().await;
    Mock::given(path("/api/Asset")).respond_with(paged(20_000)).expect(2).mount(&server).await;
    assert_eq!(client.assets().all(AssetFilter::new(), 150).await.unwrap().len(), 150);
}

#[tokio::test]
async fn a_bare_list_is_read_with_its_filter() {
    let (server, client) = halo().await;
    Mock::given(path("/api/TicketType"))
        .and(query_param("showall", "true"))
        .respond_with(json_answer(200, json!([{"id": 1, "name": "Incident", "default_sla": 3}])))
        .mount(&server)
        .await;
    let types = client.ticket_types().list(&TicketTypeFilter::new().showall(true)).await.unwrap();
    assert_eq!((types.rows[0].name.as_deref(), types.record_count), (Some("Incident"), None));
}

#[tokio::test]
async fn a_ticket_list_names_its_pages_only_when_asked_to() {
    let (server, client) = halo().await;
    Mock::given(path("/api/Tickets"))
        .and(query_param("pageinate", "true"))
        .and(query_param("lastupdatefromdate", "2026-08-01T06:30:00"))
        .respond_with(json_answer(200, json!({"record_count": 0, "tickets": []})))
        .expect(1)
        .mount(&server)
        .await;
    let since = "2026-08-01T06:30:00".parse::<halopsa::DateTime>().unwrap();
    let page = client.tickets().list(&TicketFilter::new().changed_since(since).page_size(20)).await.unwrap();
    assert!(page.is_empty() && page.hint().is_some());
}

#[tokio::test]
async fn a_batch_gets_each_elements_result() {
    let (server, client) = halo().await;
    Mock::given(path("/api/Client"))
        .and(query_param("returnall", "true"))
        .respond_with(json_answer(200, json!([{"id": 1, "name": "A"}, {"id": 2, "name": "B"}])))
        .expect(1)
        .mount(&server)
        .await;
    let drafts = [ClientRecord::new().name("A"), ClientRecord::new().name("B")];
    let batch = client.clients().create(&drafts, IfRefused::ReportUnknown).await.unwrap();
    assert!(batch.is_all_done());
    assert_eq!(batch.done().map(|client| client.name.as_deref()).collect::<Vec<_>>(), [Some("A"), Some("B")]);
}

#[tokio::test]
async fn a_batch_answered_with_its_last_element_alone_leaves_the_others_unknown() {
    let (server, client) = halo().await;
    Mock::given(path("/api/Client")).respond_with(json_answer(200, json!({"id": 2}))).mount(&server).await;
    let drafts = [ClientRecord::new().name("A"), ClientRecord::new().name("B")];
    let batch = client.clients().create(&drafts, IfRefused::ReportUnknown).await.unwrap();
    let Ok(Outcome::Unknown(first)) = &batch.elements[0] else { panic!("{batch:?}") };
    assert_eq!(first.reason, UnknownReason::NotInAnswer);
    assert_eq!(batch.done().map(|client| client.id).collect::<Vec<_>>(), [Some(ClientId(2))]);
}

/// Refuses every body that holds `bad`, writes all others.
fn refuses_bad(body: Value) -> impl Fn(&Request) -> ResponseTemplate {
    move |request| {
        let elements: Vec<Value> = serde_json::from_slice(&request.body).unwrap();
        if elements.iter().any(|element| element["name"] == "bad") {
            return json_answer(400, body.clone());
        }
        let written: Vec<Value> =
            elements.iter().map(|element| json!({"id": 1, "name": element["name"]})).collect();
        json_answer(200, json!(written))
    }
}

fn three() -> [ClientRecord; 3] {
    ["good", "bad", "fine"].map(|name| ClientRecord::new().name(name))
}

#[tokio::test]
async fn a_batch_refused_because_of_named_elements_is_sent_again_without_them() {
    let (server, client) = halo().await;
    let refusal = json!({"[1].name": ["Not allowed"]});
    Mock::given(path("/api/Client")).respond_with(refuses_bad(refusal)).expect(2).mount(&server).await;
    let batch = client.clients().create(&three(), IfRefused::ReportUnknown).await.unwrap();
    assert_eq!(batch.done().count(), 2);
    assert_eq!(
        batch.elements[1].as_ref().unwrap_err().to_string(),
        "POST /Client: HaloPSA answered 400: `name` of element 2: Not allowed"
    );
}

#[tokio::test]
async fn a_batch_refused_without_saying_why_is_unknown_unless_told_to_write_singly() {
    let (server, client) = halo().await;
    let refusal = json!("Name is not allowed");
    Mock::given(path("/api/Client")).respond_with(refuses_bad(refusal)).expect(5).mount(&server).await;

    let careful = client.clients().create(&three(), IfRefused::ReportUnknown).await.unwrap();
    assert!(careful.elements.iter().all(|element| matches!(element, Ok(Outcome::Unknown(_)))));

    let singly = client.clients().create(&three(), IfRefused::WriteSingly).await.unwrap();
    assert_eq!(singly.done().count(), 2);
    assert!(singly.elements[1].as_ref().unwrap_err().is_permanent());
}

#[tokio::test]
async fn records_written_together_are_one_request_and_answered_as_they_come() {
    let (server, client) = halo().await;
    let post = |answer: ResponseTemplate| {
        Mock::given(method("POST"))
            .and(path("/api/Tickets"))
            .and(query_param("returnall", "true"))
            .respond_with(answer)
            .up_to_n_times(1)
            .mount(&server)
    };
    let two = [json!({"summary": "A"}), json!({"summary": "B"})];
    post(json_answer(201, json!([{"id": 8, "summary": "B"}, {"id": 7, "summary": "A"}]))).await;
    let Ok(Outcome::Done(tickets)) = client.tickets().write_together_raw(&two).await else { panic!() };
    let told: Vec<_> = tickets.iter().map(|t| (t.id.unwrap().0, t.summary.clone().unwrap())).collect();
    assert_eq!(told, [(8, "B".to_owned()), (7, "A".to_owned())], "in HaloPSA's order, not in ours");
    post(json_answer(201, json!({"id": 10, "summary": "B"}))).await;
    let Ok(Outcome::Done(tickets)) = client.tickets().write_together_raw(&two).await else { panic!() };
    assert_eq!(tickets.len(), 1, "a HaloPSA that answers with the last one alone");
    post(json_answer(400, json!("Priority Description must not be blank"))).await;
    let Ok(Outcome::Unknown(unknown)) = client.tickets().write_together_raw(&two).await else { panic!() };
    assert!(matches!(unknown.reason, UnknownReason::BatchRefused(_)), "{unknown}");
    post(json_answer(400, json!({"[1].status_id": ["Could not convert string to integer: x."]}))).await;
    let error = client.tickets().write_together_raw(&two).await.unwrap_err();
    assert_eq!(error.status(), Some(400), "it could not be read, so nothing was written");
    assert_eq!(bodies(&server, "/api/Tickets").await.len(), 4);
    let error = client.tickets().write_together_raw(&[]).await.unwrap_err();
    assert_eq!(error.to_string(), "records to write together are 1 to 100 JSON objects");
}

#[tokio::test]
async fn a_large_batch_is_sent_in_hundreds() {
    let (server, client) = halo().await;
    Mock::given(path("/api/Client")).respond_with(refuses_bad(json!(""))).expect(3).mount(&server).await;
    let changes: Vec<_> = (1..=250).map(|id| (ClientId(id), ClientRecord::new().notes("n"))).collect();
    assert_eq!(client.clients().update(&changes).await.unwrap().elements.len(), 250);
    let sizes: Vec<_> =
        bodies(&server, "/api/Client").await.iter().map(|body| body.as_array().unwrap().len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
}

#[tokio::test]
async fn a_file_goes_up_in_base64_and_comes_down_as_it_is() {
    let (server, client) = halo().await;
    Mock::given(method("POST"))
        .and(path("/api/Attachment"))
        .and(body_json(json!([{"filename": "a.txt", "ticket_id": 4711, "data_base64": "aMOp"}])))
        .respond_with(json_answer(201, json!({"id": 8})))
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path("/api/Attachment/8"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes("hé".as_bytes()))
        .mount(&server)
        .await;
    let files = client.attachments();
    assert!(!files.upload(TicketId(4711), "a.txt", "hé".as_bytes()).await.unwrap().is_unknown());
    assert_eq!(files.download(AttachmentId(8)).await.unwrap(), "hé".as_bytes());
}

#[tokio::test]
async fn lines_of_recurring_invoices_have_paths_of_their_own() {
    let (server, client) = halo().await;
    Mock::given(path("/api/RecurringInvoice/updatelines"))
        .respond_with(json_answer(200, json!([])))
        .mount(&server)
        .await;
    let line = InvoiceLine::new().id(InvoiceLineId(5)).qty_order(12.0);
    assert!(!client.recurring_invoice_lines().change(&[line]).await.unwrap().is_unknown());
    assert_eq!(
        bodies(&server, "/api/RecurringInvoice/updatelines").await,
        [json!([{"id": 5, "qty_order": 12.0}])]
    );
}

#[tokio::test]
async fn any_request_can_be_made_raw() {
    let (server, client) = halo().await;
    Mock::given(method("POST"))
        .and(path("/api/Report"))
        .respond_with(json_answer(200, json!({"report": {}})))
        .mount(&server)
        .await;
    let body = json!([{"sql": "select 1", "_loadreportonly": true}]);
    let answer = client.request(Method::POST, "/Report", &Query::new(), Some(&body)).await.unwrap();
    assert_eq!(answer.done().unwrap(), json!({"report": {}}));
    assert_eq!(client.budget().used, 3);
}

#[tokio::test]
async fn the_api_knows_who_it_is() {
    let (server, client) = halo().await;
    Mock::given(path("/api/Agent/me"))
        .respond_with(json_answer(200, json!({"id": 5, "name": "API"})))
        .mount(&server)
        .await;
    assert_eq!(client.agents().me().await.unwrap().name.as_deref(), Some("API"));
    let token = client.authenticate().await.unwrap();
    assert_eq!(token.scopes().collect::<Vec<_>>(), ["all"]);
    assert_eq!(client.discover().await.unwrap().tenant.as_deref(), Some("acme"));
}
