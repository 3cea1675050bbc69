//! What to change, and where, for the problems known to happen.
//!
//! Each hint starts with what to do. The tables are the place to add a problem somebody met; the row-by-row test
//! in `error/tests.rs` shows every sentence.

use super::{Reply, RequestLine, Said, Unreachable};

pub(super) const THROTTLED: &str =
    "wait, and lower the client's budget: other integrations use the same limit of this HaloPSA";
pub(super) const UNREADABLE: &str =
    "check that the address is the HaloPSA site itself; if it is, please report this answer";
pub(super) const TOO_LARGE: &str = "ask for less: filter the list, or page through it";

const CREDENTIALS: &str = "check the client id and secret, and that the address is the site the application was made in \
     (Configuration > Integrations > HaloPSA API)";
const TOKEN_PATH: &str = "use the address you log in at; Configuration > Integrations > HaloPSA API shows it as \
     \"Authorization Server\"";
const APPROVE: &str = "approve the application's agent: Configuration > Integrations > HaloPSA API > Applications, \
     \"Agent approval\"";
const TENANT: &str = "check the tenant: Configuration > Integrations > HaloPSA API shows it as \"Tenant\"";
const SCOPE: &str = "ask only for scopes that are ticked on the application's Permissions tab";
const LOGIN_TYPE: &str = "set the application's authentication method to \"Client ID and Secret (Services)\", its login \
     type to \"Agent\", and tick \"Active\"";

/// A problem recognised by what HaloPSA said; every needle must occur, in any case.
struct Known {
    needles: &'static [&'static str],
    hint: &'static str,
}

/// ORDER: the first row that fits is given, so the narrower ones stand first.
const TOKEN: &[Known] = &[
    Known { needles: &["approv"], hint: APPROVE },
    Known { needles: &["tenant"], hint: TENANT },
    Known { needles: &["invalid_scope"], hint: SCOPE },
    Known { needles: &["unauthorized_client"], hint: LOGIN_TYPE },
    Known { needles: &["unsupported_grant_type"], hint: LOGIN_TYPE },
];

const REFUSED: &[Known] = &[
    Known { needles: &["approv", "agent"], hint: APPROVE },
    Known {
        needles: &["outcome must be entered"],
        hint: "give the action an `outcome_id`, or an `outcome` by name such as `Internal Note`",
    },
    Known {
        needles: &["access to this action"],
        hint: "use an outcome that the agent and the ticket's workflow step allow (`GET /Outcome?ticket_id=...` lists \
               them)",
    },
    Known {
        needles: &["priority", "sla"],
        hint: "use a priority of the ticket's own SLA (`GET /Priority?slaid=...` lists them), or add it to that SLA",
    },
    Known {
        needles: &["username must be entered"],
        hint: "give the ticket a `user_id`, or set a default user on its site",
    },
    Known {
        needles: &["site must be selected"],
        hint: "give the ticket a `site_id` that belongs to its client",
    },
    Known {
        needles: &["cannot insert the value null"],
        hint: "fill in the column the message names: this ticket type requires it",
    },
    Known {
        needles: &["could not convert string to integer"],
        hint: "send the field's id as a number, not its name",
    },
    Known {
        needles: &["invalid advanced search parameter"],
        hint: "use a field that this HaloPSA offers for advanced search",
    },
];

fn known(rows: &[Known], said: &Said) -> Option<String> {
    let lower = said.lower();
    let fits = |row: &&Known| row.needles.iter().all(|needle| lower.contains(needle));
    rows.iter().find(fits).map(|row| row.hint.to_owned())
}

pub(super) fn unreachable(reason: Unreachable) -> &'static str {
    match reason {
        Unreachable::Name => {
            "check the spelling of the HaloPSA address, and that this machine can resolve names"
        }
        Unreachable::Connection => {
            "check the HaloPSA address and port, and that a firewall or proxy lets this machine through"
        }
        Unreachable::Tls => {
            "add the certificate authority of the site, or of the proxy in between, to the trusted ones"
        }
        Unreachable::Timeout => {
            "check that a firewall or proxy lets this machine through to the HaloPSA address"
        }
    }
}

pub(super) fn token_refused(reply: &Reply) -> String {
    if let Some(hint) = known(TOKEN, &reply.said) {
        return hint;
    }
    match reply.status {
        404 | 405 => TOKEN_PATH,
        300..=399 => return redirected(reply),
        _ if matches!(reply.said, Said::Page { .. }) => TOKEN_PATH,
        429 => THROTTLED,
        500.. => "try again later; if it stays, ask the HaloPSA status page or support",
        _ => CREDENTIALS,
    }
    .to_owned()
}

