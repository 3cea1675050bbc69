//! `haloward presets`: the vendors there are, and how to set each one up.

use serde_json::{Value, json};

use super::output::{Out, Tone};
use super::{End, Ended, Failure, Global};
use crate::config::{Loaded, SourceConfig};
use haloward_rules::{Arrival, Preset, PresetSet};

/// List the presets, or show one with its setup steps.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  haloward presets\n  haloward presets show datto-rmm")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show one preset.
    Show {
        /// Its name.
        name: String,
    },
}

pub(super) fn run(args: &Args, global: &Global, out: &mut Out) -> Ended {
    let loaded = global.load(&[])?;
    match &args.command {
        None => list(&loaded.presets, out),
        Some(What::Show { name }) => {
            let Some(preset) = loaded.presets.get(name) else {
                let finding = PresetSet::unknown(name);
                return Err(Failure::help(finding.message, "`haloward presets` lists them"));
            };
            show(preset, &loaded, out)
        }
    }
}

fn list(presets: &PresetSet, out: &mut Out) -> Ended {
    if out.is_json() {
        let all: Vec<Value> = presets.iter().map(|p| as_json(p)).collect();
        out.json(&json!({ "presets": all }))?;
        return Ok(End::Done);
    }
    let width = presets.iter().map(|p| p.name().len()).max().unwrap_or(0);
    for preset in presets.iter() {
        out.line(&format!("{:width$}  {:7}  {}", preset.name(), preset.arrival().as_str(), preset.title()))?;
    }
    Ok(End::Done)
}

fn show(preset: &Preset, loaded: &Loaded, out: &mut Out) -> Ended {
    if out.is_json() {
        out.json(&as_json(preset))?;
        return Ok(End::Done);
    }
    let title = out.tone(Tone::Strong, preset.title());
    out.line(&format!("{title} ({})", preset.name()))?;
    if let Some(description) = preset.description() {
        out.line(description)?;
    }
    out.line("")?;
    for (number, step) in preset.setup().iter().enumerate() {
        out.line(&format!("{}. {step}", number + 1))?;
    }
    if preset.arrival() == Arrival::Webhook {
        out.line("")?;
        for line in addresses(preset, loaded) {
            out.line(&line)?;
        }
    }
    out.line("\nIn haloward.yaml:\n")?;
    for line in block(preset) {
        out.line(&line)?;
    }
    if !preset.caveats().is_empty() {
        out.line("\nGood to know:")?;
        for caveat in preset.caveats() {
            out.line(&format!("- {caveat}"))?;
        }
    }
    Ok(End::Done)
}

/// Where the vendor sends to: the addresses of the sources that have this preset, else what one would have.
fn addresses(preset: &Preset, loaded: &Loaded) -> Vec<String> {
    let base = format!("http://{}", loaded.config.listen);
    let webhooks = loaded.config.sources.iter().filter_map(|(name, source)| match source {
        SourceConfig::Webhook(webhook) if webhook.reading.preset == preset.name() => Some(name),
        _ => None,
    });
    let mut lines: Vec<String> =
        webhooks.map(|name| format!("The URL of your source `{name}`: {base}/hooks/{name}")).collect();
    if lines.is_empty() {
        lines.push(format!("The URL: {base}/hooks/{}", preset.name()));
    }
    lines.push("With `url_token` as authentication the token is the last part of it: …/TOKEN".to_owned());
    lines
}

/// Lines to paste into the configuration.
fn block(preset: &Preset) -> Vec<String> {
    let name = preset.name();
    let secret = name.to_uppercase().replace('-', "_");
    let lines = match preset.arrival() {
        Arrival::Webhook => vec![
            "sources:".to_owned(),
            format!("  {name}:"),
            "    webhook:".to_owned(),
            format!("      preset: {name}"),
            format!("      auth: {{ url_token: env:{secret}_TOKEN }}"),
        ],
        Arrival::Poll => vec![
            "sources:".to_owned(),
            format!("  {name}:"),
            "    poll:".to_owned(),
            format!("      preset: {name}"),
            "      every: 5m".to_owned(),
        ],
    };
    lines.into_iter().map(|line| format!("  {line}")).collect()
}

fn as_json(preset: &Preset) -> Value {
    json!({
        "name": preset.name(), "title": preset.title(), "description": preset.description(),
        "arrives": preset.arrival().as_str(), "setup": preset.setup(), "caveats": preset.caveats(),
        "samples": preset.samples(),
    })
}
