//! `haloward demo`: the whole way at work on one machine, with nothing configured.
//!
//! A sandbox HaloPSA, the starter rules, the real receiver and runtime, and sample alerts sent over HTTP as vendors
//! send them. One second is a minute of the demo's time, so that holds and second thoughts can be watched.

mod script;
mod world;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use haloward_rules::format_duration;

use super::output::{Out, Tone, clean};
use super::{End, Ended, Failure, listen, runtime};
use crate::app::App;
use crate::runtime::Happening;
use crate::store::OperationKind;
use script::STORY;
use world::World;

/// Show the whole way at work: a sandbox HaloPSA, the starter rules and sample alerts.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  haloward demo\n  haloward demo --once\n\n\
    Needs no configuration, no account and no network. Ctrl-C ends it; nothing is left behind.")]
pub(super) struct Args {
    /// Where the receiver listens; else 127.0.0.1:8080, or a free port if that one is taken.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Where the sandbox HaloPSA listens; else a free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    halo: SocketAddr,
    /// Minutes of the demo's time in a second.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=60))]
    speed: u32,
    /// End after the last alert instead of waiting for more.
    #[arg(long)]
    once: bool,
}

/// How often the demo's time moves on.
const TICK: Duration = Duration::from_millis(100);

pub(super) fn run(args: &Args, out: &mut Out) -> Ended {
    runtime()?.block_on(async {
        let mut signals = listen()?;
        tokio::select! {
            ended = play(args, out) => ended,
            () = signals.end() => Ok(End::Done),
        }
    })
}

async fn play(args: &Args, out: &mut Out) -> Ended {
    let wanted = args.listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)));
    let world = World::build(wanted, args.listen.is_none(), args.halo).await?;
    introduce(&world, args.speed, out)?;
    let mut happenings = world.app.subscribe();
    let mut story = STORY.iter().peekable();
    let mut tick = tokio::time::interval(TICK);
    let step = TICK * args.speed * 60;
    let mut quiet_since = Duration::ZERO;
    let mut passed = Duration::ZERO;
    loop {
        tokio::select! {
            happening = happenings.recv() => {
                quiet_since = passed;
                if let Ok(happening) = happening {
                    show(&happening, passed, out)?;
                }
            }
            _ = tick.tick() => {
                world.advance(step);
                passed += step;
                while let Some(scene) = story.next_if(|scene| scene.at() <= passed) {
                    quiet_since = passed;
                    world.send(scene).await?;
                }
                // The longest second thought of the starter rules takes a quarter of an hour.
                if args.once && story.peek().is_none() && passed.saturating_sub(quiet_since) > Duration::from_secs(20 * 60) && idle(&world.app).await {
                    break;
                }
            }
        }
    }
    conclude(&world, out)?;
    world.end().await;
    Ok(End::Done)
}

/// Whether nothing is on its way to HaloPSA.
async fn idle(app: &App) -> bool {
    app.store()
        .counts()
        .await
        .is_ok_and(|c| c.undecided == 0 && c.waiting_operations == 0 && c.unclear_operations == 0)
}

fn introduce(world: &World, speed: u32, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(&serde_json::json!({ "hooks": world.hooks(), "tickets": world.tickets_url() }));
    }
    let pace = if speed == 1 {
        "One second is a minute".to_owned()
    } else {
        format!("One second is {speed} minutes")
    };
    out.line(&format!(
        "A HaloPSA in memory, the starter rules and sample alerts. {pace}; Ctrl-C ends it.\n"
    ))?;
    out.line(&format!("  tickets   {}", out.tone(Tone::Strong, &world.tickets_url())))?;
    out.line(&format!("  alerts    {}", out.tone(Tone::Strong, &world.hooks())))?;
    out.line(&format!("            curl {} -H 'content-type: application/json' -d '{{\"title\":\"Printer on fire\",\"severity\":\"critical\"}}'\n", world.hooks()))
}

fn conclude(world: &World, out: &mut Out) -> Result<(), Failure> {
    let tickets = world.sandbox.tickets();
    let resolved = tickets.iter().filter(|t| t.status == "Resolved" || t.closed).count();
    if out.is_json() {
        return out.json(&serde_json::json!({ "tickets": tickets.len(), "resolved": resolved }));
    }
    out.line(&format!(
        "\n{} alerts became {} tickets, {resolved} of them resolved by themselves.",
        STORY.len(),
        tickets.len()
    ))
}

/// One happening as a line or two.
fn show(happening: &Happening, passed: Duration, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(&serde_json::to_value(happening).unwrap_or_default());
    }
    let Some(text) = told(happening, out) else { return Ok(()) };
    if text.starts_with(' ') {
        return out.line(&text);
    }
    let time = format!("{:>7}", format_duration(Duration::from_secs(passed.as_secs() / 60 * 60)));
    out.line(&format!("{}  {text}", out.tone(Tone::Quiet, &time)))
}

fn told(happening: &Happening, out: &Out) -> Option<String> {
    let because =
        |reason: &Option<String>| reason.as_deref().map(|r| format!(": {}", clean(r))).unwrap_or_default();
    Some(match happening {
        Happening::EventDecided { source, title, outcome, rule, reason, .. } => {
            let rule = rule.as_ref().map(|rule| format!(" by {rule}")).unwrap_or_default();
            let outcome = out.tone(Tone::Strong, outcome.as_str());
            format!("{source:<13} {}\n         → {outcome}{rule}{}", clean(title), because(reason))
        }
        Happening::TimerFired { key, outcome, reason, .. } => {
            format!(
                "time passed   {}\n         → {}{}",
                clean(key.as_str()),
                out.tone(Tone::Strong, outcome.as_str()),
                because(reason)
            )
        }
        Happening::OperationDone { kind, ticket, summary, adopted, .. } => {
            let what = match kind {
                OperationKind::OpenTicket => "opened",
                OperationKind::UpdateTicket => "changed",
                OperationKind::AddNote => "got a note",
                OperationKind::ResolveTicket => "resolved",
                OperationKind::ReopenTicket => "reopened",
                OperationKind::Notify => "told",
            };
            let summary = summary.as_deref().map(|s| format!(": {}", clean(s))).unwrap_or_default();
            let found = if *adopted { " (found, not written again)" } else { "" };
            format!("         {}", out.tone(Tone::Good, &format!("✓ ticket {ticket} {what}{summary}{found}")))
        }
        Happening::OperationDelayed { problem, .. } => format!("         … HaloPSA: {}", clean(problem)),
        Happening::OperationFailed { problem, .. } => {
            format!("         {}", out.tone(Tone::Bad, &format!("✗ HaloPSA: {}", clean(problem))))
        }
        Happening::Notified { channel, key, .. } => {
            format!("         → told the channel {} about {}", clean(channel), clean(key.as_str()))
        }
        Happening::CaseReported { .. } | Happening::DuplicateClosed { .. } => return None,
    })
}
