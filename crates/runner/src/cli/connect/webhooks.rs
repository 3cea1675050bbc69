//! The way back: whether the service is reached at its public address, whether HaloPSA calls it there, and how its last
//! call went. Nothing needs it, because changed tickets are read back.

use halopsa::filters::{NoFilter, WebhookEventFilter};
use halopsa::models::Webhook;

use super::Connection;
use super::report::Report;
use crate::cli::Failure;
use crate::config::PublicUrl;

const STEP: &str = "webhooks";
const WHERE: &str = "Configuration > Integrations > Webhooks";

pub(super) async fn examine(connection: &Connection<'_>, report: &mut Report<'_>) -> Result<(), Failure> {
    if let Some(public) = &connection.loaded.config.public_url {
        door(connection, public, report).await?;
    }
    let track = haloward_rules::format_duration(connection.halo.track);
    let read_back = format!("changes of tickets are read back every {track}");
    let rows = match connection.within(connection.client.webhooks().list(&NoFilter::new())).await {
        Ok(page) => page.rows,
        Err(trouble) if trouble.is_forbidden() => {
            let help = "to have them tested, give the application the scope `admin:webhooks`";
            return report.note(STEP, format!("may not be read; {read_back}"), Some(help.into()));
        }
        Err(trouble) => return report.warn(STEP, trouble.text, trouble.help),
    };
    let own: Vec<(&str, &Webhook)> =
        rows.iter().filter_map(|webhook| Some((source_of(connection, webhook)?, webhook))).collect();
    if own.is_empty() {
        let address = connection.loaded.config.public_url.as_ref();
        let address =
            address.map_or_else(|| "its URL".to_owned(), |public| format!("`{}`", public.hook("SOURCE")));
        let help = format!(
            "to be told at once, give a source the preset `halopsa` and make a webhook in HaloPSA ({WHERE}) that \
             calls {address}: `haloward presets show halopsa` says how"
        );
        return report.note(STEP, format!("none calls this service; {read_back}"), Some(help));
    }
    for (source, webhook) in own {
        let name = webhook.name.as_deref().unwrap_or("unnamed");
        let about = format!("`{name}` calls source `{source}`");
        if let Some(public) = elsewhere(connection, webhook) {
            let help = format!("correct its URL in {WHERE}: `server.public_url` is `{public}`");
            report.warn(STEP, format!("{about}, but at another address than this service's"), Some(help))?;
            continue;
        }
        if webhook.active == Some(false) {
            let help = format!(
                "make it active again in {WHERE}: HaloPSA switches a webhook off after too many failed calls"
            );
            report.warn(STEP, format!("{about}, but is switched off"), Some(help))?;
            continue;
        }
        last_call(connection, webhook, &about, report).await?;
    }
    Ok(())
}

/// LIMIT: nobody names a source so, and an answer about it proves who answers without delivering anything.
const NO_SOURCE: &str = "haloward-connect-asks-who-is-there";

/// Whether what answers at the public address is a Haloward. That it answers this machine does not prove that it answers
/// HaloPSA; that something else answers proves that HaloPSA's calls go there too.
async fn door(
    connection: &Connection<'_>,
    public: &PublicUrl,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    const DOOR: &str = "public address";
    let http = crate::cli::service::http(public.is_encrypted())?;
    let asking =
        http.post(public.hook(NO_SOURCE)).header("content-type", "application/json").body("{}").send();
    let help = "`haloward run` must be running; then a proxy or port forwarding must lead from `server.public_url` to \
                `server.listen`, with `/hooks` in the path as it is";
    let answer = match tokio::time::timeout(connection.limit, asking).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            let why = crate::cli::output::clean(&causes(&error.without_url()));
            return report.warn(
                DOOR,
                format!("{public} does not answer this machine: {why}"),
                Some(help.into()),
            );
        }
        Err(_) => {
            return report.warn(
                DOOR,
                format!("{public} does not answer this machine in time"),
                Some(help.into()),
            );
        }
    };
    let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/problem+json") {
        return report.good(DOOR, format!("this service answers at {public}"));
    }
    let status = answer.status().as_u16();
    report.warn(DOOR, format!("something else answers at {public}, with {status}"), Some(help.into()))
}

/// What went wrong, the innermost cause last.
fn causes(error: &dyn std::error::Error) -> String {
    let all = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    all.collect::<Vec<_>>().join(": ")
}

/// The address this service has, if a webhook calls another one.
fn elsewhere<'c>(connection: &Connection<'c>, webhook: &Webhook) -> Option<&'c PublicUrl> {
    let public = connection.loaded.config.public_url.as_ref()?;
    let url = url::Url::parse(webhook.url.as_deref()?).ok()?;
    (!public.covers(&url)).then_some(public)
}

/// The configured source that a webhook's URL is that of.
fn source_of<'c>(connection: &Connection<'c>, webhook: &Webhook) -> Option<&'c str> {
    let url = url::Url::parse(webhook.url.as_deref()?).ok()?;
    let mut parts = url.path_segments()?.skip_while(|part| *part != "hooks");
    let named = parts.nth(1)?;
    connection.loaded.config.sources.keys().map(String::as_str).find(|source| *source == named)
}

/// What its last call was answered: the only proof that HaloPSA reaches us.
async fn last_call(
    connection: &Connection<'_>,
    webhook: &Webhook,
    about: &str,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let Some(id) = webhook.id.clone() else { return report.good(STEP, about) };
    let filter = WebhookEventFilter::new().webhook_id(id).order("timestamp").orderdesc(true).count(1);
    let last = match connection.within(connection.client.webhook_events().list(&filter)).await {
        Ok(page) => page.rows.into_iter().next(),
        Err(trouble) => return report.warn(STEP, format!("{about}: {}", trouble.text), trouble.help),
    };
    match last.as_ref().and_then(|call| call.responsestatus) {
        None => {
            let help = format!("change any ticket, or use \"Test\" in {WHERE}, and test again");
            report.note(STEP, format!("{about}; it has not called yet"), Some(help))
        }
        Some(status @ 200..=299) => {
            report.good(STEP, format!("{about}; its last call was answered {status}"))
        }
        Some(0) => {
            let help = "HaloPSA must reach the URL: `server.listen` beyond loopback, a reverse proxy, the firewall, and \
                 `server.public_url` as they are reached from outside";
            report.warn(STEP, format!("{about}, but its last call was not answered"), Some(help.into()))
        }
        Some(status) => {
            let help = match status {
                401 => "give the webhook the credentials that the source's `auth` wants",
                404 => "correct the webhook's URL: there is no such source",
                _ => "the log of `haloward run` says what was wrong with it",
            };
            report.warn(STEP, format!("{about}, but its last call was answered {status}"), Some(help.into()))
        }
    }
}
