//! `haloward connect`: is this tenant reachable, and may we do there what rules need? Every failure says what to change.

use std::time::Duration;

use halopsa::{Client, Priority, Query};
use serde_json::{Value, json};

use super::output::{Out, Tone, clean};
use super::{End, Ended, Failure, Global, runtime};
use crate::catalogue::Catalogue;
use crate::config::{Config, HaloConfig, Loaded};

/// Test the connection to HaloPSA.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  haloward connect\n  haloward connect --format json\n\n\
    Exits 1 if anything that tickets need is missing.")]
pub(super) struct Args {
    /// How long to wait for each answer.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    timeout: Duration,
}

fn duration(text: &str) -> Result<Duration, String> {
    haloward_rules::parse_duration(text).map_err(|error| error.to_string())
}

/// One line of the report.
struct Line {
    step: &'static str,
    /// Whether it is as it should be; `None` for a warning.
    ok: Option<bool>,
    detail: String,
    help: Option<String>,
}

struct Report<'a> {
    out: &'a mut Out,
    lines: Vec<Line>,
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    let loaded = global.load_checked()?;
    let Some(halo) = loaded.config.halo.clone() else {
        return Err(Failure::help(
            "the configuration has no `halo`",
            "add the address and the credentials of your HaloPSA under `halo`",
        ));
    };
    let client = halo.client().map_err(|error| {
        Failure::help(error.to_string(), "the secrets are those that `halo` in the configuration names")
    })?;
    let host = halo.site.host();
    let mut report = Report { out, lines: Vec::new() };
    let connected = runtime()?.block_on(examine(
        &client.with_priority(Priority::Urgent),
        &halo,
        &loaded,
        args.timeout,
        &mut report,
    ))?;
    report.finish(&host, connected)
}

/// Step after step; the ones that cannot work after a failure are not tried.
async fn examine(
    client: &Client,
    halo: &HaloConfig,
    loaded: &Loaded,
    limit: Duration,
    report: &mut Report<'_>,
) -> Result<bool, Failure> {
    let late = || format!("no answer within {}", haloward_rules::format_duration(limit));
    match tokio::time::timeout(limit, client.discover()).await {
        Ok(Ok(found)) => {
            let tenant = found.tenant.as_deref().map(|t| format!(", tenant `{t}`")).unwrap_or_default();
            let mut shown = found.token_url.clone();
            shown.set_query(None);
            report.good("authorization server", format!("{shown}{tenant}"))?;
        }
        Ok(Err(error)) => return report.bad("authorization server", &error),
        Err(_) => {
            return report.failed(
                "authorization server",
                late(),
                Some("check the address under `halo.url`, and that this machine may reach it".into()),
            );
        }
    }
    match tokio::time::timeout(limit, client.authenticate()).await {
        Ok(Ok(token)) => {
            let scope = token.scope.as_deref().unwrap_or(&halo.scope);
            let valid = haloward_rules::format_duration(token.expires_in);
            report.good("token", format!("scope `{scope}`, valid for {valid}"))?;
        }
        Ok(Err(error)) => return report.bad("token", &error),
        Err(_) => return report.failed("token", late(), None),
    }
    match tokio::time::timeout(limit, client.agents().me()).await {
        Ok(Ok(agent)) => report.good("agent", agent.name.clone().unwrap_or_else(|| "unnamed".into()))?,
        // Not every role may read its own agent; nothing that tickets need hangs on it.
        Ok(Err(error)) => report.warn("agent", error.to_string(), error.hint())?,
        Err(_) => report.warn("agent", late(), None)?,
    }
    let one = Query::new().with("count", "1");
    let mut good = true;
    for (step, path, key) in [("tickets", "/Tickets", "tickets"), ("clients", "/Client", "clients")] {
        match tokio::time::timeout(limit, client.get(path, &one)).await {
            Ok(Ok(answer)) => {
                let seen = answer.get("record_count").and_then(Value::as_i64).unwrap_or_else(|| {
                    answer.get(key).and_then(Value::as_array).map_or(0, |rows| rows.len() as i64)
                });
                if seen == 0 && key == "clients" {
                    let help = "if there are clients, the agent that the application logs in as may not see them: check its client and team restrictions";
                    report.warn(step, "none is visible".into(), Some(help.into()))?;
                } else {
                    report.good(step, format!("{seen} visible"))?;
                }
            }
            Ok(Err(error)) => {
                report.bad(step, &error)?;
                good = false;
            }
            Err(_) => {
                report.failed(step, late(), None)?;
                good = false;
            }
        }
    }
    match tokio::time::timeout(limit * 4, Catalogue::fetch(client, jiff::Timestamp::now())).await {
        Ok(Ok(catalogue)) => good &= names(&catalogue, &loaded.config, report)?,
        Ok(Err(error)) => {
            report.failed("picklists", error.to_string(), None)?;
            good = false;
        }
        Err(_) => {
            report.failed("picklists", late(), None)?;
            good = false;
        }
    }
    Ok(good)
}

