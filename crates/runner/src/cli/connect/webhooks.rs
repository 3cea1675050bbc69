//! The way back: whether HaloPSA calls this service, and how its last call went. Nothing needs it, because changed
//! tickets are read back.

use halopsa::filters::{NoFilter, WebhookEventFilter};
use halopsa::models::Webhook;

use super::Connection;
use super::report::Report;
use crate::cli::Failure;

const STEP: &str = "webhooks";
const WHERE: &str = "Configuration > Integrations > Webhooks";

pub(super) async fn examine(connection: &Connection<'_>, report: &mut Report<'_>) -> Result<(), Failure> {
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
        let help = format!(
            "to be told at once, give a source the preset `halopsa` and make a webhook in HaloPSA ({WHERE}) that \
             calls its URL: `haloward presets show halopsa` says how"
        );
        return report.note(STEP, format!("none calls this service; {read_back}"), Some(help));
    }
    for (source, webhook) in own {
        let name = webhook.name.as_deref().unwrap_or("unnamed");
        let about = format!("`{name}` calls source `{source}`");
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
            let help =
                "HaloPSA must reach the URL: `server.listen` beyond loopback, a reverse proxy, the firewall";
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
