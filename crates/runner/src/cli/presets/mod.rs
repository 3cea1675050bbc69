//! `haloward presets`: the vendors there are, and how to set each one up.

mod proposal;

use haloward_rules::{Preset, PresetSet};
use serde_json::{Value, json};

use super::output::{Out, Tone};
use super::{End, Ended, Failure, Global};
use crate::config::Loaded;
use crate::inspect::{SourceLine, base};
use proposal::{Proposal, Way};

/// List the presets, or show one with its setup steps.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  haloward presets\n  haloward presets show datto-rmm\n  \
    haloward presets show github --format json | jq -r .yaml")]
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
    let proposal = Proposal::of(preset);
    let urls = urls(preset, &proposal, loaded);
    if out.is_json() {
        let mut value = as_json(preset);
        value["urls"] = json!(urls.iter().map(|(_, url)| url).collect::<Vec<_>>());
        value["ways"] = proposal.best.iter().chain(&proposal.others).map(way_as_json).collect();
        out.json(&value)?;
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
    if let Some(best) = &proposal.best {
        out.line("")?;
        for (whose, url) in &urls {
            out.line(&format!("{whose}: {url}"))?;
        }
        out.line(&format!("How it proves who it is: {}", best.there))?;
    }
    out.line("\nIn haloward.yaml:\n")?;
    for line in &proposal.yaml {
        out.line(&format!("  {line}"))?;
    }
    if !proposal.others.is_empty() {
        out.line("\nIt can also do:")?;
        for way in &proposal.others {
            out.line(&format!("- `auth: {}`: {}", way.yaml, way.there))?;
        }
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
fn urls(preset: &Preset, proposal: &Proposal, loaded: &Loaded) -> Vec<(String, String)> {
    let Some(best) = &proposal.best else { return Vec::new() };
    let lines = SourceLine::all(loaded, loaded.config.listen);
    let ours = lines.into_iter().filter(|line| line.preset == preset.name());
    let urls: Vec<_> = ours
        .filter_map(|line| Some((format!("The URL of your source `{}`", line.name), line.url?)))
        .collect();
    if !urls.is_empty() {
        return urls;
    }
    let base = base(&loaded.config, loaded.config.listen);
    vec![("The URL".to_owned(), format!("{base}/hooks/{}{}", preset.name(), best.url))]
}

fn way_as_json(way: &Way) -> Value {
    json!({ "way": way.name, "auth": way.yaml, "there": way.there })
}

fn as_json(preset: &Preset) -> Value {
    json!({
        "name": preset.name(), "title": preset.title(), "description": preset.description(),
        "arrives": preset.arrival().as_str(), "setup": preset.setup(), "caveats": preset.caveats(),
        "samples": preset.samples(), "yaml": Proposal::of(preset).yaml.join("\n"),
    })
}