/// The names the configuration uses, looked up among the tenant's.
fn names(catalogue: &Catalogue, config: &Config, report: &mut Report<'_>) -> Result<bool, Failure> {
    let counts = [
        (catalogue.ticket_types.len(), "ticket types"),
        (catalogue.statuses.len(), "statuses"),
        (catalogue.priorities.len(), "priorities"),
        (catalogue.teams.len(), "teams"),
        (catalogue.agents.len(), "agents"),
        (catalogue.outcomes.len(), "outcomes"),
        (catalogue.clients.len(), "clients"),
    ];
    let counts: Vec<String> = counts.iter().map(|(count, what)| format!("{count} {what}")).collect();
    report.good("picklists", counts.join(", "))?;
    for missing in &catalogue.missing {
        let help = format!(
            "names of this list cannot be looked up; give the agent the right to read {}",
            missing.list
        );
        report.warn(
            "picklists",
            format!("{} cannot be read: {}", missing.list, missing.problem),
            Some(help),
        )?;
    }
    let Some(client) = &config.unmatched_client else { return Ok(true) };
    let wanted = client.trim().to_lowercase();
    if catalogue.clients.iter().any(|known| known.name.trim().to_lowercase() == wanted) {
        report.good("unmatched_client", format!("`{client}`"))?;
        return Ok(true);
    }
    report.failed(
        "unmatched_client",
        format!("there is no client `{client}`"),
        Some("make it in HaloPSA, or name another one in the configuration".into()),
    )
}

impl Report<'_> {
    fn add(&mut self, line: Line) -> Result<(), Failure> {
        if !self.out.is_json() {
            let mark = match line.ok {
                Some(true) => self.out.tone(Tone::Good, "✓"),
                Some(false) => self.out.tone(Tone::Bad, "✗"),
                None => "!".to_owned(),
            };
            self.out.line(&format!("{mark} {}: {}", line.step, clean(&line.detail)))?;
            if let Some(help) = &line.help {
                self.out.line(&format!("    {help}"))?;
            }
        }
        self.lines.push(line);
        Ok(())
    }

    fn good(&mut self, step: &'static str, detail: String) -> Result<(), Failure> {
        self.add(Line { step, ok: Some(true), detail, help: None })
    }

    fn warn(&mut self, step: &'static str, detail: String, help: Option<String>) -> Result<(), Failure> {
        self.add(Line { step, ok: None, detail, help })
    }

    fn failed(&mut self, step: &'static str, detail: String, help: Option<String>) -> Result<bool, Failure> {
        self.add(Line { step, ok: Some(false), detail, help })?;
        Ok(false)
    }

    fn bad(&mut self, step: &'static str, error: &halopsa::Error) -> Result<bool, Failure> {
        self.failed(step, error.to_string(), error.hint())
    }

    fn finish(self, host: &str, connected: bool) -> Ended {
        if self.out.is_json() {
            let steps: Vec<Value> = self
                .lines
                .iter()
                .map(|l| json!({ "step": l.step, "ok": l.ok != Some(false), "warning": l.ok.is_none(), "detail": l.detail, "help": l.help }))
                .collect();
            self.out.json(&json!({ "connected": connected, "host": host, "steps": steps }))?;
        } else if connected {
            self.out.line(&self.out.tone(Tone::Good, &format!("Connected to {host}")))?;
        } else {
            self.out.line(&self.out.tone(Tone::Bad, &format!("Not connected to {host}")))?;
        }
        Ok(if connected { End::Done } else { End::No })
    }
}
