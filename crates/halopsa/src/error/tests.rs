//! Every known problem, one row each: what HaloPSA sends, what people read, and what they are told to do.

use ::http::Method;

use super::*;

fn refused(method: Method, path: &str, status: u16, body: &str) -> Error {
    let reply = Box::new(Reply::read(status, body.as_bytes()));
    Error::Refused { request: RequestLine::new(method, path), reply }
}

fn token_refused(status: u16, body: &str) -> Error {
    let reply = Box::new(Reply::read(status, body.as_bytes()));
    Error::TokenRefused { endpoint: "https://acme.halopsa.com/auth/token".to_owned(), reply }
}

fn check_error(error: &Error, message: &str, hint: &str) {
    assert_eq!((error.to_string().as_str(), error.hint().unwrap_or_default().as_str()), (message, hint));
}

const CREDENTIALS: &str = "check the client id and secret, and that the address is the site the application was made in \
     (Configuration > Integrations > HaloPSA API)";

#[test]
fn a_wrong_id_or_secret() {
    for status in [400, 401] {
        check_error(
            &token_refused(
                status,
                r#"{"error":"invalid_client","error_description":"The client is unknown."}"#,
            ),
            &format!(
                "no token from https://acme.halopsa.com/auth/token: HaloPSA answered {status}: The client is unknown. \
                 (invalid_client)"
            ),
            CREDENTIALS,
        );
    }
    check_error(
        &token_refused(400, r#"{"error":"invalid_client"}"#),
        "no token from https://acme.halopsa.com/auth/token: HaloPSA answered 400: invalid_client",
        CREDENTIALS,
    );
}

#[test]
fn a_wrong_address_for_tokens() {
    let hint = "use the address you log in at; Configuration > Integrations > HaloPSA API shows it as \
                \"Authorization Server\"";
    check_error(
        &token_refused(404, "<!DOCTYPE html>\n<html><head><title>404 - Not Found</title></head></html>"),
        "no token from https://acme.halopsa.com/auth/token: HaloPSA answered 404: a web page instead of an answer: \
         `404 - Not Found`",
        hint,
    );
    check_error(
        &token_refused(200, "<html><body>Welcome</body></html>"),
        "no token from https://acme.halopsa.com/auth/token: HaloPSA answered 200: a web page instead of an answer",
        hint,
    );
}

#[test]
fn an_agent_approval_that_is_pending() {
    check_error(
        &token_refused(401, r#"{"error":"access_denied","error_description":"Agent approval is pending"}"#),
        "no token from https://acme.halopsa.com/auth/token: HaloPSA answered 401: Agent approval is pending \
         (access_denied)",
        "approve the application's agent: Configuration > Integrations > HaloPSA API > Applications, \"Agent approval\"",
    );
}

#[test]
fn a_wrong_tenant_scope_or_login_type() {
    check_error(
        &token_refused(400, r#""Tenant not found""#),
        "no token from https://acme.halopsa.com/auth/token: HaloPSA answered 400: Tenant not found",
        "check the tenant: Configuration > Integrations > HaloPSA API shows it as \"Tenant\"",
    );
    check_error(
        &token_refused(400, r#"{"error":"invalid_scope","error_description":"all:teams is not allowed"}"#),
        "no token from https://acme.halopsa.com/auth/token: HaloPSA answered 400: all:teams is not allowed (invalid_scope)",
        "ask only for scopes that are ticked on the application's Permissions tab",
    );
    check_error(
        &token_refused(400, r#"{"error":"unauthorized_client"}"#),
        "no token from https://acme.halopsa.com/auth/token: HaloPSA answered 400: unauthorized_client",
        "set the application's authentication method to \"Client ID and Secret (Services)\", its login type to \
         \"Agent\", and tick \"Active\"",
    );
}

#[test]
fn a_missing_right_names_the_scope_and_the_permission_and_where_they_are() {
    let hint = |method, path| refused(method, path, 403, "").hint().unwrap();
    let application = "Configuration > Integrations > HaloPSA API > Applications > Permissions";
    let role = "Configuration > Teams & Agents > Roles > Permissions";
    check_error(
        &refused(Method::POST, "/Tickets", 403, ""),
        "POST /Tickets: HaloPSA answered 403",
        "give the application the scope `edit:tickets` (Configuration > Integrations > HaloPSA API > Applications > \
         Permissions), and its agent's role the permission Tickets \"Read and Modify\" (Configuration > Teams & Agents > \
         Roles > Permissions)",
    );
    for (method, path, scope, permission) in [
        (Method::GET, "/Tickets", "read:tickets", "Tickets \"Read Only\""),
        (Method::POST, "/Actions", "edit:tickets", "Tickets \"Read and Modify\""),
        (Method::GET, "/Attachment", "read:tickets", "Tickets \"Read Only\""),
        (Method::GET, "/Client/12", "read:customers", "Customers \"Read Only\""),
        (Method::GET, "/Site", "read:customers", "Customers \"Read Only\""),
        (Method::GET, "/AreaAzureTenant", "read:customers", "Customers \"Read Only\""),
        (Method::GET, "/Users", "read:customers", "Users \"Read Only\""),
        (Method::GET, "/Asset", "read:assets", "Assets \"Read Only\""),
        (Method::GET, "/Item", "read:items", "Items \"Read Only\""),
        (Method::GET, "/Invoice", "read:invoices", "Invoices \"Read Only\""),
        (Method::POST, "/RecurringInvoice", "edit:invoices", "Invoices \"Read and Modify\""),
        (Method::GET, "/ClientContract", "read:contracts", "Contracts \"Read Only\""),
        (Method::DELETE, "/Client/12", "edit:customers", "Customers \"Read, Modify and Delete\""),
        (
            Method::POST,
            "/SoftwareLicence",
            "edit:softwarelicensing",
            "Software Licencing \"Read and Modify\"",
        ),
    ] {
        let expected = format!(
            "give the application the scope `{scope}` ({application}), and its agent's role the permission {permission} ({role})"
        );
        assert_eq!(hint(method, path), expected, "{path}");
    }
    assert_eq!(
        hint(Method::GET, "/Team"),
        format!(
            "give the application the scope `all:teams` or `all:standard` ({application}), and let its agent's role see the \
             teams ({role})"
        )
    );
    for (method, path, scope) in [
        (Method::GET, "/Webhook", "admin:webhooks"),
        (Method::POST, "/WebhookEvent", "admin:webhooks"),
        (Method::GET, "/azureadconnection", "admin"),
        (Method::GET, "/AzureADMapping", "admin"),
        (Method::POST, "/Team", "admin"),
        (Method::POST, "/Status", "admin"),
        (Method::DELETE, "/Priority/5", "admin"),
    ] {
        assert_eq!(
            hint(method, path),
            format!(
                "give the application the scope `{scope}` ({application}), and choose an agent for it that is an \
                 administrator (Configuration > Teams & Agents > Agents)"
            )
        );
    }
    assert_eq!(
        hint(Method::GET, "/Report"),
        format!(
            "give the application the scope `all:standard` ({application}), and its agent's role the permission for this \
             area ({role})"
        )
    );
}

#[test]
fn a_web_page() {
    check_error(
        &refused(Method::GET, "/Tickets", 502, "<html><head><title>502 Bad\n Gateway</title></head></html>"),
        "GET /Tickets: HaloPSA answered 502: a web page instead of an answer: `502 Bad Gateway`",
        "check the HaloPSA address, and what a proxy or firewall in between says",
    );
    check_error(
        &refused(Method::GET, "/Tickets", 404, "<html></html>"),
        "GET /Tickets: HaloPSA answered 404: a web page instead of an answer",
        "check the HaloPSA address: the web server there knows no such API",
    );
}

#[test]
fn plain_text_and_json_text() {
    for body in ["Priority Description must not be blank", r#""Priority Description must not be blank""#] {
        check_error(
            &refused(Method::POST, "/Priority", 400, body),
            "POST /Priority: HaloPSA answered 400: Priority Description must not be blank",
            "",
        );
    }
    for body in [r#"{"error":"not today"}"#, r#"{"Message":"not today"}"#] {
        check_error(
            &refused(Method::POST, "/Tickets", 400, body),
            "POST /Tickets: HaloPSA answered 400: not today",
            "",
        );
    }
}

#[test]
fn an_exception_of_halopsas_own_code() {
    let body = r#"{"ClassName":"System.Exception","Message":"A database error occurred (515)",
        "InnerException":{"Message":"Cannot insert the value NULL into column 'Category2'","InnerException":null},
        "StackTraceString":"   at NetHelpDesk..."}"#;
    check_error(
        &refused(Method::POST, "/Tickets", 400, body),
        "POST /Tickets: HaloPSA answered 400: A database error occurred (515): Cannot insert the value NULL into column \
         'Category2'",
        "fill in the column the message names: this ticket type requires it",
    );
}

#[test]
fn a_map_of_fields() {
    let body = r#"{"[0].outcome_id":["Could not convert string to integer: Note."],"[2].timetaken":["Not a number"]}"#;
    let error = refused(Method::POST, "/Actions", 400, body);
    check_error(
        &error,
        "POST /Actions: HaloPSA answered 400: `outcome_id`: Could not convert string to integer: Note.; `timetaken` of \
         element 3: Not a number",
        "send the field's id as a number, not its name",
    );
    assert_eq!(error.reply().unwrap().said.elements_at_fault(), Some(vec![0, 2]));
    let wrapped = r#"{"title":"Bad request","errors":{"$[0].id":["Not a number"]}}"#;
    assert_eq!(
        refused(Method::POST, "/Actions", 400, wrapped).to_string(),
        "POST /Actions: HaloPSA answered 400: `id`: Not a number"
    );
}

#[test]
fn an_sla_without_the_priority() {
    check_error(
        &refused(Method::POST, "/Tickets", 400, r#""The Priority does not exist in the SLA""#),
        "POST /Tickets: HaloPSA answered 400: The Priority does not exist in the SLA",
        "use a priority of the ticket's own SLA (`GET /Priority?slaid=...` lists them), or add it to that SLA",
    );
}

#[test]
fn an_action_without_an_outcome_or_without_the_right_to_it() {
    check_error(
        &refused(Method::POST, "/Actions", 400, r#""An Outcome must be entered for this Action""#),
        "POST /Actions: HaloPSA answered 400: An Outcome must be entered for this Action",
        "give the action an `outcome_id`, or an `outcome` by name such as `Internal Note`",
    );
    check_error(
        &refused(Method::POST, "/Actions", 400, r#""You do not have access to this Action at the moment""#),
        "POST /Actions: HaloPSA answered 400: You do not have access to this Action at the moment",
        "use an outcome that the agent and the ticket's workflow step allow (`GET /Outcome?ticket_id=...` lists them)",
    );
}

#[test]
fn a_redirect_is_told_and_not_followed() {
    let mut reply = Reply::read(301, b"");
    reply.location = Some("https://new.halopsa.com/api/Tickets".to_owned());
    let request = RequestLine::new(Method::GET, "Tickets?secret=1");
    check_error(
        &Error::Refused { request, reply: Box::new(reply) },
        "GET /Tickets: HaloPSA answered 301",
        "use the address the site redirects to: https://new.halopsa.com/api/Tickets",
    );
}

#[test]
fn a_long_text_is_cut_and_a_deep_exception_too() {
    let long = refused(Method::GET, "/Tickets", 400, &"é".repeat(5000)).to_string();
    assert!(long.ends_with("é …") && long.chars().count() < 700, "{long}");
    let mut body = r#"{"ClassName":"E","Message":"m"}"#.to_owned();
    for depth in 0..50 {
        body = format!(r#"{{"ClassName":"E","Message":"m{depth}","InnerException":{body}}}"#);
    }
    assert_eq!(
        refused(Method::GET, "/Tickets", 400, &body).to_string(),
        "GET /Tickets: HaloPSA answered 400: m49: m48: m47: m46: m45"
    );
}

#[test]
fn every_error_is_of_exactly_one_kind() {
    for status in [301, 400, 401, 403, 404, 408, 422, 429, 500, 502] {
        let error = refused(Method::GET, "/Tickets", status, "");
        let kinds = [error.is_permanent(), error.is_retryable(), error.needs_attention()];
        assert_eq!(kinds.iter().filter(|kind| **kind).count(), 1, "{status}: {kinds:?}");
    }
}

#[test]
fn no_body_however_broken_stops_the_reader() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let samples = [
        r#"{"[0].outcome_id":["Could not convert"]}"#,
        r#"{"ClassName":"E","Message":"m","InnerException":{"Message":"n"}}"#,
        "<html><head><TITLE lang=x>Größe</TITLE></head>",
        r#"{"error":"invalid_client","error_description":"no"}"#,
    ];
    for round in 0..20_000 {
        let mut body = samples[round % samples.len()].as_bytes().to_vec();
        for _ in 0..random.usize(1..6) {
            let place = random.usize(..body.len());
            match random.u8(..3) {
                0 => body[place] = random.u8(..),
                1 => body.truncate(place.max(1)),
                _ => body.insert(place, *random.choice(b"[]{}<>:,\"$.").unwrap()),
            }
        }
        let reply = Reply::read(400, &body);
        assert!(reply.to_string().starts_with("HaloPSA answered 400"), "seed {seed}, round {round}");
    }
}
