//! The client against a HaloPSA that behaves: every resource with the rights it needs and without them, lists that are
//! cut, writes of every kind, and a clock that is not ours.

#![allow(clippy::unwrap_used, reason = "what can't be set up has failed the test")]

use futures::TryStreamExt;
use halopsa::api::{IfRefused, Record};
use halopsa::filters::{AssetFilter, ClientFilter, TicketFilter};
use halopsa::models::{
    ActionDraft, AzureConnection, AzureTenant, ClientRecord, InvoiceLine, TicketDraft, TicketPriority,
};
use halopsa::{
    AzureConnectionId, Client, ClientId, Credentials, Error, InvoiceLineId, Method, Outcome, OutcomeId,
    PriorityId, Query, RecurringInvoiceId, Site, SlaId, TicketId, UnknownReason,
};
use halopsa_sandbox::{Access, AgentRights, Clock, Fault, FaultKind, Sandbox, SandboxConfig};
use serde_json::{Value, json};

async fn sandbox() -> Sandbox {
    Sandbox::start(SandboxConfig { rate_limit: None, ..SandboxConfig::default() }).await.unwrap()
}

fn client(sandbox: &Sandbox, scope: &str) -> Client {
    let site = Site::parse(&sandbox.url()).unwrap();
    Client::builder(site, Credentials::new("sandbox-client", "sandbox-secret")).scope(scope).build().unwrap()
}

