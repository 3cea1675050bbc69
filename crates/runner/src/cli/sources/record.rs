//! `haloward source record`: the next payloads of the running service, as samples for rule tests.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::json;

use super::known;
use super::saved::Samples;
use crate::cli::output::{Out, remark, time};
use crate::cli::service::{Service, Which, segment};
use crate::cli::{End, Ended, Failure, Global};
use crate::inspect::redact;
use crate::witness::Recording;

/// How often the service is asked what has come.
const LOOK: Duration = Duration::from_millis(300);

/// Save the next payloads of the running service, secrets removed, as samples for rule tests.
///
/// Ends when there are so many, when the time is over, or with Ctrl-C; what came until then is saved.
/// Exit 1 if nothing came.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  haloward source record datto-rmm --count 3 --for 10m > rules/datto_test.yaml\n\n\
    A rule test with the samples is printed on standard output; look at it before you keep it."
)]
pub(super) struct Args {
    /// The source.
    name: String,
    /// How many payloads, at most 20.
    #[arg(long, default_value = "1")]
    count: usize,
    /// How long to wait for them, at most 1h.
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = crate::cli::dry_run::duration)]
    r#for: Duration,
    /// The folder of the samples; else `samples` in the folder of the rules.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Also take out people: mail addresses before the @, and what links ask for.
    #[arg(long)]
    without_people: bool,
    #[command(flatten)]
    which: Which,
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    let loaded = global.load(&[])?;
    known(&loaded, &args.name)?;
    let service = Service::find(&args.which, global)?;
    let running = service.running()?;
    let path = format!("/api/v1/sources/{}/recording", segment(&args.name));
    let lasts = haloward_rules::format_duration(args.r#for);
    let body = json!({ "count": args.count, "for": lasts });
    let mut recording = read(running.act(Method::POST, &path, &body)?)?;
    let (name, count, until) = (&args.name, args.count, time(recording.until));
    let payloads =
        if count == 1 { "the next payload".to_owned() } else { format!("the next {count} payloads") };
    remark(&format!("recording {payloads} of `{name}` until {until}; Ctrl-C ends it"));
    while !recording.over {
        let interrupted = running.wait(LOOK);
        recording = read(running.act(Method::GET, &path, &json!({}))?)?;
        if interrupted {
            break;
        }
    }
    recording = read(running.act(Method::DELETE, &path, &json!({}))?)?;
    if args.without_people {
        for sample in &mut recording.payloads {
            redact(&mut sample.payload);
        }
    }
    if recording.payloads.is_empty() {
        remark(&format!("nothing came; `haloward sources` says when `{name}` was last heard of"));
        return Ok(End::No);
    }
    let folder = args.into.clone().unwrap_or_else(|| loaded.config.rules.join("samples"));
    let samples = Samples::save(&recording, &folder)?;
    for file in samples.files() {
        remark(&format!("saved {}", file.display()));
    }
    if out.is_json() {
        let files: Vec<String> = samples.files().map(|file| file.display().to_string()).collect();
        out.json(
            &json!({ "source": name, "files": files, "test": samples.test(&loaded, Timestamp::now())? }),
        )?;
    } else {
        let test = samples.test(&loaded, Timestamp::now())?;
        let yaml = serde_saphyr::to_string(&test)
            .map_err(|error| Failure::new(format!("the test cannot be written: {error}")))?;
        out.line(yaml.trim_end())?;
    }
    Ok(End::Done)
}

fn read(answer: serde_json::Value) -> Result<Recording, Failure> {
    serde_json::from_value(answer).map_err(|error| {
        Failure::new(format!("the service answers what this version does not know: {error}"))
    })
}
