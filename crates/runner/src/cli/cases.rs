//! `haloward cases`: which problems there are and how they stand.

use haloward_rules::CaseState;
use serde_json::{Value, json};

use super::output::{Out, Tone, clean, columns};
use super::service::{Page, Service, Which};
use super::{End, Ended, Failure, Global};
use crate::inspect::{self, CaseLine, CaseStory, CasesQuery, List};

/// Look at the problems there are, and how each stands.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  haloward cases list\n  haloward cases list --state waiting --text srv-01\n  \
    haloward cases show disk/srv-01/C:\n  haloward cases show 4711\n\n\
    A number is the ticket's, anything else the case's key. Without a running service its store is read."
)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// The cases, the youngest first; those that are waiting or open, unless a state is named.
    List {
        /// In this state.
        #[arg(long, value_parser = state)]
        state: Option<CaseState>,
        /// With this text in their key.
        #[arg(long)]
        text: Option<String>,
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        which: Which,
    },
    /// One case, by its key or its ticket's number.
    Show {
        /// The key, or the ticket's number.
        case: String,
        #[command(flatten)]
        which: Which,
    },
}

fn state(text: &str) -> Result<CaseState, String> {
    serde_json::from_value(Value::from(text)).map_err(|_| "one of waiting, open, resolved".to_owned())
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    match &args.what {
        What::List { state, text, page, which } => {
            let service = Service::find(which, global)?;
            let query = CasesQuery {
                state: *state,
                text: text.clone(),
                before: page.before.clone(),
                limit: Some(page.limit),
                ..CasesQuery::default()
            };
            list(&service, &query, out)
        }
        What::Show { case, which } => show(&Service::find(which, global)?, case, out),
    }
}

fn fetch(service: &Service, query: &CasesQuery) -> Result<List<CaseLine>, Failure> {
    service.ask("/api/v1/cases", query, |reader, _| inspect::cases(reader, query))
}

fn list(service: &Service, query: &CasesQuery, out: &mut Out) -> Ended {
    // What is over is rarely asked for, and is most of what there is.
    let states = match query.state {
        Some(state) => vec![state],
        None => vec![CaseState::Open, CaseState::Waiting],
    };
    let mut all = List { items: Vec::new(), next: None };
    for state in states {
        let page = fetch(service, &CasesQuery { state: Some(state), ..query.clone() })?;
        all.items.extend(page.items);
        all.next = all.next.or(page.next);
    }
    service.note();
    if out.is_json() {
        out.json(&json!(all))?;
        return Ok(End::Done);
    }
    if all.items.is_empty() {
        out.line("no such cases")?;
        return Ok(End::Done);
    }
    let mut rows =
        vec![["STATE", "SEVERITY", "TICKET", "SEEN", "LAST SEEN", "KEY"].map(str::to_owned).to_vec()];
    rows.extend(all.items.iter().map(|case| {
        vec![
            name(case.state),
            case.severity.clone(),
            case.ticket.map_or_else(|| "-".to_owned(), |id| id.to_string()),
            case.count.to_string(),
            super::output::time(case.last_seen),
            clean(&case.key),
        ]
    }));
    for line in columns(&rows) {
        out.line(&line)?;
    }
    super::service::more(all.next.as_deref(), out)
}

fn name(state: CaseState) -> String {
    json!(state).as_str().unwrap_or_default().to_owned()
}

fn show(service: &Service, asked: &str, out: &mut Out) -> Ended {
    let key = match asked.parse::<i64>() {
        Ok(ticket) => {
            let query = CasesQuery { ticket: Some(ticket), limit: Some(1), ..CasesQuery::default() };
            let found = fetch(service, &query)?.items.into_iter().next();
            found
                .map(|case| case.key)
                .ok_or_else(|| Failure::new(format!("no case has the ticket {ticket}")))?
        }
        Err(_) => asked.to_owned(),
    };
    let path = format!("/api/v1/cases/{}", super::service::segment(&key));
    let story: CaseStory = service.ask(&path, &(), |reader, _| inspect::case(reader, &key))?;
    service.note();
    if out.is_json() {
        out.json(&json!(story))?;
        return Ok(End::Done);
    }
    let case = &story.case;
    let text = |name: &str| clean(case[name].as_str().unwrap_or_default());
    let title = clean(case["event"]["title"].as_str().unwrap_or_default());
    out.line(&format!("{}  [{} · {}]", out.tone(Tone::Strong, &title), text("state"), text("severity")))?;
    out.line(&format!("  key     {}", text("key")))?;
    out.line(&format!("  rule    {}", text("rule")))?;
    out.line(&format!(
        "  seen    {} times, from {} to {}",
        case["count"],
        super::output::time_of(&case["first_seen"]),
        super::output::time_of(&case["last_seen"])
    ))?;
    if let Some(id) = case["ticket"]["id"].as_i64() {
        let touched = if case["ticket"]["touched"] == true { ", somebody has worked on it" } else { "" };
        out.line(&format!("  ticket  {id}{touched}"))?;
    }
    if let Some(by) = case["held_by"].as_str() {
        out.line(&format!("  held    by {}", clean(by)))?;
    }
    if !story.decisions.is_empty() {
        out.line("  decisions, newest first")?;
        let row = |decision: &inspect::DecisionLine| {
            let reason = decision.reason.as_deref().map(|reason| format!(": {}", clean(reason)));
            vec![
                format!("    {}", super::output::time(decision.at)),
                clean(&decision.cause),
                format!("{}{}", decision.outcome, reason.unwrap_or_default()),
            ]
        };
        for line in columns(&story.decisions.iter().map(row).collect::<Vec<_>>()) {
            out.line(&line)?;
        }
    }
    super::queue::lines_of(&story.operations, out)?;
    Ok(End::Done)
}
