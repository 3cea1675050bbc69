//! From the host's name to the agent: what has to work before anything can be asked.

use halopsa::{Found, Unreachable};

use super::report::Report;
use super::{Connection, Trouble};
use crate::cli::Failure;

/// Says whether there is a token to go on with.
pub(super) async fn examine(connection: &Connection<'_>, report: &mut Report<'_>) -> Result<bool, Failure> {
    Ok(name(connection, report).await?
        && server(connection, report).await?
        && token(connection, report).await?)
}

/// Whether the host's name leads anywhere. Behind a proxy it need not: the proxy looks it up.
async fn name(connection: &Connection<'_>, report: &mut Report<'_>) -> Result<bool, Failure> {
    let base = connection.halo.site.api_base();
    let (host, port) = (base.host_str().unwrap_or_default(), base.port_or_known_default().unwrap_or(443));
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<std::net::IpAddr>().is_ok() {
        report.good("name", format!("{bare} is an address, there is nothing to look up"))?;
        return Ok(true);
    }
    let proxied = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    if proxied && base.scheme() == "https" {
        report.note("name", format!("the proxy looks {host} up"), None)?;
        return Ok(true);
    }
    let found = match tokio::time::timeout(connection.limit, tokio::net::lookup_host((bare, port))).await {
        Ok(Ok(addresses)) => Ok(addresses.map(|address| address.ip().to_string()).collect::<Vec<_>>()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    };
    match found {
        Ok(mut addresses) if !addresses.is_empty() => {
            addresses.dedup();
            report.good("name", format!("{host} is {}", addresses.join(", ")))?;
            Ok(true)
        }
        problem => {
            let problem = problem.err().unwrap_or_else(|| "it has no address".to_owned());
            let help = "check the spelling of `halo.url` in the configuration, and that this machine can resolve names";
            report.bad("name", format!("{host} is not found: {problem}"), Some(help.into()))?;
            Ok(false)
        }
    }
}

/// Whether the site answers, by trusted encryption, and where its tokens come from.
async fn server(connection: &Connection<'_>, report: &mut Report<'_>) -> Result<bool, Failure> {
    let site = &connection.halo.site;
    let found = match connection.within(connection.client.discover()).await {
        Ok(found) => found,
        Err(trouble) => {
            if let Some(halopsa::Error::Unreachable { reason: Unreachable::Tls, .. }) = &trouble.error {
                report.good("connection", format!("{} answers", site.host()))?;
                report.trouble("encryption", &trouble)?;
            } else {
                report.trouble("connection", &trouble)?;
            }
            return Ok(false);
        }
    };
    let asked = found.found != Found::Set || connection.halo.tenant.is_none();
    if asked {
        report.good("connection", format!("{} answers", site.host()))?;
        if site.api_base().scheme() == "https" {
            report.good("encryption", "its certificate is trusted")?;
        } else {
            report.good("encryption", "none: plain HTTP within this machine")?;
        }
    }
    let mut shown = found.token_url.clone();
    shown.set_query(None);
    let tenant = found.tenant.as_deref().map(|t| format!(", tenant `{t}`")).unwrap_or_default();
    match found.found {
        Found::Set => report.good("authorization server", format!("{shown}{tenant}, as configured"))?,
        Found::Named => report.good("authorization server", format!("{shown}{tenant}"))?,
        _ => {
            let help = "if no token comes from there: Configuration > Integrations > HaloPSA API shows the \
                        \"Authorization Server\" and the \"Tenant\"; set them as `halo.auth_url` and `halo.tenant`";
            report.warn(
                "authorization server",
                format!("the site does not name it at /api/authinfo, so {shown} is tried"),
                Some(help.into()),
            )?;
        }
    }
    Ok(true)
}

async fn token(connection: &Connection<'_>, report: &mut Report<'_>) -> Result<bool, Failure> {
    let token = match connection.within(connection.client.authenticate()).await {
        Ok(token) => token,
        Err(trouble) => {
            report.trouble("token", &trouble)?;
            return Ok(false);
        }
    };
    let asked = &connection.halo.scope;
    let scope = token.scope.as_deref().unwrap_or(asked);
    let valid = haloward_rules::format_duration(token.expires_in);
    report.good("token", format!("scope `{scope}`, valid for {valid}"))?;
    let given: Vec<&str> = token.scopes().collect();
    let refused: Vec<&str> =
        asked.split_whitespace().filter(|scope| !given.is_empty() && !given.contains(scope)).collect();
    if !refused.is_empty() {
        report.note(
            "scope",
            format!("`{}` was asked for and not given", refused.join(" ")),
            Some("what is given may do: the lines below say what is missing".into()),
        )?;
    }
    clock(connection, report)?;
    agent(connection, report).await?;
    Ok(true)
}

/// LIMIT: what clocks of machines that nobody cares for differ by; more than that is worth a look.
const CLOCKS_DIFFER_SECONDS: i64 = 60;

/// Whether this machine's clock is HaloPSA's. Nothing breaks if it is not, but every time shown is off.
fn clock(connection: &Connection<'_>, report: &mut Report<'_>) -> Result<(), Failure> {
    let Some(there) = connection.client.halo_now() else { return Ok(()) };
    let ahead = jiff::Timestamp::now().as_second() - there.unix_seconds();
    if ahead.abs() <= CLOCKS_DIFFER_SECONDS {
        return report.good("clock", "this machine's agrees with HaloPSA's");
    }
    let minutes = (ahead.unsigned_abs() + 30) / 60;
    let by = haloward_rules::format_duration(std::time::Duration::from_mins(minutes));
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    let help =
        "set this machine's clock by a time server (NTP): calendars, holds and the times in tickets go by it";
    report.warn("clock", format!("this machine's is {by} {way} HaloPSA's"), Some(help.into()))
}

/// Not every role may read its own agent, and nothing that tickets need hangs on it.
async fn agent(connection: &Connection<'_>, report: &mut Report<'_>) -> Result<(), Failure> {
    let agent = match connection.within(connection.client.agents().me()).await {
        Ok(agent) => agent,
        Err(Trouble { text, help, .. }) => return report.warn("agent", text, help),
    };
    let name = agent.name.as_deref().unwrap_or("unnamed").to_owned();
    let mut facts = Vec::new();
    if agent.isapiagent == Some(true) {
        facts.push("API only".to_owned());
    }
    if agent.is_admin == Some(true) {
        facts.push("administrator".to_owned());
    }
    facts.extend(
        agent.role_list.filter(|roles| !roles.trim().is_empty()).map(|roles| format!("roles {roles}")),
    );
    let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
    report.good("agent", format!("{name}{facts}"))?;
    if agent.isdisabled == Some(true) {
        let help = "make it active, or choose another agent for the application";
        report.warn("agent", "it is disabled", Some(help.into()))?;
    }
    if agent.one_client.is_some_and(|client| client.0 > 0) {
        let help =
            "Configuration > Teams & Agents > Agents > the agent > Permissions: let it see all clients";
        report.bad("agent", "it is limited to one client: it sees no other's tickets", Some(help.into()))?;
    }
    Ok(())
}
