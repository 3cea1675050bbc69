//! `haloward presets`: the vendors there are, and how to set each one up.

use serde_json::{Value, json};

use super::output::{Out, Tone};
use super::{End, Ended, Failure, Global};
use haloward_rules::{Preset, PresetSet};

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
            show(preset, out)
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
        out.line(&format!("{:width$}  {}", preset.name(), preset.title()))?;
    }
    Ok(End::Done)
}

fn show(preset: &Preset, out: &mut Out) -> Ended {
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
    out.line(&format!(
        "\nIn haloward.yaml:\n  sources:\n    {0}: {{ webhook: {{ preset: {0}, auth: {{ url_token: env:{1}_TOKEN }} }} }}\n\n\
         Its URL is then http://HOST:8080/hooks/{0}/TOKEN",
        preset.name(),
        preset.name().to_uppercase().replace('-', "_"),
    ))?;
    Ok(End::Done)
}

fn as_json(preset: &Preset) -> Value {
    json!({
        "name": preset.name(), "title": preset.title(), "description": preset.description(),
        "setup": preset.setup(), "samples": preset.samples(),
    })
}
