//! `haloward queue`: what goes to HaloPSA, and what to do about what it refused.

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::output::{Out, Tone, clean, columns, time};
use super::service::{Page, Service, Which};
use super::{End, Ended, Failure, Global};
use crate::inspect::{self, List, OperationLine, OperationStory, OperationsQuery};

/// Look at what goes to HaloPSA; try again, correct or give up what it refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  haloward queue list\n  haloward queue show op_0cm3k9v2x8r4t\n  \
    haloward queue retry op_0cm3k9v2x8r4t --set priority=High --unset fields.status_id\n  \
    haloward queue drop op_0cm3k9v2x8r4t --reason \"the rule was wrong\"\n\n\
    Fields are those of tickets in rules (`team`, `custom_fields.Site code`, `fields.any_other`), or of notes\n\
    (`text`, `outcome`). A value that is JSON is taken as such, anything else as text.")]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// The operations, newest first; those that are not over, unless states are named.
    List {
        /// In these states: waiting, retry, sending, unclear, dead, done, folded, dropped.
        #[arg(long, value_delimiter = ',')]
        state: Vec<String>,
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        which: Which,
    },
    /// One operation, with every request and what HaloPSA answered.
    Show {
        /// Its id.
        operation: String,
        #[command(flatten)]
        which: Which,
    },
    /// Try one again that HaloPSA refused for good, corrected if need be; not a ticket whose problem has another since.
    Retry {
        /// Its id.
        operation: String,
        /// A field to set first.
        #[arg(long, value_name = "FIELD=VALUE", value_parser = field)]
        set: Vec<(String, Value)>,
        /// A field to leave out.
        #[arg(long, value_name = "FIELD")]
        unset: Vec<String>,
        #[command(flatten)]
        which: Which,
    },
    /// Give one up. A ticket that is given up ends its case.
    Drop {
        /// Its id.
        operation: String,
        /// Why, for its story.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        which: Which,
    },
}

fn field(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write FIELD=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name.trim().to_owned(), value))
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    match &args.what {
        What::List { state, page, which } => {
            let state = if state.is_empty() { None } else { Some(state.join(",")) };
            let query = OperationsQuery { state, before: page.before.clone(), limit: Some(page.limit) };
            list(&Service::find(which, global)?, &query, out)
        }
        What::Show { operation, which } => show(&Service::find(which, global)?, operation, out),
        What::Retry { operation, set, unset, which } => {
            let mut fields: Map<String, Value> = set.iter().cloned().collect();
            fields.extend(unset.iter().map(|name| (name.clone(), Value::Null)));
            let body = json!({ "set": fields });
            act(&Service::find(which, global)?, operation, "retry", &body, "is tried again", out)
        }
        What::Drop { operation, reason, which } => {
            let body = json!({ "reason": reason });
            act(&Service::find(which, global)?, operation, "drop", &body, "is given up", out)
        }
    }
}

fn list(service: &Service, query: &OperationsQuery, out: &mut Out) -> Ended {
    let found: List<OperationLine> =
        service.ask("/api/v1/operations", query, |reader, _| inspect::operations(reader, query))?;
    service.note();
    if out.is_json() {
        out.json(&json!(found))?;
        return Ok(End::Done);
    }
    if found.items.is_empty() {
        out.line(if query.state.is_none() { "the queue is empty" } else { "no such operations" })?;
        return Ok(End::Done);
    }
    let mut rows =
        vec![["ID", "KIND", "STATE", "SEVERITY", "TRIES", "SINCE", "KEY"].map(str::to_owned).to_vec()];
    for operation in &found.items {
        rows.push(vec![
            operation.id.to_string(),
            operation.kind.to_string(),
            operation.state.to_string(),
            operation.severity.clone(),
            operation.attempts.to_string(),
            time(operation.created_at),
            clean(&operation.key),
        ]);
    }
    let lines = columns(&rows);
    for (line, problem) in
        lines.iter().zip(std::iter::once(None).chain(found.items.iter().map(|o| o.problem.as_ref())))
    {
        out.line(line)?;
        if let Some(problem) = problem {
            out.line(&out.tone(Tone::Bad, &format!("    {}", clean(problem))))?;
        }
    }
    super::service::more(found.next.as_deref(), out)
}

