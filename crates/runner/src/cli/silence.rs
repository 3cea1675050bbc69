//! `haloward silence`: alerts like these open no tickets until then.

use haloward_rules::Silence;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::output::{Out, clean, columns, time};
use super::service::{Service, Which};
use super::{End, Ended, Failure, Global};
use crate::inspect::List;

/// List, add and end silences: alerts like these open no tickets until then.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  haloward silence add --when device.name=srv-01 --for 2h --comment \"new disk\"\n  \
    haloward silence add --key 'disk/srv-0*' --until 2026-01-05T18:00:00Z\n  haloward silence list\n  \
    haloward silence end sil_0cm3k9v2x8r4t\n\n\
    --when takes what `when` of a rule takes: PATH=VALUE, or PATH={\"like\": \"SRV-*\"} with an operator. All must hold.\n\
    What still fires when a silence ends gets its ticket then."
)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// The silences that stand or will.
    List {
        #[command(flatten)]
        which: Which,
    },
    /// Add one.
    Add {
        /// A condition on the event.
        #[arg(long, value_name = "PATH=VALUE", value_parser = condition)]
        when: Vec<(String, Value)>,
        /// The case's key; `*` is any text.
        #[arg(long)]
        key: Option<String>,
        /// The rule's id.
        #[arg(long)]
        rule: Option<String>,
        /// Its beginning; else now.
        #[arg(long, value_name = "TIME")]
        from: Option<Timestamp>,
        /// Its end.
        #[arg(long, value_name = "TIME", conflicts_with = "for", required_unless_present = "for")]
        until: Option<Timestamp>,
        /// How long from its beginning: `2h`, `3d`.
        #[arg(long, value_name = "DURATION", value_parser = super::dry_run::duration)]
        r#for: Option<std::time::Duration>,
        /// Why.
        #[arg(long, default_value = "")]
        comment: String,
        #[command(flatten)]
        which: Which,
    },
    /// End one now.
    End {
        /// Its id.
        silence: String,
        #[command(flatten)]
        which: Which,
    },
}

fn condition(text: &str) -> Result<(String, Value), String> {
    let (path, value) = text.split_once('=').ok_or("write PATH=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((path.trim().to_owned(), value))
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    match &args.what {
        What::List { which } => list(&Service::find(which, global)?, out),
        What::Add { when, key, rule, from, until, r#for, comment, which } => {
            let begins = from.unwrap_or_else(Timestamp::now);
            let lasts = r#for.and_then(|lasts| SignedDuration::try_from(lasts).ok());
            let ends = until.or_else(|| lasts.and_then(|lasts| begins.checked_add(lasts).ok()));
            let ends = ends.ok_or_else(|| Failure::new("the silence would end beyond all times"))?;
            let by = std::env::var("USER").or_else(|_| std::env::var("USERNAME")).unwrap_or_default();
            let when: Map<String, Value> = when.iter().cloned().collect();
            let mut body = json!({ "when": when, "key": key, "rule": rule, "until": ends, "comment": comment, "by": by });
            if let Some(from) = from {
                body["from"] = json!(from);
            }
            let service = Service::find(which, global)?;
            let added = service.running()?.act(Method::POST, "/api/v1/silences", &body)?;
            tell(&added, "stands until", out)
        }
        What::End { silence, which } => {
            let path = format!("/api/v1/silences/{}", super::service::segment(silence));
            let ended = Service::find(which, global)?.running()?.act(Method::DELETE, &path, &json!({}))?;
            tell(&ended, "is over; it would have stood until", out)
        }
    }
}

fn tell(silence: &Value, what: &str, out: &mut Out) -> Ended {
    if out.is_json() {
        out.json(silence)?;
    } else {
        let text = |name: &str| clean(silence[name].as_str().unwrap_or_default());
        out.line(&format!("{} {what} {}", text("id"), text("until")))?;
    }
    Ok(End::Done)
}

fn list(service: &Service, out: &mut Out) -> Ended {
    let found: List<Silence> = service.ask("/api/v1/silences", &(), |reader, _| {
        let items = reader.silences(Timestamp::now(), crate::store::MOST_SILENCES)?;
        Ok(List { items, next: None })
    })?;
    service.note();
    if out.is_json() {
        out.json(&json!(found))?;
        return Ok(End::Done);
    }
    if found.items.is_empty() {
        out.line("no silences")?;
        return Ok(End::Done);
    }
    let mut rows = vec![["ID", "FROM", "UNTIL", "BY", "WHAT"].map(str::to_owned).to_vec()];
    rows.extend(found.items.iter().map(|silence| {
        let mut what: Vec<String> =
            silence.when.iter().map(|(path, value)| format!("{path}={value}")).collect();
        what.extend(silence.key.iter().map(|key| format!("key {key}")));
        what.extend(silence.rule.iter().map(|rule| format!("rule {rule}")));
        let why = if silence.comment.is_empty() { String::new() } else { format!(" ({})", silence.comment) };
        let what = format!("{}{why}", what.join(", "));
        vec![silence.id.clone(), time(silence.from), time(silence.until), clean(&silence.by), clean(&what)]
    }));
    for line in columns(&rows) {
        out.line(&line)?;
    }
    Ok(End::Done)
}