/// Every path of a typed resource, with whether it can be written.
fn paths() -> Vec<(&'static str, bool)> {
    use halopsa::models as m;
    let mut paths: Vec<(&'static str, bool)> = Vec::new();
    macro_rules! add {
        ($($record:ident: $written:literal,)*) => { $( paths.push((<m::$record as Record>::PATH, $written)); )* };
    }
    add! {
        Ticket: true, Action: true, Attachment: true, ClientRecord: true, SiteRecord: true, User: true, Asset: true,
        TicketType: true, TicketStatus: true, TicketPriority: true, Sla: true, Team: true, Agent: true, Category: true,
        ActionOutcome: true, Field: true, Item: true, RecurringInvoice: true, Invoice: true, SoftwareLicence: true,
        Contract: true, Webhook: true, WebhookEvent: true, AzureTenant: false, AzureConnection: true,
    }
    paths
}

/// The scope a hint tells to give.
fn advised(hint: &str) -> String {
    hint.split('`').nth(1).unwrap_or_else(|| panic!("no scope in: {hint}")).to_owned()
}

async fn refusal(client: &Client, method: Method, path: &str) -> Option<Error> {
    let body = json!([]);
    let body = (method == Method::POST).then_some(&body);
    client.request(method, path, &Query::new(), body).await.err()
}

#[tokio::test]
async fn for_every_resource_the_advised_scope_is_the_one_that_was_missing() {
    let sandbox = sandbox().await;
    let nobody = client(&sandbox, "read:elsewhere");
    let mut refused = 0;
    for (path, written) in paths() {
        for method in [Method::GET, Method::POST] {
            if method == Method::POST && !written {
                continue;
            }
            let Some(error) = refusal(&nobody, method.clone(), path).await else {
                // Settings are read with any scope.
                assert_eq!(method, Method::GET, "{path} must not be written");
                continue;
            };
            refused += 1;
            assert_eq!(error.status(), Some(403), "{error}");
            assert_eq!(error.to_string(), format!("{method} {path}: HaloPSA answered 403"));
            let hint = error.hint().unwrap();
            let advised = client(&sandbox, &advised(&hint));
            let still = refusal(&advised, method.clone(), path).await;
            assert!(still.is_none(), "{method} {path} after doing as told ({hint}): {still:?}");
        }
    }
    assert!(refused >= 40, "only {refused} were refused");
}

#[tokio::test]
async fn for_every_resource_a_right_that_the_agent_lacks_is_told_with_the_permission_to_give() {
    let sandbox = sandbox().await;
    let client = client(&sandbox, "all");
    let none = AgentRights {
        tickets: Access::None,
        customers: Access::None,
        users: Access::None,
        assets: Access::None,
        items: Access::None,
        invoices: Access::None,
        software_licences: Access::None,
        contracts: Access::None,
        configuration: Access::None,
        visible_clients: None,
        visible_teams: None,
    };
    sandbox.configure(|config| config.agent = none);
    for (path, _) in paths() {
        let error = refusal(&client, Method::GET, path).await.unwrap();
        assert_eq!(
            error.to_string(),
            format!("GET {path}: HaloPSA answered 403: You do not have permission to access this resource")
        );
        let hint = error.hint().unwrap();
        assert!(hint.contains("agent") && hint.contains("Configuration > Teams & Agents"), "{path}: {hint}");
        assert!(error.needs_attention() && !error.is_permanent() && error.is_safe_to_retry(), "{path}");
    }
}

#[tokio::test]
async fn an_agent_that_sees_nothing_gets_empty_lists_and_a_hint() {
    let sandbox = sandbox().await;
    let client = client(&sandbox, "all");
    sandbox.configure(|config| config.agent.visible_clients = Some(Vec::new()));
    let page = client.clients().list(&ClientFilter::new()).await.unwrap();
    assert_eq!((page.rows.len(), page.record_count), (0, Some(0)));
    assert_eq!(
        page.hint().unwrap(),
        "check that the API's agent may see clients: its role, its teams and departments, and the clients it is limited \
         to; HaloPSA answers with an empty list, not with an error"
    );
    let page = client.tickets().list(&TicketFilter::new()).await.unwrap();
    assert!(page.hint().unwrap().starts_with("check that the API's agent may see tickets: "));
}

#[tokio::test]
async fn what_a_ticket_or_an_action_is_refused_for_is_told_with_what_to_change() {
    let sandbox = sandbox().await;
    let client = client(&sandbox, "all");
    let ticket = client.tickets().create_one(&TicketDraft::new().summary("x")).await.unwrap();
    let ticket = ticket.done().unwrap().id.unwrap();
    let draft = |fields: Value| {
        json!({ "summary": "x" }).as_object().cloned().map(|mut all| {
            all.extend(fields.as_object().unwrap().clone());
            Value::Object(all)
        })
    };
    for (fields, message, hint) in [
        (
            json!({ "sla_id": 1, "priority_id": 5 }),
            "The Priority is not valid for the SLA of this Ticket",
            "use a priority of the ticket's own SLA (`GET /Priority?slaid=...` lists them), or add it to that SLA",
        ),
        (
            json!({ "status_id": "New" }),
            "`status_id`: Could not convert string to integer: New.",
            "send the field's id as a number, not its name",
        ),
        (
            json!({ "client_id": 2, "site_id": 1 }),
            "A Site must be selected",
            "give the ticket a `site_id` that belongs to its client",
        ),
        (
            json!({ "client_id": 2, "user_id": 1 }),
            "Username must be entered",
            "give the ticket a `user_id`, or set a default user on its site",
        ),
    ] {
        let error = client.tickets().create_raw(&draft(fields).unwrap()).await.unwrap_err();
        assert_eq!(error.to_string(), format!("POST /Tickets: HaloPSA answered 400: {message}"));
        assert_eq!(error.hint().as_deref(), Some(hint));
        assert!(error.is_permanent(), "{error}");
    }
    for (outcome, message, hint) in [
        (
            ActionDraft::new().note("x"),
            "An Outcome must be entered for this Action",
            "give the action an `outcome_id`, or an `outcome` by name such as `Internal Note`",
        ),
        (
            ActionDraft::new().note("x").outcome_id(OutcomeId(20)),
            "You do not have access to this Action at the moment",
            "use an outcome that the agent and the ticket's workflow step allow (`GET /Outcome?ticket_id=...` lists them)",
        ),
    ] {
        let error = client.actions().create_one(&outcome.ticket_id(ticket)).await.unwrap_err();
        assert_eq!(error.to_string(), format!("POST /Actions: HaloPSA answered 400: {message}"));
        assert_eq!(error.hint().as_deref(), Some(hint));
    }
    let filter = TicketFilter::new()
        .advanced_search(r#"[{"filter_name":"CFKey","filter_type":2,"filter_value":"x"}]"#);
    let error = client.tickets().list(&filter).await.unwrap_err();
    assert_eq!(error.hint().as_deref(), Some("use a field that this HaloPSA offers for advanced search"));
}

#[tokio::test]
async fn what_keeps_a_token_away_is_told_with_what_to_change() {
    let sandbox = sandbox().await;
    let url = sandbox.url();
    let with =
        |id: &str, secret: &str| Client::builder(Site::parse(&url).unwrap(), Credentials::new(id, secret));
    let told = async |client: Client| {
        let error = client.authenticate().await.unwrap_err();
        assert!(matches!(error, Error::TokenRefused { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("wrong-secret"));
        (error.status().unwrap(), error.hint().unwrap())
    };
    let credentials = "check the client id and secret";
    for client in [with("nobody", "sandbox-secret"), with("sandbox-client", "wrong-secret")] {
        let (status, hint) = told(client.build().unwrap()).await;
        assert!(matches!(status, 400 | 401) && hint.starts_with(credentials), "{status} {hint}");
    }
    let good = || with("sandbox-client", "sandbox-secret");
    let (status, hint) = told(good().auth_url(format!("{url}/auth/nowhere")).build().unwrap()).await;
    assert!(status == 404 && hint.starts_with("use the address you log in at"), "{status} {hint}");
    let (status, hint) = told(good().tenant("elsewhere").build().unwrap()).await;
    assert!(status == 400 && hint.starts_with("check the tenant"), "{status} {hint}");
    let (status, hint) = told(good().scope("everything").build().unwrap()).await;
    assert!(status == 400 && hint.starts_with("ask only for scopes"), "{status} {hint}");
    sandbox.configure(|config| config.agent_approved = false);
    let (status, hint) = told(good().build().unwrap()).await;
    assert!(status == 400 && hint.starts_with("approve the application's agent"), "{status} {hint}");
}

#[tokio::test]
async fn a_stream_finds_every_row_though_lists_are_cut() {
    let sandbox = Sandbox::start(SandboxConfig { assets: 730, rate_limit: None, ..SandboxConfig::default() })
        .await
        .unwrap();
    let client = client(&sandbox, "all");
    let filter = AssetFilter::new().includeinactive(true).page_size(1000);
    let rows: Vec<_> = client.assets().stream(filter).try_collect().await.unwrap();
    assert_eq!(rows.len(), 730);
    let requests = sandbox.requests().iter().filter(|request| request.path == "/api/Asset").count();
    assert_eq!(requests, 8);
}

#[tokio::test]
async fn a_batch_is_matched_to_its_elements_and_a_refused_one_gives_up_its_culprit() {
    let sandbox = sandbox().await;
    let client = client(&sandbox, "all");
    let summaries: Vec<String> = (0..250).map(|number| format!("number {number}")).collect();
    let drafts: Vec<TicketDraft> =
        summaries.iter().map(|text| TicketDraft::new().summary(text.as_str())).collect();
    let batch = client.tickets().create(&drafts, IfRefused::default()).await.unwrap();
    let came: Vec<String> = batch.done().map(|ticket| ticket.summary.clone().unwrap()).collect();
    assert_eq!(came, summaries);
    let posts = || {
        sandbox
            .requests()
            .iter()
            .filter(|request| request.method == "POST" && request.path == "/api/Tickets")
            .count()
    };
    assert_eq!(posts(), 3, "100 at a time");

    // HaloPSA names the element: only that one is left out, and nothing is written twice.
    let mut drafts: Vec<TicketDraft> =
        (0..5).map(|number| TicketDraft::new().summary(format!("second {number}"))).collect();
    drafts[3] = TicketDraft::new().summary("second 3").with("status_id", "New");
    let batch = client.tickets().create(&drafts, IfRefused::default()).await.unwrap();
    let failed: Vec<bool> = batch.elements.iter().map(Result::is_err).collect();
    assert_eq!(failed, [false, false, false, true, false]);
    assert_eq!(posts(), 5);

    // HaloPSA says a sentence: whether part was written is not known, unless single writes are wanted.
    drafts[3] = TicketDraft::new().summary("");
    let unknown = client.tickets().create(&drafts, IfRefused::ReportUnknown).await.unwrap();
    assert!(unknown.elements.iter().all(|element| matches!(
        element,
        Ok(Outcome::Unknown(unknown)) if matches!(unknown.reason, UnknownReason::BatchRefused(_))
    )));
    let singly = client.tickets().create(&drafts, IfRefused::WriteSingly).await.unwrap();
    assert_eq!(singly.done().count(), 4);
    let culprit = singly.elements[3].as_ref().unwrap_err();
    assert_eq!(culprit.to_string(), "POST /Tickets: HaloPSA answered 400: Summary must be entered");

    // An answer that is lost leaves every element open, and the client writes none of them again.
    sandbox.faults().inject(Fault::once(FaultKind::CutAfterCommit).on("POST", "/api/Tickets"));
    let before = posts();
    let drafts = [TicketDraft::new().summary("third 1"), TicketDraft::new().summary("third 2")];
    let lost = client.tickets().create(&drafts, IfRefused::WriteSingly).await.unwrap();
    assert!(lost.elements.iter().all(|element| element.as_ref().is_ok_and(Outcome::is_unknown)));
    assert_eq!(posts(), before + 1);
    assert_eq!(sandbox.tickets().iter().filter(|ticket| ticket.summary.starts_with("third")).count(), 2);

    // Actions in a batch, and updates of tickets.
    let ids: Vec<TicketId> =
        sandbox.tickets().iter().rev().take(2).map(|ticket| TicketId(ticket.id)).collect();
    let notes: Vec<ActionDraft> =
        ids.iter().map(|id| ActionDraft::new().ticket_id(*id).outcome_id(OutcomeId(7)).note("x")).collect();
    let notes = client.actions().create(&notes, IfRefused::default()).await.unwrap();
    assert_eq!(notes.done().filter_map(|action| action.ticket_id).collect::<Vec<_>>(), ids);
    let changes: Vec<(TicketId, TicketDraft)> =
        vec![(ids[0], TicketDraft::new().summary("")), (ids[1], TicketDraft::new().summary("changed"))];
    let changed = client.tickets().update(&changes).await.unwrap();
    assert!(changed.elements[0].is_err() && changed.elements[1].is_ok(), "the culprit of an update is found");
}

#[tokio::test]
async fn what_is_rarely_written_is_written_too() {
    let sandbox = sandbox().await;
    let client = client(&sandbox, "all");
    let priority = TicketPriority::new().name("Whenever").slaid(SlaId(1));
    let priority = client.priorities().create_one(&priority).await.unwrap().done().unwrap();
    assert_eq!((priority.slaid, priority.name.as_deref()), (Some(SlaId(1)), Some("Whenever")));
    assert!(priority.priorityid.is_some_and(|PriorityId(id)| id > 1));

    let invoice = RecurringInvoiceId(2);
    let lines = client.recurring_invoice_lines();
    let before = lines.of(invoice).await.unwrap();
    let line =
        InvoiceLine::new().with("ihid", 2).with("item_shortdescription", "Extra seat").with("qty_order", 3);
    assert!(!lines.add(&[line]).await.unwrap().is_unknown());
    let after = lines.of(invoice).await.unwrap();
    assert_eq!(after.len(), before.len() + 1);
    let id: InvoiceLineId = after.last().unwrap().id.unwrap();
    let line = InvoiceLine::new().id(id).with("qty_order", 4);
    assert!(!lines.change(&[line]).await.unwrap().is_unknown());
    let changed = lines.of(invoice).await.unwrap();
    assert_eq!(changed.len(), after.len());
    assert_eq!(serde_json::to_value(changed.last().unwrap()).unwrap()["qty_order"].as_f64(), Some(4.0));

    let mapping = AzureTenant::new().client_id(ClientId(1)).azure_tenant_id("6f1e");
    let connection = AzureConnection::new().mappings_client(vec![mapping]);
    let saved = client.azure_connections().update_one(AzureConnectionId(1), &connection).await.unwrap();
    assert!(!saved.is_unknown());
    let of_client = halopsa::filters::AzureTenantFilter::new().client_id(ClientId(1));
    let tenants = client.azure_tenants().list(&of_client).await.unwrap();
    assert_eq!(tenants.rows[0].azure_tenant_id.as_deref(), Some("6f1e"));

    let made =
        client.clients().create_one(&ClientRecord::new().name("Newcomer")).await.unwrap().done().unwrap();
    let id = made.id.unwrap();
    assert!(!client.clients().delete(id).await.unwrap().is_unknown());
    assert_eq!(client.clients().get(id).await.unwrap_err().status(), Some(404));
}

#[tokio::test]
async fn an_unknown_write_is_found_by_halopsas_clock_however_wrong_ours_is() {
    for seconds in [-20 * 60, 20 * 60] {
        let config = SandboxConfig { clock: Clock::shifted_by(seconds), ..SandboxConfig::default() };
        let sandbox = Sandbox::start(config).await.unwrap();
        let client = client(&sandbox, "all");
        assert_eq!(client.halo_now(), None, "nobody has answered yet");
        client.authenticate().await.unwrap();
        let off = client.halo_now().unwrap().unix_seconds() - halopsa::DateTime::now().unix_seconds();
        assert!((seconds - 30..=seconds + 1).contains(&off), "{off}");
        sandbox.faults().inject(Fault::once(FaultKind::CutAfterCommit).on("POST", "/api/Tickets"));
        let outcome = client.tickets().create_one(&TicketDraft::new().summary("lost")).await.unwrap();
        let Outcome::Unknown(unknown) = outcome else { panic!("{outcome:?}") };
        let since = TicketFilter::new().changed_since(unknown.sent_at.minus_seconds(60));
        let recent = client.tickets().all(since, 10).await.unwrap();
        assert_eq!(recent.len(), 1, "{seconds}");
        let after = recent[0].last_update.unwrap().unix_seconds() - unknown.sent_at.unix_seconds();
        assert!((-1..60).contains(&after), "sent at {}, seen {after} s later", unknown.sent_at);
    }
}