/// Operations as a part of something else's story.
pub(super) fn lines_of(operations: &[OperationLine], out: &mut Out) -> Result<(), Failure> {
    if operations.is_empty() {
        return Ok(());
    }
    out.line("  in HaloPSA")?;
    let row = |operation: &OperationLine| {
        let ticket = operation.ticket.map(|id| format!(" (ticket {id})")).unwrap_or_default();
        let problem = operation.problem.as_deref().map(|problem| format!(": {}", clean(problem)));
        vec![
            format!("    {}", operation.id),
            operation.kind.to_string(),
            format!("{}{ticket}{}", operation.state, problem.unwrap_or_default()),
        ]
    };
    for line in columns(&operations.iter().map(row).collect::<Vec<_>>()) {
        out.line(&line)?;
    }
    Ok(())
}

fn show(service: &Service, id: &str, out: &mut Out) -> Ended {
    let path = format!("/api/v1/operations/{}", super::service::segment(id));
    let story: OperationStory = service.ask(&path, &(), |reader, _| inspect::operation(reader, id))?;
    service.note();
    if out.is_json() {
        out.json(&json!(story))?;
        return Ok(End::Done);
    }
    let operation = &story.operation;
    let text = |value: &Value| match value {
        Value::String(text) => clean(text),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    };
    out.line(&format!(
        "{} {}  [{}]",
        text(&operation["id"]),
        text(&operation["kind"]),
        text(&operation["state"])
    ))?;
    let moment = |name: &str| Value::from(super::output::time_of(&operation[name]));
    let (since, due) = (moment("created_at"), moment("due"));
    for (name, value) in [
        ("key", &operation["effect"]["key"]),
        ("rule", &operation["effect"]["rule"]),
        ("cause", &operation["cause"]),
        ("trace", &operation["effect"]["trace"]),
        ("since", &since),
        ("tries", &operation["attempts"]),
        ("due", &due),
        ("ticket", &operation["ticket"]),
        ("problem", &operation["problem"]),
    ] {
        if !value.is_null() {
            out.line(&format!("  {name:<8}{}", text(value)))?;
        }
    }
    let part = if operation["effect"]["draft"].is_object() { "draft" } else { "note" };
    if let Some(fields) = operation["effect"][part].as_object() {
        out.line(&format!("  {}", if part == "draft" { "ticket" } else { "note" }))?;
        for (name, value) in fields {
            out.line(&format!("    {name}: {}", text(value)))?;
        }
    }
    for exchange in &story.exchanges {
        out.line(&format!("  {}", time(exchange.at)))?;
        told(&exchange.said, out)?;
    }
    Ok(End::Done)
}

/// One request and its answer.
fn told(said: &Value, out: &mut Out) -> Result<(), Failure> {
    if let Some(marker) = said["looked_for"].as_str() {
        let found = said["found"].as_array().map_or(0, Vec::len);
        return out.line(&format!("    looked for {marker}: {found} found {}", said["found"]));
    }
    if let Some(fields) = said["corrected"].as_object() {
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        return out.line(&format!("    corrected by hand: {}", clean(&fields.join(", "))));
    }
    let text = |name: &str| clean(said[name].as_str().unwrap_or_default());
    out.line(&format!("    {} {}", text("method"), text("path")))?;
    out.line(&format!("    {}", clean(&said["body"].to_string())))?;
    let answer = if said["done"].is_object() {
        out.tone(Tone::Good, &format!("done: {}", said["done"]))
    } else if said["unknown"].is_string() {
        out.tone(Tone::Bad, &format!("nobody knows: {}", text("unknown")))
    } else {
        let refused = &said["refused"];
        let status = refused["status"].as_u64().map_or_else(String::new, |status| format!("{status} "));
        out.tone(
            Tone::Bad,
            &format!("refused: {status}{}", clean(refused["answer"].as_str().unwrap_or_default())),
        )
    };
    out.line(&format!("    → {answer}"))
}

fn act(service: &Service, id: &str, action: &str, body: &Value, done: &str, out: &mut Out) -> Ended {
    let path = format!("/api/v1/operations/{}/{action}", super::service::segment(id));
    let answer = service.running()?.act(Method::POST, &path, body)?;
    if out.is_json() {
        out.json(&answer)?;
    } else {
        out.line(&format!("{id} {done}"))?;
    }
    Ok(End::Done)
}