pub(super) fn refused(request: &RequestLine, reply: &Reply) -> Option<String> {
    if let Some(hint) = known(REFUSED, &reply.said) {
        return Some(hint);
    }
    match reply.status {
        300..=399 => Some(redirected(reply)),
        401 => Some(format!("{LOGIN_TYPE}; a fresh token was refused as well")),
        403 => Some(missing_right(request)),
        404 if matches!(reply.said, Said::Page { .. }) => {
            Some("check the HaloPSA address: the web server there knows no such API".to_owned())
        }
        404 => Some(
            "check the id, and that the API's agent may see the record: HaloPSA hides what it may not"
                .to_owned(),
        ),
        413 => Some("send a smaller body: shorten the text or attach less".to_owned()),
        _ if matches!(reply.said, Said::Page { .. }) => {
            Some("check the HaloPSA address, and what a proxy or firewall in between says".to_owned())
        }
        _ => None,
    }
}

fn redirected(reply: &Reply) -> String {
    match &reply.location {
        Some(location) => format!("use the address the site redirects to: {location}"),
        None => "use the address you log in at: this one redirects elsewhere".to_owned(),
    }
}

/// Which scope and which of the agent's permissions a kind of record needs.
/// Rows: parts of the path, scope without `read:` or `edit:`, permission as the role page names it.
const RIGHTS: &[(&[&str], &str, &str)] = &[
    (&["tickets", "actions", "attachment"], "tickets", "Tickets"),
    (&["client", "site", "areaazuretenant"], "customers", "Customers"),
    (&["users"], "customers", "Users"),
    (&["asset"], "assets", "Assets"),
    (&["item"], "items", "Items"),
    (&["invoice", "recurringinvoice"], "invoices", "Invoices"),
    (&["softwarelicence"], "softwarelicensing", "Software Licencing"),
    (&["clientcontract"], "contracts", "Contracts"),
];

/// What only an administrator may even look at, with its scope.
const ADMINISTRATION: &[(&[&str], &str)] =
    &[(&["webhook", "webhookevent"], "admin:webhooks"), (&["azureadconnection", "azureadmapping"], "admin")];

/// Settings: read with any scope, written by administrators.
const SETTINGS: &[&str] =
    &["tickettype", "status", "priority", "sla", "team", "agent", "category", "outcome", "fieldinfo"];

const APPLICATION: &str = "Configuration > Integrations > HaloPSA API > Applications > Permissions";
const ROLE: &str = "Configuration > Teams & Agents > Roles > Permissions";

fn missing_right(request: &RequestLine) -> String {
    let resource = request.resource();
    let verb = if request.is_read() { "read" } else { "edit" };
    let level = match request.method.as_str() {
        "GET" | "HEAD" => "Read Only",
        "DELETE" => "Read, Modify and Delete",
        _ => "Read and Modify",
    };
    let named = |paths: &[&str]| paths.contains(&resource.as_str());
    if let Some((_, scope)) = ADMINISTRATION.iter().find(|(paths, _)| named(paths)) {
        return administrator(scope);
    }
    if resource == "team" && request.is_read() {
        return format!(
            "give the application the scope `all:teams` or `all:standard` ({APPLICATION}), and let its agent's role see \
             the teams ({ROLE})"
        );
    }
    if named(SETTINGS) && !request.is_read() {
        return administrator("admin");
    }
    match RIGHTS.iter().find(|(paths, ..)| named(paths)) {
        Some((_, scope, permission)) => format!(
            "give the application the scope `{verb}:{scope}` ({APPLICATION}), and its agent's role the permission \
             {permission} \"{level}\" ({ROLE})"
        ),
        None => {
            format!(
                "give the application the scope `all:standard` ({APPLICATION}), and its agent's role the permission for \
                 this area ({ROLE})"
            )
        }
    }
}

fn administrator(scope: &str) -> String {
    format!(
        "give the application the scope `{scope}` ({APPLICATION}), and choose an agent for it that is an administrator \
         (Configuration > Teams & Agents > Agents)"
    )
}

/// For lists that come back empty where they should not: a restricted agent sees nothing and gets no error.
pub(crate) fn empty_list_hint(resource: &str) -> String {
    format!(
        "check that the API's agent may see {resource}: its role, its teams and departments, and the clients it is limited to; \
         HaloPSA answers with an empty list, not with an error"
    )
}
